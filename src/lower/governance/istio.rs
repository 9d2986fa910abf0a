//! Istio with sidecars: subsets for every declared version, and one VirtualService for each host.

pub(super) mod breaker;
mod external;
mod pod;
pub(super) mod policy;
mod route;

use std::sync::Arc;

use self::breaker::breaker;
use self::external::{external, plain_route};
use self::route::{Scope, destinations, http_routes, retries_of, tcp_routes};
use crate::graph::{Component, ComponentId, Entry, Graph, PathMatch, Port, Share};
use crate::lower::governance::{Mode, PLAIN, plain_protocol};
use crate::lower::service::main_host;
use crate::lower::view::{
    Body, Destination, DestinationRule, HttpRouteOfIstio, Meta, TcpRoute, Trace, View,
    VirtualService,
};
use crate::lower::{host, labels, slug};
use crate::model::{Kind, Protocol, Retries};
use crate::source::{Path, Place};

/// What sidecars of Istio add.
pub(super) const MODE: Mode = Mode {
    namespace: |_, meta| meta.labels.push(("istio-injection".into(), "enabled".into())),
    pod: pod::pod,
    app_protocol: |_, _, port| plain_protocol(port),
    component,
    policy_of_application: policy::policy_of_application,
    policy: policy::policy,
    proxies: policy::proxies,
    ..PLAIN
};

/// The mode's own objects for one component.
fn component(graph: &Graph, id: ComponentId, views: &mut Vec<View>) {
    let component = graph.component(id);
    if component.kind == Kind::External {
        external(graph, component, views);
        return;
    }
    let Some(_) = component.service_ports().next() else { return };
    if subsets_known(component) || component.traffic.breaker.is_some() {
        destination_rule(graph, component, views);
    }
    if governed(component) {
        virtual_service(graph, component, views);
    }
}

/// Whether Istio is told the versions apart.
fn subsets_known(component: &Component) -> bool {
    let traffic = &component.traffic;
    // Which pod of a headless host is called, the caller decides.
    !component.headless
        && (component.versioned
            || traffic.split.is_some()
            || traffic.mirror.is_some()
            || !traffic.rules.is_empty())
}

/// Whether routes are needed: always, unless all is left to the mesh. Without a route the mesh
/// would repeat failed calls by itself.
fn governed(component: &Component) -> bool {
    let traffic = &component.traffic;
    let asked = traffic.retries != Some(Retries::Mesh)
        || !traffic.rules.is_empty()
        || traffic.split.is_some()
        || traffic.timeout.is_some()
        || traffic.fault.is_some()
        || traffic.mirror.is_some()
        || traffic.breaker.is_some();
    asked && (component.speaks_http() || streams_routed(component))
}

/// Whether connections are routed: to share them out, or to bring those for other names of the
/// component under the one set of limits.
fn streams_routed(component: &Component) -> bool {
    let traffic = &component.traffic;
    traffic.split.is_some()
        || traffic.breaker.is_some()
        || traffic.rules.iter().any(|rule| rule.to.is_some() && !rule.matches.sees_requests())
}

fn destination_rule(graph: &Graph, component: &Component, views: &mut Vec<View>) {
    let meta =
        Meta::new(component.name.to_string(), Some(&component.namespace), labels(graph, component));
    let mut trace = Trace::default();
    let versions = if subsets_known(component) { &*component.versions } else { &[] };
    for (position, version) in versions.iter().enumerate() {
        trace.add(format!("spec.subsets.{position}"), Place::Key(version.path.clone()));
    }
    let rule = DestinationRule {
        meta,
        host: main_host(component),
        tls: None,
        breaker: breaker(&component.traffic, &mut trace),
        subsets: versions.iter().map(|version| version.name.to_string()).collect(),
    };
    views.push(View::new(Body::DestinationRule(rule), component.path.clone(), trace));
}

fn virtual_service(graph: &Graph, component: &Component, views: &mut Vec<View>) {
    let own = std::iter::once((&component.name, component.path.clone()));
    let aliases = component.aliases.iter().filter(|alias| alias.ports.is_none());
    let aliases = aliases.map(|alias| (&alias.name, alias.path.clone()));
    let names: Vec<(&Arc<str>, Path)> = own.chain(aliases).collect();
    let all: Vec<(u16, &Port)> =
        component.service_ports().map(|(_, port)| (port.port, port)).collect();
    routes(graph, component, &names, &all, views);
    for alias in &component.aliases {
        let Some(ports) = &alias.ports else { continue };
        // Its numbers are its own, and so must be its conditions.
        let ports: Vec<(u16, &Port)> =
            ports.iter().map(|(port, number)| (*number, &component.ports[*port])).collect();
        routes(graph, component, &[(&alias.name, alias.path.clone())], &ports, views);
    }
    let of = |kind: fn(Protocol) -> bool| -> Vec<&Port> {
        all.iter().map(|(_, port)| *port).filter(|port| kind(port.protocol)).collect()
    };
    let http = of(Protocol::is_http);
    let limited = component.traffic.breaker.is_some() && streams_routed(component);
    let streams = if limited { of(Protocol::is_stream) } else { Vec::new() };
    if component.versioned && !(http.is_empty() && streams.is_empty()) {
        version_hosts(graph, component, &http, &streams, views);
    }
}

