//! What the templates of a mode of the author's own are given: the application as weft understood
//! it, in the words of no mode. Names are bound, defaults and environments applied, and what the
//! manifest says the mode cannot do is left out.

use serde::Serialize;

use super::Pairs;

/// Everything that a template is given. Which of the fields are there depends on what it is rendered
/// for: `components` for the application, `component` for a component, and for a version `version`
/// too.
#[derive(Debug, Serialize)]
pub struct Given {
    /// The application.
    pub app: App,
    /// Every component, by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub components: Option<Vec<Component>>,
    /// The component.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub component: Option<Component>,
    /// The version of the component.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<Version>,
}

/// The application.
#[derive(Clone, Debug, Serialize)]
pub struct App {
    /// Its name.
    pub name: String,
    /// Its own version, if it has one.
    pub version: Option<String>,
    /// The namespace of the entry, and of every component without one of its own.
    pub namespace: String,
    /// Every namespace that it has objects in.
    pub namespaces: Vec<String>,
    /// Whether components can be called by their declared callers alone.
    pub access: bool,
    /// Whether components can call what they declare and nothing else.
    pub egress: bool,
    /// How calls within the mesh are secured: `strict`, `permissive`, or none where the mesh decides.
    pub mtls: Option<&'static str>,
    /// The class of the shared gateway, if it is one of Gateway API and has one.
    pub gateway_class: Option<String>,
    /// The namespace of the pods of the shared gateway, where the file says it.
    pub gateway_namespace: Option<String>,
}

/// A component.
#[derive(Clone, Debug, Serialize)]
pub struct Component {
    /// Its name, also its first DNS name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// Its kind, as in the app file: `deployment`, `external` and so on.
    pub kind: &'static str,
    /// Whether its pods are in the mesh.
    pub meshed: bool,
    /// Whether its own name leads to each pod by itself. Then there are no routes.
    pub headless: bool,
    /// The service account of its pods, which is their identity.
    pub account: String,
    /// Whether its pods get a token for the Kubernetes API.
    pub token: bool,
    /// Labels that find its pods.
    pub pods: Pairs,
    /// Where an external component is: host names and IP addresses.
    pub addresses: Vec<String>,
    /// Its ports that anyone can call, by name.
    pub ports: Vec<Port>,
    /// The Services that lead to all of its versions: its own name first, then its aliases.
    pub names: Vec<ServiceName>,
    /// Its versions, by name.
    pub versions: Vec<Version>,
    /// Whether the file declares versions, so that each has a Service of its own.
    pub versioned: bool,
    /// How calls to it go: for each port that speaks HTTP one for its own name and its aliases, and
    /// one for each version that has a Service; for each port that speaks TCP with a split, one.
    pub routes: Vec<Route>,
    /// How much it may be asked at once.
    pub limits: Option<Limits>,
    /// When pods that fail get no more calls for a while.
    pub ejection: Option<Ejection>,
    /// Who calls whom: one for all versions, and one for each that has calls of its own.
    pub policies: Vec<Policy>,
}

/// A port.
#[derive(Clone, Debug, Serialize)]
pub struct Port {
    /// Its name in a Service.
    pub name: String,
    /// The number that callers use.
    pub number: u16,
    /// The number that the container listens on.
    pub target: u16,
    /// What is spoken there, as in the app file: `http`, `grpc`, `tcp` and so on.
    pub protocol: &'static str,
    /// `TCP`, `UDP` or `SCTP`.
    pub transport: &'static str,
    /// Whether requests can be told apart.
    pub http: bool,
}

/// A Service that leads to all versions of a component.
#[derive(Clone, Debug, Serialize)]
pub struct ServiceName {
    /// The name of the Service.
    pub service: String,
    /// Its full DNS name.
    pub host: String,
    /// Whether it leads to each pod by itself.
    pub headless: bool,
}

/// A version of a component.
#[derive(Clone, Debug, Serialize)]
pub struct Version {
    /// Its name.
    pub name: String,
    /// The name of its workload.
    pub workload: String,
    /// The Service that leads to it: one of its own, or the component's where versions are not
    /// declared.
    pub service: String,
    /// The full DNS name of that Service.
    pub host: String,
    /// Labels that find its pods.
    pub pods: Pairs,
    /// What it calls.
    pub calls: Vec<Call>,
}

