use crate::diag::{Rule, Severity};

/// `key-not-text`: a key is not a plain text.
pub static KEY_NOT_TEXT: Rule = Rule {
    code: "key-not-text",
    severity: Severity::Error,
    summary: "a key is not a plain text",
    explain: "Every key in an app file is a name. A list, a mapping or nothing at all cannot be one.",
    wrong: concat!("components:\n", "  [web]: { image: example.com/web:1 }\n",),
    right: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
    ),
};
