use crate::diag::{Rule, Severity};

/// `duplicate-key`: a key is written twice in one mapping.
pub static DUPLICATE_KEY: Rule = Rule {
    code: "duplicate-key",
    severity: Severity::Error,
    summary: "a key is written twice in one mapping",
    explain: "YAML readers disagree on which of two equal keys counts, so one of the two would be lost silently. Keep one.",
    wrong: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    image: example.com/web:2\n",
    ),
    right: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:2\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
    ),
};
