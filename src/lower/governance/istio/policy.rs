//! Policy in the mesh: identities, encryption, and what each proxy knows of.

use std::collections::{BTreeMap, BTreeSet};

use crate::graph::{Component, ComponentId, Gate, Graph, Version};
use crate::lower::governance::admitted::{Account, Admitted, scraper};
use crate::lower::policy::{
    Callers, ISTIO_NAMESPACE, Rules, Scope, Socket, call_each_other, meta, pods, scopes, socket,
};
use crate::lower::view::{
    AuthorizationPolicy, AuthorizationRule, Body, Meta, Peer, PeerAuthentication, Sidecar, Trace,
    View,
};
use crate::lower::{app_labels, host};
use crate::model::Mtls;
use crate::source::Place;

/// The identity of the gateway that `istioctl install` makes.
const GATEWAY_ACCOUNT: &str = "istio-ingressgateway-service-account";

/// Where a proxy gets its settings and certificates. Source: the Service of Istio's `istiod` chart,
/// port `https-dns`.
const CONTROL_PLANE: Socket = (15012, "TCP");

/// The connections of a component's own proxies.
pub(super) fn proxies(graph: &Graph, component: &Component, rules: &mut Rules, trace: &mut Trace) {
    if !graph.meshed(component) {
        return;
    }
    let control_plane = Peer {
        namespace: Some(ISTIO_NAMESPACE.to_owned()),
        pods: vec![("app".to_owned(), "istiod".to_owned())],
        ..Peer::default()
    };
    let place = graph.policy.place("egress");
    rules.add(vec![CONTROL_PLANE], vec![(control_plane, None)], place, trace);
}

/// How calls are secured in each namespace of the app.
pub(crate) fn policy_of_application(graph: &Graph, views: &mut Vec<View>) {
    let Some(mtls) = graph.policy.mtls else { return };
    let meshed = graph.own().iter().filter(|component| graph.meshed(component));
    let namespaces: BTreeSet<&str> = meshed.map(|component| &*component.namespace).collect();
    for namespace in namespaces {
        // Istio takes one policy without a selector for each namespace, by this name.
        let meta = Meta::new("default".into(), Some(namespace), app_labels(graph));
        let tls = mtls.istio();
        let body = PeerAuthentication { meta, pods: Vec::new(), tls, plain: Vec::new() };
        let trace = Trace::default().at("spec.mtls.mode", mtls_place(graph));
        let origin = graph.policy.path("mtls");
        views.push(View::new(Body::PeerAuthentication(body), origin, trace));
    }
}

fn mtls_place(graph: &Graph) -> Place {
    Place::Value(graph.policy.path("mtls"))
}

/// The policy of one component, as its proxies enforce it; without proxies there is none.
pub(crate) fn policy(graph: &Graph, callers: &Callers, id: ComponentId, views: &mut Vec<View>) {
    let component = graph.component(id);
    if !graph.meshed(component) {
        return;
    }
    if graph.policy.access {
        authorization(graph, callers, id, views);
    }
    if graph.policy.mtls == Some(Mtls::Strict) {
        exceptions(graph, callers, id, views);
    }
    if graph.policy.egress {
        sidecars(graph, component, views);
    }
}

/// An identity. `cluster.local` stands for the mesh's own trust domain, whatever that is.
/// Source: `pilot/pkg/security/trustdomain/bundle.go` of Istio.
fn principal(namespace: &str, account: &str) -> String {
    format!("cluster.local/ns/{namespace}/sa/{account}")
}

/// The identity of a gateway; none where it has none, or nobody knows it.
fn gate(graph: &Graph, gate: Gate) -> Option<Account> {
    let gateway = graph.gateway.as_ref();
    match gate {
        Gate::Balancer | Gate::Member | Gate::Foreign => None,
        Gate::MeshGateway => {
            let namespace = gateway.and_then(|gateway| gateway.namespace.as_deref());
            let account = gateway.and_then(|gateway| gateway.service_account.as_deref());
            let namespace = namespace.unwrap_or(ISTIO_NAMESPACE);
            Some((namespace.to_owned(), account.unwrap_or(GATEWAY_ACCOUNT).to_owned()))
        }
        // Source: the name that istiod gives to the gateways that it runs, `<gateway>-<class>`.
        Gate::OwnGateway => {
            let class = graph.gateway_class().unwrap_or_default();
            Some((graph.namespace.to_string(), format!("{}-{class}", graph.name)))
        }
    }
}

