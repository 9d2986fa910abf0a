//! Objects of the policy: who may call whom.

use serde::Serialize;

use super::{Meta, Pairs};

/// Which connections the network lets through to some pods, and from them.
#[derive(Debug, Serialize)]
pub struct NetworkPolicy {
    /// Name and labels.
    pub meta: Meta,
    /// Labels of the pods that it is about.
    pub pods: Pairs,
    /// Connections to them; none leaves this direction alone.
    pub ingress: Option<Vec<NetworkRule>>,
    /// Connections from them; none leaves this direction alone.
    pub egress: Option<Vec<NetworkRule>>,
}

/// Connections that are let through: with any of the peers, on any of the ports.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct NetworkRule {
    /// The other end; none is anyone.
    pub peers: Vec<Peer>,
    /// Numbers of the receiving pods or addresses, and transports; none is every port.
    pub ports: Vec<(u16, &'static str)>,
}

/// The other end of a connection: an address, or pods.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Peer {
    /// A range of addresses; then there are no pods.
    pub block: Option<String>,
    /// The namespace of the pods, where it is not that of the policy.
    pub namespace: Option<String>,
    /// Labels of the pods; none is every pod of the namespace.
    pub pods: Pairs,
}

/// Which calls the proxies of some pods accept; without a rule, none.
#[derive(Debug, Serialize)]
pub struct AuthorizationPolicy {
    /// Name and labels.
    pub meta: Meta,
    /// Labels of the pods that it is about, where it is not about Services.
    pub pods: Pairs,
    /// The Services that it is about, as their waypoint checks it.
    pub services: Vec<String>,
    /// What is accepted.
    pub rules: Vec<AuthorizationRule>,
}

/// Calls that are accepted: from any of the sources, on the port.
#[derive(Debug, Serialize)]
pub struct AuthorizationRule {
    /// Identities; with none, and none unknown, anyone.
    pub principals: Vec<String>,
    /// Whether a caller without identity is accepted.
    pub unknown: bool,
    /// The numbers that the container listens on, or those of the Service.
    pub ports: Vec<String>,
}

/// How the pods of a namespace, or some of them, want to be called.
#[derive(Debug, Serialize)]
pub struct PeerAuthentication {
    /// Name and labels.
    pub meta: Meta,
    /// Labels of the pods that it is about; none is all of the namespace.
    pub pods: Pairs,
    /// `STRICT` or `PERMISSIVE`.
    pub tls: &'static str,
    /// Numbers that the containers listen on where plain text is accepted all the same.
    pub plain: Vec<String>,
}

/// What the proxies of some pods know of, and so what the pods can call.
#[derive(Debug, Serialize)]
pub struct Sidecar {
    /// Name and labels.
    pub meta: Meta,
    /// Labels of the pods that it is about.
    pub pods: Pairs,
    /// Hosts, each as `NAMESPACE/HOST`.
    pub hosts: Vec<String>,
    /// `REGISTRY_ONLY` or `ALLOW_ANY`.
    pub unknown: &'static str,
}
