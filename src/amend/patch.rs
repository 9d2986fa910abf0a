//! Patches: whom they mean, what they change, and what they must not.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::merge::{Merge, Trace, shift, unknown_directives};
use super::{Amended, owner, rule};
use crate::diag::{Diagnostic, Sink, did_you_mean};
use crate::graph::Graph;
use crate::model::{Op, Operation, Patch, Target};
use crate::raw::{self, Fault, OWNER_LABELS};
use crate::source::{Path, Place};

/// Applies every patch, in the order of their names.
pub(super) fn apply(graph: &Graph, objects: &mut [Amended], sink: &mut Sink) {
    if graph.patches.is_empty() {
        return;
    }
    let mut by_kind: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, object) in objects.iter().enumerate() {
        by_kind.entry(object.kind.kind.clone()).or_default().push(at);
    }
    let needs = Needs::of(objects);
    for (name, patch) in &graph.patches {
        let path = Path::root().field("patches").key(name);
        let targets = targets(graph, patch, &path, objects, &by_kind, sink);
        let mut sound = prepare(patch, &path, sink);
        let mut changed = false;
        for at in &targets {
            if !sound {
                break;
            }
            let object = &mut objects[*at];
            let before = (object.value.clone(), object.trace.clone());
            sound = change(object, patch, &path, sink);
            if !sound || object.value == before.0 {
                continue;
            }
            changed = true;
            let kept = kept(&before.0, &objects[*at], &needs, objects, &path, sink);
            if kept {
                objects[*at].changed = true;
                shape(&before.0, &objects[*at], sink);
            } else {
                let object = &mut objects[*at];
                (object.value, object.trace) = before;
            }
        }
        if sound && !changed && !targets.is_empty() {
            let empty = patch.merge.is_none() && patch.json.as_ref().is_none_or(Vec::is_empty);
            let (label, help) = match empty {
                true => ("neither `merge` nor `json`", "say what to change, or remove the patch"),
                false => ("all of it is so already", "remove the patch"),
            };
            let title = format!("patch `{name}` changes nothing");
            sink.report(
                Diagnostic::new(&rule::PATCH_WITHOUT_EFFECT, title, Place::Key(path), label)
                    .help(help),
            );
        }
    }
}

/// The objects that a patch means; it is an error if there is none.
fn targets(
    graph: &Graph,
    patch: &Patch,
    path: &Path,
    objects: &[Amended],
    by_kind: &BTreeMap<String, Vec<usize>>,
    sink: &mut Sink,
) -> Vec<usize> {
    let Target { kind, name, component } = &patch.target;
    let path = path.field("target");
    let mut report = |title: String, field: &'static str, label: &str, help: Option<String>| {
        let place = Place::Value(path.field(field));
        let diagnostic = Diagnostic::new(&rule::PATCH_WITHOUT_TARGET, title, place, label);
        sink.report(match help {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        });
    };
    let Some(of_kind) = by_kind.get(kind) else {
        let help = did_you_mean(kind, by_kind.keys().map(String::as_str));
        report(format!("there is no {kind} to patch"), "kind", "nothing has this kind", help);
        return Vec::new();
    };
    let home = match component {
        None => None,
        Some(component) => match graph.find(component) {
            Some((_, component)) => Some(component.path.clone()),
            None => {
                let known = graph.components.iter().map(|component| &*component.name);
                let help = did_you_mean(component, known);
                let title = format!("there is no component `{component}` to patch");
                report(title, "component", "no component has this name", help);
                return Vec::new();
            }
        },
    };
    let at_home: Vec<usize> = of_kind
        .iter()
        .copied()
        .filter(|at| home.as_ref().is_none_or(|home| owner(&objects[*at]) == *home))
        .collect();
    let fits = |at: &usize| name.as_ref().is_none_or(|name| glob(name, &objects[*at].name));
    let found: Vec<usize> = at_home.iter().copied().filter(fits).collect();
    if found.is_empty() {
        match (name, component) {
            (Some(name), _) => {
                let known = at_home.iter().map(|at| objects[*at].name.as_str());
                let title = format!("there is no {kind} `{name}` to patch");
                report(title, "name", "nothing has this name", did_you_mean(name, known));
            }
            (None, component) => {
                let component = component.as_deref().unwrap_or_default();
                let title = format!("`{component}` has no {kind} to patch");
                report(title, "component", "makes nothing of this kind", None);
            }
        }
    }
    found
}

/// Whether a text is one that a pattern describes, in which `*` stands for any text.
fn glob(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(start) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let Some(end) = parts.pop() else { return true };
    for part in parts {
        let Some(at) = text.find(part) else { return false };
        text = &text[at + part.len()..];
    }
    text.ends_with(end)
}

