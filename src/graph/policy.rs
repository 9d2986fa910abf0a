//! What may be called, and who stands outside the mesh.

use std::collections::BTreeSet;

use super::{Call, Component, Entry, Graph, OWN_CLASS, Port, Version};
use crate::model::{self, Fallback, GatewayKind, Governance, Kind, Mtls, Protocol, Via};
use crate::source::{Path, Place};

/// The policy, with its short form spelt out.
#[derive(Debug, Default)]
pub struct Policy {
    /// Whether a component can be called by its declared callers and its entries alone.
    pub access: bool,
    /// How calls within the mesh are secured; `None` leaves it to the mesh.
    pub mtls: Option<Mtls>,
    /// Whether a component can call what it declares to call and nothing else.
    pub egress: bool,
    /// What to do where a mode cannot do it.
    pub fallback: Option<Fallback>,
    /// Whether it is the short form, which asks of each mode what it has.
    whole: bool,
}

/// What stands between the outside and an exposed port, as seen from its pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// A load balancer: calls come from anywhere.
    Balancer,
    /// The gateway that Istio was installed with: part of the mesh.
    MeshGateway,
    /// A gateway that Istio runs for this app alone, in its namespace: part of Istio's mesh.
    OwnGateway,
    /// A gateway of somebody else that is in the mesh: the file says who it is.
    Member,
    /// A gateway of somebody else: its pods are where the file says, or anywhere.
    Foreign,
}

impl Policy {
    pub(super) fn new(written: Option<model::Policy>, governance: Governance) -> Self {
        match written {
            None => Self::default(),
            Some(model::Policy::Whole) => Self {
                access: true,
                mtls: governance.secures_calls().then_some(Mtls::Strict),
                egress: true,
                fallback: None,
                whole: true,
            },
            Some(model::Policy::Parts(parts)) => Self {
                access: parts.access.is_some(),
                mtls: parts.mtls,
                egress: parts.egress.is_some(),
                fallback: parts.fallback,
                whole: false,
            },
        }
    }

    /// Where a part is written: the part, or the short form of all.
    pub fn place(&self, part: &'static str) -> Place {
        let path = self.path(part);
        if self.whole { Place::Value(path) } else { Place::Key(path) }
    }

    /// The path of a part, or that of the short form of all.
    pub fn path(&self, part: &'static str) -> Path {
        let path = Path::root().field("policy");
        if self.whole { path } else { path.field(part) }
    }
}

/// Where the policy of the app at `root` closes its components to all but declared calls.
pub(super) fn closed(written: Option<&model::Policy>, root: &Path) -> Option<Place> {
    let path = root.field("policy");
    match written? {
        model::Policy::Whole => Some(Place::Value(path)),
        model::Policy::Parts(parts) => parts.access.map(|_| Place::Key(path.field("access"))),
    }
}

impl Graph {
    /// Whether anyone at all can connect to a port, as far as the policy is concerned: it is behind
    /// a load balancer, or a gateway of which nobody knows the pods.
    pub fn open_to_anyone(&self, component: &Component, port: usize) -> bool {
        let somewhere = self.gateway.as_ref().is_some_and(|gateway| gateway.namespace.is_some());
        let open = |entry: &Entry| match self.gate(entry) {
            Gate::Balancer => true,
            Gate::Foreign => !somewhere && !self.mode_knows_gateway(),
            Gate::MeshGateway | Gate::OwnGateway | Gate::Member => false,
        };
        component.entries.iter().any(|entry| entry.port == port && open(entry))
    }

    /// Whether the shared gateway is that of a mode whose templates write the policies, and so know
    /// who it is.
    pub fn mode_knows_gateway(&self) -> bool {
        let Governance::Custom(mode) = self.governance else { return false };
        let class = mode.manifest.gateway_class.as_deref();
        !self.governance.has_network_policies()
            && class.is_some()
            && self.gateway_kind() == GatewayKind::GatewayApi
            && self.gateway_class() == class
    }

