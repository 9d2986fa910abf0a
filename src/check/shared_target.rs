use super::Finder;
use std::collections::BTreeMap;

use crate::diag::{Diagnostic, Rule, Severity};
use crate::graph::Component;
use crate::model::Kind;
use crate::source::Place;

/// `shared-target`: a port of the container has two numbers for callers.
pub(super) static SHARED_TARGET: Rule = Rule {
    code: "shared-target",
    severity: Severity::Warning,
    summary: "a port of the container has two numbers for callers",
    explain: "In a mesh the proxy of a pod knows a call by the port that it arrives at. Where two numbers lead to one port of the container, it cannot tell which was called: it treats and counts all calls as those to one of the two (Istio says IST0137). Plain Kubernetes does not mind.",
    wrong: concat!(
        "governance: istio\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080, http-alt: { port: 80, target: 8080 } }\n",
        "    expose: { http: { prefix: [/] } }\n",
    ),
    right: concat!(
        "governance: istio\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: { port: 80, target: 8080 } }\n",
        "    expose: { http: { prefix: [/] } }\n",
    ),
};

/// In a mesh each port of the container has one number, under whatever name.
pub(super) fn check(find: &mut Finder<'_>) {
    let graph = find.graph;
    if !graph.governance.catches_calls() {
        return;
    }
    let meshed = |known: &&Component| known.kind != Kind::External && graph.meshed(known);
    for component in graph.components.iter().filter(meshed) {
        let mut numbers: BTreeMap<(u16, &'static str), (u16, Place)> = BTreeMap::new();
        let own = component.service_ports().map(|(_, port)| {
            (port, port.port, Place::Key(component.path.field("ports").key(&port.name)))
        });
        let aliases = component.aliases.iter().flat_map(|alias| {
            let ports = alias.ports.iter().flatten();
            ports.map(|(position, number)| {
                let port = &component.ports[*position];
                (port, *number, Place::Key(alias.path.field("ports").key(&port.name)))
            })
        });
        for (port, number, place) in own.chain(aliases) {
            let at = (port.target, port.protocol.transport());
            let Some((first, where_first)) = numbers.get(&at) else {
                numbers.insert(at, (number, place));
                continue;
            };
            if *first == number {
                continue;
            }
            let title =
                format!("port {} of `{}` is called by two numbers", port.target, component.name);
            let diagnostic = Diagnostic::new(&SHARED_TARGET, title, place, format!("by {number}"))
                .also(where_first.clone(), format!("by {first}"))
                .help("let callers use one of them, or the container listen on two ports");
            find.report(diagnostic);
        }
    }
}
