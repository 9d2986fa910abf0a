//! Policy from the graph: what each component's pods may be called by, and may call.
//!
//! Every component gets a policy of its own that closes it and opens its declared edges. So nothing
//! depends on the order in which the policies are applied, and other apps in the namespace keep
//! what they have.

use std::collections::{BTreeMap, BTreeSet};

use super::governance::mode;
use super::labels;
use super::view::{Body, Meta, NetworkPolicy, NetworkRule, Pairs, Peer, Trace, View};
use crate::graph::{Call, Component, ComponentId, Gate, Graph, Metrics, Port, Scrape};
use crate::model::Kind;
use crate::source::{Path, Place};
use crate::traffic::{Feature, can};

/// Where Istio's control plane runs, and the gateway that is installed with it.
/// Source: the root namespace of Istio's charts and of `istioctl install`.
pub(super) const ISTIO_NAMESPACE: &str = "istio-system";

/// Where a pod asks for names. Source: RFC 1035 §4.2.
const NAME_SERVICE: [(u16, &str); 2] = [(53, "UDP"), (53, "TCP")];

/// Where pods with a token reach the Kubernetes API: the port of the Service `kubernetes`, and the
/// one that kubeadm and most providers have behind it.
const KUBERNETES_API: [(u16, &str); 2] = [(443, "TCP"), (6443, "TCP")];

/// A version, or all versions of a component.
pub(super) type Scope = Option<usize>;

/// The number that the container listens on, and the transport.
pub(super) type Socket = (u16, &'static str);

/// Who calls at a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arrival {
    /// Callers of all versions.
    All,
    /// Callers of one version.
    Version,
    /// The gateway, or whoever else is let in from outside.
    Entry,
    /// Who reads numbers, pod by pod.
    Reader,
}

impl Arrival {
    fn of(scope: Scope) -> Self {
        if scope.is_some() { Self::Version } else { Self::All }
    }
}

/// Who calls a component, or one of its versions: by socket, then by caller.
type Incoming = BTreeMap<Scope, BTreeMap<Socket, BTreeMap<ComponentId, Who>>>;

/// Who calls each component, from everybody's declared calls.
pub(super) struct Callers(Vec<Incoming>);

/// Which versions of a component call, and where the first of them says so.
#[derive(Debug)]
pub(super) struct Who {
    pub(super) versions: BTreeSet<usize>,
    pub(super) path: Path,
}

impl Who {
    /// Which pods of the caller call: all, or those of single versions.
    pub(super) fn scopes(&self, caller: &Component) -> Vec<Scope> {
        match self.versions.len() == caller.versions.len() {
            true => vec![None],
            false => self.versions.iter().copied().map(Some).collect(),
        }
    }
}

impl Callers {
    /// Nobody's calls.
    pub(super) fn none() -> Self {
        Self(Vec::new())
    }

    /// Every declared call, at the callee. Linear in the calls.
    pub(super) fn of(graph: &Graph) -> Self {
        let mut all: Vec<Incoming> = Vec::new();
        all.resize_with(graph.components.len(), BTreeMap::new);
        for (id, component) in graph.ids() {
            for (position, version) in component.versions.iter().enumerate() {
                for call in &version.calls {
                    let callee = graph.component(call.to);
                    all[call.to.0]
                        .entry(scope_of(callee, call))
                        .or_default()
                        .entry((mode(graph).called)(callee, call))
                        .or_default()
                        .entry(id)
                        .or_insert_with(|| Who {
                            versions: BTreeSet::new(),
                            path: call.path.clone(),
                        })
                        .versions
                        .insert(position);
                }
            }
        }
        Self(all)
    }

    /// Who calls a component or one of its versions.
    pub(super) fn at(
        &self,
        id: ComponentId,
        scope: Scope,
    ) -> impl Iterator<Item = (Socket, &BTreeMap<ComponentId, Who>)> {
        self.0
            .get(id.0)
            .and_then(|calls| calls.get(&scope))
            .into_iter()
            .flatten()
            .map(|(socket, who)| (*socket, who))
    }
}

/// Which versions of the callee a call may reach.
fn scope_of(callee: &Component, call: &Call) -> Scope {
    call.invoked.or(call.version).filter(|_| callee.versions.len() > 1)
}

