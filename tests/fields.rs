//! No field of the grammar is accepted and ignored.
//!
//! The schema is walked along every app file of the models and cases. Each field must be written
//! somewhere, and somewhere it must matter what is written, in each mode that knows it: without it,
//! or with another value, the app still has its shape, but other manifests come out, or weft says
//! something else.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde_json::{Value, json};
use weft::diag::{Finding, Sink};
use weft::files::LoadError;
use weft::parse::Layers;
use weft::source::Sources;

use crate::cases::sound;
use crate::support::{Weft, folders, opener, repository};

/// Fields that are meant to have no effect, and the one that has a single value.
const WITHOUT_EFFECT: [&str; 3] = ["App.apiVersion", "App.description", "Param.description"];

/// What is said of a field before it has any meaning.
const OF_SHAPE: [&str; 6] = [
    "malformed-value",
    "missing-field",
    "out-of-range",
    "unknown-field",
    "unknown-value",
    "wrong-type",
];

/// What says which mode it is, and what speaks of the modes that are no mesh.
const BETWEEN_MODES: [&str; 2] = ["App.governance", "Policy.fallback"];

/// What the mode `envoy` alone reads, as the README says.
const OF_ENVOY: [&str; 4] = ["App.envoy", "Envoy.image", "Envoy.imagePull", "Envoy.resources"];

/// What has no effect without a mesh, as the README says of each: parts of what plain Kubernetes
/// refuses, or leaves out with a warning, and what belongs to Istio's own pods.
const OF_A_MESH: [&str; 19] = [
    "Abort.percent",
    "Abort.status",
    "CircuitBreaker.connectTimeout",
    "CircuitBreaker.pending",
    "CircuitBreaker.requestsPerConnection",
    "CircuitBreaker.retries",
    "Component.governance",
    "Delay.percent",
    "Delay.time",
    "Eject.errors",
    "Eject.gatewayErrors",
    "Eject.interval",
    "Eject.minHealthy",
    "Eject.time",
    "ExternalTls.mode",
    "Gateway.selector",
    "Gateway.serviceAccount",
    "Retries.on",
    "Scraper.serviceAccount",
];

/// Settings of Dapr that say nothing to other modes, beyond what these refuse as a whole.
fn of_dapr(field: &str) -> bool {
    const SETTINGS: [&str; 2] = ["Dapr.configuration", "Dapr.tracing"];
    const WITHIN: [&str; 5] = ["Block.", "Tracing.", "Zipkin.", "Otel.", "Setting."];
    SETTINGS.contains(&field) || WITHIN.iter().any(|within| field.starts_with(within))
}

#[test]
fn every_field_of_dapr_matters_in_its_mode() {
    let schema = schema();
    let fields = but(&schema, &[]).into_iter().filter(|field| {
        of_dapr(field) || field.starts_with("Dapr.") || field.ends_with(".through")
    });
    let fields: Vec<String> = fields.filter(|field| field != "Dapr.fallback").collect();
    assert!(fields.len() > 15, "only {} fields were found", fields.len());
    assert_eq!(ignored(&schema, &fields, &[Some("dapr")]), [""; 0]);
}

/// The fields that should have an effect, without some.
fn but(schema: &Value, without: &[&str]) -> Vec<String> {
    let meant = |field: &String| {
        !WITHOUT_EFFECT.contains(&field.as_str()) && !without.contains(&field.as_str())
    };
    fields(schema).into_iter().filter(meant).collect()
}

#[test]
fn every_field_is_written_somewhere_and_matters() {
    let schema = schema();
    let mut fields = but(&schema, &[&BETWEEN_MODES[..], &OF_ENVOY].concat());
    fields.retain(|field| !of_dapr(field));
    assert!(fields.len() > 300, "only {} fields were found", fields.len());
    assert_eq!(ignored(&schema, &fields, &[Some("istio")]), [""; 0]);
    let fields = BETWEEN_MODES.map(str::to_owned);
    assert_eq!(ignored(&schema, &fields, &[None, Some("kubernetes")]), [""; 0]);
    let fields = OF_ENVOY.map(str::to_owned);
    assert_eq!(ignored(&schema, &fields, &[Some("envoy")]), [""; 0]);
}

