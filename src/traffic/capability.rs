//! What each mode and each kind of entry can do with calls.

mod annotated;
mod dapr;
mod entry;
mod matrix;
mod mode;
mod wanted;

use std::collections::BTreeMap;

use super::capture::entrances;
use super::replicas::native;
use crate::graph::{Component, ComponentId, Entry, Graph};
use crate::model::{
    self, Fallback, GatewayKind, Governance, Kind, Match, Matcher, Retries, Sticky, Via,
};
use crate::source::Path;

use self::annotated::{annotated_lacks, probe_lacks};
use self::entry::{gateway_lacks, route_lacks, route_limits, tls_lacks};
use self::wanted::needs;

pub use self::annotated::{Treatment, has_address, is_blind, retried, treatment};
pub use self::entry::{ROUTE_RULES, unroutable};
pub use self::matrix::{Cell, Feature, Grade, able, can, cell, features};
pub use self::wanted::{Wanted, by_component, by_dapr, by_policy};

/// Something that the file asks for and the mode cannot do.
#[derive(Clone, Debug)]
pub struct Lack {
    /// Who cannot.
    pub who: &'static str,
    /// What cannot be done, as a verb phrase.
    pub what: String,
    /// The reason, for the label.
    pub why: String,
    /// What could be done.
    pub help: String,
    /// What happens instead, in numbers, where a fallback allows it.
    pub instead: String,
    /// Whether that comes close to what the file asks for.
    pub close: bool,
    /// The fallback that the file allows.
    pub fallback: Option<Fallback>,
    /// Where it is written.
    pub path: Path,
}

/// Everything that the file asks for and its mode cannot do.
pub fn lacks(graph: &Graph) -> Vec<Lack> {
    let mut out = Vec::new();
    gateway_lacks(graph, &mut out);
    tls_lacks(graph, &mut out);
    let whole = by_policy(graph).chain(by_dapr(graph));
    out.extend(whole.filter_map(|wanted| lack(graph, &wanted)));
    if graph.governance == Governance::Dapr {
        dapr::policy_lacks(graph, &mut out);
    }
    for (id, component) in graph.ids() {
        // A gateway that follows rules and splits itself needs nothing of the mode.
        let gateway_only = split_at_gateway_only(graph, id);
        if !gateway_only {
            mode_lacks(graph, id, &mut out);
        }
        // Behind a route that leads to a door nothing is left for the route to do.
        let doors = entrances(graph, component);
        let routed = |entry: &Entry| entry.via == Via::Gateway && !doors.contains_key(&entry.port);
        let through_routes =
            component.entries.iter().any(routed) && graph.gateway_kind() == GatewayKind::GatewayApi;
        // Routes that hang on Services are the mode's, and have been judged.
        let judged = graph.governance.routes_services() && !gateway_only;
        if through_routes {
            route_lacks(graph, component, judged, &mut out);
        }
        if !gateway_only {
            annotated_lacks(graph, component, &mut out);
        }
        probe_lacks(graph, component, &mut out);
        route_limits(graph, component, &mut out);
        if graph.governance.has_proxies() && graph.governance != Governance::Dapr {
            proxy_lacks(graph, component, &mut out);
        }
        if graph.governance == Governance::Dapr {
            dapr::lacks(component, &mut out);
        }
        if component.outside_mesh && component.app == 0 && !graph.governance.spares_pods() {
            out.push(Lack {
                who: graph.governance.title(),
                what: format!("keep `{}` out of the mesh", component.name),
                why: "its manifest has no marks for pods `outside`".into(),
                help: "remove `governance: none`, or add such marks to the mode".into(),
                instead: String::new(),
                close: false,
                fallback: None,
                path: component.path.field("governance"),
            });
        }
    }
    out
}

/// What becomes, in the mode of an application, of one thing that the file asks for.
#[derive(Clone, Debug)]
pub struct Standing {
    /// What is asked for; none is something that no row of the matrix says.
    pub feature: Option<Feature>,
    /// The component whose calls it is about.
    pub component: Option<ComponentId>,
    /// How well the mode does it.
    pub grade: Grade,
    /// What it is, as a verb phrase.
    pub what: String,
    /// Why it is not done better; empty where it is exact.
    pub why: String,
    /// What happens instead, in numbers; empty where it is exact.
    pub instead: String,
    /// The fallback that the file allows.
    pub fallback: Option<Fallback>,
    /// Where it is written.
    pub path: Path,
}

impl Standing {
    /// What a mode makes of a feature that is asked for somewhere.
    pub fn of(mode: Governance, feature: Feature, path: Path) -> Self {
        let cell = cell(mode, feature);
        let exact = cell.grade == Grade::Exact;
        Self {
            feature: Some(feature),
            component: None,
            grade: cell.grade,
            what: feature.title().to_owned(),
            why: cell.why.to_owned(),
            instead: if exact { String::new() } else { feature.loss().to_owned() },
            fallback: None,
            path,
        }
    }
}

