//! How calls go, in the words of no mode, and without what the mode cannot do.

use std::collections::BTreeSet;

use super::policy::peer;
use crate::graph::{Component, ComponentId, Graph, Port, Rule, Share, Version};
use crate::lower::host;
use crate::lower::view::given::{
    Abort, Condition, Delay, Destination, Ejection, Limits, Mirror, PathCondition, Retries,
    Rewrite, Route, RoutedService, Step, Time,
};
use crate::model::{self, Duration, Match, Matcher, Method, Percent, Sticky};
use crate::source::Path;
use crate::traffic::{
    self, Expressions, Feature, by_component, can, cookie_regex, exact_or_expression, steps_left,
};

/// The routes of a component: of its own name and its aliases for each port, then of its versions.
pub(super) fn routes(graph: &Graph, id: ComponentId) -> Vec<Route> {
    let component = graph.component(id);
    // Which pod of a headless host is called, the caller decides.
    if component.headless {
        return Vec::new();
    }
    let does = |feature| can(graph.governance, feature);
    let lost: BTreeSet<&Path> = by_component(id, component)
        .into_iter()
        .filter(|wanted| wanted.feature.tells_apart() && !does(wanted.feature))
        .filter_map(|wanted| Some(&component.traffic.rules[wanted.rule?].path))
        .collect();
    let kept = |rule: &Rule| !lost.contains(&rule.path);
    let by_requests = steps_left(component, kept);
    let by_callers = steps_left(component, |rule| kept(rule) && !rule.matches.sees_requests());
    let ports: Vec<&Port> = component.service_ports().map(|(_, port)| port).collect();
    let routed: Vec<&&Port> =
        ports.iter().filter(|port| port.protocol.is_http() || port.protocol.is_stream()).collect();
    let several = routed.len() > 1;
    let mut out = Vec::new();
    for port in routed.iter().filter(|port| port.protocol.is_http()) {
        let steps = by_requests.iter().filter(|step| step.kept.is_none() || does(Feature::Sticky));
        let steps: Vec<Step> = steps.map(|one| step(graph, component, port, one)).collect();
        let plain = matches!(&*steps, [only] if is_plain(component, only));
        out.push(Route {
            name: name(&component.name, port, several),
            http: true,
            port: port.service_name(),
            services: services(component, port),
            version: None,
            plain,
            steps,
        });
        for version in component.versions.iter().filter(|_| component.versioned) {
            out.push(of_version(graph, component, version, port, several));
        }
    }
    let split = component.traffic.split.is_some()
        || component.traffic.rules.iter().any(|rule| rule.to.is_some());
    for port in routed.iter().filter(|port| split && port.protocol.is_stream()) {
        let steps = by_callers.iter().filter(|step| step.kept.is_none());
        let steps: Vec<Step> = steps.map(|one| connections(graph, component, port, one)).collect();
        let plain = matches!(&*steps, [only] if is_plain(component, only));
        out.push(Route {
            name: name(&component.name, port, several),
            http: false,
            port: port.service_name(),
            services: services(component, port),
            version: None,
            plain,
            steps,
        });
    }
    out
}

/// A name that no route of the entry has: names of components have no dots.
fn name(service: &str, port: &Port, several: bool) -> String {
    match several {
        true => format!("{service}.mesh.{}", port.name),
        false => format!("{service}.mesh"),
    }
}

/// Every Service by which all versions of a component can be called on a port.
fn services(component: &Component, port: &Port) -> Vec<RoutedService> {
    let of = |name: &str, number| RoutedService {
        service: name.to_owned(),
        host: host(component, name),
        number,
    };
    let named = |position: &usize| component.ports[*position].name == port.name;
    let aliases = component.aliases.iter().filter(|alias| !alias.headless).filter_map(|alias| {
        let number = match &alias.ports {
            None => port.port,
            Some(ports) => *ports.iter().find(|(position, _)| named(position))?.1,
        };
        Some(of(&alias.name, number))
    });
    std::iter::once(of(&component.name, port.port)).chain(aliases).collect()
}

/// Whether nothing is done with the calls of a step, which go to the component itself.
fn is_plain(component: &Component, step: &Step) -> bool {
    let whole = |to: &Destination| to.version.is_none() && to.service == *component.name;
    step.any
        && matches!(&*step.destinations, [only] if whole(only))
        && step.rewrite.is_none()
        && step.retries.attempts == 0
        && step.timeout.is_none()
        && step.delay.is_none()
        && step.abort.is_none()
        && step.mirror.is_none()
}

/// Each version's own name leads to that version, with the time and tries that the component allows.
fn of_version(
    graph: &Graph,
    component: &Component,
    version: &Version,
    port: &Port,
    several: bool,
) -> Route {
    let service = component.version_name(version);
    let to = Destination {
        version: Some(version.name.to_string()),
        service: service.clone(),
        host: host(component, &service),
        number: port.port,
        weight: 100,
        cookie: None,
    };
    let treatment = Treatment::of(graph, component, None);
    let retries = treatment.retries();
    let timeout = treatment.timeout.map(time);
    let plain = retries.attempts == 0 && timeout.is_none();
    let step = Step { retries, timeout, ..bare("default".into(), vec![to.clone()]) };
    let called = RoutedService { service: service.clone(), host: to.host, number: port.port };
    Route {
        name: name(&service, port, several),
        http: true,
        port: port.service_name(),
        services: vec![called],
        version: Some(version.name.to_string()),
        plain,
        steps: vec![step],
    }
}

