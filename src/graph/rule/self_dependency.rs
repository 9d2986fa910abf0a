use crate::diag::{Rule, Severity};

/// `self-dependency`: a component depends on itself.
pub static SELF_DEPENDENCY: Rule = Rule {
    code: "self-dependency",
    severity: Severity::Error,
    summary: "a component depends on itself",
    explain: "Calls between the pods of one component are not calls between components, and nothing can start after itself. Under a policy, the pods of a statefulset reach each other.",
    wrong: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "    dependsOn: [web]\n",
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
        "    dependsOn: [api]\n",
        "  api:\n",
        "    image: example.com/api:1\n",
        "    ports: { http: 9090 }\n",
    ),
};
