//! What the outside reaches: gateways and their routes.

mod listen;
mod route;

use std::collections::BTreeMap;

use super::governance::gateway_routes;
use super::view::{
    Body, Gateway, Ingress, IngressHost, IngressPath, IstioGateway, Meta, Pairs, Trace, View,
    VirtualService,
};
use super::{app_labels, slug};
use crate::graph::{Component, Door, Entry, Graph, PathMatch, covers_host};
use crate::model::{GatewayKind, Via};
use crate::source::{Path, Place};

/// The shared gateway, if anything is exposed through it, and its routes.
pub(super) fn lower(graph: &Graph, views: &mut Vec<View>) {
    let entries: Vec<(&Component, &Entry)> = graph
        .own()
        .iter()
        .flat_map(|component| component.entries.iter().map(move |entry| (component, entry)))
        .filter(|(_, entry)| entry.via == Via::Gateway)
        .collect();
    if entries.is_empty() {
        return;
    }
    match graph.gateway_kind() {
        GatewayKind::GatewayApi => gateway_api(graph, &entries, views),
        GatewayKind::Ingress => ingresses(graph, &entries, views),
        GatewayKind::Istio => istio(graph, &entries, views),
    }
}

/// Where the gateway is written; where it is not, what makes it needed.
fn origin(graph: &Graph, entries: &[(&Component, &Entry)]) -> (Path, Trace) {
    let path = Path::root().field("gateway");
    match &graph.gateway {
        Some(_) => (path.clone(), Trace::default().at("spec", Place::Key(path))),
        None => (entries[0].1.path.clone(), Trace::default()),
    }
}

/// Labels of the pods of Istio's gateway.
pub(super) fn gateway_pods(graph: &Graph) -> Pairs {
    let selector = graph.gateway.as_ref().and_then(|gateway| gateway.selector.as_ref());
    match selector {
        Some(labels) => labels.iter().map(|(k, v)| (k.to_string(), v.clone())).collect(),
        None => vec![("istio".to_owned(), "ingressgateway".to_owned())],
    }
}

fn istio(graph: &Graph, all: &[(&Component, &Entry)], views: &mut Vec<View>) {
    let told: Vec<(&Component, &Entry)> =
        all.iter().copied().filter(|(_, entry)| entry.own_port.is_none()).collect();
    let entries = &*told;
    let selector = gateway_pods(graph);
    let meta = Meta::new(graph.name.to_string(), Some(&graph.namespace), app_labels(graph));
    let (path, mut trace) = origin(graph, all);
    let mut gateway = IstioGateway { meta, selector, servers: Vec::new() };
    listen::servers(graph, &mut gateway, &mut trace);
    views.push(View::new(Body::IstioGateway(gateway), path, trace));

    // One VirtualService for each host; hosts with the same entries share one.
    let mut groups: BTreeMap<Vec<usize>, Vec<String>> = BTreeMap::new();
    for (host, positions) in served(entries) {
        groups.entry(positions).or_default().push(host);
    }
    let several = groups.len() > 1;
    for (served, hosts) in groups {
        let mut paths: Vec<(PathMatch, &Component, &Entry)> = served
            .iter()
            .map(|position| entries[*position])
            .filter(|(component, entry)| graph.door(component, entry) == Some(Door::Requests))
            .flat_map(|(component, entry)| {
                entry.paths_or_all().into_iter().map(move |path| (path, component, entry))
            })
            .collect();
        // Of two entries with one path, that of the host itself comes before that of a wildcard.
        paths.sort_by_key(|(path, component, entry)| {
            let own = entry.hosts.iter().any(|own| **own == *hosts[0]);
            (specificity(path), !own, component.name.clone())
        });
        let mut trace = Trace::default();
        let mut routes = Vec::new();
        for (path, component, entry) in paths {
            gateway_routes(graph, component, entry, &path, &mut routes, &mut trace);
        }
        // Of two server names, the host's own comes before a wildcard around it.
        let mut names: Vec<(bool, &Component, &Entry)> = served
            .iter()
            .map(|position| entries[*position])
            .filter(|(component, entry)| graph.door(component, entry) == Some(Door::ServerName))
            .map(|(component, entry)| {
                (!entry.hosts.iter().any(|own| **own == *hosts[0]), component, entry)
            })
            .collect();
        names.sort_by_key(|(other, component, _)| (*other, component.name.clone()));
        let names = names.into_iter().take(1);
        let tls =
            names.map(|(_, component, entry)| listen::sni_route(graph, component, entry, &hosts));
        let tls = tls.collect();
        let name = match several {
            true => format!("{}-{}", graph.entry_name(), slug(&hosts[0])),
            false => graph.entry_name(),
        };
        let meta = Meta::new(name, Some(&graph.namespace), app_labels(graph));
        let bound = format!("{}/{}", graph.namespace, graph.name);
        let service = VirtualService {
            meta,
            hosts,
            gateways: vec![bound],
            http: routes,
            tls,
            tcp: Vec::new(),
        };
        let origin = entries[served[0]].1.path.clone();
        views.push(View::new(Body::VirtualService(service), origin, trace));
    }
    listen::istio_streams(graph, views);
}

