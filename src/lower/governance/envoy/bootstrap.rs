//! The bootstrap: where a proxy listens, and whom it knows. It is read once, when the proxy starts.

use std::collections::BTreeMap;

use super::config::{
    Action, Address, Bootstrap, Cluster, ConfigSource, Directory, Empty, Extension, Filter,
    FilterChain, Http1, HttpConnectionManager, HttpFilter, Listener, Node, PathCondition,
    PathConfigSource, Resources, Route, RouteConfiguration, RouteMatch, Router, Routes, TcpProxy,
    Typed, Upgrade, VirtualHost,
};
use super::matching::everything;
use super::{FOLDER, Inlet, READY_PATH, cluster, route};
use crate::graph::{Component, Version};
use crate::traffic::ready;

/// The filter that injects faults, and the type of its settings. It is always there, and does
/// nothing until a route says so.
pub(super) const FAULT: (&str, &str) = (
    "envoy.filters.http.fault",
    "type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault",
);

/// The bootstrap of the proxies of one version.
pub(super) fn bootstrap(
    component: &Component,
    version: &Version,
    inlets: &[Inlet<'_>],
) -> Bootstrap {
    let mut clusters: BTreeMap<String, Cluster> = BTreeMap::new();
    for cluster in inlets.iter().flat_map(cluster::clusters) {
        clusters.entry(cluster.name.clone()).or_insert(cluster);
    }
    let listeners = std::iter::once(readiness(component)).chain(inlets.iter().map(listener));
    Bootstrap {
        node: Node {
            id: format!("{}.{}", version.workload, component.namespace),
            cluster: component.name.to_string(),
        },
        static_resources: Resources {
            listeners: listeners.collect(),
            clusters: clusters.into_values().collect(),
        },
    }
}

/// Where Kubernetes asks: it answers as soon as all that is below is there.
fn readiness(component: &Component) -> Listener {
    let matches = RouteMatch { path: PathCondition::Path(READY_PATH.into()), ..everything() };
    let answer = Route {
        name: String::new(),
        matches,
        action: Action::DirectResponse { status: 200 },
        typed_per_filter_config: None,
    };
    let hosts = VirtualHost { name: "all", domains: ["*"], routes: vec![answer] };
    let routes = Routes::RouteConfig(RouteConfiguration {
        name: "ready".into(),
        virtual_hosts: [hosts],
        validate_clusters: false,
    });
    Listener {
        name: "ready".into(),
        address: Address::new("0.0.0.0", ready(component)),
        traffic_direction: "INBOUND",
        filter_chains: [FilterChain { filters: [http("ready", "ready", routes, false)] }],
    }
}

fn listener(inlet: &Inlet<'_>) -> Listener {
    let filter = match inlet.port.protocol.is_http() {
        true => {
            let path = format!("{FOLDER}/..data/{}", inlet.file);
            let path_config_source =
                PathConfigSource { path, watched_directory: Directory { path: FOLDER } };
            let routes = Routes::Rds {
                route_config_name: inlet.name.clone(),
                config_source: ConfigSource { resource_api_version: "V3", path_config_source },
            };
            http(&inlet.name, &inlet.callee.name, routes, true)
        }
        false => {
            const KIND: &str =
                "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy";
            let proxy = TcpProxy {
                stat_prefix: inlet.name.clone(),
                to: route::connections(inlet),
                idle_timeout: "0s",
            };
            Filter::Tcp(Extension {
                name: "envoy.filters.network.tcp_proxy",
                typed_config: Typed::new(KIND, proxy),
            })
        }
    };
    Listener {
        name: inlet.name.clone(),
        address: Address::new(inlet.address.clone(), inlet.number),
        traffic_direction: if inlet.door { "INBOUND" } else { "OUTBOUND" },
        filter_chains: [FilterChain { filters: [filter] }],
    }
}

/// A filter that takes requests.
fn http(name: &str, host: &str, routes: Routes, governed: bool) -> Filter {
    const KIND: &str = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";
    const ROUTER: &str = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router";
    let fault = Extension { name: FAULT.0, typed_config: Typed::new(FAULT.1, Empty {}) };
    let router = Extension {
        name: "envoy.filters.http.router",
        typed_config: Typed::new(ROUTER, Router { suppress_envoy_headers: true }),
    };
    let mut http_filters = vec![HttpFilter::Router(router)];
    if governed {
        http_filters.insert(0, HttpFilter::Fault(fault));
    }
    let manager = HttpConnectionManager {
        stat_prefix: name.into(),
        codec_type: "AUTO",
        routes,
        http_filters,
        server_header_transformation: "PASS_THROUGH",
        stream_idle_timeout: "0s",
        http_protocol_options: Http1 {
            accept_http_10: true,
            default_host_for_http_10: host.into(),
        },
        upgrade_configs: match governed {
            true => vec![Upgrade { upgrade_type: "websocket" }],
            false => Vec::new(),
        },
    };
    Filter::Http(Box::new(Extension {
        name: "envoy.filters.network.http_connection_manager",
        typed_config: Typed::new(KIND, manager),
    }))
}
