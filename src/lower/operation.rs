//! How a version is operated: its autoscaler, its budget, its rollout, where its pods run.

use super::view::{
    Amount, Body, HorizontalPodAutoscaler, Meta, Pairs, Placement, PodDisruptionBudget, Rollout,
    Toleration, Trace, View,
};
use crate::graph::{Component, Graph, Version};
use crate::model::{self, Domain, Kind, OneOf, PodManagement, Strategy, Strictness};
use crate::source::Place;

/// What is aimed for where the file does not say: Kubernetes' own default.
/// Source: `SetDefaults_HorizontalPodAutoscaler` in k8s.io/kubernetes.
const CPU: u32 = 80;

/// How long a pod has to stop where the file does not say, in seconds: Kubernetes' own default.
const STOP_TIMEOUT: u64 = 30;

/// The autoscaler and the budget of a version; both are named after its workload.
pub(super) fn lower(
    component: &Component,
    version: &Version,
    meta: &Meta,
    selector: &Pairs,
    views: &mut Vec<View>,
) {
    let meta = || Meta { annotations: Vec::new(), ..meta.clone() };
    if let Some(autoscale) = &version.autoscale {
        let path = version.path.field("autoscale");
        let at = |field: &'static str| Place::Value(path.field(field));
        let mut trace = Trace::default();
        trace.add("spec.maxReplicas", at("max"));
        if autoscale.min.is_some() {
            trace.add("spec.minReplicas", at("min"));
        }
        let mut metrics = Vec::new();
        for (name, target) in [("cpu", autoscale.cpu), ("memory", autoscale.memory)] {
            let Some(target) = target else { continue };
            trace.add(format!("spec.metrics.{}", metrics.len()), at(name));
            metrics.push((name, target));
        }
        if metrics.is_empty() {
            metrics.push(("cpu", CPU));
        }
        if autoscale.stabilization.is_some() {
            trace.add("spec.behavior", at("stabilization"));
        }
        let scaler = HorizontalPodAutoscaler {
            meta: meta(),
            kind: match component.kind {
                Kind::StatefulSet => "StatefulSet",
                _ => "Deployment",
            },
            workload: version.workload.clone(),
            min: autoscale.min.unwrap_or(1),
            max: autoscale.max,
            container: component.name.to_string(),
            metrics,
            stabilization: autoscale.stabilization.as_ref().map(model::Duration::seconds),
        };
        views.push(View::new(Body::HorizontalPodAutoscaler(scaler), path, trace));
    }
    if let Some(disruption) = &version.disruption {
        let path = version.path.field("disruption");
        let mut trace = Trace::default();
        if disruption.min_available.is_some() {
            trace.add("spec.minAvailable", Place::Value(path.field("minAvailable")));
        }
        if disruption.max_unavailable.is_some() {
            trace.add("spec.maxUnavailable", Place::Value(path.field("maxUnavailable")));
        }
        let budget = PodDisruptionBudget {
            meta: meta(),
            min_available: disruption.min_available.map(Amount::from),
            max_unavailable: disruption.max_unavailable.map(Amount::from),
            selector: selector.clone(),
        };
        views.push(View::new(Body::PodDisruptionBudget(budget), path, trace));
    }
}

/// How the pods of a version are replaced. Fields of the trace are those of the workload.
pub(super) fn rollout(component: &Component, version: &Version, trace: &mut Trace) -> Rollout {
    let written = &version.rollout;
    let settings = [written.max_surge.is_some(), written.max_unavailable.is_some()];
    let rolling = settings.contains(&true) || written.partition.is_some();
    let one_node = component.kind == Kind::Deployment && version.mounts_on_one_node();
    let strategy = match written.strategy {
        Some(Strategy::Recreate) => Some("Recreate"),
        Some(Strategy::OnDelete) => Some("OnDelete"),
        Some(Strategy::Rolling) => Some("RollingUpdate"),
        None if rolling => Some("RollingUpdate"),
        // A new pod on another node would wait for the claim, and the old one for the new pod.
        None => one_node.then_some("Recreate"),
    };
    let path = version.path.field("rollout");
    let group = match component.kind {
        Kind::Deployment => "spec.strategy",
        _ => "spec.updateStrategy",
    };
    if written.strategy.is_some() || rolling {
        trace.add(group, Place::Key(path.clone()));
    }
    let pods = |amount: Option<model::Amount>| amount.map(Amount::from);
    let seconds = |time: &Option<model::Duration>| time.as_ref().map(model::Duration::seconds);
    let fields = [
        ("strategy", format!("{group}.type"), written.strategy.is_some()),
        ("maxSurge", format!("{group}.rollingUpdate.maxSurge"), settings[0]),
        ("maxUnavailable", format!("{group}.rollingUpdate.maxUnavailable"), settings[1]),
        ("partition", format!("{group}.rollingUpdate.partition"), written.partition.is_some()),
        ("podManagement", "spec.podManagementPolicy".into(), written.pod_management.is_some()),
        ("minReady", "spec.minReadySeconds".into(), written.min_ready.is_some()),
        ("deadline", "spec.progressDeadlineSeconds".into(), written.deadline.is_some()),
        ("history", "spec.revisionHistoryLimit".into(), written.history.is_some()),
    ];
    for (field, of, _) in fields.into_iter().filter(|(.., written)| *written) {
        trace.add(of, Place::Value(path.field(field)));
    }
    // Of a DaemonSet one may be missing by default, and then none may be there beyond.
    let surge = written.max_surge.is_some_and(|surge| !surge.is_none());
    let none_missing =
        (component.kind == Kind::DaemonSet && surge).then_some(model::Amount::Pods(0));
    Rollout {
        strategy,
        rolling,
        max_surge: pods(written.max_surge),
        max_unavailable: pods(written.max_unavailable.or(none_missing)),
        partition: written.partition,
        pod_management: written.pod_management.map(|management| match management {
            PodManagement::Ordered => "OrderedReady",
            PodManagement::Parallel => "Parallel",
        }),
        min_ready: seconds(&written.min_ready),
        deadline: seconds(&written.deadline),
        history: written.history,
    }
}

