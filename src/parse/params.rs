//! `${params.NAME}` at leaf positions becomes the parameter's value.

mod usage;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value as Json;

use super::rule;
use crate::diag::{Diagnostic, Sink, listing};
use crate::source::Place;
use crate::yaml::{Entry, Mapping, Node, Scalar, Span, Style, Value};

const OPEN: &str = "${params.";
const ESCAPED: &str = "$${params.";
/// Stands in a text for a reference that leads nowhere, which was reported. No text of an app file
/// can hold it, so nothing more need be said of the value.
pub(super) const UNRESOLVED: char = '\0';

/// A declared parameter and the value it has in this run.
struct Param {
    name_span: Span,
    kind: Arc<str>,
    values: Vec<Arc<str>>,
    value: Option<(Arc<str>, Span)>,
    used: Cell<bool>,
}

/// The parameters of a run.
pub(super) struct Params(BTreeMap<Arc<str>, Param>);

impl Params {
    /// Reads declarations and values out of the layers, lowest first, and checks the values.
    pub(super) fn read(layers: &[&Node], sink: &mut Sink) -> Self {
        let mut params: BTreeMap<Arc<str>, Param> = BTreeMap::new();
        for layer in layers {
            let Some(declared) = layer.get("params") else { continue };
            for Entry { key, value } in declared.value.entries() {
                let param = params.entry(key.text.clone()).or_insert(Param {
                    name_span: key.span,
                    kind: "string".into(),
                    values: Vec::new(),
                    value: None,
                    used: Cell::new(false),
                });
                // A layer above the file may give the value alone.
                if let Some(scalar) = value.scalar() {
                    param.value = Some((scalar.text.clone(), value.span));
                    continue;
                }
                if let Some(kind) = value.get("type").and_then(|entry| entry.value.scalar()) {
                    param.kind = kind.text.clone();
                }
                if let Some(values) = value.get("values") {
                    let texts = values.value.items().iter().filter_map(Node::scalar);
                    param.values = texts.map(|scalar| scalar.text.clone()).collect();
                }
                if let Some(default) = value.get("default")
                    && let Some(scalar) = default.value.scalar()
                {
                    param.value = Some((scalar.text.clone(), default.value.span));
                }
            }
        }
        for (name, param) in &params {
            param.check(name, sink);
        }
        Self(params)
    }

    /// Replaces references in every scalar of a layer, declarations of parameters excepted.
    pub(super) fn substitute(&self, layer: Node, sink: &mut Sink) -> Node {
        if !mentions(&layer) {
            return layer;
        }
        let span = layer.span;
        let Value::Mapping(mapping) = layer.value else { return self.fill(layer, sink) };
        let entries = mapping.into_entries().into_iter().map(|Entry { key, value }| {
            let value = match &*key.text {
                "params" => value,
                "environments" => self.substitute_each(value, sink),
                _ => self.fill(value, sink),
            };
            Entry { key, value }
        });
        Node { value: Value::Mapping(Mapping::new(entries.collect())), span }
    }

    /// Replaces references in each layer of a mapping of layers.
    fn substitute_each(&self, layers: Node, sink: &mut Sink) -> Node {
        let span = layers.span;
        let Value::Mapping(mapping) = layers.value else { return self.fill(layers, sink) };
        let entries = mapping.into_entries().into_iter();
        let entries =
            entries.map(|Entry { key, value }| Entry { key, value: self.substitute(value, sink) });
        Node { value: Value::Mapping(Mapping::new(entries.collect())), span }
    }

    /// Replaces references in every scalar of `node`.
    pub(super) fn fill(&self, node: Node, sink: &mut Sink) -> Node {
        let span = node.span;
        let value = match node.value {
            Value::Scalar(scalar) if scalar.text.contains(OPEN) => {
                let text = self.expand(&scalar.text, span, sink);
                // A number or switch stays one in quotes, which flow mappings cannot do without;
                // a text stays one even if it reads like a number or like nothing.
                let style = match self.is_literal(&scalar.text) {
                    true => Style::Plain,
                    false => Style::DoubleQuoted,
                };
                Value::Scalar(Scalar { text: text.into(), style })
            }
            Value::Sequence(items) => {
                Value::Sequence(items.into_iter().map(|item| self.fill(item, sink)).collect())
            }
            Value::Mapping(mapping) => {
                let entries = mapping.into_entries().into_iter();
                let entries = entries
                    .map(|Entry { key, value }| Entry { key, value: self.fill(value, sink) });
                Value::Mapping(Mapping::new(entries.collect()))
            }
            scalar => scalar,
        };
        Node { value, span }
    }

