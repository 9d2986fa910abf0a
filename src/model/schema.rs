//! The JSON Schema of the grammar, and the short forms that a derive cannot express.
//!
//! There is no `oneOf` and no `anyOf` in it: where a field takes a scalar or a mapping, `type`
//! lists both and the mapping's fields apply to mappings alone. That keeps every message about one
//! alternative, and completion exact.

mod traffic;

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value, json};

use super::workload::{Dependencies, EnvValue, FileSource, PortRef};
use super::{
    App, Callee, Dependency, EnvName, FieldPath, HeaderName, Host, Label, Name, PathName, Port,
    PortName, Protocol, ResourcePath, ServiceAccount, SettingName,
};

/// Keyword that holds, in words, what a scalar must look like. Messages quote it.
pub const EXPECTED: &str = "x-expected";

/// Keyword of a mapping that a later layer replaces as a whole: its fields exclude each other.
pub const REPLACE: &str = "x-replace";

/// Keyword of a field that refers to names of this app: of `component`s, of `callee`s (components,
/// their aliases and versions), of the component's own `version`s or `port`s, or of the
/// `callee-port`s. A scalar is such a name, a list holds them, a mapping has them as keys.
pub const NAMES: &str = "x-names";

/// Keyword of a list whose items have names, by which a later layer changes them.
pub const BY_NAME: &str = "x-by-name";

/// Keyword of a place with a short form: the field of the long form that the short one gives, or, for
/// each word that it can be, the long form.
pub const SHORT: &str = "x-short";

/// Keyword of a name that can be any: the choices that there always are, for editors.
pub const SUGGESTED: &str = "x-suggested";

/// Keyword of a place that no schema of ours describes: a scalar there is what YAML itself says.
pub const FREE: &str = "x-free";

/// The schema of a whole app file.
pub fn schema() -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let mut root = generator.root_schema_for::<App>().to_value();
    tidy(&mut root);
    let defs = root["$defs"].as_object().cloned().unwrap_or_default();
    let mut delta_root = root.clone();
    let mut deltas: Map<String, Value> = Map::new();
    if let Some(app) = delta_root.as_object_mut() {
        app.remove("$defs");
        app.remove("$schema");
        app.remove("title");
    }
    if let Some(fields) = delta_root["properties"].as_object_mut() {
        fields.remove("apiVersion");
        fields.remove("name");
    }
    delta_root["description"] =
        "A delta: what is written here replaces what the file says, key by key; `null` deletes."
            .into();
    deltas.insert("AppDelta".into(), delta_root);
    for (name, def) in defs {
        deltas.insert(format!("{name}Delta"), def);
    }
    for delta in deltas.values_mut() {
        loosen(delta);
    }
    // A layer above the file may give a parameter's value alone.
    deltas["ParamDelta"]["type"] = json!(["object", "string", "null"]);
    deltas["ParamDelta"][EXPECTED] = "a value, or a mapping with `default`".into();
    if let Some(defs) = root["$defs"].as_object_mut() {
        defs.append(&mut deltas);
    }
    root["properties"]["environments"] = json!({
        "description": "Small deltas for `--env NAME`: the same grammar, merged key by key; `null` deletes.",
        "type": "object",
        "propertyNames": { "$ref": "#/$defs/Name" },
        "additionalProperties": { "$ref": "#/$defs/AppDelta" },
        "examples": [{ "prod": { "components": { "web": { "replicas": 3 } } } }],
    });
    root["title"] = "weft.yaml".into();
    root
}

/// The schema of a delta alone: an environment, or what `--set` builds.
pub fn overlay() -> Value {
    let mut root = schema();
    let defs = root["$defs"].take();
    json!({ "$ref": "#/$defs/AppDelta", "$defs": defs })
}

/// Calls `visit` with every schema directly inside this one. A mapping of names to schemas is not a
/// schema itself: a field may be called `type`.
fn each_inside(object: &mut Map<String, Value>, visit: fn(&mut Value)) {
    for (key, value) in object.iter_mut() {
        match (key.as_str(), value) {
            ("properties" | "$defs", Value::Object(named)) => named.values_mut().for_each(visit),
            ("items" | "additionalProperties", value) => visit(value),
            ("patternProperties", Value::Object(named)) => named.values_mut().for_each(visit),
            _ => {}
        }
    }
}

