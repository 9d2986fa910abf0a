//! The views: one struct for each template, plain data in the shape of the object.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::source::{Path, Place};

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
    Job(Workload),
    Gateway(Gateway),
    HttpRoute(HttpRoute),
    Ingress(Ingress),
    IstioGateway(IstioGateway),
    DestinationRule(DestinationRule),
    VirtualService(VirtualService),
    ServiceEntry(ServiceEntry),
}

impl Body {
    /// The template that prints it, `<mode>/<kind>`.
    pub const fn template(&self) -> &'static str {
        match self {
            Self::Namespace(_) => "kubernetes/namespace",
            Self::ServiceAccount(_) => "kubernetes/service-account",
            Self::ConfigMap(_) => "kubernetes/config-map",
            Self::PersistentVolumeClaim(_) => "kubernetes/persistent-volume-claim",
            Self::Service(_) => "kubernetes/service",
            Self::EndpointSlice(_) => "kubernetes/endpoint-slice",
            Self::Deployment(_) => "kubernetes/deployment",
            Self::StatefulSet(_) => "kubernetes/stateful-set",
            Self::Job(_) => "kubernetes/job",
            Self::Gateway(_) => "kubernetes/gateway",
            Self::HttpRoute(_) => "kubernetes/http-route",
            Self::Ingress(_) => "kubernetes/ingress",
            Self::IstioGateway(_) => "istio/gateway",
            Self::DestinationRule(_) => "istio/destination-rule",
            Self::VirtualService(_) => "istio/virtual-service",
            Self::ServiceEntry(_) => "istio/service-entry",
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
    /// `ClusterIP`, `LoadBalancer` or `ExternalName`.
    pub kind: &'static str,
    /// Whether it has no address of its own.
    pub headless: bool,
    /// Labels of the pods; none where the addresses are written elsewhere.
    pub selector: Pairs,
    /// The name it stands for, of an external component.
    pub external_name: Option<String>,
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
    /// The address.
    pub address: String,
    /// Its ports.
    pub ports: Vec<ServicePort>,
}

/// A Deployment, StatefulSet or Job.
#[derive(Debug, Serialize)]
pub struct Workload {
    /// Name and labels.
    pub meta: Meta,
    /// Number of pods.
    pub replicas: u32,
    /// Labels that tell its pods from all others; never changes.
    pub selector: Pairs,
    /// The Service that names the pods, of a StatefulSet.
    pub service: String,
    /// Storage that each pod of a StatefulSet has of its own.
    pub claims: Vec<(String, Claim)>,
    /// The pods.
    pub pod: super::pod::Pod,
}

/// A Gateway of Gateway API.
#[derive(Debug, Serialize)]
pub struct Gateway {
    /// Name and labels.
    pub meta: Meta,
    /// Its GatewayClass.
    pub class: String,
    /// The port it listens on.
    pub port: u16,
}

/// An HTTPRoute of Gateway API.
#[derive(Debug, Serialize)]
pub struct HttpRoute {
    /// Name and labels.
    pub meta: Meta,
    /// The Gateway it hangs on.
    pub gateway: String,
    /// Host names; none is all of the Gateway's.
    pub hosts: Vec<String>,
    /// Its rules.
    pub rules: Vec<HttpRouteRule>,
}

/// A rule of an HTTPRoute.
#[derive(Debug, Serialize)]
pub struct HttpRouteRule {
    /// Conditions, one of which must hold.
    pub matches: Vec<HttpRouteMatch>,
    /// Where calls go.
    pub backends: Vec<Backend>,
    /// The Service that gets a copy, its port, and of how many calls in 100.
    pub mirror: Option<Copy>,
    /// The longest a call may take.
    pub timeout: Option<String>,
}

/// A Service that gets a copy.
#[derive(Debug, Serialize)]
pub struct Copy {
    /// Its name.
    pub service: String,
    /// Its port.
    pub port: u16,
    /// Of how many calls in 100.
    pub percent: u8,
}

/// A backend of an HTTPRoute.
#[derive(Debug, Serialize)]
pub struct Backend {
    /// The Service.
    pub service: String,
    /// Its port.
    pub port: u16,
    /// Its share; none where it is alone.
    pub weight: Option<u8>,
}

/// A condition of an HTTPRoute.
#[derive(Clone, Debug, Serialize)]
pub struct HttpRouteMatch {
    /// `Exact`, `PathPrefix` or `RegularExpression`, and the text.
    pub path: Option<(&'static str, String)>,
    /// The method.
    pub method: Option<&'static str>,
    /// Headers: name, way to match, text.
    pub headers: Vec<(String, &'static str, String)>,
    /// Query parameters: name, way to match, text.
    pub query: Vec<(String, &'static str, String)>,
}

/// An Ingress.
#[derive(Debug, Serialize)]
pub struct Ingress {
    /// Name and labels.
    pub meta: Meta,
    /// Its IngressClass.
    pub class: Option<String>,
    /// Hosts with their paths; no host is any.
    pub hosts: Vec<IngressHost>,
}

/// A host of an Ingress.
#[derive(Debug, Serialize)]
pub struct IngressHost {
    /// The host name.
    pub host: Option<String>,
    /// Its paths.
    pub paths: Vec<IngressPath>,
}

/// A path of an Ingress.
#[derive(Debug, Serialize)]
pub struct IngressPath {
    /// `Exact` or `Prefix`.
    pub kind: &'static str,
    /// The path.
    pub path: String,
    /// The Service.
    pub service: String,
    /// Its port.
    pub port: u16,
}

/// A Gateway of Istio.
#[derive(Debug, Serialize)]
pub struct IstioGateway {
    /// Name and labels.
    pub meta: Meta,
    /// Labels of the gateway's pods.
    pub selector: Pairs,
    /// The port it listens on.
    pub port: u16,
    /// Host names it answers for.
    pub hosts: Vec<String>,
}

/// The versions of a host, as Istio knows them.
#[derive(Debug, Serialize)]
pub struct DestinationRule {
    /// Name and labels.
    pub meta: Meta,
    /// The host.
    pub host: String,
    /// Names of the versions; each is a subset by its label.
    pub subsets: Vec<String>,
}

/// The routes of a host.
#[derive(Debug, Serialize)]
pub struct VirtualService {
    /// Name and labels.
    pub meta: Meta,
    /// The hosts.
    pub hosts: Vec<String>,
    /// The gateways it is bound to: `mesh`, or one of ours.
    pub gateways: Vec<String>,
    /// HTTP routes, in order.
    pub http: Vec<HttpRouteOfIstio>,
    /// TCP routes, in order.
    pub tcp: Vec<TcpRoute>,
}

/// An HTTP route of a VirtualService.
#[derive(Debug, Serialize)]
pub struct HttpRouteOfIstio {
    /// Its name, for statistics.
    pub name: String,
    /// Conditions, one of which must hold; none is every call.
    pub matches: Vec<IstioMatch>,
    /// Where calls go.
    pub destinations: Vec<Destination>,
    /// Retries: attempts, time of each, what counts as failed. None leaves it to the mesh.
    pub retries: Option<IstioRetries>,
    /// The longest a call may take.
    pub timeout: Option<String>,
    /// A delay: time, and of how many calls in 100.
    pub delay: Option<(String, u8)>,
    /// An abort: status, and of how many calls in 100.
    pub abort: Option<(u16, u8)>,
    /// A copy: where to, and of how many calls in 100.
    pub mirror: Option<(Destination, u8)>,
}

/// Retries of a route.
#[derive(Clone, Debug, Serialize)]
pub struct IstioRetries {
    /// The most tries after the first.
    pub attempts: u32,
    /// How long each may take.
    pub per_try: Option<String>,
    /// What counts as failed.
    pub on: Option<String>,
}

/// A destination of a route.
#[derive(Clone, Debug, Serialize)]
pub struct Destination {
    /// The host.
    pub host: String,
    /// The version.
    pub subset: Option<String>,
    /// The port.
    pub port: u16,
    /// Its share; none where it is alone.
    pub weight: Option<u8>,
}

/// A condition of a route.
#[derive(Clone, Debug, Default, Serialize)]
pub struct IstioMatch {
    /// Its name, for statistics and messages: that of its route.
    pub name: String,
    /// The path: way to match, and text.
    pub uri: Option<(&'static str, String)>,
    /// The method.
    pub method: Option<&'static str>,
    /// Headers: name, way to match, text; no way is "present".
    pub headers: Vec<(String, Option<&'static str>, String)>,
    /// Headers that must not be so.
    pub without: Vec<(String, Option<&'static str>, String)>,
    /// Query parameters: name, way to match, text.
    pub query: Vec<(String, &'static str, String)>,
    /// The port called, where the host has several.
    pub port: Option<u16>,
}

/// A TCP route of a VirtualService.
#[derive(Debug, Serialize)]
pub struct TcpRoute {
    /// The port called.
    pub port: u16,
    /// Where connections go.
    pub destinations: Vec<Destination>,
}

/// An address outside, as Istio knows it.
#[derive(Debug, Serialize)]
pub struct ServiceEntry {
    /// Name and labels.
    pub meta: Meta,
    /// The host.
    pub host: String,
    /// Its ports.
    pub ports: Vec<ServiceEntryPort>,
}

/// A port of a ServiceEntry.
#[derive(Debug, Serialize)]
pub struct ServiceEntryPort {
    /// Its name.
    pub name: String,
    /// Its number.
    pub number: u16,
    /// What is spoken there, in Istio's words.
    pub protocol: &'static str,
}
