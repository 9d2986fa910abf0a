//! How calls are routed and treated.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::{
    CookieName, Duration, HeaderName, HostName, Lifetime, Name, RetryOn, RolloutId, UrlPath,
};

/// How calls to a component are routed and treated.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Traffic {
    /// What to do where a mode cannot do this exactly. Without it: refuse.
    #[schemars(example = &"approximate")]
    pub fallback: Option<Fallback>,
    /// Rules in order; the first that matches decides.
    #[schemars(example = json!([{ "match": { "headers": { "end-user": "jason" } }, "to": "v2" }]))]
    pub rules: Option<Vec<Rule>>,
    /// What is left, in percent for each version; must come to 100.
    pub split: Option<Split>,
    /// Keeps a user on the version that a split chose, by a cookie.
    pub sticky: Option<Sticky>,
    /// How often a failed call is tried again: a policy, or `mesh` for the mesh's own default. Without it: never.
    pub retries: Option<Retries>,
    /// How long a call may take. Without it: as long as it likes.
    #[schemars(example = &"2s")]
    pub timeout: Option<Duration>,
    /// How much the component may be asked at once, and which pods get no more calls for a while.
    pub circuit_breaker: Option<CircuitBreaker>,
    /// Failures to inject.
    pub fault: Option<Fault>,
    /// A version that gets a copy of the calls; its answers are thrown away.
    pub mirror: Option<Mirror>,
}

/// What to do where a mode cannot do something exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Fallback {
    /// Come as close as the mode can, and say how close.
    Approximate,
    /// Leave it out, and say so.
    Drop,
}

impl Fallback {
    /// Its name in the file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Approximate => "approximate",
            Self::Drop => "drop",
        }
    }
}

/// One rule: what it matches, and where those calls go.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct Rule {
    /// What a call must look like; every condition must hold. Without it: every call.
    #[serde(rename = "match")]
    pub matches: Option<Match>,
    /// The version that takes the calls.
    #[schemars(example = &"v3")]
    #[schemars(extend("x-names" = "version"))]
    pub to: Option<Name>,
    /// The versions that share the calls, in percent; must come to 100.
    pub split: Option<Split>,
    /// What the calls look like when they arrive. Without it: as they were sent.
    pub rewrite: Option<Rewrite>,
    /// How often a failed call is tried again. Without it: as the component says.
    pub retries: Option<Retries>,
    /// How long a call may take. Without it: as the component says.
    #[schemars(example = &"2s")]
    pub timeout: Option<Duration>,
    /// Failures to inject. Without it: as the component says.
    pub fault: Option<Fault>,
    /// A version that gets a copy of the calls. Without it: as the component says.
    pub mirror: Option<Mirror>,
    /// What to do where a mode cannot do this exactly. Without it: as the component says.
    #[schemars(example = &"drop")]
    pub fallback: Option<Fallback>,
}

/// Shares of calls, by version.
#[derive(Clone, Debug, PartialEq)]
pub struct Split {
    /// Calls in 100 for each version.
    pub weights: BTreeMap<Name, Percent>,
    /// Whether the shares stand under `weights`.
    pub long: bool,
    /// What to do where a mode cannot split like this.
    pub fallback: Option<Fallback>,
}

/// Conditions on a call; every one must hold.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct Match {
    /// Conditions on request headers, by name.
    pub headers: Option<BTreeMap<HeaderName, Matcher>>,
    /// Conditions on cookies, by name.
    pub cookies: Option<BTreeMap<HeaderName, Matcher>>,
    /// A condition on the path. `prefix` goes by segment, `startsWith` by text.
    pub path: Option<Matcher>,
    /// A condition on the method.
    #[schemars(example = &"GET")]
    pub method: Option<Method>,
    /// Conditions on query parameters, by name.
    pub query: Option<BTreeMap<String, Matcher>>,
    /// The component that calls; of several, any. Calls from outside have none.
    pub caller: Option<Callers>,
}

impl Match {
    /// Whether it looks at requests. If it does not, it can tell connections apart as well.
    pub const fn sees_requests(&self) -> bool {
        self.headers.is_some()
            || self.cookies.is_some()
            || self.path.is_some()
            || self.method.is_some()
            || self.query.is_some()
    }
}

/// Components that call.
#[derive(Clone, Debug)]
pub struct Callers {
    /// Their names.
    pub names: Vec<Name>,
    /// Whether they are written as a list.
    pub listed: bool,
}

/// The methods of RFC 9110 and RFC 5789.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
#[allow(missing_docs, reason = "the names are HTTP's own")]
pub enum Method {
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
    Options,
    Connect,
    Trace,
}

impl Method {
    /// HTTP's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
            Self::Options => "OPTIONS",
            Self::Connect => "CONNECT",
            Self::Trace => "TRACE",
        }
    }
}

/// A condition on one text: the text itself, or exactly one of the ways below.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Matcher {
    /// Equal to this text.
    Exact(String),
    /// Begins with this text; of a path, with these segments.
    Prefix(String),
    /// Begins with this text, segments or not. Paths only.
    StartsWith(String),
    /// Matched as a whole by this regular expression (RE2 syntax).
    Regex(String),
    /// There at all, or not at all.
    Present(bool),
    /// Not matched by this condition, or not there at all.
    Not(Box<Self>),
}

impl Matcher {
    /// The condition that a negation negates; any other is itself.
    pub fn positive(&self) -> &Self {
        match self {
            Self::Not(inner) => inner.positive(),
            other => other,
        }
    }

    /// Whether it holds of what is not there.
    pub const fn takes_absent(&self) -> bool {
        matches!(self, Self::Present(false) | Self::Not(_))
    }
}

