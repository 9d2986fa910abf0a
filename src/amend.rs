//! The author's own objects join what weft makes, patches change it, and what has come of it is
//! looked at as a whole: names, selectors, references.

mod links;
mod merge;
mod patch;
pub mod rule;

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};

use serde_json::Value;

use crate::check::OBJECT_NAME_COLLISION;
use crate::diag::{Diagnostic, Reported, Sink};
use crate::graph::Graph;
use crate::manifest::{Flaw, Object, Set};
use crate::raw;
use crate::source::{Path, Place};

/// Whether the application has anything for [`amend`] to do.
pub fn is_needed(graph: &Graph) -> bool {
    !graph.raw.is_empty() || !graph.patches.is_empty()
}

/// Reports what is wrong with the author's templates.
///
/// # Errors
/// If anything is.
pub fn faulty(flaws: Vec<Flaw>, sink: &mut Sink) -> Result<(), Reported> {
    for Flaw { at, title, label } in flaws {
        let diagnostic = Diagnostic::new(&rule::FAULTY_TEMPLATE, title, Place::Bytes(at), label);
        sink.report(diagnostic.help("docs/modes.md says what a template is given and may hold"));
    }
    sink.checkpoint()
}

/// Adds the raw objects to what weft makes, and applies the patches to all of it.
///
/// # Errors
/// What is wrong with them is in the sink.
pub fn amend(set: Set, graph: &Graph, sink: &mut Sink) -> Result<Set, Reported> {
    let open = |object: Object| Amended { value: object.value(), object, changed: false };
    let mut objects: Vec<Amended> = set.into_objects().into_iter().map(open).collect();
    join(graph, &mut objects, sink);
    patch::apply(graph, &mut objects, sink);
    links::check(graph, &objects, sink);
    sink.checkpoint()?;
    let closed = objects.into_iter().map(|Amended { object, value, changed }| match changed {
        true => object.saying(&value),
        false => object,
    });
    match Set::new(closed.collect()) {
        Ok(set) => Ok(set),
        Err(twice) => {
            // Every collision was found by name before; this is one of a sort that nobody knows.
            let place = Place::Key(Path::root().field("raw"));
            sink.report(Diagnostic::new(&OBJECT_NAME_COLLISION, twice.0, place, "among these"));
            sink.checkpoint()?;
            Ok(Set::default())
        }
    }
}

/// An object while it is changed.
struct Amended {
    object: Object,
    /// What it says, as a tree.
    value: Value,
    /// Whether that is no longer what it said.
    changed: bool,
}

impl Deref for Amended {
    type Target = Object;

    fn deref(&self) -> &Object {
        &self.object
    }
}

impl DerefMut for Amended {
    fn deref_mut(&mut self) -> &mut Object {
        &mut self.object
    }
}

/// What tells an object from all others.
fn identity(object: &Object) -> (&str, &str, &str, &str) {
    let namespace = object.namespace.as_deref().unwrap_or_default();
    (&object.kind.group, &object.kind.kind, namespace, &object.name)
}

/// Adds the raw objects, unless there is one of the name already.
fn join(graph: &Graph, objects: &mut Vec<Amended>, sink: &mut Sink) {
    let mut own = Vec::with_capacity(graph.raw.len());
    for object in &graph.raw {
        let trace = raw::trace(&object.value, &object.path);
        match Object::new(&object.value, object.path.clone(), trace, 0) {
            Ok(made) => {
                let value = object.value.clone();
                own.push(Amended { object: made, value, changed: false });
            }
            Err(why) => {
                let place = Place::Key(object.path.clone());
                let title = format!("{} `{}`: {}", object.kind, object.name, why.0);
                sink.report(Diagnostic::new(&raw::rule::MALFORMED_OBJECT, title, place, "here"));
            }
        }
    }
    let mut taken: BTreeMap<(&str, &str, &str, &str), &Amended> = BTreeMap::new();
    taken.extend(objects.iter().map(|object| (identity(object), object)));
    let mut twice = vec![false; own.len()];
    for (at, object) in own.iter().enumerate() {
        let Some(first) = taken.get(&identity(object)) else {
            taken.insert(identity(object), object);
            continue;
        };
        twice[at] = true;
        let title = format!("two objects would be {} `{}`", object.kind.kind, object.name);
        let of = match raw_entry(&first.origin) {
            Some(entry) => format!("raw `{entry}`"),
            None => "what weft makes of this".into(),
        };
        let name = object.place_of("metadata.name");
        sink.report(
            Diagnostic::new(&OBJECT_NAME_COLLISION, title, name, "a raw object")
                .also(Place::Key(first.origin.clone()), of)
                .help("rename one of the two; to change what weft makes, write a patch"),
        );
    }
    let kept = own.into_iter().zip(twice).filter(|(_, twice)| !twice).map(|(object, _)| object);
    objects.extend(kept);
}

/// The name of the entry of `raw` that a path lies in.
fn raw_entry(path: &Path) -> Option<String> {
    let steps = path.steps();
    let key = |at: usize| steps.get(at).and_then(|step| step.key()).map(str::to_owned);
    key(1).filter(|_| key(0).as_deref() == Some("raw"))
}

/// What an object comes from: a component, by its path, or itself.
fn owner(object: &Object) -> Path {
    let steps = object.origin.steps();
    match steps.first().and_then(|step| step.key()) {
        Some("components") => {
            steps.into_iter().take(2).fold(Path::root(), |path, step| path.then(step.clone()))
        }
        _ => object.origin.clone(),
    }
}
