use crate::diag::{Rule, Severity};

/// `unknown-connection`: a variable is to hold what the callee does not give.
pub static UNKNOWN_CONNECTION: Rule = Rule {
    code: "unknown-connection",
    severity: Severity::Error,
    summary: "a variable is to hold what the callee does not give",
    explain: "Under `env` of a dependency, a variable holds `host`, `port`, `address` or `url`, or what the callee gives under `connect`, by the name that it has there.",
    wrong: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "    dependsOn: { db: { env: { DB_PASS: PASSWORD } } }\n",
        "  db:\n",
        "    image: example.com/db:1\n",
        "    ports: { mysql: 3306 }\n",
        "    connect: { MYSQL_PASSWORD: { secret: db/password } }\n",
    ),
    right: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "    dependsOn: { db: { env: { DB_PASS: MYSQL_PASSWORD } } }\n",
        "  db:\n",
        "    image: example.com/db:1\n",
        "    ports: { mysql: 3306 }\n",
        "    connect: { MYSQL_PASSWORD: { secret: db/password } }\n",
    ),
};
