//! Binding what the file says of Dapr.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::super::dapr::{Block, Dapr, app_port, calls_sidecar, passage, with_stores};
use super::super::{Answer, Call, Component, ComponentId, rule};
use super::version::Binder;
use crate::diag::{Diagnostic, Sink};
use crate::model::{self, Callee, Dependencies, Dependency, Governance, Name, Setting};
use crate::source::{Path, Place};

/// What an app says of Dapr, with secret stores bound; and what stands behind each of its blocks, by
/// name.
pub(super) fn read(
    written: Option<model::Dapr>,
    app: &Arc<str>,
    root: &Path,
    names: &BTreeMap<Arc<str>, Answer>,
    (first, components): (usize, &[Component]),
    sink: &mut Sink,
) -> (Dapr, Vec<Dependencies>) {
    let written = written.unwrap_or_default();
    let path = root.field("dapr");
    let all = written.components.unwrap_or_default();
    let known: Vec<(Arc<str>, bool)> = all
        .iter()
        .map(|(name, block)| (name.0.clone(), block.kind.starts_with("secretstores.")))
        .collect();
    let (mut blocks, mut behind) = (Vec::new(), Vec::new());
    for (name, block) in all {
        let path = path.field("components").key(&name);
        if let Some(answer) = names.get(&name.0) {
            let title = format!("a component and a Dapr component are both called `{name}`");
            let place = Place::Key(path.clone());
            let other = Place::Key(components[answer.component.0 - first].path.clone());
            sink.report(
                Diagnostic::new(&rule::ALIAS_COLLISION, title, place, "the Dapr component")
                    .also(other, "the component")
                    .help("rename one of them; `dependsOn` could mean either"),
            );
        }
        let secret_store =
            block.secret_store.and_then(|store| secret_store(&name, &store, &known, &path, sink));
        let metadata: Vec<_> = block.metadata.into_iter().flatten().collect();
        let secret = |(_, setting): &(_, Setting)| matches!(setting, Setting::Secret(_));
        if secret_store.is_some() && !metadata.iter().any(secret) {
            let title = format!("`secretStore` has no effect: `{name}` takes no secret from it");
            let place = Place::Key(path.field("secretStore"));
            let label = "no setting is a `{ secret: NAME/KEY }`";
            sink.report(
                Diagnostic::new(&rule::FIELD_WITHOUT_EFFECT, title, place, label)
                    .help("remove `secretStore`"),
            );
        }
        behind.push(block.depends_on.unwrap_or_default());
        blocks.push(Block {
            name: name.0,
            path,
            kind: block.kind,
            version: block.version,
            metadata,
            secret_store,
            ignore_errors: block.ignore_errors.unwrap_or(false),
            init_timeout: block.init_timeout,
            calls: Vec::new(),
        });
    }
    let configuration = written.configuration.map_or_else(|| app.clone(), |name| name.0);
    let (tracing, fallback) = (written.tracing, written.fallback);
    (Dapr { configuration, tracing, blocks, fallback, path }, behind)
}

/// The position of a secret store of the app.
fn secret_store(
    block: &Name,
    store: &Name,
    known: &[(Arc<str>, bool)],
    path: &Path,
    sink: &mut Sink,
) -> Option<usize> {
    let stores = known.iter().filter(|(_, store)| *store).map(|(name, _)| &**name);
    let place = Place::Value(path.field("secretStore"));
    let found = known.binary_search_by(|(name, _)| (**name).cmp(store));
    let (title, label) = match found {
        Ok(position) if known[position].1 && *store != *block => return Some(position),
        Ok(_) => (
            format!("`{block}` takes secrets from `{store}`, which is no secret store"),
            "keeps none",
        ),
        Err(_) => (
            format!("`{block}` takes secrets from `{store}`, which does not exist"),
            "no Dapr component has this name",
        ),
    };
    sink.report(
        Diagnostic::new(&rule::UNKNOWN_COMPONENT, title, place, label).suggest(store, stores),
    );
    None
}