/// How long a pod serves on before it is told to stop, and how long it then has until it is killed,
/// both in seconds; the second counts from the beginning. Fields of the trace are those of the pod
/// template.
pub(super) fn stop(version: &Version, trace: &mut Trace) -> (Option<u64>, Option<u64>) {
    let Some(stop) = &version.rollout.stop else { return (None, None) };
    let path = version.path.field("rollout").field("stop");
    let delay = stop.delay.as_ref().map(model::Duration::seconds);
    let timeout = stop.timeout.as_ref().map(model::Duration::seconds);
    if delay.is_none() && timeout.is_none() {
        return (None, None);
    }
    trace.add("spec.terminationGracePeriodSeconds", Place::Key(path.clone()));
    if delay.is_some() {
        trace.add("spec.containers.0.lifecycle", Place::Value(path.field("delay")));
    }
    (delay, Some(delay.unwrap_or(0) + timeout.unwrap_or(STOP_TIMEOUT)))
}

/// Where the pods of a version run. Fields of the trace are those of the pod template.
pub(super) fn placement(
    graph: &Graph,
    component: &Component,
    version: &Version,
    selector: Pairs,
    trace: &mut Trace,
) -> Placement {
    let written = &version.placement;
    let path = version.path.field("placement");
    let mut out =
        Placement { priority_class: written.priority_class.clone(), ..Placement::default() };
    if written.priority_class.is_some() {
        trace.add("spec.priorityClassName", Place::Value(path.field("priorityClass")));
    }
    for (label, values) in written.nodes.iter().flatten() {
        let place = Place::Value(path.field("nodes").key(label));
        match values {
            OneOf::One(value) => {
                trace.add(format!("spec.nodeSelector.{label}"), place);
                out.node.push((label.to_string(), value.to_string()));
            }
            OneOf::Several(values) => {
                let terms = "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms";
                trace.add(format!("{terms}.0.matchExpressions.{}", out.nodes.len()), place);
                let values = values.iter().map(ToString::to_string).collect();
                out.nodes.push((label.to_string(), values));
            }
        }
    }
    let groups = [
        ("together", "podAffinity", &written.together, &mut out.together),
        ("apart", "podAntiAffinity", &written.apart, &mut out.apart),
    ];
    for (field, kind, names, terms) in groups {
        for (name, domain) in names.iter().flatten() {
            let of =
                format!("spec.affinity.{kind}.preferredDuringSchedulingIgnoredDuringExecution");
            let place = Place::Key(path.field(field).key(name));
            trace.add(format!("{of}.{}", terms.len()), place);
            let namespace = graph.find(name).map(|(_, neighbour)| &neighbour.namespace);
            let elsewhere = namespace.filter(|namespace| **namespace != component.namespace);
            let namespace = elsewhere.map(ToString::to_string);
            terms.push((name.to_string(), topology(*domain), namespace));
        }
    }
    let spread = written.spread.unwrap_or_default();
    for (domain, strictness) in [(Domain::Node, spread.node), (Domain::Zone, spread.zone)] {
        let Some(strictness) = strictness else { continue };
        let place = Place::Key(path.field("spread"));
        trace.add(format!("spec.topologySpreadConstraints.{}", out.spread.len()), place);
        let otherwise = match strictness {
            Strictness::Preferred => "ScheduleAnyway",
            Strictness::Required => "DoNotSchedule",
        };
        out.spread.push((topology(domain), otherwise));
    }
    if !out.spread.is_empty() {
        out.spread_pods = selector;
        if component.kind == Kind::Deployment {
            // Or new pods would be placed around old ones, which then go.
            out.spread_keys.push("pod-template-hash");
        }
    }
    for (key, toleration) in written.tolerations.iter().flatten() {
        let place = Place::Key(path.field("tolerations").key(key));
        trace.add(format!("spec.tolerations.{}", out.tolerations.len()), place);
        out.tolerations.push(Toleration {
            key: key.to_string(),
            value: toleration.value.as_ref().map(ToString::to_string),
            seconds: toleration.limit.as_ref().map(model::Duration::seconds),
        });
    }
    out
}

/// The label of nodes that are near to each other.
const fn topology(domain: Domain) -> &'static str {
    match domain {
        Domain::Node => "kubernetes.io/hostname",
        Domain::Zone => "topology.kubernetes.io/zone",
    }
}
