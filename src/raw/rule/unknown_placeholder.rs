use crate::diag::{Rule, Severity};

/// `unknown-placeholder`: a placeholder that stands for nothing.
pub static UNKNOWN_PLACEHOLDER: Rule = Rule {
    code: "unknown-placeholder",
    severity: Severity::Error,
    summary: "a placeholder that stands for nothing",
    explain: "In raw objects and patches `${component.NAME.service}`, `.host`, `.serviceAccount`, `.ports.PORT`, the kind of the component (such as `.deployment`) for its workload, and after a version's name again, stand for what weft makes; `${app.name}` and `${app.namespace}` for the app. `$${` is the text `${`.",
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
        "      data: { front: \"http://${component.wep.host}/\" }\n",
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
        "      data: { front: \"http://${component.web.host}/\" }\n",
    ),
};
