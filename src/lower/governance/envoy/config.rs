//! The documents that Envoy reads, as far as weft writes them.
//!
//! They are JSON within a ConfigMap: a text inside a scalar, which no template of manifests can
//! hold as more than that. So these structs are the views, and serde is their template. Field names
//! are those of Envoy's API, version 3.

use serde::Serialize;

/// A message whose type is named in it.
#[derive(Debug, Serialize)]
pub(super) struct Typed<T> {
    #[serde(rename = "@type")]
    kind: &'static str,
    #[serde(flatten)]
    body: T,
}

impl<T> Typed<T> {
    pub(super) const fn new(kind: &'static str, body: T) -> Self {
        Self { kind, body }
    }
}

/// An extension: its name and its settings.
#[derive(Debug, Serialize)]
pub(super) struct Extension<T> {
    pub(super) name: &'static str,
    pub(super) typed_config: Typed<T>,
}

/// A message without fields.
#[derive(Debug, Default, Serialize)]
pub(super) struct Empty {}

/// `envoy.config.bootstrap.v3.Bootstrap`
#[derive(Debug, Serialize)]
pub(super) struct Bootstrap {
    pub(super) node: Node,
    pub(super) static_resources: Resources,
}

#[derive(Debug, Serialize)]
pub(super) struct Node {
    pub(super) id: String,
    pub(super) cluster: String,
}

#[derive(Debug, Serialize)]
pub(super) struct Resources {
    pub(super) listeners: Vec<Listener>,
    pub(super) clusters: Vec<Cluster>,
}

/// `envoy.config.core.v3.Address`
#[derive(Debug, Serialize)]
pub(super) struct Address {
    socket_address: Socket,
}

#[derive(Debug, Serialize)]
struct Socket {
    address: String,
    port_value: u16,
}

impl Address {
    pub(super) fn new(address: impl Into<String>, port_value: u16) -> Self {
        Self { socket_address: Socket { address: address.into(), port_value } }
    }
}

/// `envoy.config.listener.v3.Listener`
#[derive(Debug, Serialize)]
pub(super) struct Listener {
    pub(super) name: String,
    pub(super) address: Address,
    pub(super) traffic_direction: &'static str,
    pub(super) filter_chains: [FilterChain; 1],
}

#[derive(Debug, Serialize)]
pub(super) struct FilterChain {
    pub(super) filters: [Filter; 1],
}

/// A filter of connections.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Filter {
    Http(Box<Extension<HttpConnectionManager>>),
    Tcp(Extension<TcpProxy>),
}

/// `envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager`
#[derive(Debug, Serialize)]
pub(super) struct HttpConnectionManager {
    pub(super) stat_prefix: String,
    pub(super) codec_type: &'static str,
    #[serde(flatten)]
    pub(super) routes: Routes,
    pub(super) http_filters: Vec<HttpFilter>,
    /// What neither end has written is not put into answers.
    pub(super) server_header_transformation: &'static str,
    /// No call ends because a proxy finds it long.
    pub(super) stream_idle_timeout: &'static str,
    pub(super) http_protocol_options: Http1,
    pub(super) upgrade_configs: Vec<Upgrade>,
}

/// Where routes come from.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Routes {
    /// A file of its own, which is read again when the folder around it is swapped.
    Rds { route_config_name: String, config_source: ConfigSource },
    /// Here.
    RouteConfig(RouteConfiguration),
}

#[derive(Debug, Serialize)]
pub(super) struct ConfigSource {
    pub(super) resource_api_version: &'static str,
    pub(super) path_config_source: PathConfigSource,
}

#[derive(Debug, Serialize)]
pub(super) struct PathConfigSource {
    pub(super) path: String,
    pub(super) watched_directory: Directory,
}

#[derive(Debug, Serialize)]
pub(super) struct Directory {
    pub(super) path: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum HttpFilter {
    Fault(Extension<Empty>),
    Router(Extension<Router>),
}

#[derive(Debug, Serialize)]
pub(super) struct Router {
    /// Its own headers are neither added nor passed to the program.
    pub(super) suppress_envoy_headers: bool,
}

#[derive(Debug, Serialize)]
pub(super) struct Http1 {
    pub(super) accept_http_10: bool,
    pub(super) default_host_for_http_10: String,
}

#[derive(Debug, Serialize)]
pub(super) struct Upgrade {
    pub(super) upgrade_type: &'static str,
}

/// `envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy`
#[derive(Debug, Serialize)]
pub(super) struct TcpProxy {
    pub(super) stat_prefix: String,
    #[serde(flatten)]
    pub(super) to: Destination,
    /// A connection without a word for an hour is still one.
    pub(super) idle_timeout: &'static str,
}

/// One cluster, or several by weight.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Destination {
    Cluster(String),
    WeightedClusters(WeightedClusters),
}

#[derive(Debug, Serialize)]
pub(super) struct WeightedClusters {
    pub(super) clusters: Vec<WeightedCluster>,
}

