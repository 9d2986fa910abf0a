//! Addresses outside the mesh.

use super::route::retries_of;
use crate::graph::{Component, Graph, Port};
use crate::lower::labels;
use crate::lower::view::{
    Body, Destination, HttpRouteOfIstio, IstioMatch, Meta, ServiceEntry, ServiceEntryPort, Trace,
    View, VirtualService,
};
use crate::model::Protocol;
use crate::source::Place;

pub(super) fn service_entry(graph: &Graph, component: &Component, views: &mut Vec<View>) {
    let Some(address) = component.address.as_deref() else { return };
    if address.parse::<std::net::IpAddr>().is_ok() {
        // A Service with an EndpointSlice says it already.
        return;
    }
    // Of bytes alone the proxy cannot tell whom they are for, so a name is no use to it: such calls
    // pass by it. Only where it sees a host or a server name does an entry mean anything.
    let ports: Vec<ServiceEntryPort> = component
        .ports
        .iter()
        .filter_map(|port| {
            let protocol = match port.protocol {
                Protocol::Http => "HTTP",
                Protocol::Https => "HTTPS",
                Protocol::Http2 => "HTTP2",
                Protocol::Grpc => "GRPC",
                Protocol::Tls => "TLS",
                _ => return None,
            };
            Some(ServiceEntryPort { name: port.service_name(), number: port.port, protocol })
        })
        .collect();
    if ports.is_empty() {
        return;
    }
    let several = ports.len() > 1;
    let meta =
        Meta::new(component.name.to_string(), Some(&component.namespace), labels(graph, component));
    let entry = ServiceEntry { meta, host: address.to_owned(), ports };
    let trace = Trace::default().at("spec.hosts.0", Place::Value(component.path.field("address")));
    views.push(View::new(Body::ServiceEntry(entry), component.path.clone(), trace));
    let http = component.ports.iter().filter(|port| port.protocol.is_http());
    let routes: Vec<HttpRouteOfIstio> =
        http.map(|port| plain_route(port, several, vec![to_address(address, port)])).collect();
    if routes.is_empty() {
        return;
    }
    let meta =
        Meta::new(component.name.to_string(), Some(&component.namespace), labels(graph, component));
    let service = VirtualService {
        meta,
        hosts: vec![address.to_owned()],
        gateways: vec!["mesh".into()],
        http: routes,
        tls: Vec::new(),
        tcp: Vec::new(),
    };
    views.push(View::new(Body::VirtualService(service), component.path.clone(), Trace::default()));
}

pub(super) fn to_address(address: &str, port: &Port) -> Destination {
    Destination {
        host: address.to_owned(),
        subset: None,
        port: port.port,
        weight: None,
        cookie: None,
    }
}

/// A route that passes calls on and does nothing else; above all, it does not repeat them.
pub(super) fn plain_route(
    port: &Port,
    several: bool,
    destinations: Vec<Destination>,
) -> HttpRouteOfIstio {
    let name = format!("default-{}", port.name);
    let condition =
        IstioMatch { name: name.clone(), port: Some(port.port), ..IstioMatch::default() };
    HttpRouteOfIstio {
        name,
        matches: if several { vec![condition] } else { Vec::new() },
        destinations,
        rewrite: None,
        retries: retries_of(None),
        timeout: None,
        delay: None,
        abort: None,
        mirror: None,
    }
}
