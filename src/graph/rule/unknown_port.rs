use crate::diag::{Rule, Severity};

/// `unknown-port`: a port name that the component does not have.
pub static UNKNOWN_PORT: Rule = Rule {
    code: "unknown-port",
    severity: Severity::Error,
    summary: "a port name that the component does not have",
    explain: "Ports are named under `ports` of the component that opens them; a port with `internal: false` cannot be called by components.",
    wrong: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "    dependsOn: { api: { port: grpc } }\n",
        "  api:\n",
        "    image: example.com/api:1\n",
        "    ports: { http: 9090 }\n",
    ),
    right: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "    dependsOn: { api: { port: http } }\n",
        "  api:\n",
        "    image: example.com/api:1\n",
        "    ports: { http: 9090 }\n",
    ),
};
