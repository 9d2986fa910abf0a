//! Identities, workloads, and what their pods need.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::batch;
use super::operation;
use super::pod;
use super::storage::{claim_name, files_name};
use super::view::{
    Body, ConfigMap, Meta, Pairs, PersistentVolumeClaim, ServiceAccount, Trace, View, Workload,
};
use super::{app_labels, labels};
use crate::graph::{Component, ComponentId, Graph, Version};
use crate::model::Kind;
use crate::source::Place;
use crate::traffic::native;

/// Everything that runs a component, version by version.
/// `accounts` holds the identities made so far.
pub(super) fn lower(
    graph: &Graph,
    id: ComponentId,
    accounts: &mut BTreeSet<(Arc<str>, Arc<str>)>,
    views: &mut Vec<View>,
) {
    let component = graph.component(id);
    if component.kind == Kind::External {
        return;
    }
    account(graph, id, accounts, views);
    let native = native(graph, id);
    for (position, version) in component.versions.iter().enumerate() {
        let (pod, needs, pod_trace) = pod::lower(graph, component, version);
        let mut labels = labels(graph, component);
        labels.insert("version".into(), version.name.to_string());
        if !needs.files.is_empty() {
            let mut holders = version.containers().filter(|one| !one.files.is_empty());
            let from = holders.next().map_or(&version.path, |one| &one.path).field("files");
            let meta = Meta::new(files_name(version), Some(&component.namespace), labels.clone());
            let mut texts = Vec::new();
            let mut bytes = Vec::new();
            for (key, content) in needs.files {
                match content {
                    Ok(text) => texts.push((key, text)),
                    Err(content) => bytes.push((key, k8s_openapi::ByteString(content))),
                }
            }
            let trace = Trace::default().at("data", Place::Key(from.clone()));
            let body = Body::ConfigMap(ConfigMap { meta, texts, bytes });
            views.push(View::new(body, from, trace));
        }
        let mut claims = Vec::new();
        for (volume, claim, path) in needs.claims {
            if component.kind == Kind::StatefulSet {
                claims.push((volume, claim, path));
                continue;
            }
            let name = claim_name(&version.workload, &volume);
            let meta = Meta::new(name, Some(&component.namespace), labels.clone());
            let trace = Trace::default()
                .at("spec.resources.requests.storage", Place::Value(path.field("size")));
            let body = Body::PersistentVolumeClaim(PersistentVolumeClaim { meta, claim });
            views.push(View::new(body, path, trace));
        }
        let replicas = match (&version.autoscale, &native) {
            // Any number here would undo, with each apply, what the autoscaler has found.
            (Some(_), _) => None,
            (None, Some(native)) => Some(native.real.replicas[position]),
            (None, None) => Some(version.pods()),
        };
        labels.extend(version.labels.clone());
        let mut meta = Meta::new(version.workload.clone(), Some(&component.namespace), labels);
        let both = version.annotations.iter().filter(|(name, _)| !pod::alone(name));
        meta.annotations = both.map(|(name, value)| (name.clone(), value.clone())).collect();
        let mut trace = Trace::default();
        let rollout = operation::rollout(component, version, &mut trace);
        let counted = matches!(component.kind, Kind::Deployment | Kind::StatefulSet);
        if counted && replicas.is_some() {
            let replicas = Place::Value(match (version.replicas, &native) {
                (None, Some(_)) => component.traffic.weights.key(&version.name),
                _ => version.path.field("replicas"),
            });
            trace.add("spec.replicas", replicas);
        }
        for (number, (.., path)) in claims.iter().enumerate() {
            let field = format!("spec.volumeClaimTemplates.{number}");
            trace.add(
                format!("{field}.spec.resources.requests.storage"),
                Place::Value(path.field("size")),
            );
            trace.add(field, Place::Key(path.clone()));
        }
        let template = match component.kind {
            Kind::CronJob => "spec.jobTemplate.spec.template",
            _ => "spec.template",
        };
        for (field, place) in pod_trace.0 {
            trace.add(format!("{template}.{field}"), place);
        }
        if component.kind.ends() {
            let body = batch::lower(component, meta, pod, &mut trace);
            views.push(View::new(body, version.path.clone(), trace));
            continue;
        }
        let selector = selector(component, version);
        operation::lower(component, version, &meta, &selector, views);
        let workload = Workload {
            meta,
            replicas,
            rollout,
            selector,
            service: component.headless_name(),
            claims: claims.into_iter().map(|(volume, claim, _)| (volume, claim)).collect(),
            pod,
        };
        let body = match component.kind {
            Kind::StatefulSet => Body::StatefulSet(workload),
            Kind::DaemonSet => Body::DaemonSet(workload),
            _ => Body::Deployment(workload),
        };
        views.push(View::new(body, version.path.clone(), trace));
    }
}

/// Labels that tell the pods of a version's workload from all others; they never change.
pub(super) fn selector(component: &Component, version: &Version) -> Pairs {
    let mut selector = vec![("app".to_owned(), component.name.to_string())];
    if component.kind == Kind::Deployment {
        // Deployments of several versions stand side by side; a selector can never change.
        selector.push(("version".to_owned(), version.name.to_string()));
    }
    selector
}

/// The identity of a component, once where several components share it.
fn account(
    graph: &Graph,
    id: ComponentId,
    made: &mut BTreeSet<(Arc<str>, Arc<str>)>,
    views: &mut Vec<View>,
) {
    let component = graph.component(id);
    let account = &component.account;
    if !account.create || !made.insert((component.namespace.clone(), account.name.clone())) {
        return;
    }
    let shared = account.name != component.name;
    let labels = if shared { app_labels(graph) } else { labels(graph, component) };
    let mut meta = Meta::new(account.name.to_string(), Some(&component.namespace), labels);
    meta.annotations = account.annotations.clone().into_iter().collect();
    let origin = match shared {
        true => component.path.field("serviceAccount"),
        false => component.path.clone(),
    };
    views.push(View::new(Body::ServiceAccount(ServiceAccount { meta }), origin, Trace::default()));
}
