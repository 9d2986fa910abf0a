//! How a component is operated: how many pods there are, where they run, how they are replaced.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};
use serde_json::json;

use super::schema::{EXPECTED, SHORT, with_short};
use super::{Duration, Label, LabelValue, Name, Wait};

/// How many pods there are, by what they use: a HorizontalPodAutoscaler. Without `cpu` and
/// `memory` it aims for 80 percent of the processor time.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct Autoscale {
    /// The fewest pods. Without it: 1.
    #[schemars(range(min = 1, max = 100_000), example = 2)]
    pub min: Option<u32>,
    /// The most pods.
    #[schemars(range(min = 1, max = 100_000), example = 10)]
    pub max: u32,
    /// Processor time to aim for, in percent of what is set aside.
    #[schemars(range(min = 1, max = 1000), example = 80)]
    pub cpu: Option<u32>,
    /// Memory to aim for, in percent of what is set aside.
    #[schemars(range(min = 1, max = 1000), example = 70)]
    pub memory: Option<u32>,
    /// How long fewer pods must have been enough before some are taken away, one hour at the most.
    /// Kubernetes' default is `5m`.
    #[schemars(with = "Option<Wait>", example = &"10m")]
    pub stabilization: Option<Duration>,
}

/// How many pods may be gone at once when nodes are emptied: a PodDisruptionBudget.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("minProperties" = 1, "maxProperties" = 1, "x-replace" = true))]
#[schemars(extend("x-expected" = "a mapping with `minAvailable` or `maxUnavailable`"))]
pub struct Disruption {
    /// Pods that must stay: a number, or a share of them.
    pub min_available: Option<Amount>,
    /// Pods that may be gone: a number, or a share of them.
    pub max_unavailable: Option<Amount>,
}

/// A number of pods, or a share of them in percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// This many.
    Pods(u32),
    /// So many in 100.
    Percent(u8),
}

impl Amount {
    /// The number of pods out of `all`; a share that is no whole number goes up.
    pub fn rounded_up(self, all: u32) -> u32 {
        match self {
            Self::Pods(pods) => pods,
            Self::Percent(percent) => {
                let part = (u64::from(all) * u64::from(percent)).div_ceil(100);
                u32::try_from(part).unwrap_or(u32::MAX)
            }
        }
    }

    /// The number of pods out of `all`; a share that is no whole number goes down.
    pub fn rounded_down(self, all: u32) -> u32 {
        match self {
            Self::Pods(pods) => pods,
            Self::Percent(percent) => {
                u32::try_from(u64::from(all) * u64::from(percent) / 100).unwrap_or(u32::MAX)
            }
        }
    }

    /// Whether it is no pod at all, however many there are.
    pub const fn is_none(self) -> bool {
        matches!(self, Self::Pods(0) | Self::Percent(0))
    }
}

impl JsonSchema for Amount {
    fn schema_name() -> Cow<'static, str> {
        "Amount".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": ["integer", "string"],
            "minimum": 0,
            "maximum": 100_000,
            "pattern": "^(100|[1-9]?[0-9])%$",
            "examples": [1, "50%"],
            EXPECTED: "a number of pods, or a share of them such as `50%`",
        })
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Pods(u32),
            Share(String),
        }
        Ok(match Form::deserialize(deserializer)? {
            Form::Pods(pods) => Self::Pods(pods),
            Form::Share(text) => {
                let number = text.trim_end_matches('%').parse();
                Self::Percent(number.map_err(serde::de::Error::custom)?)
            }
        })
    }
}

