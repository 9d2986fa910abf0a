//! Whether a tree is what the schema allows: one walk over the two together.
//!
//! Nearly every file is sound, and then there is nothing to say. The validator of the whole schema
//! takes longer to compile than a small app takes to build, and needs the tree as JSON; so it is
//! for files that have a fault. The walk knows the keywords that say how values are nested. What a
//! single value must be like is for `jsonschema` to judge, compiled where it is first asked for.
//! A keyword that the walk does not know is one it never accepts: the whole schema decides then.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use jsonschema::{Draft, PatternOptions, Validator};
use serde_json::{Map, Value as Json};

use super::shape::{At, Grammar};
use crate::model;
use crate::yaml::{Node, Value};

/// What a place of the schema asks for beside the types and places of what is inside.
#[derive(Debug, Default)]
pub(super) struct Demands {
    /// Whether it takes every type.
    any: bool,
    /// Whether it takes null.
    null: bool,
    /// Whether it takes no other field than those named.
    closed: bool,
    required: Vec<String>,
    /// Fields that need others beside them.
    dependent: Vec<(String, Vec<String>)>,
    /// The place that describes the keys.
    pub(super) keys: At,
    /// What judges the value itself.
    judge: Option<usize>,
    /// Whether it has a keyword that the walk does not know.
    foreign: bool,
}

/// A few keywords about one value, compiled when they are first needed.
#[derive(Debug)]
pub(super) struct Judge {
    schema: Json,
    validator: OnceLock<Option<Validator>>,
}

/// Keywords that ask for nothing, and those that the walk follows by itself.
const SILENT: [&str; 15] = [
    "$schema",
    "$defs",
    "title",
    "description",
    "examples",
    "default",
    "enumDescriptions",
    model::EXPECTED,
    model::REPLACE,
    model::NAMES,
    model::FREE,
    model::SHORT,
    model::BY_NAME,
    model::SUGGESTED,
    "deprecated",
];
const WALKED: [&str; 7] = [
    "type",
    "properties",
    "additionalProperties",
    "items",
    "required",
    "dependentRequired",
    "propertyNames",
];
/// Keywords about one value alone, which mean the same in every draft since the sixth.
const JUDGED: [&str; 12] = [
    "enum",
    "const",
    "pattern",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "minItems",
    "maxItems",
    "minProperties",
    "maxProperties",
    "not",
];

impl Demands {
    /// Reads the demands of a place out of its schema. Judges of the same keywords are shared.
    pub(super) fn read(
        schema: &Json,
        judges: &mut Vec<Judge>,
        known: &mut BTreeMap<String, usize>,
    ) -> Self {
        let texts = |value: &Json| -> Vec<String> {
            let items = value.as_array().into_iter().flatten();
            items.filter_map(|item| item.as_str().map(str::to_owned)).collect()
        };
        let mut demands = Self {
            any: schema["type"].is_null(),
            null: texts(&schema["type"]).iter().any(|name| name == "null"),
            closed: schema["additionalProperties"] == false,
            required: texts(&schema["required"]),
            ..Self::default()
        };
        for (field, others) in schema["dependentRequired"].as_object().into_iter().flatten() {
            demands.dependent.push((field.clone(), texts(others)));
        }
        // Demands beside a reference to the place of something inside.
        let inside = ["additionalProperties", "items", "propertyNames"].map(|way| &schema[way]);
        let fields = schema["properties"].as_object().into_iter().flat_map(Map::values);
        demands.foreign = inside.into_iter().chain(fields).any(|inner| {
            let mut keywords = inner.as_object().into_iter().flat_map(Map::keys);
            inner["$ref"].is_string()
                && keywords.any(|keyword| keyword != "$ref" && !SILENT.contains(&&**keyword))
        });
        let mut judged = Map::new();
        for (keyword, value) in schema.as_object().into_iter().flatten() {
            let keyword = keyword.as_str();
            let scalar = |value: &Json| !value.is_array() && !value.is_object();
            let simple = match keyword {
                "not" => value.as_object().is_some_and(|inner| {
                    inner.keys().all(|keyword| matches!(keyword.as_str(), "type" | "required"))
                }),
                "enum" => value.as_array().is_some_and(|choices| choices.iter().all(scalar)),
                "const" => scalar(value),
                _ => true,
            };
            if JUDGED.contains(&keyword) && simple {
                judged.insert(keyword.to_owned(), value.clone());
            } else if !SILENT.contains(&keyword) && !WALKED.contains(&keyword) {
                demands.foreign = true;
            }
        }
        if !judged.is_empty() {
            let schema = Json::Object(judged);
            demands.judge = Some(*known.entry(schema.to_string()).or_insert_with(|| {
                judges.push(Judge { schema, validator: OnceLock::new() });
                judges.len() - 1
            }));
        }
        demands
    }
}

