use crate::diag::{Rule, Severity};

/// `syntax-error`: the text is not YAML.
pub static SYNTAX_ERROR: Rule = Rule {
    code: "syntax-error",
    severity: Severity::Error,
    summary: "the text is not YAML",
    explain: "An app file is YAML 1.2. The message says where the text stops making sense; the cause is often one line above: a missing colon, a quote that never ends, or an indentation that fits no line above it. Indent with spaces, never with tabs.",
    wrong: concat!("components:\n", "  web:\n", "	image: example.com/web:1\n",),
    right: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
    ),
};
