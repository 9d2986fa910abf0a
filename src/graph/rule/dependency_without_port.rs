use crate::diag::{Rule, Severity};

/// `dependency-without-port`: a dependency on a component that opens no port.
pub static DEPENDENCY_WITHOUT_PORT: Rule = Rule {
    code: "dependency-without-port",
    severity: Severity::Error,
    summary: "a dependency on a component that opens no port",
    explain: "`dependsOn` means \"calls\": it opens policy and injects a host and a port. Without a port there is nothing to call. For order alone there is `startAfter`.",
    wrong: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "    dependsOn: [api]\n",
        "  api:\n",
        "    image: example.com/api:1\n",
    ),
    right: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "    dependsOn: [api]\n",
        "  api:\n",
        "    image: example.com/api:1\n",
        "    ports: { http: 9090 }\n",
    ),
};
