//! What may be called: the policy that follows from the declared calls.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer};
use serde_json::json;

use super::Fallback;
use super::schema::{EXPECTED, SHORT, with_short};

/// The policy of an application.
#[derive(Clone, Debug)]
pub enum Policy {
    /// All of it, as far as the mode has it: the short form `declared`.
    Whole,
    /// What is asked for, part by part.
    Parts(PolicyParts),
}

/// The parts of a policy.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PolicyParts {
    /// Who may call a component. Without it: everyone. `declared`: its declared callers and its
    /// entries, on the ports that they call, and nobody else.
    #[schemars(example = &"declared")]
    pub access: Option<Reach>,
    /// Whether calls within the mesh must be encrypted, with both ends proving who they are.
    /// Without it: as the mesh is set up.
    #[schemars(example = &"strict")]
    pub mtls: Option<Mtls>,
    /// Whom a component may call. Without it: anyone. `declared`: what it declares to call, and
    /// name servers.
    #[schemars(example = &"declared")]
    pub egress: Option<Reach>,
    /// What happens in a mode that cannot do one of these. Without it: an error.
    #[schemars(example = &"drop")]
    pub fallback: Option<Fallback>,
}

/// How far a part of the policy reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Reach {
    /// The declared calls, and no others.
    Declared,
}

/// How calls within the mesh are secured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Mtls {
    /// Plain text is refused.
    Strict,
    /// Plain text is accepted too.
    Permissive,
}

impl Mtls {
    /// Its name in the file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::Permissive => "permissive",
        }
    }

    /// Istio's name of it.
    pub const fn istio(self) -> &'static str {
        match self {
            Self::Strict => "STRICT",
            Self::Permissive => "PERMISSIVE",
        }
    }
}

impl JsonSchema for Policy {
    fn schema_name() -> Cow<'static, str> {
        "Policy".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let short = json!({
            "type": "string", "pattern": "^declared$", "examples": ["declared"],
            "minProperties": 1,
            EXPECTED: "`declared`, or a mapping with `access`, `mtls` or `egress`",
            SHORT: { "declared": { "access": "declared", "mtls": "strict", "egress": "declared" } },
        });
        with_short::<PolicyParts>(
            generator,
            short,
            "What may be called: `declared` for all that the mode has, or a mapping of its parts.",
        )
    }
}

impl<'de> Deserialize<'de> for Policy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Whole(Reach),
            Parts(PolicyParts),
        }
        Ok(match Form::deserialize(deserializer)? {
            Form::Whole(Reach::Declared) => Self::Whole,
            Form::Parts(parts) => Self::Parts(parts),
        })
    }
}
