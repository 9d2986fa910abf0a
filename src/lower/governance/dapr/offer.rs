//! What sidecars offer to programs, and how all of them are set up.

use std::collections::{BTreeMap, BTreeSet};

use crate::graph::{Block, Graph};
use crate::lower::app_labels;
use crate::lower::view::{
    Body, DaprComponent, DaprConfiguration, DaprOtel, DaprSetting, DaprTracing, Meta, Trace, View,
};
use crate::model::{Duration, OtelProtocol, Setting};
use crate::source::{Path, Place};

/// The secret store that every sidecar has by itself.
const KUBERNETES: &str = "kubernetes";

/// What belongs to no component alone.
pub(super) fn application(graph: &Graph, views: &mut Vec<View>) {
    let dapr = &graph.dapr;
    if dapr.tracing.is_some() && !graph.policy.access {
        let meshed = graph
            .own()
            .iter()
            .filter(|component| graph.meshed(component) && component.given.is_none());
        let namespaces: BTreeSet<&str> = meshed.map(|component| &*component.namespace).collect();
        for namespace in namespaces {
            let name = dapr.configuration.to_string();
            let meta = Meta::new(name, Some(namespace), app_labels(graph));
            let mut trace = Trace::default();
            let tracing = tracing(graph, &mut trace);
            let body = DaprConfiguration { meta, tracing, callers: None };
            let origin = dapr.path.field("tracing");
            views.push(View::new(Body::DaprConfiguration(body), origin, trace));
        }
    }
    for (block, users) in dapr.blocks.iter().zip(graph.users()) {
        // A sidecar takes what is in its own namespace.
        let mut scopes: BTreeMap<&str, BTreeMap<String, &Path>> = BTreeMap::new();
        for (component, version, path) in users {
            let here = scopes.entry(&component.namespace).or_default();
            here.entry(component.app_id(version)).or_insert(path);
        }
        for (namespace, scopes) in scopes {
            views.push(offer(graph, block, namespace, scopes));
        }
    }
}

/// One Component of Dapr, in one namespace, for the app ids that use it there.
fn offer(graph: &Graph, block: &Block, namespace: &str, scopes: BTreeMap<String, &Path>) -> View {
    let mut trace = Trace::default();
    for (position, path) in scopes.values().enumerate() {
        trace.add(format!("scopes.{position}"), Place::Key((*path).clone()));
    }
    trace.add("spec.type", Place::Value(block.path.field("type")));
    let mut metadata = Vec::new();
    for (name, setting) in &block.metadata {
        let place = Place::Value(block.path.field("metadata").key(name));
        trace.add(format!("spec.metadata.{}", metadata.len()), place);
        let (text, secret) = match setting {
            Setting::Text(text) => (Some(text.clone()), None),
            Setting::Secret(reference) => {
                let (name, key) = reference.split_once('/').unwrap_or((reference, ""));
                (None, Some((name.to_owned(), key.to_owned())))
            }
        };
        metadata.push(DaprSetting { name: name.to_string(), text, secret });
    }
    let secret = metadata.iter().any(|setting| setting.secret.is_some());
    let store = match block.secret_store {
        Some(store) => graph.dapr.blocks[store].name.to_string(),
        None => KUBERNETES.to_owned(),
    };
    let body = DaprComponent {
        meta: Meta::new(block.name.to_string(), Some(namespace), app_labels(graph)),
        kind: block.kind.to_string(),
        version: block.version.as_ref().map_or_else(|| "v1".into(), ToString::to_string),
        ignore_errors: block.ignore_errors,
        init_timeout: block.init_timeout.as_ref().map(Duration::gateway_api),
        metadata,
        secret_store: secret.then_some(store),
        scopes: scopes.into_keys().collect(),
    };
    View::new(Body::DaprComponent(body), block.path.clone(), trace)
}

/// Where traces go, with where that is written.
pub(super) fn tracing(graph: &Graph, trace: &mut Trace) -> Option<DaprTracing> {
    let written = graph.dapr.tracing.as_ref()?;
    trace.add("spec.tracing", Place::Key(graph.dapr.path.field("tracing")));
    Some(DaprTracing {
        rate: written.sampling_rate.to_string(),
        zipkin: written.zipkin.as_ref().map(|zipkin| zipkin.url.clone()),
        otel: written.otel.as_ref().map(|otel| DaprOtel {
            address: otel.address.clone(),
            protocol: otel.protocol.unwrap_or(OtelProtocol::Grpc).name(),
            tls: otel.tls.unwrap_or(false),
        }),
        stdout: written.stdout,
    })
}