/// Where the pods run.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Placement {
    /// Labels of the nodes that it may run on: each with its value, or with a list of values of
    /// which the node must have one.
    #[schemars(example = BTreeMap::from([("kubernetes.io/arch", "amd64")]))]
    pub nodes: Option<BTreeMap<Label, OneOf>>,
    /// Over what the pods of a version are spread evenly.
    pub spread: Option<Spread>,
    /// Components to be near to, where there is room: on the same `node`, or in the same `zone`.
    #[schemars(extend("x-names" = "component"), example = BTreeMap::from([("cache", "node")]))]
    pub together: Option<BTreeMap<Name, Domain>>,
    /// Components to keep away from, where there is room: not on the same `node`, or not in the
    /// same `zone`.
    #[schemars(extend("x-names" = "component"), example = BTreeMap::from([("batch", "node")]))]
    pub apart: Option<BTreeMap<Name, Domain>>,
    /// Taints of nodes that it may run on all the same, by their key.
    #[schemars(example = BTreeMap::from([("dedicated", "gpu")]))]
    pub tolerations: Option<BTreeMap<Label, Toleration>>,
    /// The PriorityClass: who goes first where there is not room for all.
    #[schemars(regex(pattern = "^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$"), length(max = 253))]
    #[schemars(extend("x-expected" = "the name of a PriorityClass"), example = &"high-priority")]
    pub priority_class: Option<String>,
}

/// The values that a label of a node can have.
#[derive(Clone, Debug)]
pub enum OneOf {
    /// This one.
    One(LabelValue),
    /// One of these.
    Several(Vec<LabelValue>),
}

impl JsonSchema for OneOf {
    fn schema_name() -> Cow<'static, str> {
        "OneOf".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = LabelValue::json_schema(generator);
        schema.insert("type".into(), json!(["array", "string"]));
        schema.insert("items".into(), generator.subschema_for::<LabelValue>().to_value());
        schema.insert("minItems".into(), 1.into());
        schema.insert("examples".into(), json!(["ssd", ["ssd", "nvme"]]));
        schema.insert(EXPECTED.into(), "the value of a label, or a list of such values".into());
        schema
    }
}

impl<'de> Deserialize<'de> for OneOf {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            One(LabelValue),
            Several(Vec<LabelValue>),
        }
        Ok(match Form::deserialize(deserializer)? {
            Form::One(value) => Self::One(value),
            Form::Several(values) => Self::Several(values),
        })
    }
}

/// A part of the cluster in which pods are near to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Domain {
    /// One node.
    Node,
    /// All nodes of one zone.
    Zone,
}

/// Over what pods are spread evenly, and how strictly.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spread {
    /// Over nodes.
    pub node: Option<Strictness>,
    /// Over zones.
    pub zone: Option<Strictness>,
}

/// What happens to a pod that cannot be placed evenly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Strictness {
    /// It is placed where it is least uneven.
    Preferred,
    /// It waits.
    Required,
}

/// The long form of a spread.
#[derive(Deserialize, JsonSchema)]
struct LongSpread {
    /// Over nodes: `preferred` where there is room, or `required`.
    #[schemars(example = &"preferred")]
    node: Option<Strictness>,
    /// Over zones: `preferred` where there is room, or `required`.
    #[schemars(example = &"required")]
    zone: Option<Strictness>,
}

impl JsonSchema for Spread {
    fn schema_name() -> Cow<'static, str> {
        "Spread".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let short = json!({
            "type": "string", "pattern": "^(node|zone)$", "examples": ["zone"], "minProperties": 1,
            EXPECTED: "`node`, `zone`, or a mapping from these to `preferred` or `required`",
            SHORT: { "node": { "node": "preferred" }, "zone": { "zone": "preferred" } },
        });
        let description = "Over what pods are spread evenly: `node`, `zone`, or a mapping that says how strictly.";
        with_short::<LongSpread>(generator, short, description)
    }
}

impl<'de> Deserialize<'de> for Spread {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Short(Domain),
            Long(LongSpread),
        }
        let preferred = Some(Strictness::Preferred);
        Ok(match Form::deserialize(deserializer)? {
            Form::Short(Domain::Node) => Self { node: preferred, zone: None },
            Form::Short(Domain::Zone) => Self { node: None, zone: preferred },
            Form::Long(LongSpread { node, zone }) => Self { node, zone },
        })
    }
}

/// A taint that pods bear.
#[derive(Clone, Debug, Default)]
pub struct Toleration {
    /// The taint's value; any where there is none.
    pub value: Option<LabelValue>,
    /// How long a pod that runs already bears it; for ever where it is not said.
    pub limit: Option<Duration>,
}

