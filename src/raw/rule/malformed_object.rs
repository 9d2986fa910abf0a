use crate::diag::{Rule, Severity};

/// `malformed-object`: a raw object that Kubernetes would not take.
pub static MALFORMED_OBJECT: Rule = Rule {
    code: "malformed-object",
    severity: Severity::Error,
    summary: "a raw object that Kubernetes would not take",
    explain: "A raw object needs `apiVersion`, `kind` and `metadata.name`. Of Kubernetes' own kinds weft knows every field and its type, so a misspelt field, which an API server may drop without a word, is found here; patched objects are looked at again. Kinds of others are left to the API server.",
    wrong: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "raw:\n",
        "  settings:\n",
        "    object: { apiVersion: v1, kind: ConfigMap, metadata: { name: settings }, dta: { mode: fast } }\n",
    ),
    right: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "raw:\n",
        "  settings:\n",
        "    object: { apiVersion: v1, kind: ConfigMap, metadata: { name: settings }, data: { mode: fast } }\n",
    ),
};
