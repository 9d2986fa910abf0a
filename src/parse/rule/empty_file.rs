use crate::diag::{Rule, Severity};

/// `empty-file`: there is nothing in the file.
pub static EMPTY_FILE: Rule = Rule {
    code: "empty-file",
    severity: Severity::Error,
    summary: "there is nothing in the file",
    explain: "An app file needs at least `apiVersion`, `name` and `components`.",
    wrong: "",
    right: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
    ),
};