/// Reports what is wrong with a patch whatever it is applied to.
fn prepare(patch: &Patch, path: &Path, sink: &mut Sink) -> bool {
    let mut sound = true;
    let mut report = |title: String, place: Place, label: &str, help: &str| {
        sound = false;
        let diagnostic = Diagnostic::new(&rule::INAPPLICABLE_PATCH, title, place, label);
        sink.report(diagnostic.help(help));
    };
    let mut directives = Vec::new();
    if let Some(merge) = &patch.merge {
        unknown_directives(merge, &path.field("merge"), &mut directives);
    }
    for (directive, path) in directives {
        let title = format!("weft cannot do what `{directive}` asks here");
        let help = "use `null`, `$patch: delete` or `$patch: replace`, or steps under `json`";
        report(title, Place::Key(path), "not a directive that weft knows", help);
    }
    for (at, step) in patch.json.iter().flatten().enumerate() {
        let missing = match step.op {
            Op::Add | Op::Replace | Op::Test if step.value.is_none() => "value",
            Op::Move | Op::Copy if step.from.is_none() => "from",
            _ => continue,
        };
        let title = format!("`{}` needs a `{missing}`", step.op.name());
        let place = Place::Value(path.field("json").index(at).field("op"));
        report(title, place, "cannot be done", &format!("add `{missing}:`"));
    }
    sound
}

/// Applies one patch to one object. `false` if that cannot be done.
fn change(object: &mut Amended, patch: &Patch, path: &Path, sink: &mut Sink) -> bool {
    let kind = object.kind.kind.clone();
    let built_in = raw::is_built_in(object.value["apiVersion"].as_str().unwrap_or_default(), &kind);
    if let Some(over) = &patch.merge {
        let mut merge =
            Merge { kind: built_in.then_some(kind.as_str()), trace: &mut object.object.trace };
        merge.merge(&mut object.value, over, "", &path.field("merge"));
    }
    for (at, step) in patch.json.iter().flatten().enumerate() {
        let path = path.field("json").index(at);
        if let Err(label) = self::step(&mut object.value, &mut object.object.trace, step, &path) {
            let title = format!(
                "`{} {}` cannot be done to {}",
                step.op.name(),
                step.path,
                object.reference()
            );
            let place = Place::Value(path.field("path"));
            sink.report(
                Diagnostic::new(&rule::INAPPLICABLE_PATCH, title, place, label)
                    .help(format!("see `weft explain {}` for what it has", object.reference())),
            );
            return false;
        }
    }
    true
}

/// One step of JSON Patch.
fn step(value: &mut Value, trace: &mut Trace, step: &Operation, path: &Path) -> Result<(), String> {
    let mut operation = Map::new();
    operation.insert("op".into(), json!(step.op.name()));
    operation.insert("path".into(), json!(step.path));
    operation.extend(step.from.iter().map(|from| ("from".to_owned(), json!(from))));
    operation.extend(step.value.iter().map(|value| ("value".to_owned(), value.clone())));
    let operation: json_patch::PatchOperation =
        serde_json::from_value(Value::Object(operation)).map_err(|error| error.to_string())?;
    let list = |value: &Value, pointer: &str| {
        let (around, last) = pointer.rsplit_once('/')?;
        let items = value.pointer(around)?.as_array()?;
        let at = if last == "-" { items.len() } else { last.parse().ok()? };
        Some((dotted(around), at))
    };
    let to = list(value, &step.path);
    let from = step.from.as_ref().and_then(|from| list(value, from));
    json_patch::patch(value, &[operation]).map_err(|error| match (step.op, &step.from) {
        (Op::Test, _) if value.pointer(&step.path).is_some() => "its value is another".into(),
        (Op::Move | Op::Copy, Some(from)) if value.pointer(from).is_none() => {
            format!("there is no `{from}`")
        }
        (Op::Add | Op::Move | Op::Copy, _) => "there is nothing to put it into".into(),
        (Op::Remove | Op::Replace | Op::Test, _) if value.pointer(&step.path).is_none() => {
            "there is no such field".into()
        }
        _ => error.kind.to_string(),
    })?;
    if let (Op::Move, Some((field, at))) = (step.op, from) {
        shift(trace, &field, at + 1, -1);
    }
    let field = match (step.op, to) {
        (Op::Test, _) => return Ok(()),
        (Op::Remove, Some((field, at))) => {
            shift(trace, &field, at + 1, -1);
            field
        }
        (Op::Remove, None) => dotted(step.path.rsplit_once('/').map_or("", |(around, _)| around)),
        (Op::Add | Op::Move | Op::Copy, Some((field, at))) => {
            shift(trace, &field, at, 1);
            format!("{field}.{at}")
        }
        _ => dotted(&step.path),
    };
    let place = match step.value {
        Some(_) => Place::Value(path.field("value")),
        None => Place::Value(path.field("path")),
    };
    trace.push((field, place));
    Ok(())
}

/// A JSON Pointer as a dotted path.
fn dotted(pointer: &str) -> String {
    let steps = pointer.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~"));
    steps.collect::<Vec<_>>().join(".")
}

/// Who finds pods by which labels.
struct Needs {
    by_label: BTreeMap<(String, String), Vec<Need>>,
}

struct Need {
    object: usize,
    field: String,
    labels: Vec<(String, String)>,
}

