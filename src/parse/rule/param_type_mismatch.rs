use crate::diag::{Rule, Severity};

/// `param-type-mismatch`: a parameter's value does not fit its type.
pub static PARAM_TYPE_MISMATCH: Rule = Rule {
    code: "param-type-mismatch",
    severity: Severity::Error,
    summary: "a parameter's value does not fit its type",
    explain: "`int` is a decimal whole number, `bool` is `true` or `false`, `quantity` is a Kubernetes quantity, `host` a host name or `*`, `enum` one of `values`.",
    wrong: concat!(
        "params:\n",
        "  pods: { type: int, default: many }\n",
        "components:\n",
        "  web: { image: example.com/web:1 }\n",
    ),
    right: concat!(
        "params:\n",
        "  pods: { type: int, default: 3 }\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    replicas: ${params.pods}\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
    ),
};
