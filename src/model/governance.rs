//! Who governs the traffic between components.

use schemars::JsonSchema;
use serde::Deserialize;

/// Who governs the traffic between components.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Governance {
    /// Plain Services: a version's share follows its replicas.
    Kubernetes,
    /// Istio with sidecars.
    Istio,
    /// Istio without sidecars: a proxy on each node, and one before components whose requests have
    /// to be looked at.
    IstioAmbient,
    /// Linkerd: a small proxy in each pod.
    Linkerd,
    /// Dapr: sidecars that programs call by themselves.
    Dapr,
    /// Envoy proxies that weft itself puts beside the programs.
    Envoy,
}

/// Who governs the calls of one component, where it is not the application's mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Exemption {
    /// Nobody: its pods get no proxy of the mesh.
    None,
}

impl Governance {
    /// Every mode.
    pub const ALL: [Self; 6] =
        [Self::Kubernetes, Self::Istio, Self::IstioAmbient, Self::Linkerd, Self::Dapr, Self::Envoy];

    /// The mode's name in the file and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kubernetes => "kubernetes",
            Self::Istio => "istio",
            Self::IstioAmbient => "istio-ambient",
            Self::Dapr => "dapr",
            Self::Envoy => "envoy",
            Self::Linkerd => "linkerd",
        }
    }

    /// What messages call it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Kubernetes => "plain Kubernetes",
            Self::Istio => "Istio",
            Self::IstioAmbient => "Istio without sidecars",
            Self::Dapr => "Dapr",
            Self::Envoy => "Envoy",
            Self::Linkerd => "Linkerd",
        }
    }

    /// Whether calls pass a proxy that sees requests.
    pub const fn has_proxies(self) -> bool {
        !matches!(self, Self::Kubernetes)
    }

    /// Whether it encrypts the calls between components, and so knows callers by identity.
    pub const fn secures_calls(self) -> bool {
        matches!(self, Self::Istio | Self::IstioAmbient | Self::Linkerd | Self::Dapr)
    }

    /// Whether its proxies catch what passes by, and tell by addresses and numbers whom it is for.
    /// Those of Linkerd go by the addresses of Services alone.
    pub const fn catches_calls(self) -> bool {
        matches!(self, Self::Istio | Self::IstioAmbient)
    }

    /// The user id of its proxies, whose own calls they let pass.
    /// Source: `DefaultSidecarProxyUID` in istio.io/istio/pkg/kube/inject; `proxy.uid` in the values of
    /// Linkerd's chart `linkerd-control-plane`.
    pub const fn proxy_user(self) -> Option<u32> {
        match self {
            Self::Istio => Some(1337),
            Self::Linkerd => Some(2102),
            // Those of Envoy catch nothing that passes by; they are called. So are those of Dapr.
            Self::Kubernetes | Self::IstioAmbient | Self::Dapr | Self::Envoy => None,
        }
    }

    /// Whether it treats calls by routes of Gateway API that hang on Services.
    pub const fn routes_services(self) -> bool {
        matches!(self, Self::IstioAmbient | Self::Linkerd)
    }

    /// The numbers on which its proxies listen in each pod.
    /// Source: "Ports used by Istio" in Istio's documentation of requirements for applications;
    /// `proxy.ports` in the values of Linkerd's chart `linkerd-control-plane`.
    pub const fn proxy_ports(self) -> &'static [u16] {
        match self {
            // Those of Envoy take what programs leave free.
            Self::Kubernetes | Self::Envoy => &[],
            Self::Istio => &[15000, 15001, 15004, 15006, 15008, 15020, 15021, 15053, 15090],
            Self::IstioAmbient => &[15001, 15006, 15008, 15020, 15021, 15053],
            // Where it tells its numbers, it can be moved. Source: dapr/pkg/injector/patcher.
            Self::Dapr => &[3500, 3501, 50001, 50002],
            Self::Linkerd => &[4140, 4143, 4190, 4191],
        }
    }

    /// Whether it is Istio, with sidecars or without.
    pub const fn is_istio(self) -> bool {
        matches!(self, Self::Istio | Self::IstioAmbient)
    }
}
