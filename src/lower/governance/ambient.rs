//! Istio without sidecars: ztunnel on each node for identities and encryption, and a waypoint for
//! those components whose requests have to be looked at.

use std::collections::{BTreeMap, BTreeSet};

use super::admitted::Admitted;
use super::gamma;
use super::istio::breaker::breaker;
use super::istio::policy::{
    Callable, accepting, admitted, authorization, exceptions, policy_of_application,
};
use super::{Mode, PLAIN};
use crate::graph::{Component, ComponentId, Graph};
use crate::lower::policy::{Callers, Scope, Socket, scopes, socket};
use crate::lower::view::{Body, DestinationRule, Gateway, Listener, Meta, Peer, Trace, View};
use crate::lower::{app_labels, host, labels};
use crate::model::{Kind, Mtls};
use crate::source::Place;

/// What Istio without sidecars adds.
pub(super) const MODE: Mode = Mode {
    namespace: |_, meta| meta.labels.push((DATAPLANE.into(), "ambient".into())),
    pod: |_, component, _, labels, _, trace| {
        // On the pods too: the namespace `default` is not weft's to label.
        let plane = if component.outside_mesh { "none" } else { "ambient" };
        labels.insert(DATAPLANE.into(), plane.into());
        if component.outside_mesh {
            let place = Place::Value(component.path.field("governance"));
            trace.add(format!("metadata.labels.{DATAPLANE}"), place);
        }
    },
    service: |graph, component, service, _| {
        if !service.headless && service.kind == "ClusterIP" && has_waypoint(graph, component) {
            service.meta.labels.push(("istio.io/use-waypoint".into(), WAYPOINT.into()));
        }
    },
    application: waypoints,
    component: traffic,
    policy_of_application,
    policy: access,
    arriving: |_, _, socket| vec![if socket.1 == "TCP" { TUNNEL } else { socket }],
    through: |graph, home, component| {
        has_waypoint(graph, component).then(|| (waypoint_pods(home, component), TUNNEL))
    },
    ..PLAIN
};

/// The most Services that one policy is about.
/// Source: `maxItems` of `spec.targetRefs` in the CRD of AuthorizationPolicy.
const TARGETS: usize = 16;

/// The label that puts pods into the mesh, and takes them out.
/// Source: `istio.io/dataplane-mode` in Istio's reference of resource labels.
const DATAPLANE: &str = "istio.io/dataplane-mode";

/// The port of the tunnel between nodes. Source: `HBoneInboundListenPort` in istio.io/istio/pilot.
const TUNNEL: Socket = (15008, "TCP");

/// The name of the waypoint of a namespace, and so of its service account: what `istioctl waypoint
/// apply` calls it.
const WAYPOINT: &str = "waypoint";

/// Whether requests to a component pass a waypoint: only where ztunnel, which sees connections,
/// could not do what is asked.
fn has_waypoint(graph: &Graph, component: &Component) -> bool {
    graph.meshed(component)
        && component.service_ports().next().is_some()
        && !component.headless
        && (gamma::routed(component) || component.traffic.breaker.is_some())
}

/// The pods of the waypoint of a component, as a policy in the namespace of `home` names them.
/// Source: the label that istiod gives to the gateways that it runs.
fn waypoint_pods(home: &Component, component: &Component) -> Peer {
    let elsewhere = component.namespace != home.namespace;
    Peer {
        namespace: elsewhere.then(|| component.namespace.to_string()),
        pods: vec![("gateway.networking.k8s.io/gateway-name".to_owned(), WAYPOINT.to_owned())],
        ..Peer::default()
    }
}

/// A waypoint for each namespace with components that need one.
fn waypoints(graph: &Graph, views: &mut Vec<View>) {
    let mut done: BTreeSet<&str> = BTreeSet::new();
    for component in graph.own().iter().filter(|component| has_waypoint(graph, component)) {
        if !done.insert(&component.namespace) {
            continue;
        }
        let mut meta = Meta::new(WAYPOINT.into(), Some(&component.namespace), app_labels(graph));
        meta.labels.push(("istio.io/waypoint-for".into(), "service".into()));
        let listener = Listener {
            name: "mesh".into(),
            protocol: "HBONE",
            port: TUNNEL.0,
            host: None,
            certificate: None,
            passthrough: false,
        };
        let class = "istio-waypoint".to_owned();
        let body = Gateway { meta, class, listeners: vec![listener], namespaces: Vec::new() };
        let origin = component.traffic.path.clone();
        views.push(View::new(Body::Gateway(body), origin, Trace::default()));
    }
}

