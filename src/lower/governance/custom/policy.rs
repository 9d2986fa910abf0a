//! Who calls whom, in the words of no mode.

use std::collections::{BTreeMap, BTreeSet};

use crate::graph::{Component, ComponentId, Gate, Graph, Scrape};
use crate::lower::policy::{
    Callers, Outgoing, Scope, Socket, call_each_other, calls, name, pods, scopes, scraped, socket,
};
use crate::lower::view::given::{self, Peer};
use crate::model::Kind;

/// The calls to a component and from it: of all versions, and of each that has some of its own.
pub(super) fn policies(graph: &Graph, callers: &Callers, id: ComponentId) -> Vec<given::Policy> {
    let component = graph.component(id);
    let calls = calls(graph, component);
    let of = |scope: Scope| given::Policy {
        name: name(component, scope),
        version: scope.map(|version| component.versions[version].name.to_string()),
        pods: pods(component, scope),
        incoming: incoming(graph, callers, id, scope),
        outgoing: outgoing(graph, component, &calls, scope),
    };
    let speaks = |policy: &given::Policy| {
        policy.version.is_none() || !(policy.incoming.is_empty() && policy.outgoing.is_empty())
    };
    scopes(component).map(of).filter(speaks).collect()
}

/// Some pods of a component.
pub(super) fn peer(graph: &Graph, component: &Component, scope: Scope) -> Peer {
    Peer {
        component: Some(component.name.to_string()),
        namespace: component.namespace.to_string(),
        account: component.given.is_none().then(|| component.account.name.to_string()),
        pods: pods(component, scope),
        meshed: graph.meshed(component),
    }
}

/// The gateway that Istio runs for the app alone.
/// Source: the labels that istiod gives to the gateways that it runs, and `<gateway>-<class>`.
fn own_gateway(graph: &Graph) -> Peer {
    let label = "gateway.networking.k8s.io/gateway-name";
    let class = graph.gateway_class().unwrap_or_default();
    Peer {
        component: None,
        namespace: graph.namespace.to_string(),
        account: Some(format!("{}-{class}", graph.name)),
        pods: vec![(label.to_owned(), graph.name.to_string())],
        meshed: false,
    }
}

/// Who calls a component, by socket.
fn incoming(
    graph: &Graph,
    callers: &Callers,
    id: ComponentId,
    scope: Scope,
) -> Vec<given::Incoming> {
    let component = graph.component(id);
    let mut all: BTreeMap<Socket, given::Incoming> = BTreeMap::new();
    let mut at = |at: Socket, change: &mut dyn FnMut(&mut given::Incoming)| {
        change(all.entry(at).or_insert_with(|| given::Incoming {
            target: at.0,
            transport: at.1,
            callers: Vec::new(),
            gateway: false,
            anyone: false,
        }));
    };
    for (socket, callers) in callers.at(id, scope) {
        for (caller, who) in callers {
            let caller = graph.component(*caller);
            for scope in who.scopes(caller) {
                at(socket, &mut |one| one.callers.push(peer(graph, caller, scope)));
            }
        }
    }
    if scope.is_none() {
        for entry in &component.entries {
            let gate = graph.gate(entry);
            at(socket(&component.ports[entry.port]), &mut |one| match gate {
                Gate::Balancer => one.anyone = true,
                Gate::OwnGateway | Gate::MeshGateway => one.callers.push(own_gateway(graph)),
                Gate::Foreign | Gate::Member => one.gateway = true,
            });
        }
        let read = component.metrics.as_ref().and_then(|own| Some((own, own.from.as_ref()?)));
        if let Some((metrics, from)) = read {
            let labels = from.pods.iter().flatten();
            let reader = Peer {
                component: None,
                namespace: from.namespace.to_string(),
                account: from.service_account.as_ref().map(ToString::to_string),
                pods: labels.map(|(label, value)| (label.to_string(), value.to_string())).collect(),
                meshed: matches!(metrics.at, Scrape::Port(_)) && from.service_account.is_some(),
            };
            at(scraped(component, metrics), &mut |one| one.callers.push(reader.clone()));
        }
        if call_each_other(component) {
            let own: BTreeSet<Socket> = component.ports.iter().map(socket).collect();
            for socket in own {
                at(socket, &mut |one| one.callers.push(peer(graph, component, None)));
            }
        }
    }
    all.into_values().collect()
}

/// Whom a component calls.
fn outgoing(
    graph: &Graph,
    component: &Component,
    calls: &Outgoing<'_>,
    scope: Scope,
) -> Vec<given::Outgoing> {
    let mut out = Vec::new();
    if scope.is_none() && call_each_other(component) {
        let own: BTreeSet<Socket> = component.ports.iter().map(socket).collect();
        out.extend(own.into_iter().map(|(target, transport)| given::Outgoing {
            callee: Some(peer(graph, component, None)),
            hosts: Vec::new(),
            ranges: Vec::new(),
            target,
            transport,
        }));
    }
    for (callee, whom, (target, transport), _) in calls.get(&scope).into_iter().flatten().copied() {
        let outside = callee.kind == Kind::External && callee.given.is_none();
        let range = |ip: std::net::IpAddr| format!("{ip}/{}", if ip.is_ipv4() { 32 } else { 128 });
        out.push(given::Outgoing {
            callee: (!outside).then(|| peer(graph, callee, whom)),
            hosts: callee.outside_hosts().map(|(host, _)| host.to_string()).collect(),
            ranges: callee.outside_ips().map(|(ip, _)| range(ip)).collect(),
            target,
            transport,
        });
    }
    out
}
