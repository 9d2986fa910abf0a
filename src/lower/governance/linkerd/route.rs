//! Routes on Services, and what is written beside them.

use crate::graph::{Component, ComponentId, Graph, PathMatch, Rule};
use crate::lower::governance::gamma::{connections, meta, of_kind, origin, parents};
use crate::lower::route::{Made, assemble, rules};
use crate::lower::view::{Service, Trace, View};
use crate::model::{Duration, Fallback};
use crate::source::Place;
use crate::traffic::{Step, Treatment, has_address, retried, steps, treatment, unroutable};

/// What stands on a Service: when a pod is taken out, as the proxies read it of whatever Service a
/// route names; and how calls to one version are treated, which need no route.
pub(super) fn service(_: &Graph, component: &Component, service: &mut Service, trace: &mut Trace) {
    if service.headless || !has_address(component) {
        return;
    }
    let mut all = accrual(component);
    if service.selector.iter().any(|(key, _)| key == "version") {
        all.extend(annotations(&treatment(component, None)));
    }
    for (name, value, place) in all {
        trace.add(format!("metadata.annotations.{name}"), place);
        service.meta.annotations.push((name.to_owned(), value));
    }
}

/// The routes of a component on each port. Rules that are treated alike are one route.
pub(super) fn routes(graph: &Graph, id: ComponentId, views: &mut Vec<View>) {
    let component = graph.component(id);
    if !has_address(component) {
        return;
    }
    let traffic = &component.traffic;
    let known: Vec<Step<'_>> = steps(component, true)
        .into_iter()
        .filter(|step| unroutable(&step.matches).is_none())
        .collect();
    let of = |rule: Option<&'_ Rule>| treatment(component, rule).is_any();
    let routed = !traffic.rules.is_empty()
        || traffic.split.is_some()
        || known.iter().any(|step| of(step.rule.map(|(_, rule)| rule)));
    if routed {
        let http = of_kind(component, |port| port.protocol.is_http());
        for port in &http {
            for (number, (beside, alike)) in groups(component, &known).into_iter().enumerate() {
                let made: Vec<Made> =
                    rules(component, port.port, &component.path, &everything(), &alike)
                        .into_iter()
                        .map(plain)
                        .collect();
                let mut meta = meta(graph, component, &component.name, port, http.len() > 1);
                if number > 0 {
                    meta.name = format!("{}.{:02}", meta.name, number + 1);
                }
                let mut trace = Trace::default();
                for (name, value, place) in beside {
                    trace.add(format!("metadata.annotations.{name}"), place);
                    meta.annotations.push((name.to_owned(), value));
                }
                let parents = parents(component, port);
                let mut view = assemble(meta, parents, Vec::new(), made, origin(component));
                view.trace.0.extend(trace.0);
                views.push(view);
            }
        }
    }
    connections(graph, component, views);
}

fn everything() -> PathMatch {
    PathMatch::Prefix("/".into())
}

