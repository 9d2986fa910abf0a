use crate::diag::{Rule, Severity};

/// `alias-expansion`: YAML aliases expand to too much.
pub static ALIAS_EXPANSION: Rule = Rule {
    code: "alias-expansion",
    severity: Severity::Error,
    summary: "YAML aliases expand to too much",
    explain: "Aliases of aliases can make a small file enormous, and an alias inside its own anchor has no end. Write the values out, or share them under `defaults`.",
    wrong: concat!("components: &all\n", "  web: *all\n",),
    right: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
    ),
};
