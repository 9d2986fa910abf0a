//! Clusters: where the pods of a version are, and how they are called. All versions are always
//! there, so that routes can lead to any of them at once.

use std::net::IpAddr;

use super::Inlet;
use super::config::{
    Address, AltName, Certificate, CircuitBreakers, Cluster, CommonHttp, CommonLb, CommonTls,
    Discovery, Dns, Empty, Endpoint, Endpoints, Extension, FileName, HttpProtocolOptions,
    HttpVersion, LbEndpoint, LoadAssignment, OutlierDetection, ProtocolOptions, Share, Text,
    Thresholds, Typed, UpstreamTls, Validation,
};
use crate::graph::{Component, Port};
use crate::lower::host;
use crate::lower::service::main_host;
use crate::model::{Duration, ExternalTlsMode, Kind, Protocol};

/// How long it may take to connect, where the file does not say.
const CONNECT: &str = "10s";
/// What the image's operating system trusts.
const SYSTEM: &str = "/etc/ssl/certs/ca-certificates.crt";

/// The name of the cluster of a version, or of what is outside.
pub(super) fn name(callee: &Component, port: &Port, version: Option<usize>) -> String {
    let version = version.map_or("", |version| &*callee.versions[version].name);
    format!("outbound|{}|{version}|{}", port.port, main_host(callee))
}

/// The clusters of everything that an inlet may lead to.
pub(super) fn clusters(inlet: &Inlet<'_>) -> Vec<Cluster> {
    let callee = inlet.callee;
    if callee.kind == Kind::External {
        return vec![outside(inlet)];
    }
    // The address of each pod, from a name that leads to nothing else: calls do not come to the
    // door again.
    let one = |version: usize| {
        let names = callee.pods_name(&callee.versions[version]);
        let places = vec![(host(callee, &names), inlet.port.target)];
        cluster(inlet, Some(version), dns(false), places)
    };
    (0..callee.versions.len()).map(one).collect()
}

/// An address outside: a host name, or IP addresses.
fn outside(inlet: &Inlet<'_>) -> Cluster {
    let callee = inlet.callee;
    let number = inlet.port.target;
    if let Some((address, _)) = callee.outside_hosts().next() {
        // Where the name leads to this very proxy, another name for the same host does not.
        let name = match inlet.host {
            Some(_) => address.to_string(),
            None => main_host(callee),
        };
        return cluster(inlet, None, dns(true), vec![(name, number)]);
    }
    let places = callee.outside_ips().map(|(ip, _)| (ip.to_string(), number)).collect();
    cluster(inlet, None, Discovery::Type("STATIC"), places)
}

fn dns(all_addresses_in_single_endpoint: bool) -> Discovery {
    const KIND: &str = "type.googleapis.com/envoy.extensions.clusters.dns.v3.DnsCluster";
    let dns = Dns {
        dns_refresh_rate: "5s",
        dns_lookup_family: "V4_PREFERRED",
        all_addresses_in_single_endpoint,
    };
    let typed_config = Typed::new(KIND, dns);
    Discovery::ClusterType(Extension { name: "envoy.cluster.dns", typed_config })
}

