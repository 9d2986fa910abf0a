//! Text → shape-checked [`App`]. Knows the grammar and its layers, not what names mean.

mod accept;
mod advice;
mod layers;
mod mode;
mod params;
mod project;
mod raw;
mod read;
pub mod rule;
mod shape;
mod uses;

use serde::Deserialize;

use crate::diag::{Diagnostic, Reported, Sink};
use crate::files::Loader;
use crate::model::App;
use crate::source::{Place, Sources};
use crate::yaml::{self, Comment, Document, FileId, Node, Problem, ProblemKind};
pub use mode::{Modes, modes};
use params::Params;
pub use project::project_schema;
use read::Reader;
use shape::Grammar;

pub use uses::{Opened, Opener, System, alone, system};

/// What is laid over the file in this run.
#[derive(Clone, Debug, Default)]
pub struct Layers {
    /// The environment to apply, by name.
    pub environment: Option<String>,
    /// `PATH=VALUE` settings, applied in order, after the environment.
    pub settings: Vec<String>,
    /// The folder of modes; none is `modes` beside the app file.
    pub modes: Option<String>,
}

/// An app file as YAML, before any layer: read once, parsed under as many layers as wanted.
#[derive(Debug)]
pub struct Text {
    file: FileId,
    document: Option<Document>,
    problems: Vec<Problem>,
}

/// Reads a file as YAML. What is wrong with it is reported when it is parsed.
pub fn read(sources: &Sources, file: FileId) -> Text {
    let (document, problems) = match sources.file(file).invalid {
        Some(_) => (None, Vec::new()),
        None => yaml::parse(&sources.file(file).text, file),
    };
    Text { file, document, problems }
}

impl Text {
    /// The comments, for allow-comments.
    pub fn comments(&self) -> &[Comment] {
        self.document.as_ref().map_or(&[], |document| &document.comments)
    }

    /// The names of the components, in the file and its environments; flat versions by their owner.
    pub fn components(&self) -> Vec<String> {
        project::names(self).map(project::Names::components).unwrap_or_default()
    }

    /// The names of the parameters, in the file and its environments.
    pub fn params(&self) -> Vec<String> {
        project::names(self).map(project::Names::params).unwrap_or_default()
    }

    /// The names under `environments`.
    pub fn environments(&self) -> Vec<String> {
        let declared =
            self.document.as_ref().and_then(|document| document.root.get("environments"));
        let entries = declared.map(|entry| entry.value.entries());
        entries.into_iter().flatten().map(|entry| entry.key.text.to_string()).collect()
    }

    /// Reports what is wrong with the text as YAML.
    ///
    /// # Errors
    /// If there is anything.
    pub fn check(&self, sources: &Sources, sink: &mut Sink) -> Result<(), Reported> {
        self.tree(sources, sink)?;
        sink.checkpoint()
    }

    /// The tree, or what is wrong with the text.
    fn tree(&self, sources: &Sources, sink: &mut Sink) -> Result<Node, Reported> {
        let file = self.file;
        for problem in &self.problems {
            sink.report(from_yaml(problem.clone(), &sources.file(file).text));
        }
        if let Some(offset) = sources.file(file).invalid {
            let place = Place::Bytes(yaml::Span { file, start: offset, end: offset });
            let title = "the file is not UTF-8";
            sink.report(
                Diagnostic::new(&rule::NOT_UTF8, title, place, "this byte belongs to no character")
                    .help("save the file as UTF-8"),
            );
        }
        match &self.document {
            Some(document) => Ok(document.root.clone()),
            None => Err(fail(sink)),
        }
    }
}

/// Applies layers to a file and reads the app, and leaves the resolved tree in `sources`.
///
/// # Errors
/// Everything that is wrong with text, shape and layers is in the sink.
pub fn parse(
    sources: &mut Sources,
    text: &Text,
    layers: &Layers,
    load: Loader<'_>,
    sink: &mut Sink,
) -> Result<App, Reported> {
    let (tree, app) = resolve(sources, text, layers, load, sink)?;
    sources.set_tree(tree);
    app
}

