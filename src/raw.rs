//! Objects that the author writes and weft does not make: whose they are, what is wrong with them,
//! whom they select and whom they name. Knows Kubernetes' objects and no components.

mod placeholder;
pub mod rule;
mod select;
mod shape;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::diag::{Diagnostic, Sink, did_you_mean, listing};
use crate::model::{self, Name, Scope};
use crate::source::{Path, Place, Step};

pub use placeholder::{Resolve, Unknown, expand};
pub use select::{
    Index, Labels, Of, Reference, Selector, pods, references, selector, service_name,
};
pub use shape::{Fault, faults, is_built_in};

/// Who manages an object, and of which application it is a part.
pub const OWNER_LABELS: [&str; 2] = ["app.kubernetes.io/managed-by", "app.kubernetes.io/part-of"];

/// One object of the author's, complete: with its namespace and the labels of its owner.
#[derive(Debug)]
pub struct Object {
    /// What it says.
    pub value: Value,
    /// Where it is written.
    pub path: Path,
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its namespace; none of what belongs to the whole cluster.
    pub namespace: Option<String>,
}

/// What raw objects are read into.
pub struct Surroundings<'a> {
    /// The application's name.
    pub app: &'a str,
    /// Its namespace.
    pub namespace: &'a str,
    /// Where its file leads from.
    pub root: Path,
    /// Every namespace of the application.
    pub namespaces: BTreeSet<String>,
    /// What placeholders stand for.
    pub resolve: Resolve<'a>,
}

/// Every object of every entry. What is wrong with one is reported, and it is left out.
pub fn read(
    entries: BTreeMap<Name, model::Raw>,
    around: &Surroundings<'_>,
    sink: &mut Sink,
) -> Vec<Object> {
    let root = around.root.field("raw");
    let mut open: Vec<(Value, Path, Option<Scope>)> = Vec::new();
    for (name, entry) in entries {
        let path = root.key(&name);
        let scope = entry.scope;
        open.extend(entry.object.map(|object| (object, path.field("object"), scope)));
        let documents = entry.documents.into_iter().enumerate();
        let documents =
            documents.map(|(at, value)| (value, path.field("documents").index(at), scope));
        open.extend(documents);
    }
    let mut flat = Vec::with_capacity(open.len());
    for (mut value, path, scope) in open {
        expand(&mut value, &path, around.resolve, sink);
        flatten(value, path, scope, &mut flat);
    }
    let mut namespaces = around.namespaces.clone();
    let mut cluster = BTreeSet::new();
    for (value, ..) in &flat {
        let text = |field: &str| value.pointer(field).and_then(Value::as_str).unwrap_or_default();
        match text("/kind") {
            "Namespace" => drop(namespaces.insert(text("/metadata/name").to_owned())),
            "CustomResourceDefinition" if text("/spec/scope") == "Cluster" => {
                cluster
                    .insert((text("/spec/group").to_owned(), text("/spec/names/kind").to_owned()));
            }
            _ => {}
        }
    }
    let mut objects = Vec::with_capacity(flat.len());
    for (value, path, scope) in flat {
        let reader = Reader { around, namespaces: &namespaces, cluster: &cluster };
        objects.extend(reader.object(value, path, scope, sink));
    }
    objects
}

/// A List is its items.
fn flatten(
    mut value: Value,
    path: Path,
    scope: Option<Scope>,
    out: &mut Vec<(Value, Path, Option<Scope>)>,
) {
    let list = value["kind"].as_str().is_some_and(|kind| kind.ends_with("List"));
    match value.get_mut("items").map(Value::take) {
        Some(Value::Array(items)) if list => {
            let items_path = path.field("items");
            for (at, item) in items.into_iter().enumerate() {
                flatten(item, items_path.index(at), scope, out);
            }
        }
        Some(items) => {
            value["items"] = items;
            out.push((value, path, scope));
        }
        None => out.push((value, path, scope)),
    }
}

struct Reader<'a> {
    around: &'a Surroundings<'a>,
    namespaces: &'a BTreeSet<String>,
    /// Group and kind of each definition among the objects that is for the whole cluster.
    cluster: &'a BTreeSet<(String, String)>,
}