/// What becomes of everything that the app's own file asks for.
pub fn standings(graph: &Graph) -> Vec<Standing> {
    let mut left = lacks(graph);
    left.retain(|lack| !lack.path.elsewhere());
    let mut out = Vec::new();
    let own = graph.ids().filter(|(_, component)| component.app == 0);
    let calls = own.flat_map(|(id, component)| by_component(id, component));
    for wanted in by_policy(graph).chain(by_dapr(graph)).chain(calls) {
        let Wanted { feature, component, fallback, path, .. } = wanted;
        let by_gateway = component.is_some_and(|id| split_at_gateway_only(graph, id));
        let standing = Standing::of(graph.governance, feature, path);
        let mut standing = Standing { component, fallback, ..standing };
        if by_gateway {
            let (why, instead) = (String::new(), String::new());
            standing = Standing { grade: Grade::Exact, why, instead, ..standing };
        }
        match (standing.grade, left.iter().position(|lack| lack.path == standing.path)) {
            (Grade::Exact | Grade::Impossible, None) => {}
            (Grade::Approximate, Some(position)) => {
                let Lack { what, why, instead, close, fallback, .. } = left.remove(position);
                let grade = if close { Grade::Approximate } else { Grade::Impossible };
                standing = Standing { grade, what, why, instead, fallback, ..standing };
            }
            (Grade::Approximate, None) => {
                if let Some(shares) = component.and_then(|id| native_shares(graph, id)) {
                    standing.instead = shares;
                }
            }
            (_, Some(position)) => {
                let Lack { what, why, instead, fallback, .. } = left.remove(position);
                standing =
                    Standing { grade: Grade::Impossible, what, why, instead, fallback, ..standing };
            }
        }
        out.push(standing);
    }
    out.extend(left.into_iter().map(|lack| Standing {
        feature: None,
        component: None,
        grade: Grade::Impossible,
        what: lack.what,
        why: lack.why,
        instead: lack.instead,
        fallback: lack.fallback,
        path: lack.path,
    }));
    out
}

/// What the mode cannot do of what the calls to a component ask for.
fn mode_lacks(graph: &Graph, id: ComponentId, out: &mut Vec<Lack>) {
    let mut told = None;
    for wanted in by_component(id, graph.component(id)) {
        // A rule whose calls cannot be told apart does nothing; its other parts are not worth a word.
        if wanted.rule.is_some() && wanted.rule == told {
            continue;
        }
        let Some(lack) = lack(graph, &wanted) else { continue };
        if wanted.feature.tells_apart() {
            told = wanted.rule;
        }
        out.push(lack);
    }
}

/// What is wanted, if the mode of the application cannot do it at all. What it can do roughly is
/// judged where the pods are counted.
fn lack(graph: &Graph, wanted: &Wanted) -> Option<Lack> {
    let Wanted { feature, fallback, .. } = *wanted;
    let mut own = cell(graph.governance, feature);
    let outside = wanted.component.is_some_and(|id| graph.component(id).kind == Kind::External);
    if outside && graph.governance == Governance::IstioAmbient && own.grade == Grade::Exact {
        own = cell(graph.governance, Feature::OutsideTls);
    }
    let shares = matches!(feature, Feature::Split | Feature::StreamSplit);
    if own.grade == Grade::Exact || (own.grade == Grade::Approximate && shares) {
        return None;
    }
    let roughly = own.grade == Grade::Approximate;
    let close = roughly && fallback == Some(Fallback::Approximate);
    let component = wanted.component.map(|id| graph.component(id));
    let what = match (component, wanted.rule) {
        (Some(component), Some(rule)) if matches!(feature, Feature::Rules | Feature::Caller) => {
            let title = feature.title();
            format!("{title}, as rule {} of `{}` does", rule + 1, component.name)
        }
        (Some(component), _) if feature == Feature::OutsideTls => {
            format!("put TLS around the calls to `{}`", component.name)
        }
        _ if roughly => format!("{} exactly", feature.title()),
        _ => feature.title().to_owned(),
    };
    let shares = match wanted.component {
        Some(id) if feature.tells_apart() => native_shares(graph, id),
        _ => None,
    };
    // A rule needs all of what it asks for from one mode.
    let asked: Vec<Feature> = match (component, wanted.rule) {
        (Some(component), Some(rule)) if feature.tells_apart() => {
            let matches = &component.traffic.rules[rule].matches;
            std::iter::once(feature).chain(needs(matches)).collect()
        }
        _ => vec![feature],
    };
    let beyond = asked.iter().find(|feature| able(graph, **feature).next().is_none());
    let modes = graph.modes().filter(|mode| asked.iter().all(|feature| can(*mode, *feature)));
    let modes: Vec<&str> = modes.map(Governance::name).collect();
    let use_another = match (modes.is_empty(), beyond) {
        (false, _) => format!("use {}", one_of(&modes)),
        (true, Some(beyond)) => format!("remove it: no mode can {}", beyond.title()),
        (true, None) => "remove it: no mode can do all that it asks for".into(),
    };
    let other_way = match feature {
        Feature::OutsideTls => ", or let the callers speak TLS: `protocol: https` without `tls`",
        _ => "",
    };
    let without = match wanted.component {
        _ if feature == Feature::OutsideTls => String::new(),
        Some(_) if roughly => ", or write `fallback: approximate` to come close".into(),
        Some(_) if !modes.is_empty() => ", or write `fallback: drop` to do without".into(),
        Some(_) => "; or write `fallback: drop` to do without".into(),
        None if feature.is_dapr() => ", or write `fallback: drop` under `dapr`".to_owned(),
        None => ", or write `fallback: drop` in the policy".to_owned(),
    };
    Some(Lack {
        who: graph.governance.title(),
        what,
        why: own.why.into(),
        help: format!("{use_another}{other_way}{without}"),
        instead: match close {
            true => own.why.into(),
            false => shares.unwrap_or_else(|| feature.loss().into()),
        },
        close,
        fallback,
        path: wanted.path.clone(),
    })
}

