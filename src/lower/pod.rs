//! The pods of one version.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::json;

use super::slug;
use super::view::{Pairs, Trace};
use crate::check::env_order;
use crate::graph::{Component, File, Graph, PROXY_VOLUMES, Version, Volume};
use crate::model::{
    Connection, EnvValue, Governance, Kind, Medium, PortRef, Probe, Protocol, Seccomp,
    SecurityContext,
};
use crate::source::{Path, Place};

/// The template of a workload's pods.
#[derive(Debug, Serialize)]
pub struct Pod {
    /// Labels.
    pub labels: Pairs,
    /// Annotations.
    pub annotations: Pairs,
    /// The identity.
    pub account: String,
    /// Whether the pods get a token for the Kubernetes API.
    pub token: bool,
    /// `OnFailure` of a job.
    pub restart: Option<&'static str>,
    /// Whether running as root is refused.
    pub run_as_non_root: bool,
    /// The user id.
    pub run_as_user: Option<u32>,
    /// The group id.
    pub run_as_group: Option<u32>,
    /// The group that owns volumes.
    pub fs_group: Option<u32>,
    /// The system-call filter.
    pub seccomp: &'static str,
    /// The container.
    pub container: Container,
    /// Volumes.
    pub volumes: Vec<PodVolume>,
}

