//! Identities, workloads, and what their pods need.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::batch;
use super::pod;
use super::storage::{claim_name, files_name};
use super::view::{
    Body, ConfigMap, Meta, PersistentVolumeClaim, ServiceAccount, Trace, View, Workload,
};
use super::{app_labels, labels};
use crate::graph::{ComponentId, Graph};
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
        let replicas = match &native {
            Some(native) => native.real.replicas[position],
            None => version.replicas.unwrap_or(1),
        };
        labels.extend(version.labels.clone());
        let mut meta = Meta::new(version.workload.clone(), Some(&component.namespace), labels);
        meta.annotations = version.annotations.clone().into_iter().collect();
        let mut trace = Trace::default();
        if matches!(component.kind, Kind::Deployment | Kind::StatefulSet) {
            let replicas = Place::Value(match (version.replicas, &native) {
                (None, Some(_)) => component.traffic.path.field("split").key(&version.name),
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
        let mut selector = vec![("app".to_owned(), component.name.to_string())];
        if component.kind == Kind::Deployment {
            // Deployments of several versions stand side by side; a selector can never change.
            selector.push(("version".to_owned(), version.name.to_string()));
        }
        let workload = Workload {
            meta,
            replicas,
            // A new pod on another node would wait for the claim, and the old one for the new pod.
            recreate: version.mounts_on_one_node(),
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
