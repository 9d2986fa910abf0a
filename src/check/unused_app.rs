use std::collections::BTreeSet;

use super::Finder;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::source::Place;

/// `unused-app`: nothing of an app in `uses` is called, and nothing of it calls.
pub(super) static UNUSED_APP: Rule = Rule {
    code: "unused-app",
    severity: Severity::Warning,
    summary: "no call leads to an app in `uses`, and none from it",
    explain: "`uses` joins another app to the graph: to call its components, or to know who of it calls this app. Where neither happens, the entry is left over, or a `dependsOn` is missing.",
    wrong: concat!(
        "# other/weft.yaml is the app `payments`\n",
        "uses: [{ app: other }]\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
    ),
    right: concat!(
        "# other/weft.yaml is the app `payments`\n",
        "uses: [{ app: other }]\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "    dependsOn: [payments/pay]\n",
    ),
};

/// Looks for apps that are joined to this one by no call.
pub(super) fn check(find: &mut Finder<'_>) {
    let graph = find.graph;
    let mut joined: BTreeSet<usize> = BTreeSet::new();
    for component in &graph.components {
        for call in component.versions.iter().flat_map(|version| &version.calls) {
            let callee = graph.component(call.to).app;
            match (component.app, callee) {
                (0, other) | (other, 0) => _ = joined.insert(other),
                _ => {}
            }
        }
    }
    for (app, path) in graph.apps[0].uses.iter().filter(|(app, _)| !joined.contains(app)) {
        let name = &graph.apps[*app].name;
        let title = format!("no call leads to `{name}`, and none from it");
        let help = format!("call one of its components as `{name}/NAME`, or remove it from `uses`");
        let place = Place::Value(path.clone());
        find.report(Diagnostic::new(&UNUSED_APP, title, place, "not needed").help(help));
    }
}
