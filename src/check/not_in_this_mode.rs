use super::Finder;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::source::Place;

/// `not-in-this-mode`: something that the governance mode cannot do.
pub(super) static NOT_IN_THIS_MODE: Rule = Rule {
    code: "not-in-this-mode",
    severity: Severity::Error,
    summary: "something that the governance mode cannot do",
    explain: "Each mode can do what its machinery can: plain Kubernetes balances connections over pods and knows nothing of requests; at the edge, a Gateway API implementation does. What a mode cannot do is an error that names the modes that can, unless the file says `fallback: approximate` or `fallback: drop`.",
    wrong: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "    dependsOn: [api]\n",
        "  api:\n",
        "    image: example.com/api:1\n",
        "    ports: { http: 9090 }\n",
        "    versions: { v1: {}, v2: { image: example.com/api:2 } }\n",
        "    traffic:\n",
        "      rules: [{ match: { headers: { team: books } }, to: v2 }]\n",
    ),
    right: concat!(
        "governance: istio\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "    dependsOn: [api]\n",
        "    propagates: [team]\n",
        "  api:\n",
        "    image: example.com/api:1\n",
        "    ports: { http: 9090 }\n",
        "    versions: { v1: {}, v2: { image: example.com/api:2 } }\n",
        "    traffic:\n",
        "      rules: [{ match: { headers: { team: books } }, to: v2 }]\n",
    ),
};

/// What the mode cannot do, and no fallback covers.
pub(super) fn check(find: &mut Finder<'_>) {
    for lack in find.lacks {
        if lack.fallback.is_some() {
            continue;
        }
        let title = format!("{} cannot {}", lack.who, lack.what);
        let diagnostic = Diagnostic::new(
            &NOT_IN_THIS_MODE,
            title,
            Place::Key(lack.path.clone()),
            lack.why.clone(),
        );
        find.report(diagnostic.help(lack.help.clone()));
    }
}
