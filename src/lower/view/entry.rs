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
    /// The port it listens on.
    pub port: u16,
    /// The namespaces whose routes it takes; none is its own alone.
    pub namespaces: Vec<String>,
}

/// An HTTPRoute of Gateway API.
#[derive(Debug, Serialize)]
pub struct HttpRoute {
    /// Name and labels.
    pub meta: Meta,
    /// The Gateway it hangs on.
    pub gateway: String,
    /// The namespace of that Gateway, where it is another.
    pub gateway_namespace: Option<String>,
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