/// The resolved tree, and the app in it, which can fail on its own: places lead into the tree.
fn resolve(
    sources: &mut Sources,
    text: &Text,
    layers: &Layers,
    load: Loader<'_>,
    sink: &mut Sink,
) -> Result<(Node, Result<App, Reported>), Reported> {
    let file = text.file;
    let root = text.tree(sources, sink)?;
    let mut settings = Vec::new();
    for setting in &layers.settings {
        match layers::from_setting(setting, sources) {
            Ok(delta) => settings.push(delta),
            Err(message) => {
                let file = sources.add_setting(setting);
                let place = Place::Bytes(yaml::Span { file, start: 0, end: 0 });
                sink.report(Diagnostic::new(&rule::UNKNOWN_PATH, message, place, "not PATH=VALUE"));
            }
        }
    }
    let environment = environment(&root, layers.environment.as_deref(), sink);

    // Parameters come first: a reference may stand where a number is wanted.
    let mut param_layers = vec![&root];
    param_layers.extend(environment.as_ref());
    param_layers.extend(&settings);
    let params = Params::read(&param_layers, sink);
    param_layers.iter().for_each(|layer| params.misspelt(layer, sink));
    let tree = params.substitute(root, sink);
    Grammar::app().check(&tree, sink);
    let (tree, environments) = layers::take(tree, "environments");
    let chosen = layers.environment.as_deref().zip(environments.as_ref());
    let chosen = chosen.and_then(|(name, environments)| environments.value.get(name));
    if chosen.is_none() {
        faults(&tree, sink);
    }
    let mut tree = match chosen.filter(|environment| !environment.value.is_null()) {
        Some(environment) => {
            let tree = layers::keep_running_versions(tree, &environment.value);
            layers::merge(tree, &environment.value, Grammar::ROOT)
        }
        None => tree,
    };
    for delta in settings {
        if !layers::check_setting(&tree, &delta, sink) {
            continue;
        }
        let delta = params.substitute(delta, sink);
        Grammar::delta().check(&delta, sink);
        tree = layers::merge(tree, &delta, Grammar::ROOT);
    }
    sink.checkpoint()?;

    // Parameters have done their work; what a layer gave them need not have their full form.
    let (tree, _) = layers::take(tree, "params");
    let tree = layers::settle(tree, sink);
    Grammar::app().check(&tree, sink);
    if let Err(reported) = sink.checkpoint() {
        return Ok((tree, Err(reported)));
    }
    let app = typed(&tree, file, sink);
    let (tree, mut objects) = raw::read(tree, file, load, &params, sources, sink);
    // A file of raw objects may be all that uses one; what an environment reads from a file of its
    // own is not known here.
    if !environments.as_ref().is_some_and(|all| raw::names_files(&all.value)) {
        params.unused(sink);
    }
    let app = app.and_then(|mut app| {
        sink.checkpoint()?;
        for (name, raw) in app.raw.iter_mut().flatten() {
            raw.documents = objects.remove(&**name).unwrap_or_default();
        }
        Ok(app)
    });
    Ok((tree, app))
}

fn typed(tree: &Node, file: FileId, sink: &mut Sink) -> Result<App, Reported> {
    let reader = Reader { grammar: Grammar::app(), node: tree, at: Grammar::ROOT };
    match App::deserialize(reader) {
        Ok(app) => Ok(app),
        Err(error) => {
            let place = Place::Bytes(yaml::Span { file, start: 0, end: 0 });
            let title = format!("weft cannot read this file, though its shape is right: {error}");
            sink.report(
                Diagnostic::new(&rule::MALFORMED_VALUE, title, place, "somewhere in this file")
                    .help("report this as a bug of weft"),
            );
            Err(fail(sink))
        }
    }
}

