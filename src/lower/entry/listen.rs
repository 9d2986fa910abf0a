//! Where the shared gateway listens: plain HTTP, TLS by certificate or unopened, and ports of their
//! own; and the routes of connections in which no requests are seen.

use std::collections::{BTreeMap, BTreeSet};

use super::gateway_hosts;
use crate::graph::{Component, Door, Entry, Graph, certificate, covers_host};
use crate::lower::governance::gateway_connections;
use crate::lower::route::backends;
use crate::lower::view::{
    Body, Gateway, HttpRoute, HttpRouteMatch, HttpRouteRule, IstioGateway, Listener, Meta, Parent,
    Server, ServerTls, SniRoute, StreamRoute, TcpRoute, Trace, View, VirtualService,
};
use crate::lower::{app_labels, labels, slug};
use crate::model::{GatewayTls, TlsMode, TlsVersion};
use crate::source::{Path, Place};
use crate::traffic::entrances;

/// Where the TLS of the gateway is written.
fn tls_path() -> Path {
    Path::root().field("gateway").field("tls")
}

/// Hosts by the Secret with their certificate.
pub(super) fn certificates<'a>(
    graph: &'a Graph,
    tls: &'a GatewayTls,
) -> BTreeMap<&'a str, Vec<&'a str>> {
    let mut out: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for host in graph.requested_hosts() {
        // A rule refuses a host without a certificate.
        let Some((_, secret)) = certificate(tls, host) else { continue };
        out.entry(secret).or_default().push(host);
    }
    out
}

/// The place of a Secret's name.
pub(super) fn secret_place(tls: &GatewayTls, secret: &str) -> Place {
    let own = tls.certificates.iter().flatten().find(|(_, name)| &***name == secret);
    Place::Value(match own {
        Some((host, _)) => tls_path().field("certificates").key(host),
        None => tls_path().field("secret"),
    })
}

/// Ports of the gateway that belong to one entry each.
fn own_ports(graph: &Graph) -> impl Iterator<Item = (u16, &Component, &Entry)> {
    let entries = graph.entries_by(|door| matches!(door, Door::OwnPort(_)));
    entries.filter_map(|(component, entry)| Some((entry.own_port?, component, entry)))
}

/// Fills in the servers of an Istio gateway. Hosts with one certificate share a server: apart, a
/// browser would reuse the connection to one of them for the other, which has no route there.
pub(super) fn servers(graph: &Graph, gateway: &mut IstioGateway, trace: &mut Trace) {
    let plain = |name: String, port, protocol, hosts| Server {
        name,
        port,
        protocol,
        hosts,
        redirect: false,
        tls: None,
    };
    let servers = &mut gateway.servers;
    let owned = |hosts: &mut dyn Iterator<Item = &str>| -> Vec<String> {
        hosts.map(str::to_owned).collect()
    };
    let hosts = owned(&mut graph.requested_hosts().into_iter());
    if !hosts.is_empty() {
        let mut http = plain("http".into(), graph.plain_port(), "HTTP", hosts);
        if redirect(graph) {
            http.redirect = true;
            trace.add("spec.servers.0.tls", Place::Value(tls_path().field("redirect")));
        }
        servers.push(http);
    }
    if let Some(tls) = graph.ended_tls() {
        let certificates = certificates(graph, tls);
        let alone = certificates.len() == 1;
        for (secret, hosts) in certificates {
            let name = if alone { "https".into() } else { format!("https-{}", slug(secret)) };
            let field = format!("spec.servers.{}.tls", servers.len());
            trace.add(field.clone(), Place::Key(tls_path()));
            trace.add(format!("{field}.credentialName"), secret_place(tls, secret));
            if tls.mode.is_some() {
                trace.add(format!("{field}.mode"), Place::Value(tls_path().field("mode")));
            }
            if tls.min_version.is_some() {
                let place = Place::Value(tls_path().field("minVersion"));
                trace.add(format!("{field}.minProtocolVersion"), place);
            }
            let mut server = plain(name, graph.tls_port(), "HTTPS", owned(&mut hosts.into_iter()));
            server.tls = Some(ServerTls {
                ends: if tls.mode == Some(TlsMode::Mutual) { "MUTUAL" } else { "SIMPLE" },
                credential: Some(secret.to_owned()),
                oldest: tls.min_version.map(|version| match version {
                    TlsVersion::V12 => "TLSV1_2",
                    TlsVersion::V13 => "TLSV1_3",
                }),
            });
            servers.push(server);
        }
    }
    let unopened: BTreeSet<&str> = graph
        .entries_by(|door| door == Door::ServerName)
        .flat_map(|(_, entry)| entry.hosts_or_any())
        .collect();
    if !unopened.is_empty() {
        trace.add(format!("spec.servers.{}.tls", servers.len()), Place::Key(tls_path()));
        let hosts = owned(&mut unopened.into_iter());
        let mut server = plain("tls".into(), graph.tls_port(), "TLS", hosts);
        server.tls = Some(ServerTls { ends: "PASSTHROUGH", credential: None, oldest: None });
        servers.push(server);
    }
    for (port, _, entry) in own_ports(graph) {
        let field = format!("spec.servers.{}", servers.len());
        trace.add(field, Place::Value(entry.path.field("port")));
        servers.push(plain(format!("tcp-{port}"), port, "TCP", vec!["*".into()]));
    }
}

