use crate::diag::{Rule, Severity};

/// `unresolved-reference`: a text looks like a parameter, and is none.
pub static UNRESOLVED_REFERENCE: Rule = Rule {
    code: "unresolved-reference",
    severity: Severity::Warning,
    summary: "a text looks like a parameter, and is none",
    explain: "Only `${params.NAME}` becomes the value of a parameter. `${NAME}`, `${param.NAME}`, `$params.NAME` and `$(params.NAME)` stay as they are; where NAME is a parameter, that is most often not what was meant.",
    wrong: concat!(
        "params:\n",
        "  level: { type: string, default: info }\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    env: { LOG: \"${level}\", LEVEL: \"${params.level}\" }\n",
        "    expose: { http: { via: load-balancer } }\n",
    ),
    right: concat!(
        "params:\n",
        "  level: { type: string, default: info }\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    env: { LOG: \"${params.level}\" }\n",
        "    expose: { http: { via: load-balancer } }\n",
    ),
};
