//! `malformed-allow`: an allow-comment that allows nothing.

use super::{Rule, Severity};

/// `malformed-allow`: an allow-comment without code or reason.
pub static MALFORMED_ALLOW: Rule = Rule {
    code: "malformed-allow",
    severity: Severity::Warning,
    summary: "an allow-comment lacks a known code or a reason",
    explain: "An allow-comment reads `# weft: allow CODE — reason`. The code must be one that weft \
              knows and a warning, and the reason is not optional: it is what a reviewer reads.",
    wrong: "components:\n  web: # weft: allow dead-version\n    image: example.com/web:1\n    \
            ports: { http: 8080 }\n    expose: { http: { via: load-balancer } }\n",
    right: "components:\n  web:\n    image: example.com/web:1\n    ports: { http: 8080 }\n    \
            expose: { http: { via: load-balancer } }\n",
};
