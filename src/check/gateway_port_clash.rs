use super::Finder;
use std::collections::BTreeMap;

use crate::diag::{Diagnostic, Rule, Severity};
use crate::graph::Door;
use crate::model::GatewayKind;
use crate::source::{Path, Place};

/// `gateway-port-clash`: the gateway would use one port for two things.
pub(super) static GATEWAY_PORT_CLASH: Rule = Rule {
    code: "gateway-port-clash",
    severity: Severity::Error,
    summary: "the gateway would use one port for two things",
    explain: "On each of its ports the gateway does one thing: it takes plain HTTP, it takes TLS, or it passes every connection to one component. HTTP is on 80 and TLS on 443 unless `gateway` says otherwise.",
    wrong: concat!(
        "governance: istio\n",
        "gateway: { hosts: [shop.example.com], tls: { secret: shop-tls, port: 80 } }\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: {} }\n",
    ),
    right: concat!(
        "governance: istio\n",
        "gateway: { hosts: [shop.example.com], tls: { secret: shop-tls } }\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: {} }\n",
    ),
};

/// One port, one use.
pub(super) fn check(find: &mut Finder<'_>) {
    let graph = find.graph;
    let gateway = Path::root().field("gateway");
    let written = graph.gateway.as_ref();
    let place = |known: bool, path: Path| match (known, written) {
        (true, _) => Place::Value(path),
        (false, Some(_)) => Place::Key(gateway.clone()),
        (false, None) => Place::Key(Path::root().field("components")),
    };
    let mut uses: Vec<(u16, Place, &str)> = Vec::new();
    if graph.entries_by(|door| door == Door::Requests).next().is_some() {
        let known = written.is_some_and(|gateway| gateway.port.is_some());
        uses.push((graph.plain_port(), place(known, gateway.field("port")), "plain HTTP"));
    }
    // Where an Ingress listens is its controller's matter; another rule refuses a port there.
    if let Some(tls) = graph.gateway_tls().filter(|_| graph.gateway_kind() != GatewayKind::Ingress)
    {
        let place = match tls.port {
            Some(_) => Place::Value(gateway.field("tls").field("port")),
            None => Place::Key(gateway.field("tls")),
        };
        uses.push((graph.tls_port(), place, "TLS"));
    }
    for (_, entry) in graph.entries_by(|door| matches!(door, Door::OwnPort(_))) {
        let Some(port) = entry.own_port else { continue };
        uses.push((port, Place::Value(entry.path.field("port")), "all of its connections"));
    }
    let mut taken: BTreeMap<u16, (Place, &str)> = BTreeMap::new();
    for (port, place, what) in uses {
        if let Some((first, other)) = taken.get(&port) {
            let title = format!("the gateway would use port {port} twice");
            let diagnostic =
                Diagnostic::new(&GATEWAY_PORT_CLASH, title, place, format!("here for {what}"))
                    .also(first.clone(), format!("here for {other}"))
                    .help("give one of them another `port`");
            find.report(diagnostic);
        } else {
            taken.insert(port, (place, what));
        }
    }
}