#[test]
fn every_field_that_is_not_of_a_mesh_matters_without_one() {
    let schema = schema();
    let mut fields = but(&schema, &[&OF_A_MESH[..], &OF_ENVOY, &["App.governance"]].concat());
    fields.retain(|field| !of_dapr(field));
    assert_eq!(ignored(&schema, &fields, &[Some("kubernetes")]), [""; 0]);
}

#[test]
fn a_field_that_is_ignored_is_noticed() {
    let mut schema = schema();
    schema["$defs"]["Component"]["properties"]["sparkle"] = json!({ "type": "string" });
    assert!(fields(&schema).contains("Component.sparkle"));
    let wanted = WITHOUT_EFFECT.iter().chain(&["Component.sparkle", "Component.image"]);
    let wanted: Vec<String> = wanted.map(|field| (*field).to_owned()).collect();
    let found = ignored(&schema, &wanted, &[Some("istio"), Some("kubernetes")]);
    let (unwritten, unseen) = found.split_last().expect("ignored fields");
    assert_eq!(unwritten, "Component.sparkle: written nowhere");
    assert_eq!(unseen.len(), WITHOUT_EFFECT.len(), "{found:?}");
    for (said, field) in unseen.iter().zip(WITHOUT_EFFECT) {
        assert_eq!(said, &format!("{field}: what is written makes no difference"));
    }
}

#[test]
fn the_demonstration_shows_every_field_that_no_other_model_shows() {
    let schema = schema();
    let models = folders(&repository("app-models")).into_iter();
    let models: Vec<Written> = models.map(|folder| Written::read(folder, &[])).collect();
    let seen = written(&schema, &models);
    let missing: Vec<String> =
        fields(&schema).into_iter().filter(|field| !seen.contains_key(field)).collect();
    assert!(missing.is_empty(), "no model shows {}", missing.join(", "));
}

#[test]
fn the_demonstration_is_warned_only_of_what_plain_kubernetes_cannot_do() {
    let said = |options: &str| -> BTreeSet<String> {
        let folder = repository("app-models/parcels");
        let weft = Weft::new(&format!("build {options}")).arg(folder.to_str().expect("a path"));
        let ended = weft.run();
        assert_eq!(ended.status, 0, "{options}: {}", ended.stderr);
        ended.codes().into_iter().collect()
    };
    for environment in ["", "--env=production", "--env=drill", "--env=december"] {
        assert_eq!(said(environment), BTreeSet::new(), "{environment}");
    }
    for environment in ["", "--env=drill", "--env=december"] {
        let said = said(&format!("{environment} --governance=kubernetes"));
        let known = ["approximated-traffic", "egress-by-port-alone"].map(str::to_owned);
        assert_eq!(said, BTreeSet::from(known), "{environment}");
    }
}

fn schema() -> Value {
    let path = repository("schemas/weft.schema.json");
    serde_json::from_str(&std::fs::read_to_string(path).expect("a schema")).expect("JSON")
}

/// What is to be said against each of these fields in some modes; `None` is each file's own.
fn ignored(schema: &Value, fields: &[String], modes: &[Option<&str>]) -> Vec<String> {
    let folders = sound().into_iter().chain(folders(&repository("app-models")));
    let mut files: Vec<Written> = folders.map(|folder| Written::read(folder, modes)).collect();
    // The small files first: they say it sooner.
    files.sort_by_key(|file| file.value.to_string().len());
    let seen = written(schema, &files);
    let mut usual = BTreeMap::new();
    let mut out = Vec::new();
    for field in fields {
        let Some(places) = seen.get(field) else {
            out.push(format!("{field}: written nowhere"));
            continue;
        };
        let matters = places.iter().any(|place| {
            let file = &files[place.file];
            // An environment of its own is the only one that knows what stands in it.
            let own = match &*place.path {
                [first, name, _, ..] if first == "environments" => Some(name),
                _ => None,
            };
            let layers = file.layers.iter().enumerate();
            let mut layers =
                layers.filter(|(_, layers)| own.is_none() || layers.environment.as_ref() == own);
            layers.any(|(position, layers)| {
                let known = usual
                    .entry((place.file, position))
                    .or_insert_with(|| file.outcome(&file.value, layers));
                let Some(known) = known else { return false };
                variants(place, &file.value).any(|variant| {
                    file.outcome(&variant, layers).is_some_and(|outcome| outcome != *known)
                })
            })
        });
        if !matters {
            out.push(format!("{field}: what is written makes no difference"));
        }
    }
    out
}

