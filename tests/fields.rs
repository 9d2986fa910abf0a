//! No field of the grammar is accepted and ignored.
//!
//! The schema is walked along every app file of the models and cases. Each field must be written
//! somewhere, and somewhere its absence must be seen: in the manifests, in the graph, or in what
//! weft says.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;
use weft::diag::Sink;
use weft::graph::LoadError;
use weft::parse::Layers;
use weft::source::Sources;

use crate::cases::sound;
use crate::support::{folders, opener, repository};

/// Fields for readers of the file alone.
const FOR_PEOPLE: [&str; 2] = ["App.description", "Param.description"];

/// A field of the grammar, `Definition.field`, and where a file has it.
type Seen = BTreeMap<String, Vec<(usize, Vec<String>)>>;

/// An app file, and what is laid over it: each of its environments, in its own mode and in others.
struct Written {
    folder: PathBuf,
    value: Value,
    layers: Vec<Layers>,
}

#[test]
fn every_field_is_written_somewhere_and_its_absence_is_seen() {
    let schema: Value = serde_json::from_str(
        &std::fs::read_to_string(repository("schemas/weft.schema.json")).expect("a schema"),
    )
    .expect("JSON");
    let files = files();
    let mut seen = Seen::new();
    for (position, file) in files.iter().enumerate() {
        let mut walk = Walk { schema: &schema, file: position, seen: &mut seen };
        walk.node(&schema, "App", &file.value, &mut Vec::new());
    }
    // What becomes of each file under each of its layers, once it has been asked for.
    let mut usual: BTreeMap<(usize, usize), String> = BTreeMap::new();
    let mut silent = Vec::new();
    for field in fields(&schema) {
        if FOR_PEOPLE.contains(&&*field) {
            continue;
        }
        let mut places = seen.remove(&field).unwrap_or_default();
        // The small files first: they say it sooner.
        places.sort_by_key(|(file, _)| files[*file].layers.len());
        let matters = places.iter().any(|(file, path)| {
            let Written { folder, value, layers } = &files[*file];
            let without = without(value, path);
            layers.iter().enumerate().any(|(position, layers)| {
                let known = usual
                    .entry((*file, position))
                    .or_insert_with(|| outcome(folder, value, layers));
                *known != outcome(folder, &without, layers)
            })
        });
        if !matters {
            silent.push(format!("{field}: written {} times, never seen", places.len()));
        }
    }
    assert!(silent.is_empty(), "{}", silent.join("\n"));
}

#[test]
fn a_field_that_is_ignored_would_be_noticed() {
    let files = files();
    let file = files.iter().find(|file| file.folder.ends_with("app-models/bookinfo"));
    let file = file.expect("a model");
    let without = without(&file.value, &["description".to_owned()]);
    assert_ne!(without, file.value);
    for layers in &file.layers {
        let outcome = |value: &Value| outcome(&file.folder, value, layers);
        assert_eq!(outcome(&without), outcome(&file.value));
    }
}

/// Every app file that compiles.
fn files() -> Vec<Written> {
    let models = folders(&repository("app-models"));
    let read = |folder: PathBuf| {
        let text = std::fs::read_to_string(folder.join("weft.yaml")).expect("an app");
        let value: Value = serde_yaml::from_str(&text).expect("plain YAML");
        let args = std::fs::read_to_string(folder.join("args")).unwrap_or_default();
        let words: Vec<&str> = args.split_whitespace().collect();
        let given = |option: &str| -> Vec<String> {
            let pairs = words.windows(2).filter(|pair| pair[0] == option);
            pairs.map(|pair| pair[1].to_owned()).collect()
        };
        let declared = value["environments"].as_object().into_iter().flatten();
        let environments = declared.map(|(name, _)| Some(name.clone())).chain([None]);
        let mut layers = Vec::new();
        for environment in environments {
            for mode in [None, Some("kubernetes"), Some("istio")] {
                let governance = mode.map(|mode| format!("governance={mode}"));
                let settings = given("--set").into_iter().chain(governance).collect();
                layers.push(Layers { environment: environment.clone(), settings });
            }
        }
        Written { folder, value, layers }
    };
    models.into_iter().chain(sound()).map(read).collect()
}

/// Walks schema and file side by side.
struct Walk<'a> {
    schema: &'a Value,
    file: usize,
    seen: &'a mut Seen,
}

impl Walk<'_> {
    fn node(&mut self, schema: &Value, name: &str, value: &Value, path: &mut Vec<String>) {
        let (schema, name) = resolve(self.schema, schema, name);
        match value {
            Value::Object(entries) => {
                for (key, value) in entries {
                    path.push(key.clone());
                    if let Some(field) = schema["properties"].get(key) {
                        // A delta is the same grammar.
                        let full = format!("{}.{key}", name.trim_end_matches("Delta"));
                        let place = (self.file, path.clone());
                        self.seen.entry(full.clone()).or_default().push(place);
                        self.node(field, &full, value, path);
                    } else if schema["additionalProperties"].is_object() {
                        self.node(&schema["additionalProperties"], &name, value, path);
                    }
                    path.pop();
                }
            }
            Value::Array(items) => {
                for (index, value) in items.iter().enumerate() {
                    path.push(index.to_string());
                    self.node(&schema["items"], &name, value, path);
                    path.pop();
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
    within(schema, schema, "App", &mut out);
    for (name, definition) in schema["$defs"].as_object().expect("definitions") {
        if !name.ends_with("Delta") {
            within(schema, definition, name, &mut out);
        }
    }
    out
}

/// The fields of one definition, with those of mappings that have no name of their own.
fn within(root: &Value, schema: &Value, name: &str, out: &mut BTreeSet<String>) {
    for (key, field) in schema["properties"].as_object().into_iter().flatten() {
        let full = format!("{name}.{key}");
        within(root, field, &full, out);
        out.insert(full);
    }
    for inner in [&schema["items"], &schema["additionalProperties"]] {
        within(root, inner, name, out);
    }
}

fn without(value: &Value, path: &[String]) -> Value {
    let mut value = value.clone();
    let mut at = &mut value;
    let (last, rest) = path.split_last().expect("a field");
    for step in rest {
        at = match at {
            Value::Array(items) => &mut items[step.parse::<usize>().expect("a position")],
            at => &mut at[step.as_str()],
        };
    }
    at.as_object_mut().expect("a mapping").remove(last);
    value
}

/// What becomes of a file: manifests and graph, or what is wrong; and the warnings.
fn outcome(folder: &Path, value: &Value, layers: &Layers) -> String {
    let mut sources = Sources::default();
    let id = sources.add("weft.yaml", value.to_string());
    let text = weft::parse::read(&sources, id);
    let load = |name: &str| {
        std::fs::read(folder.join(name)).map_err(|error| LoadError::Unreadable(error.to_string()))
    };
    let mut sink = Sink::default();
    let open = opener(folder);
    let compiled = weft::compile(&mut sources, &text, layers, &load, &open, &mut sink);
    let mut out = String::new();
    if let Ok(checked) = compiled {
        out.push_str(&weft::render::render(weft::lower::lower(&checked)).expect("renders").yaml());
        out.push_str(&weft::export::json(checked.graph()).to_string());
    }
    for finding in sink.resolve(&sources) {
        out.push_str(&finding.title);
    }
    out
}
