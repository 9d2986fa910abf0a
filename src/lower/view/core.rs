//! Objects of Kubernetes itself.

use serde::Serialize;

use super::{Meta, Pairs};

/// A namespace.
#[derive(Debug, Serialize)]
pub struct Namespace {
    /// Name and labels.
    pub meta: Meta,
}

/// An identity.
#[derive(Debug, Serialize)]
pub struct ServiceAccount {
    /// Name and labels.
    pub meta: Meta,
}

/// Shipped files.
#[derive(Debug, Serialize)]
pub struct ConfigMap {
    /// Name and labels.
    pub meta: Meta,
    /// Texts by key.
    pub texts: Pairs,
    /// Bytes by key, in base64.
    pub bytes: Vec<(String, k8s_openapi::ByteString)>,
}

/// Storage that outlives the pod.
#[derive(Debug, Serialize)]
pub struct PersistentVolumeClaim {
    /// Name and labels.
    pub meta: Meta,
    /// What is claimed.
    pub claim: Claim,
}

/// What is claimed.
#[derive(Debug, Serialize)]
pub struct Claim {
    /// How much.
    pub size: String,
    /// The storage class.
    pub class: Option<String>,
    /// Who can mount it.
    pub access: &'static str,
}

/// A name and the ports behind it.
#[derive(Debug, Serialize)]
pub struct Service {
    /// Name and labels.
    pub meta: Meta,
    /// `ClusterIP`, `NodePort`, `LoadBalancer` or `ExternalName`.
    pub kind: &'static str,
    /// Whether it has no address of its own.
    pub headless: bool,
    /// Labels of the pods; none where the addresses are written elsewhere.
    pub selector: Pairs,
    /// The name it stands for, of an external component.
    pub external_name: Option<String>,
    /// Whether it has addresses of both families behind it.
    pub both_families: bool,
    /// Its ports.
    pub ports: Vec<ServicePort>,
}

/// A port of a Service.
#[derive(Clone, Debug, Serialize)]
pub struct ServicePort {
    /// Its name, which begins with the protocol.
    pub name: String,
    /// The number that callers use.
    pub port: u16,
    /// The number that the container listens on.
    pub target: u16,
    /// The name that it has in the pods, where its number there may differ from pod to pod.
    pub target_name: Option<String>,
    /// The number on every node, where the file picks it.
    pub node_port: Option<u16>,
    /// `TCP`, `UDP` or `SCTP`.
    pub transport: &'static str,
    /// What is spoken there.
    pub app_protocol: Option<&'static str>,
}

/// Addresses of an external component.
#[derive(Debug, Serialize)]
pub struct EndpointSlice {
    /// Name and labels.
    pub meta: Meta,
    /// `IPv4` or `IPv6`.
    pub family: &'static str,
    /// The addresses.
    pub addresses: Vec<String>,
    /// Its ports.
    pub ports: Vec<ServicePort>,
}

/// A Deployment, StatefulSet or DaemonSet.
#[derive(Debug, Serialize)]
pub struct Workload {
    /// Name and labels.
    pub meta: Meta,
    /// Number of pods; none where an autoscaler decides, and a DaemonSet has one on each node.
    pub replicas: Option<u32>,
    /// How its pods are replaced.
    pub rollout: super::Rollout,
    /// Labels that tell its pods from all others; never changes.
    pub selector: Pairs,
    /// The Service that names the pods, of a StatefulSet.
    pub service: String,
    /// Storage that each pod of a StatefulSet has of its own.
    pub claims: Vec<(String, Claim)>,
    /// The pods.
    pub pod: crate::lower::pod::Pod,
}
