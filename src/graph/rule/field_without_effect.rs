use crate::diag::{Rule, Severity};

/// `field-without-effect`: a field that this kind of component cannot use.
pub static FIELD_WITHOUT_EFFECT: Rule = Rule {
    code: "field-without-effect",
    severity: Severity::Error,
    summary: "a field that this kind of component cannot use",
    explain: "Nothing in an app file is ignored. An external component runs nothing, so it has no image, no variables and no entry; a job has no replicas and answers no calls; a daemonset has as many pods as there are nodes; only a cronjob has a schedule.",
    wrong: concat!(
        "components:\n",
        "  db: { kind: external, address: db.example.com, ports: { tcp: 5432 }, image: postgres:16 }\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    dependsOn: [db]\n",
        "    expose: { http: { via: load-balancer } }\n",
    ),
    right: concat!(
        "components:\n",
        "  db: { kind: external, address: db.example.com, ports: { tcp: 5432 } }\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    dependsOn: [db]\n",
        "    expose: { http: { via: load-balancer } }\n",
    ),
};
