use super::Finder;
use std::collections::BTreeMap;

use crate::diag::{Diagnostic, Rule, Severity};
use crate::source::{Path, Place};

/// `duplicate-port`: two ports have the same number in the same place.
pub(super) static DUPLICATE_PORT: Rule = Rule {
    code: "duplicate-port",
    severity: Severity::Error,
    summary: "two ports of a component, or of the nodes, have the same number",
    explain: "Callers know a port by its number, so one number leads to one port. TCP and UDP have numbers of their own: the same number once for each is fine. A `nodePort` is a port of every node, so there each number is one port of the whole cluster.",
    wrong: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080, admin: { port: 8080, target: 8081, protocol: http } }\n",
        "    expose: { http: { via: load-balancer } }\n",
    ),
    right: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080, admin: { port: 8081, protocol: http } }\n",
        "    expose: { http: { via: load-balancer } }\n",
    ),
};

/// One number, one port, for each transport.
pub(super) fn check(find: &mut Finder<'_>) {
    node_ports(find);
    for component in &find.graph.components {
        let mut taken: BTreeMap<(u16, &'static str), &str> = BTreeMap::new();
        for (_, port) in component.service_ports() {
            let Some(first) = taken.insert((port.port, port.protocol.transport()), &port.name)
            else {
                continue;
            };
            let ports = component.path.field("ports");
            let title = format!(
                "two ports of `{}` are {} {}",
                component.name,
                port.protocol.transport(),
                port.port
            );
            let diagnostic = Diagnostic::new(
                &DUPLICATE_PORT,
                title,
                Place::Key(ports.key(&port.name)),
                "this one",
            )
            .also(Place::Key(ports.key(first)), "and this one")
            .help("give one of them another `port`; both may have the same `target`");
            find.report(diagnostic);
        }
        for alias in &component.aliases {
            let mut taken: BTreeMap<(u16, &'static str), &str> = BTreeMap::new();
            for (position, number) in alias.ports.iter().flatten() {
                let port = &component.ports[*position];
                let transport = port.protocol.transport();
                let Some(first) = taken.insert((*number, transport), &port.name) else { continue };
                let ports = alias.path.field("ports");
                let title = format!("two ports of `{}` are {transport} {number}", alias.name);
                let place = Place::Key(ports.key(&port.name));
                let diagnostic = Diagnostic::new(&DUPLICATE_PORT, title, place, "this one")
                    .also(Place::Key(ports.key(first)), "and this one")
                    .help("give one of them another number");
                find.report(diagnostic);
            }
        }
        let mut named: BTreeMap<String, &str> = BTreeMap::new();
        for (_, port) in component.service_ports() {
            let Some(first) = named.insert(port.service_name(), &port.name) else { continue };
            let ports = component.path.field("ports");
            let title = format!(
                "two ports of `{}` would both be `{}`",
                component.name,
                port.service_name()
            );
            let place = Place::Key(ports.key(&port.name));
            let diagnostic = Diagnostic::new(&DUPLICATE_PORT, title, place, "this one")
                .also(
                    Place::Key(ports.key(first)),
                    "and this one, with its protocol before its name",
                )
                .help("give one of them another name");
            find.report(diagnostic);
        }
    }
}

fn node_ports(find: &mut Finder<'_>) {
    let mut taken: BTreeMap<(u16, &'static str), &Path> = BTreeMap::new();
    for component in &find.graph.components {
        for entry in &component.entries {
            let Some(number) = entry.node_port else { continue };
            let transport = component.ports[entry.port].protocol.transport();
            let Some(first) = taken.insert((number, transport), &entry.path) else { continue };
            let title = format!("two ports of the nodes are {transport} {number}");
            let place = Place::Value(entry.path.field("nodePort"));
            let other = Place::Value(first.field("nodePort"));
            let diagnostic = Diagnostic::new(&DUPLICATE_PORT, title, place, "this one")
                .also(other, "and this one")
                .help("give one of them another number, or leave it to Kubernetes");
            find.report(diagnostic);
        }
    }
}