/// The routes of names that have the same ports: each with the number that its callers use.
fn routes(
    graph: &Graph,
    component: &Component,
    names: &[(&Arc<str>, Path)],
    ports: &[(u16, &Port)],
    views: &mut Vec<View>,
) {
    let mut trace = Trace::default();
    let hosts: Vec<String> = names.iter().map(|(name, _)| host(component, name)).collect();
    for (position, (_, place)) in
        names.iter().enumerate().filter(|(_, (_, at))| *at != component.path)
    {
        trace.add(format!("spec.hosts.{position}"), Place::Key(place.clone()));
    }
    // Where the host has one port, the port needs no condition.
    let several = ports.len() > 1;
    let mut http = Vec::new();
    for (number, port) in ports.iter().filter(|(_, port)| port.protocol.is_http()) {
        let scope = Scope {
            graph,
            port,
            condition: several.then_some(*number),
            path: None,
            origin: &component.path,
            suffix: if several { format!("-{}", port.name) } else { String::new() },
        };
        http_routes(component, &scope, &mut http, &mut trace);
    }
    let streams = streams_routed(component);
    let mut tcp = Vec::new();
    for (number, port) in ports.iter().filter(|(_, port)| streams && port.protocol.is_stream()) {
        tcp_routes(graph, component, (*number, port), &mut tcp, &mut trace);
    }
    let Some((name, first)) = names.first() else { return };
    if http.is_empty() && tcp.is_empty() {
        return;
    }
    let meta = Meta::new(name.to_string(), Some(&component.namespace), labels(graph, component));
    let service =
        VirtualService { meta, hosts, gateways: vec!["mesh".into()], http, tls: Vec::new(), tcp };
    let origin = match component.traffic.path == Path::root() || *first != component.path {
        true => first.clone(),
        false => component.traffic.path.clone(),
    };
    views.push(View::new(Body::VirtualService(service), origin, trace));
}

/// Each version's own name leads to that version, with the component's treatment of failures.
fn version_hosts(
    graph: &Graph,
    component: &Component,
    http: &[&Port],
    streams: &[&Port],
    views: &mut Vec<View>,
) {
    let several = component.service_ports().count() > 1;
    for (position, version) in component.versions.iter().enumerate() {
        let name = component.version_name(version);
        let all = [Share { version: position, percent: 100 }];
        let to = |port: &Port| match component.headless {
            // A headless host has no subsets that a call could be sent to.
            true => vec![Destination {
                host: host(component, &name),
                subset: None,
                port: port.port,
                weight: None,
                cookie: None,
            }],
            false => destinations(component, port.port, Some(&all), None),
        };
        let routes = http
            .iter()
            .map(|port| HttpRouteOfIstio {
                retries: retries_of(component.traffic.retries.as_ref()),
                timeout: component.traffic.timeout.as_ref().map(crate::model::Duration::proto),
                ..plain_route(port, several, to(port))
            })
            .collect();
        let mut meta =
            Meta::new(name.clone(), Some(&component.namespace), labels(graph, component));
        meta.labels.push(("version".into(), version.name.to_string()));
        let service = VirtualService {
            meta,
            hosts: vec![host(component, &name)],
            gateways: vec!["mesh".into()],
            http: routes,
            tls: Vec::new(),
            tcp: streams
                .iter()
                .map(|port| TcpRoute {
                    port: port.port,
                    callers: Vec::new(),
                    destinations: to(port),
                })
                .collect(),
        };
        let routes = if http.is_empty() { "spec.tcp" } else { "spec.http" };
        let trace = Trace::default().at(routes, Place::Key(version.path.clone()));
        views.push(View::new(Body::VirtualService(service), version.path.clone(), trace));
    }
}

/// Where the connections of an entry go that shows no requests.
pub(crate) fn gateway_connections(component: &Component, entry: &Entry) -> Vec<Destination> {
    let port = component.ports[entry.port].port;
    destinations(component, port, component.traffic.split.as_deref(), None)
}

/// Routes of one exposed path for a gateway: the path narrows each rule.
pub(crate) fn gateway_routes(
    graph: &Graph,
    component: &Component,
    entry: &Entry,
    path: &PathMatch,
    routes: &mut Vec<HttpRouteOfIstio>,
    trace: &mut Trace,
) {
    let (text, way) = match path {
        PathMatch::Exact(text) => (text, ""),
        PathMatch::Prefix(text) => (text, "-prefix"),
        PathMatch::StartsWith(text) => (text, "-text"),
    };
    let suffix = match entry.paths.len() {
        0 | 1 => String::new(),
        _ if text == "/" => format!("-all{way}"),
        _ => format!("-{}{way}", slug(text)),
    };
    let first = routes.len();
    let port = &component.ports[entry.port];
    let scope =
        Scope { graph, port, condition: None, path: Some(path), origin: &entry.path, suffix };
    http_routes(component, &scope, routes, trace);
    for route in &mut routes[first..] {
        route.name = format!("{}-{}", component.name, route.name);
        route.matches.iter_mut().for_each(|condition| condition.name.clone_from(&route.name));
    }
}