/// Brings derived schemas into our narrow form.
pub(super) fn tidy(schema: &mut Value) {
    let Value::Object(object) = schema else { return };
    drop_null(object);
    join_constants(object);
    name_keys(object);
    object.remove("format");
    let closed = object.contains_key("properties") && !object.contains_key("additionalProperties");
    if closed {
        object.insert("additionalProperties".into(), false.into());
    }
    each_inside(object, tidy);
}

/// `Option` means "may be absent", not "may be null".
fn drop_null(object: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|name| name != "null");
        if let [one] = types.as_slice() {
            let one = one.clone();
            object.insert("type".into(), one);
        }
    }
    if let Some(Value::Array(choices)) = object.get_mut("anyOf") {
        choices.retain(|choice| choice["type"] != "null");
        if let [Value::Object(one)] = choices.as_slice() {
            let mut one = one.clone();
            object.remove("anyOf");
            one.append(object);
            *object = one;
        }
    }
    if let Some(Value::Array(values)) = object.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
}

/// Documented enum variants come as `oneOf` constants; editors and messages want one `enum`.
fn join_constants(object: &mut Map<String, Value>) {
    let Some(Value::Array(choices)) = object.remove("oneOf") else { return };
    let mut values = Vec::new();
    let mut descriptions = Vec::new();
    for choice in &choices {
        match (&choice["const"], choice["enum"].as_array()) {
            (Value::Null, Some(several)) => {
                descriptions.extend(several.iter().map(|_| choice["description"].clone()));
                values.extend(several.iter().cloned());
            }
            (value, _) => {
                values.push(value.clone());
                descriptions.push(choice["description"].clone());
            }
        }
    }
    object.insert("type".into(), "string".into());
    object.insert("enum".into(), values.into());
    if descriptions.iter().all(Value::is_string) {
        object.insert("enumDescriptions".into(), descriptions.into());
    }
}

/// A mapping with checked keys: `propertyNames` says the form once, `additionalProperties` the rest.
fn name_keys(object: &mut Map<String, Value>) {
    let Some(Value::Object(patterns)) = object.remove("patternProperties") else { return };
    for (pattern, value) in patterns {
        let form = KEY_FORMS.iter().find(|(known, ..)| *known == pattern);
        let names = match form {
            Some((pattern, longest, expected)) => {
                json!({ "pattern": pattern, "maxLength": longest, EXPECTED: expected })
            }
            None => json!({ "pattern": pattern }),
        };
        object.insert("propertyNames".into(), names);
        object.insert("additionalProperties".into(), value);
    }
}

/// What the keys of our mappings look like: pattern, greatest length, and the form in words.
const KEY_FORMS: [(&str, usize, &str); 9] = [
    Name::KEY_FORM,
    Callee::KEY_FORM,
    PortName::KEY_FORM,
    EnvName::KEY_FORM,
    Label::KEY_FORM,
    HeaderName::KEY_FORM,
    PathName::KEY_FORM,
    Host::KEY_FORM,
    SettingName::KEY_FORM,
];

/// In a delta nothing is required, and `null` deletes. Keys stay as they are.
fn loosen(schema: &mut Value) {
    let Value::Object(object) = schema else { return };
    object.remove("required");
    object.remove("dependentRequired");
    if let Some(Value::String(target)) = object.get_mut("$ref") {
        target.push_str("Delta");
    }
    if let Some(kind) = object.get_mut("type") {
        *kind = match kind.take() {
            Value::Array(mut types) => {
                types.push("null".into());
                types.into()
            }
            one => json!([one, "null"]),
        };
        if let Some(Value::Array(values)) = object.get_mut("enum") {
            values.push(Value::Null);
        }
    }
    each_inside(object, loosen);
}

/// The mapping form of a type, with the scalar types its short form takes beside it.
pub(super) fn with_short<Long: JsonSchema>(
    generator: &mut SchemaGenerator,
    short: Value,
    description: &str,
) -> Schema {
    let mut long = Long::json_schema(generator).to_value();
    let Value::Object(short) = short else { return Schema::default() };
    long["type"] = json!([short["type"], "object"]);
    for (key, value) in short {
        if key != "type" {
            long[key] = value;
        }
    }
    long["description"] = description.into();
    if let Some(object) = long.as_object_mut() {
        object.remove("title");
    }
    Schema::try_from(long).unwrap_or_default()
}

