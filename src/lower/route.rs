//! Routes of Gateway API, at the entry and within a mesh: conditions, treatment, backends.

use crate::graph::{Component, PathMatch, Rule, Share};
use crate::lower::view::{
    Backend, Body, Copy, HttpRoute, HttpRouteMatch, HttpRouteRule, Meta, Parent, RouteRewrite,
    Trace, View,
};
use crate::model::{Match, Matcher, Method, Rewrite, Sticky};
use crate::source::{Path, Place};
use crate::traffic::{Step, cookie_regex, exact_or_expression, intersect, set_cookie};

/// A rule, and the places of its fields, whose names begin below it.
pub(super) type Made = (HttpRouteRule, Trace);

/// An HTTPRoute of such rules.
pub(super) fn assemble(
    meta: Meta,
    parents: Vec<Parent>,
    hosts: Vec<String>,
    made: Vec<Made>,
    origin: Path,
) -> View {
    let mut trace = Trace::default();
    let mut rules = Vec::with_capacity(made.len());
    for (position, (rule, places)) in made.into_iter().enumerate() {
        for (field, place) in places.0 {
            trace.add(format!("spec.rules.{position}{field}"), place);
        }
        rules.push(rule);
    }
    View::new(Body::HttpRoute(HttpRoute { meta, parents, hosts, rules }), origin, trace)
}

