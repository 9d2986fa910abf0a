//! The routes of a VirtualService: conditions, treatment, destinations.

use super::main_host;
use crate::graph::{Component, PathMatch, Port, Rule, Share};
use crate::lower::exact_or_expression;
use crate::lower::view::{Destination, HttpRouteOfIstio, IstioMatch, IstioRetries, Trace};
use crate::model::{Fault, Match, Matcher, Retries};
use crate::source::{Path, Place};
use crate::traffic::{Expressions, by_replicas, covers, intersect, unmatchable};

/// Which calls routes are made for.
pub(super) struct Scope<'a> {
    pub(super) port: &'a Port,
    /// The port number, where the host has several.
    pub(super) condition: Option<u16>,
    /// The exposed path, at a gateway.
    pub(super) path: Option<&'a PathMatch>,
    /// Where the default route comes from.
    pub(super) origin: &'a Path,
    /// Tells the names of routes apart.
    pub(super) suffix: String,
}

pub(super) fn http_routes(
    component: &Component,
    scope: &Scope<'_>,
    routes: &mut Vec<HttpRouteOfIstio>,
    trace: &mut Trace,
) {
    let traffic = &component.traffic;
    for (position, rule) in traffic.rules.iter().enumerate() {
        if unmatchable(&rule.matches).is_some() {
            continue;
        }
        let name = format!("rule-{}{}", position + 1, scope.suffix);
        let Some(matches) = conditions(Some(&rule.matches), scope, &name) else { continue };
        let field = format!("spec.http.{}", routes.len());
        trace.add(field.clone(), Place::Value(rule.path.clone()));
        if !matches.is_empty() {
            trace.add(format!("{field}.match"), Place::Key(rule.path.field("match")));
        }
        let treatment = Treatment::of(component, Some(rule));
        treatment.trace(&field, trace);
        match rule.to.as_deref() {
            Some([only]) if only.percent == 100 => {
                trace.add(format!("{field}.route.0"), Place::Value(rule.path.field("to")));
            }
            Some(shares) => trace_split(component, shares, &field, &rule.path, trace),
            None => {}
        }
        let shares = rule.to.as_deref().or(traffic.split.as_deref());
        let takes_all = covers(&rule.matches, &Match::default(), &Expressions::new());
        routes.push(treatment.route(component, scope.port, name, matches, shares));
        if takes_all {
            return;
        }
    }
    let name = format!("default{}", scope.suffix);
    let Some(matches) = conditions(None, scope, &name) else { return };
    let field = format!("spec.http.{}", routes.len());
    trace.add(field.clone(), Place::Key(scope.origin.clone()));
    let treatment = Treatment::of(component, None);
    treatment.trace(&field, trace);
    if let Some(split) = &traffic.split {
        trace_split(component, split, &field, &traffic.path, trace);
    }
    let shares = traffic.split.as_deref();
    routes.push(treatment.route(component, scope.port, name, matches, shares));
}

pub(super) fn trace_split(
    component: &Component,
    shares: &[Share],
    field: &str,
    path: &Path,
    trace: &mut Trace,
) {
    let alive = shares.iter().filter(|share| share.percent > 0);
    for (position, share) in alive.enumerate() {
        let place = path.field("split").key(&component.versions[share.version].name);
        trace.add(format!("{field}.route.{position}"), Place::Value(place));
    }
}

