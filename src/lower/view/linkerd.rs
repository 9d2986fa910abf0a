//! Objects of Linkerd.

use serde::Serialize;

use super::{Meta, Pairs};

/// A Server: a port of some pods, and what is accepted there where nothing else says so.
#[derive(Debug, Serialize)]
pub struct PortPolicy {
    /// Name and labels.
    pub meta: Meta,
    /// Labels of the pods.
    pub pods: Pairs,
    /// The number that the container listens on.
    pub port: u16,
    /// What is spoken there, in Linkerd's words.
    pub protocol: &'static str,
    /// `deny`, `all-authenticated` or `all-unauthenticated`.
    pub rest: &'static str,
}

/// Callers by the service accounts of their pods.
#[derive(Debug, Serialize)]
pub struct MeshTlsAuthentication {
    /// Name and labels.
    pub meta: Meta,
    /// The accounts: namespace and name.
    pub accounts: Vec<(String, String)>,
}

/// Callers by their addresses.
#[derive(Debug, Serialize)]
pub struct NetworkAuthentication {
    /// Name and labels.
    pub meta: Meta,
    /// Ranges of addresses.
    pub networks: Vec<&'static str>,
}

/// An AuthorizationPolicy of Linkerd: who is let in where.
#[derive(Debug, Serialize)]
pub struct PortAuthorization {
    /// Name and labels.
    pub meta: Meta,
    /// The Server or HTTPRoute of Linkerd, by kind and name.
    pub target: (&'static str, String),
    /// The authentication that is asked for, by kind and name.
    pub required: (&'static str, String),
}

/// An HTTPRoute of Linkerd's own: some paths of a port, so that a policy can be about them.
#[derive(Debug, Serialize)]
pub struct PortRoute {
    /// Name and labels.
    pub meta: Meta,
    /// The Server.
    pub server: String,
    /// Paths, any of which it is: the way to match, and the text.
    pub paths: Vec<(&'static str, String)>,
}
