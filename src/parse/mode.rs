//! Modes of the author's own: their manifests, and the templates of the one that governs.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use serde::Deserialize;

use super::read::Reader;
use super::shape::Grammar;
use super::{Layers, from_yaml, rule};
use crate::diag::{Diagnostic, Reported, Sink};
use crate::files::{self, Loader};
use crate::model::{self, App, Definition, FeatureRow, Governance, Manifest};
use crate::source::{Path, Place, Sources, Template};
use crate::yaml::{self, Node};

/// Who governs an app, and who could.
#[derive(Debug)]
pub struct Modes {
    /// Who does.
    pub governance: Governance,
    /// The modes of the author's own that there are; what is wrong with one that does not govern,
    /// leaves it out.
    pub found: Vec<Governance>,
    /// The templates of the mode that governs, by name.
    pub templates: BTreeMap<Arc<str>, Arc<Template>>,
}

/// Where modes are read from, and what their manifests can say.
struct Source<'a> {
    from: Option<&'a str>,
    load: Loader<'a>,
    grammar: &'static Grammar,
}

/// The mode that an app names, with its templates, and what other modes of the author's there are.
///
/// # Errors
/// What is wrong with the mode that governs is in the sink.
pub fn modes(
    sources: &mut Sources,
    app: &App,
    layers: &Layers,
    features: &[FeatureRow],
    load: Loader<'_>,
    sink: &mut Sink,
) -> Result<Modes, Reported> {
    let from = layers.modes.as_deref();
    let names = load.modes(from);
    let written = app.governance.as_ref();
    let governance = written.map_or(Some(Governance::Kubernetes), |name| name.built_in());
    let chosen = written.filter(|_| governance.is_none()).map(|name| &*name.0);
    let place = Place::Value(Path::root().field("governance"));
    if let Some(name) = chosen.filter(|name| !names.iter().any(|known| known == name)) {
        let known = Governance::ALL.map(Governance::name);
        let title = format!("`governance` cannot be `{name}`");
        sink.report(
            Diagnostic::new(&rule::UNKNOWN_VALUE, title, place.clone(), "no such choice")
                .suggest(name, known.into_iter().chain(names.iter().map(String::as_str))),
        );
    }
    sink.checkpoint()?;
    let mut modes = Modes {
        governance: governance.unwrap_or(Governance::Kubernetes),
        found: Vec::new(),
        templates: BTreeMap::new(),
    };
    for name in &names {
        let source = Source { from, load, grammar: Grammar::mode(features) };
        let mut own = Sink::default();
        let read = source.manifest(sources, name, &place, &mut own);
        if let Some((definition, tree)) = &read
            && chosen == Some(&**name)
        {
            modes.governance = Governance::Custom(definition);
            modes.templates = source.templates(sources, definition, tree, &mut own);
        }
        if chosen == Some(&**name) {
            sink.take_errors(own);
        }
        modes.found.extend(read.map(|(definition, _)| Governance::Custom(definition)));
    }
    sink.checkpoint()?;
    Ok(modes)
}

impl Source<'_> {
    /// The manifest of a mode, and its tree.
    fn manifest(
        &self,
        sources: &mut Sources,
        name: &str,
        place: &Place,
        sink: &mut Sink,
    ) -> Option<(&'static Definition, Node)> {
        let (file, text) = self.text(sources, &format!("{name}/mode.yaml"), place.clone(), sink)?;
        let (document, problems) = yaml::parse(&text, file);
        for problem in problems {
            sink.report(from_yaml(problem, &text));
        }
        sink.checkpoint().ok()?;
        let tree = document?.root;
        self.grammar.check(&tree, sink);
        sink.checkpoint().ok()?;
        let reader = Reader { grammar: self.grammar, node: &tree, at: Grammar::ROOT };
        match Manifest::deserialize(reader) {
            Ok(manifest) => Some((Definition::of(name, &text, manifest), tree)),
            Err(error) => {
                let place = Place::Bytes(yaml::Span { file, start: 0, end: 0 });
                let title =
                    format!("weft cannot read this file, though its shape is right: {error}");
                sink.report(
                    Diagnostic::new(&rule::MALFORMED_VALUE, title, place, "somewhere in this file")
                        .help("report this as a bug of weft"),
                );
                None
            }
        }
    }

    /// The templates that a manifest names.
    fn templates(
        &self,
        sources: &mut Sources,
        definition: &Definition,
        tree: &Node,
        sink: &mut Sink,
    ) -> BTreeMap<Arc<str>, Arc<Template>> {
        let mut templates = BTreeMap::new();
        for template in definition.manifest.templates.keys() {
            let path = Path::root().field("templates").key(template);
            let place = Place::Bytes(crate::source::resolve_in(tree, &path, true));
            let relative = format!("{}/{template}.yaml.j2", definition.name);
            let Some((file, text)) = self.text(sources, &relative, place, sink) else { continue };
            let name = sources.file(file).name.clone();
            templates.insert(template.0.clone(), Arc::new(Template { file, name, text }));
        }
        templates
    }

    /// A file of a mode.
    fn text(
        &self,
        sources: &mut Sources,
        relative: &str,
        place: Place,
        sink: &mut Sink,
    ) -> Option<(yaml::FileId, Arc<str>)> {
        let (shown, loaded) = self.load.read_mode(self.from, relative);
        let bytes = files::accept(loaded, &shown, place.clone(), sink)?;
        match String::from_utf8(bytes) {
            Ok(text) => {
                let held: Arc<str> = text.as_str().into();
                Some((sources.add_once(shown, text), held))
            }
            Err(_) => {
                let title = format!("`{shown}` is not UTF-8");
                sink.report(
                    Diagnostic::new(&rule::NOT_UTF8, title, place, "cannot be read")
                        .help("save the file as UTF-8"),
                );
                None
            }
        }
    }
}

impl Grammar {
    /// The grammar of a mode's manifest.
    fn mode(features: &[FeatureRow]) -> &'static Self {
        static MODE: OnceLock<Grammar> = OnceLock::new();
        MODE.get_or_init(|| Self::compile(model::mode_schema(features), "the mode"))
    }
}
