//! How the calls of a component are treated by its sidecars.

use std::collections::{BTreeMap, BTreeSet};

use crate::graph::{Call, Component, ComponentId, Graph};
use crate::lower::labels;
use crate::lower::view::{
    Body, DaprBreaker, DaprResiliency, DaprRetry, DaprTarget, Meta, Trace, View,
};
use crate::model::{Duration, Fallback, Retries, RetryOn};
use crate::source::Place;

/// How long a sidecar waits before it tries again: as long as Envoy does at first.
const WAIT: &str = "25ms";
/// Final answers never have this status (RFC 9110 §15.2), and no failure is this one of gRPC.
const NEVER: (&str, &str) = ("100", "0");

/// One Resiliency for the calls that a component makes through its sidecars. Without one Dapr would
/// try failed calls again by itself.
pub(super) fn resiliency(graph: &Graph, id: ComponentId, views: &mut Vec<View>) {
    let component = graph.component(id);
    let mut callees: BTreeMap<ComponentId, BTreeMap<usize, &Call>> = BTreeMap::new();
    let mut scopes = BTreeSet::new();
    for version in &component.versions {
        for call in &version.calls {
            let Some(called) = call.invoked else { continue };
            if left_to_dapr(graph.component(call.to)) {
                continue;
            }
            callees.entry(call.to).or_default().entry(called).or_insert(call);
            scopes.insert(component.app_id(version));
        }
    }
    if callees.is_empty() {
        return;
    }
    let meta =
        Meta::new(component.name.to_string(), Some(&component.namespace), labels(graph, component));
    let mut out = DaprResiliency {
        meta,
        timeouts: Vec::new(),
        retries: Vec::new(),
        breakers: Vec::new(),
        targets: Vec::new(),
        scopes: scopes.into_iter().collect(),
    };
    let mut trace = Trace::default();
    for (callee, called) in callees {
        let callee = graph.component(callee);
        treatment(graph, callee, &mut out, &mut trace);
        let name = name(graph, callee);
        let has = |named: &[(String, String)]| named.iter().any(|(known, _)| *known == name);
        let timeout = has(&out.timeouts).then(|| name.clone());
        let breaker = out.breakers.iter().any(|(known, _)| *known == name).then(|| name.clone());
        for (version, call) in called {
            let version = &callee.versions[version];
            let (own, full) =
                (callee.app_id(version), callee.app_id_from(&component.namespace, version));
            trace.add(format!("spec.targets.apps.{own}"), Place::Key(call.path.clone()));
            // By the one, Dapr looks up how to treat a call; by the other, whether anybody says so.
            for id in BTreeSet::from([own, full]) {
                let (timeout, breaker) = (timeout.clone(), breaker.clone());
                out.targets.push(DaprTarget { id, timeout, retry: Some(name.clone()), breaker });
            }
        }
    }
    views.push(View::new(Body::DaprResiliency(out), component.path.clone(), trace));
}

/// Whether all is left to Dapr.
fn left_to_dapr(callee: &Component) -> bool {
    let traffic = &callee.traffic;
    traffic.retries == Some(Retries::Mesh) && traffic.timeout.is_none() && breaker(callee).is_none()
}

/// The name of what applies to calls to a component.
fn name(graph: &Graph, callee: &Component) -> String {
    graph.title(callee).replace('/', "-")
}

/// Adds what applies to calls to a component.
fn treatment(graph: &Graph, callee: &Component, out: &mut DaprResiliency, trace: &mut Trace) {
    let (traffic, name) = (&callee.traffic, name(graph, callee));
    let policy = match &traffic.retries {
        Some(Retries::Policy(policy)) if policy.attempts > 0 => Some(policy),
        _ => None,
    };
    // A time limit of Dapr is for each try.
    let each = policy.and_then(|policy| Some((policy.per_try.as_ref()?, "retries")));
    let whole = traffic.timeout.as_ref().map(|timeout| (timeout, "timeout"));
    if let Some((time, field)) = each.or(whole) {
        let place = Place::Value(traffic.path.field(field));
        trace.add(format!("spec.policies.timeouts.{name}"), place);
        out.timeouts.push((name.clone(), time.gateway_api()));
    }
    let retry = match (&traffic.retries, policy) {
        (_, Some(policy)) => {
            let (http, grpc) = conditions(policy.on.as_deref());
            DaprRetry { most: policy.attempts, when: Some((WAIT.into(), http, grpc)) }
        }
        // What Dapr does where nobody says anything about an app id.
        // Source: `BuiltInServiceRetries` in dapr/pkg/resiliency, and `invokeWithRetry`.
        (Some(Retries::Mesh), None) => {
            let when = ("1s".into(), NEVER.0.into(), "14,16".into());
            DaprRetry { most: 3, when: Some(when) }
        }
        _ => DaprRetry { most: 0, when: None },
    };
    if traffic.retries.is_some() {
        let place = Place::Value(traffic.path.field("retries"));
        trace.add(format!("spec.policies.retries.{name}"), place);
    }
    out.retries.push((name.clone(), retry));
    if let Some(breaker) = breaker(callee) {
        let place = Place::Value(traffic.path.field("circuitBreaker").field("eject"));
        trace.add(format!("spec.policies.circuitBreakers.{name}"), place);
        out.breakers.push((name, breaker));
    }
}

/// The statuses of HTTP and of gRPC that count as failed. Where there is no answer at all, Dapr tries
/// again whatever these say.
fn conditions(on: Option<&[RetryOn]>) -> (String, String) {
    const CONNECTION: &str = "14";
    let Some(on) = on else { return ("503".into(), "1,14".into()) };
    let (mut http, mut grpc) = (BTreeSet::new(), BTreeSet::new());
    for word in on {
        let (set, codes) = match &**word {
            "5xx" => (&mut http, "500-599"),
            "gateway-error" => (&mut http, "502-504"),
            "retriable-4xx" => (&mut http, "409"),
            "cancelled" => (&mut grpc, "1"),
            "deadline-exceeded" => (&mut grpc, "4"),
            "resource-exhausted" => (&mut grpc, "8"),
            "internal" => (&mut grpc, "13"),
            "unavailable"
            | "connect-failure"
            | "refused-stream"
            | "reset"
            | "reset-before-request" => (&mut grpc, CONNECTION),
            status if status.starts_with(|c: char| c.is_ascii_digit()) => (&mut http, status),
            _ => continue,
        };
        set.insert(codes);
    }
    let list = |set: BTreeSet<&str>, never: &str| match set.is_empty() {
        true => never.to_owned(),
        false => set.into_iter().collect::<Vec<_>>().join(","),
    };
    (list(http, NEVER.0), list(grpc, NEVER.1))
}

/// When calls to a component are refused for a while, where the file lets that stand for pods that
/// are taken out.
fn breaker(callee: &Component) -> Option<DaprBreaker> {
    let traffic = &callee.traffic;
    let eject = traffic.breaker.as_ref()?.eject.as_ref()?;
    if traffic.fallback != Some(Fallback::Approximate) {
        return None;
    }
    // Of either kind none is never, and Dapr does not tell them apart.
    let counts = [eject.errors.unwrap_or(5), eject.gateway_errors.unwrap_or(0)];
    let errors = counts.into_iter().filter(|count| *count > 0).min()?;
    Some(DaprBreaker {
        trip: format!("consecutiveFailures >= {errors}"),
        time: eject.time.as_ref().map_or_else(|| "30s".into(), Duration::gateway_api),
    })
}
