//! The containers of a pod.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::governance::Elsewhere;
use super::storage::Mount;
use super::view::{Pairs, Trace};
use crate::check::env_order;
use crate::graph::{Call, Component, Given, Graph, SIDECAR_PORTS, Scrape};
use crate::model::{Connection, EnvValue, PortRef, Probe, Protocol, SecurityContext};
use crate::source::{Path, Place};

/// The calls that a container is told of.
#[derive(Default)]
pub(super) struct Told<'g> {
    /// The calls.
    pub(super) calls: &'g [Call],
    /// Where they are to be made, where that is not at the callee.
    pub(super) elsewhere: Elsewhere,
}

/// One container.
#[derive(Debug, Serialize)]
pub struct Container {
    /// Its name.
    pub name: String,
    /// Its image.
    pub image: String,
    /// When the image is pulled.
    pub image_pull: Option<&'static str>,
    /// What to run.
    pub command: Vec<String>,
    /// Its arguments.
    pub args: Vec<String>,
    /// The directory to run in.
    pub working_dir: Option<String>,
    /// `Always` of a container that runs beside the component's own.
    pub restart: Option<&'static str>,
    /// Ports: name, number, transport.
    pub ports: Vec<(Option<String>, u16, &'static str)>,
    /// Variables, in an order in which references work.
    pub env: Vec<EnvVar>,
    /// Set aside: name and quantity.
    pub requests: Pairs,
    /// At most: name and quantity.
    pub limits: Pairs,
    /// Probes: field and content.
    pub probes: Vec<(&'static str, ProbeView)>,
    /// How long it serves on before it is told to stop, in seconds.
    pub stop_delay: Option<u64>,
    /// The user id, where it is not the pod's.
    pub run_as_user: Option<u32>,
    /// The group id, where it is not the pod's.
    pub run_as_group: Option<u32>,
    /// Whether running as root is refused, where that is not as in the pod.
    pub run_as_non_root: Option<bool>,
    /// The system-call filter, where it is not the pod's.
    pub seccomp: Option<&'static str>,
    /// Whether more rights can be gained.
    pub allow_privilege_escalation: bool,
    /// Whether the container is root on the node.
    pub privileged: bool,
    /// Whether the image's files are read-only.
    pub read_only: Option<bool>,
    /// Capabilities given.
    pub add: Vec<String>,
    /// Capabilities taken.
    pub drop: Vec<String>,
    /// Mounts.
    pub mounts: Vec<Mount>,
}

/// A variable: its name, and exactly one source.
#[derive(Debug, Default, Serialize)]
pub struct EnvVar {
    name: String,
    text: Option<String>,
    secret: Option<(String, String)>,
    config: Option<(String, String)>,
    field: Option<String>,
    resource: Option<String>,
}

/// A probe.
#[derive(Debug, Default, Serialize)]
pub struct ProbeView {
    http: Option<String>,
    headers: Pairs,
    tcp: bool,
    grpc: bool,
    service: Option<String>,
    scheme: Option<&'static str>,
    exec: Vec<String>,
    port: u16,
    initial_delay: Option<u64>,
    period: Option<u64>,
    timeout: Option<u64>,
    success: Option<u32>,
    failure: Option<u32>,
    grace: Option<u64>,
}

impl ProbeView {
    /// An HTTP GET every so many seconds, of which so many may fail in a row.
    pub(super) fn http(path: &str, port: u16, period: u64, failure: u32) -> Self {
        let http = Some(path.to_owned());
        Self { http, port, period: Some(period), failure: Some(failure), ..Self::default() }
    }
}

/// A container without its mounts, whose fields are at `at` in the pod template. `calls` are those
/// that it is told of.
pub(super) fn lower(
    graph: &Graph,
    component: &Component,
    container: &crate::graph::Container,
    calls: &Told<'_>,
    at: &str,
    trace: &mut Trace,
) -> Container {
    let security = &container.security;
    let capabilities = security.capabilities.clone().unwrap_or_default();
    let limits = container.resources.limits.as_ref();
    let view = Container {
        name: container.name.to_string(),
        image: container.image.clone(),
        image_pull: container.image_pull.map(crate::model::ImagePull::name),
        command: container.command.clone(),
        args: container.args.clone(),
        working_dir: container.working_dir.clone(),
        restart: None,
        ports: Vec::new(),
        env: env(graph, component, container, calls, at, trace),
        requests: quantities(&container.resources.cpu, &container.resources.memory),
        limits: limits.map(|limits| quantities(&limits.cpu, &limits.memory)).unwrap_or_default(),
        probes: probes(component, container, at, trace),
        stop_delay: None,
        run_as_user: None,
        run_as_group: None,
        run_as_non_root: None,
        seccomp: None,
        allow_privilege_escalation: escalation(security),
        privileged: security.privileged.unwrap_or(false),
        read_only: security.read_only_root_filesystem,
        add: capabilities.add.unwrap_or_default(),
        drop: capabilities.drop.unwrap_or_else(|| vec!["ALL".into()]),
        mounts: Vec::new(),
    };
    for (field, written) in [
        ("image", true),
        ("command", !container.command.is_empty()),
        ("args", !container.args.is_empty()),
        ("workingDir", container.working_dir.is_some()),
    ] {
        if written {
            trace.add(format!("{at}.{field}"), Place::Value(container.path.field(field)));
        }
    }
    let resources = container.path.field("resources");
    let limits = resources.field("limits");
    for (group, path, pairs) in
        [("requests", &resources, &view.requests), ("limits", &limits, &view.limits)]
    {
        for (name, _) in pairs {
            trace.add(format!("{at}.resources.{group}.{name}"), Place::Value(path.key(name)));
        }
    }
    view
}

/// A container that stands beside or before the component's own: its identity is the pod's, but for
/// what is written of its own.
pub(super) fn companion(
    graph: &Graph,
    component: &Component,
    container: &crate::graph::Container,
    at: &str,
    trace: &mut Trace,
) -> Container {
    let security = &container.security;
    let root = (security.run_as_user == Some(0)).then_some(false);
    Container {
        run_as_user: security.run_as_user,
        run_as_group: security.run_as_group,
        run_as_non_root: security.run_as_non_root.or(root),
        seccomp: security.seccomp.map(crate::model::Seccomp::name),
        ..lower(graph, component, container, &Told::default(), at, trace)
    }
}

/// Whether more rights can be gained. What is written decides; otherwise only where Kubernetes would
/// refuse a "no": a privileged container, and one with `SYS_ADMIN`, has the rights already.
fn escalation(security: &SecurityContext) -> bool {
    let added = security.capabilities.as_ref().and_then(|capabilities| capabilities.add.as_ref());
    let admin =
        added.into_iter().flatten().any(|name| name.trim_start_matches("CAP_") == "SYS_ADMIN");
    let implied = security.privileged == Some(true) || admin;
    security.allow_privilege_escalation.unwrap_or(implied)
}

fn quantities(
    cpu: &Option<crate::model::Quantity>,
    memory: &Option<crate::model::Quantity>,
) -> Pairs {
    [("cpu", cpu), ("memory", memory)]
        .into_iter()
        .filter_map(|(name, quantity)| Some((name.to_owned(), quantity.as_ref()?.to_string())))
        .collect()
}

/// Each number the container listens on, once. Names that are `taken` are those of another container.
pub(super) fn container_ports(
    component: &Component,
    taken: &BTreeSet<usize>,
) -> Vec<(Option<String>, u16, &'static str)> {
    let mut seen: BTreeMap<(u16, &'static str), Option<String>> = BTreeMap::new();
    for (position, port) in component.ports.iter().enumerate() {
        seen.entry((port.target, port.protocol.transport()))
            .or_insert_with(|| (!taken.contains(&position)).then(|| port.name.to_string()));
    }
    let named = seen.into_iter().map(|((number, transport), name)| (name, number, transport));
    let metrics = component.metrics.as_ref().and_then(|metrics| match metrics.at {
        Scrape::Container(number) => Some((None, number, "TCP")),
        Scrape::Port(_) => None,
    });
    named.chain(metrics).collect()
}

fn env(
    graph: &Graph,
    component: &Component,
    container: &crate::graph::Container,
    told: &Told<'_>,
    at: &str,
    trace: &mut Trace,
) -> Vec<EnvVar> {
    let calls = told.calls;
    let given = calls.iter().enumerate().flat_map(|(at, call)| {
        let elsewhere = told.elsewhere.get(at).and_then(Option::as_ref);
        call.env.iter().map(move |env| (call, elsewhere, env))
    });
    let mut connections: Vec<(&str, String, &Path)> = given
        .filter_map(|(call, elsewhere, (name, given, path))| match given {
            Given::Connection(what) => {
                let text = connection(graph, component, call, elsewhere, *what);
                Some((name.as_str(), text, path))
            }
            Given::Value(_) => None,
        })
        .collect();
    connections.sort_by_key(|(name, ..)| *name);
    let mut out = Vec::new();
    for (name, text, path) in connections {
        trace.add(format!("{at}.env.{}", out.len()), Place::Key(path.clone()));
        out.push(EnvVar { name: name.into(), text: Some(text), ..EnvVar::default() });
    }
    let variables = container.variables(calls);
    let places = container.variable_places(calls);
    let (order, _) = env_order(&variables);
    for name in order {
        if let Some(place) = places.get(name) {
            trace.add(format!("{at}.env.{}", out.len()), Place::Value(place.clone()));
        }
        let mut variable = EnvVar { name: name.into(), ..EnvVar::default() };
        let pair = |reference: &str| {
            reference.split_once('/').map(|(name, key)| (name.to_owned(), key.to_owned()))
        };
        match &variables[name] {
            EnvValue::Text(text) => variable.text = Some(text.clone()),
            EnvValue::Secret(reference) => variable.secret = pair(reference),
            EnvValue::Config(reference) => variable.config = pair(reference),
            EnvValue::Field(path) => variable.field = Some(path.clone()),
            EnvValue::Resource(path) => variable.resource = Some(path.clone()),
        }
        out.push(variable);
    }
    out
}

fn connection(
    graph: &Graph,
    caller: &Component,
    call: &Call,
    elsewhere: Option<&(String, u16)>,
    what: Connection,
) -> String {
    let callee = graph.component(call.to);
    let port = &callee.ports[call.port];
    if let Some(version) = call.invoked {
        return through_sidecar(caller, callee, version, port.protocol, what);
    }
    // A name outside is called by that name, or certificates and virtual hosts would not fit.
    let host = match callee.outside_hosts().next() {
        Some((address, _)) => address.to_string(),
        None if caller.namespace == callee.namespace => call.name.to_string(),
        None => format!("{}.{}", call.name, callee.namespace),
    };
    let (host, number) = elsewhere.cloned().unwrap_or((host, call.number));
    match what {
        Connection::Host => host,
        Connection::Port => number.to_string(),
        Connection::Address => format!("{host}:{number}"),
        Connection::Url => {
            let scheme = match port.protocol {
                Protocol::Http2 => "http",
                Protocol::Mongo => "mongodb",
                other => other.name(),
            };
            format!("{scheme}://{host}:{number}")
        }
    }
}

/// Where a program calls its own sidecar of Dapr in the place of a component: its HTTP API takes the
/// app id in the path, its gRPC API beside the call.
fn through_sidecar(
    caller: &Component,
    callee: &Component,
    version: usize,
    protocol: Protocol,
    what: Connection,
) -> String {
    let [http, grpc] = SIDECAR_PORTS;
    let port = if protocol == Protocol::Grpc { grpc } else { http };
    match what {
        Connection::Host => "localhost".into(),
        Connection::Port => port.to_string(),
        Connection::Address => format!("localhost:{port}"),
        Connection::Url if protocol == Protocol::Grpc => format!("grpc://localhost:{port}"),
        Connection::Url => {
            let id = callee.app_id_from(&caller.namespace, &callee.versions[version]);
            format!("http://localhost:{port}/v1.0/invoke/{id}/method")
        }
    }
}

fn probes(
    component: &Component,
    container: &crate::graph::Container,
    at: &str,
    trace: &mut Trace,
) -> Vec<(&'static str, ProbeView)> {
    let probes = &container.probes;
    let named = [
        ("livenessProbe", "liveness", &probes.liveness),
        ("readinessProbe", "readiness", &probes.readiness),
        ("startupProbe", "startup", &probes.startup),
    ];
    let mut out = Vec::new();
    for (field, name, probe) in named {
        let Some(probe) = probe else { continue };
        let place = Place::Key(container.path.field("probes").field(name));
        trace.add(format!("{at}.{field}"), place);
        out.push((field, probe_view(component, probe)));
    }
    out
}

/// The number that a probe asks at.
pub(super) fn probed_port(component: &Component, probe: &Probe) -> u16 {
    let wanted = probe.port.as_ref().or(probe.tcp.as_ref()).or(probe.grpc.as_ref());
    match wanted {
        Some(PortRef::Number(number)) => *number,
        Some(PortRef::Name(name)) => {
            component.ports.iter().find(|port| *port.name == **name).map_or(0, |port| port.target)
        }
        None => component.ports.first().map_or(0, |port| port.target),
    }
}

fn probe_view(component: &Component, probe: &Probe) -> ProbeView {
    let headers = probe.headers.iter().flatten();
    ProbeView {
        http: probe.http.clone(),
        headers: headers.map(|(name, value)| (name.to_string(), value.clone())).collect(),
        tcp: probe.tcp.is_some(),
        grpc: probe.grpc.is_some(),
        service: probe.service.clone(),
        scheme: probe.scheme.map(crate::model::Scheme::name),
        exec: probe.exec.clone().unwrap_or_default(),
        port: probed_port(component, probe),
        initial_delay: probe.initial_delay.as_ref().map(crate::model::Duration::seconds),
        period: probe.period.as_ref().map(|time| time.seconds().max(1)),
        timeout: probe.timeout.as_ref().map(|time| time.seconds().max(1)),
        success: probe.success_threshold,
        failure: probe.failure_threshold,
        grace: probe.termination_grace_period.as_ref().map(crate::model::Duration::seconds),
    }
}
