use crate::diag::{Rule, Severity};

/// `ambiguous-port`: a dependency on a component with several ports does not say which.
pub static AMBIGUOUS_PORT: Rule = Rule {
    code: "ambiguous-port",
    severity: Severity::Error,
    summary: "a dependency on a component with several ports does not say which",
    explain: "Connection variables and policy are for one port, so it must be named.",
    wrong: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "    dependsOn: [api]\n",
        "  api:\n",
        "    image: example.com/api:1\n",
        "    ports: { http: 9090, grpc: 9091 }\n",
    ),
    right: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "    dependsOn: { api: { port: grpc } }\n",
        "  api:\n",
        "    image: example.com/api:1\n",
        "    ports: { http: 9090, grpc: 9091 }\n",
    ),
};
