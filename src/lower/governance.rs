//! What each governance mode adds to the objects of Kubernetes.

mod ambient;
mod gamma;
mod istio;

pub(super) use istio::{gateway_connections, gateway_routes};

use std::collections::BTreeMap;

use super::policy::{Callers, Rules, Socket};
use super::view::{Meta, Peer, Service, Trace, View};
use crate::graph::{Component, ComponentId, Graph, Port, Version};
use crate::model::{GatewayKind, Governance, Protocol, Via};

/// Labels or annotations by name.
pub(super) type Marks = BTreeMap<String, String>;

/// What a mode adds, each part in the stage of lowering that it belongs to.
pub(super) struct Mode {
    /// Its marks on a namespace.
    pub(super) namespace: fn(&Graph, &mut Meta),
    /// Its marks on the pods of a version: labels, annotations and where they come from. What is
    /// written in the file is put over them.
    pub(super) pod: fn(&Graph, &Component, &Version, &mut Marks, &mut Marks, &mut Trace),
    /// What a port speaks, in the word that the mode knows.
    pub(super) app_protocol: fn(&Graph, &Component, &Port) -> Option<&'static str>,
    /// What it changes in a Service of a component.
    pub(super) service: fn(&Graph, &Component, &mut Service),
    /// Its own objects for the application as a whole.
    pub(super) application: fn(&Graph, &mut Vec<View>),
    /// Its own objects for one component.
    pub(super) component: fn(&Graph, ComponentId, &mut Vec<View>),
    /// Its part of the policy of the application as a whole.
    pub(super) policy_of_application: fn(&Graph, &mut Vec<View>),
    /// Its part of the policy of one component.
    pub(super) policy: fn(&Graph, &Callers, ComponentId, &mut Vec<View>),
    /// The sockets at which calls from within the mesh to a socket of a component's pods arrive.
    pub(super) arriving: fn(&Graph, &Component, Socket) -> Vec<Socket>,
    /// The pods by which calls from within the mesh come to a component instead of by themselves, as a
    /// policy in the namespace of the first component names them, and where they take calls.
    pub(super) through: fn(&Graph, &Component, &Component) -> Option<(Peer, Socket)>,
    /// The connections of a component's own proxies, beside those of its calls.
    pub(super) proxies: fn(&Graph, &Component, &mut Rules, &mut Trace),
}

/// Nothing but the objects of Kubernetes.
const PLAIN: Mode = Mode {
    namespace: |_, _| {},
    pod: |_, _, _, _, _, _| {},
    app_protocol: routed_protocol,
    service: |_, _, _| {},
    application: |_, _| {},
    component: |_, _, _| {},
    policy_of_application: |_, _| {},
    policy: |_, _, _, _| {},
    arriving: |_, _, socket| vec![socket],
    through: |_, _, _| None,
    proxies: |_, _, _, _| {},
};

/// What the mode of an application adds.
pub(super) const fn mode(graph: &Graph) -> &'static Mode {
    match graph.governance {
        Governance::Kubernetes => &PLAIN,
        Governance::Istio => &istio::MODE,
        Governance::IstioAmbient => &ambient::MODE,
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
