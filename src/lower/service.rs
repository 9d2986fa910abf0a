//! The names by which a component is called.

use super::governance::{Lead, Leads, mode};
use super::view::{Body, EndpointSlice, Meta, Pairs, Service, ServicePort, Trace, View};
use super::{host, labels};
use crate::graph::{Component, Entry, Graph, Port, Scrape};
use crate::model::{Kind, Via};
use crate::source::{Path, Place};

/// The label of the one Service through which the numbers of a component are read.
pub(super) const METRICS_LABEL: &str = "weft.dev/metrics";

/// A Service for each name: the component's own, its aliases, its versions, its load balancer.
pub(super) fn lower(graph: &Graph, component: &Component, views: &mut Vec<View>) {
    let first = views.len();
    services(graph, component, views);
    for view in &mut views[first..] {
        if let Body::Service(service) = &mut view.body {
            (mode(graph).service)(graph, component, service, &mut view.trace);
        }
    }
}

fn services(graph: &Graph, component: &Component, views: &mut Vec<View>) {
    let ports: Vec<&Port> = component.service_ports().map(|(_, port)| port).collect();
    let everyone: Pairs = vec![("app".into(), component.name.to_string())];
    if !ports.is_empty() || component.headless {
        let name = component.name.to_string();
        let origin = component.path.clone();
        match component.kind {
            Kind::External => outside(graph, component, name, &ports, origin, views),
            _ => {
                let mut service = service(graph, component, name, everyone.clone(), &ports);
                service.headless = component.headless;
                lead(graph, component, Leads::All, &ports, &mut service);
                if read_through(graph, component) == Some(Through::Name) {
                    // Others have the same labels, and numbers read through each would count twice.
                    service.meta.labels.push((METRICS_LABEL.into(), "true".into()));
                }
                push(service, component, &ports, origin, views);
            }
        }
    }
    for alias in component.aliases.iter().filter(|_| !ports.is_empty()) {
        let (name, origin) = (alias.name.to_string(), alias.path.clone());
        if component.kind == Kind::External {
            outside(graph, component, name, &ports, origin, views);
            continue;
        }
        let everyone = everyone.clone();
        let Some(numbers) = &alias.ports else {
            let mut service = service(graph, component, name, everyone, &ports);
            service.headless = alias.headless;
            lead(graph, component, Leads::All, &ports, &mut service);
            push(service, component, &ports, origin, views);
            continue;
        };
        let ports: Vec<&Port> = numbers.keys().map(|port| &component.ports[*port]).collect();
        let mut service = service(graph, component, name, everyone, &ports);
        service.headless = alias.headless;
        lead(graph, component, Leads::All, &ports, &mut service);
        let mut trace = Trace::default();
        for (position, (port, number)) in service.ports.iter_mut().zip(numbers.values()).enumerate()
        {
            port.port = *number;
            let place = alias.path.field("ports").key(&ports[position].name);
            trace.add(format!("spec.ports.{position}"), Place::Value(place));
        }
        views.push(View::new(Body::Service(service), origin, trace));
    }
    if component.kind == Kind::StatefulSet && !component.headless {
        // It names the pods one by one, and nothing else: callers use the component's own name.
        let name = component.headless_name();
        let service = service(graph, component, name, everyone.clone(), &ports);
        let service = Service { headless: true, ..service };
        push(service, component, &ports, component.path.clone(), views);
    }
    if component.versioned && !ports.is_empty() {
        for version in &component.versions {
            let mut selector = everyone.clone();
            selector.push(("version".into(), version.name.to_string()));
            let name = component.version_name(version);
            let mut service = service(graph, component, name, selector, &ports);
            service.meta.labels.push(("version".into(), version.name.to_string()));
            lead(graph, component, Leads::Version, &ports, &mut service);
            push(service, component, &ports, version.path.clone(), views);
        }
    }
    for (via, name) in component.blind_entries() {
        let entries: Vec<&Entry> =
            component.entries.iter().filter(|entry| entry.via == via).collect();
        let open: Vec<&Port> = entries.iter().map(|entry| &component.ports[entry.port]).collect();
        let mut service = service(graph, component, name, everyone.clone(), &open);
        lead(graph, component, Leads::All, &open, &mut service);
        service.kind = if via == Via::NodePort { "NodePort" } else { "LoadBalancer" };
        for (port, entry) in service.ports.iter_mut().zip(&entries) {
            port.node_port = entry.node_port;
        }
        let origin = component.path.field("expose");
        push(service, component, &open, origin, views);
        let Some(view) = views.last_mut() else { continue };
        for (position, entry) in entries.iter().enumerate().filter(|(_, e)| e.node_port.is_some()) {
            let place = Place::Value(entry.path.field("nodePort"));
            view.trace.add(format!("spec.ports.{position}.nodePort"), place);
        }
    }
}

/// The name of the pods of one version, each by itself.
pub(super) fn pods_service(
    graph: &Graph,
    component: &Component,
    version: usize,
    views: &mut Vec<View>,
) {
    let version = &component.versions[version];
    let ports: Vec<&Port> = component.service_ports().map(|(_, port)| port).collect();
    let selector = vec![
        ("app".to_owned(), component.name.to_string()),
        ("version".to_owned(), version.name.to_string()),
    ];
    let name = component.pods_name(version);
    let mut service = service(graph, component, name, selector, &ports);
    service.headless = true;
    service.meta.labels.push(("version".into(), version.name.to_string()));
    if read_through(graph, component) == Some(Through::Pods) {
        service.meta.labels.push((METRICS_LABEL.into(), "true".into()));
    }
    push(service, component, &ports, version.path.clone(), views);
}

