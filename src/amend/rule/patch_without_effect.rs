use crate::diag::{Rule, Severity};

/// `patch-without-effect`: a patch that changes nothing.
pub static PATCH_WITHOUT_EFFECT: Rule = Rule {
    code: "patch-without-effect",
    severity: Severity::Warning,
    summary: "a patch that changes nothing",
    explain: "What the patch asks for is so already, or it asks for nothing. It only misleads: remove it.",
    wrong: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "patches:\n",
        "  history:\n",
        "    target: { kind: Deployment, name: web-v1 }\n",
        "    merge: { spec: { replicas: 1 } }\n",
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