/// The container of a component.
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
    /// Ports: name, number, transport.
    pub ports: Vec<(String, u16, &'static str)>,
    /// Variables, in an order in which references work.
    pub env: Vec<EnvVar>,
    /// Set aside: name and quantity.
    pub requests: Pairs,
    /// At most: name and quantity.
    pub limits: Pairs,
    /// Probes: field and content.
    pub probes: Vec<(&'static str, ProbeView)>,
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
#[derive(Debug, Serialize)]
pub struct ProbeView {
    http: Option<String>,
    headers: Pairs,
    tcp: bool,
    grpc: bool,
    exec: Vec<String>,
    port: u16,
    initial_delay: Option<u64>,
    period: Option<u64>,
    timeout: Option<u64>,
    success: Option<u32>,
    failure: Option<u32>,
}

/// A volume of the pod, with exactly one kind of content.
#[derive(Debug, Default, Serialize)]
pub struct PodVolume {
    name: String,
    scratch: bool,
    memory: bool,
    claim: Option<String>,
    config_map: Option<String>,
    secret: Option<String>,
}

/// Where a volume appears in the container.
#[derive(Debug, Serialize)]
pub struct Mount {
    volume: String,
    path: String,
    sub_path: Option<String>,
    read_only: bool,
}

/// What a pod needs beside itself.
pub(super) struct Needs {
    /// Files that weft ships, by the key in their ConfigMap.
    pub files: BTreeMap<String, Result<String, Vec<u8>>>,
    /// Claims: volume name and the storage.
    pub claims: Vec<(String, super::view::Claim, Path)>,
}

/// The name of the ConfigMap with a workload's files.
pub(super) fn files_name(version: &Version) -> String {
    format!("{}-files", version.workload)
}

/// The pods of one version, what they need, and where its fields come from; fields are relative to
/// the pod template.
pub(super) fn lower(
    graph: &Graph,
    component: &Component,
    version: &Version,
) -> (Pod, Needs, Trace) {
    let mut trace = Trace::default();
    let mut labels = BTreeMap::from([
        ("app".to_owned(), component.name.to_string()),
        ("version".to_owned(), version.name.to_string()),
        ("app.kubernetes.io/name".to_owned(), component.name.to_string()),
        ("app.kubernetes.io/part-of".to_owned(), graph.name.to_string()),
    ]);
    let mut annotations = version.annotations.clone();
    if graph.governance == Governance::Istio {
        labels.insert("sidecar.istio.io/inject".into(), "true".into());
        if component.kind == Kind::Job {
            // A plain sidecar never ends, and with it neither would the job.
            annotations
                .entry("sidecar.istio.io/nativeSidecar".into())
                .or_insert_with(|| "true".into());
        }
        annotations.extend(proxy_secrets(graph, version));
    }
    labels.extend(version.labels.clone());
    trace.add("metadata.labels.version", Place::Key(version.path.clone()));
    for label in version.labels.keys() {
        let place = Place::Value(version.path.field("labels").key(label));
        trace.add(format!("metadata.labels.{label}"), place);
    }
    let mut storage = storage(component, version, &mut trace);
    if !storage.needs.files.is_empty() {
        // Files mounted by path do not follow their ConfigMap; a changed text must restart the pod.
        let all: Vec<u8> = storage
            .needs
            .files
            .iter()
            .flat_map(|(key, content)| {
                let bytes = match content {
                    Ok(text) => text.as_bytes(),
                    Err(bytes) => bytes,
                };
                [key.as_bytes(), b"\0", bytes, b"\0"].concat()
            })
            .collect();
        let digest = format!("{:016x}", crate::source::fingerprint(&all));
        annotations.insert("weft.dev/files".into(), digest);
    }
    let security = &version.security;
    let capabilities = security.capabilities.clone().unwrap_or_default();
    let container = Container {
        name: component.name.to_string(),
        image: version.image.clone(),
        image_pull: version.image_pull.map(crate::model::ImagePull::name),
        command: version.command.clone(),
        args: version.args.clone(),
        working_dir: version.working_dir.clone(),
        ports: container_ports(component),
        env: env(graph, component, version, &mut trace),
        requests: quantities(&version.resources.cpu, &version.resources.memory),
        limits: version
            .resources
            .limits
            .as_ref()
            .map(|limits| quantities(&limits.cpu, &limits.memory))
            .unwrap_or_default(),
        probes: probes(component, version, &mut trace),
        allow_privilege_escalation: escalation(security),
        privileged: security.privileged.unwrap_or(false),
        read_only: security.read_only_root_filesystem,
        add: capabilities.add.unwrap_or_default(),
        drop: capabilities.drop.unwrap_or_else(|| vec!["ALL".into()]),
        mounts: std::mem::take(&mut storage.mounts),
    };
    let at = |field: &'static str| Place::Value(version.path.field(field));
    trace.add("spec.containers.0.image", at("image"));
    for (field, written) in [
        ("command", !version.command.is_empty()),
        ("args", !version.args.is_empty()),
        ("workingDir", version.working_dir.is_some()),
    ] {
        if written {
            trace.add(format!("spec.containers.0.{field}"), at(field));
        }
    }
    let resources = version.path.field("resources");
    let limits = resources.field("limits");
    for (group, path, pairs) in
        [("requests", &resources, &container.requests), ("limits", &limits, &container.limits)]
    {
        for (name, _) in pairs {
            let field = format!("spec.containers.0.resources.{group}.{name}");
            trace.add(field, Place::Value(path.key(name)));
        }
    }
    let pod = Pod {
        labels: labels.into_iter().collect(),
        annotations: annotations.into_iter().collect(),
        account: component.account.name.to_string(),
        token: component.account.token,
        restart: (component.kind == Kind::Job).then_some("OnFailure"),
        run_as_non_root: security.run_as_non_root.unwrap_or(security.run_as_user != Some(0)),
        run_as_user: security.run_as_user,
        run_as_group: security.run_as_group,
        fs_group: security.fs_group,
        seccomp: security.seccomp.unwrap_or(Seccomp::RuntimeDefault).name(),
        container,
        volumes: storage.volumes,
    };
    (pod, storage.needs, trace)
}

/// Annotations that put Secrets with certificates into the proxy: those of the TLS around the calls
/// of a version. Source: Istio's reference of resource annotations.
fn proxy_secrets(graph: &Graph, version: &Version) -> Vec<(String, String)> {
    let secrets = version.calls.iter().filter_map(|call| {
        let callee = graph.component(call.to);
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

/// Each number the container listens on, once.
fn container_ports(component: &Component) -> Vec<(String, u16, &'static str)> {
    let mut seen: BTreeMap<(u16, &'static str), String> = BTreeMap::new();
    for port in &component.ports {
        seen.entry((port.target, port.protocol.transport()))
            .or_insert_with(|| port.name.to_string());
    }
    seen.into_iter().map(|((number, transport), name)| (name, number, transport)).collect()
}

fn env(graph: &Graph, component: &Component, version: &Version, trace: &mut Trace) -> Vec<EnvVar> {
    let mut connections: Vec<(&str, String, &Path)> = version
        .calls
        .iter()
        .flat_map(|call| {
            call.env.iter().map(|(name, what, path)| {
                (name.as_str(), connection(graph, component, call, *what), path)
            })
        })
        .collect();
    connections.sort_by_key(|(name, ..)| *name);
    let mut out = Vec::new();
    for (name, text, path) in connections {
        trace.add(env_field(out.len()), Place::Key(path.clone()));
        out.push(EnvVar { name: name.into(), text: Some(text), ..EnvVar::default() });
    }
    let (order, _) = env_order(&version.env);
    for name in order {
        trace.add(env_field(out.len()), Place::Value(version.path.field("env").key(name)));
        let mut variable = EnvVar { name: name.into(), ..EnvVar::default() };
        let pair = |reference: &str| {
            reference.split_once('/').map(|(name, key)| (name.to_owned(), key.to_owned()))
        };
        match &version.env[name] {
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

fn env_field(position: usize) -> String {
    format!("spec.containers.0.env.{position}")
}

fn connection(
    graph: &Graph,
    caller: &Component,
    call: &crate::graph::Call,
    what: Connection,
) -> String {
    let callee = graph.component(call.to);
    let port = &callee.ports[call.port];
    // A name outside is called by that name, or certificates and virtual hosts would not fit.
    let host = match callee.outside_hosts().next() {
        Some((address, _)) => address.to_string(),
        None if caller.namespace == callee.namespace => call.name.to_string(),
        None => format!("{}.{}", call.name, callee.namespace),
    };
    match what {
        Connection::Host => host,
        Connection::Port => port.port.to_string(),
        Connection::Address => format!("{host}:{}", port.port),
        Connection::Url => {
            let scheme = match port.protocol {
                Protocol::Http2 => "http",
                Protocol::Mongo => "mongodb",
                other => other.name(),
            };
            format!("{scheme}://{host}:{}", port.port)
        }
    }
}

fn probes(
    component: &Component,
    version: &Version,
    trace: &mut Trace,
) -> Vec<(&'static str, ProbeView)> {
    let probes = &version.probes;
    let named = [
        ("livenessProbe", "liveness", &probes.liveness),
        ("readinessProbe", "readiness", &probes.readiness),
        ("startupProbe", "startup", &probes.startup),
    ];
    let mut out = Vec::new();
    for (field, name, probe) in named {
        let Some(probe) = probe else { continue };
        let place = Place::Key(version.path.field("probes").field(name));
        trace.add(format!("spec.containers.0.{field}"), place);
        out.push((field, probe_view(component, probe)));
    }
    out
}

fn probe_view(component: &Component, probe: &Probe) -> ProbeView {
    let wanted = probe.port.as_ref().or(probe.tcp.as_ref()).or(probe.grpc.as_ref());
    let port = match wanted {
        Some(PortRef::Number(number)) => *number,
        Some(PortRef::Name(name)) => {
            component.ports.iter().find(|port| *port.name == **name).map_or(0, |port| port.target)
        }
        None => component.ports.first().map_or(0, |port| port.target),
    };
    let headers = probe.headers.iter().flatten();
    ProbeView {
        http: probe.http.clone(),
        headers: headers.map(|(name, value)| (name.to_string(), value.clone())).collect(),
        tcp: probe.tcp.is_some(),
        grpc: probe.grpc.is_some(),
        exec: probe.exec.clone().unwrap_or_default(),
        port,
        initial_delay: probe.initial_delay.as_ref().map(crate::model::Duration::seconds),
        period: probe.period.as_ref().map(|time| time.seconds().max(1)),
        timeout: probe.timeout.as_ref().map(|time| time.seconds().max(1)),
        success: probe.success_threshold,
        failure: probe.failure_threshold,
    }
}

struct Storage {
    volumes: Vec<PodVolume>,
    mounts: Vec<Mount>,
    needs: Needs,
}

fn storage(component: &Component, version: &Version, trace: &mut Trace) -> Storage {
    let mut out = Storage {
        volumes: Vec::new(),
        mounts: Vec::new(),
        needs: Needs { files: BTreeMap::new(), claims: Vec::new() },
    };
    let mut sources: BTreeMap<String, PodVolume> = BTreeMap::new();
    for (path, file) in &version.files {
        let (volume, key) = match file {
            File::Text(_) | File::Bytes(_) => {
                let key = slug(path);
                let content = match file {
                    File::Text(text) => Ok(text.clone()),
                    File::Bytes(bytes) => Err(bytes.clone()),
                    File::Secret(..) | File::Config(..) => continue,
                };
                out.needs.files.insert(key.clone(), content);
                let config_map = Some(files_name(version));
                (PodVolume { name: "files".into(), config_map, ..PodVolume::default() }, key)
            }
            File::Secret(name, key) => {
                let secret = Some(name.clone());
                let named = format!("secret-{}", slug(name));
                (PodVolume { name: named, secret, ..PodVolume::default() }, key.clone())
            }
            File::Config(name, key) => {
                let config_map = Some(name.clone());
                let named = format!("config-{}", slug(name));
                (PodVolume { name: named, config_map, ..PodVolume::default() }, key.clone())
            }
        };
        let place = Place::Key(version.path.field("files").key(path));
        trace.add(format!("spec.containers.0.volumeMounts.{}", out.mounts.len()), place);
        out.mounts.push(Mount {
            volume: volume.name.clone(),
            path: path.clone(),
            sub_path: Some(key),
            read_only: true,
        });
        sources.entry(volume.name.clone()).or_insert(volume);
    }
    out.volumes.extend(sources.into_values());
    for (path, volume) in &version.volumes {
        let name = format!("volume-{}", slug(path));
        let place = version.path.field("volumes").key(path);
        let field = format!("spec.containers.0.volumeMounts.{}", out.mounts.len());
        trace.add(field, Place::Key(place.clone()));
        out.mounts.push(Mount {
            volume: name.clone(),
            path: path.clone(),
            sub_path: None,
            read_only: false,
        });
        let mut entry = PodVolume { name: name.clone(), ..PodVolume::default() };
        match volume {
            Volume::Scratch(medium) => {
                entry.scratch = true;
                entry.memory = *medium == Medium::Memory;
            }
            Volume::Claim(claim) => entry.claim = Some(claim.clone()),
            Volume::Persistent { size, class, access } => {
                let claim = super::view::Claim {
                    size: size.clone(),
                    class: class.clone(),
                    access: access.name(),
                };
                out.needs.claims.push((name.clone(), claim, place));
                if component.kind == Kind::StatefulSet {
                    // Each pod has its own, made from the template of the same name.
                    continue;
                }
                entry.claim = Some(claim_name(version, &name));
            }
        }
        out.volumes.push(entry);
    }
    out
}

/// The name of the claim behind a volume of a workload that shares it among its pods.
pub(super) fn claim_name(version: &Version, volume: &str) -> String {
    format!("{}-{volume}", version.workload)
}
