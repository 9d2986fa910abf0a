//! What the outside reaches: gateways and their routes.

mod listen;

use std::collections::BTreeMap;

use super::governance::gateway_routes;
use super::view::{
    Backend, Body, Copy, Gateway, HttpRoute, HttpRouteMatch, HttpRouteRule, Ingress, IngressHost,
    IngressPath, IstioGateway, Meta, Trace, View, VirtualService,
};
use super::{app_labels, exact_or_expression, labels, slug};
use crate::graph::{Component, Door, Entry, Graph, PathMatch, Share, covers_host};
use crate::lower::governance::cookie_regex;
use crate::model::{GatewayKind, Match, Matcher, Via};
use crate::source::{Path, Place};
use crate::traffic::{intersect, unroutable};

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

fn istio(graph: &Graph, all: &[(&Component, &Entry)], views: &mut Vec<View>) {
    let told: Vec<(&Component, &Entry)> =
        all.iter().copied().filter(|(_, entry)| entry.own_port.is_none()).collect();
    let entries = &*told;
    let selector = graph.gateway.as_ref().and_then(|gateway| gateway.selector.as_ref());
    let selector = match selector {
        Some(labels) => labels.iter().map(|(k, v)| (k.to_string(), v.clone())).collect(),
        None => vec![("istio".to_owned(), "ingressgateway".to_owned())],
    };
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
            gateway_routes(component, entry, &path, &mut routes, &mut trace);
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
    let class = graph.gateway.as_ref().and_then(|gateway| gateway.class.clone());
    let meta = Meta::new(graph.name.to_string(), Some(&graph.namespace), app_labels(graph));
    let (path, mut trace) = origin(graph, entries);
    // A rule refuses a Gateway without a class.
    let class = class.unwrap_or_default();
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
        let mut trace = Trace::default();
        let mut rules = Vec::new();
        for path in entry.paths_or_all() {
            route_rules(component, entry, &path, &mut rules, &mut trace);
        }
        let name = component.route_name(entry);
        let hosts = gateway_hosts(entry);
        // A route leads to Services of its own namespace only, unless that one grants it.
        let meta = Meta::new(name, Some(&component.namespace), labels(graph, component));
        let parents = listen::parents(graph, component, entry);
        let route = HttpRoute { meta, parents, hosts, rules };
        views.push(View::new(Body::HttpRoute(route), entry.path.clone(), trace));
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

fn route_rules(
    component: &Component,
    entry: &Entry,
    path: &PathMatch,
    rules: &mut Vec<HttpRouteRule>,
    trace: &mut Trace,
) {
    let traffic = &component.traffic;
    let port = component.ports[entry.port].port;
    let copy = |mirror: Option<(usize, u8)>| {
        mirror.map(|(version, percent)| {
            let service = component.version_name(&component.versions[version]);
            let service = if component.versioned { service } else { component.name.to_string() };
            Copy { service, port, percent }
        })
    };
    let timeout = |own: Option<&crate::model::Duration>| {
        own.or(traffic.timeout.as_ref()).map(crate::model::Duration::gateway_api)
    };
    for rule in traffic.rules.iter().filter(|rule| unroutable(&rule.matches).is_none()) {
        let Ok(Some(joined)) = intersect(path, rule.matches.path.as_ref()) else { continue };
        let field = format!("spec.rules.{}", rules.len());
        trace.add(field, Place::Value(rule.path.clone()));
        rules.push(HttpRouteRule {
            matches: vec![route_match(&joined, &rule.matches)],
            backends: backends(component, port, rule.to.as_deref().or(traffic.split.as_deref())),
            mirror: copy(rule.mirror.or(traffic.mirror)),
            timeout: timeout(rule.timeout.as_ref()),
            redirect: None,
        });
    }
    let Ok(Some(joined)) = intersect(path, None) else { return };
    let field = format!("spec.rules.{}", rules.len());
    if let Some(split) = &traffic.split {
        let alive = split.iter().filter(|share| share.percent > 0);
        for (position, share) in alive.enumerate() {
            let place = traffic.path.field("split").key(&component.versions[share.version].name);
            trace.add(format!("{field}.backendRefs.{position}"), Place::Value(place));
        }
    }
    trace.add(field, Place::Key(entry.path.clone()));
    rules.push(HttpRouteRule {
        matches: vec![route_match(&joined, &Match::default())],
        backends: backends(component, port, traffic.split.as_deref()),
        mirror: copy(traffic.mirror),
        timeout: timeout(None),
        redirect: None,
    });
}

fn backends(component: &Component, port: u16, shares: Option<&[Share]>) -> Vec<Backend> {
    let whole = || vec![Backend { service: component.name.to_string(), port, weight: None }];
    let Some(shares) = shares.filter(|_| component.versioned) else { return whole() };
    let alive: Vec<&Share> = shares.iter().filter(|share| share.percent > 0).collect();
    let alone = alive.len() == 1;
    alive
        .iter()
        .map(|share| Backend {
            service: component.version_name(&component.versions[share.version]),
            port,
            weight: (!alone).then_some(share.percent),
        })
        .collect()
}

fn route_match(path: &Matcher, rule: &Match) -> HttpRouteMatch {
    let path = match path {
        Matcher::Exact(text) => Some(("Exact", text.clone())),
        Matcher::Prefix(text) | Matcher::StartsWith(text) => Some(("PathPrefix", text.clone())),
        Matcher::Regex(text) => Some(("RegularExpression", text.clone())),
        Matcher::Present(_) => None,
    };
    let condition = |matcher: &Matcher| {
        let (exact, text) = exact_or_expression(matcher);
        (if exact { "Exact" } else { "RegularExpression" }, text)
    };
    let mut headers: Vec<(String, &'static str, String)> = rule
        .headers
        .iter()
        .flatten()
        .map(|(name, matcher)| {
            let (way, text) = condition(matcher);
            (name.to_string(), way, text)
        })
        .collect();
    for (name, matcher) in rule.cookies.iter().flatten() {
        headers.push(("cookie".into(), "RegularExpression", cookie_regex(name, matcher)));
    }
    let query = rule.query.iter().flatten().map(|(name, matcher)| {
        let (way, text) = condition(matcher);
        (name.clone(), way, text)
    });
    HttpRouteMatch {
        path,
        method: rule.method.map(crate::model::Method::name),
        headers,
        query: query.collect(),
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