fn cluster(
    inlet: &Inlet<'_>,
    version: Option<usize>,
    discovery: Discovery,
    places: Vec<(String, u16)>,
) -> Cluster {
    let (callee, port) = (inlet.callee, inlet.port);
    let breaker = callee.traffic.breaker.clone().unwrap_or_default();
    let name = name(callee, port, version);
    let most = |limit: Option<u32>| limit.unwrap_or(u32::MAX);
    let place = |(address, number): (String, u16)| {
        // With its dot a name is whole, and nobody looks for it under other names first.
        let dot = if address.parse::<IpAddr>().is_ok() { "" } else { "." };
        let address = Address::new(format!("{address}{dot}"), number);
        LbEndpoint { endpoint: Endpoint { address } }
    };
    let lb_endpoints = places.into_iter().map(place).collect();
    // Pods that fail get calls only if the file says so: never all at once for want of better ones.
    let floor = breaker.eject.as_ref().and_then(|eject| eject.min_healthy);
    Cluster {
        load_assignment: LoadAssignment {
            cluster_name: name.clone(),
            endpoints: [Endpoints { lb_endpoints }],
        },
        name,
        discovery,
        connect_timeout: breaker
            .connect_timeout
            .as_ref()
            .map_or_else(|| CONNECT.into(), Duration::proto),
        lb_policy: "LEAST_REQUEST",
        common_lb_config: CommonLb {
            healthy_panic_threshold: Share { value: floor.map_or(0, |percent| percent.0) },
        },
        circuit_breakers: CircuitBreakers {
            thresholds: [Thresholds {
                max_connections: most(breaker.connections),
                max_pending_requests: most(breaker.pending),
                max_requests: most(breaker.requests),
                max_retries: most(breaker.retries),
            }],
        },
        outlier_detection: breaker.eject.as_ref().map(|eject| {
            let time = |time: &Option<Duration>, default: &str| {
                time.as_ref().map_or_else(|| default.to_owned(), Duration::proto)
            };
            let on = |count: u32| if count == 0 { 0 } else { 100 };
            let errors = eject.errors.unwrap_or(5);
            let gateway_errors = eject.gateway_errors.unwrap_or(0);
            OutlierDetection {
                consecutive_5xx: errors.max(1),
                enforcing_consecutive_5xx: on(errors),
                consecutive_gateway_failure: (gateway_errors > 0).then_some(gateway_errors),
                enforcing_consecutive_gateway_failure: on(gateway_errors),
                // Envoy would compare pods with each other by itself.
                enforcing_success_rate: 0,
                interval: time(&eject.interval, "10s"),
                base_ejection_time: time(&eject.time, "30s"),
                max_ejection_percent: eject.percent.map_or(10, |percent| percent.0),
            }
        }),
        typed_extension_protocol_options: protocol(port.protocol, breaker.requests_per_connection),
        transport_socket: tls(callee, port),
    }
}

/// How requests are spoken; bytes are passed on as they are.
fn protocol(protocol: Protocol, most: Option<u32>) -> Option<ProtocolOptions> {
    let explicit_http_config = match protocol {
        Protocol::Http => HttpVersion::HttpProtocolOptions(Empty {}),
        Protocol::Http2 | Protocol::Grpc => HttpVersion::Http2ProtocolOptions(Empty {}),
        _ => return None,
    };
    const KIND: &str = "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
    let common_http_protocol_options =
        most.map(|max_requests_per_connection| CommonHttp { max_requests_per_connection });
    let http = HttpProtocolOptions { explicit_http_config, common_http_protocol_options };
    Some(ProtocolOptions { http: Typed::new(KIND, http) })
}

/// TLS around the calls to the outside. What the other side shows is always checked: that it comes
/// from the authority, and that it is for the name asked for.
fn tls(callee: &Component, port: &Port) -> Option<Extension<UpstreamTls>> {
    let tls = callee.tls.as_ref()?;
    let file = |name: &str| FileName { filename: format!("{}/{name}", callee.proxy_path()) };
    let named = callee.outside_hosts().next().map(|(address, _)| &**address);
    // A rule asks for a name where an IP address gives none.
    let sni = tls.sni.as_deref().or(named).unwrap_or_default().to_owned();
    let mutual = tls.mode == Some(ExternalTlsMode::Mutual);
    let trusted_ca = match &tls.secret {
        Some(_) => file("ca.crt"),
        None => FileName { filename: SYSTEM.into() },
    };
    let certificate =
        || Certificate { certificate_chain: file("tls.crt"), private_key: file("tls.key") };
    const KIND: &str =
        "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext";
    let common_tls_context = CommonTls {
        alpn_protocols: match port.protocol {
            Protocol::Http2 | Protocol::Grpc => vec!["h2"],
            Protocol::Http => vec!["http/1.1"],
            _ => Vec::new(),
        },
        tls_certificates: mutual.then(certificate).into_iter().collect(),
        validation_context: Validation {
            trusted_ca,
            match_typed_subject_alt_names: [AltName {
                san_type: "DNS",
                matcher: Text::Exact(sni.clone()),
            }],
        },
    };
    let typed_config = Typed::new(KIND, UpstreamTls { sni, common_tls_context });
    Some(Extension { name: "envoy.transport_sockets.tls", typed_config })
}
