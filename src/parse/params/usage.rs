//! Parameters that nothing uses, and texts that look as if they used one.

use super::super::rule;
use super::Params;
use crate::diag::{Diagnostic, Sink};
use crate::source::Place;
use crate::yaml::{Node, Value};

impl Params {
    /// Reports parameters that nothing used so far.
    pub(in super::super) fn unused(&self, sink: &mut Sink) {
        for (name, param) in self.0.iter().filter(|(_, param)| !param.used.get()) {
            let title = format!("nothing uses the parameter `{name}`");
            let place = Place::Bytes(param.name_span);
            sink.report(
                Diagnostic::new(&rule::UNUSED_PARAM, title, place, "changes nothing")
                    .help(format!("write `${{params.{name}}}` where it is wanted, or remove it")),
            );
        }
    }

    /// Reports texts in a layer that name a parameter in another way than weft does.
    pub(in super::super) fn misspelt(&self, layer: &Node, sink: &mut Sink) {
        if self.0.is_empty() {
            return;
        }
        match &layer.value {
            Value::Scalar(scalar) => {
                for (written, name) in self.lookalikes(&scalar.text) {
                    let title = format!("`{written}` is not the parameter `{name}`");
                    let place = Place::Bytes(layer.span);
                    let label = format!("`{written}` stays as it is");
                    sink.report(
                        Diagnostic::new(&rule::UNRESOLVED_REFERENCE, title, place, label)
                            .help(format!("write `${{params.{name}}}`")),
                    );
                }
            }
            Value::Sequence(items) => items.iter().for_each(|item| self.misspelt(item, sink)),
            Value::Mapping(mapping) => {
                let entries = mapping.iter().filter(|entry| &*entry.key.text != "params");
                entries.for_each(|entry| self.misspelt(&entry.value, sink));
            }
        }
    }

    /// Texts that look like a parameter, each with that parameter's name.
    fn lookalikes<'t>(&self, text: &'t str) -> Vec<(&'t str, &'t str)> {
        let mut found = Vec::new();
        for (at, _) in text.match_indices('$') {
            // A doubled dollar is the text itself.
            if text[..at].ends_with('$') {
                continue;
            }
            let rest = &text[at + 1..];
            let bracketed = |open, close| Some(rest.strip_prefix(open)?.split_once(close)?.0);
            let name = if let Some(inside) = bracketed('{', '}') {
                inside.strip_prefix("param.").unwrap_or(inside)
            } else if let Some(inside) = bracketed('(', ')') {
                let Some(name) = inside.strip_prefix("params.") else { continue };
                name
            } else if let Some(name) = rest.strip_prefix("params.") {
                let end = name.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_'));
                self.longest(&name[..end.unwrap_or(name.len())])
            } else {
                continue;
            };
            if self.0.contains_key(name) {
                let close = usize::from(rest.starts_with(['{', '(']));
                let end = rest.find(name).map_or(0, |from| from + name.len() + close);
                found.push((&text[at..=at + end], name));
            }
        }
        found
    }

    /// The longest beginning of a text, up to a dash, that is the name of a parameter; else all.
    fn longest<'t>(&self, text: &'t str) -> &'t str {
        let dashes = text.rmatch_indices('-').map(|(at, _)| &text[..at]);
        let mut names = std::iter::once(text).chain(dashes);
        names.find(|name| self.0.contains_key(*name)).unwrap_or(text)
    }
}
