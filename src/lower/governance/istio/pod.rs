//! Pods with a sidecar, and those that are kept without one.

use std::collections::BTreeSet;

use serde_json::json;

use crate::graph::{Component, ComponentId, Graph, PROXY_VOLUMES, Scrape, Version};
use crate::lower::governance::Marks;
use crate::lower::view::Trace;
use crate::source::Place;

/// The marks by which the injector knows what to do with the pods of a version.
pub(super) fn pod(
    graph: &Graph,
    component: &Component,
    version: &Version,
    labels: &mut Marks,
    annotations: &mut Marks,
    trace: &mut Trace,
) {
    const INJECT: &str = "sidecar.istio.io/inject";
    if component.outside_mesh {
        labels.insert(INJECT.into(), "false".into());
        let place = Place::Value(component.path.field("governance"));
        trace.add(format!("metadata.labels.{INJECT}"), place);
        return;
    }
    labels.insert(INJECT.into(), "true".into());
    let several = version.containers().nth(1).is_some();
    if component.kind.ends() || several || version.rollout.stop.is_some() {
        // A plain sidecar never ends, and with it neither would the job; and it starts only after
        // all that runs before the component, whose calls would go nowhere. And it ends a few
        // seconds after the order to stop, however long the program still needs it; a native one
        // ends after the program. Source: the exit paths of `Agent.Run` in istio.io/istio.
        annotations.entry("sidecar.istio.io/nativeSidecar".into()).or_insert_with(|| "true".into());
    }
    annotations.extend(proxy_secrets(graph, version));
    if let Some(metrics) = &component.metrics
        && let Scrape::Container(number) = metrics.at
    {
        // Prometheus is outside the mesh, and nobody else calls this port.
        const PAST_THE_PROXY: &str = "traffic.sidecar.istio.io/excludeInboundPorts";
        let ports = annotations.entry(PAST_THE_PROXY.into()).or_default();
        let number = number.to_string();
        if !ports.split(',').any(|port| port.trim() == number) {
            let comma = if ports.is_empty() { "" } else { "," };
            *ports = format!("{ports}{comma}{number}");
        }
        let place = Place::Value(metrics.path.field("port"));
        trace.add(format!("metadata.annotations.{PAST_THE_PROXY}"), place);
    }
}

/// Annotations that put Secrets with certificates into the proxy: those of the TLS around the calls
/// of a version. Source: Istio's reference of resource annotations.
fn proxy_secrets(graph: &Graph, version: &Version) -> Vec<(String, String)> {
    // One component may be called by several names.
    let callees: BTreeSet<ComponentId> = version.calls.iter().map(|call| call.to).collect();
    let secrets = callees.into_iter().filter_map(|id| {
        let callee = graph.component(id);
        Some((callee, callee.tls.as_ref()?.secret.as_ref()?))
    });
    let (mut volumes, mut mounts) = (Vec::new(), Vec::new());
    for (position, (callee, secret)) in secrets.enumerate() {
        let name = format!("weft-tls-{position}");
        let path = callee.proxy_path();
        volumes.push(json!({ "name": name, "secret": { "secretName": &**secret } }));
        mounts.push(json!({ "name": name, "mountPath": path, "readOnly": true }));
    }
    if volumes.is_empty() {
        return Vec::new();
    }
    vec![
        (PROXY_VOLUMES[0].to_owned(), json!(volumes).to_string()),
        (PROXY_VOLUMES[1].to_owned(), json!(mounts).to_string()),
    ]
}
