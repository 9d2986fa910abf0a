use crate::diag::{Rule, Severity};

/// `unknown-component`: a name that no component or alias has.
pub static UNKNOWN_COMPONENT: Rule = Rule {
    code: "unknown-component",
    severity: Severity::Error,
    summary: "a name that no component or alias has",
    explain: "`dependsOn` takes the name or an alias of a component, `startAfter` the name of one. An address outside the cluster is declared as a component of `kind: external`.",
    wrong: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "    dependsOn: [apo]\n",
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
