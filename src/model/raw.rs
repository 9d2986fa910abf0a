//! What the author adds and changes by hand: raw objects and patches.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::Name;
use super::schema::{EXPECTED, FREE, REPLACE};

/// Kubernetes objects that weft does not make: one written here, or those of a file.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(extend("not" = json!({ "type": "object", "required": ["file", "object"] }), "x-replace" = true, "x-expected" = "a mapping with `file` or `object`, not both"))]
pub struct Raw {
    /// A file in the app's folder, relative to the app file, with one or more objects.
    #[schemars(example = &"extra/settings.yaml")]
    pub file: Option<String>,
    /// One object, as Kubernetes takes it.
    #[schemars(with = "Option<Free>", example = json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "settings" }, "data": { "mode": "fast" } }))]
    pub object: Option<Value>,
    /// Whether the objects belong to a namespace. Without it: as is known of their kind.
    #[schemars(example = &"cluster")]
    pub scope: Option<Scope>,
    /// The objects of the file, once it was read.
    #[serde(skip)]
    #[schemars(skip)]
    pub documents: Vec<Value>,
}

/// Whether objects belong to a namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// They do.
    Namespace,
    /// They belong to the whole cluster.
    Cluster,
}

/// A change of finished objects.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct Patch {
    /// Which objects it changes.
    #[schemars(example = json!({ "kind": "Deployment", "name": "reviews-v1" }))]
    pub target: Target,
    /// Fields to set, in the shape of the object; `null` removes one.
    #[schemars(with = "Option<Free>", example = json!({ "spec": { "revisionHistoryLimit": 3 } }))]
    pub merge: Option<Value>,
    /// Steps of JSON Patch, in order, after `merge`.
    #[schemars(example = json!([{ "op": "remove", "path": "/spec/template/spec/enableServiceLinks" }]))]
    pub json: Option<Vec<Operation>>,
}

/// Which objects a patch changes: all that fit.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct Target {
    /// Their kind.
    #[schemars(example = &"Deployment")]
    pub kind: String,
    /// Their name, in which `*` stands for any text. Without it: any.
    #[schemars(example = &"reviews-*")]
    pub name: Option<String>,
    /// The component that they come from. Without it: any, and what comes from none.
    #[schemars(example = &"reviews")]
    pub component: Option<Name>,
}

/// One step of JSON Patch (RFC 6902).
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct Operation {
    /// What to do.
    #[schemars(example = &"replace")]
    pub op: Op,
    /// The field, as a JSON Pointer (RFC 6901).
    #[schemars(with = "Pointer", example = &"/spec/replicas")]
    pub path: String,
    /// The field that `move` and `copy` take.
    #[schemars(with = "Option<Pointer>", example = &"/metadata/labels/old")]
    pub from: Option<String>,
    /// The value of `add`, `replace` and `test`.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "Option<FreeValue>", example = 3)]
    pub value: Option<Value>,
}

/// What a step of JSON Patch does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Op {
    /// Sets a field, or puts an item into a list.
    Add,
    /// Takes a field or item away.
    Remove,
    /// Sets a field that is there.
    Replace,
    /// Takes a field away and sets another to it.
    Move,
    /// Sets a field to what another one is.
    Copy,
    /// Fails unless the field has this value.
    Test,
}

impl Op {
    /// Its name in the file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Remove => "remove",
            Self::Replace => "replace",
            Self::Move => "move",
            Self::Copy => "copy",
            Self::Test => "test",
        }
    }
}

/// A value that is there, even if it is null.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// A mapping that is Kubernetes' and not ours: read by YAML's own rules, and replaced as a whole by
/// a later layer, `null` and all.
struct Free;

impl JsonSchema for Free {
    fn schema_name() -> Cow<'static, str> {
        "Free".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({
            "type": "object", "additionalProperties": true, FREE: true, REPLACE: true,
        })
    }
}

/// Any value at all, read by YAML's own rules.
struct FreeValue;

impl JsonSchema for FreeValue {
    fn schema_name() -> Cow<'static, str> {
        "FreeValue".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({ FREE: true, REPLACE: true })
    }
}

/// A JSON Pointer.
struct Pointer;

impl JsonSchema for Pointer {
    fn schema_name() -> Cow<'static, str> {
        "Pointer".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({
            "type": "string", "pattern": "^(/([^~]|~[01])*)?$",
            EXPECTED: "a JSON Pointer: `/` and a key, as often as needed, with `~1` for a `/` in a key",
        })
    }
}