/// Where calls go that plain Services share out.
fn native_shares(graph: &Graph, id: ComponentId) -> Option<String> {
    let native = native(graph, id)?;
    let parts: Vec<String> = graph
        .component(id)
        .versions
        .iter()
        .zip(&native.real.shares)
        .map(|(version, share)| format!("{} {share:.1} %", version.name))
        .collect();
    Some(format!("these calls go where all go: {}", parts.join(", ")))
}

/// A choice in words.
fn one_of(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [all @ .., last] => format!("{} or {last}", all.join(", ")),
    }
}

/// What Istio has no match for.
pub fn unmatchable(matches: &Match) -> Option<&'static str> {
    if several_cookies(matches) {
        return Some("match on more than one cookie");
    }
    if matches!(matches.path, Some(Matcher::Not(_))) {
        return Some("match a path by what it is not");
    }
    let mut query = matches.query.iter().flat_map(BTreeMap::values);
    match query.find(|matcher| matcher.takes_absent())? {
        Matcher::Not(_) => Some("match a query parameter by what it is not"),
        _ => Some("match a query parameter that is absent"),
    }
}

/// Cookies share one header, so one condition that holds and one that does not is all that the
/// matches of a header can have.
fn several_cookies(matches: &Match) -> bool {
    let all = cookie_conditions(matches);
    let negative = all.iter().filter(|matcher| matcher.takes_absent()).count();
    negative > 1 || all.len() - negative > 1
}

/// Every condition on the header `cookie`, as a whole or in part.
fn cookie_conditions(matches: &Match) -> Vec<&Matcher> {
    let headers = matches.headers.iter().flatten();
    let whole = headers.filter(|(name, _)| name.eq_ignore_ascii_case("cookie"));
    let cookies = matches.cookies.iter().flat_map(BTreeMap::values);
    whole.map(|(_, matcher)| matcher).chain(cookies).collect()
}

/// Whether a match has room for the cookie that keeps users on a version.
pub(super) fn pinnable(matches: &Match, sticky: &Sticky) -> bool {
    cookie_conditions(matches).iter().all(|matcher| matcher.takes_absent()) && free(matches, sticky)
}

/// Whether a match says nothing of the cookie that keeps users on a version.
pub(super) fn free(matches: &Match, sticky: &Sticky) -> bool {
    let taken = |name: &model::HeaderName| **name == *sticky.cookie;
    !matches.cookies.iter().flat_map(BTreeMap::keys).any(taken)
}

/// Rules whose calls are split anew each time, because they have no room for the cookie.
fn unkept(
    who: &'static str,
    component: &Component,
    room: fn(&Match, &Sticky) -> bool,
    out: &mut Vec<Lack>,
) {
    let traffic = &component.traffic;
    for rule in &traffic.rules {
        let kept = traffic.kept(traffic.shares(Some(rule)));
        if kept.is_none_or(|sticky| room(&rule.matches, sticky)) {
            continue;
        }
        out.push(Lack {
            who,
            what: "keep a user on one version by a cookie where a rule looks at another".into(),
            why: "all cookies are one header, and it has one condition".into(),
            help: "send the calls of this rule to one version, or match something else".into(),
            instead: "calls of this rule are split anew each time".into(),
            close: false,
            fallback: rule.fallback.or(traffic.fallback),
            path: rule.path.field("match"),
        });
    }
}

