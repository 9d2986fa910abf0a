//! `path-outside-app`: a path leads out of the app's folder.

use crate::diag::{Rule, Severity};

/// `path-outside-app`: a path leads out of the app's folder.
pub static PATH_OUTSIDE_APP: Rule = Rule {
    code: "path-outside-app",
    severity: Severity::Error,
    summary: "a path leads out of the app's folder",
    explain: "An app is complete by itself: what it ships lies in its folder, symbolic links included. Otherwise it would compile on one machine only.",
    wrong: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "    files: { /etc/passwd: { file: ../../etc/passwd } }\n",
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
