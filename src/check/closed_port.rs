use std::collections::BTreeSet;

use super::Finder;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::graph::Scrape;
use crate::model::Kind;
use crate::source::Place;

/// `closed-port`: a port that the policy closes to everyone.
pub(super) static CLOSED_PORT: Rule = Rule {
    code: "closed-port",
    severity: Severity::Warning,
    summary: "a port that the policy closes to everyone",
    explain: "With `access: declared` a component can be called by its declared callers and its entries, each on the port that it calls. A port that nobody calls and that is not exposed is closed. Something that the file does not mention and that calls it, such as a monitoring system, would be shut out.",
    wrong: concat!(
        "policy: { access: declared }\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080, admin: 9000 }\n",
        "    expose: { http: { via: load-balancer } }\n",
    ),
    right: concat!(
        "policy: { access: declared }\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080, admin: { port: 9000, internal: false } }\n",
        "    expose: { http: { via: load-balancer } }\n",
    ),
};

/// Ports without a caller. A component without any is another rule's matter.
pub(super) fn check(find: &mut Finder<'_>) {
    let graph = find.graph;
    if !graph.policy.access {
        return;
    }
    let mut called: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); graph.components.len()];
    for call in graph.components.iter().flat_map(|c| &c.versions).flat_map(|v| &v.calls) {
        called[call.to.0].insert(call.port);
    }
    for (component, mut called) in graph.own().iter().zip(called) {
        called.extend(component.entries.iter().map(|entry| entry.port));
        // Whether metrics can be read is another rule's matter too.
        if let Some(Scrape::Port(port)) = component.metrics.as_ref().map(|metrics| metrics.at) {
            called.insert(port);
        }
        // Its sidecar brings it what it uses.
        called.extend(component.app_port.filter(|_| graph.is_set_going(component)));
        // The pods of a stateful set call each other.
        let closed =
            !matches!(component.kind, Kind::StatefulSet | Kind::External) && !called.is_empty();
        let open = component.internal_ports().filter(|_| closed);
        for (_, port) in open.filter(|(position, _)| !called.contains(position)) {
            let title = format!("nobody may call port `{}` of `{}`", port.name, component.name);
            let place = Place::Key(component.path.field("ports").key(&port.name));
            let diagnostic =
                Diagnostic::new(&CLOSED_PORT, title, place, "no declared call, and not exposed")
                    .also(graph.policy.place("access"), "closes it")
                    .help("add it to the `dependsOn` of its callers, or write `internal: false`");
            find.report(diagnostic);
        }
    }
}