pub(super) fn socket(port: &Port) -> Socket {
    (port.target, port.protocol.transport())
}

/// Labels of the pods of a component, or of one of its versions.
pub(super) fn pods(component: &Component, scope: Scope) -> Pairs {
    if let Some(labels) = &component.given {
        return labels.clone();
    }
    let mut labels = vec![("app".to_owned(), component.name.to_string())];
    if let Some(version) = scope {
        labels.push(("version".to_owned(), component.versions[version].name.to_string()));
    }
    labels
}

/// Whether the pods of a component call each other: those of a stateful set know one another by
/// name, and that is what they have names for.
pub(super) fn call_each_other(component: &Component) -> bool {
    component.kind == Kind::StatefulSet && !component.ports.is_empty()
}

/// The policy of the application as a whole.
pub(super) fn application(graph: &Graph, views: &mut Vec<View>) {
    (mode(graph).policy_of_application)(graph, views);
}

/// The policy of one component.
pub(super) fn component(graph: &Graph, callers: &Callers, id: ComponentId, views: &mut Vec<View>) {
    let component = graph.component(id);
    if component.kind == Kind::External {
        return;
    }
    if graph.governance.has_network_policies()
        && (narrows(graph, Feature::Access) || narrows(graph, Feature::Egress))
    {
        let calls = calls(graph, component);
        for scope in scopes(component) {
            network(graph, callers, &calls, id, scope, views);
        }
    }
    (mode(graph).policy)(graph, callers, id, views);
}

/// Whether the policy asks for access or egress to be narrowed, and the mode does it.
pub(super) fn narrows(graph: &Graph, part: Feature) -> bool {
    let asked = if part == Feature::Access { graph.policy.access } else { graph.policy.egress };
    asked && can(graph.governance, part)
}

/// All versions together, then each for what it has alone.
pub(super) fn scopes(component: &Component) -> impl Iterator<Item = Scope> {
    let alone = if component.versions.len() > 1 { component.versions.len() } else { 0 };
    std::iter::once(None).chain((0..alone).map(Some))
}

/// The name of a policy for all versions, or for one.
pub(super) fn name(component: &Component, scope: Scope) -> String {
    match scope {
        None => component.name.to_string(),
        Some(version) => component.version_name(&component.versions[version]),
    }
}

/// Name, labels and place of an object of the policy.
pub(super) fn meta(graph: &Graph, component: &Component, scope: Scope) -> (Meta, Path) {
    let namespace = Some(&*component.namespace);
    let mut meta = Meta::new(name(component, scope), namespace, labels(graph, component));
    let Some(version) = scope else { return (meta, component.path.clone()) };
    let version = &component.versions[version];
    meta.labels.push(("version".into(), version.name.to_string()));
    (meta, version.path.clone())
}

/// One NetworkPolicy. The policy of all versions is there even if it opens nothing: it closes the
/// pods. It needs not name kubelet, which Kubernetes always lets through to its own pods. In a mesh
/// it needs the app's ports alone: proxies are reached inside the pod, behind the policy.
fn network(
    graph: &Graph,
    callers: &Callers,
    calls: &Outgoing<'_>,
    id: ComponentId,
    scope: Scope,
    views: &mut Vec<View>,
) {
    let component = graph.component(id);
    let mut trace = Trace::default();
    let mut directions = Vec::new();
    let mut part = |wanted: bool, part: &'static str| {
        if wanted {
            directions.push(graph.policy.place(part));
        }
        wanted.then(Rules::default)
    };
    let mut ingress = part(narrows(graph, Feature::Access), "access");
    let mut egress = part(narrows(graph, Feature::Egress), "egress");
    if let Some(rules) = &mut ingress {
        let from = Rules::at("spec.ingress", "from", rules);
        incoming(graph, callers, id, scope, from, &mut trace);
    }
    if let Some(rules) = &mut egress {
        let to = Rules::at("spec.egress", "to", rules);
        outgoing(graph, calls, id, scope, to, &mut trace);
    }
    let [ingress, egress] = [ingress, egress].map(|rules| {
        // A version adds to what all versions have.
        rules.map(|rules| rules.list).filter(|list| scope.is_none() || !list.is_empty())
    });
    if ingress.is_none() && egress.is_none() {
        return;
    }
    if scope.is_none() {
        for (position, place) in directions.into_iter().enumerate() {
            trace.add(format!("spec.policyTypes.{position}"), place);
        }
    }
    let (meta, origin) = meta(graph, component, scope);
    let body = NetworkPolicy { meta, pods: pods(component, scope), ingress, egress };
    views.push(View::new(Body::NetworkPolicy(body), origin, trace));
}

