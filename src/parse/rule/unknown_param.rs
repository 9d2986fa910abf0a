use crate::diag::{Rule, Severity};

/// `unknown-param`: `${params.…}` names a parameter that is not declared.
pub static UNKNOWN_PARAM: Rule = Rule {
    code: "unknown-param",
    severity: Severity::Error,
    summary: "`${params.…}` names a parameter that is not declared",
    explain: "Parameters are declared under `params`. To write `${params.x}` literally, double the dollar: `$${params.x}`.",
    wrong: concat!(
        "params:\n",
        "  tag: { type: string, default: \"1\" }\n",
        "components:\n",
        "  web: { image: \"example.com/web:${params.tga}\" }\n",
    ),
    right: concat!(
        "params:\n",
        "  tag: { type: string, default: \"1\" }\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:${params.tag}\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
    ),
};
