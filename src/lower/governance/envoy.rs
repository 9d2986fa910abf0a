//! Envoy beside the programs, without a control plane: each pod has its own bootstrap, in which the
//! versions that it can call are fixed, and files of routes, which change while it runs.

mod bootstrap;
mod cluster;
mod config;
mod matching;
mod pod;
mod route;

use serde::Serialize;

use crate::graph::{Component, ComponentId, Graph, Port, Version};
use crate::lower::governance::{Lead, Leads, Mode, PLAIN};
use crate::lower::labels;
use crate::lower::policy::{Arrival, Socket};
use crate::lower::service::pods_service;
use crate::lower::view::{Body, ConfigMap, Meta, Trace, View};
use crate::model::Kind;
use crate::source::{Path, Place};
use crate::traffic::{Way, called_host, captures, described, entrances};

/// What Envoy beside the programs adds.
pub(super) const MODE: Mode = Mode {
    pod: pod::pod,
    beside: pod::beside,
    told: pod::told,
    leads,
    component,
    doors,
    among,
    ..PLAIN
};

/// Where the pods find what their proxy reads.
const FOLDER: &str = "/etc/weft/mesh";
/// The file that the proxy starts with.
const BOOTSTRAP: &str = "bootstrap.json";
/// The path at which the proxy says that it is ready.
const READY_PATH: &str = "/ready";

/// A place where a proxy takes calls.
struct Inlet<'g> {
    /// Its name, and that of its routes.
    name: String,
    /// The address that it listens at.
    address: String,
    /// The number that it listens at.
    number: u16,
    /// Whose calls it takes.
    callee: &'g Component,
    /// On which port.
    port: &'g Port,
    /// The one version that is called; none is all of them.
    version: Option<usize>,
    /// Who calls; none where that is not known, because it is the callee's own proxy.
    caller: Option<ComponentId>,
    /// Whether it is the callee's own proxy.
    door: bool,
    /// The host that callers would have named, where they name the proxy.
    host: Option<String>,
    /// The file with its routes, of requests.
    file: String,
    /// Where the treatment of the calls is written.
    path: Path,
}

/// Where the proxies of one version take calls: those that it makes, and those to itself.
fn inlets<'g>(graph: &'g Graph, id: ComponentId, position: usize) -> Vec<Inlet<'g>> {
    let component = graph.component(id);
    let version = &component.versions[position];
    let mut out = Vec::new();
    for (call, capture) in version.calls.iter().zip(captures(graph, id, version)) {
        let callee = graph.component(call.to);
        let port = &callee.ports[call.port];
        let host = called_host(graph, call);
        let (address, number, named) = match capture.way {
            Way::Variables(number) => {
                let named = match call.number {
                    80 => called_name(component, callee, &call.name),
                    other => format!("{}:{other}", called_name(component, callee, &call.name)),
                };
                ("127.0.0.1".to_owned(), number, Some(named))
            }
            Way::Hosts(address) => (address, call.number, None),
            Way::Door | Way::Past => continue,
        };
        out.push(Inlet {
            name: format!("outbound|{}||{host}", call.number),
            address,
            number,
            callee,
            port,
            version: call.version,
            caller: Some(id),
            door: false,
            host: named,
            file: format!("{}.{}.{}.json", call.name, callee.namespace, call.number),
            path: traffic_path(callee, &call.path),
        });
    }
    for (at, entrance) in entrances(graph, component) {
        let port = &component.ports[at];
        let inlet = |number: u16, version: Option<usize>, suffix: &str| Inlet {
            name: format!("inbound|{}|{suffix}|{}", port.port, component.name),
            address: "0.0.0.0".into(),
            number,
            callee: component,
            port,
            version,
            caller: None,
            door: true,
            host: None,
            file: match suffix {
                "" => format!("inbound.{}.json", port.port),
                suffix => format!("inbound-{suffix}.{}.json", port.port),
            },
            path: traffic_path(component, &component.path),
        };
        out.push(inlet(entrance.all, None, ""));
        if let Some(number) = entrance.own {
            out.push(inlet(number, Some(position), &version.name));
        }
    }
    out
}

/// The host of a callee as the caller would have been told.
fn called_name(caller: &Component, callee: &Component, name: &str) -> String {
    match callee.outside_hosts().next() {
        Some((address, _)) => address.to_string(),
        None if caller.namespace == callee.namespace => name.to_owned(),
        None => format!("{name}.{}", callee.namespace),
    }
}

/// Where it is written what becomes of the calls to a component.
fn traffic_path(callee: &Component, otherwise: &Path) -> Path {
    let written = callee.traffic.path != Path::root() && crate::traffic::governed(callee);
    if written { callee.traffic.path.clone() } else { otherwise.clone() }
}

