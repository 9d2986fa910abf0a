//! Calls through the tunnels of Istio without sidecars: on the wire all of them go to one port, and
//! only the ends, or a waypoint between them, know which port is meant and who calls.

use super::cluster::{End, Socket, text};
use super::wanted::{Edge, Pod};
use super::{Judge, UNDECLARED};

/// The port of the tunnels.
pub(super) fn tunnel() -> Socket {
    (15008, "TCP".to_owned())
}

impl Judge<'_> {
    /// Whether a call goes through a tunnel.
    pub(super) fn tunnelled(&self, a: &End, b: &Pod, socket: &Socket) -> bool {
        self.cluster.tunnels && a.meshed() && b.end.meshed() && socket.1 == "TCP"
    }

    /// Whether a call arrives: from pod to pod, or by a waypoint.
    pub(super) fn arrives(&self, a: &End, b: &Pod, socket: &Socket) -> bool {
        let open = |from: &End, to: &End| {
            self.egress(from, to, &tunnel()) && self.ingress(to, from, &tunnel())
        };
        let directly =
            open(a, &b.end) && self.cluster.authorized(&b.end, a.identity.as_ref(), socket);
        let by_waypoint =
            self.cluster.waypoints(&b.end, socket).iter().any(|(way, service, number)| {
                open(a, way)
                    && self.cluster.admitted(service, a.identity.as_ref(), *number)
                    && open(way, &b.end)
                    && self.cluster.authorized(&b.end, way.identity.as_ref(), socket)
            });
        directly || by_waypoint
    }

    /// A call between two pods of the app: each layer, and all of them together.
    pub(super) fn call(&mut self, a: &Pod, b: &Pod, socket: &Socket) {
        let wanted = self.wanted;
        let name = |layer: &str| format!("{layer}: {} → {} {socket:?}", a.end.what, b.end.what);
        let tcp = |pod: &Pod| pod.sockets.iter().filter(|on| on.1 == "TCP").cloned().collect();
        let tcp: Vec<Socket> = tcp(b);
        let calls = |a: &Pod, b: &Pod| {
            b.sockets.iter().any(|on| on.1 == "TCP" && wanted.declared(a, b, on))
        };
        let alike = |other: &&Pod| other.end.identity == a.end.identity;
        let known = wanted.pods.iter().filter(alike).any(|like| wanted.declared(like, b, socket));
        let anyone = wanted.open_to_all(b, socket) || wanted.has_foreign_gateway(b, socket);
        let behind = self.has_waypoint(b);
        let peers = wanted.peers(a, b);
        // The network knows who calls whom, identities know the port.
        let met = peers || (!behind && calls(a, b));
        let out = !self.parts.egress || met;
        self.expect(|| name("egress"), self.egress(&a.end, &b.end, &tunnel()), out);
        let open_to_all = tcp.iter().any(|on| wanted.open_to_all(b, on));
        let into = !self.parts.access || met || open_to_all;
        self.expect(|| name("ingress"), self.ingress(&b.end, &a.end, &tunnel()), into);
        let own = if behind { peers && b.sockets.contains(socket) } else { known };
        let admitted = !self.parts.access || anyone || own;
        let real = self.cluster.authorized(&b.end, a.end.identity.as_ref(), socket);
        self.expect(|| name("identity"), real, admitted);
        let mut arrives = out && into && admitted;
        let called = wanted.pods.iter().any(|pod| pod.end.meshed() && calls(pod, b));
        for (way, service, number) in self.cluster.waypoints(&b.end, socket) {
            let home = |pod: &&Pod| pod.end.namespace == b.end.namespace && self.has_waypoint(pod);
            let behind = wanted.pods.iter().filter(home).any(|other| calls(a, other));
            let out = !self.parts.egress || behind;
            self.expect(
                || name("egress to the waypoint"),
                self.egress(&a.end, &way, &tunnel()),
                out,
            );
            let into = !self.parts.access || called || open_to_all;
            let real = self.ingress(&b.end, &way, &tunnel());
            self.expect(|| name("ingress of the waypoint"), real, into);
            let more = (UNDECLARED, "TCP".to_owned());
            let real = self.egress(&a.end, &way, &more);
            self.expect(|| name("more to the waypoint"), real, !self.parts.egress);
            let real = self.ingress(&b.end, &way, &more);
            self.expect(|| name("more of the waypoint"), real, !self.parts.access);
            let real = self.cluster.authorized(&b.end, way.identity.as_ref(), socket);
            self.expect(|| name("identity of the waypoint"), real, true);
            let own = text(&service["metadata"]["name"]);
            let of = |version: &str| format!("{}-{version}", b.component);
            let through = |edge: &Edge| match &edge.version {
                Some(version) => own == of(version),
                // An alias is as good as the name.
                None => own != of(&b.version),
            };
            let known = wanted.pods.iter().filter(alike).any(|like| {
                wanted.edges.iter().any(|edge| {
                    edge.from == like.end.what
                        && edge.callee == b.component
                        && edge.socket == *socket
                        && through(edge)
                })
            });
            let wanted = !self.parts.access || known;
            let identity = a.end.identity.as_ref();
            let real = self.cluster.admitted(service, identity, number);
            self.expect(|| name(&format!("waypoint of {own}")), real, wanted);
            let more = self.cluster.admitted(service, identity, UNDECLARED);
            self.expect(
                || name(&format!("more at the waypoint of {own}")),
                more,
                !self.parts.access,
            );
            let more = (UNDECLARED, "TCP".to_owned());
            let more = self.cluster.authorized(&b.end, way.identity.as_ref(), &more);
            self.expect(|| name("more by the waypoint"), more, !self.parts.access);
            arrives |= out && into && wanted;
        }
        let real = self.arrives(&a.end, b, socket);
        self.expect(|| name("tunnel"), real, arrives);
    }

    fn has_waypoint(&self, pod: &Pod) -> bool {
        pod.sockets.iter().any(|socket| !self.cluster.waypoints(&pod.end, socket).is_empty())
    }
}
