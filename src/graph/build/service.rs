//! How a component is found and watched: its further names, what it tells callers, its metrics.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::{Alias, Metrics, Port, Scrape, rule};
use crate::diag::{Diagnostic, Sink};
use crate::model::{self, Kind, Name, PortRef};
use crate::source::{Path, Place};

/// What the fields of a component have to say about its Services.
pub(super) struct Found<'a> {
    /// The component's name, for messages.
    pub(super) name: &'a Name,
    /// Where it is written.
    pub(super) path: &'a Path,
    /// What runs.
    pub(super) kind: Kind,
    /// Its ports.
    pub(super) ports: &'a [Port],
    pub(super) sink: &'a mut Sink,
}

impl Found<'_> {
    /// Whether the component's own name leads to each pod by itself.
    pub(super) fn headless(&mut self, headless: Option<bool>) -> bool {
        let wanted = headless.unwrap_or(false);
        if !wanted {
            return false;
        }
        let why = match self.kind {
            Kind::External => "an external component has no pods",
            Kind::StatefulSet => return true,
            _ if self.ports.is_empty() => "nobody can call it",
            _ => return true,
        };
        let title = format!("`headless` has no effect on `{}`: {why}", self.name);
        self.stray(self.path.field("headless"), title, "remove `headless`");
        false
    }

    /// Its aliases, in the order of their names.
    pub(super) fn aliases(
        &mut self,
        aliases: Option<model::Aliases>,
        headless: bool,
    ) -> Vec<Alias> {
        let root = self.path.field("aliases");
        let mut out = Vec::new();
        for (name, alias) in aliases.unwrap_or_default().0 {
            let path = root.key(&name);
            let own = alias.headless;
            if self.kind == Kind::External && (alias.ports.is_some() || own.is_some()) {
                let title = format!("`{name}` leads outside, where weft decides nothing");
                self.stray(path.clone(), title, "write the name alone");
            }
            let ports = alias.ports.map(|ports| {
                let bound = ports.into_iter().filter_map(|(port, number)| {
                    let position = self.ports.iter().position(|known| *known.name == *port);
                    if position.is_none() {
                        self.unknown(&port, Place::Key(path.field("ports").key(&port)));
                    }
                    Some((position?, number))
                });
                bound.collect::<BTreeMap<usize, u16>>()
            });
            out.push(Alias { name: name.0, path, ports, headless: own.unwrap_or(headless) });
        }
        out
    }

    /// Where its numbers are read.
    pub(super) fn metrics(&mut self, metrics: Option<model::Metrics>) -> Option<Metrics> {
        let metrics = metrics?;
        let path = self.path.field("metrics");
        if self.kind == Kind::External {
            let title = format!("`metrics` has no effect on `{}`: it has no pods", self.name);
            self.stray(path, title, "remove `metrics`");
            return None;
        }
        let at = match &metrics.port {
            Some(PortRef::Number(number)) => {
                match self.ports.iter().position(|port| port.target == *number) {
                    Some(position) => Scrape::Port(position),
                    None => Scrape::Container(*number),
                }
            }
            Some(PortRef::Name(name)) => {
                let position = self.ports.iter().position(|port| *port.name == **name);
                if position.is_none() {
                    self.unknown(name, Place::Value(path.field("port")));
                }
                Scrape::Port(position?)
            }
            None if self.ports.len() == 1 => Scrape::Port(0),
            None => {
                let title = format!("`{}` does not say at which port its metrics are", self.name);
                let known: Vec<&str> = self.ports.iter().map(|port| &*port.name).collect();
                let diagnostic =
                    Diagnostic::new(&rule::AMBIGUOUS_PORT, title, Place::Key(path), "which port?");
                let diagnostic = match known.first() {
                    Some(first) => diagnostic
                        .also(Place::Key(self.path.field("ports")), "there are several")
                        .help(format!("write `metrics: {{ port: {first} }}`")),
                    None => diagnostic.help("write `metrics: { port: NUMBER }`"),
                };
                self.sink.report(diagnostic);
                return None;
            }
        };
        Some(Metrics {
            at,
            url: metrics.path.unwrap_or_else(|| "/metrics".into()),
            interval: metrics.interval,
            from: metrics.from,
            path,
        })
    }

    fn unknown(&mut self, port: &str, place: Place) {
        let title = format!("`{}` opens no port `{port}`", self.name);
        let known = self.ports.iter().map(|port| &*port.name);
        let diagnostic = Diagnostic::new(&rule::UNKNOWN_PORT, title, place, "no such port");
        self.sink.report(diagnostic.suggest(port, known));
    }

    fn stray(&mut self, path: Path, title: String, help: &str) {
        let place = Place::Key(path);
        let label = "nothing would come of this";
        let diagnostic = Diagnostic::new(&rule::FIELD_WITHOUT_EFFECT, title, place, label);
        self.sink.report(diagnostic.help(help));
    }
}

/// What a component gives to whoever calls it, by the variable's name.
pub(super) fn connect(
    written: Option<BTreeMap<model::EnvName, model::ConnectValue>>,
) -> BTreeMap<Arc<str>, model::ConnectValue> {
    written.into_iter().flatten().map(|(name, value)| (name.0, value)).collect()
}
