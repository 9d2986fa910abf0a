//! `${component.NAME.service}` and the like: names that weft makes, for objects that it does not.

use serde_json::Value;

use super::rule;
use crate::diag::{Diagnostic, Sink};
use crate::source::{Path, Place};

/// What a placeholder stands for, by what is between its braces.
pub type Resolve<'a> = &'a dyn Fn(&str) -> Result<Value, Unknown>;

/// Why a placeholder stands for nothing.
#[derive(Debug)]
pub struct Unknown {
    /// What is wrong.
    pub label: String,
    /// What to write instead.
    pub help: Option<String>,
}

/// What our placeholders begin with; any other `${…}` is the author's text.
const OPEN: [&str; 2] = ["${component.", "${app."];

/// Replaces placeholders in every text below `value`. A number stays one where the placeholder is
/// all that there is.
pub fn expand(value: &mut Value, path: &Path, resolve: Resolve<'_>, sink: &mut Sink) {
    match value {
        Value::Object(map) => {
            for (key, value) in map.iter_mut() {
                expand(value, &path.key(key), resolve, sink);
            }
        }
        Value::Array(items) => {
            for (at, item) in items.iter_mut().enumerate() {
                expand(item, &path.index(at), resolve, sink);
            }
        }
        Value::String(text) if OPEN.iter().any(|open| text.contains(open)) => {
            *value = fill(text, path, resolve, sink);
        }
        _ => {}
    }
}

fn fill(text: &str, path: &Path, resolve: Resolve<'_>, sink: &mut Sink) -> Value {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = OPEN.iter().filter_map(|open| rest.find(open)).min() {
        if rest[..at].ends_with('$') {
            // `$${` is the text `${`.
            out.push_str(&rest[..at - 1]);
            out.push_str("${");
            rest = &rest[at + 2..];
            continue;
        }
        out.push_str(&rest[..at]);
        let inner = &rest[at + 2..];
        let found = match inner.find('}') {
            Some(end) => resolve(&inner[..end]).map(|value| (value, end)),
            None => {
                let help = Some("write `}` behind it, or `$${` for the text itself".into());
                Err(Unknown { label: "never closed".into(), help })
            }
        };
        match found {
            Ok((value, end)) => {
                rest = &inner[end + 1..];
                if value.is_number() && out.is_empty() && rest.is_empty() {
                    return value;
                }
                match value {
                    Value::String(text) => out.push_str(&text),
                    value => out.push_str(&value.to_string()),
                }
            }
            Err(Unknown { label, help }) => {
                let end = inner.find('}').unwrap_or(inner.len());
                let title = format!("`${{{}}}` stands for nothing", &inner[..end]);
                let place = Place::Value(path.clone());
                let diagnostic = Diagnostic::new(&rule::UNKNOWN_PLACEHOLDER, title, place, label);
                sink.report(match help {
                    Some(help) => diagnostic.help(help),
                    None => diagnostic,
                });
                rest = inner.get(end + 1..).unwrap_or_default();
            }
        }
    }
    out.push_str(rest);
    Value::String(out)
}
