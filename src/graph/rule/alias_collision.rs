use crate::diag::{Rule, Severity};

/// `alias-collision`: two components claim one DNS name.
pub static ALIAS_COLLISION: Rule = Rule {
    code: "alias-collision",
    severity: Severity::Error,
    summary: "two components claim one DNS name",
    explain: "A component answers under its own name, under its aliases, and each declared version under `<component>-<version>`. A name can lead to one of them only.",
    wrong: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "    dependsOn: [api]\n",
        "  api:\n",
        "    image: example.com/api:1\n",
        "    ports: { http: 9090 }\n",
        "    aliases: [web]\n",
    ),
    right: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "    dependsOn: [api]\n",
        "  api:\n",
        "    image: example.com/api:1\n",
        "    ports: { http: 9090 }\n",
        "    aliases: [backend]\n",
    ),
};
