use crate::diag::{Rule, Severity};

/// `inapplicable-patch`: a patch that cannot be applied.
pub static INAPPLICABLE_PATCH: Rule = Rule {
    code: "inapplicable-patch",
    severity: Severity::Error,
    summary: "a patch that cannot be applied",
    explain: "A step of JSON Patch needs the field that it names: `replace` and `remove` the field itself, `add` the one around it, `test` its value; `add`, `replace` and `test` need `value`, `move` and `copy` need `from`. Of the directives of strategic merge, `merge` knows `$patch: delete` and `$patch: replace`.",
    wrong: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "patches:\n",
        "  history:\n",
        "    target: { kind: Deployment, name: web-v1 }\n",
        "    json: [{ op: replace, path: /spec/history, value: 3 }]\n",
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
        "    json: [{ op: add, path: /spec/revisionHistoryLimit, value: 3 }]\n",
    ),
};
