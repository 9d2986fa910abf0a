use super::Finder;
use crate::diag::{Diagnostic, Rule, Severity};
use std::collections::BTreeSet;

use crate::source::Place;

/// `dead-version`: no call reaches a version.
pub(super) static DEAD_VERSION: Rule = Rule {
    code: "dead-version",
    severity: Severity::Warning,
    summary: "no call reaches a version",
    explain: "With a `split`, a version gets calls from the split, from a rule, or from a mirror. One that is in none of them runs for nothing. Writing its share as 0 says that this is meant.",
    wrong: concat!(
        "governance: istio\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { prefix: [/] } }\n",
        "    versions: { v1: {}, v2: { image: example.com/web:2 } }\n",
        "    traffic: { split: { v1: 100 } }\n",
    ),
    right: concat!(
        "governance: istio\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { prefix: [/] } }\n",
        "    versions: { v1: {}, v2: { image: example.com/web:2 } }\n",
        "    traffic: { split: { v1: 100, v2: 0 } }\n",
    ),
};

/// Every version is somewhere in the traffic of its component, if that says where calls go.
pub(super) fn check(find: &mut Finder<'_>) {
    let graph = find.graph;
    let versions = graph.components.iter().flat_map(|component| &component.versions);
    let by_name: BTreeSet<(usize, usize)> = versions
        .flat_map(|version| &version.calls)
        .filter_map(|call| Some((call.to.0, call.version?)))
        .collect();
    for (id, component) in graph.ids() {
        let traffic = &component.traffic;
        let Some(split) = &traffic.split else { continue };
        let mut named = vec![false; component.versions.len()];
        let in_rules = traffic.rules.iter().flat_map(|rule| rule.to.iter().flatten());
        split.iter().chain(in_rules).for_each(|share| named[share.version] = true);
        let mirrors = traffic.rules.iter().filter_map(|rule| rule.mirror).chain(traffic.mirror);
        mirrors.for_each(|(version, _)| named[version] = true);
        by_name
            .iter()
            .filter(|(to, _)| *to == id.0)
            .for_each(|(_, version)| named[*version] = true);
        for (version, _) in component.versions.iter().zip(named).filter(|(_, named)| !named) {
            let title =
                format!("no call reaches version `{}` of `{}`", version.name, component.name);
            let diagnostic = Diagnostic::new(
                &DEAD_VERSION,
                title,
                Place::Key(version.path.clone()),
                "in no rule and no split",
            )
            .also(Place::Key(traffic.path.field("split")), "calls are shared out here")
            .help(format!("write `{}: 0` in the split if that is meant", version.name));
            find.report(diagnostic);
        }
    }
}