/// The rules for calls to a port that come below a path, which narrows each step. `origin` is where
/// the need for a route is written.
pub(super) fn rules(
    component: &Component,
    port: u16,
    origin: &Path,
    path: &PathMatch,
    steps: &[Step<'_>],
) -> Vec<Made> {
    let traffic = &component.traffic;
    let mut out = Vec::new();
    for step in steps {
        let Ok(Some(joined)) = intersect(path, step.matches.path.as_ref()) else { continue };
        let rule = step.rule.map(|(_, rule)| rule);
        let mirror = rule.and_then(|rule| rule.mirror).or(traffic.mirror);
        let timeout = rule.and_then(|rule| rule.timeout.as_ref()).or(traffic.timeout.as_ref());
        let made = HttpRouteRule {
            matches: vec![route_match(&joined, &step.matches)],
            backends: backends(component, port, step.shares.as_deref(), step.notes),
            mirror: mirror.map(|(version, percent)| copy(component, port, version, percent)),
            rewrite: rule.and_then(|rule| rewritten(rule, &joined)),
            timeout: timeout.map(crate::model::Duration::gateway_api),
            redirect: None,
        };
        out.push((made, trace(component, origin, step)));
    }
    out
}

/// Where the fields of a step's rule come from.
fn trace(component: &Component, origin: &Path, step: &Step<'_>) -> Trace {
    let sticky = || Place::Key(component.traffic.path.field("sticky"));
    let mut trace = Trace::default();
    let from = match (step.kept, step.rule) {
        (Some(_), _) => sticky(),
        (None, Some((_, rule))) => Place::Value(rule.path.clone()),
        (None, None) => Place::Key(origin.clone()),
    };
    trace.add("", from);
    let own = step.rule.map(|(_, rule)| rule);
    if let Some(rule) = own.filter(|rule| rule.rewrite.is_some()) {
        trace.add(".filters", Place::Key(rule.path.field("rewrite")));
    }
    let of_split = |weights: &Path, share: &Share| {
        let name = &component.versions[share.version].name;
        Place::Value(weights.key(name))
    };
    let alive = step.shares.iter().flatten().filter(|share| share.percent > 0);
    for (position, share) in alive.enumerate().filter(|_| component.versioned) {
        let place = match own.filter(|rule| rule.to.is_some()) {
            None => of_split(&component.traffic.weights, share),
            Some(rule) if share.percent == 100 && step.kept.is_none() => {
                Place::Value(rule.path.field("to"))
            }
            Some(rule) => of_split(&rule.weights, share),
        };
        trace.add(format!(".backendRefs.{position}"), place);
        if step.notes.is_some() {
            trace.add(format!(".backendRefs.{position}.filters"), sticky());
        }
    }
    trace
}

fn copy(component: &Component, port: u16, version: usize, percent: u8) -> Copy {
    let service = component.version_name(&component.versions[version]);
    let service = if component.versioned { service } else { component.name.to_string() };
    Copy { service, port, percent }
}

pub(super) fn backends(
    component: &Component,
    port: u16,
    shares: Option<&[Share]>,
    notes: Option<&Sticky>,
) -> Vec<Backend> {
    let whole =
        || vec![Backend { service: component.name.to_string(), port, weight: None, cookie: None }];
    let Some(shares) = shares.filter(|_| component.versioned) else { return whole() };
    let alive: Vec<&Share> = shares.iter().filter(|share| share.percent > 0).collect();
    let alone = alive.len() == 1;
    alive
        .iter()
        .map(|share| {
            let version = &component.versions[share.version];
            Backend {
                service: component.version_name(version),
                port,
                weight: (!alone).then_some(share.percent),
                cookie: notes.map(|sticky| set_cookie(sticky, &version.name)),
            }
        })
        .collect()
}

/// What is left of a rewrite within the path that the rule was joined with: a prefix is replaced
/// there by as much as the path goes beyond it.
fn rewritten(rule: &Rule, joined: &Matcher) -> Option<RouteRewrite> {
    let rewrite: &Rewrite = rule.rewrite.as_ref()?;
    let whole = |text: String| ("ReplaceFullPath", "replaceFullPath", text);
    let replaced = |to: &str| {
        let prefix = match &rule.matches.path {
            Some(Matcher::Prefix(text)) => text.trim_end_matches('/'),
            _ => "",
        };
        let (text, exact) = match joined {
            Matcher::Exact(text) => (&**text, true),
            Matcher::Prefix(text) => (text.trim_end_matches('/'), false),
            _ => (prefix, false),
        };
        let beyond = text.strip_prefix(prefix).unwrap_or_default();
        let to = format!("{}{beyond}", to.trim_end_matches('/'));
        let to = if to.is_empty() { "/".to_owned() } else { to };
        if exact { whole(to) } else { ("ReplacePrefixMatch", "replacePrefixMatch", to) }
    };
    let path = rewrite.path.as_ref().map(|to| whole(to.to_string()));
    let path = path.or_else(|| rewrite.prefix.as_deref().map(replaced));
    Some(RouteRewrite { path, host: rewrite.host.as_ref().map(ToString::to_string) })
}

fn route_match(path: &Matcher, rule: &Match) -> HttpRouteMatch {
    let path = match path {
        Matcher::Exact(text) => Some(("Exact", text.clone())),
        Matcher::Prefix(text) | Matcher::StartsWith(text) => Some(("PathPrefix", text.clone())),
        Matcher::Regex(text) => Some(("RegularExpression", text.clone())),
        Matcher::Present(_) | Matcher::Not(_) => None,
    };
    let condition = |matcher: &Matcher| {
        let (exact, text) = exact_or_expression(matcher);
        (if exact { "Exact" } else { "RegularExpression" }, text)
    };
    let mut headers: Vec<(String, &'static str, String)> = rule
        .headers
        .iter()
        .flatten()
        .map(|(name, matcher)| {
            let (way, text) = condition(matcher);
            (name.to_string(), way, text)
        })
        .collect();
    for (name, matcher) in rule.cookies.iter().flatten() {
        headers.push(("cookie".into(), "RegularExpression", cookie_regex(name, matcher)));
    }
    let query = rule.query.iter().flatten().map(|(name, matcher)| {
        let (way, text) = condition(matcher);
        (name.clone(), way, text)
    });
    HttpRouteMatch { path, method: rule.method.map(Method::name), headers, query: query.collect() }
}
