//! `weft` compiles one application file into everything a cluster needs to run and govern it.
//!
//! A straight line of stages, each a plain function from one type to the next:
//!
//! ```text
//! Sources ─parse─▶ model::App ─graph─▶ Graph ─check─▶ Checked ─lower─▶ Vec<View> ─render─▶ manifest::Set ─amend─▶ Set
//! ```
//!
//! - [`yaml`] turns text into a tree in which every key and value keeps its bytes, and back.
//! - [`source`] holds the texts and turns symbolic [`Place`](source::Place)s into bytes.
//! - [`diag`] holds rules, diagnostics, the sink that collects them, and the report formats.
//! - [`files`] is how the files beside the app file are read.
//! - [`model`] is the grammar: one struct for each mapping, from which the JSON Schema is made.
//! - [`raw`] knows Kubernetes' objects: those that the author writes, whom they select and name.
//! - [`parse`] yields a [`model::App`] from text, environment and settings, schema first.
//! - [`graph`] binds names and yields a [`graph::Graph`]; it answers order, cycles and callers.
//! - [`traffic`] is the algebra of calls: what covers what, and what replicas can honour.
//! - [`check`] runs one rule after the other and yields [`check::Checked`].
//! - [`lower`] yields the [`View`](lower::view::View) of each object, for the governance mode.
//! - [`manifest`] is one object: identity, order of application, canonical YAML, origin.
//! - [`render`] puts views through `templates/<mode>/<kind>.yaml.j2` and yields a [`manifest::Set`].
//! - [`amend`] adds raw objects, applies patches, and looks at the whole.
//! - [`export`] draws the graph for people and programs.
//! - [`cli`] is the only reader and writer of files, and the only printer.
//!
//! # Invariants
//! - Nothing above `cli` touches files, environment, clock, randomness or threads it did not start.
//! - Same input, same bytes out, whatever the order in which components are written.
//! - `model` holds no defaults; nothing past `graph` reads `model::App`.
//! - `graph` does not know Kubernetes; `lower` does not know text; `render` does not know components.
//! - A stage reports all it can find, not its first error; only the sink can mint "failed".
//! - `lower` cannot fail and cannot report: what it cannot express was refused by a rule.
//! - Nothing is dropped silently. What a mode cannot do is an error, unless the file says `fallback`.
//! - Templates hold `for`, `if` and `{{ field }}`; a value can never leave its scalar.
//! - Every object knows the place in the app file that it came from.
//!
//! `tests/tidy.rs` holds the import table and the owner of each third-party crate.

pub mod yaml;

pub mod source;

pub mod diag;

pub mod files;

pub mod model;

pub mod raw;

pub mod parse;

pub mod graph;

pub mod traffic;

pub mod check;

pub mod lower;

pub mod manifest;

pub mod render;

pub mod amend;

pub mod export;

pub mod cli;

use check::Checked;
use diag::{Checks, Reported, Rule, Sink, Verdict};
use files::Loader;
use graph::Graph;
use manifest::Set;
use parse::{Layers, Opener, Text};
use source::{Path, Sources};

/// Every rule of every stage, sorted by code.
pub fn rules() -> Vec<&'static Rule> {
    let mut rules: Vec<&'static Rule> = parse::rule::RULES
        .iter()
        .chain(files::RULES)
        .chain(raw::rule::RULES)
        .chain(graph::rule::RULES)
        .chain(amend::rule::RULES)
        .copied()
        .chain(check::rules())
        .chain([&diag::UNKNOWN_CHECK, &diag::UNUSED_ALLOW, &diag::MALFORMED_ALLOW])
        .collect();
    rules.sort_by_key(|rule| rule.code);
    rules
}

/// From a text to a checked graph, under the given layers. Files of the app come through `load`,
/// other apps through `open`.
///
/// # Errors
/// Everything that is wrong is in the sink.
pub fn compile(
    sources: &mut Sources,
    text: &Text,
    layers: &Layers,
    load: Loader<'_>,
    open: Opener<'_>,
    sink: &mut Sink,
) -> Result<Checked, Reported> {
    let graph = bind(sources, text, layers, load, open, sink)?;
    check::check(graph, sink)
}

/// From a text to a graph on which nothing has been checked yet.
///
/// # Errors
/// As [`compile`], up to the shape of the file. What could not be bound is in the sink, and left out
/// of the graph.
pub fn bind(
    sources: &mut Sources,
    text: &Text,
    layers: &Layers,
    load: Loader<'_>,
    open: Opener<'_>,
    sink: &mut Sink,
) -> Result<Graph, Reported> {
    let system = parse::system(sources, text, layers, load, open, sink)?;
    let written = system.apps[0].checks.iter().flatten().map(|(code, check)| {
        let verdict = match check {
            model::Check::Deny => Verdict::Deny,
            model::Check::Allow(_) => Verdict::Allow,
        };
        (&**code, verdict, Path::root().field("checks").key(code))
    });
    let checks = Checks::read(written, &rules(), sink);
    sink.heed(checks);
    let parse::Modes { governance, found, templates } =
        parse::modes(sources, &system.apps[0], layers, &traffic::features(), load, sink)?;
    let governed = graph::Governed { governance, found, templates };
    Ok(graph::build(system.apps, system.uses, governed, load, sink))
}

/// Whether the making of an application's objects can find something that is the author's to mend.
pub fn can_fail(graph: &Graph) -> bool {
    amend::is_needed(graph) || !graph.templates.is_empty()
}

/// Every object of a checked application: what weft makes, what the author adds, patched.
///
/// # Errors
/// The outer error is a bug of weft; what is wrong with raw objects, patches and templates of the
/// author's own is in the sink.
pub fn manifests(checked: &Checked, sink: &mut Sink) -> anyhow::Result<Result<Set, Reported>> {
    let set = match render::render(lower::lower(checked)) {
        Ok(set) => set,
        Err(error) => {
            let render::Flaws(flaws) = error.downcast()?;
            return match amend::faulty(flaws, sink) {
                Err(reported) => Ok(Err(reported)),
                Ok(()) => anyhow::bail!("a template failed for no reason; this is a bug of weft"),
            };
        }
    };
    Ok(match amend::is_needed(checked.graph()) {
        true => amend::amend(set, checked.graph(), sink),
        false => Ok(set),
    })
}