impl Binder<'_> {
    /// The calls that sidecars make to what stands behind a Dapr component.
    pub(super) fn behind(&mut self, block: &Block, dependencies: Dependencies) -> Vec<Call> {
        let all: Vec<(Callee, Dependency)> = match dependencies {
            Dependencies::Map(map) => map.into_iter().collect(),
            Dependencies::List(_) | Dependencies::None => Vec::new(),
        };
        let mut calls = Vec::new();
        for (name, dependency) in all {
            let path = block.path.field("dependsOn").key(&name);
            let useless = [
                ("env", dependency.env.is_some()),
                ("optional", dependency.optional.is_some()),
                ("through", dependency.through.is_some()),
            ];
            for (field, _) in useless.into_iter().filter(|(_, written)| *written) {
                let title =
                    format!("`{field}` has no effect on what stands behind `{}`", block.name);
                let place = Place::Key(path.field(field));
                let label = "a sidecar calls it, by the settings under `metadata`";
                self.sink.report(
                    Diagnostic::new(&rule::FIELD_WITHOUT_EFFECT, title, place, label)
                        .help(format!("remove `{field}`")),
                );
            }
            let silent = Dependency { env: Some(BTreeMap::new()), ..dependency };
            let silent = Dependency { through: None, optional: None, ..silent };
            calls.extend(self.call(None, &block.name, &block.path, &name, silent));
        }
        calls
    }

    /// The Dapr component of this name, where a dependency means one. Nothing else is said of it.
    pub(super) fn block(
        &mut self,
        version: &Path,
        name: &Callee,
        dependency: &Dependency,
    ) -> Option<(usize, Path)> {
        let position = self.blocks.binary_search_by(|block| (*block.name).cmp(name)).ok()?;
        let path = version.field("dependsOn").key(name);
        let useless = [
            ("port", dependency.port.is_some()),
            ("env", dependency.env.is_some()),
            ("optional", dependency.optional.is_some()),
            ("through", dependency.through.is_some()),
        ];
        for (field, _) in useless.into_iter().filter(|(_, written)| *written) {
            let title = format!("`{field}` has no effect on the use of `{name}`");
            let place = Place::Key(path.field(field));
            let declared = Place::Key(self.blocks[position].path.clone());
            self.sink.report(
                Diagnostic::new(
                    &rule::FIELD_WITHOUT_EFFECT,
                    title,
                    place,
                    "nothing would come of this",
                )
                .also(declared, "offered by the sidecar, by its name")
                .help(format!("remove `{field}`")),
            );
        }
        Some((position, path))
    }
}

/// In the dapr mode, adds the calls of sidecars to those of the versions that they stand beside.
pub(super) fn reach(components: &mut [Component], offers: &[(Dapr, Vec<Dependencies>)]) {
    for (own, component) in components.iter_mut().enumerate() {
        let blocks = &offers[component.app].0.blocks;
        for version in &mut component.versions {
            let same = |a: &Call, b: &Call| (a.to, a.port, a.version) == (b.to, b.port, b.version);
            for (block, _) in with_stores(blocks, &version.blocks) {
                for call in &blocks[block].calls {
                    let known = version.calls.iter().any(|known| same(known, call));
                    if call.to.0 != own && !known {
                        version.calls.push(call.clone());
                    }
                }
            }
        }
    }
}

/// Finds out which port of each component Dapr brings calls to, and in its mode which calls go
/// through sidecars.
pub(super) fn invoke(components: &mut [Component], governance: Governance) {
    let mut called: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); components.len()];
    for call in components.iter().flat_map(|c| &c.versions).flat_map(|version| &version.calls) {
        if call.through.is_some() {
            called[call.to.0].insert(call.port);
        }
    }
    for (component, called) in components.iter_mut().zip(&called) {
        component.app_port = app_port(component, called);
    }
    if governance != Governance::Dapr {
        return;
    }
    let mut ways: Vec<Vec<Option<usize>>> = Vec::new();
    for component in components.iter() {
        for version in &component.versions {
            let way = |call: &Call| {
                let ComponentId(to) = call.to;
                let asked = calls_sidecar(&components[to], call);
                passage(component, &components[to], call).ok().filter(|_| asked)
            };
            ways.push(version.calls.iter().map(way).collect());
        }
    }
    let versions = components.iter_mut().flat_map(|component| &mut component.versions);
    for (version, ways) in versions.zip(ways) {
        for (call, way) in version.calls.iter_mut().zip(ways) {
            call.invoked = way;
        }
    }
}
