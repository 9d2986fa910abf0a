use crate::diag::{Rule, Severity};

/// `patch-changes-identity`: a patch that changes what an object is.
pub static PATCH_CHANGES_IDENTITY: Rule = Rule {
    code: "patch-changes-identity",
    severity: Severity::Error,
    summary: "a patch that changes what an object is",
    explain: "A patch cannot change `apiVersion`, `kind`, name, namespace, selectors or the labels of the owner, nor the labels of pods by which a Service, a subset or a policy finds them: another object would lose the one it means. Change the app file instead, or write a raw object.",
    wrong: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "patches:\n",
        "  history:\n",
        "    target: { kind: Deployment, name: web-v1 }\n",
        "    merge: { spec: { template: { metadata: { labels: { app: front } } } } }\n",
    ),
    right: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "patches:\n",
        "  history:\n",
        "    target: { kind: Deployment, name: web-v1 }\n",
        "    merge: { spec: { template: { metadata: { labels: { team: front } } } } }\n",
    ),
};
