use crate::diag::{Rule, Severity};

/// `unknown-environment`: `--env` names an environment that the file does not have.
pub static UNKNOWN_ENVIRONMENT: Rule = Rule {
    code: "unknown-environment",
    severity: Severity::Error,
    summary: "`--env` names an environment that the file does not have",
    explain: "Environments are the entries of `environments`.",
    wrong: concat!(
        "# weft check --env prd\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "environments:\n",
        "  prod: { components: { web: { replicas: 3 } } }\n",
    ),
    right: concat!(
        "# weft check --env prod\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "environments:\n",
        "  prod: { components: { web: { replicas: 3 } } }\n",
    ),
};
