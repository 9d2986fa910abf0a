use super::Finder;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::graph::ComponentId;
use crate::source::Place;

/// `dependency-cycle`: components call each other in a circle.
pub(super) static DEPENDENCY_CYCLE: Rule = Rule {
    code: "dependency-cycle",
    severity: Severity::Warning,
    summary: "components call each other in a circle",
    explain: "A circle of calls is legal, and often a sign that two components are one, or that a failure in one will take all of them down. Every call on the shortest circle is shown. If each is needed, allow the warning with the reason. Calls marked `optional: true` do not count.",
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
        "    dependsOn: [web]\n",
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

/// One warning for each circle of calls, with every call on it labelled.
pub(super) fn check(find: &mut Finder<'_>) {
    let graph = find.graph;
    let mut edges: Vec<Vec<ComponentId>> = Vec::with_capacity(graph.components.len());
    for component in &graph.components {
        let calls = component.versions.iter().flat_map(|version| &version.calls);
        let mut targets: Vec<ComponentId> =
            calls.filter(|call| !call.optional).map(|call| call.to).collect();
        targets.sort_unstable();
        targets.dedup();
        edges.push(targets);
    }
    for cycle in graph.cycles(&edges) {
        let names: Vec<&str> = cycle.iter().map(|id| &*graph.component(*id).name).collect();
        let title =
            format!("components call each other in a circle: {} → {}", names.join(" → "), names[0]);
        let mut steps = cycle.iter().zip(cycle.iter().cycle().skip(1)).filter_map(|(from, to)| {
            let caller = graph.component(*from);
            let mut calls = caller.versions.iter().flat_map(|version| &version.calls);
            let call = calls.find(|call| call.to == *to && !call.optional)?;
            let label = format!("`{}` calls `{}`", caller.name, graph.component(*to).name);
            Some((Place::Key(call.path.clone()), label))
        });
        let Some((place, label)) = steps.next() else { continue };
        let mut diagnostic = Diagnostic::new(&DEPENDENCY_CYCLE, title, place, label);
        for (place, label) in steps {
            diagnostic = diagnostic.also(place, label);
        }
        find.report(
            diagnostic.help("mark a call `optional: true` if its caller can do without it"),
        );
    }
}