/// What the proxies of a mesh cannot do with a component's calls.
fn proxy_lacks(graph: &Graph, component: &Component, out: &mut Vec<Lack>) {
    let who = graph.governance.title();
    let traffic = &component.traffic;
    let weft = graph.governance == Governance::Envoy;
    unkept(who, component, if weft { free } else { pinnable }, out);
    if weft {
        inexpressible(who, component, out);
    }
    let hidden = component
        .service_ports()
        .find(|(_, port)| !port.protocol.is_http() && !port.protocol.is_stream());
    if let Some((_, port)) = hidden {
        let mut lack = |path: Path, fallback: Option<Fallback>| {
            out.push(Lack {
                who,
                what: format!("share out the calls to port `{}`", port.name),
                why: format!("{} hides which call is which", port.protocol.name()),
                help: "use `http` or `tcp` if that is what it speaks, or write `fallback: drop`"
                    .into(),
                instead: "calls to this port go to any version, by its pods".into(),
                close: false,
                fallback,
                path,
            });
        };
        if traffic.split.is_some() {
            lack(traffic.path.field("split"), traffic.split_fallback);
        }
        for rule in traffic.rules.iter().filter(|rule| rule.for_callers()) {
            if !rule.matches.sees_requests() {
                lack(rule.path.clone(), rule.fallback.or(traffic.fallback));
            }
        }
    }
    // A component's own proxy takes calls wherever they come from.
    let doors = entrances(graph, component);
    let around = component.entries.iter().find(|entry| {
        (entry.via.is_blind() || graph.gateway_kind() == GatewayKind::Ingress)
            && !doors.contains_key(&entry.port)
    });
    if let (true, Some(entry)) = (governed(component), around) {
        out.push(Lack {
            who: "this entry",
            what: format!("apply the traffic of `{}`", component.name),
            why: "calls come in past the mesh".into(),
            help: "expose it through the gateway, or write `fallback: drop` in its traffic".into(),
            instead: "calls from outside go to any version, by its pods".into(),
            close: false,
            fallback: match beyond_splitting(component) {
                true => traffic.fallback,
                false => traffic.split_fallback,
            },
            path: entry.path.clone(),
        });
    }
}

/// What Envoy has no way to say: that a part of what it matches as a whole is unlike an expression.
fn inexpressible(who: &'static str, component: &Component, out: &mut Vec<Lack>) {
    let traffic = &component.traffic;
    let unlike = |matcher: &Matcher| {
        matches!(matcher, Matcher::Not(_)) && matches!(matcher.positive(), Matcher::Regex(_))
    };
    for rule in &traffic.rules {
        let query = rule.matches.query.iter().flat_map(BTreeMap::values);
        let mut parts = rule
            .matches
            .path
            .iter()
            .map(|path| (path, "a path"))
            .chain(query.map(|parameter| (parameter, "a query parameter")));
        let Some((_, part)) = parts.find(|(matcher, _)| unlike(matcher)) else { continue };
        out.push(Lack {
            who,
            what: format!("match {part} that is unlike an expression"),
            why: "it can deny expressions of a path and its query together alone".into(),
            help: "match what it is, in a rule before, or write `fallback: drop`".into(),
            instead: Feature::Rules.loss().into(),
            close: false,
            fallback: rule.fallback.or(traffic.fallback),
            path: rule.path.field("match"),
        });
    }
    if component.outside_hosts().nth(1).is_some()
        && (component.tls.is_some() || governed(component))
    {
        out.push(Lack {
            who,
            what: format!("treat the calls to every address of `{}`", component.name),
            why: "its proxies are led to the first host alone".into(),
            help: "write a component for each host, or write `fallback: drop` in its traffic"
                .into(),
            instead: "calls to all hosts but the first pass by".into(),
            close: false,
            fallback: traffic.fallback,
            path: component.path.field("address"),
        });
    }
}

/// Whether a component asks for anything that the caller's proxy would have to do.
pub fn governed(component: &Component) -> bool {
    component.traffic.split.is_some() || beyond_splitting(component)
}

/// Whether it asks for more of that than a split.
fn beyond_splitting(component: &Component) -> bool {
    let traffic = &component.traffic;
    !traffic.rules.is_empty()
        || traffic.fault.is_some()
        || traffic.timeout.is_some()
        || traffic.mirror.is_some()
        || traffic.breaker.is_some()
        || traffic.retries.as_ref().is_some_and(Retries::repeat)
}

/// Whether every call to a component comes through a gateway that follows rules and splits itself.
pub fn split_at_gateway_only(graph: &Graph, id: ComponentId) -> bool {
    let component = graph.component(id);
    graph.gateway_kind() == GatewayKind::GatewayApi
        && graph.callers[id.0].is_empty()
        && !component.entries.is_empty()
        && component.entries.iter().all(|entry| entry.via == Via::Gateway)
        && entrances(graph, component).is_empty()
}
