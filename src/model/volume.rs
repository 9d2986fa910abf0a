//! Storage: what a directory of a container is.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer};
use serde_json::json;

use super::schema::{EXPECTED, REPLACE, with_short};
use super::{Name, Quantity, SubPath, VolumeName, VolumeRef};

/// Storage behind a directory. A rule says which of the fields go together.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Volume {
    /// Storage that is gone with the pod, and what it is made of.
    #[schemars(example = &"scratch")]
    pub kind: Option<VolumeKind>,
    /// How much: of a claim that the workload owns, or with `kind` the most that the storage may hold.
    #[schemars(example = &"1Gi")]
    pub size: Option<Quantity>,
    /// The storage class of the claim. Without it: the cluster's default.
    #[schemars(example = &"fast")]
    pub class: Option<String>,
    /// Who can mount the claim. Without it: `ReadWriteOnce`.
    #[schemars(example = &"ReadWriteMany")]
    pub access: Option<Access>,
    /// The name of a claim that exists already.
    #[schemars(example = &"shared-media")]
    pub claim: Option<Name>,
    /// Storage that is declared elsewhere: `NAME` in this pod, or `COMPONENT/NAME`.
    #[schemars(example = &"cache")]
    pub from: Option<VolumeRef>,
    /// A name for this storage, by which others mount it with `from`.
    #[schemars(example = &"cache")]
    pub name: Option<VolumeName>,
    /// Whether the container can only read it. Without it: `false`.
    #[schemars(example = true)]
    pub read_only: Option<bool>,
    /// The part of the storage that is mounted. Without it: the whole.
    #[schemars(example = &"uploads/img")]
    pub sub_path: Option<SubPath>,
}

/// What storage that is gone with the pod is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum VolumeKind {
    /// The node's disk.
    Scratch,
    /// Memory, which counts against the memory limit.
    Memory,
}

/// Who can mount a claim.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[allow(missing_docs, reason = "the names are Kubernetes' own")]
pub enum Access {
    #[default]
    ReadWriteOnce,
    ReadOnlyMany,
    ReadWriteMany,
    ReadWriteOncePod,
}

impl Access {
    /// Kubernetes' name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ReadWriteOnce => "ReadWriteOnce",
            Self::ReadOnlyMany => "ReadOnlyMany",
            Self::ReadWriteMany => "ReadWriteMany",
            Self::ReadWriteOncePod => "ReadWriteOncePod",
        }
    }

    /// Whether pods on several nodes can mount it at the same time.
    pub const fn is_shared(self) -> bool {
        matches!(self, Self::ReadOnlyMany | Self::ReadWriteMany)
    }
}

/// A volume as it is written: a word, or a mapping.
#[derive(Clone, Debug)]
pub struct WrittenVolume(pub Volume);

impl JsonSchema for WrittenVolume {
    fn schema_name() -> Cow<'static, str> {
        "Volume".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let short = json!({
            "type": "string", "examples": ["scratch"],
            "pattern": "^(scratch|memory)$",
            "minProperties": 1,
            REPLACE: true,
            EXPECTED: "`scratch`, `memory`, or a mapping with `size`, `claim`, `from` or `kind`",
        });
        with_short::<Volume>(
            generator,
            short,
            "Storage: `scratch` (the node's disk), `memory`, or a mapping with more to say.",
        )
    }
}

impl<'de> Deserialize<'de> for WrittenVolume {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Kind(VolumeKind),
            Long(Box<Volume>),
        }
        Ok(Self(match Form::deserialize(deserializer)? {
            Form::Kind(kind) => Volume { kind: Some(kind), ..Volume::default() },
            Form::Long(volume) => *volume,
        }))
    }
}
