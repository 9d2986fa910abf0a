use crate::diag::{Rule, Severity};

/// `not-utf8`: the file is not UTF-8.
pub static NOT_UTF8: Rule = Rule {
    code: "not-utf8",
    severity: Severity::Error,
    summary: "the file is not UTF-8",
    explain: "An app file is UTF-8 text. Another encoding, or bytes that are no text at all, cannot be read without guessing.",
    wrong: concat!(
        "# the file is saved as ISO 8859-1\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
    ),
    right: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
    ),
};
