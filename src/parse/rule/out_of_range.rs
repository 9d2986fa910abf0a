use crate::diag::{Rule, Severity};

/// `out-of-range`: a number or text beyond its limits.
pub static OUT_OF_RANGE: Rule = Rule {
    code: "out-of-range",
    severity: Severity::Error,
    summary: "a number or text beyond its limits",
    explain: "Ports go from 1 to 65535, percentages from 0 to 100, names to 63 characters. The message names the limit.",
    wrong: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 99999 }\n",
    ),
    right: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
    ),
};
