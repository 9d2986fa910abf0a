use super::Finder;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::graph::ComponentId;
use crate::model::Kind;
use crate::source::Place;

/// `unreachable-component`: nothing leads to a component.
pub(super) static UNREACHABLE_COMPONENT: Rule = Rule {
    code: "unreachable-component",
    severity: Severity::Warning,
    summary: "nothing leads to a component",
    explain: "A component that is not exposed, that no component calls, and that is neither a job nor a worker without ports gets no call at all. Either a dependency is missing from the file, and with it the policy and the variables that come from it, or the component is not needed. Only the first component of an unreachable group is reported.",
    wrong: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "  api:\n",
        "    image: example.com/api:1\n",
        "    ports: { http: 9090 }\n",
    ),
    right: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "    dependsOn: [api]\n",
        "  api:\n",
        "    image: example.com/api:1\n",
        "    ports: { http: 9090 }\n",
    ),
};

/// Walks from everything that the outside or time sets going.
pub(super) fn check(find: &mut Finder<'_>) {
    let graph = find.graph;
    let edges = graph.call_edges();
    let mut reached = vec![false; graph.components.len()];
    let mut open: Vec<ComponentId> = graph
        .ids()
        .filter(|&(id, component)| {
            let works_alone = component.kind != Kind::External && component.ports.is_empty();
            let let_in = component.given.is_some()
                || graph.entrances.contains(&id)
                || graph.is_set_going(component);
            !component.entries.is_empty() || component.kind.ends() || works_alone || let_in
        })
        .map(|(id, _)| id)
        .collect();
    let spread = |open: &mut Vec<ComponentId>, reached: &mut Vec<bool>| {
        while let Some(at) = open.pop() {
            if !std::mem::replace(&mut reached[at.0], true) {
                open.extend(edges[at.0].iter().filter(|next| !reached[next.0]));
            }
        }
    };
    spread(&mut open, &mut reached);
    // First those that nobody calls, then what is left of circles.
    for called in [false, true] {
        for (id, component) in graph.ids() {
            let nobody = graph.callers[id.0].is_empty();
            if reached[id.0] || (nobody == called) {
                continue;
            }
            open.push(id);
            spread(&mut open, &mut reached);
            let title = format!("nothing leads to `{}`", component.name);
            let place = Place::Key(component.path.clone());
            let diagnostic =
                Diagnostic::new(&UNREACHABLE_COMPONENT, title, place, "no entry and no caller")
                    .help("expose it, add it to the `dependsOn` of its callers, or remove it");
            find.report(diagnostic);
        }
    }
}