/// Through which Services the numbers of a component are read.
#[derive(PartialEq, Eq)]
enum Through {
    /// The component's own name.
    Name,
    /// The names of its pods, because its own leads to a proxy that would read any pod's.
    Pods,
}

fn read_through(graph: &Graph, component: &Component) -> Option<Through> {
    let metrics = component.metrics.as_ref().filter(|m| m.through_service(component))?;
    let Scrape::Port(port) = metrics.at else { return None };
    let led = (mode(graph).leads)(graph, component, Leads::All, port);
    Some(if led.is_none() { Through::Name } else { Through::Pods })
}

/// Lets a Service lead where the mode wants it, unless its callers go to the pods by themselves.
fn lead(graph: &Graph, component: &Component, to: Leads, ports: &[&Port], service: &mut Service) {
    if service.headless {
        return;
    }
    for (port, shown) in ports.iter().zip(&mut service.ports) {
        let position = component.ports.iter().position(|known| std::ptr::eq(known, *port));
        if let Some(position) = position {
            match (mode(graph).leads)(graph, component, to, position) {
                Some(Lead::Number(number)) => shown.target = number,
                Some(Lead::Name(name)) => shown.target_name = Some(name),
                None => {}
            }
        }
    }
}

fn service(
    graph: &Graph,
    component: &Component,
    name: String,
    selector: Pairs,
    ports: &[&Port],
) -> Service {
    Service {
        meta: Meta::new(name, Some(&component.namespace), labels(graph, component)),
        kind: "ClusterIP",
        headless: false,
        selector,
        external_name: None,
        both_families: false,
        ports: ports.iter().map(|port| service_port(graph, component, port)).collect(),
    }
}

fn push(
    service: Service,
    component: &Component,
    ports: &[&Port],
    origin: Path,
    views: &mut Vec<View>,
) {
    let mut trace = Trace::default();
    if service.headless && component.headless {
        trace.add("spec.clusterIP", Place::Value(component.path.field("headless")));
    }
    for (position, port) in ports.iter().enumerate() {
        let place = component.path.field("ports").key(&port.name);
        trace.add(format!("spec.ports.{position}"), Place::Value(place));
    }
    views.push(View::new(Body::Service(service), origin, trace));
}

/// An external component: a name for a name, or a name for an address.
fn outside(
    graph: &Graph,
    component: &Component,
    name: String,
    ports: &[&Port],
    origin: Path,
    views: &mut Vec<View>,
) {
    let mut service = service(graph, component, name.clone(), Vec::new(), ports);
    if let Some((address, _)) = component.outside_hosts().next() {
        service.kind = "ExternalName";
        service.external_name = Some(address.to_string());
        // A name for a name needs no ports, and Istio would take some of them for its own.
        service.ports.clear();
        push(service, component, &[], origin, views);
        return;
    }
    let families = [("IPv4", true), ("IPv6", false)].map(|(family, four)| {
        let addresses = component.outside_ips().filter(|(ip, _)| ip.is_ipv4() == four);
        (family, addresses.map(|(ip, path)| (ip.to_string(), path)).collect::<Vec<_>>())
    });
    let both = families.iter().all(|(_, addresses)| !addresses.is_empty());
    service.both_families = both;
    push(service, component, ports, origin.clone(), views);
    for (family, addresses) in families.into_iter().filter(|(_, found)| !found.is_empty()) {
        // One slice has one family of addresses.
        let slice = match both && family == "IPv6" {
            true => format!("{name}-ipv6"),
            false => name.clone(),
        };
        let mut meta = Meta::new(slice, Some(&component.namespace), labels(graph, component));
        meta.labels.push(("kubernetes.io/service-name".into(), name.clone()));
        meta.labels.push(("endpointslice.kubernetes.io/managed-by".into(), "weft".into()));
        let mut trace = Trace::default();
        for (position, (_, path)) in addresses.iter().enumerate() {
            let place = Place::Value((*path).clone());
            trace.add(format!("endpoints.{position}.addresses.0"), place);
        }
        let slice = EndpointSlice {
            meta,
            family,
            addresses: addresses.into_iter().map(|(address, _)| address).collect(),
            ports: ports.iter().map(|port| service_port(graph, component, port)).collect(),
        };
        views.push(View::new(Body::EndpointSlice(slice), origin.clone(), trace));
    }
}

/// A port as a Service shows it. The name begins with the protocol, and `appProtocol` repeats it:
/// readers that know only one of the two see the same.
pub(crate) fn service_port(graph: &Graph, component: &Component, port: &Port) -> ServicePort {
    ServicePort {
        name: port.service_name(),
        port: port.port,
        target: port.target,
        target_name: None,
        node_port: None,
        transport: port.protocol.transport(),
        app_protocol: (mode(graph).app_protocol)(graph, component, port),
    }
}

/// The host that stands for a component in every rule: its own name.
pub(super) fn main_host(component: &Component) -> String {
    host(component, &component.name)
}
