//! What an application asks of its mode.

use std::collections::BTreeMap;

use super::matrix::Feature;
use crate::graph::{Component, ComponentId, Graph, Rule};
use crate::model::{Fallback, Kind, Match, Matcher, Protocol, Retries};
use crate::source::Path;

/// Something that the file asks for.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// What.
    pub feature: Feature,
    /// The component whose calls it is about; none is the application as a whole.
    pub component: Option<ComponentId>,
    /// The rule that it is part of, by its position.
    pub rule: Option<usize>,
    /// The fallback that the file allows.
    pub fallback: Option<Fallback>,
    /// Where it is written.
    pub path: Path,
}

/// What the application as a whole asks for.
pub fn by_policy(graph: &Graph) -> impl Iterator<Item = Wanted> {
    let policy = &graph.policy;
    let parts = [
        (Feature::Mtls, policy.mtls.is_some(), "mtls"),
        (Feature::Access, policy.access, "access"),
        (Feature::Egress, policy.egress, "egress"),
    ];
    parts.into_iter().filter(|(_, wanted, _)| *wanted).map(|(feature, _, field)| Wanted {
        feature,
        component: None,
        rule: None,
        fallback: policy.fallback,
        path: policy.path(field),
    })
}

/// What programs ask of Dapr by its own protocol.
pub fn by_dapr(graph: &Graph) -> Vec<Wanted> {
    let dapr = &graph.dapr;
    let wanted = |feature, path| Wanted {
        feature,
        component: None,
        rule: None,
        fallback: dapr.fallback,
        path,
    };
    let mut out = Vec::new();
    if !dapr.blocks.is_empty() {
        out.push(wanted(Feature::BuildingBlocks, dapr.path.field("components")));
    }
    for version in graph.own().iter().flat_map(|component| &component.versions) {
        let through = version.calls.iter().filter(|call| call.through.is_some());
        let each = through.map(|call| wanted(Feature::Invocation, call.path.field("through")));
        out.extend(each);
    }
    out
}

/// What the calls to a component ask for.
pub fn by_component(id: ComponentId, component: &Component) -> Vec<Wanted> {
    let traffic = &component.traffic;
    let (http, streams) = carried(component);
    let mut out = Vec::new();
    for (position, rule) in traffic.rules.iter().enumerate() {
        by_rule(id, component, position, rule, &mut out);
    }
    let breaker = traffic.breaker.as_ref();
    let limits = |breaker: &crate::model::CircuitBreaker| breaker.limits();
    let wanted = [
        (Feature::Split, traffic.split.is_some() && http, "split"),
        (Feature::StreamSplit, traffic.split.is_some() && streams, "split"),
        (Feature::Sticky, traffic.sticky.is_some(), "sticky"),
        (Feature::Retries, repeats(&traffic.retries), "retries"),
        (Feature::Timeout, traffic.timeout.is_some(), "timeout"),
        (Feature::Limits, breaker.is_some_and(limits), "circuitBreaker"),
        (Feature::Ejection, breaker.is_some_and(|b| b.eject.is_some()), "circuitBreaker"),
        (Feature::Fault, traffic.fault.is_some(), "fault"),
        (Feature::Mirror, traffic.mirror.is_some(), "mirror"),
    ];
    for (feature, _, field) in wanted.into_iter().filter(|(_, wanted, _)| *wanted) {
        out.push(Wanted {
            feature,
            component: Some(id),
            rule: None,
            fallback: match feature {
                Feature::Split | Feature::StreamSplit => traffic.split_fallback,
                _ => traffic.fallback,
            },
            path: traffic.path.field(field),
        });
    }
    let mut outside = |feature, path| {
        let fallback = traffic.fallback;
        out.push(Wanted { feature, component: Some(id), rule: None, fallback, path });
    };
    if component.kind == Kind::External && component.tls.is_some() {
        outside(Feature::OutsideTls, component.path.field("tls"));
    }
    for port in component.ports.iter().filter(|port| port.protocol == Protocol::Sctp) {
        outside(Feature::Sctp, component.path.field("ports").key(&port.name));
    }
    out
}

/// What a rule asks for, the telling apart of calls first.
fn by_rule(
    id: ComponentId,
    component: &Component,
    position: usize,
    rule: &Rule,
    out: &mut Vec<Wanted>,
) {
    let traffic = &component.traffic;
    let mut add = |feature, path| {
        out.push(Wanted {
            feature,
            component: Some(id),
            rule: Some(position),
            fallback: rule.fallback.or(traffic.fallback),
            path,
        });
    };
    let by_caller_alone = rule.for_callers() && !rule.matches.sees_requests();
    if !by_caller_alone {
        add(Feature::Rules, rule.path.clone());
    }
    for feature in needs(&rule.matches) {
        add(feature, rule.path.field("match"));
    }
    if rule.for_callers() {
        let path = rule.path.field("match").field("caller");
        add(Feature::Caller, if by_caller_alone { rule.path.clone() } else { path });
    }
    let (http, streams) = carried(component);
    let several =
        rule.to.as_ref().is_some_and(|to| to.iter().filter(|s| s.percent > 0).count() > 1);
    let parts = [
        (Feature::Split, several && http, "split"),
        (Feature::StreamSplit, several && by_caller_alone && streams, "split"),
        (Feature::Rewrite, rule.rewrite.is_some(), "rewrite"),
        (Feature::Retries, repeats(&rule.retries), "retries"),
        (Feature::Timeout, rule.timeout.is_some(), "timeout"),
        (Feature::Fault, rule.fault.is_some(), "fault"),
        (Feature::Mirror, rule.mirror.is_some(), "mirror"),
    ];
    for (feature, _, field) in parts.into_iter().filter(|(_, wanted, _)| *wanted) {
        add(feature, rule.path.field(field));
    }
}

/// Whether a split is of requests, and whether it is of connections.
fn carried(component: &Component) -> (bool, bool) {
    let streams = component.ports.iter().any(|port| port.protocol.is_stream());
    (component.speaks_http() || !streams, streams)
}

fn repeats(retries: &Option<Retries>) -> bool {
    retries.as_ref().is_some_and(Retries::repeat)
}

/// What a match asks for beyond conditions that hold on headers, one cookie, a path by segment, the
/// method and query parameters.
pub(super) fn needs(matches: &Match) -> impl Iterator<Item = Feature> {
    let named = [&matches.headers, &matches.cookies];
    let mut named = named.into_iter().flatten().flat_map(BTreeMap::values);
    let mut query = matches.query.iter().flat_map(BTreeMap::values);
    let all = [
        (Feature::HeaderAbsence, named.any(Matcher::takes_absent)),
        (Feature::SeveralCookies, super::several_cookies(matches)),
        (Feature::PathText, matches!(matches.path, Some(Matcher::StartsWith(_)))),
        (Feature::PathNegation, matches!(matches.path, Some(Matcher::Not(_)))),
        (Feature::QueryAbsence, query.any(Matcher::takes_absent)),
    ];
    all.into_iter().filter(|(_, wanted)| *wanted).map(|(feature, _)| feature)
}
