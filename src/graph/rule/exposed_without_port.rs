use crate::diag::{Rule, Severity};

/// `exposed-without-port`: an exposed component has no port.
pub static EXPOSED_WITHOUT_PORT: Rule = Rule {
    code: "exposed-without-port",
    severity: Severity::Error,
    summary: "an exposed component has no port",
    explain: "The outside needs a port to reach.",
    wrong: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
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