/// The route of an entry whose connections are told apart by server name, for these hosts.
pub(super) fn sni_route(
    graph: &Graph,
    component: &Component,
    entry: &Entry,
    hosts: &[String],
) -> SniRoute {
    SniRoute {
        port: graph.tls_port(),
        hosts: hosts.to_vec(),
        destinations: gateway_connections(component, entry),
    }
}

/// In Istio, the routes of entries with ports of their own.
pub(super) fn istio_streams(graph: &Graph, views: &mut Vec<View>) {
    for (port, component, entry) in own_ports(graph) {
        let name = graph.stream_name(component, entry);
        let destinations = gateway_connections(component, entry);
        let service = VirtualService {
            meta: Meta::new(name, Some(&graph.namespace), labels(graph, component)),
            hosts: vec!["*".into()],
            gateways: vec![format!("{}/{}", graph.namespace, graph.name)],
            http: Vec::new(),
            tls: Vec::new(),
            tcp: vec![TcpRoute { port, callers: Vec::new(), destinations }],
        };
        let trace = Trace::default().at("spec.tcp.0.match", Place::Value(entry.path.field("port")));
        views.push(View::new(Body::VirtualService(service), entry.path.clone(), trace));
    }
}

/// Fills in the listeners of a Gateway. One has one host, so each certificate of a host has its
/// own; the one with the certificate for all has none.
pub(super) fn listeners(graph: &Graph, gateway: &mut Gateway, trace: &mut Trace) {
    let plain = |name: String, protocol, port| Listener {
        name,
        protocol,
        port,
        host: None,
        certificate: None,
        passthrough: false,
    };
    let listeners = &mut gateway.listeners;
    if !graph.requested_hosts().is_empty() {
        listeners.push(plain("http".into(), "HTTP", graph.plain_port()));
        for (name, host, secret, place) in secured(graph) {
            let field = format!("spec.listeners.{}", listeners.len());
            trace.add(field.clone(), Place::Key(tls_path()));
            trace.add(format!("{field}.tls.certificateRefs.0.name"), place);
            let mut listener = plain(name, "HTTPS", graph.tls_port());
            listener.host = host.map(str::to_owned);
            listener.certificate = Some(secret.to_owned());
            listeners.push(listener);
        }
    }
    if graph.entries_by(|door| door == Door::ServerName).next().is_some() {
        trace.add(format!("spec.listeners.{}", listeners.len()), Place::Key(tls_path()));
        let mut listener = plain("tls".into(), "TLS", graph.tls_port());
        listener.passthrough = true;
        listeners.push(listener);
    }
    for (port, _, entry) in own_ports(graph) {
        let field = format!("spec.listeners.{}", listeners.len());
        trace.add(field, Place::Value(entry.path.field("port")));
        listeners.push(plain(format!("tcp-{port}"), "TCP", port));
    }
}

