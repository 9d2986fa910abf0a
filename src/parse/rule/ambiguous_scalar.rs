use crate::diag::{Rule, Severity};

/// `ambiguous-scalar`: a value that readers of YAML disagree on.
pub static AMBIGUOUS_SCALAR: Rule = Rule {
    code: "ambiguous-scalar",
    severity: Severity::Warning,
    summary: "a value that readers of YAML disagree on",
    explain: "In raw objects and patches no field of ours says what a value is, so YAML decides. weft reads YAML 1.2, kubectl reads 1.1: `on` is text to one and `true` to the other, `012` is 12 or 10. A file that was written for kubectl may mean the latter.",
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
        "      metadata: { name: settings }\n",
        "      data: { cache: on }\n",
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
        "      data: { cache: \"on\" }\n",
    ),
};
