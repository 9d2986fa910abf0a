use crate::diag::{Rule, Severity};

/// `unsupported-tag`: a value has an explicit YAML tag.
pub static UNSUPPORTED_TAG: Rule = Rule {
    code: "unsupported-tag",
    severity: Severity::Error,
    summary: "a value has an explicit YAML tag",
    explain: "The grammar decides how every value is read, so a tag such as `!!str` or `!secret` could only contradict it. Leave the tag out.",
    wrong: concat!("components:\n", "  web:\n", "    image: !!str example.com/web:1\n",),
    right: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
    ),
};
