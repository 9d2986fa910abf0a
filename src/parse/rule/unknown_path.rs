use crate::diag::{Rule, Severity};

/// `unknown-path`: `--set` names a place that the file does not have.
pub static UNKNOWN_PATH: Rule = Rule {
    code: "unknown-path",
    severity: Severity::Error,
    summary: "`--set` names a place that the file does not have",
    explain: "`--set PATH=VALUE` changes a value of the app: each name in the path must be a field of the grammar or something that the file declares.",
    wrong: concat!(
        "# weft check --set components.wbe.replicas=3\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
    ),
    right: concat!(
        "# weft check --set components.web.replicas=3\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
    ),
};
