use std::collections::BTreeSet;

use super::Finder;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::model::Via;
use crate::source::Place;

/// `refused-caller`: another app's policy does not let this app's calls in.
pub(super) static REFUSED_CALLER: Rule = Rule {
    code: "refused-caller",
    severity: Severity::Warning,
    summary: "another app's policy does not let this app's calls in",
    explain: "With `access: declared` a component can be called by its declared callers. Which calls other apps declare, an app knows of those that it names under `uses` alone. So an app with such a policy has to use the apps that call it, or its policy refuses their calls.",
    wrong: concat!(
        "# other/weft.yaml is the app `payments`, with `policy: declared`\n",
        "uses: [{ app: other }]\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "    dependsOn: [payments/pay]\n",
    ),
    right: concat!(
        "# other/weft.yaml is the app `payments`, with `policy: declared` and `uses: [{ app: .. }]`\n",
        "uses: [{ app: other }]\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "    dependsOn: [payments/pay]\n",
    ),
};

/// Who calls another app is known there. Once for each app: the cure is one for all calls.
pub(super) fn check(find: &mut Finder<'_>) {
    let graph = find.graph;
    let aware = graph.aware_apps();
    let mut told: BTreeSet<usize> = BTreeSet::new();
    for component in graph.own() {
        for call in component.versions.iter().flat_map(|version| &version.calls) {
            let callee = graph.component(call.to);
            let other = &graph.apps[callee.app];
            let Some(closed) = other.closed.as_ref().filter(|_| !aware.contains(&callee.app))
            else {
                continue;
            };
            // What stands open to the outside stands open to everybody.
            let open = callee.entries.iter().any(|entry| {
                entry.port == call.port && matches!(entry.via, Via::LoadBalancer | Via::NodePort)
            });
            if open || !told.insert(callee.app) {
                continue;
            }
            let app = &other.name;
            let title = format!("the policy of `{app}` refuses the calls of `{}`", component.name);
            let place = Place::Key(call.path.clone());
            let label = format!("`{app}` does not know of this call");
            let diagnostic = Diagnostic::new(&REFUSED_CALLER, title, place, label)
                .also(closed.clone(), "lets in declared callers alone")
                .help(format!("name this app under `uses` in the file of `{app}`"));
            find.report(diagnostic);
        }
    }
}