/// A declared call.
#[derive(Clone, Debug, Serialize)]
pub struct Call {
    /// The component that is called.
    pub component: String,
    /// Its namespace.
    pub namespace: String,
    /// The Service by whose name it is called.
    pub service: String,
    /// The number that is called.
    pub number: u16,
}

/// How calls to some Services go: steps in order, the first that matches decides. The last one
/// matches every call.
#[derive(Clone, Debug, Serialize)]
pub struct Route {
    /// A name that no other route of the namespace has, nor any route of the entry.
    pub name: String,
    /// Whether requests are told apart; else connections.
    pub http: bool,
    /// The name of the port in a Service.
    pub port: String,
    /// The Services whose calls it is about.
    pub services: Vec<RoutedService>,
    /// The version that these Services lead to alone; none is all versions.
    pub version: Option<String>,
    /// Whether calls would go like this without it: one step, to the Service that was called, and
    /// nothing else done with them. A mesh that tries failed calls again by itself needs a route all
    /// the same.
    pub plain: bool,
    /// The steps.
    pub steps: Vec<Step>,
}

/// A Service whose calls are routed.
#[derive(Clone, Debug, Serialize)]
pub struct RoutedService {
    /// The name of the Service.
    pub service: String,
    /// Its full DNS name.
    pub host: String,
    /// The number that its callers use.
    pub number: u16,
}

/// Calls that are treated alike.
#[derive(Clone, Debug, Serialize)]
pub struct Step {
    /// A name that no other step of the route has: `rule-1`, `default`, `rule-1-kept-v2`.
    pub name: String,
    /// Whether it matches every call.
    pub any: bool,
    /// A condition on the path.
    pub path: Option<PathCondition>,
    /// The method.
    pub method: Option<&'static str>,
    /// Conditions on headers, those on cookies among them; all must hold.
    pub headers: Vec<Condition>,
    /// Conditions on query parameters; all must hold.
    pub query: Vec<Condition>,
    /// The components whose calls it matches; none is everyone's.
    pub callers: Vec<Peer>,
    /// Where calls go: to one Service, or to several by their weights.
    pub destinations: Vec<Destination>,
    /// What calls look like when they arrive.
    pub rewrite: Option<Rewrite>,
    /// How often failed calls are tried again.
    pub retries: Retries,
    /// How long a call may take.
    pub timeout: Option<Time>,
    /// Calls that are made to wait.
    pub delay: Option<Delay>,
    /// Calls that are made to fail.
    pub abort: Option<Abort>,
    /// Calls that are copied.
    pub mirror: Option<Mirror>,
}

/// A condition on a path.
#[derive(Clone, Debug, Serialize)]
pub struct PathCondition {
    /// `exact`, `prefix` (by segment), `text` (a prefix by text) or `regex` (of the whole path, RE2).
    pub kind: &'static str,
    /// The path, prefix or expression.
    pub value: String,
    /// Whether it is paths that do not match.
    pub negated: bool,
}

/// A condition on a header or a query parameter.
#[derive(Clone, Debug, Serialize)]
pub struct Condition {
    /// The name of the header or parameter.
    pub name: String,
    /// Whether the value is the text itself; else it is an expression of the whole text (RE2).
    pub exact: bool,
    /// The text or expression.
    pub value: String,
    /// Whether it holds where the value does not match, or is absent.
    pub negated: bool,
}

/// Where calls go.
#[derive(Clone, Debug, Serialize)]
pub struct Destination {
    /// The version; none is all of them, by their pods.
    pub version: Option<String>,
    /// The Service.
    pub service: String,
    /// Its full DNS name.
    pub host: String,
    /// The number of its port.
    pub number: u16,
    /// Calls in 100.
    pub weight: u8,
    /// The value of the header `Set-Cookie` that keeps users on this version.
    pub cookie: Option<String>,
}

/// What calls look like when they arrive.
#[derive(Clone, Debug, Serialize)]
pub struct Rewrite {
    /// The whole path.
    pub path: Option<String>,
    /// What stands in place of the prefix that the step matches.
    pub prefix: Option<String>,
    /// The host.
    pub host: Option<String>,
}

/// How often failed calls are tried again.
#[derive(Clone, Debug, Serialize)]
pub struct Retries {
    /// Whether that is left to the mesh. Else it is as below, also where that is never.
    pub by_mesh: bool,
    /// The most tries after the first; 0 is never.
    pub attempts: u32,
    /// How long each may take.
    pub per_try: Option<Time>,
    /// What counts as failed, in Envoy's words and as statuses; without any, connection failures and
    /// 503.
    pub on: Vec<String>,
}

