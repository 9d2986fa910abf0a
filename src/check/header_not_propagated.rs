use super::Finder;
use std::collections::BTreeMap;

use crate::diag::{Diagnostic, Rule, Severity};
use crate::graph::{Component, ComponentId, Graph};
use crate::model::Matcher;
use crate::source::{Path, Place};

/// `header-not-propagated`: a rule looks at a header that does not get there.
pub(super) static HEADER_NOT_PROPAGATED: Rule = Rule {
    code: "header-not-propagated",
    severity: Severity::Warning,
    summary: "a rule looks at a header that does not get there",
    explain: "A rule on an inner component sees only what its caller sends, and applications pass on a header only if they are written to. `propagates` on each component says what it passes on; weft follows it from every entry. If no path carries the header, the rule never matches. (Headers that the caller makes up itself are the exception: allow the warning and say so.)",
    wrong: concat!(
        "governance: istio\n",
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
        "      split: { v1: 100, v2: 0 }\n",
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
        "      split: { v1: 100, v2: 0 }\n",
    ),
};

/// Follows each header that a rule looks at from the entries to the rule.
pub(super) fn check(find: &mut Finder<'_>) {
    let graph = find.graph;
    let edges = graph.call_edges();
    let mut carried: BTreeMap<String, Vec<bool>> = BTreeMap::new();
    for (id, component) in graph.ids() {
        for rule in &component.traffic.rules {
            let root = rule.path.field("match");
            let headers = rule.matches.headers.iter().flatten();
            let mut looked: Vec<(String, Path)> = headers
                .filter(|(_, matcher)| **matcher != Matcher::Present(false))
                .map(|(name, _)| (name.to_ascii_lowercase(), root.field("headers").key(name)))
                .collect();
            if rule.matches.cookies.as_ref().is_some_and(|cookies| !cookies.is_empty()) {
                looked.push(("cookie".into(), root.field("cookies")));
            }
            for (header, path) in looked {
                let there =
                    carried.entry(header.clone()).or_insert_with(|| reach(graph, &edges, &header));
                let reached = graph.callers[id.0]
                    .iter()
                    .any(|caller| there[caller.0] && passes(graph, *caller, &header));
                if reached || !component.entries.is_empty() || graph.callers[id.0].is_empty() {
                    continue;
                }
                // The one to blame sees the header and keeps it; failing that, any that has it not.
                let callers = &graph.callers[id.0];
                let keeps = callers.iter().find(|caller| there[caller.0]);
                let caller = graph.component(*keeps.unwrap_or(&callers[0]));
                let label = match keeps {
                    Some(_) => format!("`{}` does not pass it on", caller.name),
                    None => format!("`{}` never gets it itself", caller.name),
                };
                let title =
                    format!("no caller of `{}` passes the header `{header}` on", component.name);
                let diagnostic = Diagnostic::new(
                    &HEADER_NOT_PROPAGATED,
                    title,
                    Place::Key(path),
                    "never seen here",
                )
                .also(Place::Key(caller.path.clone()), label)
                .help(format!(
                    "add `propagates: [{header}]` to every component on the way that passes it on"
                ));
                find.report(diagnostic);
            }
        }
    }
}

/// Whether calls begin at a component: they come from outside, or it makes them up itself.
fn begins(component: &Component) -> bool {
    !component.entries.is_empty() || component.ports.is_empty() || component.kind.ends()
}

fn passes(graph: &Graph, id: ComponentId, header: &str) -> bool {
    graph.component(id).propagates.iter().any(|known| known == header)
}

/// The components that see the header: entries, and what a component that sees it and passes it on
/// calls. Linear in components and edges.
fn reach(graph: &Graph, edges: &[Vec<ComponentId>], header: &str) -> Vec<bool> {
    let mut seen = vec![false; edges.len()];
    let mut open: Vec<ComponentId> =
        graph.ids().filter(|(_, component)| begins(component)).map(|(id, _)| id).collect();
    while let Some(at) = open.pop() {
        if !std::mem::replace(&mut seen[at.0], true) && passes(graph, at, header) {
            open.extend(edges[at.0].iter().filter(|next| !seen[next.0]));
        }
    }
    seen
}
