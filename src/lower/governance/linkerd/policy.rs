//! Policy: each port is closed to all but its callers, whom their proxies' identities name.

use std::collections::{BTreeMap, BTreeSet};

use crate::graph::{Component, ComponentId, Gate, Graph, Port};
use crate::lower::container::probed_port;
use crate::lower::governance::admitted::{Account, Admitted, admitted};
use crate::lower::policy::{Callers, Rules, Scope, Socket, meta, pods, scopes, socket};
use crate::lower::view::{
    Body, MeshTlsAuthentication, Meta, NetworkAuthentication, Peer, PortAuthorization, PortPolicy,
    PortRoute, Trace, View,
};
use crate::model::{Mtls, Probe, Protocol};
use crate::source::{Path, Place};
use crate::traffic::is_blind;

/// Where the control plane runs. Source: the default namespace of `linkerd install` and the charts.
const LINKERD_NAMESPACE: &str = "linkerd";

/// What a proxy asks of the control plane: where calls go (8086) and what is accepted (8090), and its
/// certificate (8080). Source: the Services `linkerd-dst-headless`, `linkerd-policy` and
/// `linkerd-identity-headless` in the chart `linkerd-control-plane`.
const CONTROL_PLANE: [(&str, &[Socket]); 2] =
    [("destination", &[(8086, "TCP"), (8090, "TCP")]), ("identity", &[(8080, "TCP")])];

/// Everyone, whatever proves who it is.
const ANYWHERE: [&str; 2] = ["0.0.0.0/0", "::/0"];

/// What kubelet asks of a gRPC server. Source: KEP-2727.
const HEALTH: &str = "/grpc.health.v1.Health/Check";

/// The connections of a component's own proxies.
pub(super) fn proxies(graph: &Graph, component: &Component, rules: &mut Rules, trace: &mut Trace) {
    if !graph.meshed(component) {
        return;
    }
    for (part, sockets) in CONTROL_PLANE {
        let peer = Peer {
            namespace: Some(LINKERD_NAMESPACE.to_owned()),
            pods: vec![("linkerd.io/control-plane-component".to_owned(), part.to_owned())],
            ..Peer::default()
        };
        let place = graph.policy.place("egress");
        rules.add(sockets.to_vec(), vec![(peer, None)], place, trace);
    }
}

/// The identity of a gateway; none where it has none, or nobody knows it.
fn gate(graph: &Graph, gate: Gate) -> Option<Account> {
    let gateway = graph.gateway.as_ref().filter(|_| gate == Gate::Member)?;
    let namespace = gateway.namespace.as_ref()?.to_string();
    Some((namespace, gateway.service_account.as_ref()?.to_string()))
}

/// The policy of one component, as its proxies enforce it; without proxies there is none.
pub(super) fn policy(graph: &Graph, callers: &Callers, id: ComponentId, views: &mut Vec<View>) {
    let component = graph.component(id);
    let strict = graph.policy.mtls == Some(Mtls::Strict);
    if !graph.meshed(component) || !(graph.policy.access || strict) {
        return;
    }
    let mut who: BTreeMap<Scope, BTreeMap<Socket, Admitted>> =
        scopes(component).map(|scope| (scope, admitted(graph, callers, id, scope, gate))).collect();
    let mut done: BTreeSet<u16> = BTreeSet::new();
    for port in component.ports.iter().filter(|port| socket(port).1 == "TCP") {
        // Of two Servers for one port of a pod Linkerd takes either, so there is one for all
        // versions, or one for each. Source: `Validate<ServerSpec>` in
        // linkerd/linkerd2/policy-controller/runtime/src/admission.rs.
        if !done.insert(port.target) {
            continue;
        }
        let alone: Vec<Scope> = scopes(component)
            .filter(|scope| scope.is_some())
            .filter(|scope| who.get(scope).is_some_and(|all| all.contains_key(&socket(port))))
            .collect();
        let mut take = |scope| who.get_mut(&scope).and_then(|all| all.remove(&socket(port)));
        let common = take(None).unwrap_or_default();
        if alone.is_empty() {
            closed(graph, component, None, port, common, views);
            continue;
        }
        for scope in scopes(component).filter(Option::is_some) {
            let all = with(common.clone(), take(scope).unwrap_or_default());
            closed(graph, component, scope, port, all, views);
        }
    }
}

