//! `Checked` → ordered, typed views: what each object says, one struct for each template.
//!
//! Total: it cannot fail and cannot report. Knows no text.

mod batch;
mod container;
mod entry;
mod governance;
mod metrics;
mod operation;
mod pod;
mod policy;
mod route;
mod service;
mod storage;
pub mod view;
mod workload;

use std::collections::{BTreeMap, BTreeSet};

use crate::check::Checked;
use crate::graph::{Component, ComponentId, Graph};
use crate::source::{Path, Place};
use view::{Body, Meta, Trace, View};

/// Every object of the application, in no particular order.
pub fn lower(checked: &Checked) -> Vec<View> {
    let graph = checked.graph();
    let mut views = Vec::with_capacity(graph.own().len() * 4 + 2);
    let mut accounts = BTreeSet::new();
    let callers = policy::Callers::of(graph);
    namespaces(graph, &mut views);
    (governance::mode(graph).application)(graph, &mut views);
    policy::application(graph, &mut views);
    let own = |id: &ComponentId| {
        let component = graph.component(*id);
        component.app == 0 && component.given.is_none()
    };
    for (rank, id) in graph.creation_order().into_iter().filter(own).enumerate() {
        let first = views.len();
        workload::lower(graph, id, &mut accounts, &mut views);
        service::lower(graph, graph.component(id), &mut views);
        metrics::lower(graph, graph.component(id), &mut views);
        (governance::mode(graph).component)(graph, id, &mut views);
        policy::component(graph, &callers, id, &mut views);
        views[first..].iter_mut().for_each(|view| view.rank = rank + 1);
    }
    entry::lower(graph, &mut views);
    views
}

/// Every namespace but the one that every cluster has.
fn namespaces(graph: &Graph, views: &mut Vec<View>) {
    for (name, first) in graph.namespaces().into_iter().filter(|(name, _)| *name != "default") {
        let origin = match first {
            Some(component) => component.path.field("namespace"),
            None if graph.name == graph.namespace => Path::root().field("name"),
            None => Path::root().field("namespace"),
        };
        namespace(graph, name, origin, views);
    }
}

fn namespace(graph: &Graph, name: &str, origin: Path, views: &mut Vec<View>) {
    let mut meta = Meta::new(name.to_owned(), None, app_labels(graph));
    (governance::mode(graph).namespace)(graph, &mut meta);
    let trace = Trace::default().at("metadata.name", Place::Value(origin.clone()));
    views.push(View::new(Body::Namespace(view::Namespace { meta }), origin, trace));
}

/// Labels of everything that belongs to the application.
fn app_labels(graph: &Graph) -> BTreeMap<String, String> {
    let mut labels = BTreeMap::from([
        ("app.kubernetes.io/managed-by".to_owned(), "weft".to_owned()),
        ("app.kubernetes.io/part-of".to_owned(), graph.name.to_string()),
    ]);
    if let Some(version) = &graph.version {
        labels.insert("app.kubernetes.io/version".into(), version.clone());
    }
    labels
}

/// Labels of everything that belongs to a component.
fn labels(graph: &Graph, component: &Component) -> BTreeMap<String, String> {
    let mut labels = app_labels(graph);
    labels.insert("app".into(), component.name.to_string());
    labels.insert("app.kubernetes.io/name".into(), component.name.to_string());
    labels
}

/// The full name of a Service, so that it means the same in every namespace.
fn host(component: &Component, name: &str) -> String {
    format!("{name}.{}.svc.cluster.local", component.namespace)
}

/// A name for what belongs to a path: readable, at most 49 characters, one for each path.
fn slug(path: &str) -> String {
    let trimmed = path.trim_matches('/');
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let text: String = trimmed.chars().map(|c| if plain(c) { c } else { '-' }).collect();
    let faithful = trimmed.chars().all(|c| plain(c) || c == '/') && !trimmed.contains("//");
    if faithful && !text.is_empty() && text.len() <= 40 {
        return text;
    }
    let hash = crate::source::fingerprint(path.as_bytes()) as u32;
    let start: String = text.trim_matches('-').chars().take(40).collect();
    match start.trim_end_matches('-') {
        "" => format!("{hash:08x}"),
        start => format!("{start}-{hash:08x}"),
    }
}
