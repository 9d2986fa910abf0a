//! `unknown-check`: `checks` speaks of a warning that does not exist.

use super::{Rule, Severity};

/// `unknown-check`: `checks` speaks of a warning that does not exist.
pub static UNKNOWN_CHECK: Rule = Rule {
    code: "unknown-check",
    severity: Severity::Error,
    summary: "`checks` speaks of a warning that does not exist",
    explain: "`checks` makes a warning an error (`CODE: deny`) or silences it for the whole app \
              (`CODE: { allow: REASON }`). CODE must be one that weft knows and a warning: an \
              error is one already, and cannot be switched off.",
    wrong: "checks: { dead-versions: deny }\ncomponents:\n  web:\n    image: example.com/web:1\n    \
            ports: { http: 8080 }\n    expose: { http: { via: load-balancer } }\n",
    right: "checks: { dead-version: deny }\ncomponents:\n  web:\n    image: example.com/web:1\n    \
            ports: { http: 8080 }\n    expose: { http: { via: load-balancer } }\n",
};