/// The long form of a toleration.
#[derive(Deserialize, JsonSchema)]
struct LongToleration {
    /// The taint's value. Without it: any.
    #[schemars(example = &"gpu")]
    value: Option<LabelValue>,
    /// How long a pod that runs already stays when the taint comes (`NoExecute`). Without it: the
    /// taint has no effect on the pods.
    #[schemars(example = &"60s")]
    #[serde(rename = "for")]
    limit: Option<Duration>,
}

impl JsonSchema for Toleration {
    fn schema_name() -> Cow<'static, str> {
        "Toleration".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut value = LabelValue::json_schema(generator);
        value.insert("examples".into(), json!(["gpu"]));
        value.insert(EXPECTED.into(), "the taint's value, or a mapping (`{}` is any value)".into());
        value.insert(SHORT.into(), "value".into());
        let description = "A taint that the pods bear: its value, or a mapping with more to say.";
        with_short::<LongToleration>(generator, value.to_value(), description)
    }
}

impl<'de> Deserialize<'de> for Toleration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Short(LabelValue),
            Long(LongToleration),
        }
        Ok(match Form::deserialize(deserializer)? {
            Form::Short(value) => Self { value: Some(value), limit: None },
            Form::Long(LongToleration { value, limit }) => Self { value, limit },
        })
    }
}

/// How pods are replaced by new ones, and how they stop.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Rollout {
    /// How old pods give way to new ones. Without it: `rolling`, and `recreate` for a deployment
    /// whose claim is for one node.
    #[schemars(example = &"rolling")]
    pub strategy: Option<Strategy>,
    /// Pods beyond the wanted number while `rolling`. Kubernetes' default is `25%` for deployments.
    pub max_surge: Option<Amount>,
    /// Pods that may be missing while `rolling`. Kubernetes' default is `25%` for deployments.
    pub max_unavailable: Option<Amount>,
    /// How long a new pod must have been ready before it counts. Kubernetes' default is at once.
    #[schemars(example = &"10s")]
    pub min_ready: Option<Duration>,
    /// How long a rollout may make no progress before it counts as failed. Deployments only;
    /// Kubernetes' default is `10m`.
    #[schemars(example = &"5m")]
    pub deadline: Option<Duration>,
    /// How many earlier rollouts are kept to go back to. Kubernetes' default is 10.
    #[schemars(range(max = 1000), example = 3)]
    pub history: Option<u32>,
    /// Of a statefulset: pods below this number keep what they run.
    #[schemars(range(max = 100_000), example = 2)]
    pub partition: Option<u32>,
    /// Of a statefulset: whether its pods are made one after the other. Without it: `ordered`.
    #[schemars(example = &"parallel")]
    pub pod_management: Option<PodManagement>,
    /// How pods stop.
    pub stop: Option<Stop>,
}

/// How old pods give way to new ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// Some at a time.
    Rolling,
    /// All old ones go first. Deployments only.
    Recreate,
    /// When somebody deletes them. Not for deployments.
    OnDelete,
}

impl Strategy {
    /// The word in the file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rolling => "rolling",
            Self::Recreate => "recreate",
            Self::OnDelete => "on-delete",
        }
    }
}

/// Whether the pods of a statefulset are made one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PodManagement {
    /// Each waits until the one before it is ready.
    Ordered,
    /// All at once.
    Parallel,
}

/// How a pod stops.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct Stop {
    /// How long the pod goes on serving before it is told to stop, until no caller sends to it any
    /// more. Without it: not at all.
    #[schemars(example = &"5s")]
    pub delay: Option<Duration>,
    /// How long it has to stop once told, before it is killed. Without it: `30s`.
    #[schemars(example = &"30s")]
    pub timeout: Option<Duration>,
}

impl Rollout {
    /// The names of the fields that are written, `stop` left out.
    pub fn written(&self) -> Vec<&'static str> {
        let fields = [
            ("strategy", self.strategy.is_some()),
            ("maxSurge", self.max_surge.is_some()),
            ("maxUnavailable", self.max_unavailable.is_some()),
            ("minReady", self.min_ready.is_some()),
            ("deadline", self.deadline.is_some()),
            ("history", self.history.is_some()),
            ("partition", self.partition.is_some()),
            ("podManagement", self.pod_management.is_some()),
        ];
        fields.into_iter().filter(|(_, written)| *written).map(|(name, _)| name).collect()
    }
}
