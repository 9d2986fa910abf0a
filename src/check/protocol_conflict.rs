use super::Finder;
use std::collections::BTreeMap;

use crate::diag::{Diagnostic, Rule, Severity};
use crate::source::Place;

/// `protocol-conflict`: a port number is used for TCP and for UDP, of which Istio sees one.
pub(super) static PROTOCOL_CONFLICT: Rule = Rule {
    code: "protocol-conflict",
    severity: Severity::Warning,
    summary: "a port number is used for TCP and for UDP, of which Istio sees one",
    explain: "Kubernetes keeps TCP and UDP ports apart, so one number may stand for both. Istio's proxy takes TCP alone: what is sent by UDP passes by the mesh, without its encryption, policy and routes, under the same name and number as what does not (IST0116). Give one of them another number, so that nobody takes the one for the other, or allow it where that is how the protocol works, as with DNS.",
    wrong: concat!(
        "governance: istio\n",
        "components:\n",
        "  names:\n",
        "    image: example.com/names:1\n",
        "    ports: { tcp: 5300, udp: { port: 5300, protocol: udp } }\n",
        "    expose: { tcp: { via: load-balancer } }\n",
    ),
    right: concat!(
        "governance: istio\n",
        "components:\n",
        "  names:\n",
        "    image: example.com/names:1\n",
        "    ports: { tcp: 5300, udp: { port: 5301, protocol: udp } }\n",
        "    expose: { tcp: { via: load-balancer } }\n",
    ),
};

/// In a mesh one number has one transport.
pub(super) fn check(find: &mut Finder<'_>) {
    let graph = find.graph;
    if !graph.governance.catches_calls() {
        return;
    }
    for component in graph.own().iter().filter(|component| graph.meshed(component)) {
        let mut taken: BTreeMap<u16, (&str, &'static str)> = BTreeMap::new();
        for (_, port) in component.service_ports() {
            let transport = port.protocol.transport();
            let (first, other) = *taken.entry(port.port).or_insert((&port.name, transport));
            if other == transport {
                continue;
            }
            let ports = component.path.field("ports");
            let title =
                format!("port {} of `{}` is for TCP and for UDP", port.port, component.name);
            let place = Place::Key(ports.key(&port.name));
            let diagnostic = Diagnostic::new(&PROTOCOL_CONFLICT, title, place, transport)
                .also(Place::Key(ports.key(first)), other)
                .help("give one of them another `port`; both may have the same `target`");
            find.report(diagnostic);
        }
    }
}