/// The name of what the proxies of a version read.
fn mesh_name(version: &Version) -> String {
    format!("{}-mesh", version.workload)
}

/// A document as people read it, so that a change of it can be read too.
fn document(document: &impl Serialize) -> String {
    // Maps with keys other than texts are all that serde_json refuses, and there are none.
    serde_json::to_string_pretty(document).unwrap_or_default() + "\n"
}

/// The bootstrap of the proxies of a version; none where it needs no proxy.
fn bootstrap_of(graph: &Graph, id: ComponentId, position: usize) -> Option<String> {
    let component = graph.component(id);
    let inlets = inlets(graph, id, position);
    let version = &component.versions[position];
    (!inlets.is_empty()).then(|| document(&bootstrap::bootstrap(component, version, &inlets)))
}

/// The names of the pods of each version, and what their proxies read.
fn component(graph: &Graph, id: ComponentId, views: &mut Vec<View>) {
    let component = graph.component(id);
    if component.kind == Kind::External {
        return;
    }
    for position in 0..component.versions.len() {
        // A StatefulSet has such a name in any case.
        let called = component.service_ports().next().is_some() && !component.headless;
        if called && component.kind != Kind::StatefulSet {
            pods_service(graph, component, position, views);
        }
        mesh(graph, id, position, views);
    }
}

/// The ConfigMap with the bootstrap and the routes of a version's proxies.
fn mesh(graph: &Graph, id: ComponentId, position: usize, views: &mut Vec<View>) {
    let component = graph.component(id);
    let version = &component.versions[position];
    let Some(bootstrap) = bootstrap_of(graph, id, position) else { return };
    let mut trace = Trace::default();
    let mut texts = vec![(BOOTSTRAP.to_owned(), bootstrap)];
    for inlet in inlets(graph, id, position) {
        if inlet.port.protocol.is_http() {
            trace.add(format!("data.{}", inlet.file), Place::Key(inlet.path.clone()));
            texts.push((inlet.file.clone(), document(&route::file(&inlet))));
        }
    }
    let mut labels = labels(graph, component);
    labels.insert("version".into(), version.name.to_string());
    let mut meta = Meta::new(mesh_name(version), Some(&component.namespace), labels);
    // How each dependency comes to a proxy, for whoever looks at it in the cluster.
    let captures = captures(graph, id, version);
    let calls = version.calls.iter().zip(&captures).map(|(call, capture)| {
        let port = &graph.component(call.to).ports[call.port];
        let said = described(graph, component, call, capture);
        format!("{}:{}: {said}\n", call.name, port.name)
    });
    let calls: String = calls.collect();
    if !calls.is_empty() {
        meta.annotations.push(("weft.dev/calls".into(), calls));
    }
    let body = Body::ConfigMap(ConfigMap { meta, texts, bytes: Vec::new() });
    views.push(View::new(body, version.path.clone(), trace));
}

/// Where a Service leads: to the door, where the pods have one. It does so by the name of the port:
/// pods of before, which have none, go on to be called at their program until they are replaced.
/// Source: `findPort` in k8s.io/endpointslice, which looks at sidecars too.
fn leads(graph: &Graph, component: &Component, to: Leads, position: usize) -> Option<Lead> {
    let entrance = entrances(graph, component).get(&position).copied()?;
    match to {
        Leads::All => Some(Lead::Name(component.ports[position].name.to_string())),
        Leads::Version => entrance.own.map(Lead::Number),
    }
}

/// Calls come to the program, from the proxies of callers, and to its own proxy.
fn doors(graph: &Graph, component: &Component, arrival: Arrival, socket: Socket) -> Vec<Socket> {
    let entrances = entrances(graph, component);
    let here = entrances.iter().filter(|(at, _)| {
        let port = &component.ports[**at];
        (port.target, port.protocol.transport()) == socket
    });
    let numbers = here.flat_map(|(_, door)| match arrival {
        // With one version there is no telling whose callers are whose.
        Arrival::All if component.versions.len() == 1 => [Some(door.all), door.own],
        Arrival::All | Arrival::Entry => [Some(door.all), None],
        Arrival::Version => [door.own, None],
        Arrival::Reader => [None, None],
    });
    numbers.flatten().map(|number| (number, "TCP")).collect()
}

/// What the pods of a component call each other at: the proxy at the door of one leads to the
/// programs of all.
fn among(graph: &Graph, component: &Component) -> Vec<Socket> {
    let doors = entrances(graph, component);
    let all = doors.keys().map(|at| (component.ports[*at].target, "TCP"));
    let all: std::collections::BTreeSet<Socket> = all.collect();
    all.into_iter().collect()
}