/// The app file that the last [`parse`] made of a file and its layers: without them, and the same
/// app. `None` where there was nothing to read.
pub fn resolved(sources: &Sources) -> Option<serde_json::Value> {
    let tree = sources.tree()?;
    let mut value = Grammar::app().value(tree, Grammar::ROOT);
    raw::inline(&mut value, tree);
    params::escape(&mut value);
    Some(value)
}

/// Reports the faults of the app itself; those of an environment are there only when asked for.
fn faults(tree: &Node, sink: &mut Sink) {
    let components = tree.get("components").map(|entry| entry.value.entries());
    for component in components.into_iter().flatten() {
        let Some(traffic) = component.value.get("traffic") else { continue };
        let rules = traffic.value.get("rules").map(|rules| rules.value.items());
        let places = std::iter::once(&traffic.value).chain(rules.into_iter().flatten());
        for fault in places.filter_map(|place| place.get("fault")) {
            let name = &component.key.text;
            let title = format!("calls to `{name}` are disturbed in every environment");
            let place = Place::Bytes(fault.key.span);
            sink.report(
                Diagnostic::new(&rule::FAULT_EVERYWHERE, title, place, "in the app itself")
                    .help("move it to an environment of its own"),
            );
        }
    }
}

/// The proof of a failure that was just reported; a text without a tree has a problem.
fn fail(sink: &Sink) -> Reported {
    match sink.checkpoint() {
        Err(reported) => reported,
        Ok(()) => unreachable!("an error was reported right before"),
    }
}

fn environment(root: &Node, name: Option<&str>, sink: &mut Sink) -> Option<Node> {
    let name = name?;
    let declared = root.get("environments");
    if let Some(entry) = declared.and_then(|entry| entry.value.get(name)) {
        return Some(entry.value.clone());
    }
    let known = declared.map(|entry| entry.value.entries()).unwrap_or_default();
    let place = declared
        .map_or(crate::source::resolve_in(root, &crate::source::Path::root(), true), |entry| {
            entry.key.span
        });
    let title = format!("there is no environment `{name}`");
    let diagnostic =
        Diagnostic::new(&rule::UNKNOWN_ENVIRONMENT, title, Place::Bytes(place), "not declared");
    sink.report(if known.is_empty() {
        diagnostic.help("declare it under `environments`")
    } else {
        diagnostic.suggest(name, known.iter().map(|entry| &*entry.key.text))
    });
    None
}

fn from_yaml(problem: Problem, text: &str) -> Diagnostic {
    let rule = match problem.kind {
        ProblemKind::Syntax => &rule::SYNTAX_ERROR,
        ProblemKind::DuplicateKey => &rule::DUPLICATE_KEY,
        ProblemKind::SeveralDocuments => &rule::SEVERAL_DOCUMENTS,
        ProblemKind::Empty => &rule::EMPTY_FILE,
        ProblemKind::TooDeep => &rule::NESTING_TOO_DEEP,
        ProblemKind::AliasExpansion => &rule::ALIAS_EXPANSION,
        ProblemKind::Tag => &rule::UNSUPPORTED_TAG,
        ProblemKind::MergeKey => &rule::MERGE_KEY,
        ProblemKind::KeyNotText => &rule::KEY_NOT_TEXT,
        ProblemKind::ForbiddenCharacter => &rule::FORBIDDEN_CHARACTER,
    };
    let mut diagnostic = Diagnostic::new(rule, problem.message, Place::Bytes(problem.span), "here");
    for (span, label) in problem.related {
        diagnostic = diagnostic.also(Place::Bytes(span), label);
    }
    // `{ image: ${params.x} }` ends at the first brace; that is the author's meaning, not YAML's.
    let start = (problem.span.start as usize).min(text.len());
    let from = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let line = text[from..].lines().next().unwrap_or_default();
    if problem.kind == ProblemKind::Syntax && line.contains("${params.") {
        return diagnostic
            .help("inside `{ }` and `[ ]`, put quotes round it: `\"${params.NAME}\"`");
    }
    match problem.help {
        Some(help) => diagnostic.help(help),
        None => diagnostic,
    }
}
