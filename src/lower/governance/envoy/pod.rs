//! The proxy in a pod: a container that starts before all others and ends after them.

use std::collections::{BTreeMap, BTreeSet};

use super::{BOOTSTRAP, FOLDER, READY_PATH, bootstrap_of, inlets, mesh_name};
use crate::graph::{Call, Component, ComponentId, Graph, Version};
use crate::lower::container::{Container, ProbeView};
use crate::lower::governance::{Beside, Elsewhere, Marks};
use crate::lower::storage::{Mount, PodVolume};
use crate::lower::view::{Pairs, Trace};
use crate::model::{ImagePull, Resources};
use crate::source::{Path, Place};
use crate::traffic::{Way, captures, entrances, ready};

/// The release that weft is tested with, without a shell. Source: the tags that Envoy's project
/// gives its images.
const IMAGE: &str = "docker.io/envoyproxy/envoy:distroless-v1.40.0";
/// The name of the container, and of the volume with what it reads.
pub(super) const NAME: &str = "weft-proxy";
/// The user of Envoy's images.
const USER: u32 = 101;
/// The first number that every user may listen at.
/// Source: `net.ipv4.ip_unprivileged_port_start` in the kernel's documentation.
const UNPRIVILEGED: u16 = 1024;

/// The position of a version among those of its own component, and the component's id.
fn place(graph: &Graph, component: &Component, version: &Version) -> Option<(ComponentId, usize)> {
    let (id, _) = graph.find(&component.name)?;
    let position = component.versions.binary_search_by(|known| known.name.cmp(&version.name));
    Some((id, position.ok()?))
}

/// A changed bootstrap must restart the pod, which reads it once; changed routes must not.
pub(super) fn pod(
    graph: &Graph,
    component: &Component,
    version: &Version,
    _: &mut Marks,
    annotations: &mut Marks,
    _: &mut Trace,
) {
    let Some((id, position)) = place(graph, component, version) else { return };
    if let Some(bootstrap) = bootstrap_of(graph, id, position) {
        let digest = format!("{:016x}", crate::source::fingerprint(bootstrap.as_bytes()));
        annotations.insert("weft.dev/mesh".into(), digest);
    }
}

