//! The pods of one version.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::json;

use super::container::{self, Container};
use super::storage::{Needs, PodVolume, Storage};
use super::view::{Pairs, Placement, Trace};
use super::workload::selector;
use super::{batch, operation};
use crate::graph::{Component, ComponentId, Graph, PROXY_VOLUMES, Scrape, Version};
use crate::model::{Governance, Seccomp};
use crate::source::Place;

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
    /// What becomes of failed containers, of a job.
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
    /// Where the pods run.
    pub placement: Placement,
    /// How long a pod has from the order to stop until it is killed, in seconds.
    pub grace: Option<u64>,
    /// What runs beside the component's own container and before it, in the order of its start.
    pub init_containers: Vec<Container>,
    /// The containers: the component's own.
    pub containers: Vec<Container>,
    /// Volumes.
    pub volumes: Vec<PodVolume>,
}

/// The pods of one version, what they need, and where its fields come from; fields are relative to
/// the pod template.
pub(super) fn lower(
    graph: &Graph,
    component: &Component,
    version: &Version,
) -> (Pod, Needs, Trace) {
    let mut trace = Trace::default();
    let mut labels = component.pod_labels(&graph.name, &version.name);
    let mut annotations = version.annotations.clone();
    if graph.governance == Governance::Istio && component.outside_mesh {
        labels.insert("sidecar.istio.io/inject".into(), "false".into());
        let place = Place::Value(component.path.field("governance"));
        trace.add("metadata.labels.sidecar.istio.io/inject", place);
    } else if graph.governance == Governance::Istio {
        labels.insert("sidecar.istio.io/inject".into(), "true".into());
        let several = version.containers().nth(1).is_some();
        if component.kind.ends() || several || version.rollout.stop.is_some() {
            // A plain sidecar never ends, and with it neither would the job; and it starts only
            // after all that runs before the component, whose calls would go nowhere. And it ends a
            // few seconds after the order to stop, however long the program still needs it; a native
            // one ends after the program. Source: the exit paths of `Agent.Run` in istio.io/istio.
            annotations
                .entry("sidecar.istio.io/nativeSidecar".into())
                .or_insert_with(|| "true".into());
        }
        annotations.extend(proxy_secrets(graph, version));
    }
    if let (true, Some(metrics)) = (graph.meshed(component), &component.metrics)
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
    labels.extend(version.labels.clone());
    trace.add("metadata.labels.version", Place::Key(version.path.clone()));
    for label in version.labels.keys() {
        let place = Place::Value(version.path.field("labels").key(label));
        trace.add(format!("metadata.labels.{label}"), place);
    }
    let mut storage = Storage::default();
    let at = "spec.containers.0";
    let mounts = storage.mount(component, version, &version.container, at, &mut trace);
    let container =
        container::lower(graph, component, &version.container, &version.calls, at, &mut trace);
    let ports = container::container_ports(component);
    let (stop_delay, grace) = operation::stop(version, &mut trace);
    let placement =
        operation::placement(graph, component, version, selector(component, version), &mut trace);
    let container = Container { mounts, ports, stop_delay, ..container };
    // What runs beside the component is there for what runs before it.
    let beside = version.sidecars.iter().map(|sidecar| (sidecar, Some("Always")));
    let before = version.init.iter().map(|one| (one, None));
    let mut init_containers = Vec::new();
    for (one, restart) in beside.chain(before) {
        let at = format!("spec.initContainers.{}", init_containers.len());
        trace.add(at.clone(), Place::Key(one.path.clone()));
        let mounts = storage.mount(component, version, one, &at, &mut trace);
        let view = container::companion(graph, component, one, &at, &mut trace);
        init_containers.push(Container { mounts, restart, ..view });
    }
    let (volumes, needs) = storage.finish();
    if !needs.files.is_empty() {
        // Files mounted by path do not follow their ConfigMap; a changed text must restart the pod.
        let all: Vec<u8> = needs
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
    let security = &version.container.security;
    let pod = Pod {
        labels: labels.into_iter().collect(),
        annotations: annotations.into_iter().collect(),
        account: component.account.name.to_string(),
        token: component.account.token,
        restart: component.kind.ends().then(|| batch::restart(component)),
        run_as_non_root: security.run_as_non_root.unwrap_or(security.run_as_user != Some(0)),
        run_as_user: security.run_as_user,
        run_as_group: security.run_as_group,
        fs_group: security.fs_group,
        seccomp: security.seccomp.unwrap_or(Seccomp::RuntimeDefault).name(),
        placement,
        grace,
        init_containers,
        containers: vec![container],
        volumes,
    };
    (pod, needs, trace)
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
