use super::Finder;
use std::collections::BTreeMap;

use crate::diag::{Diagnostic, Rule, Severity};
use crate::graph::{Component, Port};
use crate::model::Governance;
use crate::source::Place;

/// `external-collision`: two external components are at one place and cannot both be.
pub(super) static EXTERNAL_COLLISION: Rule = Rule {
    code: "external-collision",
    severity: Severity::Error,
    summary: "two external components are at one place and cannot both be",
    explain: "A port of an address speaks one protocol, whoever calls it. And a mesh knows a host outside by its name alone: where two components have the same name and ports whose calls the mesh understands, it would follow the rules of one and ignore those of the other.",
    wrong: concat!(
        "components:\n",
        "  web: { image: 'example.com/web:1', dependsOn: [mail, push] }\n",
        "  mail: { kind: external, address: api.example.com, ports: { https: 443 } }\n",
        "  push: { kind: external, address: api.example.com, ports: { grpc: 443 } }\n",
    ),
    right: concat!(
        "components:\n",
        "  web: { image: 'example.com/web:1', dependsOn: [api] }\n",
        "  api: { kind: external, address: api.example.com, ports: { https: 443 } }\n",
    ),
};

/// One place, one component.
pub(super) fn check(find: &mut Finder<'_>) {
    let mode = find.graph.governance;
    // Where the name leads to a proxy within the pod, it does for bytes too.
    let led = mode == Governance::Envoy;
    let by_name = mode.is_istio() || led;
    let seen = |port: &Port| led || port.protocol.is_http() || port.protocol.hides_requests();
    let mut ports: BTreeMap<(&str, u16, &str), (&Component, &Port)> = BTreeMap::new();
    let mut hosts: BTreeMap<&str, (&Component, Place)> = BTreeMap::new();
    for component in &find.graph.components {
        for (address, path) in &component.addresses {
            let mut told = false;
            for port in &component.ports {
                let key = (&**address, port.target, port.protocol.transport());
                let (first, other) = *ports.entry(key).or_insert((component, port));
                if other.protocol == port.protocol || first.name == component.name {
                    continue;
                }
                told = true;
                let title = format!(
                    "port {} of `{address}` cannot speak both {} and {}",
                    port.target,
                    other.protocol.name(),
                    port.protocol.name()
                );
                let at = |component: &Component, port: &Port| {
                    Place::Key(component.path.field("ports").key(&port.name))
                };
                let label = format!("`{}`", component.name);
                let diagnostic =
                    Diagnostic::new(&EXTERNAL_COLLISION, title, at(component, port), label)
                        .also(at(first, other), format!("`{}`", first.name))
                        .help("give both the protocol that it speaks");
                find.report(diagnostic);
            }
            let known =
                address.parse::<std::net::IpAddr>().is_err() && component.ports.iter().any(seen);
            if !by_name || !known {
                continue;
            }
            let place = Place::Value(path.clone());
            let Some((first, other)) = hosts.get(&**address) else {
                hosts.insert(address, (component, place));
                continue;
            };
            if told || first.name == component.name {
                continue;
            }
            let title = format!("`{}` and `{}` are both `{address}`", first.name, component.name);
            let label = "the mesh knows it by this name alone";
            let diagnostic = Diagnostic::new(&EXTERNAL_COLLISION, title, place, label)
                .also(other.clone(), "the same name")
                .help("make them one component; further names of it can be `aliases`");
            find.report(diagnostic);
        }
    }
}