/// Each host with the entries that serve it. A host's own VirtualService is all that Istio looks at
/// for it, so entries of a wildcard that covers the host belong to it too.
fn served(entries: &[(&Component, &Entry)]) -> BTreeMap<String, Vec<usize>> {
    let mut served: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (position, (_, entry)) in entries.iter().enumerate() {
        if entry.hosts.is_empty() {
            served.entry("*".into()).or_default().push(position);
        }
        for host in &entry.hosts {
            served.entry(host.to_string()).or_default().push(position);
        }
    }
    let wildcards: Vec<(String, Vec<usize>)> = served
        .iter()
        .filter(|(host, _)| host.starts_with('*'))
        .map(|(h, p)| (h.clone(), p.clone()))
        .collect();
    for (host, positions) in &mut served {
        for (wildcard, more) in &wildcards {
            if wildcard != host && covers_host(wildcard, host) {
                positions.extend(more);
            }
        }
        positions.sort_unstable();
        positions.dedup();
    }
    served
}

/// The narrower path first: exact ones, then longer before shorter.
fn specificity(path: &PathMatch) -> (u8, usize, String) {
    let (class, text) = match path {
        PathMatch::Exact(text) => (0, text),
        PathMatch::Prefix(text) => (1, text),
        // By text takes more than by segment, so of two equal ones it comes last.
        PathMatch::StartsWith(text) => (2, text),
    };
    (class.min(1), usize::MAX - text.len(), format!("{class}{text}"))
}

fn gateway_api(graph: &Graph, entries: &[(&Component, &Entry)], views: &mut Vec<View>) {
    let meta = Meta::new(graph.name.to_string(), Some(&graph.namespace), app_labels(graph));
    let (path, mut trace) = origin(graph, entries);
    // A rule refuses a Gateway without a class.
    let class = graph.gateway_class().unwrap_or_default().to_owned();
    let mut namespaces: Vec<String> = entries
        .iter()
        .map(|(component, _)| component.namespace.to_string())
        .filter(|namespace| **namespace != *graph.namespace)
        .collect();
    if !namespaces.is_empty() {
        namespaces.push(graph.namespace.to_string());
        namespaces.sort();
        namespaces.dedup();
    }
    let mut gateway = Gateway { meta, class, namespaces, listeners: Vec::new() };
    listen::listeners(graph, &mut gateway, &mut trace);
    views.push(View::new(Body::Gateway(gateway), path, trace));
    for (component, entry) in graph.entries_by(|door| door == Door::Requests) {
        route::routes(graph, component, entry, views);
    }
    listen::gateway_api_streams(graph, views);
}

/// The hosts of a route of Gateway API; none is any.
fn gateway_hosts(entry: &Entry) -> Vec<String> {
    match entry.hosts.iter().any(|host| &**host == "*") {
        true => Vec::new(),
        false => entry.hosts.iter().map(|host| host.to_string()).collect(),
    }
}

/// An Ingress leads to Services of its own namespace only, so each namespace has one.
fn ingresses(graph: &Graph, entries: &[(&Component, &Entry)], views: &mut Vec<View>) {
    let mut by_namespace: BTreeMap<&str, Vec<(&Component, &Entry)>> = BTreeMap::new();
    for (component, entry) in entries {
        by_namespace.entry(&component.namespace).or_default().push((component, entry));
    }
    by_namespace.iter().for_each(|(namespace, own)| ingress(graph, namespace, own, views));
}

fn ingress(
    graph: &Graph,
    namespace: &str,
    entries: &[(&Component, &Entry)],
    views: &mut Vec<View>,
) {
    let mut hosts: BTreeMap<Option<String>, Vec<(IngressPath, Path)>> = BTreeMap::new();
    for (component, entry) in entries {
        let named =
            entry.hosts.iter().map(|host| Some(host.to_string()).filter(|host| host != "*"));
        let named: Vec<Option<String>> =
            if entry.hosts.is_empty() { vec![None] } else { named.collect() };
        for name in named {
            for path in entry.paths_or_all() {
                let (kind, path) = match path {
                    PathMatch::Exact(text) => ("Exact", text),
                    PathMatch::Prefix(text) | PathMatch::StartsWith(text) => ("Prefix", text),
                };
                let service = component.name.to_string();
                let port = component.ports[entry.port].port;
                let path = IngressPath { kind, path, service, port };
                hosts.entry(name.clone()).or_default().push((path, entry.path.clone()));
            }
        }
    }
    let meta = Meta::new(graph.name.to_string(), Some(namespace), app_labels(graph));
    let (path, mut trace) = origin(graph, entries);
    let mut out = Vec::new();
    for (position, (host, paths)) in hosts.into_iter().enumerate() {
        let mut plain = Vec::new();
        for (number, (path, origin)) in paths.into_iter().enumerate() {
            trace.add(format!("spec.rules.{position}.http.paths.{number}"), Place::Key(origin));
            plain.push(path);
        }
        out.push(IngressHost { host, paths: plain });
    }
    let class = graph.gateway.as_ref().and_then(|gateway| gateway.class.clone());
    let mut tls = Vec::new();
    if let Some(ended) = graph.ended_tls() {
        for (position, (secret, hosts)) in
            listen::certificates(graph, ended).into_iter().enumerate()
        {
            let place = listen::secret_place(ended, secret);
            trace.add(format!("spec.tls.{position}"), place);
            let any = hosts.contains(&"*");
            let hosts = hosts.into_iter().filter(|_| !any).map(str::to_owned).collect();
            tls.push((hosts, secret.to_owned()));
        }
    }
    views.push(View::new(Body::Ingress(Ingress { meta, class, tls, hosts: out }), path, trace));
}
