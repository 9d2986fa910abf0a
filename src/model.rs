//! The application as written: the grammar of `weft.yaml`, one struct for each mapping.
//!
//! The JSON Schema is generated from these types, so every field's description and example is
//! here and nowhere else. No defaults are applied and no names are looked up.

mod batch;
mod check;
mod container;
mod dapr;
mod edge;
mod editor;
mod envoy;
mod external;
mod governance;
mod mode;
mod operation;
mod order;
mod policy;
mod raw;
mod scalar;
mod schema;
mod service;
mod traffic;
mod volume;
mod workload;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

pub use batch::{Concurrency, Job, Restart, Schedule};
pub use check::Check;
pub use container::{Container, InitContainer, Sidecar};
pub use dapr::{Block, Dapr, Otel, OtelProtocol, Setting, Tracing, Zipkin};
pub use edge::{
    Connection, Dependency, Expose, Gateway, GatewayKind, GatewayTls, Through, TlsMode, TlsVersion,
    Variable, Via,
};
pub use editor::{each_place, published};
pub use envoy::Envoy;
pub use external::{Addresses, ExternalTls, ExternalTlsMode};
pub use governance::{Exemption, Governance, ModeName};
pub use mode::{
    AppProtocols, Capability, ControlPlane, Definition, FeatureRow, Level, Manifest, Marks,
    ModeMarks, Moment, TemplateUse, mode_schema,
};
pub use operation::{
    Amount, Autoscale, Disruption, Domain, OneOf, Placement, PodManagement, Rollout, Spread, Stop,
    Strategy, Strictness, Toleration,
};
pub use order::order;
pub use policy::{Mtls, Policy, PolicyParts, Reach};
pub use raw::{Op, Operation, Patch, Raw, Scope, Target};
pub use scalar::{
    Address, BlockType, Callee, CookieName, Duration, EnvName, FieldPath, HeaderName, Host,
    HostName, ImageName, Label, LabelValue, Lifetime, Name, PathName, PortName, Quantity,
    ResourcePath, RetryOn, RolloutId, SamplingRate, SecretName, SettingName, SubPath, TimeZone,
    UrlPath, VolumeName, VolumeRef, Wait,
};
pub use schema::{BY_NAME, EXPECTED, FREE, NAMES, REPLACE, SHORT, SUGGESTED, overlay, schema};
pub use service::{Alias, Aliases, ConnectValue, Metrics, Scraper};
pub use traffic::{
    Abort, Callers, CircuitBreaker, Delay, Eject, Fallback, Fault, Match, Matcher, Method, Mirror,
    Percent, Retries, RetryPolicy, Rewrite, Rule, Split, Sticky, Traffic,
};
pub use volume::{Access, Volume, VolumeKind, WrittenVolume};
pub use workload::{
    Capabilities, Dependencies, EnvValue, FileSource, ImagePull, Limits, PortRef, Probe, Probes,
    Resources, Scheme, Seccomp, SecurityContext, Workload,
};

/// One application: its components, how they call each other, and how that is governed.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct App {
    /// The grammar this file is written in.
    #[schemars(example = &"weft/v1")]
    pub api_version: ApiVersion,
    /// The application's name. Also its namespace, unless `namespace` says otherwise.
    #[schemars(example = &"bookinfo")]
    pub name: Name,
    /// The application's own version; becomes the label `app.kubernetes.io/version`.
    #[schemars(example = &"1.17.0")]
    pub version: Option<LabelValue>,
    /// What the application is, for people.
    #[schemars(example = &"Reviews and ratings of books")]
    pub description: Option<String>,
    /// The namespace that everything is created in.
    #[schemars(example = &"shop")]
    pub namespace: Option<Name>,
    /// Who governs the traffic between components: a mode of weft, or one of your own, the folder
    /// `modes/NAME` beside this file. Without it: `kubernetes`.
    #[schemars(example = &"istio")]
    pub governance: Option<ModeName>,
    /// Other apps whose components this one calls, or that call components of this one.
    pub uses: Option<Vec<Use>>,
    /// Typed values that leaves of this file use as `${params.NAME}`.
    pub params: Option<BTreeMap<Name, Param>>,
    /// Settings that every component has unless it says otherwise.
    pub defaults: Option<Defaults>,
    /// The entry that exposed components share.
    pub gateway: Option<Gateway>,
    /// What Dapr offers to components beside calls: state, messages, secrets.
    pub dapr: Option<Dapr>,
    /// The proxies of the governance mode `envoy`; other modes read none of this.
    pub envoy: Option<Envoy>,
    /// What may be called. Without it: everyone may call everything.
    pub policy: Option<Policy>,
    /// The parts of the application, by name.
    #[schemars(extend("minProperties" = 1))]
    pub components: BTreeMap<Name, Component>,
    /// Kubernetes objects that weft does not make, by a name of your own.
    #[schemars(example = serde_json::json!({ "settings": { "file": "extra/settings.yaml" } }))]
    pub raw: Option<BTreeMap<Name, Raw>>,
    /// Changes of finished objects, by a name of your own, applied in the order of the names.
    #[schemars(example = serde_json::json!({ "history": { "target": { "kind": "Deployment" }, "merge": { "spec": { "revisionHistoryLimit": 3 } } } }))]
    pub patches: Option<BTreeMap<Name, Patch>>,
    /// Warnings that are errors in this app, or that it allows, by code.
    #[schemars(example = serde_json::json!({ "dead-version": { "allow": "the canary ends in May" } }))]
    pub checks: Option<BTreeMap<Name, Check>>,
    /// Small deltas for `--env NAME`: the same grammar, merged key by key; `null` deletes.
    #[serde(skip)]
    #[schemars(skip)]
    pub environments: (),
}