/// A length of time, in the ways that configurations write it.
#[derive(Clone, Debug, Serialize)]
pub struct Time {
    /// In milliseconds.
    pub millis: u64,
    /// In units, as Go and Gateway API have it: `1m30s`, `250ms`.
    pub units: String,
    /// In seconds with a fraction, as protobuf has it: `0.250s`.
    pub seconds: String,
}

/// Calls that are made to wait.
#[derive(Clone, Debug, Serialize)]
pub struct Delay {
    /// How long.
    pub time: Time,
    /// Of how many calls in 100.
    pub percent: u8,
}

/// Calls that are made to fail.
#[derive(Clone, Debug, Serialize)]
pub struct Abort {
    /// The HTTP status.
    pub status: u16,
    /// Of how many calls in 100.
    pub percent: u8,
}

/// Calls that are copied.
#[derive(Clone, Debug, Serialize)]
pub struct Mirror {
    /// Where the copies go.
    pub to: Destination,
    /// Of how many calls in 100.
    pub percent: u8,
}

/// How much a component may be asked at once, by each caller's proxy.
#[derive(Clone, Debug, Serialize)]
pub struct Limits {
    /// The most connections open at once.
    pub connections: Option<u32>,
    /// How long it may take to connect.
    pub connect_timeout: Option<Time>,
    /// The most requests that wait for a connection.
    pub pending: Option<u32>,
    /// The most requests under way at once.
    pub requests: Option<u32>,
    /// The most requests on one connection.
    pub requests_per_connection: Option<u32>,
    /// The most retries under way at once.
    pub retries: Option<u32>,
}

/// When pods that fail get no more calls for a while.
#[derive(Clone, Debug, Serialize)]
pub struct Ejection {
    /// After how many failures in a row.
    pub errors: Option<u32>,
    /// After how many gateway errors in a row.
    pub gateway_errors: Option<u32>,
    /// How often pods are looked at.
    pub interval: Option<Time>,
    /// For how long, the first time.
    pub time: Option<Time>,
    /// The most pods that are out at once, in percent.
    pub percent: Option<u8>,
    /// Below this share of healthy pods, in percent, all get calls again.
    pub min_healthy: Option<u8>,
}

/// Who calls a component, or one version of it, and whom it calls.
#[derive(Clone, Debug, Serialize)]
pub struct Policy {
    /// A name for what is made of it: the component's, or that of the version's Service.
    pub name: String,
    /// The version that it is about; none is all of them.
    pub version: Option<String>,
    /// Labels that find its pods.
    pub pods: Pairs,
    /// Who calls it, by port of the container.
    pub incoming: Vec<Incoming>,
    /// Whom it calls.
    pub outgoing: Vec<Outgoing>,
}

/// Who calls a port of the container.
#[derive(Clone, Debug, Serialize)]
pub struct Incoming {
    /// The number that the container listens on.
    pub target: u16,
    /// `TCP`, `UDP` or `SCTP`.
    pub transport: &'static str,
    /// Components, readers of metrics, a gateway that runs for this app alone, and the component's own
    /// pods where they call each other.
    pub callers: Vec<Peer>,
    /// Whether calls come through a shared gateway whose pods are none that weft knows.
    pub gateway: bool,
    /// Whether calls come from anywhere: through a load balancer or a port of the nodes.
    pub anyone: bool,
}

/// A component that is called, on one port.
#[derive(Clone, Debug, Serialize)]
pub struct Outgoing {
    /// The pods that are called; none is outside the cluster.
    pub callee: Option<Peer>,
    /// Host names outside.
    pub hosts: Vec<String>,
    /// Addresses outside, as ranges: `203.0.113.7/32`.
    pub ranges: Vec<String>,
    /// The number that the container listens on, or the one outside.
    pub target: u16,
    /// `TCP`, `UDP` or `SCTP`.
    pub transport: &'static str,
}

/// Some pods, as others know them.
#[derive(Clone, Debug, Serialize)]
pub struct Peer {
    /// The component; none where they are none of the app's.
    pub component: Option<String>,
    /// The namespace.
    pub namespace: String,
    /// The service account, which is the identity; none where nobody knows it.
    pub account: Option<String>,
    /// Labels that find them; none is every pod of the namespace.
    pub pods: Pairs,
    /// Whether they are in the mesh.
    pub meshed: bool,
}