#[derive(Debug, Serialize)]
pub(super) struct WeightedCluster {
    pub(super) name: String,
    pub(super) weight: u8,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) response_headers_to_add: Vec<HeaderToAdd>,
}

#[derive(Debug, Serialize)]
pub(super) struct HeaderToAdd {
    pub(super) header: Header,
    pub(super) append_action: &'static str,
}

#[derive(Debug, Serialize)]
pub(super) struct Header {
    pub(super) key: &'static str,
    pub(super) value: String,
}

/// What a file of routes holds: `envoy.service.discovery.v3.DiscoveryResponse`.
#[derive(Debug, Serialize)]
pub(super) struct RouteFile {
    pub(super) resources: [Typed<RouteConfiguration>; 1],
}

/// `envoy.config.route.v3.RouteConfiguration`
#[derive(Debug, Serialize)]
pub(super) struct RouteConfiguration {
    pub(super) name: String,
    pub(super) virtual_hosts: [VirtualHost; 1],
    /// Routes to a version that this proxy has not heard of are refused as a whole, and the old
    /// ones stay until the pod is replaced by one that has.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) validate_clusters: bool,
}

#[derive(Debug, Serialize)]
pub(super) struct VirtualHost {
    pub(super) name: &'static str,
    pub(super) domains: [&'static str; 1],
    pub(super) routes: Vec<Route>,
}

/// `envoy.config.route.v3.Route`
#[derive(Debug, Serialize)]
pub(super) struct Route {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) name: String,
    #[serde(rename = "match")]
    pub(super) matches: RouteMatch,
    #[serde(flatten)]
    pub(super) action: Action,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) typed_per_filter_config: Option<PerFilter>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Action {
    Route(Box<RouteAction>),
    DirectResponse { status: u16 },
}

#[derive(Debug, Serialize)]
pub(super) struct PerFilter {
    #[serde(rename = "envoy.filters.http.fault")]
    pub(super) fault: Typed<HttpFault>,
}

/// `envoy.extensions.filters.http.fault.v3.HTTPFault`
#[derive(Debug, Serialize)]
pub(super) struct HttpFault {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) delay: Option<Delay>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) abort: Option<Abort>,
}

#[derive(Debug, Serialize)]
pub(super) struct Delay {
    pub(super) fixed_delay: String,
    pub(super) percentage: Percentage,
}

#[derive(Debug, Serialize)]
pub(super) struct Abort {
    pub(super) http_status: u16,
    pub(super) percentage: Percentage,
}

#[derive(Debug, Serialize)]
pub(super) struct Percentage {
    numerator: u8,
    denominator: &'static str,
}

impl Percentage {
    pub(super) const fn new(numerator: u8) -> Self {
        Self { numerator, denominator: "HUNDRED" }
    }
}

/// `envoy.config.route.v3.RouteMatch`
#[derive(Debug, Serialize)]
pub(super) struct RouteMatch {
    #[serde(flatten)]
    pub(super) path: PathCondition,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) headers: Vec<HeaderMatcher>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) query_parameters: Vec<QueryMatcher>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum PathCondition {
    Prefix(String),
    Path(String),
    PathSeparatedPrefix(String),
    SafeRegex(Regex),
}

#[derive(Debug, Serialize)]
pub(super) struct Regex {
    pub(super) regex: String,
}

/// `envoy.config.route.v3.HeaderMatcher`
#[derive(Debug, Serialize)]
pub(super) struct HeaderMatcher {
    pub(super) name: String,
    #[serde(flatten)]
    pub(super) condition: Condition,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) invert_match: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) treat_missing_header_as_empty: bool,
}

#[derive(Debug, Serialize)]
pub(super) struct QueryMatcher {
    pub(super) name: String,
    #[serde(flatten)]
    pub(super) condition: Condition,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Condition {
    StringMatch(Text),
    PresentMatch(bool),
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Text {
    Exact(String),
    Prefix(String),
    SafeRegex(Regex),
}

/// `envoy.config.route.v3.RouteAction`
#[derive(Debug, Serialize)]
pub(super) struct RouteAction {
    #[serde(flatten)]
    pub(super) to: Destination,
    pub(super) timeout: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) retry_policy: Option<RetryPolicy>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) regex_rewrite: Option<RegexRewrite>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) host_rewrite_literal: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) request_mirror_policies: Vec<Mirror>,
}

#[derive(Debug, Serialize)]
pub(super) struct RegexRewrite {
    pub(super) pattern: Regex,
    pub(super) substitution: String,
}

#[derive(Debug, Serialize)]
pub(super) struct Mirror {
    pub(super) cluster: String,
    pub(super) runtime_fraction: Fraction,
    /// A copy is one of the host too.
    pub(super) disable_shadow_host_suffix_append: bool,
}

#[derive(Debug, Serialize)]
pub(super) struct Fraction {
    pub(super) default_value: Percentage,
}

