//! What connects: calls between components, and entries from outside.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};

use super::schema::EXPECTED;
use super::{EnvName, Host, Label, Name, SecretName, UrlPath};

/// A call to another component.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
pub struct Dependency {
    /// Which of the callee's ports; needed when it has several.
    #[schemars(example = &"http")]
    #[schemars(extend("x-names" = "callee-port"))]
    pub port: Option<Name>,
    /// The variables that tell the caller where to call. Without it: `<ALIAS>_HOST` and `<ALIAS>_PORT`.
    #[schemars(example = BTreeMap::from([("REVIEWS_URL", "url")]))]
    pub env: Option<BTreeMap<EnvName, Variable>>,
    /// Whether the caller works without the callee.
    #[schemars(example = true)]
    pub optional: Option<bool>,
    /// Whom the program calls in the callee's place. `dapr`: its own sidecar of Dapr, with the
    /// callee's app id. Without it: the callee.
    #[schemars(example = &"dapr")]
    pub through: Option<Through>,
}

/// Whom a program calls in the place of another component.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Through {
    /// Its own sidecar of Dapr.
    Dapr,
}

/// What a variable of a dependency holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Variable {
    /// Where to call.
    Connection(Connection),
    /// What the callee gives under this name.
    Given(EnvName),
}

impl JsonSchema for Variable {
    fn schema_name() -> Cow<'static, str> {
        "Variable".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let (pattern, longest, _) = EnvName::KEY_FORM;
        json_schema!({
            "type": "string", "pattern": pattern, "maxLength": longest, "examples": ["host"],
            EXPECTED: "`host`, `port`, `address`, `url`, or a variable of the callee's `connect`",
        })
    }
}

impl<'de> Deserialize<'de> for Variable {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = EnvName::deserialize(deserializer)?;
        let known = Connection::ALL.into_iter().find(|what| what.name() == &*name);
        Ok(known.map_or(Self::Given(name), Self::Connection))
    }
}

/// Where to call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Connection {
    /// The host name.
    Host,
    /// The port number.
    Port,
    /// `host:port`.
    Address,
    /// `scheme://host:port`.
    Url,
}

impl Connection {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Host, Self::Port, Self::Address, Self::Url];

    /// The word in the file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Port => "port",
            Self::Address => "address",
            Self::Url => "url",
        }
    }
}

/// How the outside reaches a port. Without paths: every path.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Expose {
    /// The host names. Without it: the gateway's.
    #[schemars(example = ["shop.example.com"])]
    pub hosts: Option<Vec<Host>>,
    /// Paths that are reached exactly as written.
    #[schemars(example = ["/login"])]
    pub exact: Option<Vec<UrlPath>>,
    /// Paths that are reached with all that is below them: `/api` is `/api` and `/api/v1`, not `/apix`.
    #[schemars(example = ["/api"])]
    pub prefix: Option<Vec<UrlPath>>,
    /// Texts that a path may start with: `/api` is also `/apix`. Istio only.
    #[schemars(example = ["/static"])]
    pub starts_with: Option<Vec<UrlPath>>,
    /// Through the shared gateway, a load balancer of its own, or a port of every node. Without it:
    /// `gateway`.
    #[schemars(example = &"load-balancer")]
    pub via: Option<Via>,
    /// For `node-port`: the number on the nodes. Without it: one that Kubernetes picks.
    #[schemars(range(min = 30_000, max = 32_767), example = 31_000)]
    pub node_port: Option<u16>,
    /// A port of the gateway's own, for what is no HTTP: every connection to it comes here.
    #[schemars(range(min = 1), example = 5432)]
    pub port: Option<u16>,
}

/// What stands between the outside and an exposed port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Via {
    /// The application's gateway.
    Gateway,
    /// A Service of type LoadBalancer named `<component>-external`.
    LoadBalancer,
    /// A Service of type NodePort named `<component>-node-port`: a port of every node.
    NodePort,
}

impl Via {
    /// Whether connections are passed on as they come, by something that sees no requests.
    pub const fn is_blind(self) -> bool {
        matches!(self, Self::LoadBalancer | Self::NodePort)
    }