impl Reader<'_> {
    fn object(
        &self,
        mut value: Value,
        path: Path,
        scope: Option<Scope>,
        sink: &mut Sink,
    ) -> Option<Object> {
        let mut whole = true;
        let mut wrong = |title: String, place: Place, label: &str, help: &str, sink: &mut Sink| {
            whole = false;
            sink.report(Diagnostic::new(&rule::MALFORMED_OBJECT, title, place, label).help(help));
        };
        let text = |value: &Value, field: &str| {
            value.pointer(field).and_then(Value::as_str).map(str::to_owned)
        };
        let at = |field: &str| Place::Value(below(&path, field));
        let (api_version, kind) = (text(&value, "/apiVersion"), text(&value, "/kind"));
        let name = text(&value, "/metadata/name");
        for (field, found) in
            [("apiVersion", &api_version), ("kind", &kind), ("metadata.name", &name)]
        {
            if found.as_deref().is_none_or(str::is_empty) {
                let title = format!("a raw object has no `{field}`");
                let help = format!("add `{field}`; Kubernetes knows an object by it");
                wrong(title, Place::Key(path.clone()), "this one", &help, sink);
            }
        }
        let (api_version, kind, name) = (api_version?, kind?, name?);
        let group = api_version.rsplit_once('/').map_or("", |(group, _)| group);
        let rbac = group == "rbac.authorization.k8s.io";
        if !is_name(&name, &kind) && !rbac {
            let title = format!("`{name}` cannot be the name of a {kind}");
            let help =
                "use lower-case letters, digits and dashes, and letters or digits at both ends";
            wrong(title, at("metadata.name"), "not a name to Kubernetes", help, sink);
        }
        if let Some(known) = shape::other_version(&api_version, &kind) {
            let title = format!("`{api_version}` has no kind `{kind}`");
            let help = match known {
                Some(version) => format!("write `apiVersion: {version}`"),
                None => did_you_mean(&kind, shape::kinds_of(&api_version))
                    .unwrap_or_else(|| "see `kubectl api-resources`".into()),
            };
            wrong(title, at("kind"), "no such kind", &help, sink);
        }
        for Fault { field, title, label } in faults(&value) {
            wrong(title, at(&field), &label, "see `kubectl explain` for what belongs here", sink);
        }
        let outside = match scope {
            Some(scope) => scope == Scope::Cluster,
            None => {
                shape::is_of_the_cluster(group, &kind)
                    || self.cluster.contains(&(group.to_owned(), kind.clone()))
            }
        };
        let written = text(&value, "/metadata/namespace");
        match &written {
            Some(namespace) if outside => {
                let title = format!("a {kind} belongs to no namespace");
                let label = format!("`{namespace}` would be refused");
                let help = "remove `namespace`, or write `scope: namespace` if the kind has one";
                wrong(title, at("metadata.namespace"), &label, help, sink);
            }
            Some(namespace) if !self.namespaces.contains(namespace) => {
                let known: Vec<&str> = self.namespaces.iter().map(String::as_str).collect();
                let title = format!("{kind} `{name}` is in `{namespace}`, which is not the app's");
                let diagnostic = Diagnostic::new(
                    &rule::FOREIGN_NAMESPACE,
                    title,
                    at("metadata.namespace"),
                    format!("the app has {}", listing(&known)),
                );
                sink.report(diagnostic.help("remove `namespace`; the app's own is filled in"));
                return None;
            }
            _ => {}
        }
        if !whole {
            return None;
        }
        let namespace = match outside {
            true => None,
            false => Some(written.unwrap_or_else(|| self.around.namespace.to_owned())),
        };
        let metadata = value["metadata"].as_object_mut()?;
        if let Some(namespace) = &namespace {
            metadata.insert("namespace".into(), json!(namespace));
        }
        let labels = metadata.entry("labels").or_insert_with(|| Value::Object(Map::new()));
        if labels.is_null() {
            *labels = Value::Object(Map::new());
        }
        for (label, ours) in OWNER_LABELS.into_iter().zip(["weft", self.around.app]) {
            let labels = labels.as_object_mut()?;
            labels.entry(label).or_insert_with(|| json!(ours));
        }
        Some(Object { value, path, kind, name, namespace })
    }
}

/// Whether Kubernetes takes this for the name of an object: a DNS subdomain, and of a Service or a
/// Namespace a DNS label.
fn is_name(name: &str, kind: &str) -> bool {
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    let label = |part: &str| {
        edge(part.chars().next())
            && edge(part.chars().next_back())
            && part.chars().all(|c| c == '-' || edge(Some(c)))
    };
    match kind {
        "Service" | "Namespace" => label(name) && name.len() <= 63,
        _ => name.split('.').all(label) && name.len() <= 253,
    }
}

/// The path of a field of an object, by its dotted path there.
pub fn below(path: &Path, field: &str) -> Path {
    let steps = field.split('.').filter(|step| !step.is_empty());
    steps.fold(path.clone(), |path, step| match step.parse() {
        Ok(at) => path.index(at),
        Err(_) => path.key(step),
    })
}

/// Every field of an object with the place that it is written at.
pub fn trace(value: &Value, path: &Path) -> Vec<(String, Place)> {
    fn walk(value: &Value, field: &str, path: &Path, out: &mut Vec<(String, Place)>) {
        let dot = if field.is_empty() { "" } else { "." };
        let inner: Vec<(String, Path, &Value)> = match value {
            Value::Object(map) => map
                .iter()
                .map(|(key, value)| (key.clone(), path.then(Step::Key(Arc::from(&**key))), value))
                .collect(),
            Value::Array(items) => items
                .iter()
                .enumerate()
                .map(|(at, v)| (at.to_string(), path.index(at), v))
                .collect(),
            _ => return,
        };
        for (step, path, value) in inner {
            let field = format!("{field}{dot}{step}");
            walk(value, &field, &path, out);
            out.push((field, Place::Value(path)));
        }
    }
    let mut out = Vec::new();
    walk(value, "", path, &mut out);
    out
}
