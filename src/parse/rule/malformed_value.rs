use crate::diag::{Rule, Severity};

/// `malformed-value`: a text that does not have the form its field wants.
pub static MALFORMED_VALUE: Rule = Rule {
    code: "malformed-value",
    severity: Severity::Error,
    summary: "a text that does not have the form its field wants",
    explain: "Names become DNS names and object names, quantities and durations are read by Kubernetes: each has a form. The message says which.",
    wrong: concat!("components:\n", "  Web_Front:\n", "    image: example.com/web:1\n",),
    right: concat!(
        "components:\n",
        "  web-front:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
    ),
};
