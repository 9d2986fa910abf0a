use super::Finder;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::source::Place;

/// `sticky-behind-the-entry`: a cookie is set where no browser sees it.
pub(super) static STICKY_BEHIND_THE_ENTRY: Rule = Rule {
    code: "sticky-behind-the-entry",
    severity: Severity::Warning,
    summary: "a cookie is set where no browser sees it",
    explain: "`sticky` notes the chosen version in a cookie that comes with the answer, and reads it from the next call. That works at the hop that faces the user. The answer of an inner component goes to the component that called it, which keeps no cookies and does not pass them on to the browser, so every call is split anew.",
    wrong: concat!(
        "governance: istio\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { prefix: [/] } }\n",
        "    dependsOn: [api]\n",
        "  api:\n",
        "    image: example.com/api:1\n",
        "    ports: { http: 9090 }\n",
        "    versions: { v1: {}, v2: { image: example.com/api:2 } }\n",
        "    traffic: { split: { v1: 50, v2: 50 }, sticky: { cookie: canary } }\n",
        "    probes: { readiness: { http: /ready, port: http } }\n",
    ),
    right: concat!(
        "governance: istio\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { prefix: [/] } }\n",
        "    versions: { v1: {}, v2: { image: example.com/web:2 } }\n",
        "    traffic: { split: { v1: 50, v2: 50 }, sticky: { cookie: canary } }\n",
        "    probes: { readiness: { http: /ready, port: http } }\n",
        "    propagates: [cookie]\n",
    ),
};

/// Cookies are for components that users reach.
pub(super) fn check(find: &mut Finder<'_>) {
    for component in &find.graph.components {
        if component.traffic.sticky.is_none() || !component.entries.is_empty() {
            continue;
        }
        let title = format!("the cookie of `{}` never gets to a browser", component.name);
        let place = Place::Key(component.traffic.path.field("sticky"));
        let diagnostic =
            Diagnostic::new(&STICKY_BEHIND_THE_ENTRY, title, place, "comes with the answer")
                .also(Place::Key(component.path.clone()), "answers other components only")
                .help("split at the component that users reach, or match a header with its user");
        find.report(diagnostic);
    }
}