/// The rules of one direction, and the names of its fields.
#[derive(Default)]
pub(super) struct Rules {
    list: Vec<NetworkRule>,
    field: &'static str,
    peers: &'static str,
}

impl Rules {
    fn at<'r>(field: &'static str, peers: &'static str, rules: &'r mut Self) -> &'r mut Self {
        (rules.field, rules.peers) = (field, peers);
        rules
    }

    /// Adds a rule, with the place that opened it and those of its peers.
    pub(super) fn add(
        &mut self,
        ports: Vec<Socket>,
        peers: Vec<(Peer, Option<Place>)>,
        place: Place,
        trace: &mut Trace,
    ) {
        let what: Vec<Peer> = peers.iter().map(|(peer, _)| peer.clone()).collect();
        let what = NetworkRule { peers: what, ports };
        // Where several ports are called by one, each call would say the same.
        if self.list.last() == Some(&what) {
            return;
        }
        let rule = format!("{}.{}", self.field, self.list.len());
        for (position, (_, place)) in peers.iter().enumerate() {
            if let Some(place) = place {
                trace.add(format!("{rule}.{}.{position}", self.peers), place.clone());
            }
        }
        trace.add(rule, place);
        self.list.push(what);
    }
}

/// Connections to a component: from its callers, its entries, and its own pods.
fn incoming(
    graph: &Graph,
    callers: &Callers,
    id: ComponentId,
    scope: Scope,
    rules: &mut Rules,
    trace: &mut Trace,
) {
    let component = graph.component(id);
    let through = (mode(graph).through)(graph, component, component);
    if let (Some((peer, socket)), None) = (&through, scope) {
        let mut everyone = scopes(component).flat_map(|scope| callers.at(id, scope));
        let meshed = everyone.find_map(|(_, callers)| {
            let mut callers = callers.iter();
            callers.find(|(caller, _)| graph.meshed(graph.component(**caller)))
        });
        if let Some((_, who)) = meshed {
            let place = Place::Key(who.path.clone());
            let peer = (peer.clone(), Some(place.clone()));
            rules.add(vec![*socket], vec![peer], place, trace);
        }
    }
    for (socket, callers) in callers.at(id, scope) {
        let at = Arrival::of(scope);
        let [by_proxy, past_it] =
            [true, false].map(|by| arriving(graph, component, at, socket, by));
        let (mut peers, mut plain) = (Vec::new(), Vec::new());
        let mut first = None;
        for (caller, who) in callers {
            let caller = graph.component(*caller);
            let meshed = graph.meshed(caller);
            if through.is_some() && meshed {
                continue;
            }
            let place = Place::Key(who.path.clone());
            first.get_or_insert_with(|| place.clone());
            let peers = if meshed || by_proxy == past_it { &mut peers } else { &mut plain };
            peers.extend(
                who.scopes(caller)
                    .into_iter()
                    .map(|scope| (peer(component, caller, scope), Some(place.clone()))),
            );
        }
        let place = first.unwrap_or_else(|| graph.policy.place("access"));
        // Without a peer, a rule would be for anyone.
        for (peers, sockets) in [(peers, by_proxy), (plain, past_it)] {
            if !peers.is_empty() {
                rules.add(sockets, peers, place.clone(), trace);
            }
        }
    }
    if scope.is_some() {
        return;
    }
    for entry in &component.entries {
        let socket = socket(&component.ports[entry.port]);
        let gateway = graph.gate(entry);
        let peers = match gate(graph, component, gateway) {
            Some(peer) => vec![(peer, None)],
            None => Vec::new(),
        };
        let by_proxy = graph.is_in_mesh(gateway);
        let mut sockets = arriving(graph, component, Arrival::Entry, socket, by_proxy);
        if peers.is_empty() {
            // Anyone is also whoever is in the mesh.
            let more = arriving(graph, component, Arrival::Entry, socket, true);
            let more = more.into_iter().filter(|more| !sockets.contains(more));
            sockets.extend(more.collect::<Vec<_>>());
        }
        rules.add(sockets, peers, Place::Key(entry.path.clone()), trace);
    }
    if let Some(metrics) = &component.metrics
        && let Some(from) = &metrics.from
    {
        let path = metrics.path.field("from");
        let elsewhere = from.pods.is_none() || *from.namespace != *component.namespace;
        let labels = from.pods.iter().flatten();
        let peer = Peer {
            namespace: elsewhere.then(|| from.namespace.to_string()),
            pods: labels.map(|(key, value)| (key.to_string(), value.to_string())).collect(),
            ..Peer::default()
        };
        let peers = vec![(peer, Some(Place::Value(path.field("namespace"))))];
        let socket = scraped(component, metrics);
        let sockets = match metrics.at {
            // A reader with an identity is in the mesh.
            Scrape::Port(_) => {
                let by_proxy = from.service_account.is_some();
                arriving(graph, component, Arrival::Reader, socket, by_proxy)
            }
            Scrape::Container(_) => vec![socket],
        };
        rules.add(sockets, peers, Place::Key(path), trace);
    }
    among(graph, component, rules, trace);
}

