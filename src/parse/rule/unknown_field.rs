use crate::diag::{Rule, Severity};

/// `unknown-field`: a field that the grammar does not have.
pub static UNKNOWN_FIELD: Rule = Rule {
    code: "unknown-field",
    severity: Severity::Error,
    summary: "a field that the grammar does not have",
    explain: "Nothing in an app file is ignored, so a misspelt field is an error. The message offers the nearest one.",
    wrong: concat!("components:\n", "  web:\n", "    imagee: example.com/web:1\n",),
    right: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
    ),
};
