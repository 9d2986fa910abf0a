//! What a warning counts as.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer};
use serde_json::json;

use super::schema::{EXPECTED, REPLACE, with_short};

/// What a warning counts as in the whole app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Check {
    /// An error.
    Deny,
    /// Nothing, for this reason.
    Allow(String),
}

/// The long form: a warning that is fine.
#[derive(Deserialize, JsonSchema)]
struct Allowed {
    /// Why the warning is fine; what a reviewer reads.
    #[schemars(length(min = 1), example = &"the canary ends in May")]
    allow: String,
}

impl JsonSchema for Check {
    fn schema_name() -> Cow<'static, str> {
        "Check".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let short = json!({
            "type": "string", "pattern": "^deny$", "examples": ["deny"],
            REPLACE: true,
            EXPECTED: "`deny`, or `{ allow: REASON }`",
        });
        let description = "What the warning counts as: `deny` makes it an error, `{ allow: REASON }` silences it.";
        with_short::<Allowed>(generator, short, description)
    }
}

impl<'de> Deserialize<'de> for Check {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Deny(Deny),
            Allow(Allowed),
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "lowercase")]
        enum Deny {
            Deny,
        }
        Ok(match Form::deserialize(deserializer)? {
            Form::Deny(Deny::Deny) => Self::Deny,
            Form::Allow(Allowed { allow }) => Self::Allow(allow),
        })
    }
}
