//! Objects of Istio.

use serde::Serialize;

use super::{Meta, Pairs};

/// A Gateway of Istio.
#[derive(Debug, Serialize)]
pub struct IstioGateway {
    /// Name and labels.
    pub meta: Meta,
    /// Labels of the gateway's pods.
    pub selector: Pairs,
    /// Where it listens, and to what.
    pub servers: Vec<Server>,
}

/// A server of a Gateway of Istio.
#[derive(Debug, Serialize)]
pub struct Server {
    /// The name of its port.
    pub name: String,
    /// Its port.
    pub port: u16,
    /// Its protocol, in Istio's words.
    pub protocol: &'static str,
    /// Host names it answers for.
    pub hosts: Vec<String>,
    /// Whether calls are redirected to HTTPS.
    pub redirect: bool,
    /// Its TLS.
    pub tls: Option<ServerTls>,
}

/// The TLS of a server.
#[derive(Debug, Serialize)]
pub struct ServerTls {
    /// Who ends it: `SIMPLE`, `MUTUAL` or `PASSTHROUGH`.
    pub ends: &'static str,
    /// The Secret with its certificate, in the namespace of the gateway's pods.
    pub credential: Option<String>,
    /// The oldest version that is spoken.
    pub oldest: Option<&'static str>,
}

/// The versions of a host, as Istio knows them.
#[derive(Debug, Serialize)]
pub struct DestinationRule {
    /// Name and labels.
    pub meta: Meta,
    /// The host.
    pub host: String,
    /// TLS around the calls, of a host outside.
    pub tls: Option<Origination>,
    /// Limits, and when pods are taken out.
    pub breaker: Option<Breaker>,
    /// Names of the versions; each is a subset by its label.
    pub subsets: Vec<String>,
}

/// Limits of a host, and when its pods are taken out.
#[derive(Debug, Serialize)]
pub struct Breaker {
    /// Limits for connections: name of the field, value.
    pub tcp: Vec<(&'static str, Limit)>,
    /// Limits for requests: name of the field, value.
    pub http: Vec<(&'static str, Limit)>,
    /// When pods are taken out: name of the field, value. None takes none out.
    pub eject: Vec<(&'static str, Limit)>,
}

/// The value of a limit.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Limit {
    /// A count, or a share in percent.
    Count(u32),
    /// A length of time.
    Time(String),
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
    /// Routes of connections by server name, in order.
    pub tls: Vec<SniRoute>,
    /// TCP routes, in order.
    pub tcp: Vec<TcpRoute>,
}

/// A TLS route of a VirtualService.
#[derive(Debug, Serialize)]
pub struct SniRoute {
    /// The port called.
    pub port: u16,
    /// The server names asked for.
    pub hosts: Vec<String>,
    /// Where connections go.
    pub destinations: Vec<Destination>,
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
    /// What the calls look like when they arrive.
    pub rewrite: Option<IstioRewrite>,
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

/// What calls of a route look like when they arrive.
#[derive(Clone, Debug, Serialize)]
pub struct IstioRewrite {
    /// The part of the path that is replaced, as an expression, and what replaces it.
    pub path: Option<(String, String)>,
    /// The host.
    pub host: Option<String>,
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
    /// A cookie that answers from here set.
    pub cookie: Option<String>,
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
    /// The component that calls: its label and its namespace.
    pub caller: Option<(String, String)>,
}

/// A TCP route of a VirtualService.
#[derive(Debug, Serialize)]
pub struct TcpRoute {
    /// The port called.
    pub port: u16,
    /// The components that call, by label and namespace; none is every caller.
    pub callers: Vec<(String, String)>,
    /// Where connections go.
    pub destinations: Vec<Destination>,
}

/// An address outside, as Istio knows it.
#[derive(Debug, Serialize)]
pub struct ServiceEntry {
    /// Name and labels.
    pub meta: Meta,
    /// The hosts.
    pub hosts: Vec<String>,
    /// Its ports.
    pub ports: Vec<ServiceEntryPort>,
}

/// TLS that proxies put around calls to a host.
#[derive(Debug, Serialize)]
pub struct Origination {
    /// Who shows a certificate: `SIMPLE` or `MUTUAL`.
    pub shows: &'static str,
    /// The name asked for.
    pub sni: String,
    /// The file with the authority in the proxy, or `system`.
    pub authority: String,
    /// The files with the certificate that is shown, and its key.
    pub certificate: Option<(String, String)>,
}

/// A port of a ServiceEntry.
#[derive(Debug, Serialize)]
pub struct ServiceEntryPort {
    /// Its name.
    pub name: String,
    /// Its number.
    pub number: u16,
    /// The number that the other side listens on, where it is another.
    pub target: Option<u16>,
    /// What is spoken there, in Istio's words.
    pub protocol: &'static str,
}
