//! Who may call an app id, as its sidecar enforces it.

use std::collections::BTreeMap;

use super::offer::tracing;
use super::{SIDECAR, configuration};
use crate::graph::{ComponentId, Graph};
use crate::lower::labels;
use crate::lower::policy::Callers;
use crate::lower::view::{Body, DaprCaller, DaprConfiguration, Meta, Trace, View};
use crate::source::Place;

/// One Configuration for each version, as each is an app id of its own. It is there even if it lets
/// nobody in: it closes the sidecar.
pub(super) fn policy(graph: &Graph, callers: &Callers, id: ComponentId, views: &mut Vec<View>) {
    let component = graph.component(id);
    if !graph.policy.access || !graph.meshed(component) {
        return;
    }
    for (position, version) in component.versions.iter().enumerate() {
        let Some((name, _)) = configuration(graph, component, version) else { continue };
        let scope = (component.versions.len() > 1).then_some(position);
        let mut admitted: BTreeMap<DaprCaller, Place> = BTreeMap::new();
        for (_, who) in callers.at(id, scope).filter(|(socket, _)| *socket == SIDECAR) {
            for (caller, who) in who {
                let caller = graph.component(*caller);
                for version in &who.versions {
                    let id = caller.app_id(&caller.versions[*version]);
                    let caller = DaprCaller { id, namespace: caller.namespace.to_string() };
                    admitted.entry(caller).or_insert_with(|| Place::Key(who.path.clone()));
                }
            }
        }
        let mut trace =
            Trace::default().at("spec.accessControl.defaultAction", graph.policy.place("access"));
        for (position, place) in admitted.values().enumerate() {
            trace.add(format!("spec.accessControl.policies.{position}"), place.clone());
        }
        let mut meta = Meta::new(name, Some(&component.namespace), labels(graph, component));
        meta.labels.push(("version".into(), version.name.to_string()));
        let tracing = tracing(graph, &mut trace);
        let callers = Some(admitted.into_keys().collect());
        let body = DaprConfiguration { meta, tracing, callers };
        views.push(View::new(Body::DaprConfiguration(body), version.path.clone(), trace));
    }
}
