//! How a component is found and watched: its further names, what it tells callers, its metrics.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::json;

use super::schema::{EXPECTED, KeyOf, REPLACE, with_short};
use super::{Connection, Duration, Label, LabelValue, Name, PortName, PortRef};

/// Further names of a component, with what is different under each.
#[derive(Clone, Debug, Default)]
pub struct Aliases(pub BTreeMap<Name, Alias>);

/// A further name of a component: a Service of its own, which leads to the same pods.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct Alias {
    /// The ports under this name, each with the number that callers use. Without it: those of the
    /// component, with their own numbers.
    #[schemars(extend("minProperties" = 1, "x-names" = "port"), inner(range(min = 1)))]
    #[schemars(example = BTreeMap::from([("http", 80)]))]
    pub ports: Option<BTreeMap<PortName, u16>>,
    /// Whether the name leads to each pod by itself, and not to one address for all. Without it: as
    /// the component.
    #[schemars(example = true)]
    pub headless: Option<bool>,
}

impl JsonSchema for Aliases {
    fn schema_name() -> Cow<'static, str> {
        "Aliases".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = generator.subschema_for::<BTreeMap<Name, Alias>>().to_value();
        schema["type"] = json!(["array", "object"]);
        schema["items"] = generator.subschema_for::<Name>().to_value();
        schema["description"] =
            "Further DNS names of this component: a list, or a mapping from name to what is different under it.".into();
        schema["examples"] = json!([["web-svc"], { "web-admin": { "ports": { "admin": 8081 } } }]);
        schema[EXPECTED] = "a list of names, or a mapping from name to settings".into();
        Schema::try_from(schema).unwrap_or_default()
    }
}

impl<'de> Deserialize<'de> for Aliases {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            List(Vec<Name>),
            Map(BTreeMap<Name, Alias>),
        }
        Ok(Self(match Form::deserialize(deserializer)? {
            Form::List(names) => names.into_iter().map(|name| (name, Alias::default())).collect(),
            Form::Map(map) => map,
        }))
    }
}

/// Where Prometheus reads the numbers of a component.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct Metrics {
    /// The port, by its name in `ports` or by the container's number. Without it: the only one of
    /// `ports`.
    #[schemars(extend("x-names" = "port"), example = &"http")]
    pub port: Option<PortRef>,
    /// The path. Without it: `/metrics`.
    #[schemars(regex(pattern = "^/"), extend("x-expected" = "a path that begins with `/`"), example = &"/metrics")]
    pub path: Option<String>,
    /// How often it is read. Without it: as Prometheus is set up.
    #[schemars(example = &"30s")]
    pub interval: Option<Duration>,
    /// Who reads it: whom a policy lets in at this port. Without it: nobody, where a policy closes
    /// the port.
    pub from: Option<Scraper>,
}

/// The pods that read metrics.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Scraper {
    /// Their namespace.
    #[schemars(example = &"monitoring")]
    pub namespace: Name,
    /// Their labels. Without it: every pod of the namespace.
    #[schemars(extend("minProperties" = 1))]
    #[schemars(example = BTreeMap::from([("app.kubernetes.io/name", "prometheus")]))]
    pub pods: Option<BTreeMap<Label, LabelValue>>,
    /// Their service account, if they are in the mesh and call with its identity. Without it: they
    /// are not.
    #[schemars(example = &"prometheus")]
    pub service_account: Option<Name>,
}

/// The value of a variable that a component gives to whoever calls it.
#[derive(Clone, Debug, PartialEq)]
pub enum ConnectValue {
    /// Where to call.
    Connection(Connection),
    /// This text; `$(OTHER)` is Kubernetes' reference to another variable of the caller.
    Text(String),
    /// `NAME/KEY` of a Secret in the caller's namespace.
    Secret(String),
    /// `NAME/KEY` of a ConfigMap in the caller's namespace.
    Config(String),
}

/// The mapping forms of such a value; exactly one field is given.
#[derive(Deserialize, JsonSchema)]
struct ConnectSource {
    /// The text itself.
    #[schemars(example = &"root")]
    text: Option<String>,
    /// `NAME/KEY` of a Secret.
    #[schemars(with = "Option<KeyOf>", example = &"db/password")]
    secret: Option<String>,
    /// `NAME/KEY` of a ConfigMap.
    #[schemars(with = "Option<KeyOf>", example = &"db/name")]
    config: Option<String>,
}

impl JsonSchema for ConnectValue {
    fn schema_name() -> Cow<'static, str> {
        "ConnectValue".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let short = json!({
            "type": "string", "pattern": "^(host|port|address|url)$", "examples": ["host"],
            "minProperties": 1, "maxProperties": 1, REPLACE: true,
            EXPECTED: "`host`, `port`, `address`, `url`, or one of `{ text: … }`, `{ secret: NAME/KEY }`, `{ config: NAME/KEY }`",
        });
        let description = "The value: where to call, a text, or where to take it from.";
        with_short::<ConnectSource>(generator, short, description)
    }
}

impl<'de> Deserialize<'de> for ConnectValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Connection(Connection),
            Source(ConnectSource),
        }
        match Form::deserialize(deserializer)? {
            Form::Connection(what) => Ok(Self::Connection(what)),
            Form::Source(ConnectSource { text: Some(text), .. }) => Ok(Self::Text(text)),
            Form::Source(ConnectSource { secret: Some(key), .. }) => Ok(Self::Secret(key)),
            Form::Source(ConnectSource { config: Some(key), .. }) => Ok(Self::Config(key)),
            Form::Source(_) => Err(D::Error::custom("no source")),
        }
    }
}