macro_rules! schema_name {
    ($name:literal) => {
        fn schema_name() -> Cow<'static, str> {
            $name.into()
        }
    };
}
use schema_name;

/// The long form of a port.
#[derive(Deserialize, JsonSchema)]
struct LongPort {
    /// The number that callers use.
    #[schemars(range(min = 1), example = 80)]
    port: u16,
    /// The number that the container listens on. Without it: the same.
    #[schemars(range(min = 1), example = 8080)]
    target: Option<u16>,
    /// What is spoken there. Without it: what the port's name says, else `tcp`.
    #[schemars(example = &"grpc")]
    protocol: Option<Protocol>,
    /// Whether other components can call it. Without it: yes.
    #[schemars(example = false)]
    internal: Option<bool>,
}

impl JsonSchema for Port {
    schema_name!("Port");
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let short = json!({
            "type": "integer", "minimum": 1, "maximum": 65535, "examples": [9080],
            EXPECTED: "a port number, or a mapping with `port`",
            SHORT: "port",
        });
        with_short::<LongPort>(
            generator,
            short,
            "A port: its number, or a mapping with more to say.",
        )
    }
}

impl<'de> Deserialize<'de> for Port {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Short(u16),
            Long(LongPort),
        }
        Ok(match Form::deserialize(deserializer)? {
            Form::Short(port) => Self { port, target: None, protocol: None, internal: None },
            Form::Long(LongPort { port, target, protocol, internal }) => {
                Self { port, target, protocol, internal }
            }
        })
    }
}

/// The long form of a service account.
#[derive(Deserialize, JsonSchema)]
struct LongServiceAccount {
    /// Its name. Without it: the component's.
    #[schemars(example = &"bookinfo-reviews")]
    name: Option<Name>,
    /// Whether weft creates it. Without it: yes, unless it is `default`.
    #[schemars(example = false)]
    create: Option<bool>,
    /// Whether the pods get a token for the Kubernetes API. Without it: no.
    #[schemars(example = true)]
    token: Option<bool>,
    /// Its annotations, such as the role it has in a cloud.
    #[schemars(example = BTreeMap::from([("example.com/role", "reader")]))]
    annotations: Option<BTreeMap<Label, String>>,
}

impl JsonSchema for ServiceAccount {
    schema_name!("ServiceAccount");
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (pattern, longest, _) = Name::KEY_FORM;
        let short = json!({
            "type": "string", "pattern": pattern, "maxLength": longest,
            "examples": ["bookinfo-reviews"],
            EXPECTED: "the name of a service account, or a mapping",
            SHORT: "name",
        });
        let description = "A service account: its name, or a mapping with more to say.";
        with_short::<LongServiceAccount>(generator, short, description)
    }
}

impl<'de> Deserialize<'de> for ServiceAccount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Name(Name),
            Long(LongServiceAccount),
        }
        Ok(match Form::deserialize(deserializer)? {
            Form::Name(name) => Self { name: Some(name), ..Self::default() },
            Form::Long(LongServiceAccount { name, create, token, annotations }) => {
                Self { name, create, token, annotations }
            }
        })
    }
}

impl JsonSchema for Dependencies {
    schema_name!("Dependencies");
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let map = generator.subschema_for::<BTreeMap<Callee, Dependency>>().to_value();
        let name = generator.subschema_for::<Callee>().to_value();
        let mut schema = map;
        schema["type"] = json!(["array", "object"]);
        schema["items"] = name;
        schema["description"] =
            "What this component calls: a list of names (or aliases), or a mapping from name to settings.".into();
        schema["examples"] = json!([["details", "reviews"], { "reviews": { "env": { "REVIEWS_HOSTNAME": "host" } } }]);
        schema[EXPECTED] = "a list of names, or a mapping from name to settings".into();
        schema[NAMES] = "callee".into();
        Schema::try_from(schema).unwrap_or_default()
    }
}

impl<'de> Deserialize<'de> for Dependencies {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            List(Vec<Callee>),
            Map(BTreeMap<Callee, Dependency>),
        }
        Ok(match Form::deserialize(deserializer)? {
            Form::List(names) => Self::List(names),
            Form::Map(map) => Self::Map(map),
        })
    }
}

/// A reference `NAME/KEY` into a Secret or ConfigMap.
pub(super) struct KeyOf;

