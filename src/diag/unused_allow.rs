//! `unused-allow`: an allow-comment or an entry of `checks` that silences nothing.

use super::{Rule, Severity};

/// `unused-allow`: an allow-comment or an entry of `checks` that silences nothing.
pub static UNUSED_ALLOW: Rule = Rule {
    code: "unused-allow",
    severity: Severity::Warning,
    summary: "an allow-comment or an entry of `checks` silences nothing",
    explain: "`# weft: allow CODE — reason` silences the warning CODE on its own line, or on the \
              next line when it stands alone; `checks: { CODE: { allow: REASON } }` silences it \
              in the whole app. When there is no such warning any more, in no environment and no mode, that only \
              misleads: remove it. Errors cannot be allowed.",
    wrong: "components:\n  web: # weft: allow dead-version — the canary ends in May\n    image: \
            example.com/web:1\n    ports: { http: 8080 }\n    expose: { http: { via: load-balancer } }\n",
    right: "components:\n  web:\n    image: example.com/web:1\n    ports: { http: 8080 }\n    \
            expose: { http: { via: load-balancer } }\n",
};
