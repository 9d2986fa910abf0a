//! A governance mode of the author's own: the grammar of `modes/NAME/mode.yaml`.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::schema::{EXPECTED, REPLACE, SHORT, tidy, with_short};
use super::{ApiVersion, Label, Name, Protocol};

/// A governance mode of your own: what it needs, what it can do, and the templates of its objects.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// The grammar this file is written in.
    #[schemars(example = &"weft/v1")]
    pub api_version: ApiVersion,
    /// What messages call the mode. Without it: the name of its folder.
    #[schemars(length(min = 1), example = &"Cilium")]
    pub title: Option<String>,
    /// What the cluster must have, for people: `weft build` says it with `--verbose`.
    #[schemars(example = json!(["Cilium 1.20 with gatewayAPI.enabled=true"]))]
    pub needs: Option<Vec<String>>,
    /// Whether calls pass a proxy that sees requests. Without it: yes.
    #[schemars(example = false)]
    pub proxies: Option<bool>,
    /// Whether it encrypts the calls between components, and so knows callers by identity. Without
    /// it: no.
    #[schemars(example = true)]
    pub identities: Option<bool>,
    /// The user id of its proxies, which no program may have. Without it: none.
    #[schemars(range(min = 1), example = 1337)]
    pub proxy_user: Option<u32>,
    /// The numbers on which its proxies listen in each pod, which no program may have. Without them:
    /// none.
    #[schemars(example = json!([15001, 15006]))]
    pub proxy_ports: Option<Vec<u16>>,
    /// Whether its templates write routes of Gateway API that hang on Services. Then their limits
    /// hold: at most 16 rules, and the more specific match wins. Without it: no.
    #[schemars(example = true)]
    pub gateway_api: Option<bool>,
    /// The class of the shared gateway where the app file names none.
    #[schemars(length(min = 1), example = &"cilium")]
    pub gateway_class: Option<String>,
    /// Whether weft writes NetworkPolicies for `access` and `egress`. Without it: yes. A mode whose
    /// templates write policies of its own says no.
    #[schemars(example = false)]
    pub network_policies: Option<bool>,
    /// Labels and annotations of namespaces and pods.
    pub marks: Option<ModeMarks>,
    /// Words of `appProtocol` in Services, by the protocol of the port. Without one: weft's own.
    #[schemars(example = json!({ "grpc": "kubernetes.io/h2c" }))]
    pub app_protocols: Option<AppProtocols>,
    /// The port of the pods at which calls from within the mesh arrive, as a NetworkPolicy sees it.
    /// Without it: the port that is called.
    #[schemars(range(min = 1), example = 15008)]
    pub tunnel: Option<u16>,
    /// Where its proxies get their settings, for NetworkPolicies that narrow what pods call.
    pub control_plane: Option<ControlPlane>,
    /// What it can do, by feature. What is not listed it cannot do.
    #[schemars(with = "Capabilities")]
    pub capabilities: BTreeMap<String, Capability>,
    /// The templates of its objects, by the name of the file: `NAME.yaml.j2` beside this one.
    #[schemars(example = json!({ "http-route": "component" }))]
    pub templates: BTreeMap<Name, TemplateUse>,
}

/// Labels and annotations by which a mesh knows what is part of it.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct ModeMarks {
    /// Of the namespaces of the app.
    #[schemars(example = json!({ "labels": { "example.com/mesh": "enabled" } }))]
    pub namespace: Option<Marks>,
    /// Of the pods in the mesh.
    #[schemars(example = json!({ "annotations": { "example.com/proxy": "enabled" } }))]
    pub pods: Option<Marks>,
    /// Of the pods that are kept out of it. Without it: a component cannot be kept out.
    #[schemars(example = json!({ "labels": { "example.com/proxy": "disabled" } }))]
    pub outside: Option<Marks>,
}

/// Labels and annotations.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct Marks {
    /// Labels.
    #[schemars(example = json!({ "example.com/mesh": "enabled" }))]
    pub labels: Option<BTreeMap<Label, String>>,
    /// Annotations.
    #[schemars(example = json!({ "example.com/proxy": "enabled" }))]
    pub annotations: Option<BTreeMap<Label, String>>,
}

/// The pods of a control plane.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct ControlPlane {
    /// Their namespace.
    #[schemars(example = &"mesh-system")]
    pub namespace: Name,
    /// Their labels. Without them: every pod of the namespace.
    #[schemars(example = json!({ "app": "control-plane" }))]
    pub pods: Option<BTreeMap<Label, String>>,
    /// The port that they listen on.
    #[schemars(range(min = 1), example = 15012)]
    pub port: u16,
}

/// What a template is rendered for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Once, for the application.
    Application,
    /// For each component.
    Component,
    /// For each version of each component.
    Version,
}

/// When the objects of a template are applied, where weft does not know their kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Moment {
    /// Before the workloads, as policies are.
    Before,
    /// After them, as routes are.
    After,
}

/// How a template is used.
#[derive(Clone, Debug)]
pub struct TemplateUse {
    /// What it is rendered for.
    pub of: Level,
    /// When its objects are applied.
    pub apply: Option<Moment>,
}

/// The long form of the use of a template.
#[derive(Deserialize, JsonSchema)]
struct LongTemplateUse {
    /// What it is rendered for.
    #[serde(rename = "for")]
    #[schemars(example = &"component")]
    of: Level,
    /// When its objects are applied, before the workloads or after them, where weft does not know
    /// their kind. Without it: after.
    #[schemars(example = &"before")]
    apply: Option<Moment>,
}

