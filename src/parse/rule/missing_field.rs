use crate::diag::{Rule, Severity};

/// `missing-field`: a field that must be there is not.
pub static MISSING_FIELD: Rule = Rule {
    code: "missing-field",
    severity: Severity::Error,
    summary: "a field that must be there is not",
    explain: "Some fields have no sensible default: the file says nothing without them.",
    wrong: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { web: { target: 8080 } }\n",
    ),
    right: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { web: { port: 80, target: 8080, protocol: http } }\n",
        "    expose: { web: { via: load-balancer } }\n",
    ),
};