/// Listeners for HTTPS: name, host, Secret, and where the Secret is written.
fn secured(graph: &Graph) -> Vec<(String, Option<&str>, &str, Place)> {
    let Some(tls) = graph.ended_tls() else { return Vec::new() };
    let mut out: Vec<(String, Option<&str>, &str, Place)> = Vec::new();
    for (host, secret) in tls.certificates.iter().flatten().filter(|(host, _)| &***host != "*") {
        let place = Place::Value(tls_path().field("certificates").key(host));
        out.push((format!("https-{}", slug(host)), Some(host), secret, place));
    }
    let any = tls.certificates.as_ref().and_then(|certificates| certificates.get("*"));
    if let Some(secret) = any.or(tls.secret.as_ref()) {
        out.push(("https".into(), None, secret, secret_place(tls, secret)));
    }
    out
}

/// What the route of an entry hangs on: every listener that takes it, or, where plain HTTP is only
/// redirected, those for HTTPS that have one of its hosts.
pub(super) fn parents(graph: &Graph, component: &Component, entry: &Entry) -> Vec<Parent> {
    let elsewhere = component.namespace != graph.namespace;
    let hang = |section: Option<String>| Parent {
        namespace: elsewhere.then(|| graph.namespace.to_string()),
        section,
        ..Parent::gateway(graph.name.to_string())
    };
    match (graph.door(component, entry), redirect(graph)) {
        (Some(Door::OwnPort(port)), _) => vec![hang(Some(format!("tcp-{port}")))],
        (Some(Door::ServerName), _) => vec![hang(Some("tls".into()))],
        (_, false) => vec![hang(None)],
        (_, true) => {
            let serves = |listener: Option<&str>| {
                let listener = listener.unwrap_or("*");
                entry
                    .hosts_or_any()
                    .any(|host| covers_host(listener, host) || covers_host(host, listener))
            };
            let serving = secured(graph).into_iter().filter(|(_, host, ..)| serves(*host));
            serving.map(|(name, ..)| hang(Some(name))).collect()
        }
    }
}

/// Whether plain HTTP is only redirected.
fn redirect(graph: &Graph) -> bool {
    graph.ended_tls().is_some_and(|tls| tls.redirect == Some(true))
}

/// In Gateway API, the routes beside those of requests: the redirect to HTTPS, and connections.
pub(super) fn gateway_api_streams(graph: &Graph, views: &mut Vec<View>) {
    if redirect(graph) {
        let path = tls_path().field("redirect");
        let meta = Meta::new(graph.redirect_name(), Some(&graph.namespace), app_labels(graph));
        let every = HttpRouteMatch {
            path: Some(("PathPrefix", "/".into())),
            method: None,
            headers: Vec::new(),
            query: Vec::new(),
        };
        let rule = HttpRouteRule {
            matches: vec![every],
            backends: Vec::new(),
            rewrite: None,
            mirror: None,
            timeout: None,
            redirect: Some(graph.tls_port()),
        };
        let route = HttpRoute {
            meta,
            parents: vec![Parent {
                section: Some("http".into()),
                ..Parent::gateway(graph.name.to_string())
            }],
            hosts: Vec::new(),
            rules: vec![rule],
        };
        let trace = Trace::default().at("spec.rules.0", Place::Value(path.clone()));
        views.push(View::new(Body::HttpRoute(route), path, trace));
    }
    for (component, entry) in graph.entries_by(|door| door != Door::Requests) {
        let port = component.ports[entry.port].port;
        let own = entry.own_port;
        // The component's own proxies share connections out, where it has some.
        let door = entrances(graph, component).contains_key(&entry.port);
        let shares = component.traffic.split.as_deref().filter(|_| !door);
        let route = StreamRoute {
            meta: Meta::new(
                component.route_name(entry),
                Some(&component.namespace),
                labels(graph, component),
            ),
            parents: parents(graph, component, entry),
            hosts: gateway_hosts(entry),
            backends: backends(component, port, shares, None),
        };
        let (body, trace) = match own {
            Some(_) => {
                let place = Place::Value(entry.path.field("port"));
                let trace = Trace::default().at("spec.parentRefs.0.sectionName", place);
                (Body::TcpRoute(route), trace)
            }
            None => (Body::TlsRoute(route), Trace::default()),
        };
        views.push(View::new(body, entry.path.clone(), trace));
    }
}
