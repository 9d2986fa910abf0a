//! `raw`: the files that it names, and what is special about YAML that no schema describes.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::layers::take;
use super::params::Params;
use super::{from_yaml, rule};
use crate::diag::{Diagnostic, Sink};
use crate::files::{self, Loader};
use crate::source::{Place, Sources};
use crate::yaml::{self, Entry, FileId, Key, Mapping, Node, Value, typed};

/// What the files of `raw` hold, by the name of the entry.
pub(super) type Objects = BTreeMap<Arc<str>, Vec<Json>>;

/// Puts the documents of each file beside the field that names it, so that places lead into them,
/// and yields them by the name of the entry.
pub(super) fn read(
    tree: Node,
    app: FileId,
    load: Loader<'_>,
    params: &Params,
    sources: &mut Sources,
    sink: &mut Sink,
) -> (Node, Objects) {
    let mut objects = BTreeMap::new();
    for patch in tree.get("patches").map(|entry| entry.value.entries()).into_iter().flatten() {
        ambiguous(&patch.value, sink);
    }
    if tree.get("raw").is_none() {
        return (tree, objects);
    }
    let span = tree.span;
    let (tree, taken) = take(tree, "raw");
    let (Some(Entry { key, value: raw }), Value::Mapping(rest)) = (taken, tree.value) else {
        return (Node { value: Value::Mapping(Mapping::default()), span }, objects);
    };
    let raw_span = raw.span;
    let Value::Mapping(mapping) = raw.value else {
        return (Node { value: Value::Mapping(rest), span }, objects);
    };
    let mut entries = Vec::with_capacity(mapping.len());
    for Entry { key, value } in mapping.into_entries() {
        if let Some(object) = value.get("object") {
            ambiguous(&object.value, sink);
        } else if value.get("file").is_none() {
            let title = format!("`{}` has neither `file` nor `object`", key.text);
            let place = Place::Bytes(key.span);
            sink.report(
                Diagnostic::new(&rule::MISSING_FIELD, title, place, "nothing to add")
                    .help("add `file:` or `object:`"),
            );
        }
        let documents = documents(&value, app, load, params, sources, sink);
        objects.insert(key.text.clone(), documents.iter().map(typed).collect());
        entries.push(Entry { value: with(value, documents), key });
    }
    let raw = Node { value: Value::Mapping(Mapping::new(entries)), span: raw_span };
    let mut all = rest.into_entries();
    all.push(Entry { key, value: raw });
    (Node { value: Value::Mapping(Mapping::new(all)), span }, objects)
}

/// Whether any of these environments names a file with raw objects.
pub(super) fn names_files(environments: &Node) -> bool {
    let raw = environments.entries().iter().filter_map(|layer| layer.value.get("raw"));
    raw.flat_map(|raw| raw.value.entries()).any(|entry| entry.value.get("file").is_some())
}

/// The documents of the file that an entry names.
fn documents(
    entry: &Node,
    app: FileId,
    load: Loader<'_>,
    params: &Params,
    sources: &mut Sources,
    sink: &mut Sink,
) -> Vec<Node> {
    let file = entry.get("file").map(|file| &file.value);
    let Some((named, relative)) = file.and_then(|file| Some((file, &file.scalar()?.text))) else {
        return Vec::new();
    };
    let place = Place::Bytes(named.span);
    let Some(bytes) = files::read(load, relative, place.clone(), sink) else { return Vec::new() };
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(_) => {
            let title = format!("`{relative}` is not UTF-8");
            sink.report(
                Diagnostic::new(&rule::NOT_UTF8, title, place, "holds no objects")
                    .help("save the file as UTF-8"),
            );
            return Vec::new();
        }
    };
    // Named as the app file is: from where the caller stands.
    let app = sources.file(app).name.rsplit_once('/').map(|(folder, _)| folder);
    let shown = app.map_or(relative.to_string(), |folder| format!("{folder}/{relative}"));
    let file = sources.add_once(shown, text);
    let text = &sources.file(file).text;
    let (documents, problems) = yaml::parse_all(text, file);
    for problem in problems {
        sink.report(from_yaml(problem, text));
    }
    documents.iter().for_each(|document| ambiguous(document, sink));
    documents.into_iter().map(|document| params.fill(document, sink)).collect()
}

/// The entry of `raw` and what its file holds.
fn with(entry: Node, documents: Vec<Node>) -> Node {
    let span = entry.span;
    let Value::Mapping(mapping) = entry.value else { return entry };
    let mut entries = mapping.into_entries();
    let key = Key { text: "documents".into(), span };
    entries.push(Entry { key, value: Node { value: Value::Sequence(documents), span } });
    Node { value: Value::Mapping(Mapping::new(entries)), span }
}

/// Puts what files hold in the place of the fields that name them, so that the app needs no file.
pub(super) fn inline(app: &mut Json, tree: &Node) {
    for entry in tree.get("raw").map(|raw| raw.value.entries()).into_iter().flatten() {
        let documents = entry.value.get("documents").map(|list| list.value.items());
        let documents: Vec<Json> = documents.into_iter().flatten().map(typed).collect();
        let Some(raw) = app["raw"][&*entry.key.text].as_object_mut() else { continue };
        raw.remove("documents");
        if raw.remove("file").is_none() {
            continue;
        }
        let object = match <[Json; 1]>::try_from(documents) {
            Ok([one]) => one,
            Err(items) => json!({ "apiVersion": "v1", "kind": "List", "items": items }),
        };
        raw.insert("object".into(), object);
    }
}

/// Warns of scalars that `kubectl` would read otherwise.
fn ambiguous(node: &Node, sink: &mut Sink) {
    match &node.value {
        Value::Mapping(mapping) => mapping.iter().for_each(|entry| ambiguous(&entry.value, sink)),
        Value::Sequence(items) => items.iter().for_each(|item| ambiguous(item, sink)),
        Value::Scalar(scalar) => {
            let Some(other) = yaml::ambiguous(scalar) else { return };
            let ours = match typed(node) {
                Json::String(_) => "text".to_owned(),
                number => format!("`{number}`"),
            };
            let title = format!("`{}` is {ours} here, and {other} to kubectl", scalar.text);
            let place = Place::Bytes(node.span);
            sink.report(
                Diagnostic::new(&rule::AMBIGUOUS_SCALAR, title, place, "readers disagree on this")
                    .help("put quotes round it for text, or write the value out: `true`, `10`"),
            );
        }
    }
}