    /// Whether a text is one reference and nothing else, to a number or a switch.
    fn is_literal(&self, text: &str) -> bool {
        let name = text.strip_prefix(OPEN).and_then(|rest| rest.strip_suffix('}'));
        let param = name.and_then(|name| self.0.get(name));
        param.is_some_and(|param| matches!(&*param.kind, "int" | "bool"))
    }

    fn expand(&self, text: &str, span: Span, sink: &mut Sink) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find(OPEN) {
            if rest[..at].ends_with('$') && rest[at - 1..].starts_with(ESCAPED) {
                out.push_str(&rest[..at - 1]);
                out.push_str(OPEN);
                rest = &rest[at + OPEN.len()..];
                continue;
            }
            out.push_str(&rest[..at]);
            let name_on = &rest[at + OPEN.len()..];
            let Some(end) = name_on.find('}') else {
                let title = "`${params.` has no closing brace";
                let place = Place::Bytes(span);
                sink.report(
                    Diagnostic::new(&rule::UNKNOWN_PARAM, title, place, "never closed")
                        .help("write `${params.NAME}`, or `$${params.` for the text itself"),
                );
                out.push(UNRESOLVED);
                return out;
            };
            let name = &name_on[..end];
            if let Some(param) = self.0.get(name) {
                param.used.set(true);
            }
            match self.0.get(name) {
                Some(Param { value: Some((value, _)), .. }) => out.push_str(value),
                Some(param) => sink.report(
                    Diagnostic::new(
                        &rule::PARAM_WITHOUT_VALUE,
                        format!("parameter `{name}` has no value"),
                        Place::Bytes(span),
                        "used here",
                    )
                    .also(Place::Bytes(param.name_span), "declared here, without a default")
                    .help(format!("give it a `default`, or pass `--set params.{name}=VALUE`")),
                ),
                None => sink.report(
                    Diagnostic::new(
                        &rule::UNKNOWN_PARAM,
                        format!("there is no parameter `{name}`"),
                        Place::Bytes(span),
                        "not declared under `params`",
                    )
                    .suggest(name, self.0.keys().map(|name| &**name)),
                ),
            }
            if self.0.get(name).is_none_or(|param| param.value.is_none()) {
                out.push(UNRESOLVED);
            }
            rest = &name_on[end + 1..];
        }
        out.push_str(rest);
        out
    }
}

/// Makes every text one that stands for itself when it is read again.
pub(super) fn escape(value: &mut Json) {
    match value {
        Json::String(text) if text.contains(OPEN) => *text = text.replace(OPEN, ESCAPED),
        Json::Array(items) => items.iter_mut().for_each(escape),
        Json::Object(fields) => fields.values_mut().for_each(escape),
        _ => {}
    }
}

/// Whether there is anything to replace; most apps have no parameters.
fn mentions(node: &Node) -> bool {
    match &node.value {
        Value::Scalar(scalar) => scalar.text.contains(OPEN),
        Value::Sequence(items) => items.iter().any(mentions),
        Value::Mapping(mapping) => mapping.iter().any(|entry| mentions(&entry.value)),
    }
}

impl Param {
    fn check(&self, name: &str, sink: &mut Sink) {
        let Some((value, span)) = &self.value else { return };
        let digits = value.strip_prefix('-').unwrap_or(value);
        let fits = match &*self.kind {
            "int" => !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()),
            "bool" => matches!(&**value, "true" | "false"),
            "enum" => self.values.contains(value),
            "quantity" => {
                value.starts_with(|first: char| first.is_ascii_digit())
                    && value.chars().all(|c| c.is_ascii_alphanumeric() || c == '.')
            }
            "host" => {
                !value.is_empty()
                    && value
                        .chars()
                        .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '*' | ':'))
            }
            _ => true,
        };
        if fits {
            return;
        }
        let choices: Vec<&str> = self.values.iter().map(|value| &**value).collect();
        let label = match &*self.kind {
            "int" => "must be a whole number".into(),
            "bool" => "must be `true` or `false`".into(),
            "quantity" => "must be a quantity such as `128Mi`".into(),
            "host" => "must be a host name or `*`".into(),
            _ => format!("must be one of {}", listing(&choices)),
        };
        let title =
            format!("the value of parameter `{name}` does not fit its type `{}`", self.kind);
        sink.report(Diagnostic::new(&rule::PARAM_TYPE_MISMATCH, title, Place::Bytes(*span), label));
    }
}