impl Judge {
    fn accepts(&self, value: &Json) -> bool {
        let validator = self.validator.get_or_init(|| {
            let options = jsonschema::options()
                .with_draft(Draft::Draft6)
                .with_pattern_options(PatternOptions::regex());
            options.build(&self.schema).ok()
        });
        validator.as_ref().is_some_and(|validator| validator.is_valid(value))
    }
}

/// A collection without what is inside: no judge asks for more than its size and its keys, as an
/// `enum` lists scalars.
fn outline(value: &Value) -> Json {
    match value {
        Value::Mapping(mapping) => {
            mapping.iter().map(|entry| (entry.key.text.to_string(), Json::Null)).collect()
        }
        Value::Sequence(items) => vec![Json::Null; items.len()].into(),
        Value::Scalar(_) => Json::Null,
    }
}

impl Grammar {
    /// Whether the walk accepts a node in a place. If it does, so does the whole schema.
    pub(super) fn accepts(&self, node: &Node, at: At) -> bool {
        // Where the schema says nothing, everything is fine.
        let Some(place) = at else { return true };
        let shape = &self.shapes[place];
        let Demands { any, closed, required, dependent, keys, judge, foreign, .. } = &shape.demands;
        if *foreign {
            return false;
        }
        if shape.free {
            let mapping = matches!(node.value, Value::Mapping(_)) && shape.types.object;
            return *any || mapping || (node.is_null() && shape.demands.null);
        }
        let inside = match &node.value {
            Value::Mapping(mapping) => {
                let has = |field: &String| mapping.get(field).is_some();
                (*any || shape.types.object)
                    && !self.has_both_forms(node, at)
                    && required.iter().all(has)
                    && dependent.iter().all(|(field, others)| !has(field) || others.iter().all(has))
                    && mapping.iter().all(|entry| {
                        let child = self.child(at, &entry.key.text);
                        (child.is_some() || !closed)
                            && self.accepts_key(&entry.key.text, *keys)
                            && self.accepts(&entry.value, child)
                    })
            }
            Value::Sequence(items) => {
                (*any || shape.types.array)
                    && items.iter().all(|item| self.accepts(item, shape.items))
            }
            Value::Scalar(scalar) => {
                return self.accepts_scalar(&self.scalar(scalar, node.is_null(), at), place);
            }
        };
        inside && judge.is_none_or(|judge| self.judges[judge].accepts(&outline(&node.value)))
    }

    fn accepts_key(&self, key: &str, at: At) -> bool {
        at.is_none_or(|at| self.accepts_scalar(&Json::String(key.to_owned()), at))
    }

    pub(super) fn accepts_scalar(&self, value: &Json, place: usize) -> bool {
        let shape = &self.shapes[place];
        let demands = &shape.demands;
        let fits = match value {
            Json::Null => demands.null,
            Json::Bool(_) => shape.types.boolean,
            Json::Number(_) => shape.types.integer,
            _ => shape.types.string,
        };
        !demands.foreign
            && (fits || demands.any)
            && demands.judge.is_none_or(|judge| self.judges[judge].accepts(value))
    }
}
