//! What each governance mode adds to the objects of Kubernetes.

mod admitted;
mod ambient;
mod custom;
mod dapr;
mod envoy;
mod gamma;
mod istio;
mod linkerd;

pub(super) use istio::{gateway_connections, gateway_routes};

use std::collections::{BTreeMap, BTreeSet};

use super::container::Container;
use super::policy::{Arrival, Callers, Rules, Socket, socket};
use super::storage::PodVolume;
use super::view::{Meta, Pairs, Peer, Service, Trace, View};
use crate::graph::{Call, Component, ComponentId, Graph, Port, Version};
use crate::model::{GatewayKind, Governance, Protocol, Rewrite, Via};

/// Labels or annotations by name.
pub(super) type Marks = BTreeMap<String, String>;

/// Where calls are to be made, host and number, in their order; none is at the callee.
pub(super) type Elsewhere = Vec<Option<(String, u16)>>;

/// What a mode adds, each part in the stage of lowering that it belongs to.
pub(super) struct Mode {
    /// Its marks on a namespace.
    pub(super) namespace: fn(&Graph, &mut Meta),
    /// Its marks on the pods of a version: labels, annotations and where they come from. What is
    /// written in the file is put over them.
    pub(super) pod: fn(&Graph, &Component, &Version, &mut Marks, &mut Marks, &mut Trace),
    /// What it puts into the pods of a version itself.
    pub(super) beside: fn(&Graph, &Component, &Version, &mut Trace) -> Beside,
    /// Where the variables of a version say that it is to call, in the order of its calls: host and
    /// number, where that is not the callee's own.
    pub(super) told: fn(&Graph, &Component, &Version) -> Elsewhere,
    /// Where the Services of a component lead instead of to one of its ports, by its position.
    pub(super) leads: fn(&Graph, &Component, Leads, usize) -> Option<Lead>,
    /// What a port speaks, in the word that the mode knows.
    pub(super) app_protocol: fn(&Graph, &Component, &Port) -> Option<&'static str>,
    /// What it changes in a Service of a component.
    pub(super) service: fn(&Graph, &Component, &mut Service, &mut Trace),
    /// Its own objects for the application as a whole.
    pub(super) application: fn(&Graph, &mut Vec<View>),
    /// Its own objects for one component.
    pub(super) component: fn(&Graph, ComponentId, &mut Vec<View>),
    /// Its part of the policy of the application as a whole.
    pub(super) policy_of_application: fn(&Graph, &mut Vec<View>),
    /// Its part of the policy of one component.
    pub(super) policy: fn(&Graph, &Callers, ComponentId, &mut Vec<View>),
    /// The socket of the callee's pods that a call is for.
    pub(super) called: fn(&Component, &Call) -> Socket,
    /// The sockets at which calls from within the mesh to a socket of a component's pods arrive.
    pub(super) arriving: fn(&Graph, &Component, Socket) -> Vec<Socket>,
    /// The pods by which calls from within the mesh come to a component instead of by themselves, as a
    /// policy in the namespace of the first component names them, and where they take calls.
    pub(super) through: fn(&Graph, &Component, &Component) -> Option<(Peer, Socket)>,
    /// Where else calls of anyone to a socket of a component's pods arrive: at their own proxies.
    pub(super) doors: fn(&Graph, &Component, Arrival, Socket) -> Vec<Socket>,
    /// The sockets at which proxies of a component call its pods, those of the others too.
    pub(super) among: fn(&Graph, &Component) -> Vec<Socket>,
    /// The connections of a component's own proxies, beside those of its calls.
    pub(super) proxies: fn(&Graph, &Component, &mut Rules, &mut Trace),
}

/// What a mode puts into a pod.
#[derive(Default)]
pub(super) struct Beside {
    /// Containers that run beside the program, before all others.
    pub(super) containers: Vec<Container>,
    /// Their volumes.
    pub(super) volumes: Vec<PodVolume>,
    /// Addresses that names have in the pod.
    pub(super) hosts: Vec<(String, Vec<String>)>,
    /// Settings of the kernel for the pod.
    pub(super) sysctls: Pairs,
    /// The ports of the component whose names are those of its own proxy's, by position.
    pub(super) ports: BTreeSet<usize>,
}

/// Where a Service leads in each pod.
pub(super) enum Lead {
    /// To this number.
    Number(u16),
    /// To the port of this name, whatever number it has there.
    Name(String),
}

/// Whom a Service is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leads {
    /// All versions.
    All,
    /// One version.
    Version,
}

/// Nothing but the objects of Kubernetes.
const PLAIN: Mode = Mode {
    namespace: |_, _| {},
    pod: |_, _, _, _, _, _| {},
    beside: |_, _, _, _| Beside::default(),
    told: |_, _, _| Vec::new(),
    leads: |_, _, _, _| None,
    app_protocol: routed_protocol,
    service: |_, _, _, _| {},
    application: |_, _| {},
    component: |_, _, _| {},
    policy_of_application: |_, _| {},
    policy: |_, _, _, _| {},
    called: |callee, call| socket(&callee.ports[call.port]),
    arriving: |_, _, socket| vec![socket],
    through: |_, _, _| None,
    doors: |_, _, _, _| Vec::new(),
    among: |_, _| Vec::new(),
    proxies: |_, _, _, _| {},
};

/// What the mode of an application adds.
pub(super) const fn mode(graph: &Graph) -> &'static Mode {
    match graph.governance {
        Governance::Kubernetes => &PLAIN,
        Governance::Istio => &istio::MODE,
        Governance::IstioAmbient => &ambient::MODE,
        Governance::Dapr => &dapr::MODE,
        Governance::Envoy => &envoy::MODE,
        Governance::Linkerd => &linkerd::MODE,
        Governance::Custom(_) => &custom::MODE,
    }
}

/// What a port speaks, in the file's own word. Nothing is said of protocols that no proxy knows.
fn plain_protocol(port: &Port) -> Option<&'static str> {
    match port.protocol {
        Protocol::Udp | Protocol::Sctp => None,
        other => Some(other.name()),
    }
}

/// The same, but for HTTP/2 without TLS Kubernetes' own name (KEP-3726): an implementation of Gateway
/// API learns from this alone to speak it (GEP-1911).
fn routed_protocol(graph: &Graph, component: &Component, port: &Port) -> Option<&'static str> {
    let routed = graph.gateway_kind() == GatewayKind::GatewayApi
        && component.entries.iter().any(|entry| {
            entry.via == Via::Gateway && component.ports[entry.port].name == port.name
        });
    match port.protocol {
        Protocol::Http2 => Some("kubernetes.io/h2c"),
        Protocol::Grpc if routed => Some("kubernetes.io/h2c"),
        _ => plain_protocol(port),
    }
}

/// A rewrite of the path by expression, what is replaced and by what: a prefix by segments is no
/// plain text to replace.
fn rewritten(rewrite: &Rewrite, prefix: Option<&str>) -> Option<(String, String)> {
    let replace_prefix = |to: &str| {
        let from = regex::escape(prefix.unwrap_or("/").trim_end_matches('/'));
        match to.trim_end_matches('/') {
            "" => (format!("^{from}/?"), "/".to_owned()),
            to if from.is_empty() => ("^/".to_owned(), format!("{to}/")),
            to => (format!("^{from}"), to.to_owned()),
        }
    };
    let whole = rewrite.path.as_ref().map(|to| ("^/.*".to_owned(), to.to_string()));
    whole.or_else(|| rewrite.prefix.as_deref().map(replace_prefix))
}
