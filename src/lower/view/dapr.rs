//! Objects of Dapr.

use serde::Serialize;

use super::Meta;

/// Something that sidecars offer to programs.
#[derive(Debug, Serialize)]
pub struct DaprComponent {
    /// Name and labels.
    pub meta: Meta,
    /// What it is.
    pub kind: String,
    /// The version of that.
    pub version: String,
    /// Whether a sidecar starts without it.
    pub ignore_errors: bool,
    /// How long a sidecar waits for it.
    pub init_timeout: Option<String>,
    /// Its settings.
    pub metadata: Vec<DaprSetting>,
    /// Where its secrets are, if it has any.
    pub secret_store: Option<String>,
    /// The app ids that it is for.
    pub scopes: Vec<String>,
}

/// A setting: a text, or name and key of a secret.
#[derive(Debug, Serialize)]
pub struct DaprSetting {
    /// Its name.
    pub name: String,
    /// The text.
    pub text: Option<String>,
    /// The secret.
    pub secret: Option<(String, String)>,
}

/// How the sidecars of some pods are set up.
#[derive(Debug, Serialize)]
pub struct DaprConfiguration {
    /// Name and labels.
    pub meta: Meta,
    /// Where traces go.
    pub tracing: Option<DaprTracing>,
    /// Who may call; `None` is everyone.
    pub callers: Option<Vec<DaprCaller>>,
}

/// Where traces go.
#[derive(Clone, Debug, Serialize)]
pub struct DaprTracing {
    /// Of how many calls, from 0 to 1.
    pub rate: String,
    /// The URL of a server that speaks Zipkin.
    pub zipkin: Option<String>,
    /// A server that speaks OpenTelemetry.
    pub otel: Option<DaprOtel>,
    /// Whether they are in the logs too.
    pub stdout: Option<bool>,
}

/// A server that speaks OpenTelemetry.
#[derive(Clone, Debug, Serialize)]
pub struct DaprOtel {
    /// Where it is.
    pub address: String,
    /// What it speaks.
    pub protocol: &'static str,
    /// Whether over TLS.
    pub tls: bool,
}

/// An app that may call.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct DaprCaller {
    /// The app id.
    pub id: String,
    /// The namespace of its pods.
    pub namespace: String,
}

/// How the calls of some pods are treated by their sidecars.
#[derive(Debug, Serialize)]
pub struct DaprResiliency {
    /// Name and labels.
    pub meta: Meta,
    /// Lengths of time, by name.
    pub timeouts: Vec<(String, String)>,
    /// Ways to try again, by name.
    pub retries: Vec<(String, DaprRetry)>,
    /// When calls are refused for a while, by name.
    pub breakers: Vec<(String, DaprBreaker)>,
    /// App ids that are called, each with the name of what applies to it.
    pub targets: Vec<DaprTarget>,
    /// The app ids whose calls these are.
    pub scopes: Vec<String>,
}

/// How often a failed call is tried again.
#[derive(Debug, Serialize)]
pub struct DaprRetry {
    /// The most tries after the first.
    pub most: u32,
    /// How long to wait before each, and which statuses count as failed: of HTTP, and of gRPC.
    pub when: Option<(String, String, String)>,
}

/// When calls are refused for a while.
#[derive(Debug, Serialize)]
pub struct DaprBreaker {
    /// The condition.
    pub trip: String,
    /// For how long.
    pub time: String,
}

/// What applies to calls to an app id.
#[derive(Debug, Serialize)]
pub struct DaprTarget {
    /// The app id.
    pub id: String,
    /// The name of the length of time.
    pub timeout: Option<String>,
    /// The name of the way to try again.
    pub retry: Option<String>,
    /// The name of the condition.
    pub breaker: Option<String>,
}
