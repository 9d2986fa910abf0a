//! Objects of the entry: Gateway API and Ingress.

use serde::Serialize;

use super::Meta;

/// A Gateway of Gateway API.
#[derive(Debug, Serialize)]
pub struct Gateway {
    /// Name and labels.
    pub meta: Meta,
    /// Its GatewayClass.
    pub class: String,
    /// Where it listens, and to what.
    pub listeners: Vec<Listener>,
    /// The namespaces whose routes it takes; none is its own alone.
    pub namespaces: Vec<String>,
}

/// A listener of a Gateway.
#[derive(Debug, Serialize)]
pub struct Listener {
    /// Its name.
    pub name: String,
    /// Its protocol, in Gateway API's words.
    pub protocol: &'static str,
    /// Its port.
    pub port: u16,
    /// The one host it is for; none is every host.
    pub host: Option<String>,
    /// The Secret with its certificate.
    pub certificate: Option<String>,
    /// Whether TLS is passed on unopened.
    pub passthrough: bool,
}

/// What a route hangs on: a Gateway, or the Service whose calls it takes.
#[derive(Debug, Serialize)]
pub struct Parent {
    /// The API group.
    pub group: &'static str,
    /// `Gateway` or `Service`.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// Its namespace, where it is another than the route's.
    pub namespace: Option<String>,
    /// The listener of a Gateway; none is every one that takes the route.
    pub section: Option<String>,
    /// The port of a Service.
    pub port: Option<u16>,
}

impl Parent {
    /// Every listener of a Gateway in the namespace of the route.
    pub fn gateway(name: String) -> Self {
        let (group, kind) = ("gateway.networking.k8s.io", "Gateway");
        Self { group, kind, name, namespace: None, section: None, port: None }
    }

    /// A port of a Service in the namespace of the route.
    pub fn service(name: String, port: u16) -> Self {
        let (group, kind) = ("", "Service");
        Self { group, kind, name, namespace: None, section: None, port: Some(port) }
    }
}

/// A TLSRoute or a TCPRoute of Gateway API.
#[derive(Debug, Serialize)]
pub struct StreamRoute {
    /// Name and labels.
    pub meta: Meta,
    /// The listener that it hangs on.
    pub parents: Vec<Parent>,
    /// Server names, of a TLSRoute.
    pub hosts: Vec<String>,
    /// Where connections go.
    pub backends: Vec<Backend>,
}

/// An HTTPRoute of Gateway API.
#[derive(Debug, Serialize)]
pub struct HttpRoute {
    /// Name and labels.
    pub meta: Meta,
    /// The listeners that it hangs on.
    pub parents: Vec<Parent>,
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
    /// What the calls look like when they arrive.
    pub rewrite: Option<RouteRewrite>,
    /// The longest a call may take.
    pub timeout: Option<String>,
    /// The port of HTTPS to which calls are redirected, instead of going anywhere.
    pub redirect: Option<u16>,
}

/// What calls of a rule look like when they arrive.
#[derive(Debug, Serialize)]
pub struct RouteRewrite {
    /// The path: the kind of replacement, the field that it stands in, and its text.
    pub path: Option<(&'static str, &'static str, String)>,
    /// The host.
    pub host: Option<String>,
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
    /// A cookie that answers from here set.
    pub cookie: Option<String>,
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
    /// Certificates: the hosts and the Secret. No host is any.
    pub tls: Vec<(Vec<String>, String)>,
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