/// An app file, and what is laid over it: each of its environments, in each mode.
struct Written {
    folder: PathBuf,
    value: Value,
    layers: Vec<Layers>,
}

impl Written {
    fn read(folder: PathBuf, modes: &[Option<&str>]) -> Self {
        let text = std::fs::read_to_string(folder.join("weft.yaml")).expect("an app");
        let value: Value = serde_yaml::from_str(&text).expect("plain YAML");
        let args = std::fs::read_to_string(folder.join("args")).unwrap_or_default();
        let words: Vec<&str> = args.split_whitespace().collect();
        let pairs = words.windows(2).filter(|pair| pair[0] == "--set");
        let given: Vec<String> = pairs.map(|pair| pair[1].to_owned()).collect();
        let declared = value["environments"].as_object().into_iter().flatten();
        let environments = [None].into_iter().chain(declared.map(|(name, _)| Some(name.clone())));
        let mut layers = Vec::new();
        for environment in environments {
            for mode in modes {
                let mode = mode.map(|mode| format!("governance={mode}"));
                let settings = given.iter().cloned().chain(mode).collect();
                layers.push(Layers {
                    environment: environment.clone(),
                    settings,
                    ..Layers::default()
                });
            }
        }
        Self { folder, value, layers }
    }

    /// What becomes of a variant of the file: manifests or errors, and warnings. `None` if it has
    /// not even the shape of an app: that a field is required does not show that it is used.
    fn outcome(&self, value: &Value, layers: &Layers) -> Option<String> {
        let mut sources = Sources::default();
        let id = sources.add("weft.yaml", value.to_string());
        let text = weft::parse::read(&sources, id);
        let load = |name: &str| {
            let read = std::fs::read(self.folder.join(name));
            read.map_err(|error| LoadError::Unreadable(error.to_string()))
        };
        let mut sink = Sink::default();
        let open = opener(&self.folder);
        let compiled = weft::compile(&mut sources, &text, layers, &load, &open, &mut sink);
        let made = compiled.ok().map(|checked| {
            let set = weft::manifests(&checked, &mut sink).expect("renders");
            set.map_or_else(|_| String::new(), |set| set.yaml())
        });
        let findings = sink.resolve(&sources);
        let of_shape = |finding: &Finding| OF_SHAPE.contains(&finding.rule.code);
        if made.is_none() && findings.iter().any(of_shape) {
            return None;
        }
        let mut out = made.unwrap_or_default();
        for finding in findings {
            // Not where: whatever is taken out moves what stands behind it.
            let labels: Vec<&str> = finding.labels.iter().map(|label| &*label.text).collect();
            let (said, cure, allowed) = (finding.title, finding.help, finding.allowed.is_some());
            out.push_str(&format!("{:?} {said} {labels:?} {cure:?} {allowed}\n", finding.severity));
        }
        Some(out)
    }
}

/// Where a field is written, and what the schema says of it there.
struct Spot<'a> {
    file: usize,
    path: Vec<String>,
    schema: &'a Value,
}

/// Where each field, `Definition.field`, is written.
fn written<'a>(schema: &'a Value, files: &[Written]) -> BTreeMap<String, Vec<Spot<'a>>> {
    let mut walk = Walk { root: schema, file: 0, path: Vec::new(), seen: BTreeMap::new() };
    for (position, file) in files.iter().enumerate() {
        walk.file = position;
        walk.node(schema, "App", &file.value);
    }
    walk.seen
}

/// Walks schema and file side by side.
struct Walk<'a> {
    root: &'a Value,
    file: usize,
    path: Vec<String>,
    seen: BTreeMap<String, Vec<Spot<'a>>>,
}

impl<'a> Walk<'a> {
    fn node(&mut self, schema: &'a Value, name: &str, value: &Value) {
        let (schema, name) = resolve(self.root, schema, name);
        match value {
            Value::Object(entries) => {
                for (key, value) in entries {
                    self.path.push(key.clone());
                    if let Some(field) = schema["properties"].get(key) {
                        // A delta is the same grammar.
                        let full = format!("{}.{key}", name.trim_end_matches("Delta"));
                        let (file, path) = (self.file, self.path.clone());
                        let spot = Spot { file, path, schema: resolve(self.root, field, "").0 };
                        self.seen.entry(full.clone()).or_default().push(spot);
                        self.node(field, &full, value);
                    } else if schema["additionalProperties"].is_object() {
                        self.node(&schema["additionalProperties"], &name, value);
                    }
                    self.path.pop();
                }
            }
            Value::Array(items) => {
                for (index, value) in items.iter().enumerate() {
                    self.path.push(index.to_string());
                    self.node(&schema["items"], &name, value);
                    self.path.pop();
                }
            }
            _ => {}
        }
    }
}

