//! What the outside reaches: gateways and their routes.

use std::collections::BTreeMap;

use super::governance::gateway_routes;
use super::view::{
    Backend, Body, Copy, Gateway, HttpRoute, HttpRouteMatch, HttpRouteRule, Ingress, IngressHost,
    IngressPath, IstioGateway, Meta, Trace, View, VirtualService,
};
use super::{app_labels, exact_or_expression, labels, slug};
use crate::graph::{Component, Entry, Graph, PathMatch, Share};
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

fn port(graph: &Graph) -> u16 {
    graph.gateway.as_ref().and_then(|gateway| gateway.port).unwrap_or(80)
}

/// Where the gateway is written; where it is not, what makes it needed.
fn origin(graph: &Graph, entries: &[(&Component, &Entry)]) -> (Path, Trace) {
    let path = Path::root().field("gateway");
    match &graph.gateway {
        Some(_) => (path.clone(), Trace::default().at("spec", Place::Key(path))),
        None => (entries[0].1.path.clone(), Trace::default()),
    }
}

fn istio(graph: &Graph, entries: &[(&Component, &Entry)], views: &mut Vec<View>) {
    let served = served(entries);
    let hosts: Vec<String> = served.keys().cloned().collect();
    let selector = graph.gateway.as_ref().and_then(|gateway| gateway.selector.as_ref());
    let selector = match selector {
        Some(labels) => labels.iter().map(|(k, v)| (k.to_string(), v.clone())).collect(),
        None => vec![("istio".to_owned(), "ingressgateway".to_owned())],
    };
    let meta = Meta::new(graph.name.to_string(), Some(&graph.namespace), app_labels(graph));
    let (path, trace) = origin(graph, entries);
    let gateway = IstioGateway { meta, selector, port: port(graph), hosts: hosts.clone() };
    views.push(View::new(Body::IstioGateway(gateway), path, trace));

    // One VirtualService for each host; hosts with the same entries share one.
    let mut groups: BTreeMap<Vec<usize>, Vec<String>> = BTreeMap::new();
    for (host, positions) in served {
        groups.entry(positions).or_default().push(host);
    }
    let several = groups.len() > 1;
    for (served, hosts) in groups {
        let mut paths: Vec<(PathMatch, &Component, &Entry)> = served
            .iter()
            .map(|position| entries[*position])
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
        let name = match several {
            true => format!("{}-{}", graph.entry_name(), slug(&hosts[0])),
            false => graph.entry_name(),
        };
        let meta = Meta::new(name, Some(&graph.namespace), app_labels(graph));
        let bound = format!("{}/{}", graph.namespace, graph.name);
        let service =
            VirtualService { meta, hosts, gateways: vec![bound], http: routes, tcp: Vec::new() };
        let origin = entries[served[0]].1.path.clone();
        views.push(View::new(Body::VirtualService(service), origin, trace));
    }
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

/// Whether calls to `host` are calls to `entry`, which may be a wildcard.
fn covers_host(entry: &str, host: &str) -> bool {
    match entry.strip_prefix('*') {
        Some(suffix) => suffix.is_empty() || (host.ends_with(suffix) && host != suffix),
        None => entry == host,
    }
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
    let (path, trace) = origin(graph, entries);
    // A rule refuses a Gateway without a class.
    let mut elsewhere: Vec<String> = entries
        .iter()
        .map(|(component, _)| component.namespace.to_string())
        .filter(|namespace| **namespace != *graph.namespace)
        .collect();
    if !elsewhere.is_empty() {
        elsewhere.push(graph.namespace.to_string());
        elsewhere.sort();
        elsewhere.dedup();
    }
    let gateway = Gateway {
        meta,
        class: class.unwrap_or_default(),
        port: port(graph),
        namespaces: elsewhere,
    };
    views.push(View::new(Body::Gateway(gateway), path, trace));
    for (component, entry) in entries {
        let mut trace = Trace::default();
        let mut rules = Vec::new();
        for path in entry.paths_or_all() {
            route_rules(component, entry, &path, &mut rules, &mut trace);
        }
        let name = component.route_name(entry);
        let hosts: Vec<String> =
            entry.hosts.iter().map(|host| host.to_string()).filter(|host| host != "*").collect();
        let hosts = if hosts.len() < entry.hosts.len() { Vec::new() } else { hosts };
        // A route leads to Services of its own namespace only, unless that one grants it.
        let meta = Meta::new(name, Some(&component.namespace), labels(graph, component));
        let elsewhere = component.namespace != graph.namespace;
        let route = HttpRoute {
            meta,
            gateway: graph.name.to_string(),
            gateway_namespace: elsewhere.then(|| graph.namespace.to_string()),
            hosts,
            rules,
        };
        views.push(View::new(Body::HttpRoute(route), entry.path.clone(), trace));
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
    views.push(View::new(Body::Ingress(Ingress { meta, class, hosts: out }), path, trace));
}
