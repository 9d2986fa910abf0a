use crate::diag::{Rule, Severity};

/// `unknown-value`: a choice that the field does not offer.
pub static UNKNOWN_VALUE: Rule = Rule {
    code: "unknown-value",
    severity: Severity::Error,
    summary: "a choice that the field does not offer",
    explain: "Fields such as `governance`, `kind` and `protocol` take one of a few words.",
    wrong: concat!("governance: istoi\n", "components:\n", "  web: { image: example.com/web:1 }\n",),
    right: concat!(
        "governance: istio\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
    ),
};
