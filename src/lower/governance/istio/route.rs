//! The routes of a VirtualService: conditions, treatment, destinations.

use super::main_host;
use crate::graph::{Component, Graph, PathMatch, Port, Rule, Share};
use crate::lower::governance::rewritten;
use crate::lower::view::{
    Destination, HttpRouteOfIstio, IstioMatch, IstioRetries, IstioRewrite, TcpRoute, Trace,
};
use crate::model::{Fault, Matcher, Retries, Rewrite, Sticky};
use crate::source::{Path, Place};
use crate::traffic::{
    Step, by_replicas, cookie_regex, exact_or_expression, intersect, set_cookie, steps, unmatchable,
};

/// Which calls routes are made for.
pub(super) struct Scope<'a> {
    pub(super) graph: &'a Graph,
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
    let outside = scope.path.is_some();
    for step in steps(component, outside) {
        if unmatchable(&step.matches).is_some() {
            continue;
        }
        let name = step_name(component, &step, &scope.suffix);
        let Some(matches) = conditions(&step, scope, &name) else { continue };
        let field = format!("spec.http.{}", routes.len());
        trace_step(component, &step, &field, scope.origin, trace);
        let rule = step.rule.map(|(_, rule)| rule);
        if let (Some(rule), false) = (rule, matches.is_empty()) {
            trace.add(format!("{field}.match"), Place::Key(rule.path.field("match")));
        }
        let treatment = Treatment::of(component, rule);
        treatment.trace(&field, trace);
        routes.push(treatment.route(component, scope.port, name, matches, &step));
    }
}

/// The name of a step's route, for statistics.
fn step_name(component: &Component, step: &Step<'_>, suffix: &str) -> String {
    let kept = match step.kept {
        Some(version) => format!("-kept-{}", component.versions[version].name),
        None => String::new(),
    };
    match step.rule {
        Some((position, _)) => format!("rule-{}{kept}{suffix}", position + 1),
        None => format!("default{kept}{suffix}"),
    }
}

/// Where a step's route comes from, and where it leads to.
fn trace_step(
    component: &Component,
    step: &Step<'_>,
    field: &str,
    origin: &Path,
    trace: &mut Trace,
) {
    let traffic = &component.traffic;
    let sticky = || Place::Key(traffic.path.field("sticky"));
    let from = match (step.kept, step.rule) {
        (Some(_), _) => sticky(),
        (None, Some((_, rule))) => Place::Value(rule.path.clone()),
        (None, None) => Place::Key(origin.clone()),
    };
    trace.add(field, from);
    let Some(shares) = &step.shares else { return };
    let own = step.rule.map(|(_, rule)| rule).filter(|rule| rule.to.is_some());
    match (own, shares.as_slice()) {
        // Where `to` stands, there is no split to point at.
        (Some(rule), [only]) if only.percent == 100 && step.kept.is_none() => {
            trace.add(format!("{field}.route.0"), Place::Value(rule.path.field("to")));
        }
        (Some(rule), shares) => trace_split(component, shares, field, &rule.weights, trace),
        (None, shares) if step.rule.is_none() || step.kept.is_some() => {
            trace_split(component, shares, field, &traffic.weights, trace);
        }
        (None, _) => {}
    }
    if step.notes.is_some() {
        let alive = shares.iter().filter(|share| share.percent > 0);
        for (position, _) in alive.enumerate() {
            trace.add(format!("{field}.route.{position}.headers"), sticky());
        }
    }
}

