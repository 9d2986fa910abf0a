//! What runs: the settings of a component's pods, which a version can override one by one.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    Autoscale, Callee, Container, Dependency, Disruption, Duration, HeaderName, InitContainer,
    Label, LabelValue, Name, Placement, Quantity, Rollout, SecretName, Sidecar, Wait,
};

/// The settings of a component's pods. A version overrides them key by key.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Workload {
    /// The component's own container.
    #[serde(flatten)]
    pub container: Container,
    /// How many pods. Without it: 1.
    #[schemars(range(max = 100_000), example = 3)]
    pub replicas: Option<u32>,
    /// How many pods, by what they use; instead of `replicas`.
    pub autoscale: Option<Autoscale>,
    /// How many pods may be gone at once when nodes are emptied.
    pub disruption: Option<Disruption>,
    /// Where the pods run.
    pub placement: Option<Placement>,
    /// How pods are replaced by new ones, and how they stop.
    pub rollout: Option<Rollout>,
    /// The components this one calls: a list of names, or a mapping with more to say.
    pub depends_on: Option<Dependencies>,
    /// Components that must be created before this one; says nothing about calls.
    #[schemars(example = ["migrations"])]
    #[schemars(extend("x-names" = "component"))]
    pub start_after: Option<Vec<Name>>,
    /// How Kubernetes finds out whether a pod is well.
    pub probes: Option<Probes>,
    /// Containers that run beside the component's own, by name: they start before it, and stop after it.
    pub sidecars: Option<BTreeMap<Name, Sidecar>>,
    /// Containers that run to their end, one after the other, before the component's own starts. A
    /// layer above changes them by name.
    #[schemars(extend("x-by-name" = true))]
    pub init_containers: Option<Vec<InitContainer>>,
    /// Secrets of type `kubernetes.io/dockerconfigjson` by which images are pulled from registries that
    /// ask who you are.
    #[schemars(example = ["registry-account"])]
    pub image_pull_secrets: Option<Vec<SecretName>>,
    /// Labels of the workload and its pods.
    #[schemars(example = BTreeMap::from([("team", "books")]))]
    pub labels: Option<BTreeMap<Label, LabelValue>>,
    /// Annotations of the workload and its pods.
    #[schemars(example = BTreeMap::from([("example.com/owner", "books")]))]
    pub annotations: Option<BTreeMap<Label, String>>,
}

impl Workload {
    /// The names of the fields that are written.
    pub fn written(&self) -> Vec<&'static str> {
        let fields = [
            ("replicas", self.replicas.is_some()),
            ("autoscale", self.autoscale.is_some()),
            ("disruption", self.disruption.is_some()),
            ("placement", self.placement.is_some()),
            ("rollout", self.rollout.is_some()),
            ("dependsOn", self.depends_on.is_some()),
            ("startAfter", self.start_after.is_some()),
            ("probes", self.probes.is_some()),
            ("sidecars", self.sidecars.is_some()),
            ("initContainers", self.init_containers.is_some()),
            ("imagePullSecrets", self.image_pull_secrets.is_some()),
            ("labels", self.labels.is_some()),
            ("annotations", self.annotations.is_some()),
        ];
        let own = fields.into_iter().filter(|(_, written)| *written).map(|(name, _)| name);
        self.container.written().chain(own).collect()
    }
}

/// When an image is pulled.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[allow(missing_docs, reason = "the names are Kubernetes' own")]
pub enum ImagePull {
    Always,
    IfNotPresent,
    Never,
}

impl ImagePull {
    /// Kubernetes' name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Always => "Always",
            Self::IfNotPresent => "IfNotPresent",
            Self::Never => "Never",
        }
    }
}

/// What a component calls, with the order in which it was written where that is a list.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Dependencies {
    /// Nothing.
    #[default]
    None,
    /// Names alone.
    List(Vec<Callee>),
    /// Names with settings.
    Map(BTreeMap<Callee, Dependency>),
}

/// The value of an environment variable.
#[derive(Clone, Debug, PartialEq)]
pub enum EnvValue {
    /// The text as written; `$(OTHER)` is Kubernetes' reference to another variable.
    Text(String),
    /// `NAME/KEY` of a Secret.
    Secret(String),
    /// `NAME/KEY` of a ConfigMap.
    Config(String),
    /// A field of the pod, such as `status.podIP`.
    Field(String),
    /// A resource of the container, such as `limits.memory`.
    Resource(String),
}

/// Where a file's content comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum FileSource {
    /// The content itself.
    Text(String),
    /// A file in the app's folder, relative to the app file.
    File(String),
    /// `NAME/KEY` of a Secret.
    Secret(String),
    /// `NAME/KEY` of a ConfigMap.
    Config(String),
}

/// The three probes of a container.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct Probes {
    /// Whether the pod can take calls.
    pub readiness: Option<Probe>,
    /// Whether the container must be restarted.
    pub liveness: Option<Probe>,
    /// Whether the container has started; the other two wait for it.
    pub startup: Option<Probe>,
}

