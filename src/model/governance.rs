//! Who governs the traffic between components.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;
use serde_json::json;

use super::Name;
use super::mode::Definition;
use super::schema::{EXPECTED, SUGGESTED};

/// The name of a mode, as it is written: one that weft has, or one of the author's own.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct ModeName(pub Name);

/// Who governs the traffic between components.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, JsonSchema)]
#[schemars(rename_all = "kebab-case")]
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
    /// A mode of the author's own.
    #[schemars(skip)]
    Custom(&'static Definition),
}

/// Who governs the calls of one component, where it is not the application's mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Exemption {
    /// Nobody: its pods get no proxy of the mesh.
    None,
}

impl Governance {
    /// Every mode that weft has.
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
            Self::Custom(own) => own.name.as_str(),
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
            Self::Custom(own) => own.title(),
        }
    }

    /// Whether calls pass a proxy that sees requests.
    pub fn has_proxies(self) -> bool {
        match self {
            Self::Kubernetes => false,
            Self::Custom(own) => own.manifest.proxies.unwrap_or(true),
            _ => true,
        }
    }

    /// Whether it encrypts the calls between components, and so knows callers by identity.
    pub fn secures_calls(self) -> bool {
        match self {
            Self::Custom(own) => own.manifest.identities.unwrap_or(false),
            _ => matches!(self, Self::Istio | Self::IstioAmbient | Self::Linkerd | Self::Dapr),
        }
    }

    /// Whether its proxies catch what passes by, and tell by addresses and numbers whom it is for.
    /// Those of Linkerd go by the addresses of Services alone.
    pub fn catches_calls(self) -> bool {
        match self {
            Self::Custom(_) => self.has_proxies(),
            _ => matches!(self, Self::Istio | Self::IstioAmbient),
        }
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
            Self::Custom(own) => own.manifest.proxy_user,
        }
    }

    /// Whether it treats calls by routes of Gateway API that hang on Services.
    pub fn routes_services(self) -> bool {
        match self {
            Self::Custom(own) => own.manifest.gateway_api.unwrap_or(false),
            _ => matches!(self, Self::IstioAmbient | Self::Linkerd),
        }
    }

    /// What the cluster must have, as the author of the mode says it.
    pub fn needs(self) -> &'static [String] {
        match self {
            Self::Custom(own) => own.manifest.needs.as_deref().unwrap_or_default(),
            _ => &[],
        }
    }

    /// Whether NetworkPolicies of weft's narrow access and egress; else the mode's own templates do.
    pub fn has_network_policies(self) -> bool {
        match self {
            Self::Custom(own) => own.manifest.network_policies.unwrap_or(true),
            _ => true,
        }
    }

    /// Whether it can leave the pods of a component alone.
    pub fn spares_pods(self) -> bool {
        match self {
            Self::Custom(own) => own.manifest.marks.as_ref().is_some_and(|m| m.outside.is_some()),
            _ => true,
        }
    }

    /// The numbers on which its proxies listen in each pod.
    /// Source: "Ports used by Istio" in Istio's documentation of requirements for applications;
    /// `proxy.ports` in the values of Linkerd's chart `linkerd-control-plane`.
    pub fn proxy_ports(self) -> &'static [u16] {
        match self {
            // Those of Envoy take what programs leave free.
            Self::Kubernetes | Self::Envoy => &[],
            Self::Istio => &[15000, 15001, 15004, 15006, 15008, 15020, 15021, 15053, 15090],
            Self::IstioAmbient => &[15001, 15006, 15008, 15020, 15021, 15053],
            // Where it tells its numbers, it can be moved. Source: dapr/pkg/injector/patcher.
            Self::Dapr => &[3500, 3501, 50001, 50002],
            Self::Linkerd => &[4140, 4143, 4190, 4191],
            Self::Custom(own) => own.manifest.proxy_ports.as_deref().unwrap_or_default(),
        }
    }

    /// Whether it is Istio, with sidecars or without.
    pub const fn is_istio(self) -> bool {
        matches!(self, Self::Istio | Self::IstioAmbient)
    }
}

impl ModeName {
    /// The mode of weft that has this name.
    pub fn built_in(&self) -> Option<Governance> {
        Governance::ALL.into_iter().find(|mode| mode.name() == &*self.0)
    }
}

impl JsonSchema for ModeName {
    fn schema_name() -> Cow<'static, str> {
        "Governance".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = Name::json_schema(generator);
        let known = Governance::json_schema(generator).to_value();
        let choices = known["oneOf"].as_array().into_iter().flatten();
        let (names, meanings): (Vec<_>, Vec<_>) =
            choices.map(|one| (one["const"].clone(), one["description"].clone())).unzip();
        schema.insert("description".into(), "Who governs the traffic between components.".into());
        schema.insert(EXPECTED.into(), "the name of a governance mode".into());
        schema.insert(SUGGESTED.into(), json!({ "enum": names, "enumDescriptions": meanings }));
        schema
    }
}
