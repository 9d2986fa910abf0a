use super::Finder;
use std::collections::BTreeMap;

use crate::diag::{Diagnostic, Rule, Severity};
use crate::graph::{self, Component, ComponentId, Graph};
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

/// A header that a rule looks at.
struct Look<'g> {
    component: ComponentId,
    rule: &'g graph::Rule,
    path: Path,
}

/// Follows each header that a rule looks at from the entries to the rule.
pub(super) fn check(find: &mut Finder<'_>) {
    let graph = find.graph;
    let mut looks: BTreeMap<String, Vec<Look<'_>>> = BTreeMap::new();
    for (component, rule) in graph
        .ids()
        .flat_map(|(id, component)| component.traffic.rules.iter().map(move |rule| (id, rule)))
    {
        let root = rule.path.field("match");
        let headers = rule.matches.headers.iter().flatten();
        for (name, _) in headers.filter(|(_, matcher)| **matcher != Matcher::Present(false)) {
            let path = root.field("headers").key(name);
            let look = Look { component, rule, path };
            looks.entry(name.to_ascii_lowercase()).or_default().push(look);
        }
        if rule.matches.cookies.as_ref().is_some_and(|cookies| !cookies.is_empty()) {
            let look = Look { component, rule, path: root.field("cookies") };
            looks.entry("cookie".into()).or_default().push(look);
        }
    }
    if looks.is_empty() {
        return;
    }
    let edges = graph.call_edges();
    let mut carriers: BTreeMap<&str, Vec<ComponentId>> = BTreeMap::new();
    for (id, component) in graph.ids() {
        for header in &component.propagates {
            carriers.entry(header).or_default().push(id);
        }
    }
    let mut walk = Walk { passed: vec![0; edges.len()], fed: vec![0; edges.len()], round: 0 };
    for (header, looks) in looks {
        let carriers = carriers.get(&*header).map(Vec::as_slice).unwrap_or_default();
        walk.follow(graph, &edges, carriers);
        for look in looks {
            judge(find, &walk, &header, &look);
        }
    }
}

fn judge(find: &mut Finder<'_>, walk: &Walk, header: &str, look: &Look<'_>) {
    let graph = find.graph;
    let component = graph.component(look.component);
    let named: Vec<ComponentId> = look.rule.callers.iter().map(|(id, _)| *id).collect();
    let (there, callers) = match look.rule.for_callers() {
        true => (named.iter().any(|caller| walk.passes(*caller)), &named),
        false => {
            let there = walk.fed(look.component) || !component.entries.is_empty();
            (there, &graph.callers[look.component.0])
        }
    };
    let Some(first) = callers.first().filter(|_| !there) else { return };
    // The one to blame sees the header and keeps it; failing that, any that has it not.
    let sees = |caller: &&ComponentId| walk.fed(**caller) || begins(graph.component(**caller));
    let keeps = callers.iter().find(sees);
    let caller = graph.component(*keeps.unwrap_or(first));
    let label = match keeps {
        Some(_) => format!("`{}` does not pass it on", caller.name),
        None => format!("`{}` never gets it itself", caller.name),
    };
    let title = format!("no caller of `{}` passes the header `{header}` on", component.name);
    let place = Place::Key(look.path.clone());
    let diagnostic = Diagnostic::new(&HEADER_NOT_PROPAGATED, title, place, "never seen here")
        .also(Place::Key(caller.path.clone()), label)
        .help(format!(
            "add `propagates: [{header}]` to every component on the way that passes it on"
        ));
    find.report(diagnostic);
}

/// Whether calls begin at a component: they come from outside, or it makes them up itself.
fn begins(component: &Component) -> bool {
    !component.entries.is_empty() || component.ports.is_empty() || component.kind.ends()
}

/// How far one header gets. The marks hold the round that set them, so that none are wiped: a header
/// costs the components that pass it on and their calls, and nothing for all the others.
struct Walk {
    /// Those that get the header and pass it on.
    passed: Vec<usize>,
    /// Those that are called by one of these.
    fed: Vec<usize>,
    round: usize,
}

impl Walk {
    fn passes(&self, id: ComponentId) -> bool {
        self.passed[id.0] == self.round
    }

    fn fed(&self, id: ComponentId) -> bool {
        self.fed[id.0] == self.round
    }

    /// From the carriers at which calls begin to all that they reach. A carrier waits until it is
    /// fed, so each is expanded once.
    fn follow(&mut self, graph: &Graph, edges: &[Vec<ComponentId>], carriers: &[ComponentId]) {
        // Two marks a round: "carries it", and one more for "and gets it".
        self.round += 2;
        let waiting = self.round - 1;
        carriers.iter().for_each(|id| self.passed[id.0] = waiting);
        let first = carriers.iter().filter(|id| begins(graph.component(**id)));
        let mut open: Vec<ComponentId> = first.copied().collect();
        while let Some(at) = open.pop() {
            if std::mem::replace(&mut self.passed[at.0], self.round) == self.round {
                continue;
            }
            for next in &edges[at.0] {
                self.fed[next.0] = self.round;
                if self.passed[next.0] == waiting {
                    open.push(*next);
                }
            }
        }
    }
}
