use crate::diag::{Rule, Severity};

/// `unknown-version`: a version that the component does not declare.
pub static UNKNOWN_VERSION: Rule = Rule {
    code: "unknown-version",
    severity: Severity::Error,
    summary: "a version that the component does not declare",
    explain: "Splits, rules and mirrors name versions of the same component.",
    wrong: concat!(
        "governance: istio\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { prefix: [/] } }\n",
        "    versions: { v1: {}, v2: { image: example.com/web:2 } }\n",
        "    traffic: { split: { v1: 90, v3: 10 } }\n",
    ),
    right: concat!(
        "governance: istio\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { prefix: [/] } }\n",
        "    versions: { v1: {}, v2: { image: example.com/web:2 } }\n",
        "    traffic: { split: { v1: 90, v2: 10 } }\n",
    ),
};
