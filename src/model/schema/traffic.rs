//! The short forms of traffic.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::json;

use super::{EXPECTED, NAMES, SHORT, schema_name, single, with_short};
use crate::model::{Callers, Fallback, Matcher, Name, Percent, Retries, RetryPolicy, Split};

/// Ways to match a text; exactly one field is given.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct LongMatcher {
    /// Equal to this text.
    #[schemars(example = &"jason")]
    exact: Option<String>,
    /// Begins with this text; of a path, with these segments.
    #[schemars(example = &"/api")]
    prefix: Option<String>,
    /// Begins with this text, segments or not. Paths only, Istio only.
    #[schemars(example = &"/static")]
    starts_with: Option<String>,
    /// Matched as a whole by this regular expression (RE2 syntax).
    #[schemars(length(max = 1024), example = &".*@gmail\\.com")]
    regex: Option<String>,
    /// There at all (`true`), or not at all (`false`).
    #[schemars(example = true)]
    present: Option<bool>,
    /// Anything but what this condition matches. Headers and cookies only, Istio only.
    #[schemars(example = &"bot")]
    not: Option<Box<Matcher>>,
}

impl JsonSchema for Matcher {
    schema_name!("Matcher");
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let short = json!({
            "type": "string", "examples": ["jason"],
            EXPECTED: "text, or one of `{ exact: … }`, `{ prefix: … }`, `{ regex: … }`, `{ present: … }`, `{ not: … }`",
        });
        single(with_short::<LongMatcher>(
            generator,
            short,
            "What the text must look like: the text itself, or one way to match it.",
        ))
    }
}

impl<'de> Deserialize<'de> for Matcher {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Text(String),
            Long(LongMatcher),
        }
        match Form::deserialize(deserializer)? {
            Form::Text(text) => Ok(Self::Exact(text)),
            Form::Long(LongMatcher { exact: Some(text), .. }) => Ok(Self::Exact(text)),
            Form::Long(LongMatcher { prefix: Some(text), .. }) => Ok(Self::Prefix(text)),
            Form::Long(LongMatcher { starts_with: Some(text), .. }) => Ok(Self::StartsWith(text)),
            Form::Long(LongMatcher { regex: Some(text), .. }) => Ok(Self::Regex(text)),
            Form::Long(LongMatcher { present: Some(there), .. }) => Ok(Self::Present(there)),
            Form::Long(LongMatcher { not: Some(inner), .. }) => Ok(Self::Not(inner)),
            Form::Long(_) => Err(D::Error::custom("no way to match")),
        }
    }
}

/// The long form of a split.
#[derive(Deserialize, JsonSchema)]
struct LongSplit {
    /// Calls in 100 for each version; must come to 100.
    #[schemars(example = BTreeMap::from([("v1", 90), ("v2", 10)]))]
    #[schemars(extend("x-names" = "version"))]
    weights: Option<BTreeMap<Name, Percent>>,
    /// What to do where a mode cannot split like this. Without it: as the rule or the component says.
    #[schemars(example = &"approximate")]
    fallback: Option<Fallback>,
    /// The short form: the shares themselves.
    #[serde(flatten)]
    #[schemars(skip)]
    short: BTreeMap<Name, Percent>,
}

impl JsonSchema for Split {
    schema_name!("Split");
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let short = generator.subschema_for::<BTreeMap<Name, Percent>>().to_value();
        let mut schema = LongSplit::json_schema(generator).to_value();
        for (keyword, value) in short.as_object().into_iter().flatten() {
            schema[keyword] = value.clone();
        }
        schema["description"] =
            "Calls in 100 for each version: the shares themselves, or a mapping with `weights`."
                .into();
        schema["examples"] = json!([
            { "v1": 90, "v2": 10 },
            { "weights": { "v1": 90, "v2": 10 }, "fallback": "approximate" },
        ]);
        schema[SHORT] = "weights".into();
        schema[NAMES] = "version".into();
        schema["dependentRequired"] = json!({ "fallback": ["weights"] });
        schema[EXPECTED] = "a share for each version, or a mapping with `weights`".into();
        if let Some(object) = schema.as_object_mut() {
            object.remove("title");
        }
        Schema::try_from(schema).unwrap_or_default()
    }
}

impl<'de> Deserialize<'de> for Split {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let LongSplit { weights, fallback, short } = LongSplit::deserialize(deserializer)?;
        let long = weights.is_some();
        Ok(Self { weights: weights.unwrap_or(short), long, fallback })
    }
}

impl JsonSchema for Retries {
    schema_name!("Retries");
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let short = json!({
            "type": "string", "pattern": "^mesh$", "examples": ["mesh"],
            EXPECTED: "`mesh`, or a mapping with `attempts`",
        });
        with_short::<RetryPolicy>(
            generator,
            short,
            "How often a failed call is tried again: a policy, or `mesh` for the mesh's own default.",
        )
    }
}

impl<'de> Deserialize<'de> for Retries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Mesh(Mesh),
            Policy(RetryPolicy),
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "lowercase")]
        enum Mesh {
            Mesh,
        }
        Ok(match Form::deserialize(deserializer)? {
            Form::Mesh(Mesh::Mesh) => Self::Mesh,
            Form::Policy(policy) => Self::Policy(policy),
        })
    }
}

impl JsonSchema for Callers {
    schema_name!("Callers");
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = Name::json_schema(generator).to_value();
        schema["type"] = json!(["string", "array"]);
        schema["items"] = generator.subschema_for::<Name>().to_value();
        schema["minItems"] = 1.into();
        schema["uniqueItems"] = true.into();
        schema["description"] = "The component that calls, or a list of several.".into();
        schema["examples"] = json!(["web", ["web", "batch"]]);
        schema[EXPECTED] = "the name of a component, or a list of such names".into();
        Schema::try_from(schema).unwrap_or_default()
    }
}

impl<'de> Deserialize<'de> for Callers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            One(Name),
            Several(Vec<Name>),
        }
        Ok(match Form::deserialize(deserializer)? {
            Form::One(name) => Self { names: vec![name], listed: false },
            Form::Several(names) => Self { names, listed: true },
        })
    }
}
