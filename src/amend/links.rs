//! Who selects whom, and who names whom, over all objects.

use std::collections::{BTreeMap, BTreeSet};

use super::{Amended, owner, raw_entry, rule};
use crate::diag::{Diagnostic, Sink};
use crate::graph::Graph;
use crate::raw::{self, Index, Of, Reference};
use crate::source::Place;

/// Looks for selectors that mean two owners or nobody, and for names that lead nowhere.
pub(super) fn check(graph: &Graph, objects: &[Amended], sink: &mut Sink) {
    if graph.raw.is_empty() {
        return;
    }
    selectors(objects, sink);
    references(objects, sink);
}

fn namespace(object: &Amended) -> &str {
    object.namespace.as_deref().unwrap_or_default()
}

fn selectors(objects: &[Amended], sink: &mut Sink) {
    let mut pods = Index::default();
    let mut runs: Vec<(&Amended, &'static str)> = Vec::new();
    let mut services = Index::default();
    for object in objects {
        if let Some((field, labels)) = raw::pods(&object.value) {
            pods.add(namespace(object), labels);
            runs.push((object, field));
        }
        if object.kind.kind == "Service" {
            let labels = object.value["metadata"]["labels"].as_object().into_iter().flatten();
            let labels = labels.filter_map(|(key, value)| Some((&**key, value.as_str()?)));
            services.add(namespace(object), labels.collect());
        }
    }
    // A workload that several Services of a component would catch is one fault.
    let mut said = BTreeSet::new();
    for object in objects {
        let Some(selector) = raw::selector(&object.value) else { continue };
        let raw = raw_entry(&object.origin).is_some();
        let matches = match selector.of {
            Of::Pods => pods.matching(namespace(object), &selector.labels),
            Of::Services => services.matching(namespace(object), &selector.labels),
        };
        let name = format!("{} `{}`", object.kind.kind, object.name);
        let place = object.place_of(selector.field);
        if matches.is_empty() && raw {
            let what = if selector.of == Of::Pods { "pods" } else { "Services" };
            let title = format!("{name} selects nobody");
            let label = format!("no {what} in `{}` have these labels", namespace(object));
            sink.report(
                Diagnostic::new(&rule::SELECTS_NOBODY, title, place, label)
                    .help("of a component's pods, `app: NAME` selects all"),
            );
            continue;
        }
        if object.kind.kind != "Service" {
            continue;
        }
        let mut owners: Vec<(&Amended, &'static str)> =
            matches.iter().map(|at| runs[*at]).collect();
        owners.sort_by_key(|(object, _)| owner(object));
        owners.dedup_by_key(|(object, _)| owner(object));
        let raws = |wanted: bool| {
            let is = move |object: &Amended| raw_entry(&object.origin).is_some() == wanted;
            owners.iter().find(move |(object, _)| is(object))
        };
        if raw {
            let made: Vec<_> =
                owners.iter().filter(|(object, _)| raw_entry(&object.origin).is_none()).collect();
            let [(first, _), ..] = made.as_slice() else { continue };
            if owners.len() < 2 {
                continue;
            }
            let title = format!("{name} selects pods of more than one owner");
            let mut diagnostic =
                Diagnostic::new(&rule::SELECTOR_OVERLAP, title, place, "these labels");
            for (other, _) in owners.iter().take(3) {
                let label = format!("pods of {}", other.reference());
                diagnostic = diagnostic.also(Place::Key(owner(other)), label);
            }
            let help = format!("select one component only, such as `app: {}`", app_of(first));
            sink.report(diagnostic.help(help));
        } else if let (Some((stray, field)), true) = (raws(true), owners.len() > 1)
            && said.insert((owner(object), stray.origin.clone()))
        {
            let app = app_of(object);
            let title = format!(
                "the pods of {} `{}` would get calls to `{app}`",
                stray.kind.kind, stray.name
            );
            sink.report(
                Diagnostic::new(
                    &rule::SELECTOR_OVERLAP,
                    title,
                    stray.place_of(field),
                    "these labels are the component's",
                )
                .also(Place::Key(owner(object)), format!("its {name} selects them"))
                .help(format!("give these pods another `app` than `{app}`")),
            );
        }
    }
}

/// The component that an object of weft's belongs to.
fn app_of(object: &Amended) -> &str {
    object.value["metadata"]["labels"]["app"].as_str().unwrap_or(&object.name)
}

fn references(objects: &[Amended], sink: &mut Sink) {
    let mut known: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
    let mut namespaces = BTreeSet::new();
    for object in objects {
        let kind = (object.kind.kind.as_str(), namespace(object));
        known.entry(kind).or_default().insert(&object.name);
        namespaces.insert(namespace(object));
    }
    for object in objects.iter().filter(|object| raw_entry(&object.origin).is_some()) {
        for Reference { field, kind, name, namespace: written } in raw::references(&object.value) {
            let within = written.as_deref().unwrap_or(namespace(object));
            // What others run in namespaces of their own is theirs to know.
            if !namespaces.contains(within) {
                continue;
            }
            let names = known.get(&(kind.as_str(), within));
            if names.is_some_and(|names| names.contains(name.as_str())) {
                continue;
            }
            let title = format!(
                "{} `{}` names {kind} `{name}`, which nobody makes",
                object.kind.kind, object.name
            );
            let diagnostic = Diagnostic::new(
                &rule::DANGLING_REFERENCE,
                title,
                object.place_of(&field),
                format!("no {kind} of this name in `{within}`"),
            );
            let names = names.into_iter().flatten().copied();
            sink.report(diagnostic.suggest(&name, names));
        }
    }
}