    /// The apps that know the calls of the one that was asked for: itself, and those that use it,
    /// directly or not.
    pub fn aware_apps(&self) -> BTreeSet<usize> {
        let mut users: Vec<Vec<usize>> = vec![Vec::new(); self.apps.len()];
        for (user, app) in self.apps.iter().enumerate() {
            app.uses.iter().for_each(|(used, _)| users[*used].push(user));
        }
        let mut aware = BTreeSet::from([0]);
        let mut open = vec![0];
        while let Some(app) = open.pop() {
            open.extend(users[app].iter().filter(|user| aware.insert(**user)));
        }
        aware
    }

    /// Whether the pods of a component have a proxy of the mesh.
    pub fn meshed(&self, component: &Component) -> bool {
        self.governance.has_proxies() && component.kind != Kind::External && !component.outside_mesh
    }

    /// Whether the shared entry is a gateway that Istio runs for this app alone.
    pub fn has_own_gateway(&self) -> bool {
        self.gateway_kind() == GatewayKind::GatewayApi && self.gateway_class() == Some(OWN_CLASS)
    }

    /// Whether the shared entry is a gateway of somebody else that is in the mesh. Linkerd brings no
    /// gateway of its own, and any can have its proxy.
    fn has_member_gateway(&self) -> bool {
        let known = |gateway: &model::Gateway| {
            gateway.namespace.is_some() && gateway.service_account.is_some()
        };
        self.governance == Governance::Linkerd && self.gateway.as_ref().is_some_and(known)
    }

    /// Whether what stands before a port is in the mesh, and so calls with an identity.
    pub const fn is_in_mesh(&self, gate: Gate) -> bool {
        match gate {
            Gate::Member => true,
            Gate::MeshGateway | Gate::OwnGateway => self.governance.is_istio(),
            Gate::Balancer | Gate::Foreign => false,
        }
    }

    /// What stands before an exposed port.
    pub fn gate(&self, entry: &Entry) -> Gate {
        match (entry.via, self.gateway_kind()) {
            (Via::LoadBalancer | Via::NodePort, _) => Gate::Balancer,
            (Via::Gateway, GatewayKind::Istio) => Gate::MeshGateway,
            (Via::Gateway, _) if self.has_member_gateway() => Gate::Member,
            (Via::Gateway, GatewayKind::GatewayApi) if self.has_own_gateway() => Gate::OwnGateway,
            (Via::Gateway, _) => Gate::Foreign,
        }
    }

    /// Calls of the components that are kept out of the mesh: each caller with its call, once for
    /// each callee and port.
    pub fn calls_past_the_mesh(&self) -> impl Iterator<Item = (&Component, &Call)> {
        let mut seen = BTreeSet::new();
        let outside = self.ids().filter(|(_, component)| {
            self.governance.has_proxies() && component.app == 0 && component.outside_mesh
        });
        let calls = outside.flat_map(|(id, component)| {
            let calls = component.versions.iter().flat_map(|version| &version.calls);
            calls.map(move |call| (id, component, call))
        });
        calls
            .filter(move |(id, _, call)| seen.insert((*id, call.to, call.port)))
            .map(|(_, component, call)| (component, call))
    }

    /// Whether the mesh can tell, of every call that a version makes, whom it is for. Of bytes to a
    /// host outside it cannot: a name is gone once it is an address.
    pub fn calls_are_known(&self, version: &Version) -> bool {
        version.calls.iter().all(|call| {
            let callee = self.component(call.to);
            !callee.is_host_outside() || callee.ports[call.port].says_its_host()
        })
    }
}

impl Component {
    /// Whether it is outside and known by a host name, not by an address.
    pub fn is_host_outside(&self) -> bool {
        self.outside_hosts().next().is_some()
    }

    /// Whether it is such a host and some calls to it name it.
    pub fn has_known_host(&self) -> bool {
        self.is_host_outside() && self.ports.iter().any(Port::says_its_host)
    }
}

impl Port {
    /// Whether a call says which host it is for: in its requests, or in the greeting of TLS.
    pub fn says_its_host(&self) -> bool {
        self.protocol.is_http() || matches!(self.protocol, Protocol::Https | Protocol::Tls)
    }
}