/// Routes, and limits for every host that they lead to: a waypoint looks a limit up by the Service
/// that a route names, not by the one that was called.
fn traffic(graph: &Graph, id: ComponentId, views: &mut Vec<View>) {
    let component = graph.component(id);
    if component.kind == Kind::External {
        return;
    }
    gamma::routes(graph, component, views);
    if component.traffic.breaker.is_none() || component.headless {
        return;
    }
    let own = std::iter::once((component.name.to_string(), component.path.clone()));
    let versions = component.versions.iter().filter(|_| component.versioned);
    let versions = versions.map(|version| (component.version_name(version), version.path.clone()));
    for (name, origin) in own.chain(versions) {
        let mut trace = Trace::default();
        let breaker = breaker(&component.traffic, &mut trace);
        let meta = Meta::new(name.clone(), Some(&component.namespace), labels(graph, component));
        let host = host(component, &name);
        let rule = DestinationRule { meta, host, tls: None, breaker, subsets: Vec::new() };
        views.push(View::new(Body::DestinationRule(rule), origin, trace));
    }
}

/// Who may call, and that nobody calls in plain text. With a waypoint in two layers: it knows the
/// callers, and the pods know it.
fn access(graph: &Graph, callers: &Callers, id: ComponentId, views: &mut Vec<View>) {
    let component = graph.component(id);
    if !graph.meshed(component) {
        return;
    }
    match (graph.policy.access, has_waypoint(graph, component)) {
        (true, true) => layers(graph, callers, id, views),
        (true, false) => authorization(graph, callers, id, views),
        (false, _) => {}
    }
    if graph.policy.mtls == Some(Mtls::Strict) {
        exceptions(graph, callers, id, views);
    }
}

/// Two policies: of the waypoint for each Service, and of the pods, to which calls come by the
/// waypoint. Gateways and callers outside the mesh come to the pods without it.
fn layers(graph: &Graph, callers: &Callers, id: ComponentId, views: &mut Vec<View>) {
    let component = graph.component(id);
    let waypoint = (component.namespace.to_string(), WAYPOINT.to_owned());
    let mut pods: BTreeMap<Socket, Admitted> = BTreeMap::new();
    for (_, port) in component.service_ports().filter(|(_, port)| socket(port).1 == "TCP") {
        let place = Place::Key(component.path.field("ports").key(&port.name));
        pods.entry(socket(port)).or_default().direct.insert(waypoint.clone(), place);
    }
    for scope in scopes(component) {
        let mut rules = Vec::new();
        for (at, who) in admitted(graph, callers, id, scope) {
            let Admitted { callers, direct, unknown, anyone } = who;
            let own = pods.entry(at).or_default();
            own.direct.extend(direct);
            own.unknown = own.unknown.take().or(unknown);
            own.anyone = own.anyone.take().or(anyone);
            let numbers = numbers(component, at);
            if !callers.is_empty() && !numbers.is_empty() {
                rules.push((numbers, Admitted { callers, ..Admitted::default() }));
            }
        }
        for (number, services) in names(component, scope).chunks(TARGETS).enumerate() {
            let about = Callable::Services(number, services.to_vec());
            views.push(accepting(graph, component, scope, about, rules.clone()));
        }
    }
    let rules = pods.into_iter().map(|((number, _), who)| (vec![number], who)).collect();
    views.push(accepting(graph, component, None, Callable::Pods, rules));
}

/// The Services by which all versions of a component are called, or one.
fn names(component: &Component, scope: Scope) -> Vec<String> {
    match scope {
        None => {
            let aliases = component.aliases.iter().filter(|alias| !alias.headless);
            let aliases = aliases.map(|alias| alias.name.to_string());
            std::iter::once(component.name.to_string()).chain(aliases).collect()
        }
        Some(version) => vec![component.version_name(&component.versions[version])],
    }
}

/// The numbers by which callers know a socket: at a waypoint calls still have those of the Service.
fn numbers(component: &Component, at: Socket) -> Vec<u16> {
    let mut numbers: BTreeSet<u16> = BTreeSet::new();
    for (position, port) in component.service_ports().filter(|(_, port)| socket(port) == at) {
        numbers.insert(port.port);
        let aliases = component.aliases.iter().filter_map(|alias| alias.ports.as_ref());
        numbers.extend(aliases.filter_map(|ports| ports.get(&position)));
    }
    numbers.into_iter().collect()
}
