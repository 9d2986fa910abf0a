use crate::diag::{Rule, Severity};

/// `merge-key`: `<<` is used to merge mappings.
pub static MERGE_KEY: Rule = Rule {
    code: "merge-key",
    severity: Severity::Error,
    summary: "`<<` is used to merge mappings",
    explain: "Merge keys belong to YAML 1.1 and are not part of YAML 1.2; readers treat them differently. What all components share goes under `defaults`; what versions share goes on their component.",
    wrong: concat!(
        "components:\n",
        "  web: &web { image: example.com/web:1 }\n",
        "  api:\n",
        "    <<: *web\n",
    ),
    right: concat!(
        "defaults: { imagePull: IfNotPresent }\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
    ),
};