impl JsonSchema for KeyOf {
    schema_name!("KeyOf");
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": "^[a-z0-9]([-.a-z0-9]*[a-z0-9])?/([.]?[-_a-zA-Z0-9][-._a-zA-Z0-9]*)$",
            EXPECTED: "`NAME/KEY` of a Secret or ConfigMap",
        })
    }
}

/// The mapping forms of an environment variable's value; exactly one field is given.
#[derive(Deserialize, JsonSchema)]
struct EnvSource {
    /// `NAME/KEY` of a Secret.
    #[schemars(with = "Option<KeyOf>", example = &"db/password")]
    secret: Option<String>,
    /// `NAME/KEY` of a ConfigMap.
    #[schemars(with = "Option<KeyOf>", example = &"app/mode")]
    config: Option<String>,
    /// A field of the pod, as the downward API names it.
    #[schemars(with = "Option<FieldPath>", example = &"status.podIP")]
    field: Option<String>,
    /// A resource of the container, as the downward API names it.
    #[schemars(with = "Option<ResourcePath>", example = &"limits.memory")]
    resource: Option<String>,
}

/// Exactly one field of a mapping, by the schema's word.
fn single(mut schema: Schema) -> Schema {
    schema.insert("minProperties".into(), 1.into());
    schema.insert("maxProperties".into(), 1.into());
    schema.insert(REPLACE.into(), true.into());
    schema
}

impl JsonSchema for EnvValue {
    schema_name!("EnvValue");
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let short = json!({
            "type": "string", "examples": ["/tmp/logs"],
            EXPECTED: "text, or one of `{ secret: NAME/KEY }`, `{ config: NAME/KEY }`, `{ field: PATH }`, `{ resource: PATH }`",
        });
        single(with_short::<EnvSource>(
            generator,
            short,
            "The value: text (numbers and words keep the author's spelling), or where to take it from.",
        ))
    }
}

impl<'de> Deserialize<'de> for EnvValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Text(String),
            Source(EnvSource),
        }
        match Form::deserialize(deserializer)? {
            Form::Text(text) => Ok(Self::Text(text)),
            Form::Source(source) => match source {
                EnvSource { secret: Some(key), .. } => Ok(Self::Secret(key)),
                EnvSource { config: Some(key), .. } => Ok(Self::Config(key)),
                EnvSource { field: Some(path), .. } => Ok(Self::Field(path)),
                EnvSource { resource: Some(path), .. } => Ok(Self::Resource(path)),
                _ => Err(D::Error::custom("no source")),
            },
        }
    }
}

/// Where a file's content comes from; exactly one field is given.
#[derive(Deserialize, JsonSchema)]
struct FileForms {
    /// The content itself.
    #[schemars(example = &"log_level = info\n")]
    text: Option<String>,
    /// A file in the app's folder, relative to the app file.
    #[schemars(example = &"conf/app.conf")]
    file: Option<String>,
    /// `NAME/KEY` of a Secret.
    #[schemars(with = "Option<KeyOf>", example = &"tls/ca.crt")]
    secret: Option<String>,
    /// `NAME/KEY` of a ConfigMap.
    #[schemars(with = "Option<KeyOf>", example = &"app/app.conf")]
    config: Option<String>,
}

impl JsonSchema for FileSource {
    schema_name!("FileSource");
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = single(FileForms::json_schema(generator));
        schema.insert("description".into(), "Where the file's content comes from.".into());
        schema.remove("title");
        schema
    }
}

impl<'de> Deserialize<'de> for FileSource {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match FileForms::deserialize(deserializer)? {
            FileForms { text: Some(text), .. } => Ok(Self::Text(text)),
            FileForms { file: Some(path), .. } => Ok(Self::File(path)),
            FileForms { secret: Some(key), .. } => Ok(Self::Secret(key)),
            FileForms { config: Some(key), .. } => Ok(Self::Config(key)),
            _ => Err(D::Error::custom("no source")),
        }
    }
}

impl JsonSchema for PortRef {
    schema_name!("PortRef");
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({
            "type": ["integer", "string"],
            "minimum": 1,
            "maximum": 65535,
            EXPECTED: "the name of a port, or a port number of the container",
        })
    }
}

impl<'de> Deserialize<'de> for PortRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Number(u16),
            Name(String),
        }
        Ok(match Form::deserialize(deserializer)? {
            Form::Number(number) => Self::Number(number),
            Form::Name(name) => Self::Name(name),
        })
    }
}