/// A step that matches every call, and does nothing but send them on.
fn bare(name: String, destinations: Vec<Destination>) -> Step {
    Step {
        name,
        any: true,
        path: None,
        method: None,
        headers: Vec::new(),
        query: Vec::new(),
        callers: Vec::new(),
        destinations,
        rewrite: None,
        retries: Retries { by_mesh: false, attempts: 0, per_try: None, on: Vec::new() },
        timeout: None,
        delay: None,
        abort: None,
        mirror: None,
    }
}

/// Calls of the components of a rule.
fn with_callers(graph: &Graph, step: &mut Step, rule: Option<&Rule>) {
    let callers = rule.into_iter().flat_map(|rule| &rule.callers);
    step.callers = callers.map(|(id, _)| peer(graph, graph.component(*id), None)).collect();
    step.any &= step.callers.is_empty();
}

/// A step of connections, which are told apart by their callers alone.
fn connections(
    graph: &Graph,
    component: &Component,
    port: &Port,
    step: &traffic::Step<'_>,
) -> Step {
    let rule = step.rule.map(|(_, rule)| rule);
    let shares = shares(graph, Feature::StreamSplit, step);
    let mut out = bare(step_name(component, step), destinations(component, port, shares, None));
    with_callers(graph, &mut out, rule);
    out
}

fn step_name(component: &Component, step: &traffic::Step<'_>) -> String {
    let kept = match step.kept {
        Some(version) => format!("-kept-{}", component.versions[version].name),
        None => String::new(),
    };
    match step.rule {
        Some((position, _)) => format!("rule-{}{kept}", position + 1),
        None => format!("default{kept}"),
    }
}

fn step(graph: &Graph, component: &Component, port: &Port, step: &traffic::Step<'_>) -> Step {
    let does = |feature| can(graph.governance, feature);
    let rule = step.rule.map(|(_, rule)| rule);
    let shares = shares(graph, Feature::Split, step);
    let notes = step.notes.filter(|_| does(Feature::Sticky) && shares.is_some());
    let treatment = Treatment::of(graph, component, rule);
    let percent = |percent: Option<Percent>| percent.map_or(100, |percent| percent.0);
    let matches = &step.matches;
    let mut headers: Vec<Condition> = Vec::new();
    for (name, matcher) in matches.headers.iter().flatten() {
        headers.push(condition(name, matcher));
    }
    for (name, matcher) in matches.cookies.iter().flatten() {
        headers.push(Condition {
            name: "cookie".into(),
            exact: false,
            value: cookie_regex(name, matcher),
            negated: matcher.takes_absent(),
        });
    }
    let query = matches.query.iter().flatten();
    let path = matches.path.as_ref().and_then(path);
    let mut out = Step {
        any: traffic::covers(matches, &Match::default(), &Expressions::new()),
        path,
        method: matches.method.map(Method::name),
        headers,
        query: query.map(|(name, matcher)| condition(name, matcher)).collect(),
        rewrite: treatment.rewrite.map(|rewrite| Rewrite {
            path: rewrite.path.as_ref().map(ToString::to_string),
            prefix: rewrite.prefix.as_ref().map(ToString::to_string),
            host: rewrite.host.as_ref().map(ToString::to_string),
        }),
        retries: treatment.retries(),
        timeout: treatment.timeout.map(time),
        delay: treatment
            .fault
            .and_then(|fault| fault.delay.as_ref())
            .map(|delay| Delay { time: time(&delay.time), percent: percent(delay.percent) }),
        abort: treatment
            .fault
            .and_then(|fault| fault.abort.as_ref())
            .map(|abort| Abort { status: abort.status, percent: percent(abort.percent) }),
        mirror: treatment.mirror.map(|(version, percent)| {
            let copies = [Share { version, percent: 100 }];
            let to = destinations(component, port, Some(&copies), None).remove(0);
            Mirror { to, percent }
        }),
        ..bare(step_name(component, step), destinations(component, port, shares, notes))
    };
    with_callers(graph, &mut out, rule);
    out
}

/// The shares of a step, as far as the mode can share calls out; one version is no share.
fn shares<'s>(graph: &Graph, feature: Feature, step: &'s traffic::Step<'_>) -> Option<&'s [Share]> {
    let shares = step.shares.as_deref()?;
    let alone = shares.iter().filter(|share| share.percent > 0).count() == 1;
    let chosen =
        alone && (step.kept.is_some() || step.rule.is_some_and(|(_, rule)| rule.to.is_some()));
    (chosen || can(graph.governance, feature)).then_some(shares)
}

