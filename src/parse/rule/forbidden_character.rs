use crate::diag::{Rule, Severity};

/// `forbidden-character`: a character that no reader can see.
pub static FORBIDDEN_CHARACTER: Rule = Rule {
    code: "forbidden-character",
    severity: Severity::Error,
    summary: "a character that no reader can see",
    explain: "Control characters cannot be part of a Kubernetes object, and bidirectional controls make a file look different from what it says. Remove the character, or write it as an escape in double quotes where a value really needs it.",
    wrong: concat!(
        "description: \"our shop\u{202e}\"\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
    ),
    right: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
    ),
};