    /// What messages call it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::LoadBalancer => "load balancer",
            Self::NodePort => "node port",
        }
    }
}

/// The entry that exposed components share.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Gateway {
    /// Which API describes it. Without it: `istio` in the istio mode, else `gateway-api`.
    #[schemars(example = &"gateway-api")]
    pub kind: Option<GatewayKind>,
    /// The GatewayClass or IngressClass. Gateway API cannot do without one.
    #[schemars(example = &"istio")]
    #[schemars(regex(pattern = "^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$"))]
    pub class: Option<String>,
    /// The host names it answers for; `*` is any.
    #[schemars(example = ["bookinfo.example.com"])]
    pub hosts: Option<Vec<Host>>,
    /// The port it listens on. Without it: 80.
    #[schemars(range(min = 1), example = 8080)]
    pub port: Option<u16>,
    /// For `istio`: the labels of the gateway's pods. Without it: `istio: ingressgateway`.
    #[schemars(example = BTreeMap::from([("istio", "ingressgateway")]))]
    pub selector: Option<BTreeMap<Label, String>>,
    /// TLS, beside plain HTTP. Without it: plain HTTP alone.
    pub tls: Option<GatewayTls>,
    /// The namespace of the gateway's pods, which a policy lets in. Without it: for `istio`
    /// `istio-system`, else unknown.
    #[schemars(example = &"istio-ingress")]
    pub namespace: Option<Name>,
    /// For `istio`, and with `namespace` for a gateway in the mesh of Linkerd: the identity of the
    /// gateway's pods, which a policy lets in. Without it: for `istio`
    /// `istio-ingressgateway-service-account`, else none.
    #[schemars(example = &"istio-ingress")]
    pub service_account: Option<Name>,
}

/// TLS at the entry.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GatewayTls {
    /// The Secret, of type `kubernetes.io/tls`, with the certificate of every host that has none of
    /// its own under `certificates`.
    #[schemars(example = &"shop-tls")]
    pub secret: Option<SecretName>,
    /// Certificates of single hosts: host to Secret. `*.example.com` is every host one label below.
    #[schemars(example = BTreeMap::from([("shop.example.com", "shop-tls")]))]
    pub certificates: Option<BTreeMap<Host, SecretName>>,
    /// Who ends TLS, and whether callers show certificates. Without it: `terminate`.
    #[schemars(example = &"mutual")]
    pub mode: Option<TlsMode>,
    /// The port it listens on. Without it: 443.
    #[schemars(range(min = 1), example = 8443)]
    pub port: Option<u16>,
    /// The oldest version of TLS that is spoken. Without it: the gateway's own choice. Istio only.
    #[schemars(example = &"TLSv1.3")]
    pub min_version: Option<TlsVersion>,
    /// Whether plain HTTP is answered with a redirect to HTTPS. Without it: plain HTTP is served too.
    #[schemars(example = true)]
    pub redirect: Option<bool>,
}

/// Who ends TLS at the entry, and whether callers show certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TlsMode {
    /// The gateway, with its certificate.
    Terminate,
    /// The gateway, and callers must show a certificate that the Secret's `ca.crt` vouches for.
    Mutual,
    /// The component: ports that speak `https` or `tls` get their connections unopened.
    Passthrough,
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[allow(missing_docs, reason = "the numbers are the protocol's own")]
pub enum TlsVersion {
    #[serde(rename = "TLSv1.2")]
    V12,
    #[serde(rename = "TLSv1.3")]
    V13,
}

/// Which API describes the entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum GatewayKind {
    /// Gateway and HTTPRoute of `gateway.networking.k8s.io`.
    GatewayApi,
    /// Ingress of `networking.k8s.io`.
    Ingress,
    /// Gateway and VirtualService of `networking.istio.io`.
    Istio,
}

impl GatewayKind {
    /// The kind's name in the file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::GatewayApi => "gateway-api",
            Self::Ingress => "ingress",
            Self::Istio => "istio",
        }
    }
}