impl JsonSchema for TemplateUse {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "TemplateUse".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let short = json!({
            "type": "string", "pattern": "^(application|component|version)$",
            "examples": ["component"],
            EXPECTED: "`application`, `component` or `version`, or a mapping with `for`",
            SHORT: "for",
        });
        let description = "A template: what it is rendered for, or a mapping with more to say.";
        with_short::<LongTemplateUse>(generator, short, description)
    }
}

impl<'de> Deserialize<'de> for TemplateUse {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Short(Level),
            Long(LongTemplateUse),
        }
        Ok(match Form::deserialize(deserializer)? {
            Form::Short(of) => Self { of, apply: None },
            Form::Long(LongTemplateUse { of, apply }) => Self { of, apply },
        })
    }
}

/// How well a mode does something, and why not better.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Capability {
    /// As the app file says.
    Exact,
    /// As far as the pods allow.
    Approximate(String),
    /// Not at all.
    Impossible(String),
}

impl<'de> Deserialize<'de> for Capability {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "lowercase")]
        enum Word {
            Exact,
        }
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Exact(Word),
            Less { approximate: Option<String>, impossible: Option<String> },
        }
        Ok(match Form::deserialize(deserializer)? {
            Form::Exact(Word::Exact) => Self::Exact,
            Form::Less { approximate: Some(why), .. } => Self::Approximate(why),
            Form::Less { impossible, .. } => Self::Impossible(impossible.unwrap_or_default()),
        })
    }
}

/// Stands for the capabilities in the derived schema, until the features are known.
#[derive(JsonSchema)]
#[allow(dead_code, reason = "only its schema is used")]
struct Capabilities {}

/// Words by protocol.
#[derive(Clone, Debug, Default)]
pub struct AppProtocols(BTreeMap<String, String>);

impl AppProtocols {
    /// The word for a protocol.
    pub fn get(&self, protocol: Protocol) -> Option<&str> {
        self.0.get(protocol.name()).map(String::as_str)
    }
}

impl<'de> Deserialize<'de> for AppProtocols {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        BTreeMap::deserialize(deserializer).map(Self)
    }
}

impl JsonSchema for AppProtocols {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "AppProtocols".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let word = |(name, _): (&str, Protocol)| {
            let description = format!("The word for `{name}`.");
            let word = json!({ "type": "string", "minLength": 1, "description": description });
            (name.to_owned(), word)
        };
        let words: Map<String, Value> = Protocol::NAMES.into_iter().map(word).collect();
        schemars::json_schema!({ "type": "object", "properties": words })
    }
}

/// A feature as the grammar of modes needs it.
#[derive(Clone, Copy, Debug)]
pub struct FeatureRow {
    /// Its name.
    pub name: &'static str,
    /// What a mode does that has it, as a verb phrase.
    pub does: &'static str,
    /// Whether it can be had roughly: shares that follow the pods.
    pub by_pods: bool,
}

/// The schema of `mode.yaml`; which features there are, the matrix knows.
pub fn mode_schema(features: &[FeatureRow]) -> Value {
    let mut root =
        SchemaSettings::draft2020_12().into_generator().root_schema_for::<Manifest>().to_value();
    tidy(&mut root);
    let mut properties = Map::new();
    for FeatureRow { name, does, by_pods } in features {
        let why = |way: &str| json!({ "type": "string", "minLength": 1, "description": way });
        let mut ways = Map::new();
        if *by_pods {
            ways.insert("approximate".into(), why("As far as the pods allow, and why not better."));
        }
        ways.insert("impossible".into(), why("Not at all, and why."));
        let mut capability = json!({
            "description": format!("Whether it can {does}."),
            "type": ["string", "object"],
            "pattern": "^exact$",
            "properties": ways,
            "additionalProperties": false,
            "examples": ["exact", { "impossible": "its routes have no such match" }],
            EXPECTED: "`exact`, or a mapping with `impossible` and the reason",
        });
        for (word, count) in [("minProperties", 1), ("maxProperties", 1)] {
            capability[word] = count.into();
        }
        capability[REPLACE] = true.into();
        properties.insert((*name).to_owned(), capability);
    }
    root["$defs"]["Capabilities"] = json!({
        "description": "What a mode can do, by feature.",
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    });
    root["title"] = "mode.yaml".into();
    root
}

/// A mode of the author's own. There is one for each manifest that was ever read, and it stays as
/// long as the program runs: so a mode is a word that is handed around, whosever it is.
#[derive(Debug)]
pub struct Definition {
    /// The name of its folder.
    pub name: String,
    /// What it says.
    pub manifest: Manifest,
    text: String,
    /// The reason of what is not listed.
    unlisted: String,
}

impl Definition {
    /// The definition that a text and its manifest are.
    pub fn of(name: &str, text: &str, manifest: Manifest) -> &'static Self {
        static KNOWN: Mutex<Vec<&'static Definition>> = Mutex::new(Vec::new());
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |one: &&&'static Self| one.name == name && one.text == text;
        if let Some(one) = known.iter().find(same) {
            return one;
        }
        let unlisted = format!("`mode.yaml` of {name} does not list it");
        let one = Self { name: name.to_owned(), manifest, text: text.to_owned(), unlisted };
        let one: &'static Self = Box::leak(Box::new(one));
        known.push(one);
        one
    }

    /// What messages call it.
    pub const fn title(&self) -> &str {
        match &self.manifest.title {
            Some(title) => title.as_str(),
            None => self.name.as_str(),
        }
    }

    /// What it can do of a feature, by its name, where it says so.
    pub fn capability(&self, feature: &str) -> Option<&Capability> {
        self.manifest.capabilities.get(feature)
    }

    /// The reason of what it does not say.
    pub fn unlisted(&self) -> &str {
        &self.unlisted
    }

    fn key(&self) -> (&str, &str) {
        (&self.name, &self.text)
    }
}

impl PartialEq for Definition {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Definition {}

impl PartialOrd for Definition {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Definition {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}
