//! What connects: calls between components, and entries from outside.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{EnvName, Host, Label, Name, UrlPath};

/// A call to another component.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
pub struct Dependency {
    /// Which of the callee's ports; needed when it has several.
    #[schemars(example = &"http")]
    #[schemars(extend("x-names" = "callee-port"))]
    pub port: Option<Name>,
    /// The variables that tell the caller where to call. Without it: `<ALIAS>_HOST` and `<ALIAS>_PORT`.
    pub env: Option<BTreeMap<EnvName, Connection>>,
    /// Whether the caller works without the callee.
    #[schemars(example = true)]
    pub optional: Option<bool>,
}

/// What a connection variable holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
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
    /// Through the shared gateway, or a load balancer of its own. Without it: `gateway`.
    #[schemars(example = &"load-balancer")]
    pub via: Option<Via>,
}

/// What stands between the outside and an exposed port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Via {
    /// The application's gateway.
    Gateway,
    /// A Service of type LoadBalancer named `<component>-external`.
    LoadBalancer,
}

/// The entry that exposed components share.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
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