fn destinations(
    component: &Component,
    port: &Port,
    shares: Option<&[Share]>,
    notes: Option<&Sticky>,
) -> Vec<Destination> {
    let to = |version: Option<&Version>, weight: u8| {
        let service = match version {
            Some(version) => component.version_name(version),
            None => component.name.to_string(),
        };
        Destination {
            version: version.map(|version| version.name.to_string()),
            host: host(component, &service),
            service,
            number: port.port,
            weight,
            cookie: notes
                .zip(version)
                .map(|(sticky, version)| traffic::set_cookie(sticky, &version.name)),
        }
    };
    let Some(shares) = shares.filter(|_| component.versioned) else { return vec![to(None, 100)] };
    let alive = shares.iter().filter(|share| share.percent > 0);
    alive.map(|share| to(Some(&component.versions[share.version]), share.percent)).collect()
}

fn condition(name: &str, matcher: &Matcher) -> Condition {
    let (exact, value) = exact_or_expression(matcher);
    Condition { name: name.to_owned(), exact, value, negated: matcher.takes_absent() }
}

/// A condition on a path; none where it holds of every path.
fn path(matcher: &Matcher) -> Option<PathCondition> {
    let (kind, value) = match matcher.positive() {
        Matcher::Prefix(text) | Matcher::StartsWith(text) if text == "/" => return None,
        Matcher::Exact(text) => ("exact", text),
        Matcher::Prefix(text) => ("prefix", text),
        Matcher::StartsWith(text) => ("text", text),
        Matcher::Regex(text) => ("regex", text),
        Matcher::Present(_) | Matcher::Not(_) => return None,
    };
    let negated = matches!(matcher, Matcher::Not(_));
    Some(PathCondition { kind, value: value.clone(), negated })
}

fn time(duration: &Duration) -> Time {
    Time { millis: duration.millis(), units: duration.gateway_api(), seconds: duration.proto() }
}

/// How the calls of a rule, or all others, are treated, as far as the mode does it.
struct Treatment<'a> {
    rewrite: Option<&'a model::Rewrite>,
    retries: Option<&'a model::Retries>,
    timeout: Option<&'a Duration>,
    fault: Option<&'a model::Fault>,
    mirror: Option<(usize, u8)>,
}

impl<'a> Treatment<'a> {
    fn of(graph: &Graph, component: &'a Component, rule: Option<&'a Rule>) -> Self {
        let traffic = &component.traffic;
        let does = |feature| can(graph.governance, feature);
        let retries = rule.and_then(|rule| rule.retries.as_ref()).or(traffic.retries.as_ref());
        let timeout = rule.and_then(|rule| rule.timeout.as_ref()).or(traffic.timeout.as_ref());
        let fault = rule.and_then(|rule| rule.fault.as_ref()).or(traffic.fault.as_ref());
        let mirror = rule.and_then(|rule| rule.mirror).or(traffic.mirror);
        let rewrite = rule.and_then(|rule| rule.rewrite.as_ref());
        Self {
            rewrite: rewrite.filter(|_| does(Feature::Rewrite)),
            retries: retries.filter(|one| !one.repeat() || does(Feature::Retries)),
            timeout: timeout.filter(|_| does(Feature::Timeout)),
            fault: fault.filter(|_| does(Feature::Fault)),
            mirror: mirror.filter(|_| does(Feature::Mirror)),
        }
    }

    fn retries(&self) -> Retries {
        let policy = match self.retries {
            Some(model::Retries::Policy(policy)) => Some(policy),
            _ => None,
        };
        let on = policy.and_then(|policy| policy.on.as_ref()).into_iter().flatten();
        Retries {
            by_mesh: self.retries == Some(&model::Retries::Mesh),
            attempts: policy.map_or(0, |policy| policy.attempts),
            per_try: policy.and_then(|policy| policy.per_try.as_ref()).map(time),
            on: on.map(ToString::to_string).collect(),
        }
    }
}

/// How much a component may be asked at once.
pub(super) fn limits(graph: &Graph, component: &Component) -> Option<Limits> {
    let breaker = component.traffic.breaker.as_ref()?;
    (breaker.limits() && can(graph.governance, Feature::Limits)).then(|| Limits {
        connections: breaker.connections,
        connect_timeout: breaker.connect_timeout.as_ref().map(time),
        pending: breaker.pending,
        requests: breaker.requests,
        requests_per_connection: breaker.requests_per_connection,
        retries: breaker.retries,
    })
}

/// When its pods are taken out.
pub(super) fn ejection(graph: &Graph, component: &Component) -> Option<Ejection> {
    let eject = component.traffic.breaker.as_ref()?.eject.as_ref()?;
    can(graph.governance, Feature::Ejection).then(|| Ejection {
        errors: eject.errors,
        gateway_errors: eject.gateway_errors,
        interval: eject.interval.as_ref().map(time),
        time: eject.time.as_ref().map(time),
        percent: eject.percent.map(|percent| percent.0),
        min_healthy: eject.min_healthy.map(|percent| percent.0),
    })
}
