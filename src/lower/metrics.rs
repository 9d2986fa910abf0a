//! Where Prometheus reads the numbers of a component, for its operator.

use super::labels;
use super::service::METRICS_LABEL;
use super::view::{Body, Meta, Monitor, Trace, View};
use crate::graph::{Component, Graph, Scrape};
use crate::model::{Duration, Protocol};
use crate::source::Place;

/// The monitor of a component: by its Service, or pod by pod where no Service has the port.
pub(super) fn lower(graph: &Graph, component: &Component, views: &mut Vec<View>) {
    let Some(metrics) = &component.metrics else { return };
    let by_service = metrics.through_service(component);
    let port = match metrics.at {
        Scrape::Port(position) => Some(&component.ports[position]),
        Scrape::Container(_) => None,
    };
    let mut selector = vec![("app".to_owned(), component.name.to_string())];
    if by_service {
        selector.push((METRICS_LABEL.into(), "true".into()));
    }
    let name = component.name.to_string();
    let monitor = Monitor {
        meta: Meta::new(name, Some(&component.namespace), labels(graph, component)),
        selector,
        port: port.filter(|_| by_service).map(crate::graph::Port::service_name),
        number: match (metrics.at, port) {
            _ if by_service => None,
            (Scrape::Container(number), _) => Some(number),
            (Scrape::Port(_), port) => port.map(|port| port.target),
        },
        path: metrics.url.clone(),
        interval: metrics.interval.as_ref().map(Duration::gateway_api),
        scheme: port.filter(|port| port.protocol == Protocol::Https).map(|_| "https"),
    };
    let list = if by_service { "spec.endpoints.0" } else { "spec.podMetricsEndpoints.0" };
    let at = |field: &'static str| Place::Value(metrics.path.field(field));
    let mut trace = Trace::default();
    let number = if by_service { "port" } else { "portNumber" };
    trace.add(format!("{list}.{number}"), at("port"));
    trace.add(format!("{list}.path"), at("path"));
    if metrics.interval.is_some() {
        trace.add(format!("{list}.interval"), at("interval"));
    }
    let body = match by_service {
        true => Body::ServiceMonitor(monitor),
        false => Body::PodMonitor(monitor),
    };
    views.push(View::new(body, metrics.path.clone(), trace));
}