/// The proxy's container, what it mounts, and the names that lead to it.
pub(super) fn beside(
    graph: &Graph,
    component: &Component,
    version: &Version,
    trace: &mut Trace,
) -> Beside {
    let Some((id, position)) = place(graph, component, version) else { return Beside::default() };
    if inlets(graph, id, position).is_empty() {
        return Beside::default();
    }
    let captures = captures(graph, id, version);
    let mut hosts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut lowest = UNPRIVILEGED;
    for (call, capture) in version.calls.iter().zip(&captures) {
        if let Way::Hosts(address) = &capture.way {
            let callee = graph.component(call.to);
            hosts.entry(address.clone()).or_default().extend(names(component, callee, call));
            lowest = lowest.min(call.number);
        }
    }
    let mut volumes = vec![PodVolume::config_map(NAME, mesh_name(version))];
    let mut mounts = vec![Mount::folder(NAME, FOLDER.to_owned())];
    let callees: BTreeSet<ComponentId> = version.calls.iter().map(|call| call.to).collect();
    let secrets = callees.into_iter().filter_map(|id| {
        let callee = graph.component(id);
        Some((callee, callee.tls.as_ref()?.secret.as_ref()?))
    });
    for (position, (callee, secret)) in secrets.enumerate() {
        let name = format!("weft-tls-{position}");
        volumes.push(PodVolume::secret(&name, secret.to_string()));
        mounts.push(Mount::folder(&name, callee.proxy_path()));
    }
    let written = &graph.envoy;
    let path = Path::root().field("envoy");
    let at = "spec.initContainers.0";
    for (field, of, there) in [
        ("image", "image", written.image.is_some()),
        ("imagePullPolicy", "imagePull", written.image_pull.is_some()),
        ("resources", "resources", written.resources.is_some()),
    ] {
        if there {
            trace.add(format!("{at}.{field}"), Place::Value(path.field(of)));
        }
    }
    let (requests, limits) = resources(written.resources.as_ref());
    let ready = ready(component);
    let doors = entrances(graph, component);
    let ports = doors.iter().flat_map(|(position, door)| {
        let name = component.ports[*position].name.to_string();
        let own = door.own.map(|number| (None, number, "TCP"));
        std::iter::once((Some(name), door.all, "TCP")).chain(own)
    });
    let ports = ports.collect();
    let container = Container {
        name: NAME.into(),
        image: written.image.clone().unwrap_or_else(|| IMAGE.into()),
        image_pull: written.image_pull.map(ImagePull::name),
        command: vec!["/usr/local/bin/envoy".into()],
        args: [
            "--config-path",
            &format!("{FOLDER}/{BOOTSTRAP}"),
            // Nothing outside its own memory, and no second process that it would share with.
            "--disable-hot-restart",
            "--concurrency",
            "2",
            "--log-level",
            "warning",
        ]
        .map(str::to_owned)
        .to_vec(),
        working_dir: None,
        restart: Some("Always"),
        ports,
        env: Vec::new(),
        requests,
        limits,
        probes: vec![
            // The containers after it start once it takes calls.
            ("startupProbe", ProbeView::http(READY_PATH, ready, 1, 60)),
            ("readinessProbe", ProbeView::http(READY_PATH, ready, 5, 3)),
        ],
        stop_delay: None,
        run_as_user: Some(USER),
        run_as_group: Some(USER),
        run_as_non_root: Some(true),
        seccomp: Some("RuntimeDefault"),
        allow_privilege_escalation: false,
        privileged: false,
        read_only: Some(true),
        add: Vec::new(),
        drop: vec!["ALL".into()],
        mounts,
    };
    let hosts = hosts.into_iter().map(|(address, names)| (address, names.into_iter().collect()));
    let start = ("net.ipv4.ip_unprivileged_port_start".to_owned(), lowest.to_string());
    Beside {
        containers: vec![container],
        volumes,
        hosts: hosts.collect(),
        ports: doors.into_keys().collect(),
        sysctls: if lowest < UNPRIVILEGED { vec![start] } else { Vec::new() },
    }
}

/// Every name by which a program may call, from the namespace of the caller.
fn names(caller: &Component, callee: &Component, call: &Call) -> Vec<String> {
    if let Some((address, _)) = callee.outside_hosts().next() {
        return vec![address.to_string()];
    }
    let name = &call.name;
    let long = ["", ".svc", ".svc.cluster.local"]
        .map(|end| format!("{name}.{}{end}", callee.namespace))
        .into_iter();
    let short = (caller.namespace == callee.namespace).then(|| name.to_string());
    short.into_iter().chain(long).collect()
}

/// What is set aside for a proxy, and the most that it gets.
fn resources(written: Option<&Resources>) -> (Pairs, Pairs) {
    let limits = written.and_then(|written| written.limits.as_ref());
    let pairs = [
        ("cpu", written.and_then(|written| written.cpu.as_ref()), Some("50m")),
        ("memory", written.and_then(|written| written.memory.as_ref()), Some("96Mi")),
        ("cpu", limits.and_then(|limits| limits.cpu.as_ref()), None),
        ("memory", limits.and_then(|limits| limits.memory.as_ref()), Some("256Mi")),
    ];
    let mut pairs = pairs.into_iter().map(|(name, written, default)| {
        let quantity = written.map(ToString::to_string).or(default.map(str::to_owned));
        quantity.map(|quantity| (name.to_owned(), quantity))
    });
    let requests = pairs.by_ref().take(2).flatten().collect();
    (requests, pairs.flatten().collect())
}

/// What variables say of where to call: the proxy, for the calls of which it is to be told.
pub(super) fn told(graph: &Graph, component: &Component, version: &Version) -> Elsewhere {
    let Some((id, _)) = place(graph, component, version) else { return Vec::new() };
    let told = captures(graph, id, version).into_iter().map(|capture| match capture.way {
        Way::Variables(number) => Some(("127.0.0.1".to_owned(), number)),
        _ => None,
    });
    told.collect()
}
