//! What Dapr offers beside calls: the components behind its building blocks, and its settings.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::json;

use super::schema::{EXPECTED, KeyOf, REPLACE, with_short};
use super::{BlockType, Dependencies, Duration, Fallback, Name, SamplingRate, SettingName};

/// What Dapr offers to the components of the app, and how its sidecars are set up.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct Dapr {
    /// The name of the sidecars' Configuration; where the policy closes components, each has one of
    /// its own, of which this is the first part of the name. Without it: the app's name.
    #[schemars(example = &"appconfig")]
    pub configuration: Option<Name>,
    /// Where the sidecars send traces. Without it: nowhere.
    pub tracing: Option<Tracing>,
    /// State stores, message brokers, bindings, secret stores and the like, by the name that
    /// programs use. Components say under `dependsOn` which of them they use.
    #[schemars(extend("minProperties" = 1))]
    pub components: Option<BTreeMap<Name, Block>>,
    /// What happens in a mode without Dapr. Without it: an error.
    #[schemars(example = &"drop")]
    pub fallback: Option<Fallback>,
}

/// Something that the sidecars of Dapr offer to programs, and what is behind it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Block {
    /// What it is, in Dapr's words.
    #[serde(rename = "type")]
    #[schemars(example = &"state.redis")]
    pub kind: BlockType,
    /// The version of this type. Without it: `v1`.
    #[schemars(example = &"v2")]
    pub version: Option<Name>,
    /// Its settings, as Dapr's reference of the type has them.
    #[schemars(example = json!({ "redisHost": "redis:6379", "redisPassword": { "secret": "redis/password" } }))]
    pub metadata: Option<BTreeMap<SettingName, Setting>>,
    /// The components that stand behind it: who uses it reaches them, by its sidecar.
    pub depends_on: Option<Dependencies>,
    /// The secret store of this app that its secrets are in. Without it: Secrets of Kubernetes.
    #[schemars(example = &"vault")]
    pub secret_store: Option<Name>,
    /// Whether a sidecar starts without it. Without it: no.
    #[schemars(example = true)]
    pub ignore_errors: Option<bool>,
    /// How long a sidecar waits for it. Dapr's default is `5s`.
    #[schemars(example = &"30s")]
    pub init_timeout: Option<Duration>,
}

/// Where traces go.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Tracing {
    /// Of how many calls, from 0 to 1.
    #[schemars(example = &"0.1")]
    pub sampling_rate: SamplingRate,
    /// A server that speaks Zipkin.
    pub zipkin: Option<Zipkin>,
    /// A server that speaks OpenTelemetry.
    pub otel: Option<Otel>,
    /// Whether they are in the sidecars' logs too. Without it: no.
    #[schemars(example = true)]
    pub stdout: Option<bool>,
}

/// A server that speaks Zipkin.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct Zipkin {
    /// Its URL.
    #[schemars(example = &"http://zipkin.tracing.svc.cluster.local:9411/api/v2/spans")]
    pub url: String,
}

/// A server that speaks OpenTelemetry.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct Otel {
    /// Where it is.
    #[schemars(example = &"otel-collector.tracing.svc.cluster.local:4317")]
    pub address: String,
    /// What it speaks. Without it: `grpc`.
    #[schemars(example = &"http")]
    pub protocol: Option<OtelProtocol>,
    /// Whether over TLS. Without it: no.
    #[schemars(example = true)]
    pub tls: Option<bool>,
}

/// The transports of OpenTelemetry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names are the protocols' own")]
pub enum OtelProtocol {
    Grpc,
    Http,
}

impl OtelProtocol {
    /// Dapr's name of it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Grpc => "grpc",
            Self::Http => "http",
        }
    }
}

/// A setting of a Dapr component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Setting {
    /// The text as written.
    Text(String),
    /// `NAME/KEY` of a Secret.
    Secret(String),
}

/// The mapping form of a setting.
#[derive(Deserialize, JsonSchema)]
struct SettingSource {
    /// `NAME/KEY` of a Secret; of another secret store, what is called so there.
    #[schemars(with = "Option<KeyOf>", example = &"redis/password")]
    secret: Option<String>,
}

impl JsonSchema for Setting {
    fn schema_name() -> Cow<'static, str> {
        "Setting".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let short = json!({
            "type": "string", "examples": ["redis:6379"],
            "minProperties": 1, "maxProperties": 1, REPLACE: true,
            EXPECTED: "text, or `{ secret: NAME/KEY }`",
        });
        let description = "The value: text (numbers and words keep the author's spelling), or the Secret to take it from.";
        with_short::<SettingSource>(generator, short, description)
    }
}

impl<'de> Deserialize<'de> for Setting {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Text(String),
            Source(SettingSource),
        }
        match Form::deserialize(deserializer)? {
            Form::Text(text) => Ok(Self::Text(text)),
            Form::Source(SettingSource { secret: Some(key) }) => Ok(Self::Secret(key)),
            Form::Source(_) => Err(D::Error::custom("no source")),
        }
    }
}
