//! Linkerd: a proxy in each pod, routes of Gateway API on Services, annotations for what no route
//! says, and a policy of its own for each port.

mod pod;
mod policy;
mod route;

use super::{Mode, PLAIN};
use crate::graph::Port;
use crate::lower::policy::Socket;
use crate::model::Protocol;

/// What Linkerd adds.
pub(super) const MODE: Mode = Mode {
    namespace: |_, meta| meta.annotations.push((INJECT.into(), "enabled".into())),
    pod: pod::pod,
    app_protocol: |_, _, port| app_protocol(port),
    service: route::service,
    component: route::routes,
    policy: policy::policy,
    // A call for a port is sent to that port, or through a tunnel of the proxies: which of them, the
    // callers' proxies decide. Source: `opaque_transport` in linkerd2-proxy-api/destination.
    arriving: |_, _, socket| if socket.1 == "TCP" { vec![socket, TUNNEL] } else { vec![socket] },
    proxies: policy::proxies,
    ..PLAIN
};

/// The annotation that gives pods a proxy, and keeps them without one.
/// Source: `ProxyInjectAnnotation` in linkerd/linkerd2/pkg/k8s.
const INJECT: &str = "linkerd.io/inject";

/// Where a proxy takes connections of other proxies.
/// Source: `proxy.ports.inbound` in the values of the chart `linkerd-control-plane`.
const TUNNEL: Socket = (4143, "TCP");

/// What a port speaks. Of everything else than HTTP Linkerd is told that it is bytes: it would wait
/// for the caller to speak first, or take a word that it does not know for bytes in any case.
/// Source: `AppProtocol` in linkerd/linkerd2/policy-controller/core.
fn app_protocol(port: &Port) -> Option<&'static str> {
    match port.protocol {
        Protocol::Http => Some("http"),
        Protocol::Http2 | Protocol::Grpc => Some("kubernetes.io/h2c"),
        _ if port.protocol.transport() != "TCP" => None,
        _ => Some("linkerd.io/opaque"),
    }
}
