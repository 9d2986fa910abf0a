//! Calls within a mesh by Gateway API: routes that hang on the Services of a component (GAMMA,
//! GEP-1426). A mode that reads them adds its own objects for what no route can say.

use crate::graph::{Component, Graph, PathMatch, Port};
use crate::lower::labels;
use crate::lower::route::{assemble, backends, rules};
use crate::lower::view::{
    Backend, Body, HttpRouteMatch, HttpRouteRule, Meta, Parent, StreamRoute, Trace, View,
};
use crate::model::Duration;
use crate::source::{Path, Place};
use crate::traffic::{Step, steps, unroutable};

/// Whether calls to a component need a route.
pub(super) fn routed(component: &Component) -> bool {
    let traffic = &component.traffic;
    // Which pod of a headless host is called, the caller decides.
    !component.headless
        && (!traffic.rules.is_empty()
            || traffic.split.is_some()
            || traffic.timeout.is_some()
            || traffic.mirror.is_some())
}

/// The routes of a component: one for each port, and one for each version that has its own name.
pub(super) fn routes(graph: &Graph, component: &Component, views: &mut Vec<View>) {
    if !routed(component) {
        return;
    }
    let http = of_kind(component, |port| port.protocol.is_http());
    let known: Vec<Step<'_>> = steps(component, true)
        .into_iter()
        .filter(|step| unroutable(&step.matches).is_none())
        .collect();
    for port in &http {
        let made =
            rules(component, port.port, &component.path, &PathMatch::Prefix("/".into()), &known);
        let meta = meta(graph, component, &component.name, port, http.len() > 1);
        let origin = origin(component);
        views.push(assemble(meta, parents(component, port), Vec::new(), made, origin));
    }
    if component.versioned
        && let Some(timeout) = &component.traffic.timeout
    {
        for port in &http {
            of_versions(graph, component, port, http.len() > 1, timeout, views);
        }
    }
    connections(graph, component, views);
}

/// The routes that share out connections.
pub(super) fn connections(graph: &Graph, component: &Component, views: &mut Vec<View>) {
    let http = of_kind(component, |port| port.protocol.is_http());
    let streams = of_kind(component, |port| port.protocol.is_stream());
    let split = component.traffic.split.as_deref();
    for port in streams.iter().filter(|_| split.is_some()) {
        let mut trace = Trace::default();
        let alive = split.into_iter().flatten().filter(|share| share.percent > 0);
        for (position, share) in alive.enumerate() {
            let place = component.traffic.weights.key(&component.versions[share.version].name);
            trace.add(format!("spec.rules.0.backendRefs.{position}"), Place::Value(place));
        }
        let several = http.len() + streams.len() > 1;
        let route = StreamRoute {
            meta: meta(graph, component, &component.name, port, several),
            parents: parents(component, port),
            hosts: Vec::new(),
            backends: backends(component, port.port, split, None),
        };
        views.push(View::new(Body::TcpRoute(route), origin(component), trace));
    }
}

/// The ports of a kind that anyone can call.
pub(super) fn of_kind(component: &Component, kind: fn(&Port) -> bool) -> Vec<&Port> {
    component.service_ports().map(|(_, port)| port).filter(|port| kind(port)).collect()
}

/// Where the need for routes is written.
pub(super) fn origin(component: &Component) -> Path {
    component.traffic.path.clone()
}

/// A name that no route of the entry has: names of components have no dots.
pub(super) fn meta(
    graph: &Graph,
    component: &Component,
    service: &str,
    port: &Port,
    several: bool,
) -> Meta {
    let name = match several {
        true => format!("{service}.mesh.{}", port.name),
        false => format!("{service}.mesh"),
    };
    Meta::new(name, Some(&component.namespace), labels(graph, component))
}

/// Every Service by which all versions of a component can be called on a port.
pub(super) fn parents(component: &Component, port: &Port) -> Vec<Parent> {
    let own = Parent::service(component.name.to_string(), port.port);
    let named = |position: &usize| component.ports[*position].name == port.name;
    let aliases = component.aliases.iter().filter(|alias| !alias.headless).filter_map(|alias| {
        let number = match &alias.ports {
            None => port.port,
            Some(ports) => *ports.iter().find(|(position, _)| named(position))?.1,
        };
        Some(Parent::service(alias.name.to_string(), number))
    });
    std::iter::once(own).chain(aliases).collect()
}

/// Each version's own name leads to that version, with the time that the component allows.
fn of_versions(
    graph: &Graph,
    component: &Component,
    port: &Port,
    several: bool,
    timeout: &Duration,
    views: &mut Vec<View>,
) {
    for version in &component.versions {
        let service = component.version_name(version);
        let mut meta = meta(graph, component, &service, port, several);
        meta.labels.push(("version".into(), version.name.to_string()));
        let rule = HttpRouteRule {
            matches: vec![HttpRouteMatch {
                path: Some(("PathPrefix", "/".into())),
                method: None,
                headers: Vec::new(),
                query: Vec::new(),
            }],
            backends: vec![Backend {
                service: service.clone(),
                port: port.port,
                weight: None,
                cookie: None,
            }],
            mirror: None,
            rewrite: None,
            timeout: Some(timeout.gateway_api()),
            redirect: None,
        };
        let place = Place::Value(component.traffic.path.field("timeout"));
        let trace = Trace::default().at(".timeouts.request", place);
        let parents = vec![Parent::service(service, port.port)];
        views.push(assemble(meta, parents, Vec::new(), vec![(rule, trace)], version.path.clone()));
    }
}