/// The routes of a port whose connections are all that can be told apart.
pub(super) fn tcp_routes(
    graph: &Graph,
    component: &Component,
    (number, port): (u16, &Port),
    routes: &mut Vec<TcpRoute>,
    trace: &mut Trace,
) {
    let traffic = &component.traffic;
    let rules = traffic.rules.iter().filter(|rule| !rule.matches.sees_requests());
    for rule in rules.map(Some).chain([None]) {
        let shares = traffic.shares(rule);
        if shares.is_none() && rule.is_some() {
            continue;
        }
        let field = format!("spec.tcp.{}", routes.len());
        if let Some(rule) = rule {
            trace.add(&field, Place::Value(rule.path.clone()));
        }
        let own = rule.filter(|rule| rule.to.is_some());
        match (own, shares) {
            (Some(rule), Some([only])) if only.percent == 100 => {
                trace.add(format!("{field}.route.0"), Place::Value(rule.path.field("to")));
            }
            (Some(rule), Some(shares)) => {
                trace_split(component, shares, &field, &rule.weights, trace)
            }
            (None, Some(shares)) => {
                trace_split(component, shares, &field, &traffic.weights, trace);
            }
            (_, None) => {}
        }
        let callers = rule.map(|rule| callers(graph, rule)).unwrap_or_default();
        let everyone = callers.is_empty();
        let destinations = destinations(component, port.port, shares, None);
        routes.push(TcpRoute { port: number, callers, destinations });
        if everyone {
            return;
        }
    }
}

fn trace_split(
    component: &Component,
    shares: &[Share],
    field: &str,
    weights: &Path,
    trace: &mut Trace,
) {
    let alive = shares.iter().filter(|share| share.percent > 0);
    for (position, share) in alive.enumerate() {
        let place = weights.key(&component.versions[share.version].name);
        trace.add(format!("{field}.route.{position}"), Place::Value(place));
    }
}

/// How the calls of a rule, or all others, are treated, and where that is written.
struct Treatment<'a> {
    rewrite: Option<(&'a Rewrite, Option<&'a str>, Path)>,
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
        let rewrite = rule.and_then(|rule| {
            // The prefix that is replaced is the one that the rule matches.
            let prefix = match &rule.matches.path {
                Some(Matcher::Prefix(text)) => Some(&**text),
                _ => None,
            };
            Some((rule.rewrite.as_ref()?, prefix, rule.path.field("rewrite")))
        });
        Self {
            rewrite,
            retries: (retries.or(traffic.retries.as_ref()), pick("retries", retries.is_some())),
            timeout: (timeout.or(traffic.timeout.as_ref()), pick("timeout", timeout.is_some())),
            fault: (fault.or(traffic.fault.as_ref()), pick("fault", fault.is_some())),
            mirror: (mirror.or(traffic.mirror), pick("mirror", mirror.is_some())),
        }
    }

    fn trace(&self, field: &str, trace: &mut Trace) {
        if let Some((.., path)) = &self.rewrite {
            trace.add(format!("{field}.rewrite"), Place::Key(path.clone()));
        }
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
        step: &Step<'_>,
    ) -> HttpRouteOfIstio {
        let delay = self.fault.0.and_then(|fault| fault.delay.as_ref());
        let abort = self.fault.0.and_then(|fault| fault.abort.as_ref());
        let percent = |percent: Option<crate::model::Percent>| percent.map_or(100, |p| p.0);
        HttpRouteOfIstio {
            name,
            matches,
            destinations: destinations(component, port.port, step.shares.as_deref(), step.notes),
            rewrite: self
                .rewrite
                .as_ref()
                .map(|(rewrite, prefix, _)| by_expression(rewrite, *prefix)),
            retries: retries_of(self.retries.0),
            timeout: self.timeout.0.map(crate::model::Duration::proto),
            delay: delay.map(|delay| (delay.time.proto(), percent(delay.percent))),
            abort: abort.map(|abort| (abort.status, percent(abort.percent))),
            mirror: self.mirror.0.map(|(version, percent)| {
                let all = [Share { version, percent: 100 }];
                (destinations(component, port.port, Some(&all), None).remove(0), percent)
            }),
        }
    }
}

