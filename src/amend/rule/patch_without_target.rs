use crate::diag::{Rule, Severity};

/// `patch-without-target`: a patch whose target is not there.
pub static PATCH_WITHOUT_TARGET: Rule = Rule {
    code: "patch-without-target",
    severity: Severity::Error,
    summary: "a patch whose target is not there",
    explain: "A patch that matches nothing would be silently lost, often because of a rename. `target` takes the kind, and the name, in which `*` stands for any text, or the component. An environment deletes a patch that it has no use for by `null`.",
    wrong: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "patches:\n",
        "  history:\n",
        "    target: { kind: Deployment, name: web }\n",
        "    merge: { spec: { revisionHistoryLimit: 3 } }\n",
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
        "    merge: { spec: { revisionHistoryLimit: 3 } }\n",
    ),
};
