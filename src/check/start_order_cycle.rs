use super::Finder;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::graph::ComponentId;
use crate::source::Place;

/// `start-order-cycle`: components wait for each other in a circle.
pub(super) static START_ORDER_CYCLE: Rule = Rule {
    code: "start-order-cycle",
    severity: Severity::Error,
    summary: "components wait for each other in a circle",
    explain: "`startAfter` is an order of creation, and a circle has no first. Every step of the shortest circle is shown; drop one of them. Calls may go round in a circle, starts may not.",
    wrong: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "    startAfter: [api]\n",
        "    dependsOn: [api]\n",
        "  api:\n",
        "    image: example.com/api:1\n",
        "    ports: { http: 9090 }\n",
        "    startAfter: [web]\n",
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
        "    startAfter: []\n",
    ),
};

/// One error for each circle of starts, with every step labelled.
pub(super) fn check(find: &mut Finder<'_>) {
    let graph = find.graph;
    let waits = |component: &crate::graph::Component| {
        let steps = component.versions.iter().flat_map(|version| &version.start_after);
        let mut targets: Vec<ComponentId> = steps.map(|(id, _)| *id).collect();
        targets.sort_unstable();
        targets.dedup();
        targets
    };
    let edges: Vec<Vec<ComponentId>> = graph.components.iter().map(waits).collect();
    for cycle in graph.cycles(&edges) {
        let names: Vec<&str> = cycle.iter().map(|id| &*graph.component(*id).name).collect();
        let title = format!("start order goes in a circle: {} → {}", names.join(" → "), names[0]);
        let mut steps = cycle.iter().zip(cycle.iter().cycle().skip(1)).filter_map(|(from, to)| {
            let component = graph.component(*from);
            let mut all = component.versions.iter().flat_map(|version| &version.start_after);
            let (_, path) = all.find(|(id, _)| id == to)?;
            let label =
                format!("`{}` starts after `{}`", component.name, graph.component(*to).name);
            Some((Place::Value(path.clone()), label))
        });
        let Some((place, label)) = steps.next() else { continue };
        let mut diagnostic = Diagnostic::new(&START_ORDER_CYCLE, title, place, label);
        for (place, label) in steps {
            diagnostic = diagnostic.also(place, label);
        }
        find.report(diagnostic.help("remove one of these; for calls alone `dependsOn` is enough"));
    }
}
