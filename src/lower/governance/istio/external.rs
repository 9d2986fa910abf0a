//! Addresses outside the mesh.

use super::breaker::breaker;
use super::governed;
use super::route::{Scope, http_routes, retries_of};
use crate::graph::{Component, Graph, Port};
use crate::lower::view::{
    Body, Destination, DestinationRule, HttpRouteOfIstio, IstioMatch, Meta, Origination,
    ServiceEntry, ServiceEntryPort, Trace, View, VirtualService,
};
use crate::lower::{host, labels, slug};
use crate::model::{ExternalTls, ExternalTlsMode, Protocol};
use crate::source::{Path, Place};

/// The names at which callers reach an external component, and how calls to them are treated.
pub(super) fn external(graph: &Graph, component: &Component, views: &mut Vec<View>) {
    let own = component.name.to_string();
    let named: Vec<(String, &Path)> =
        component.outside_hosts().map(|(address, path)| (address.to_string(), path)).collect();
    if named.is_empty() {
        // Services with endpoints say where it is; what is left is the treatment of calls.
        let hosts: Vec<String> = component.dns_names().map(|name| host(component, name)).collect();
        for (name, host) in component.dns_names().zip(&hosts) {
            policy(graph, component, name.to_string(), host, views);
        }
        let first = hosts[0].clone();
        routes(graph, component, own, hosts, &first, views);
        return;
    }
    let ports: Vec<ServiceEntryPort> = component.ports.iter().filter_map(entry_port).collect();
    if ports.is_empty() {
        return;
    }
    let mut trace = Trace::default();
    for (position, (_, path)) in named.iter().enumerate() {
        trace.add(format!("spec.hosts.{position}"), Place::Value((*path).clone()));
    }
    let meta = Meta::new(own.clone(), Some(&component.namespace), labels(graph, component));
    let hosts = named.iter().map(|(host, _)| host.clone()).collect();
    let entry = ServiceEntry { meta, hosts, ports };
    views.push(View::new(Body::ServiceEntry(entry), component.path.clone(), trace));
    for (position, (host, _)) in named.into_iter().enumerate() {
        let name = match position {
            0 => own.clone(),
            _ => format!("{own}-{}", slug(&host)),
        };
        policy(graph, component, name.clone(), &host, views);
        routes(graph, component, name, vec![host.clone()], &host, views);
    }
}

/// A port as a ServiceEntry shows it. Of bytes alone the proxy cannot tell whom they are for, so a
/// name is no use to it: such calls pass by it. Only where it sees a host or a server name does an
/// entry mean anything.
fn entry_port(port: &Port) -> Option<ServiceEntryPort> {
    let protocol = match port.protocol {
        Protocol::Http => "HTTP",
        Protocol::Https => "HTTPS",
        Protocol::Http2 => "HTTP2",
        Protocol::Grpc => "GRPC",
        Protocol::Tls => "TLS",
        _ => return None,
    };
    let target = (port.target != port.port).then_some(port.target);
    Some(ServiceEntryPort { name: port.service_name(), number: port.port, target, protocol })
}

/// Routes to one host, for all of the names that stand for it.
fn routes(
    graph: &Graph,
    component: &Component,
    name: String,
    hosts: Vec<String>,
    to: &str,
    views: &mut Vec<View>,
) {
    let http: Vec<&Port> = component.ports.iter().filter(|port| port.protocol.is_http()).collect();
    if http.is_empty() || !governed(component) {
        return;
    }
    let mut trace = Trace::default();
    let mut routes = Vec::new();
    for port in http {
        let scope = Scope {
            graph,
            port,
            condition: (component.ports.len() > 1).then_some(port.port),
            path: None,
            origin: &component.path,
            suffix: format!("-{}", port.name),
        };
        http_routes(component, &scope, &mut routes, &mut trace);
    }
    let destinations = routes.iter_mut().flat_map(|route| &mut route.destinations);
    destinations.for_each(|destination| destination.host = to.to_owned());
    let service = VirtualService {
        meta: Meta::new(name, Some(&component.namespace), labels(graph, component)),
        hosts,
        gateways: vec!["mesh".into()],
        http: routes,
        tls: Vec::new(),
        tcp: Vec::new(),
    };
    views.push(View::new(Body::VirtualService(service), component.path.clone(), trace));
}

/// What proxies do with calls to one host: limits, and TLS.
fn policy(graph: &Graph, component: &Component, name: String, host: &str, views: &mut Vec<View>) {
    let mut trace = Trace::default();
    let tls = component.tls.as_ref().map(|tls| origination(component, tls, host, &mut trace));
    let breaker = breaker(&component.traffic, &mut trace);
    if tls.is_none() && breaker.is_none() {
        return;
    }
    let meta = Meta::new(name, Some(&component.namespace), labels(graph, component));
    let host = host.to_owned();
    let rule = DestinationRule { meta, host, tls, breaker, subsets: Vec::new() };
    views.push(View::new(Body::DestinationRule(rule), component.path.clone(), trace));
}

/// TLS around the calls to one host. What the other side shows is always checked: that it comes from
/// the authority, and that it is for the name asked for.
fn origination(
    component: &Component,
    tls: &ExternalTls,
    host: &str,
    trace: &mut Trace,
) -> Origination {
    let path = component.path.field("tls");
    let folder = |file: &str| format!("{}/{file}", component.proxy_path());
    let mutual = tls.mode == Some(ExternalTlsMode::Mutual);
    let named = component.outside_hosts().next().is_some();
    let field = "spec.trafficPolicy.tls";
    trace.add(field, Place::Key(path.clone()));
    let written = [
        ("mode", "mode", tls.mode.is_some()),
        ("sni", "sni", tls.sni.is_some()),
        ("caCertificates", "secret", tls.secret.is_some()),
    ];
    for (out, field_of, _) in written.into_iter().filter(|(.., written)| *written) {
        trace.add(format!("{field}.{out}"), Place::Value(path.field(field_of)));
    }
    Origination {
        shows: if mutual { "MUTUAL" } else { "SIMPLE" },
        // A rule asks for a name where an IP address gives none.
        sni: tls.sni.as_deref().unwrap_or(if named { host } else { "" }).to_owned(),
        // Istio's word for what the operating system trusts.
        // Source: `constructUpstreamTLS` in istio.io/istio/pilot/pkg/networking/core.
        authority: tls.secret.as_ref().map_or_else(|| "system".into(), |_| folder("ca.crt")),
        certificate: mutual.then(|| (folder("tls.crt"), folder("tls.key"))),
    }
}

/// A route that passes calls on and does nothing else; above all, it does not repeat them.
pub(super) fn plain_route(
    port: &Port,
    several: bool,
    destinations: Vec<Destination>,
) -> HttpRouteOfIstio {
    let name = format!("default-{}", port.name);
    let condition =
        IstioMatch { name: name.clone(), port: Some(port.port), ..IstioMatch::default() };
    HttpRouteOfIstio {
        name,
        matches: if several { vec![condition] } else { Vec::new() },
        destinations,
        rewrite: None,
        retries: retries_of(None),
        timeout: None,
        delay: None,
        abort: None,
        mirror: None,
    }
}
