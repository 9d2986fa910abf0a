use crate::diag::{Rule, Severity};

/// `foreign-namespace`: a raw object in a namespace that is not the app's.
pub static FOREIGN_NAMESPACE: Rule = Rule {
    code: "foreign-namespace",
    severity: Severity::Error,
    summary: "a raw object in a namespace that is not the app's",
    explain: "An app is complete by itself and touches nothing but its own. A raw object without `namespace` gets the app's; it may name any namespace that a component or a raw Namespace brings along.",
    wrong: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "raw:\n",
        "  settings:\n",
        "    object:\n",
        "      apiVersion: v1\n",
        "      kind: ConfigMap\n",
        "      metadata: { name: settings, namespace: kube-system }\n",
    ),
    right: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "raw:\n",
        "  settings:\n",
        "    object:\n",
        "      apiVersion: v1\n",
        "      kind: ConfigMap\n",
        "      metadata: { name: settings }\n",
    ),
};