/// `envoy.config.route.v3.RetryPolicy`
#[derive(Debug, Serialize)]
pub(super) struct RetryPolicy {
    pub(super) retry_on: String,
    pub(super) num_retries: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) per_try_timeout: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) retriable_status_codes: Vec<u16>,
    pub(super) retry_host_predicate: [Extension<Empty>; 1],
    pub(super) host_selection_retry_max_attempts: u8,
}

/// `envoy.config.cluster.v3.Cluster`
#[derive(Debug, Serialize)]
pub(super) struct Cluster {
    pub(super) name: String,
    #[serde(flatten)]
    pub(super) discovery: Discovery,
    pub(super) connect_timeout: String,
    pub(super) lb_policy: &'static str,
    pub(super) load_assignment: LoadAssignment,
    pub(super) common_lb_config: CommonLb,
    pub(super) circuit_breakers: CircuitBreakers,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) outlier_detection: Option<OutlierDetection>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) typed_extension_protocol_options: Option<ProtocolOptions>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) transport_socket: Option<Extension<UpstreamTls>>,
}

/// How a cluster finds its pods.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Discovery {
    ClusterType(Extension<Dns>),
    Type(&'static str),
}

/// `envoy.extensions.clusters.dns.v3.DnsCluster`
#[derive(Debug, Serialize)]
pub(super) struct Dns {
    pub(super) dns_refresh_rate: &'static str,
    pub(super) dns_lookup_family: &'static str,
    /// Whether all addresses are of one place, as those of a host outside.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) all_addresses_in_single_endpoint: bool,
}

#[derive(Debug, Serialize)]
pub(super) struct LoadAssignment {
    pub(super) cluster_name: String,
    pub(super) endpoints: [Endpoints; 1],
}

#[derive(Debug, Serialize)]
pub(super) struct Endpoints {
    pub(super) lb_endpoints: Vec<LbEndpoint>,
}

#[derive(Debug, Serialize)]
pub(super) struct LbEndpoint {
    pub(super) endpoint: Endpoint,
}

#[derive(Debug, Serialize)]
pub(super) struct Endpoint {
    pub(super) address: Address,
}

#[derive(Debug, Serialize)]
pub(super) struct CommonLb {
    pub(super) healthy_panic_threshold: Share,
}

#[derive(Debug, Serialize)]
pub(super) struct Share {
    pub(super) value: u8,
}

#[derive(Debug, Serialize)]
pub(super) struct CircuitBreakers {
    pub(super) thresholds: [Thresholds; 1],
}

#[derive(Debug, Serialize)]
pub(super) struct Thresholds {
    pub(super) max_connections: u32,
    pub(super) max_pending_requests: u32,
    pub(super) max_requests: u32,
    pub(super) max_retries: u32,
}

/// `envoy.config.cluster.v3.OutlierDetection`
#[derive(Debug, Serialize)]
pub(super) struct OutlierDetection {
    pub(super) consecutive_5xx: u32,
    pub(super) enforcing_consecutive_5xx: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) consecutive_gateway_failure: Option<u32>,
    pub(super) enforcing_consecutive_gateway_failure: u8,
    pub(super) enforcing_success_rate: u8,
    pub(super) interval: String,
    pub(super) base_ejection_time: String,
    pub(super) max_ejection_percent: u8,
}

#[derive(Debug, Serialize)]
pub(super) struct ProtocolOptions {
    #[serde(rename = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions")]
    pub(super) http: Typed<HttpProtocolOptions>,
}

#[derive(Debug, Serialize)]
pub(super) struct HttpProtocolOptions {
    pub(super) explicit_http_config: HttpVersion,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) common_http_protocol_options: Option<CommonHttp>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum HttpVersion {
    HttpProtocolOptions(Empty),
    Http2ProtocolOptions(Empty),
}

#[derive(Debug, Serialize)]
pub(super) struct CommonHttp {
    pub(super) max_requests_per_connection: u32,
}

/// `envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext`
#[derive(Debug, Serialize)]
pub(super) struct UpstreamTls {
    pub(super) sni: String,
    pub(super) common_tls_context: CommonTls,
}

#[derive(Debug, Serialize)]
pub(super) struct CommonTls {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) alpn_protocols: Vec<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) tls_certificates: Vec<Certificate>,
    pub(super) validation_context: Validation,
}

#[derive(Debug, Serialize)]
pub(super) struct Certificate {
    pub(super) certificate_chain: FileName,
    pub(super) private_key: FileName,
}

#[derive(Debug, Serialize)]
pub(super) struct FileName {
    pub(super) filename: String,
}

#[derive(Debug, Serialize)]
pub(super) struct Validation {
    pub(super) trusted_ca: FileName,
    pub(super) match_typed_subject_alt_names: [AltName; 1],
}

#[derive(Debug, Serialize)]
pub(super) struct AltName {
    pub(super) san_type: &'static str,
    pub(super) matcher: Text,
}
