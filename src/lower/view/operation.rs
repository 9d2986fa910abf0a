//! Objects and parts of objects that say how a workload is operated.

use serde::Serialize;

use super::{Meta, Pairs};

/// A HorizontalPodAutoscaler.
#[derive(Debug, Serialize)]
pub struct HorizontalPodAutoscaler {
    /// Name and labels.
    pub meta: Meta,
    /// The kind of what it scales.
    pub kind: &'static str,
    /// The name of what it scales.
    pub workload: String,
    /// The fewest pods.
    pub min: u32,
    /// The most pods.
    pub max: u32,
    /// The container that is measured.
    pub container: String,
    /// What is measured, and the percentage of the request to aim for.
    pub metrics: Vec<(&'static str, u32)>,
    /// How long fewer pods must have been enough, in seconds.
    pub stabilization: Option<u64>,
}

/// A PodDisruptionBudget.
#[derive(Debug, Serialize)]
pub struct PodDisruptionBudget {
    /// Name and labels.
    pub meta: Meta,
    /// Pods that must stay.
    pub min_available: Option<Amount>,
    /// Pods that may be gone.
    pub max_unavailable: Option<Amount>,
    /// Labels of the pods.
    pub selector: Pairs,
}

/// A number of pods, or a percentage as Kubernetes writes it.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Amount {
    /// A number.
    Pods(u32),
    /// A number and `%`.
    Percent(String),
}

impl From<crate::model::Amount> for Amount {
    fn from(amount: crate::model::Amount) -> Self {
        match amount {
            crate::model::Amount::Pods(pods) => Self::Pods(pods),
            crate::model::Amount::Percent(percent) => Self::Percent(format!("{percent}%")),
        }
    }
}

/// How the pods of a workload are replaced.
#[derive(Debug, Default, Serialize)]
pub struct Rollout {
    /// `RollingUpdate`, `Recreate` or `OnDelete`.
    pub strategy: Option<&'static str>,
    /// Whether the strategy has settings of its own.
    pub rolling: bool,
    /// Pods beyond the wanted number.
    pub max_surge: Option<Amount>,
    /// Pods that may be missing.
    pub max_unavailable: Option<Amount>,
    /// Pods below this number keep what they run.
    pub partition: Option<u32>,
    /// `Parallel`, or `OrderedReady`.
    pub pod_management: Option<&'static str>,
    /// How long a new pod must have been ready, in seconds.
    pub min_ready: Option<u64>,
    /// How long there may be no progress, in seconds.
    pub deadline: Option<u64>,
    /// How many earlier rollouts are kept.
    pub history: Option<u32>,
}

/// Where pods run.
#[derive(Debug, Default, Serialize)]
pub struct Placement {
    /// Labels of nodes with their one value.
    pub node: Pairs,
    /// Labels of nodes with several values.
    pub nodes: Vec<(String, Vec<String>)>,
    /// Components to be near to, the label of nodes that says what is near, and the namespace where
    /// it is another one.
    pub together: Vec<(String, &'static str, Option<String>)>,
    /// Components to keep away from, as above.
    pub apart: Vec<(String, &'static str, Option<String>)>,
    /// Labels of nodes to spread over, and what to do with a pod that does not fit.
    pub spread: Vec<(&'static str, &'static str)>,
    /// Labels of the pods that are spread.
    pub spread_pods: Pairs,
    /// Labels by which the pods of a rollout are told from those of the one before.
    pub spread_keys: Vec<&'static str>,
    /// Taints that the pods bear.
    pub tolerations: Vec<Toleration>,
    /// The PriorityClass.
    pub priority_class: Option<String>,
}

/// A taint that pods bear.
#[derive(Debug, Serialize)]
pub struct Toleration {
    /// Its key.
    pub key: String,
    /// Its value; any where there is none.
    pub value: Option<String>,
    /// How long running pods bear it, in seconds.
    pub seconds: Option<u64>,
}

/// A ServiceMonitor or PodMonitor of the Prometheus operator.
#[derive(Debug, Serialize)]
pub struct Monitor {
    /// Name and labels.
    pub meta: Meta,
    /// Labels of the Service, or of the pods.
    pub selector: Pairs,
    /// The port's name in the Service.
    pub port: Option<String>,
    /// The port's number in the container.
    pub number: Option<u16>,
    /// The path.
    pub path: String,
    /// How often it is read.
    pub interval: Option<String>,
    /// `https` where it is not `http`.
    pub scheme: Option<&'static str>,
}