/// What a policy is about.
pub(in crate::lower::governance) enum Callable {
    /// The pods of a component or of one version.
    Pods,
    /// Services by name, and which of the policies about Services this is.
    Services(usize, Vec<String>),
}

/// Who may call a component, or one of its versions, by socket.
pub(in crate::lower::governance) fn admitted(
    graph: &Graph,
    callers: &Callers,
    id: ComponentId,
    scope: Scope,
) -> BTreeMap<Socket, Admitted> {
    super::super::admitted::admitted(graph, callers, id, scope, gate)
}

/// The callers of a component by identity, as its pods check them. The first policy of a workload
/// closes it to all that no policy accepts, so that the one of all versions is there even if it
/// accepts nothing.
pub(in crate::lower::governance) fn authorization(
    graph: &Graph,
    callers: &Callers,
    id: ComponentId,
    views: &mut Vec<View>,
) {
    let component = graph.component(id);
    for scope in scopes(component) {
        let admitted = admitted(graph, callers, id, scope);
        if admitted.is_empty() && scope.is_some() {
            continue;
        }
        let rules = admitted.into_iter().map(|((number, _), who)| (vec![number], who)).collect();
        views.push(accepting(graph, component, scope, Callable::Pods, rules));
    }
}

/// The policy of a component, or of one version: who is accepted on which numbers.
pub(in crate::lower::governance) fn accepting(
    graph: &Graph,
    component: &Component,
    scope: Scope,
    about: Callable,
    admitted: Vec<(Vec<u16>, Admitted)>,
) -> View {
    let mut trace = Trace::default();
    let mut rules = Vec::new();
    for (numbers, admitted) in admitted {
        rules.push(rule(&numbers, admitted, &format!("spec.rules.{}", rules.len()), &mut trace));
    }
    if scope.is_none() {
        trace.add("spec.action", graph.policy.place("access"));
    }
    let (mut meta, origin) = meta(graph, component, scope);
    let (pods, services) = match about {
        Callable::Pods => (pods(component, scope), Vec::new()),
        Callable::Services(number, names) => {
            // Names of components have no dots.
            meta.name = match number {
                0 => format!("{}.callers", meta.name),
                _ => format!("{}.callers.{}", meta.name, number + 1),
            };
            (Vec::new(), names)
        }
    };
    let body = AuthorizationPolicy { meta, pods, services, rules };
    View::new(Body::AuthorizationPolicy(body), origin, trace)
}

fn rule(numbers: &[u16], admitted: Admitted, field: &str, trace: &mut Trace) -> AuthorizationRule {
    let ports = numbers.iter().map(ToString::to_string).collect();
    if let Some(place) = admitted.anyone {
        trace.add(field, place);
        return AuthorizationRule { principals: Vec::new(), unknown: false, ports };
    }
    let mut known = BTreeMap::new();
    for ((namespace, account), place) in admitted.callers.into_iter().chain(admitted.direct) {
        known.entry(principal(&namespace, &account)).or_insert(place);
    }
    let unknown = admitted.unknown.is_some();
    if let Some(place) = admitted.unknown {
        trace.add(format!("{field}.from.{}", usize::from(!known.is_empty())), place);
    }
    let mut principals = Vec::new();
    for (position, (principal, place)) in known.into_iter().enumerate() {
        trace.add(format!("{field}.from.0.source.principals.{position}"), place.clone());
        if position == 0 {
            trace.add(field, place);
        }
        principals.push(principal);
    }
    AuthorizationRule { principals, unknown, ports }
}