/// The schema that a reference leads to, and the name of its definition.
fn resolve<'s>(root: &'s Value, schema: &'s Value, name: &str) -> (&'s Value, String) {
    match schema["$ref"].as_str().and_then(|target| target.strip_prefix("#/$defs/")) {
        Some(target) => (&root["$defs"][target], target.to_owned()),
        None => (schema, name.to_owned()),
    }
}

/// Every field of the grammar; deltas repeat it.
fn fields(schema: &Value) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    within(schema, "App", &mut out);
    for (name, definition) in schema["$defs"].as_object().expect("definitions") {
        if !name.ends_with("Delta") {
            within(definition, name, &mut out);
        }
    }
    out
}

/// The fields of one definition, with those of mappings that have no name of their own.
fn within(schema: &Value, name: &str, out: &mut BTreeSet<String>) {
    for (key, field) in schema["properties"].as_object().into_iter().flatten() {
        let full = format!("{name}.{key}");
        within(field, &full, out);
        out.insert(full);
    }
    for inner in [&schema["items"], &schema["additionalProperties"]] {
        if inner.is_object() {
            within(inner, name, out);
        }
    }
}

/// The file without the field, and with other values in it; without the mapping, where there is
/// nothing else in it.
fn variants(spot: &Spot<'_>, file: &Value) -> impl Iterator<Item = Value> {
    let place = pointer(&spot.path);
    let (_, owner) = spot.path.split_last().expect("a field");
    let alone =
        file.pointer(&pointer(owner)).and_then(Value::as_object).expect("a mapping").len() == 1;
    let others = others(spot.schema, file.pointer(&place).expect("a value"));
    let edits = std::iter::once((&*spot.path, None))
        .chain(others.into_iter().map(|other| (&*spot.path, Some(other))))
        .chain((alone && !owner.is_empty()).then_some((owner, None)));
    edits.map(|(path, other)| edited(file, path, other))
}

/// The JSON Pointer of a path.
fn pointer(path: &[String]) -> String {
    let escaped = path.iter().map(|step| step.replace('~', "~0").replace('/', "~1"));
    escaped.map(|step| format!("/{step}")).collect()
}

/// The file with another value at a path, or with none.
fn edited(file: &Value, path: &[String], other: Option<Value>) -> Value {
    let mut file = file.clone();
    let (last, owner) = path.split_last().expect("a field");
    match (file.pointer_mut(&pointer(owner)), other) {
        (Some(Value::Object(owner)), Some(other)) => drop(owner.insert(last.clone(), other)),
        (Some(Value::Object(owner)), None) => drop(owner.remove(last)),
        (Some(Value::Array(owner)), None) => drop(owner.remove(last.parse().expect("a position"))),
        (owner, other) => panic!("{path:?} in {owner:?} cannot become {other:?}"),
    }
    file
}

/// Other values that a field may have, likely ones first. Some will have the wrong shape.
fn others(schema: &Value, value: &Value) -> Vec<Value> {
    match value {
        Value::Bool(is) => vec![json!(!is)],
        Value::Number(number) => {
            let number = number.as_i64().unwrap_or_default();
            vec![json!(number + 1), json!(number - 1)]
        }
        Value::String(text) => {
            let known = schema["enum"].as_array().into_iter().flatten();
            let known = known.filter(|known| *known != value).cloned();
            let near = [format!("1{text}"), format!("{text}1"), format!("{text}x")];
            known.chain(near.into_iter().map(Value::from)).collect()
        }
        Value::Array(items) => match items.as_slice() {
            [] => Vec::new(),
            [_, rest @ ..] => vec![json!(items[..rest.len()]), json!(rest)],
        },
        Value::Object(entries) => {
            let without = |key: &String| {
                let mut entries = entries.clone();
                entries.remove(key);
                Value::from(entries)
            };
            entries.keys().map(without).collect()
        }
        Value::Null => Vec::new(),
    }
}