impl Needs {
    fn of(objects: &[Amended]) -> Self {
        let mut by_label: BTreeMap<(String, String), Vec<Need>> = BTreeMap::new();
        let mut add = |object: usize, field: String, labels: Vec<(&str, &str)>| {
            let labels: Vec<(String, String)> =
                labels.into_iter().map(|(key, value)| (key.into(), value.into())).collect();
            for label in &labels {
                let need = Need { object, field: field.clone(), labels: labels.clone() };
                by_label.entry(label.clone()).or_default().push(need);
            }
        };
        let pairs = |map: &'_ Value| -> Vec<(String, String)> {
            let map = map.as_object().into_iter().flatten();
            map.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
        };
        for (at, object) in objects.iter().enumerate() {
            if let Some(selector) = raw::selector(&object.value)
                && selector.of == raw::Of::Pods
            {
                add(at, selector.field.into(), selector.labels);
            }
            let own = pairs(&object.value["spec"]["selector"]["matchLabels"]);
            if raw::pods(&object.value).is_some() && !own.is_empty() {
                let own = own.iter().map(|(key, value)| (&**key, &**value)).collect();
                add(at, "spec.selector".into(), own);
            }
            let subsets = object.value["spec"]["subsets"].as_array().into_iter().flatten();
            for (number, subset) in subsets.enumerate() {
                let labels = pairs(&subset["labels"]);
                let labels = labels.iter().map(|(key, value)| (&**key, &**value)).collect();
                add(at, format!("spec.subsets.{number}"), labels);
            }
        }
        Self { by_label }
    }
}

/// Whether an object is still what it was: by its name, and to those who select it.
fn kept(
    before: &Value,
    after: &Amended,
    needs: &Needs,
    objects: &[Amended],
    path: &Path,
    sink: &mut Sink,
) -> bool {
    let own: Vec<String> =
        ["/apiVersion", "/kind", "/metadata/name", "/metadata/namespace", "/spec/selector"]
            .into_iter()
            .map(str::to_owned)
            .chain(
                OWNER_LABELS.map(|label| format!("/metadata/labels/{}", label.replace('/', "~1"))),
            )
            .collect();
    let kept_selector = raw::selector(before).is_some() || raw::pods(before).is_some();
    let reference = after.reference();
    for pointer in &own {
        if pointer == "/spec/selector" && !kept_selector {
            continue;
        }
        if before.pointer(pointer) == after.value.pointer(pointer) {
            continue;
        }
        let field = dotted(pointer);
        let title = format!("a patch cannot change `{field}` of {reference}");
        sink.report(
            Diagnostic::new(
                &rule::PATCH_CHANGES_IDENTITY,
                title,
                changed_at(after, &field, path),
                "others know the object by this",
            )
            .also(Place::Key(after.origin.clone()), "the object comes from here")
            .help("change the app file instead, or write a raw object"),
        );
        return false;
    }
    let (Some((_, old)), Some((field, new))) = (raw::pods(before), raw::pods(&after.value)) else {
        return true;
    };
    let whose = owner(after);
    for pair in old.iter().filter(|pair| !new.contains(pair)) {
        let needed = needs.by_label.get(&(pair.0.to_owned(), pair.1.to_owned()));
        let needed: Vec<&Need> = needed
            .into_iter()
            .flatten()
            .filter(|need| {
                let selects = &objects[need.object];
                let subset = need.field.starts_with("spec.subsets");
                selects.namespace == after.namespace
                    && (!subset || owner(selects) == whose)
                    && need.labels.iter().all(|(key, value)| old.contains(&(key, value)))
            })
            .collect();
        let Some(first) = needed.first() else { continue };
        let title =
            format!("a patch cannot change the label `{}` of the pods of {reference}", pair.0);
        let mut diagnostic = Diagnostic::new(
            &rule::PATCH_CHANGES_IDENTITY,
            title,
            after.place_of(&format!("{field}.{}", pair.0)),
            format!("it has to be `{}`", pair.1),
        );
        let who = objects[first.object].reference();
        let label = match needed.len() {
            1 => format!("{who}:{} finds them by it", first.field),
            more => format!("{who}:{} and {} more find them by it", first.field, more - 1),
        };
        diagnostic = diagnostic.also(Place::Key(objects[first.object].origin.clone()), label);
        let help = format!("add a label of your own instead; `{}` belongs to weft", pair.0);
        sink.report(diagnostic.also(Place::Key(path.clone()), "this patch").help(help));
        return false;
    }
    true
}

/// Where a patch changed a field, or something in it: what it noted last.
fn changed_at(object: &Amended, field: &str, path: &Path) -> Place {
    let inside = format!("{field}.");
    let is = |known: &str| known == field || known.starts_with(&inside);
    let noted = object.trace.iter().rev().find(|(known, _)| is(known));
    noted.map_or_else(|| Place::Key(path.clone()), |(_, place)| place.clone())
}

/// Reports what a patch made that Kubernetes would not take.
fn shape(before: &Value, after: &Amended, sink: &mut Sink) {
    if !raw::faults(before).is_empty() {
        return;
    }
    for Fault { field, title, label } in raw::faults(&after.value) {
        let place = after.place_of(&field);
        sink.report(
            Diagnostic::new(&raw::rule::MALFORMED_OBJECT, title, place, label)
                .help("see `kubectl explain` for what belongs here"),
        );
    }
}