fn with(mut common: Admitted, own: Admitted) -> Admitted {
    for (account, place) in own.callers {
        common.callers.entry(account).or_insert(place);
    }
    for (account, place) in own.direct {
        common.direct.entry(account).or_insert(place);
    }
    common.unknown = common.unknown.or(own.unknown);
    common.anyone = common.anyone.or(own.anyone);
    common
}

/// The policy of one port: closed to all, or to all without identity, but for whom it names.
fn closed(
    graph: &Graph,
    component: &Component,
    scope: Scope,
    port: &Port,
    who: Admitted,
    views: &mut Vec<View>,
) {
    let access = graph.policy.access;
    // What kubelet asks in a way that cannot be told from other calls, opens the port.
    let blind = || asked(component, scope, port).find(|(probe, _)| is_blind(component, probe));
    let unproven = who.unknown.or(who.anyone).or_else(|| blind().map(|(_, place)| place));
    let probes = probes(component, scope, port).filter(|_| unproven.is_none());
    if !access && unproven.is_none() && probes.is_none() {
        // What every port is by itself.
        return;
    }
    let own = Of { graph, component, scope, number: port.target };
    let (rest, place) = match (access, &unproven) {
        (true, _) => ("deny", graph.policy.place("access")),
        (false, Some(place)) => ("all-unauthenticated", place.clone()),
        (false, None) => ("all-authenticated", graph.policy.place("mtls")),
    };
    let server = PortPolicy {
        meta: own.meta("").0,
        pods: pods(component, scope),
        port: port.target,
        // Of a port of gRPC Linkerd reads other routes than these.
        // Source: `to_server` in linkerd/linkerd2/policy-controller/grpc.
        protocol: if probes.is_some() { "HTTP/2" } else { protocol(port.protocol) },
        rest,
    };
    let trace = Trace::default()
        .at("spec.port", Place::Key(component.path.field("ports").key(&port.name)))
        .at("spec.accessPolicy", place);
    views.push(View::new(Body::PortPolicy(server), own.meta("").1, trace));
    if access {
        let accounts = who.direct.into_iter().chain(who.callers);
        match unproven {
            Some(place) => own.anyone("", ("Server", ""), place, views),
            None => own.accounts(accounts.collect(), views),
        }
    }
    let Some(probes) = probes else { return };
    // A port with routes of its own has no others: those of calls, and those of kubelet.
    let calls = vec![("PathPrefix", "/".to_owned())];
    let place = Place::Key(component.path.field("ports").key(&port.name));
    own.route(".calls", calls, place, views);
    let (paths, place) = probes;
    let paths = paths.into_iter().map(|path| ("Exact", path)).collect();
    own.route(".probes", paths, place.clone(), views);
    own.anyone(".probes", ("HTTPRoute", ".probes"), place, views);
}

/// What Linkerd calls a protocol. Source: `proxyProtocol` of Server in Linkerd's reference.
const fn protocol(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Http => "HTTP/1",
        Protocol::Http2 => "HTTP/2",
        Protocol::Grpc => "gRPC",
        _ => "opaque",
    }
}

/// The probes that ask at a port, by their places.
fn asked<'g>(
    component: &'g Component,
    scope: Scope,
    port: &'g Port,
) -> impl Iterator<Item = (&'g Probe, Place)> {
    let versions = component.versions.iter().enumerate();
    let versions = versions.filter(move |(at, _)| scope.is_none_or(|scope| scope == *at));
    let containers = versions.flat_map(|(_, version)| version.containers());
    let probes = containers.flat_map(|container| {
        let probes = &container.probes;
        let all = [
            ("readiness", &probes.readiness),
            ("liveness", &probes.liveness),
            ("startup", &probes.startup),
        ];
        all.into_iter().filter_map(move |(name, probe)| {
            let place = Place::Key(container.path.field("probes").field(name));
            Some((probe.as_ref()?, place))
        })
    });
    probes.filter(|(probe, _)| probe.exec.is_none() && probed_port(component, probe) == port.target)
}

