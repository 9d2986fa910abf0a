//! The short forms of traffic.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::json;

use super::{EXPECTED, schema_name, single, with_short};
use crate::model::{Callers, Matcher, Name, Retries, RetryPolicy};

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