/// An annotation, and where it comes from.
type Beside = (&'static str, String, Place);

/// The steps that are treated alike, in the order of the first of each. There are few: what has no
/// room in one route is refused.
fn groups<'t>(
    component: &'t Component,
    known: &'t [Step<'t>],
) -> Vec<(Vec<Beside>, Vec<Step<'t>>)> {
    let mut groups: Vec<(Vec<Beside>, Vec<Step<'t>>)> = Vec::new();
    for step in known {
        let own = annotations(&treatment(component, step.rule.map(|(_, rule)| rule)));
        let like = |(other, _): &&mut (Vec<Beside>, Vec<Step<'t>>)| {
            let text = |all: &[Beside]| -> Vec<(&'static str, String)> {
                all.iter().map(|(name, value, _)| (*name, value.clone())).collect()
            };
            text(other) == text(&own)
        };
        let step = Step {
            rule: step.rule,
            matches: step.matches.clone(),
            shares: step.shares.clone(),
            kept: step.kept,
            notes: step.notes,
        };
        match groups.iter_mut().find(like) {
            Some((_, alike)) => alike.push(step),
            None => groups.push((own, vec![step])),
        }
    }
    groups
}

/// A rule without what Linkerd refuses or does not read, and with expressions as it reads them: it
/// looks for them anywhere and then asks whether that was everything, so that `a|ab` would not be
/// found in `ab`.
fn plain((mut rule, mut trace): Made) -> Made {
    rule.mirror = None;
    rule.rewrite = None;
    rule.timeout = None;
    trace.0.retain(|(field, _)| field != ".filters");
    let whole = |way: &str, text: &mut String| {
        if way == "RegularExpression" {
            *text = format!("^(?:{text})$");
        }
    };
    for one in &mut rule.matches {
        if let Some((way, text)) = &mut one.path {
            whole(way, text);
        }
        for (_, way, text) in one.headers.iter_mut().chain(&mut one.query) {
            whole(way, text);
        }
    }
    (rule, trace)
}

/// How calls are treated. Linkerd does not read the timeouts of a route of Gateway API.
/// Source: `convert_gateway_rule` and `parse_http_retry` in `outbound/index/http.rs` of
/// linkerd/linkerd2/policy-controller/k8s/index.
fn annotations(treatment: &Treatment<'_>) -> Vec<Beside> {
    let mut all = Vec::new();
    if let Some((timeout, path)) = &treatment.timeout {
        let place = Place::Value(path.clone());
        all.push(("timeout.linkerd.io/request", length(timeout), place));
    }
    if let Some((policy, path)) = &treatment.retries {
        let statuses = retried(policy).unwrap_or_default();
        let place = |field| Place::Key(path.field(field));
        if !statuses.is_empty() {
            let place = match policy.on {
                Some(_) => place("on"),
                None => Place::Key(path.clone()),
            };
            all.push(("retry.linkerd.io/http", statuses.join(","), place));
        }
        let attempts = policy.attempts.to_string();
        all.push(("retry.linkerd.io/limit", attempts, Place::Key(path.clone())));
        if let Some(time) = &policy.per_try {
            all.push(("retry.linkerd.io/timeout", length(time), place("perTry")));
        }
    }
    all
}

/// When pods are taken out, as close as Linkerd comes to it.
/// Source: `parse_accrual_config` in linkerd/linkerd2/policy-controller/k8s/index.
fn accrual(component: &Component) -> Vec<Beside> {
    let traffic = &component.traffic;
    let near = traffic.fallback == Some(Fallback::Approximate);
    let eject = traffic.breaker.as_ref().and_then(|breaker| breaker.eject.as_ref());
    let Some(eject) = eject.filter(|_| near) else { return Vec::new() };
    // Without a word, as the field says.
    let errors = eject.errors.filter(|errors| *errors > 0).or(eject.gateway_errors).unwrap_or(5);
    if eject.errors == Some(0) && eject.gateway_errors.is_none() {
        return Vec::new();
    }
    let path = traffic.path.field("circuitBreaker").field("eject");
    let place = || Place::Key(path.clone());
    let time = eject.time.as_ref().map_or_else(|| "30s".to_owned(), length);
    // Each time is longer than the one before, up to this. Source: `max_ejection_time` in Envoy.
    let longest = match eject.time.as_ref().map_or(0, Duration::millis) > 300_000 {
        true => time.clone(),
        false => "300s".to_owned(),
    };
    vec![
        ("balancer.linkerd.io/failure-accrual", "consecutive".into(), place()),
        (
            "balancer.linkerd.io/failure-accrual-consecutive-max-failures",
            errors.to_string(),
            place(),
        ),
        ("balancer.linkerd.io/failure-accrual-consecutive-min-penalty", time, place()),
        ("balancer.linkerd.io/failure-accrual-consecutive-max-penalty", longest, place()),
    ]
}

/// A length of time as Linkerd reads it: one number and one unit.
/// Source: `parse_duration` in linkerd/linkerd2/policy-controller/k8s/index.
fn length(time: &Duration) -> String {
    match time.millis() {
        millis if millis % 1_000 == 0 => format!("{}s", millis / 1_000),
        millis => format!("{millis}ms"),
    }
}