/// A rewrite by expression: Istio's plain one replaces what a route happened to match, and a prefix
/// by segments is two matches.
fn by_expression(rewrite: &Rewrite, prefix: Option<&str>) -> IstioRewrite {
    let host = rewrite.host.as_ref().map(ToString::to_string);
    IstioRewrite { path: rewritten(rewrite, prefix), host }
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
    notes: Option<&Sticky>,
) -> Vec<Destination> {
    let host = main_host(component);
    let to = |subset: Option<String>, weight: Option<u8>| Destination {
        host: host.clone(),
        cookie: notes.zip(subset.as_deref()).map(|(sticky, version)| set_cookie(sticky, version)),
        subset,
        port,
        weight,
    };
    // Several versions always have weights: without them a version gets calls as soon as it starts.
    let pods;
    let shares = match shares {
        Some(shares) => shares,
        // Each call to a headless name is for one pod, which the caller has chosen.
        None if component.headless => return vec![to(None, None)],
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

/// The callers that a rule is for: label and namespace of their pods.
fn callers(graph: &Graph, rule: &Rule) -> Vec<(String, String)> {
    let callers = rule.callers.iter().map(|(id, _)| graph.component(*id));
    callers.map(|caller| (caller.name.to_string(), caller.namespace.to_string())).collect()
}

/// The conditions of a route. Several stand for "or": a path by segments is two. `None` where no
/// call can satisfy rule and path together.
fn conditions(step: &Step<'_>, scope: &Scope<'_>, name: &str) -> Option<Vec<IstioMatch>> {
    let rule = &step.matches;
    let mut base =
        IstioMatch { name: name.to_owned(), port: scope.condition, ..IstioMatch::default() };
    let own_path = rule.path.as_ref();
    base.method = rule.method.map(crate::model::Method::name);
    for (name, matcher) in rule.headers.iter().flatten() {
        // Istio wants header names in lower case.
        let (way, text) = text_condition(matcher);
        let side = if matcher.takes_absent() { &mut base.without } else { &mut base.headers };
        side.push((name.to_ascii_lowercase(), way, text));
    }
    for (name, matcher) in rule.cookies.iter().flatten() {
        let side = if matcher.takes_absent() { &mut base.without } else { &mut base.headers };
        side.push(("cookie".to_owned(), Some("regex"), cookie_regex(name, matcher)));
    }
    for (name, matcher) in rule.query.iter().flatten() {
        // Prefixes of parameters are not supported everywhere; an expression is.
        let (exact, text) = exact_or_expression(matcher);
        let way = if exact { "exact" } else { "regex" };
        base.query.push((name.clone(), way, text));
    }
    let path = match scope.path {
        None => own_path.cloned(),
        // What cannot be joined was refused by a rule.
        Some(path) => Some(intersect(path, own_path).ok().flatten()?),
    };
    let with = |way, text| IstioMatch { uri: Some((way, text)), ..base.clone() };
    let out = match path {
        None | Some(Matcher::Present(_) | Matcher::Not(_)) => vec![base.clone()],
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
    // One condition for each caller: Istio compares labels, and each is a label of its own.
    let callers = step.rule.map(|(_, rule)| callers(scope.graph, rule)).unwrap_or_default();
    if !callers.is_empty() {
        let with = |caller: &(String, String)| {
            let caller = caller.clone();
            out.iter().map(move |m| IstioMatch { caller: Some(caller.clone()), ..m.clone() })
        };
        return Some(callers.iter().flat_map(with).collect());
    }
    Some(if out.iter().any(bare) { Vec::new() } else { out })
}

fn text_condition(matcher: &Matcher) -> (Option<&'static str>, String) {
    match matcher.positive() {
        Matcher::Exact(text) => (Some("exact"), text.clone()),
        Matcher::Prefix(text) | Matcher::StartsWith(text) => (Some("prefix"), text.clone()),
        Matcher::Regex(text) => (Some("regex"), text.clone()),
        Matcher::Present(_) | Matcher::Not(_) => (None, String::new()),
    }
}
