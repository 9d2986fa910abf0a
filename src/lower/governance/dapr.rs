//! Dapr: sidecars that programs call by themselves, and what these offer.

mod access;
mod offer;
mod resiliency;

use std::collections::BTreeSet;

use crate::graph::{Call, Component, Graph, Scrape, Version};
use crate::lower::governance::{Marks, Mode, PLAIN};
use crate::lower::policy::{Rules, Socket, socket};
use crate::lower::view::{Peer, Trace};
use crate::model::Protocol;
use crate::source::Place;

/// What Dapr adds.
pub(super) const MODE: Mode = Mode {
    pod,
    application: offer::application,
    component: resiliency::resiliency,
    policy: access::policy,
    called,
    proxies,
    ..PLAIN
};

/// Where a sidecar takes the calls of other sidecars.
/// Source: `SidecarInternalGRPCPort` in dapr/pkg/injector/patcher.
const SIDECAR: Socket = (50002, "TCP");

/// Where a sidecar tells its numbers, unless that is changed. Source: `SidecarMetricsPort` there.
const METRICS: u16 = 9090;

/// Where Dapr's control plane runs. Source: its documentation, "Deploy Dapr on a Kubernetes cluster".
const CONTROL_PLANE: &str = "dapr-system";

/// The pods of the control plane that sidecars connect to, by the label `app`, and where.
/// Source: dapr/charts/dapr/charts, the values and Services of each.
const SERVERS: [(&str, Socket); 4] = [
    ("dapr-operator", (6500, "TCP")),
    ("dapr-placement-server", (50005, "TCP")),
    ("dapr-scheduler-server", (50006, "TCP")),
    ("dapr-sentry", (50001, "TCP")),
];

/// Calls through sidecars are for that of the callee, others for the callee.
fn called(callee: &Component, call: &Call) -> Socket {
    match call.invoked {
        Some(_) => SIDECAR,
        None => socket(&callee.ports[call.port]),
    }
}

/// The marks by which the injector knows what sidecar the pods of a version get.
fn pod(
    graph: &Graph,
    component: &Component,
    version: &Version,
    _: &mut Marks,
    annotations: &mut Marks,
    trace: &mut Trace,
) {
    if !graph.meshed(component) {
        return;
    }
    let mut mark = |name: &str, value: String, place: Option<Place>| {
        let name = format!("dapr.io/{name}");
        if let Some(place) = place {
            trace.add(format!("metadata.annotations.{name}"), place);
        }
        annotations.entry(name).or_insert(value);
    };
    let own = Place::Key(version.path.clone());
    mark("enabled", "true".into(), None);
    mark("app-id", component.app_id(version), Some(own));
    if let Some(at) = component.app_port {
        let port = &component.ports[at];
        let place = Place::Value(component.path.field("ports").key(&port.name));
        mark("app-port", port.target.to_string(), Some(place.clone()));
        mark("app-protocol", spoken(port.protocol).into(), Some(place));
    }
    if let Some((name, place)) = configuration(graph, component, version) {
        mark("config", name, Some(place));
    }
    if !component.account.token {
        // The one secret store that every sidecar has by itself asks the Kubernetes API, and without
        // a token the sidecar does not start. Source: `appendBuiltinSecretStore` in dapr/pkg/runtime.
        mark("disable-builtin-k8s-secret-store", "true".into(), None);
    }
    if component.kind.ends() || version.rollout.stop.is_some() {
        // A plain sidecar never ends, and with it neither would the job; and it ends on the order to
        // stop, however long the program still needs it.
        mark("enable-native-sidecar", "true".into(), None);
    }
    let scraped = component.metrics.as_ref().and_then(|metrics| match metrics.at {
        Scrape::Container(number) => Some(number),
        Scrape::Port(_) => None,
    });
    let taken: BTreeSet<u16> =
        component.ports.iter().map(|port| port.target).chain(scraped).collect();
    let free = (METRICS..).find(|number| !taken.contains(number));
    if let Some(free) = free.filter(|free| *free != METRICS) {
        // The program has the number that the sidecar would take.
        mark("metrics-port", free.to_string(), None);
    }
}

/// What a port speaks, in the word of the injector.
const fn spoken(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Grpc => "grpc",
        Protocol::Http2 => "h2c",
        Protocol::Https => "https",
        _ => "http",
    }
}

/// The Configuration of the pods of a version, if it has one, and where it comes from.
fn configuration(
    graph: &Graph,
    component: &Component,
    version: &Version,
) -> Option<(String, Place)> {
    let shared = &graph.dapr.configuration;
    if graph.policy.access {
        let name = format!("{shared}-{}", component.app_id(version));
        return Some((name, graph.policy.place("access")));
    }
    graph.dapr.tracing.as_ref()?;
    Some((shared.to_string(), Place::Key(graph.dapr.path.field("tracing"))))
}

/// The connections of a component's own sidecars.
fn proxies(graph: &Graph, component: &Component, rules: &mut Rules, trace: &mut Trace) {
    if !graph.meshed(component) {
        return;
    }
    for (app, socket) in SERVERS {
        let server = Peer {
            namespace: Some(CONTROL_PLANE.to_owned()),
            pods: vec![("app".to_owned(), app.to_owned())],
            ..Peer::default()
        };
        rules.add(vec![socket], vec![(server, None)], graph.policy.place("egress"), trace);
    }
}
