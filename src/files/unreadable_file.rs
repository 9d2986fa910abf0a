//! `unreadable-file`: a file of the app cannot be read.

use crate::diag::{Rule, Severity};

/// `unreadable-file`: a file of the app cannot be read.
pub static UNREADABLE_FILE: Rule = Rule {
    code: "unreadable-file",
    severity: Severity::Error,
    summary: "a file of the app cannot be read",
    explain: "`files` and `raw` can take content from a file beside the app file. It must exist, be a regular file, and be readable.",
    wrong: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "    files: { /etc/web.conf: { file: conf/web.conf } }\n",
    ),
    right: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "    files: { /etc/web.conf: { text: \"port = 8080\" } }\n",
    ),
};
