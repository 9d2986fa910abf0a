//! The pods of one version.

use serde::Serialize;

use super::container::{self, Container, Told};
use super::storage::{Needs, PodVolume, Storage};
use super::view::{Pairs, Placement, Trace};
use super::workload::selector;
use super::{batch, governance, operation};
use crate::graph::{Component, Graph, Version};
use crate::model::Seccomp;
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
    /// Secrets by which its images are pulled.
    pub image_pull_secrets: Vec<String>,
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
    /// Settings of the kernel, for the pod alone.
    pub sysctls: Pairs,
    /// Addresses that names have in the pod.
    pub hosts: Vec<(String, Vec<String>)>,
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

/// Whether an annotation means something on pods alone, by who reads it. What weft does not know may
/// be for the workload, and stands on both.
pub(super) fn alone(annotation: &str) -> bool {
    const READERS: [&str; 4] = [
        // Kubernetes' autoscaler of nodes, Karpenter, AppArmor, and whoever follows Prometheus' example.
        "cluster-autoscaler.kubernetes.io",
        "karpenter.sh",
        "container.apparmor.security.beta.kubernetes.io",
        "prometheus.io",
    ];
    let Some((domain, _)) = annotation.split_once('/') else { return false };
    // Istio's analyser looks at every object, and finds its other annotations out of place on some.
    let of_mesh = domain == "istio.io" || domain.ends_with(".istio.io");
    READERS.contains(&domain) || (of_mesh && domain != "galley.istio.io")
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
    (governance::mode(graph).pod)(
        graph,
        component,
        version,
        &mut labels,
        &mut annotations,
        &mut trace,
    );
    labels.extend(version.labels.clone());
    trace.add("metadata.labels.version", Place::Key(version.path.clone()));
    for label in version.labels.keys() {
        let place = Place::Value(version.path.field("labels").key(label));
        trace.add(format!("metadata.labels.{label}"), place);
    }
    for position in 0..version.image_pull_secrets.len() {
        let place = Place::Value(version.path.field("imagePullSecrets").index(position));
        trace.add(format!("spec.imagePullSecrets.{position}"), place);
    }
    let mut storage = Storage::default();
    let at = "spec.containers.0";
    let elsewhere = (governance::mode(graph).told)(graph, component, version);
    let told = Told { calls: &version.calls, elsewhere };
    let mounts = storage.mount(component, version, &version.container, at, &mut trace);
    let container = container::lower(graph, component, &version.container, &told, at, &mut trace);
    let added = (governance::mode(graph).beside)(graph, component, version, &mut trace);
    let ports = container::container_ports(component, &added.ports);
    let (stop_delay, grace) = operation::stop(version, &mut trace);
    let placement =
        operation::placement(graph, component, version, selector(component, version), &mut trace);
    let container = Container { mounts, ports, stop_delay, ..container };
    // What runs beside the component is there for what runs before it.
    let beside = version.sidecars.iter().map(|sidecar| (sidecar, Some("Always")));
    let before = version.init.iter().map(|one| (one, None));
    let mut init_containers = added.containers;
    for (one, restart) in beside.chain(before) {
        let at = format!("spec.initContainers.{}", init_containers.len());
        trace.add(at.clone(), Place::Key(one.path.clone()));
        let mounts = storage.mount(component, version, one, &at, &mut trace);
        let view = container::companion(graph, component, one, &at, &mut trace);
        init_containers.push(Container { mounts, restart, ..view });
    }
    let (mut volumes, needs) = storage.finish();
    volumes.extend(added.volumes);
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
        image_pull_secrets: version.image_pull_secrets.iter().map(ToString::to_string).collect(),
        restart: component.kind.ends().then(|| batch::restart(component)),
        run_as_non_root: security.run_as_non_root.unwrap_or(security.run_as_user != Some(0)),
        run_as_user: security.run_as_user,
        run_as_group: security.run_as_group,
        fs_group: security.fs_group,
        seccomp: security.seccomp.unwrap_or(Seccomp::RuntimeDefault).name(),
        sysctls: added.sysctls,
        hosts: added.hosts,
        placement,
        grace,
        init_containers,
        containers: vec![container],
        volumes,
    };
    (pod, needs, trace)
}