/// Ports that are called from outside the mesh take plain text all the same.
pub(in crate::lower::governance) fn exceptions(
    graph: &Graph,
    callers: &Callers,
    id: ComponentId,
    views: &mut Vec<View>,
) {
    let component = graph.component(id);
    let mut plain: BTreeMap<u16, Place> = BTreeMap::new();
    for scope in scopes(component) {
        for ((number, _), callers) in callers.at(id, scope).filter(|((_, t), _)| *t == "TCP") {
            let outside = callers.iter().find(|(id, _)| !graph.meshed(graph.component(**id)));
            if let Some((_, who)) = outside {
                plain.entry(number).or_insert_with(|| Place::Key(who.path.clone()));
            }
        }
    }
    for entry in &component.entries {
        let (number, transport) = socket(&component.ports[entry.port]);
        if transport == "TCP" && gate(graph, graph.gate(entry)).is_none() {
            plain.entry(number).or_insert_with(|| Place::Key(entry.path.clone()));
        }
    }
    if let Some(((number, _), from, place)) = scraper(component)
        && from.service_account.is_none()
    {
        plain.entry(number).or_insert(place);
    }
    if plain.is_empty() {
        return;
    }
    let mut trace = Trace::default().at("spec.mtls.mode", mtls_place(graph));
    let mut numbers = Vec::new();
    for (number, place) in plain {
        trace.add(format!("spec.portLevelMtls.{number}"), place);
        numbers.push(number.to_string());
    }
    let (meta, origin) = meta(graph, component, None);
    let tls = Mtls::Strict.istio();
    let body = PeerAuthentication { meta, pods: pods(component, None), tls, plain: numbers };
    views.push(View::new(Body::PeerAuthentication(body), origin, trace));
}

/// What the proxies of a component know of. Of two scopes for one pod Istio takes either, so there
/// is one for all versions, or one for each.
fn sidecars(graph: &Graph, component: &Component, views: &mut Vec<View>) {
    let scopes: Vec<Vec<(String, Place)>> =
        component.versions.iter().map(|version| known(graph, component, version)).collect();
    let closed: Vec<bool> =
        component.versions.iter().map(|version| graph.calls_are_known(version)).collect();
    let hosts = |scope: &[(String, Place)]| -> Vec<String> {
        scope.iter().map(|(host, _)| host.clone()).collect()
    };
    let same = scopes.windows(2).all(|pair| hosts(&pair[0]) == hosts(&pair[1]))
        && closed.windows(2).all(|pair| pair[0] == pair[1]);
    for (position, (scope, closed)) in scopes.iter().zip(closed).enumerate() {
        if same && position > 0 {
            break;
        }
        let which = (!same).then_some(position);
        let mut trace =
            Trace::default().at("spec.outboundTrafficPolicy", graph.policy.place("egress"));
        for (position, (_, place)) in scope.iter().enumerate() {
            trace.add(format!("spec.egress.0.hosts.{position}"), place.clone());
        }
        let (meta, origin) = meta(graph, component, which);
        let unknown = if closed { "REGISTRY_ONLY" } else { "ALLOW_ANY" };
        let body = Sidecar { meta, pods: pods(component, which), hosts: hosts(scope), unknown };
        views.push(View::new(Body::Sidecar(body), origin, trace));
    }
}

/// The hosts that one version calls, with where that is written; the control plane's always.
fn known(graph: &Graph, component: &Component, version: &Version) -> Vec<(String, Place)> {
    let home = &*component.namespace;
    let mut hosts: BTreeMap<String, Place> = BTreeMap::new();
    let mut add = |namespace: &str, host: String, place: Place| {
        let namespace = if namespace == home { "." } else { namespace };
        hosts.entry(format!("{namespace}/{host}")).or_insert(place);
    };
    for call in &version.calls {
        let callee = graph.component(call.to);
        let namespace = &*callee.namespace;
        let place = Place::Key(call.path.clone());
        // Rules and versions hang on its own name, whichever name is called.
        for name in [&call.name, &callee.name] {
            add(namespace, host(callee, name), place.clone());
        }
        for (address, _) in callee.outside_hosts().filter(|_| callee.has_known_host()) {
            add(namespace, address.to_string(), place.clone());
        }
    }
    if call_each_other(component) {
        for name in [&*component.name, &component.headless_name()] {
            add(home, host(component, name), Place::Key(component.path.clone()));
        }
    }
    if component.account.token {
        let place = Place::Key(component.path.field("serviceAccount"));
        add("default", "kubernetes.default.svc.cluster.local".to_owned(), place);
    }
    add(ISTIO_NAMESPACE, "*".to_owned(), graph.policy.place("egress"));
    hosts.into_iter().collect()
}