/// Another app.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct Use {
    /// Its folder or file, relative to the folder of this file.
    #[schemars(length(min = 1), example = &"../payments")]
    pub app: String,
}

/// The grammar's version.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub enum ApiVersion {
    /// The only one so far.
    #[serde(rename = "weft/v1")]
    V1,
}

/// A typed value that leaves of the file can use.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct Param {
    /// What the value must look like.
    #[serde(rename = "type")]
    #[schemars(example = &"string")]
    pub kind: ParamKind,
    /// The value when nobody sets another; without it, one must be set.
    #[schemars(example = &"1.20.3")]
    pub default: Option<String>,
    /// The values allowed for `type: enum`.
    #[schemars(example = ["small", "large"])]
    pub values: Option<Vec<String>>,
    /// What the value is for.
    #[schemars(example = &"Tag of every image")]
    pub description: Option<String>,
}

/// What a parameter's value must look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ParamKind {
    /// Any text.
    String,
    /// A whole number.
    Int,
    /// `true` or `false`.
    Bool,
    /// A Kubernetes quantity such as `128Mi`.
    Quantity,
    /// A host name or `*`.
    Host,
    /// One of `values`.
    Enum,
    /// Text, told apart for readers: it reaches the manifests as it is, so keep real secrets in a
    /// Secret and refer to them with `{ secret: NAME/KEY }`.
    Secret,
}

/// Settings that every component has unless it says otherwise.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Defaults {
    /// The settings of the workload.
    #[serde(flatten)]
    pub workload: Workload,
    /// How calls to the components are treated.
    pub traffic: Option<Traffic>,
    /// How jobs and cronjobs run to their end.
    pub job: Option<Job>,
}

/// One part of the application: a name that others call, and what runs behind it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Component {
    /// What runs. Without it: `deployment`.
    #[schemars(example = &"statefulset")]
    pub kind: Option<Kind>,
    /// The namespace of what this component becomes. Without it: the application's.
    #[schemars(example = &"shop-data")]
    pub namespace: Option<Name>,
    /// Where an `external` component is: host names, or IP addresses. Callers get the first host name.
    #[schemars(example = &"db.example.com")]
    pub address: Option<Addresses>,
    /// For `external`: TLS that the mesh puts around calls to it.
    pub tls: Option<ExternalTls>,
    /// The ports others can call, by name. The name decides the protocol where it names one.
    pub ports: Option<BTreeMap<PortName, Port>>,
    /// Further DNS names of this component in its namespace.
    pub aliases: Option<Aliases>,
    /// Whether its name leads to each pod by itself, and not to one address for all. Without it: no.
    #[schemars(example = true)]
    pub headless: Option<bool>,
    /// Variables that every component which calls this one gets.
    pub connect: Option<BTreeMap<EnvName, ConnectValue>>,
    /// Where Prometheus reads its numbers.
    pub metrics: Option<Metrics>,
    /// Which ports the outside reaches, and how.
    #[schemars(extend("x-names" = "port"))]
    pub expose: Option<BTreeMap<PortName, Expose>>,
    /// `none` keeps the component out of the mesh. Without it: governed as the application is.
    #[schemars(example = &"none")]
    pub governance: Option<Exemption>,
    /// The identity that the component's pods run under. Without it: one of its own, named after it.
    #[schemars(example = &"bookinfo-reviews")]
    pub service_account: Option<ServiceAccount>,
    /// Request headers that this component passes on to what it calls.
    #[schemars(example = ["end-user", "cookie"])]
    pub propagates: Option<Vec<HeaderName>>,
    /// In the flat form: the component that this one is a version of.
    #[schemars(example = &"reviews")]
    #[schemars(extend("x-names" = "component"))]
    pub version_of: Option<Name>,
    /// The name of the only version, or in the flat form of this one. Without it: `v1`.
    #[schemars(example = &"v2")]
    pub version: Option<Name>,
    /// Versions that run side by side behind the one name; each overrides the component.
    #[schemars(extend("minProperties" = 1))]
    pub versions: Option<BTreeMap<Name, Workload>>,
    /// How calls to this component are routed and treated.
    pub traffic: Option<Traffic>,
    /// For a cronjob, and required there: when it runs.
    pub schedule: Option<Schedule>,
    /// For a job or a cronjob: how it runs to its end.
    pub job: Option<Job>,
    /// The settings of the workload.
    #[serde(flatten)]
    pub workload: Workload,
}

