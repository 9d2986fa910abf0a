use crate::diag::{Rule, Severity};

/// `unused-param`: nothing in the app uses a parameter.
pub static UNUSED_PARAM: Rule = Rule {
    code: "unused-param",
    severity: Severity::Warning,
    summary: "nothing in the app uses a parameter",
    explain: "Whoever sets a parameter expects something to change. `${params.NAME}` in any value uses it, also in an environment.",
    wrong: concat!(
        "params:\n",
        "  tag: { type: string, default: 1.4.0 }\n",
        "  pods: { type: int, default: 2 }\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:${params.tag}\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
    ),
    right: concat!(
        "params:\n",
        "  tag: { type: string, default: 1.4.0 }\n",
        "  pods: { type: int, default: 2 }\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:${params.tag}\n",
        "    replicas: ${params.pods}\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
    ),
};