/// One probe. Exactly one of `http`, `tcp`, `grpc` and `exec` says what to try.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Probe {
    /// The path of an HTTP GET that answers 200 to 399.
    #[schemars(regex(pattern = "^/"), extend("x-expected" = "a path that begins with `/`"), example = &"/healthz")]
    pub http: Option<String>,
    /// The port for `http`, by name or container port; needed when there are several.
    #[schemars(example = &"http")]
    #[schemars(extend("x-names" = "port"))]
    pub port: Option<PortRef>,
    /// How `http` is spoken. Without it: `HTTP`.
    #[schemars(example = &"HTTPS")]
    pub scheme: Option<Scheme>,
    /// Headers for `http`.
    #[schemars(example = BTreeMap::from([("Host", "probe")]))]
    pub headers: Option<BTreeMap<HeaderName, String>>,
    /// The port that accepts a connection, by name or container port.
    #[schemars(example = &"tcp")]
    #[schemars(extend("x-names" = "port"))]
    pub tcp: Option<PortRef>,
    /// The port of a gRPC health service, by name or container port.
    #[schemars(example = &"grpc")]
    #[schemars(extend("x-names" = "port"))]
    pub grpc: Option<PortRef>,
    /// For `grpc`: the service whose health is asked for. Without it: that of the whole server.
    #[schemars(example = &"readiness")]
    pub service: Option<String>,
    /// A command that exits with 0.
    #[schemars(length(min = 1), example = ["redis-cli", "ping"])]
    pub exec: Option<Vec<String>>,
    /// How long to wait before the first try.
    #[schemars(with = "Option<Wait>", example = &"10s")]
    pub initial_delay: Option<Duration>,
    /// How often to try. Kubernetes' default is `10s`.
    #[schemars(example = &"5s")]
    pub period: Option<Duration>,
    /// How long a try may take. Kubernetes' default is `1s`.
    #[schemars(example = &"2s")]
    pub timeout: Option<Duration>,
    /// Successes in a row that count as well. Kubernetes' default is 1.
    #[schemars(range(min = 1, max = 1000), example = 1)]
    pub success_threshold: Option<u32>,
    /// Failures in a row that count as unwell. Kubernetes' default is 3.
    #[schemars(range(min = 1, max = 1000), example = 3)]
    pub failure_threshold: Option<u32>,
    /// How long the container has to stop when this probe restarts it. Without it: as long as at any other time.
    #[schemars(example = &"5s")]
    pub termination_grace_period: Option<Duration>,
}

/// How an HTTP probe is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[allow(missing_docs, clippy::upper_case_acronyms, reason = "the names are Kubernetes' own")]
pub enum Scheme {
    HTTP,
    HTTPS,
}

impl Scheme {
    /// Kubernetes' name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::HTTP => "HTTP",
            Self::HTTPS => "HTTPS",
        }
    }
}

/// A port by its name in `ports`, or by the container's number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PortRef {
    /// A name in `ports`.
    Name(String),
    /// A number that the container listens on.
    Number(u16),
}

/// Processor and memory: what is set aside, and what is the most.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct Resources {
    /// Processor time set aside.
    #[schemars(example = &"100m")]
    pub cpu: Option<Quantity>,
    /// Memory set aside.
    #[schemars(example = &"64Mi")]
    pub memory: Option<Quantity>,
    /// The most the container gets.
    pub limits: Option<Limits>,
}

/// The most a container gets.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct Limits {
    /// The most processor time.
    #[schemars(example = &"1")]
    pub cpu: Option<Quantity>,
    /// The most memory; beyond it the container is killed.
    #[schemars(example = &"128Mi")]
    pub memory: Option<Quantity>,
}

/// What a container may do. What is not written keeps weft's safe default.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecurityContext {
    /// The user id of the processes.
    #[schemars(range(max = 2_147_483_647), example = 1000)]
    pub run_as_user: Option<u32>,
    /// The group id of the processes.
    #[schemars(range(max = 2_147_483_647), example = 1000)]
    pub run_as_group: Option<u32>,
    /// Whether running as root is refused. Without it: `true`.
    #[schemars(example = true)]
    pub run_as_non_root: Option<bool>,
    /// The group that owns mounted volumes.
    #[schemars(range(max = 2_147_483_647), example = 1000)]
    pub fs_group: Option<u32>,
    /// Whether the image's own files are read-only. Without it: `false`.
    #[schemars(example = true)]
    pub read_only_root_filesystem: Option<bool>,
    /// Whether a process can gain more rights than its parent. Without it: `false`.
    #[schemars(example = false)]
    pub allow_privilege_escalation: Option<bool>,
    /// Whether the container is root on the node. Without it: `false`.
    #[schemars(example = false)]
    pub privileged: Option<bool>,
    /// Linux capabilities. Without it: all are dropped.
    pub capabilities: Option<Capabilities>,
    /// The system-call filter. Without it: `RuntimeDefault`.
    #[schemars(example = &"RuntimeDefault")]
    pub seccomp: Option<Seccomp>,
}

/// Linux capabilities.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct Capabilities {
    /// Given on top.
    #[schemars(example = ["NET_BIND_SERVICE"])]
    pub add: Option<Vec<String>>,
    /// Taken away. Without it: `ALL`.
    #[schemars(example = ["ALL"])]
    pub drop: Option<Vec<String>>,
}

/// The system-call filter.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[allow(missing_docs, reason = "the names are Kubernetes' own")]
pub enum Seccomp {
    RuntimeDefault,
    Unconfined,
}

impl Seccomp {
    /// Kubernetes' name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RuntimeDefault => "RuntimeDefault",
            Self::Unconfined => "Unconfined",
        }
    }
}
