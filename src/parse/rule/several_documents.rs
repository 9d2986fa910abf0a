use crate::diag::{Rule, Severity};

/// `several-documents`: the file holds more than one YAML document.
pub static SEVERAL_DOCUMENTS: Rule = Rule {
    code: "several-documents",
    severity: Severity::Error,
    summary: "the file holds more than one YAML document",
    explain: "One app file is one document. Where a second application is meant, write it to a file of its own.",
    wrong: concat!(
        "components:\n",
        "  web: { image: example.com/web:1 }\n",
        "---\n",
        "components:\n",
        "  api: { image: example.com/api:1 }\n",
    ),
    right: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
    ),
};