/// Where the numbers of a component are read.
pub(super) fn scraped(component: &Component, metrics: &Metrics) -> Socket {
    match metrics.at {
        Scrape::Port(position) => socket(&component.ports[position]),
        Scrape::Container(number) => (number, "TCP"),
    }
}

/// The pods of a gateway; none where nobody knows them, or where there are none.
fn gate(graph: &Graph, home: &Component, gate: Gate) -> Option<Peer> {
    let gateway = graph.gateway.as_ref();
    let namespace = gateway.and_then(|gateway| gateway.namespace.as_ref()).map(|n| n.to_string());
    match gate {
        Gate::Balancer => None,
        Gate::MeshGateway => Some(Peer {
            namespace: Some(namespace.unwrap_or_else(|| ISTIO_NAMESPACE.to_owned())),
            pods: super::entry::gateway_pods(graph),
            ..Peer::default()
        }),
        // Source: the labels that istiod gives to the gateways that it runs.
        Gate::OwnGateway => Some(Peer {
            namespace: (home.namespace != graph.namespace).then(|| graph.namespace.to_string()),
            pods: vec![(
                "gateway.networking.k8s.io/gateway-name".to_owned(),
                graph.name.to_string(),
            )],
            ..Peer::default()
        }),
        Gate::Member | Gate::Foreign => {
            namespace.map(|namespace| Peer { namespace: Some(namespace), ..Peer::default() })
        }
    }
}

/// Some pods of `of`, as a policy in the namespace of `home` names them.
fn peer(home: &Component, of: &Component, scope: Scope) -> Peer {
    let elsewhere = of.namespace != home.namespace;
    Peer {
        namespace: elsewhere.then(|| of.namespace.to_string()),
        pods: pods(of, scope),
        ..Peer::default()
    }
}

/// Where calls to a socket of a component arrive.
fn arriving(
    graph: &Graph,
    component: &Component,
    arrival: Arrival,
    socket: Socket,
    by_proxy: bool,
) -> Vec<Socket> {
    let mut sockets = match by_proxy && graph.meshed(component) {
        true => (mode(graph).arriving)(graph, component, socket),
        false => vec![socket],
    };
    sockets.extend((mode(graph).doors)(graph, component, arrival, socket));
    sockets
}

/// Connections among the pods of a component: their own, or those of their proxies.
fn among(graph: &Graph, component: &Component, rules: &mut Rules, trace: &mut Trace) {
    let sockets = match call_each_other(component) {
        true => sockets(graph, component),
        false => (mode(graph).among)(graph, component),
    };
    if !sockets.is_empty() {
        let own = (peer(component, component, None), None);
        rules.add(sockets, vec![own], Place::Key(component.path.clone()), trace);
    }
}

