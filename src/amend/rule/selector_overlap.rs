use crate::diag::{Rule, Severity};

/// `selector-overlap`: pods of two owners answer for one Service.
pub static SELECTOR_OVERLAP: Rule = Rule {
    code: "selector-overlap",
    severity: Severity::Error,
    summary: "pods of two owners answer for one Service",
    explain: "A Service sends calls to every pod that has its labels. If a raw workload has the labels that a component's Service selects, or a raw Service selects the pods of two components, calls end up at the wrong program, some of the time.",
    wrong: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "raw:\n",
        "  stray:\n",
        "    object:\n",
        "      apiVersion: v1\n",
        "      kind: Pod\n",
        "      metadata: { name: stray, labels: { app: web } }\n",
        "      spec: { containers: [{ name: stray, image: 'example.com/stray:1' }] }\n",
    ),
    right: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "raw:\n",
        "  stray:\n",
        "    object:\n",
        "      apiVersion: v1\n",
        "      kind: Pod\n",
        "      metadata: { name: stray, labels: { app: stray } }\n",
        "      spec: { containers: [{ name: stray, image: 'example.com/stray:1' }] }\n",
    ),
};
