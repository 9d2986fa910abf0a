//! The views: one struct for each template, plain data in the shape of the object.

mod batch;
mod core;
mod custom;
mod dapr;
mod entry;
pub mod given;
mod istio;
mod linkerd;
mod operation;
mod policy;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::source::{Path, Place};

pub use batch::*;
pub use core::*;
pub use custom::*;
pub use dapr::*;
pub use entry::*;
pub use istio::*;
pub use linkerd::*;
pub use operation::*;
pub use policy::*;

/// Pairs in the order in which a template prints them.
pub type Pairs = Vec<(String, String)>;

/// One object to be.
#[derive(Debug)]
pub struct View {
    /// What it says.
    pub body: Body,
    /// The place in the app file that it comes from.
    pub origin: Path,
    /// Where single fields come from.
    pub trace: Trace,
    /// Rank of its component in the order of creation; 0 is the application itself.
    pub rank: usize,
}

impl View {
    /// A view of the application itself; the caller ranks those of components.
    pub fn new(body: Body, origin: Path, trace: Trace) -> Self {
        Self { body, origin, trace, rank: 0 }
    }
}

/// Paths of an object's fields, with the places that they come from.
#[derive(Debug, Default)]
pub struct Trace(pub Vec<(String, Place)>);

impl Trace {
    /// Adds a field.
    #[must_use]
    pub fn at(mut self, field: impl Into<String>, place: Place) -> Self {
        self.add(field, place);
        self
    }

    /// Adds a field.
    pub fn add(&mut self, field: impl Into<String>, place: Place) {
        self.0.push((field.into(), place));
    }
}

/// Every kind of view.
#[derive(Debug, Serialize)]
#[serde(untagged)]
#[allow(missing_docs, reason = "each is documented at its struct")]
pub enum Body {
    Namespace(Namespace),
    ServiceAccount(ServiceAccount),
    ConfigMap(ConfigMap),
    PersistentVolumeClaim(PersistentVolumeClaim),
    Service(Service),
    EndpointSlice(EndpointSlice),
    Deployment(Workload),
    StatefulSet(Workload),
    DaemonSet(Workload),
    Job(Job),
    CronJob(CronJob),
    HorizontalPodAutoscaler(HorizontalPodAutoscaler),
    PodDisruptionBudget(PodDisruptionBudget),
    ServiceMonitor(Monitor),
    PodMonitor(Monitor),
    Gateway(Gateway),
    HttpRoute(HttpRoute),
    TlsRoute(StreamRoute),
    TcpRoute(StreamRoute),
    Ingress(Ingress),
    IstioGateway(IstioGateway),
    DestinationRule(DestinationRule),
    VirtualService(VirtualService),
    ServiceEntry(ServiceEntry),
    NetworkPolicy(NetworkPolicy),
    AuthorizationPolicy(AuthorizationPolicy),
    PeerAuthentication(PeerAuthentication),
    Sidecar(Sidecar),
    DaprComponent(DaprComponent),
    DaprConfiguration(DaprConfiguration),
    DaprResiliency(DaprResiliency),
    PortPolicy(PortPolicy),
    MeshTlsAuthentication(MeshTlsAuthentication),
    NetworkAuthentication(NetworkAuthentication),
    PortAuthorization(PortAuthorization),
    PortRoute(PortRoute),
    Custom(Box<Custom>),
}

impl Body {
    /// The template that prints it, `<mode>/<kind>`; of a mode of the author's own, its file.
    pub fn template(&self) -> &str {
        match self {
            Self::Namespace(_) => "kubernetes/namespace",
            Self::ServiceAccount(_) => "kubernetes/service-account",
            Self::ConfigMap(_) => "kubernetes/config-map",
            Self::PersistentVolumeClaim(_) => "kubernetes/persistent-volume-claim",
            Self::Service(_) => "kubernetes/service",
            Self::EndpointSlice(_) => "kubernetes/endpoint-slice",
            Self::Deployment(_) => "kubernetes/deployment",
            Self::StatefulSet(_) => "kubernetes/stateful-set",
            Self::DaemonSet(_) => "kubernetes/daemon-set",
            Self::Job(_) => "kubernetes/job",
            Self::CronJob(_) => "kubernetes/cron-job",
            Self::HorizontalPodAutoscaler(_) => "kubernetes/horizontal-pod-autoscaler",
            Self::PodDisruptionBudget(_) => "kubernetes/pod-disruption-budget",
            Self::ServiceMonitor(_) => "kubernetes/service-monitor",
            Self::PodMonitor(_) => "kubernetes/pod-monitor",
            Self::Gateway(_) => "kubernetes/gateway",
            Self::HttpRoute(_) => "kubernetes/http-route",
            Self::TlsRoute(_) => "kubernetes/tls-route",
            Self::TcpRoute(_) => "kubernetes/tcp-route",
            Self::Ingress(_) => "kubernetes/ingress",
            Self::IstioGateway(_) => "istio/gateway",
            Self::DestinationRule(_) => "istio/destination-rule",
            Self::VirtualService(_) => "istio/virtual-service",
            Self::ServiceEntry(_) => "istio/service-entry",
            Self::NetworkPolicy(_) => "kubernetes/network-policy",
            Self::AuthorizationPolicy(_) => "istio/authorization-policy",
            Self::PeerAuthentication(_) => "istio/peer-authentication",
            Self::Sidecar(_) => "istio/sidecar",
            Self::DaprComponent(_) => "dapr/component",
            Self::DaprConfiguration(_) => "dapr/configuration",
            Self::DaprResiliency(_) => "dapr/resiliency",
            Self::PortPolicy(_) => "linkerd/server",
            Self::MeshTlsAuthentication(_) => "linkerd/mesh-tls-authentication",
            Self::NetworkAuthentication(_) => "linkerd/network-authentication",
            Self::PortAuthorization(_) => "linkerd/authorization-policy",
            Self::PortRoute(_) => "linkerd/http-route",
            Self::Custom(custom) => &custom.template.name,
        }
    }
}

/// Name and labels.
#[derive(Clone, Debug, Serialize)]
pub struct Meta {
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: Option<String>,
    /// Its labels.
    pub labels: Pairs,
    /// Its annotations.
    pub annotations: Pairs,
}

impl Meta {
    /// Name, namespace and labels; no annotations.
    pub fn new(name: String, namespace: Option<&str>, labels: BTreeMap<String, String>) -> Self {
        Self {
            name,
            namespace: namespace.map(str::to_owned),
            labels: labels.into_iter().collect(),
            annotations: Vec::new(),
        }
    }
}
