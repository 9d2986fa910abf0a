use crate::diag::{Rule, Severity};

/// `selects-nobody`: a raw object selects labels that nothing has.
pub static SELECTS_NOBODY: Rule = Rule {
    code: "selects-nobody",
    severity: Severity::Warning,
    summary: "a raw object selects labels that nothing has",
    explain: "A Service, a policy or a budget that selects labels which nothing in its namespace has does nothing. The pods may come from elsewhere; more often the labels are misspelt. Of a component, `app: NAME` selects all pods and `version: NAME` those of one version.",
    wrong: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "raw:\n",
        "  debug:\n",
        "    object:\n",
        "      apiVersion: v1\n",
        "      kind: Service\n",
        "      metadata: { name: debug }\n",
        "      spec: { selector: { app: wep }, ports: [{ name: http, port: 80, targetPort: 8080 }] }\n",
    ),
    right: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "raw:\n",
        "  debug:\n",
        "    object:\n",
        "      apiVersion: v1\n",
        "      kind: Service\n",
        "      metadata: { name: debug }\n",
        "      spec: { selector: { app: web }, ports: [{ name: http, port: 80, targetPort: 8080 }] }\n",
    ),
};