/// Where the pods of a component call each other, each socket once.
fn sockets(graph: &Graph, component: &Component) -> Vec<Socket> {
    let meshed = graph.meshed(component);
    let own = |port| arriving(graph, component, Arrival::All, socket(port), meshed);
    let all: BTreeSet<Socket> = component.ports.iter().flat_map(own).collect();
    all.into_iter().collect()
}

/// Connections from a component: to name servers, the control plane, and what it calls.
fn outgoing(
    graph: &Graph,
    calls: &Outgoing<'_>,
    id: ComponentId,
    scope: Scope,
    rules: &mut Rules,
    trace: &mut Trace,
) {
    let component = graph.component(id);
    let declared = || graph.policy.place("egress");
    if scope.is_none() {
        rules.add(NAME_SERVICE.to_vec(), Vec::new(), declared(), trace);
        (mode(graph).proxies)(graph, component, rules, trace);
        if component.account.token {
            let place = Place::Key(component.path.field("serviceAccount"));
            rules.add(KUBERNETES_API.to_vec(), Vec::new(), place, trace);
        }
        among(graph, component, rules, trace);
    }
    for (callee, whom, socket, path) in calls.get(&scope).into_iter().flatten().copied() {
        let place = Place::Key(path.clone());
        let peers = match (callee.kind, &callee.given) {
            (_, Some(labels)) if labels.is_empty() => Vec::new(),
            (Kind::External, None) => outside(callee),
            _ => vec![peer(component, callee, whom)],
        };
        let through = (mode(graph).through)(graph, component, callee);
        if let (Some((peer, socket)), true) = (through, graph.meshed(component)) {
            rules.add(vec![socket], vec![(peer, Some(place.clone()))], place, trace);
            continue;
        }
        let peers = peers.into_iter().map(|peer| (peer, Some(place.clone()))).collect();
        let meshed = graph.meshed(component);
        let sockets = arriving(graph, callee, Arrival::of(whom), socket, meshed);
        rules.add(sockets, peers, place, trace);
    }
}

/// The addresses of an external component; a policy cannot hold a name, so that is anywhere, which
/// no peer at all stands for.
fn outside(component: &Component) -> Vec<Peer> {
    if component.is_host_outside() {
        return Vec::new();
    }
    let block = |ip: std::net::IpAddr| {
        let bits = if ip.is_ipv4() { 32 } else { 128 };
        Peer { block: Some(format!("{ip}/{bits}")), ..Peer::default() }
    };
    component.outside_ips().map(|(ip, _)| block(ip)).collect()
}

/// A call: callee, which of its versions, socket, where it is written.
pub(super) type Whom<'g> = (&'g Component, Scope, Socket, &'g Path);

/// The calls that all versions of a component make, and those that each makes and not all.
pub(super) type Outgoing<'g> = BTreeMap<Scope, Vec<Whom<'g>>>;

/// The calls of a component, each once.
pub(super) fn calls<'g>(graph: &'g Graph, component: &'g Component) -> Outgoing<'g> {
    type Made = (ComponentId, Scope, usize, Socket);
    let mut made: BTreeMap<Made, BTreeMap<usize, &Path>> = BTreeMap::new();
    for (position, version) in component.versions.iter().enumerate() {
        for call in &version.calls {
            let callee = graph.component(call.to);
            let whom = scope_of(callee, call);
            // By two names of one callee, a version may make the same call twice.
            let socket = (mode(graph).called)(callee, call);
            let paths = made.entry((call.to, whom, call.port, socket)).or_default();
            paths.entry(position).or_insert(&call.path);
        }
    }
    let everyone = component.versions.len();
    let mut calls = Outgoing::new();
    for ((callee, whom, _, socket), paths) in made {
        let callee = graph.component(callee);
        let call = |path| (callee, whom, socket, path);
        let common = paths.len() == everyone;
        for (version, path) in paths.into_iter().take(if common { 1 } else { everyone }) {
            let scope = if common { None } else { Some(version) };
            calls.entry(scope).or_default().push(call(path));
        }
    }
    calls
}
