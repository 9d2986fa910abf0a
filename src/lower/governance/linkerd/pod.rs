//! Pods with a proxy of Linkerd, and those that are kept without one.

use std::collections::BTreeSet;

use super::INJECT;
use crate::graph::{Component, Graph, Scrape, Version};
use crate::lower::governance::Marks;
use crate::lower::view::Trace;
use crate::model::Mtls;
use crate::source::Place;

/// The ports that Linkerd takes for bytes where nothing is said.
/// Source: `proxy.opaquePorts` in the values of the chart `linkerd-control-plane`.
const BYTES: [u16; 8] = [25, 587, 3306, 4444, 5432, 6379, 9300, 11211];

/// The marks by which the injector knows what to do with the pods of a version.
pub(super) fn pod(
    graph: &Graph,
    component: &Component,
    version: &Version,
    _: &mut Marks,
    annotations: &mut Marks,
    trace: &mut Trace,
) {
    let mut mark = |name: &str, value: String, place: Option<Place>| {
        if !annotations.contains_key(name) {
            annotations.insert(name.to_owned(), value);
            if let Some(place) = place {
                trace.add(format!("metadata.annotations.{name}"), place);
            }
        }
    };
    if component.outside_mesh {
        let place = Place::Value(component.path.field("governance"));
        mark(INJECT, "disabled".into(), Some(place));
        return;
    }
    mark(INJECT, "enabled".into(), None);
    let several = version.containers().nth(1).is_some();
    if component.kind.ends() || several || version.rollout.stop.is_some() {
        // A plain sidecar never ends, and with it neither would the job; and it starts only after
        // all that runs before the component, whose calls would go nowhere.
        mark("config.beta.linkerd.io/proxy-enable-native-sidecar", "true".into(), None);
    }
    if let Some(ports) = opaque(component) {
        let place = Place::Key(component.path.field("ports"));
        mark("config.linkerd.io/opaque-ports", listed(&ports), Some(place));
    }
    let past = past(graph, version);
    if !past.is_empty() {
        mark("config.linkerd.io/skip-outbound-ports", listed(&past), None);
    }
    if let Some(metrics) = &component.metrics
        && let Scrape::Container(number) = metrics.at
    {
        // Prometheus is outside the mesh, and nobody else calls this port.
        let place = Place::Value(metrics.path.field("port"));
        mark("config.linkerd.io/skip-inbound-ports", number.to_string(), Some(place));
    }
    // What holds of every port that has no Server.
    let policy = &graph.policy;
    let rest = match (policy.access, policy.mtls) {
        (true, _) => Some(("deny", "access")),
        (false, Some(Mtls::Strict)) => Some(("all-authenticated", "mtls")),
        (false, Some(Mtls::Permissive)) => Some(("all-unauthenticated", "mtls")),
        (false, None) => None,
    };
    if let Some((rest, part)) = rest {
        mark("config.linkerd.io/default-inbound-policy", rest.into(), Some(policy.place(part)));
    }
}

fn listed(ports: &BTreeSet<u16>) -> String {
    ports.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

/// The ports that carry bytes; none where Linkerd knows by itself which these are.
fn opaque(component: &Component) -> Option<BTreeSet<u16>> {
    let tcp = component.ports.iter().filter(|port| port.protocol.transport() == "TCP");
    let (http, bytes): (Vec<_>, Vec<_>) = tcp.partition(|port| port.protocol.is_http());
    let bytes: BTreeSet<u16> = bytes.into_iter().map(|port| port.target).collect();
    let mistaken = http.iter().any(|port| BYTES.contains(&port.target));
    (mistaken || !bytes.is_empty()).then_some(bytes)
}

/// The ports of hosts outside at which the caller waits for the first word: as no Service is called,
/// nothing tells a proxy that it must not wait too. What is called in the mesh on the same number
/// keeps its proxy.
fn past(graph: &Graph, version: &Version) -> BTreeSet<u16> {
    let (outside, inside): (Vec<_>, Vec<_>) =
        version.calls.iter().partition(|call| graph.component(call.to).is_host_outside());
    let inside: BTreeSet<u16> = inside.into_iter().map(|call| call.number).collect();
    let silent = outside.into_iter().filter(|call| {
        let port = &graph.component(call.to).ports[call.port];
        port.protocol.is_stream() && !BYTES.contains(&call.number)
    });
    silent.map(|call| call.number).filter(|number| !inside.contains(number)).collect()
}