/// How the calls of a rule, or all others, are treated, and where that is written.
pub(super) struct Treatment<'a> {
    retries: (Option<&'a Retries>, Path),
    timeout: (Option<&'a crate::model::Duration>, Path),
    fault: (Option<&'a Fault>, Path),
    mirror: (Option<(usize, u8)>, Path),
}

impl<'a> Treatment<'a> {
    fn of(component: &'a Component, rule: Option<&'a Rule>) -> Self {
        let traffic = &component.traffic;
        let pick = |field: &'static str, own: bool| match rule {
            Some(rule) if own => rule.path.field(field),
            _ => traffic.path.field(field),
        };
        let retries = rule.and_then(|rule| rule.retries.as_ref());
        let timeout = rule.and_then(|rule| rule.timeout.as_ref());
        let fault = rule.and_then(|rule| rule.fault.as_ref());
        let mirror = rule.and_then(|rule| rule.mirror);
        Self {
            retries: (retries.or(traffic.retries.as_ref()), pick("retries", retries.is_some())),
            timeout: (timeout.or(traffic.timeout.as_ref()), pick("timeout", timeout.is_some())),
            fault: (fault.or(traffic.fault.as_ref()), pick("fault", fault.is_some())),
            mirror: (mirror.or(traffic.mirror), pick("mirror", mirror.is_some())),
        }
    }

    fn trace(&self, field: &str, trace: &mut Trace) {
        if matches!(self.retries.0, Some(Retries::Policy(_))) {
            trace.add(format!("{field}.retries"), Place::Key(self.retries.1.clone()));
        }
        if self.timeout.0.is_some() {
            trace.add(format!("{field}.timeout"), Place::Value(self.timeout.1.clone()));
        }
        if self.fault.0.is_some() {
            trace.add(format!("{field}.fault"), Place::Key(self.fault.1.clone()));
        }
        if self.mirror.0.is_some() {
            trace.add(format!("{field}.mirror"), Place::Key(self.mirror.1.clone()));
        }
    }

    fn route(
        &self,
        component: &Component,
        port: &Port,
        name: String,
        matches: Vec<IstioMatch>,
        shares: Option<&[Share]>,
    ) -> HttpRouteOfIstio {
        let delay = self.fault.0.and_then(|fault| fault.delay.as_ref());
        let abort = self.fault.0.and_then(|fault| fault.abort.as_ref());
        let percent = |percent: Option<crate::model::Percent>| percent.map_or(100, |p| p.0);
        HttpRouteOfIstio {
            name,
            matches,
            destinations: destinations(component, port.port, shares),
            retries: retries_of(self.retries.0),
            timeout: self.timeout.0.map(crate::model::Duration::proto),
            delay: delay.map(|delay| (delay.time.proto(), percent(delay.percent))),
            abort: abort.map(|abort| (abort.status, percent(abort.percent))),
            mirror: self.mirror.0.map(|(version, percent)| {
                let all = [Share { version, percent: 100 }];
                (destinations(component, port.port, Some(&all)).remove(0), percent)
            }),
        }
    }
}

/// Retries, always explicit: what the file does not ask for is switched off, unless it leaves them
/// to the mesh.
pub(super) fn retries_of(retries: Option<&Retries>) -> Option<IstioRetries> {
    /// Istio's own default conditions, written out.
    /// Source: `defaultRetryPolicy` in istio.io/istio/pilot/pkg/networking/core/route/retry.
    const FAILED: &str = "connect-failure,refused-stream,unavailable,cancelled,503";
    match retries {
        Some(Retries::Mesh) => None,
        Some(Retries::Policy(policy)) if policy.attempts > 0 => Some(IstioRetries {
            attempts: policy.attempts,
            per_try: policy.per_try.as_ref().map(crate::model::Duration::proto),
            on: Some(policy.on.as_ref().map_or_else(
                || FAILED.into(),
                |on| {
                    let words: Vec<&str> = on.iter().map(|word| &**word).collect();
                    words.join(",")
                },
            )),
        }),
        _ => Some(IstioRetries { attempts: 0, per_try: None, on: None }),
    }
}

pub(super) fn destinations(
    component: &Component,
    port: u16,
    shares: Option<&[Share]>,
) -> Vec<Destination> {
    let host = main_host(component);
    let to = |subset: Option<String>, weight: Option<u8>| Destination {
        host: host.clone(),
        subset,
        port,
        weight,
    };
    // Several versions always have weights: without them a version gets calls as soon as it starts.
    let pods;
    let shares = match shares {
        Some(shares) => shares,
        None if component.versions.len() > 1 => {
            pods = by_replicas(component);
            &pods
        }
        None => return vec![to(None, None)],
    };
    let alive: Vec<&Share> = shares.iter().filter(|share| share.percent > 0).collect();
    let name = |share: &Share| Some(component.versions[share.version].name.to_string());
    match alive.as_slice() {
        [only] => vec![to(name(only), None)],
        several => several.iter().map(|share| to(name(share), Some(share.percent))).collect(),
    }
}

/// The conditions of a route. Several stand for "or": a path by segments is two. `None` where no
/// call can satisfy rule and path together.
pub(super) fn conditions(
    rule: Option<&Match>,
    scope: &Scope<'_>,
    name: &str,
) -> Option<Vec<IstioMatch>> {
    let mut base =
        IstioMatch { name: name.to_owned(), port: scope.condition, ..IstioMatch::default() };
    let own_path = rule.and_then(|rule| rule.path.as_ref());
    if let Some(rule) = rule {
        base.method = rule.method.map(crate::model::Method::name);
        for (name, matcher) in rule.headers.iter().flatten() {
            // Istio wants header names in lower case.
            let name = name.to_ascii_lowercase();
            match matcher {
                Matcher::Present(false) => base.without.push((name, None, String::new())),
                matcher => {
                    let (way, text) = text_condition(matcher);
                    base.headers.push((name, way, text));
                }
            }
        }
        for (name, matcher) in rule.cookies.iter().flatten() {
            let regex = cookie_regex(name, matcher);
            let condition = ("cookie".to_owned(), Some("regex"), regex);
            match matcher {
                Matcher::Present(false) => base.without.push(condition),
                _ => base.headers.push(condition),
            }
        }
        for (name, matcher) in rule.query.iter().flatten() {
            // Prefixes of parameters are not supported everywhere; an expression is.
            let (exact, text) = exact_or_expression(matcher);
            let way = if exact { "exact" } else { "regex" };
            base.query.push((name.clone(), way, text));
        }
    }
    let path = match scope.path {
        None => own_path.cloned(),
        // What cannot be joined was refused by a rule.
        Some(path) => Some(intersect(path, own_path).ok().flatten()?),
    };
    let with = |way, text| IstioMatch { uri: Some((way, text)), ..base.clone() };
    let out = match path {
        None | Some(Matcher::Present(_)) => vec![base.clone()],
        Some(Matcher::Prefix(text) | Matcher::StartsWith(text)) if text == "/" => {
            vec![base.clone()]
        }
        Some(Matcher::Prefix(text)) => {
            let text = text.trim_end_matches('/').to_owned();
            let below = format!("{text}/");
            vec![with("exact", text), with("prefix", below)]
        }
        Some(Matcher::StartsWith(text)) => vec![with("prefix", text)],
        Some(Matcher::Exact(text)) => vec![with("exact", text)],
        Some(Matcher::Regex(text)) => vec![with("regex", text)],
    };
    // A condition without conditions is every call, which a route says by having none.
    let bare = |m: &IstioMatch| {
        m.uri.is_none()
            && m.method.is_none()
            && m.port.is_none()
            && m.headers.is_empty()
            && m.without.is_empty()
            && m.query.is_empty()
    };
    Some(if out.iter().any(bare) { Vec::new() } else { out })
}

pub(super) fn text_condition(matcher: &Matcher) -> (Option<&'static str>, String) {
    match matcher {
        Matcher::Exact(text) => (Some("exact"), text.clone()),
        Matcher::Prefix(text) | Matcher::StartsWith(text) => (Some("prefix"), text.clone()),
        Matcher::Regex(text) => (Some("regex"), text.clone()),
        Matcher::Present(_) => (None, String::new()),
    }
}

/// One cookie within the `cookie` header, as an expression over the whole header.
pub(crate) fn cookie_regex(name: &str, matcher: &Matcher) -> String {
    let value = match matcher {
        Matcher::Exact(text) => regex::escape(text),
        Matcher::Prefix(text) | Matcher::StartsWith(text) => {
            format!("{}[^;]*", regex::escape(text))
        }
        Matcher::Regex(text) => format!("(?:{text})"),
        Matcher::Present(_) => "[^;]*".into(),
    };
    format!(r"(.*;\s*)?{}={value}(;.*)?", regex::escape(name))
}
