//! Merging a patch into an object: field by field, lists of named things item by item.

use serde_json::{Map, Value};

use crate::source::{Path, Place};

/// Where fields of an object come from, by their dotted path.
pub(super) type Trace = Vec<(String, Place)>;

/// A directive of strategic merge, and what it does.
const DIRECTIVE: &str = "$patch";

/// What is being merged: the object's kind and where the changes are noted.
pub(super) struct Merge<'a> {
    /// The kind, if it is one of Kubernetes' own, whose lists are known.
    pub(super) kind: Option<&'a str>,
    /// Where its fields come from.
    pub(super) trace: &'a mut Trace,
}

/// The directives of a patch that no merge knows, with the paths to them.
pub(super) fn unknown_directives(patch: &Value, path: &Path, out: &mut Vec<(String, Path)>) {
    match patch {
        Value::Object(map) => {
            for (key, value) in map {
                let known = key == DIRECTIVE && (value == "delete" || value == "replace");
                if key.starts_with('$') && !known {
                    out.push((key.clone(), path.key(key)));
                }
                unknown_directives(value, &path.key(key), out);
            }
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                unknown_directives(item, &path.index(at), out);
            }
        }
        _ => {}
    }
}

/// The field by which the items of a list are told apart, as Kubernetes' API declares it
/// (`patchMergeKey` in its types).
fn merge_key(kind: &str, field: &str, path: &str) -> Option<&'static str> {
    let in_container = path.contains("ontainers.");
    Some(match field {
        "containers"
        | "initContainers"
        | "ephemeralContainers"
        | "volumes"
        | "imagePullSecrets" => "name",
        "env" if in_container => "name",
        "volumeMounts" if in_container => "mountPath",
        "volumeDevices" if in_container => "devicePath",
        "ports" if in_container => "containerPort",
        "ports" if kind == "Service" => "port",
        "hostAliases" => "ip",
        "topologySpreadConstraints" => "topologyKey",
        "webhooks" if kind.ends_with("WebhookConfiguration") => "name",
        "secrets" if kind == "ServiceAccount" => "name",
        _ => return None,
    })
}

impl Merge<'_> {
    /// Lays `patch` over `target`, which is at `field` of its object.
    pub(super) fn merge(&mut self, target: &mut Value, patch: &Value, field: &str, path: &Path) {
        match (&mut *target, patch) {
            (Value::Object(_), Value::Object(over)) if is(patch, "replace") => {
                let mut whole = over.clone();
                whole.remove(DIRECTIVE);
                *target = Value::Object(whole);
                self.note(field, path);
            }
            (Value::Object(under), Value::Object(over)) => self.fields(under, over, field, path),
            (Value::Array(under), Value::Array(over)) => {
                let name = field.rsplit('.').next().unwrap_or(field);
                let key = self.kind.and_then(|kind| merge_key(kind, name, field));
                let keyed = |key: &str| over.iter().all(|item| item.get(key).is_some());
                match key.filter(|key| keyed(key)) {
                    Some(key) => self.items(under, over, key, field, path),
                    None => self.set(target, patch, field, path),
                }
            }
            _ => self.set(target, patch, field, path),
        }
    }

    fn fields(
        &mut self,
        under: &mut Map<String, Value>,
        over: &Map<String, Value>,
        field: &str,
        path: &Path,
    ) {
        for (key, value) in over {
            let dot = if field.is_empty() { "" } else { "." };
            let inner = format!("{field}{dot}{key}");
            let path = path.key(key);
            if value.is_null() || is(value, "delete") {
                if under.remove(key).is_some() {
                    self.note(field, &path);
                }
            } else if let Some(known) = under.get_mut(key) {
                self.merge(known, value, &inner, &path);
            } else {
                under.insert(key.clone(), plain(value));
                self.note(&inner, &path);
            }
        }
    }

    fn items(
        &mut self,
        under: &mut Vec<Value>,
        over: &[Value],
        key: &str,
        field: &str,
        path: &Path,
    ) {
        for (number, item) in over.iter().enumerate() {
            let path = path.index(number);
            let known = under.iter().position(|known| known.get(key) == item.get(key));
            match known {
                Some(at) if is(item, "delete") => {
                    under.remove(at);
                    shift(self.trace, field, at + 1, -1);
                    self.note(field, &path);
                }
                Some(at) => self.merge(&mut under[at], item, &format!("{field}.{at}"), &path),
                None if is(item, "delete") => {}
                None => {
                    under.push(plain(item));
                    self.note(&format!("{field}.{}", under.len() - 1), &path);
                }
            }
        }
    }

    fn set(&mut self, target: &mut Value, patch: &Value, field: &str, path: &Path) {
        let fresh = plain(patch);
        if *target != fresh {
            *target = fresh;
            self.note(field, path);
        }
    }

    /// Notes that a field and all in it come from the patch.
    fn note(&mut self, field: &str, path: &Path) {
        self.trace.push((field.to_owned(), Place::Value(path.clone())));
    }
}

fn is(value: &Value, directive: &str) -> bool {
    value.get(DIRECTIVE).is_some_and(|found| found == directive)
}

/// A value that is new: nothing in it is there to be removed.
fn plain(value: &Value) -> Value {
    match value {
        Value::Object(map) => Value::Object(
            map.iter()
                .filter(|(key, value)| !value.is_null() && *key != DIRECTIVE)
                .map(|(key, value)| (key.clone(), plain(value)))
                .collect(),
        ),
        Value::Array(items) => {
            let kept = items.iter().filter(|item| !is(item, "delete"));
            Value::Array(kept.map(plain).collect())
        }
        other => other.clone(),
    }
}

/// Moves what is known of the items of a list from `first` on by one place, up or down.
pub(super) fn shift(trace: &mut Trace, list: &str, first: usize, by: isize) {
    let prefix = format!("{list}.");
    // What is known of an item that goes away would speak of the one that takes its place.
    if by < 0 {
        let gone = format!("{list}.{}", first - 1);
        let inside = format!("{gone}.");
        trace.retain(|(field, _)| *field != gone && !field.starts_with(&inside));
    }
    for (field, _) in trace {
        let Some(rest) = field.strip_prefix(&prefix) else { continue };
        let (number, more) = rest.split_once('.').map_or((rest, ""), |(n, more)| (n, more));
        let Some(at) = number.parse::<usize>().ok().filter(|at| *at >= first) else { continue };
        let dot = if more.is_empty() { "" } else { "." };
        *field = format!("{prefix}{}{dot}{more}", at.saturating_add_signed(by));
    }
}