/// The paths at which kubelet asks on a port, where one of them is that of gRPC; where none is,
/// Linkerd lets kubelet in by itself. Source: `pod_http_probes` in
/// linkerd/linkerd2/policy-controller/k8s/index, which looks at `httpGet` alone.
fn probes(component: &Component, scope: Scope, port: &Port) -> Option<(BTreeSet<String>, Place)> {
    let mut paths = BTreeSet::new();
    let mut grpc = None;
    for (probe, place) in asked(component, scope, port) {
        if probe.grpc.is_some() {
            grpc.get_or_insert(place);
            paths.insert(HEALTH.to_owned());
        }
        paths.extend(probe.http.iter().map(|path| {
            // A route has no parameters.
            path.split_once('?').map_or(path.as_str(), |(path, _)| path).to_owned()
        }));
    }
    Some((paths, grpc?))
}

/// The objects about one port.
struct Of<'g> {
    graph: &'g Graph,
    component: &'g Component,
    scope: Scope,
    number: u16,
}

impl Of<'_> {
    /// A name that no other object has: names of components have no dots.
    fn name(&self, part: &str) -> String {
        format!("{}.{}{part}", crate::lower::policy::name(self.component, self.scope), self.number)
    }

    fn meta(&self, part: &str) -> (Meta, Path) {
        let (mut meta, origin) = meta(self.graph, self.component, self.scope);
        meta.name = self.name(part);
        (meta, origin)
    }

    /// Lets callers in by who they are.
    fn accounts(&self, accounts: BTreeMap<Account, Place>, views: &mut Vec<View>) {
        let Some(first) = accounts.values().next().cloned() else { return };
        let (meta, origin) = self.meta("");
        let mut trace = Trace::default();
        for (position, place) in accounts.values().enumerate() {
            trace.add(format!("spec.identityRefs.{position}"), place.clone());
        }
        let body = MeshTlsAuthentication { meta, accounts: accounts.into_keys().collect() };
        views.push(View::new(Body::MeshTlsAuthentication(body), origin, trace));
        self.authorization("", ("Server", ""), "MeshTLSAuthentication", first, views);
    }

    /// Lets everyone in.
    fn anyone(
        &self,
        part: &str,
        target: (&'static str, &str),
        place: Place,
        views: &mut Vec<View>,
    ) {
        let (meta, origin) = self.meta(part);
        let trace = Trace::default().at("spec.networks", place.clone());
        let body = NetworkAuthentication { meta, networks: ANYWHERE.to_vec() };
        views.push(View::new(Body::NetworkAuthentication(body), origin, trace));
        self.authorization(part, target, "NetworkAuthentication", place, views);
    }

    /// One authentication for one target. Source: `Validate<AuthorizationPolicySpec>` in
    /// linkerd/linkerd2/policy-controller/runtime/src/admission.rs, which takes one of a kind.
    fn authorization(
        &self,
        part: &str,
        (kind, of): (&'static str, &str),
        by: &'static str,
        place: Place,
        views: &mut Vec<View>,
    ) {
        let (meta, origin) = self.meta(part);
        let target = (kind, self.name(of));
        let required = (by, meta.name.clone());
        let trace = Trace::default().at("spec.requiredAuthenticationRefs", place);
        let body = PortAuthorization { meta, target, required };
        views.push(View::new(Body::PortAuthorization(body), origin, trace));
    }

    /// A route to the port.
    fn route(
        &self,
        part: &str,
        paths: Vec<(&'static str, String)>,
        place: Place,
        views: &mut Vec<View>,
    ) {
        let (meta, origin) = self.meta(part);
        let trace = Trace::default().at("spec.rules", place);
        let body = PortRoute { meta, server: self.name(""), paths };
        views.push(View::new(Body::PortRoute(body), origin, trace));
    }
}