/// Keeps a user on the version that a split chose: the answer sets a cookie, and calls with that
/// cookie go where the first one went.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
pub struct Sticky {
    /// The name of the cookie.
    #[schemars(example = &"canary")]
    pub cookie: CookieName,
    /// How long it is kept. Without it: until the browser is closed.
    #[schemars(example = &"1d")]
    pub lifetime: Option<Lifetime>,
    /// The name of the rollout. Another name lets everyone be assigned anew. Without it: nobody is,
    /// as long as the version has a share.
    #[schemars(example = &"spring")]
    pub rollout: Option<RolloutId>,
}

/// What calls look like when they arrive: `path` or `prefix`, `host`, or both.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(extend("minProperties" = 1))]
pub struct Rewrite {
    /// The whole path, without the query.
    #[schemars(example = &"/index.html")]
    pub path: Option<UrlPath>,
    /// What stands in place of the prefix that the rule matches.
    #[schemars(example = &"/v2")]
    pub prefix: Option<UrlPath>,
    /// The host.
    #[schemars(example = &"old.example.com")]
    pub host: Option<HostName>,
}

/// How much a component may be asked at once, by each caller's proxy, and which pods get no more
/// calls for a while.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("minProperties" = 1))]
pub struct CircuitBreaker {
    /// The most connections open at once.
    #[schemars(range(min = 1, max = 2_147_483_647), example = 100)]
    pub connections: Option<u32>,
    /// How long it may take to connect. Without it: 10 seconds, as Istio has it.
    #[schemars(example = &"1s")]
    pub connect_timeout: Option<Duration>,
    /// The most requests that wait for a connection.
    #[schemars(range(min = 1, max = 2_147_483_647), example = 50)]
    pub pending: Option<u32>,
    /// The most requests under way at once.
    #[schemars(range(min = 1, max = 2_147_483_647), example = 200)]
    pub requests: Option<u32>,
    /// The most requests on one connection; 1 switches keep-alive off.
    #[schemars(range(min = 1, max = 536_870_912), example = 1000)]
    pub requests_per_connection: Option<u32>,
    /// The most retries under way at once.
    #[schemars(range(min = 1, max = 2_147_483_647), example = 3)]
    pub retries: Option<u32>,
    /// Takes pods that fail out of the balancing for a while.
    pub eject: Option<Eject>,
}

impl CircuitBreaker {
    /// Whether it limits anything.
    pub const fn limits(&self) -> bool {
        self.connections.is_some()
            || self.connect_timeout.is_some()
            || self.pending.is_some()
            || self.requests.is_some()
            || self.requests_per_connection.is_some()
            || self.retries.is_some()
    }
}

/// Takes pods that fail out of the balancing for a while.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("minProperties" = 1))]
pub struct Eject {
    /// After how many failures in a row: statuses of 500 and above, lost and refused connections;
    /// 0 is never. Without it: 5.
    #[schemars(range(max = 2_147_483_647), example = 5)]
    pub errors: Option<u32>,
    /// After how many gateway errors in a row: 502, 503, 504. Without it: never for these alone.
    #[schemars(range(max = 2_147_483_647), example = 3)]
    pub gateway_errors: Option<u32>,
    /// How often pods are looked at. Without it: every 10 seconds.
    #[schemars(example = &"10s")]
    pub interval: Option<Duration>,
    /// For how long, the first time; longer with each further time. Without it: 30 seconds.
    #[schemars(example = &"30s")]
    pub time: Option<Duration>,
    /// The most pods of a version that are out at once, in percent. Without it: 10.
    #[schemars(range(min = 1), example = 50)]
    pub percent: Option<Percent>,
    /// Below this share of healthy pods, in percent, all get calls again. Without it: they never do.
    #[schemars(example = 30)]
    pub min_healthy: Option<Percent>,
}

/// How often a failed call is tried again.
#[derive(Clone, Debug, PartialEq)]
pub enum Retries {
    /// Whatever the mesh does by itself.
    Mesh,
    /// As written.
    Policy(RetryPolicy),
}

impl Retries {
    /// Whether the file asks for failed calls to be tried again.
    pub fn repeat(&self) -> bool {
        matches!(self, Self::Policy(policy) if policy.attempts > 0)
    }
}

/// How often a failed call is tried again.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RetryPolicy {
    /// The most tries after the first; 0 is never.
    #[schemars(range(max = 100), example = 2)]
    pub attempts: u32,
    /// How long each try may take. Without it: the timeout.
    #[schemars(example = &"500ms")]
    pub per_try: Option<Duration>,
    /// What counts as failed, in Envoy's words. Without it: connection failures and 503.
    #[schemars(example = ["connect-failure", "503"])]
    #[schemars(length(min = 1))]
    pub on: Option<Vec<RetryOn>>,
}

/// Failures to inject.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
pub struct Fault {
    /// Makes calls wait.
    pub delay: Option<Delay>,
    /// Makes calls fail.
    pub abort: Option<Abort>,
}

/// Makes calls wait.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
pub struct Delay {
    /// How long.
    #[schemars(example = &"7s")]
    pub time: Duration,
    /// Of how many calls in 100. Without it: all.
    pub percent: Option<Percent>,
}

/// Makes calls fail.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
pub struct Abort {
    /// The HTTP status they get.
    #[schemars(range(min = 200, max = 599), example = 503)]
    pub status: u16,
    /// Of how many calls in 100. Without it: all.
    pub percent: Option<Percent>,
}

/// A copy of the calls.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
pub struct Mirror {
    /// The version that gets it.
    #[schemars(example = &"v2")]
    #[schemars(extend("x-names" = "version"))]
    pub to: Name,
    /// Of how many calls in 100. Without it: all.
    pub percent: Option<Percent>,
}

/// A whole number of calls in 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Percent(#[schemars(range(max = 100))] pub u8);