/// The identity of a component's pods.
#[derive(Clone, Debug, Default)]
pub struct ServiceAccount {
    /// Its name. Without it: the component's.
    pub name: Option<Name>,
    /// Whether weft creates it. Without it: yes, unless it is `default`.
    pub create: Option<bool>,
    /// Whether the pods get a token for the Kubernetes API. Without it: no.
    pub token: Option<bool>,
    /// Its annotations, such as the role it has in a cloud.
    pub annotations: Option<BTreeMap<Label, String>>,
}

/// What runs behind a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Interchangeable pods.
    Deployment,
    /// Pods with stable names and storage.
    StatefulSet,
    /// One pod on every node.
    DaemonSet,
    /// Pods that run to completion, once.
    Job,
    /// Pods that run to completion, again and again, by the clock.
    CronJob,
    /// Nothing: an address outside the cluster that components call.
    External,
}

impl Kind {
    /// The kind's name in the file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Deployment => "deployment",
            Self::StatefulSet => "statefulset",
            Self::DaemonSet => "daemonset",
            Self::Job => "job",
            Self::CronJob => "cronjob",
            Self::External => "external",
        }
    }

    /// Whether its pods run to an end, and answer no calls.
    pub const fn ends(self) -> bool {
        matches!(self, Self::Job | Self::CronJob)
    }

    /// The kind of this name.
    pub fn named(name: &str) -> Option<Self> {
        const ALL: [Kind; 6] = [
            Kind::Deployment,
            Kind::StatefulSet,
            Kind::DaemonSet,
            Kind::Job,
            Kind::CronJob,
            Kind::External,
        ];
        ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether this kind has the strategy of this name.
    pub fn rolls_by(self, strategy: &str) -> bool {
        match strategy {
            "recreate" => self == Self::Deployment,
            "on-delete" => self != Self::Deployment,
            _ => true,
        }
    }

    /// Whether a field of how a component is operated has an effect on this kind. Fields that are
    /// not listed have one on every kind that has pods.
    pub fn uses(self, field: &str) -> bool {
        match field {
            "deadline" => self == Self::Deployment,
            "partition" | "podManagement" => self == Self::StatefulSet,
            "maxSurge" | "maxUnavailable" => {
                matches!(self, Self::Deployment | Self::DaemonSet)
            }
            "replicas" | "autoscale" | "disruption" => {
                matches!(self, Self::Deployment | Self::StatefulSet)
            }
            "strategy" | "minReady" | "history" => !self.ends(),
            _ => true,
        }
    }
}

/// A port that others can call.
#[derive(Clone, Debug)]
pub struct Port {
    /// The number that callers use.
    pub port: u16,
    /// The number that the container listens on. Without it: the same.
    pub target: Option<u16>,
    /// What is spoken there. Without it: what the port's name says, else `tcp`.
    pub protocol: Option<Protocol>,
    /// Whether other components can call it. Without it: yes.
    pub internal: Option<bool>,
}

/// What is spoken on a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names are the protocols' own")]
pub enum Protocol {
    Http,
    Https,
    Http2,
    Grpc,
    Tcp,
    Tls,
    Udp,
    Sctp,
    Mysql,
    Redis,
    Mongo,
}

impl Protocol {
    /// Every protocol with its name in the file.
    pub const NAMES: [(&'static str, Self); 11] = [
        ("http", Self::Http),
        ("https", Self::Https),
        ("http2", Self::Http2),
        ("grpc", Self::Grpc),
        ("tcp", Self::Tcp),
        ("tls", Self::Tls),
        ("udp", Self::Udp),
        ("sctp", Self::Sctp),
        ("mysql", Self::Mysql),
        ("redis", Self::Redis),
        ("mongo", Self::Mongo),
    ];

    /// The protocol that a port's name states: the name itself or its part before the first dash.
    pub fn named(port: &str) -> Option<Self> {
        let prefix = port.split('-').next().unwrap_or(port);
        Self::NAMES.iter().find(|(name, _)| *name == prefix).map(|(_, protocol)| *protocol)
    }

    /// The protocol's name in the file.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, protocol)| *protocol == self).map_or("tcp", |(name, _)| name)
    }

    /// Kubernetes' name of the transport below.
    pub const fn transport(self) -> &'static str {
        match self {
            Self::Udp => "UDP",
            Self::Sctp => "SCTP",
            _ => "TCP",
        }
    }

    /// Whether it is TLS, in which nobody between the two ends sees requests.
    pub const fn hides_requests(self) -> bool {
        matches!(self, Self::Https | Self::Tls)
    }

    /// Whether it is a stream of bytes whose connections can be told apart, and no more.
    pub const fn is_stream(self) -> bool {
        matches!(self, Self::Tcp | Self::Mysql | Self::Redis | Self::Mongo)
    }

    /// Whether requests can be told apart, so that traffic rules apply.
    pub const fn is_http(self) -> bool {
        matches!(self, Self::Http | Self::Http2 | Self::Grpc)
    }
}
