//! Routes on Services as Linkerd reads them: which comes first is decided by what they match alone,
//! and how long calls may take and what is tried again stands beside a route, for all of its rules.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::entry::ROUTE_RULES;
use super::{Lack, unroutable};
use crate::graph::{Component, Graph, Rule, Version};
use crate::model::{
    Duration, Fallback, Governance, Match, Matcher, Mtls, PortRef, Probe, Retries, RetryOn,
    RetryPolicy, Scheme,
};
use crate::source::Path;
use crate::traffic::algebra::apart;
use crate::traffic::step::steps;

/// How calls are treated, as annotations say it.
#[derive(Debug, Default, PartialEq)]
pub struct Treatment<'t> {
    /// The longest a call may take, and where that is written.
    pub timeout: Option<(&'t Duration, Path)>,
    /// What is tried again, and where that is written.
    pub retries: Option<(&'t RetryPolicy, Path)>,
}

impl Treatment<'_> {
    /// Whether calls are treated in any way.
    pub const fn is_any(&self) -> bool {
        self.timeout.is_some() || self.retries.is_some()
    }

    fn same(&self, other: &Self) -> bool {
        let timeout = |one: &Self| one.timeout.as_ref().map(|(timeout, _)| (*timeout).clone());
        let retries = |one: &Self| one.retries.as_ref().map(|(retries, _)| (*retries).clone());
        timeout(self) == timeout(other) && retries(self) == retries(other)
    }
}

/// How the calls of a rule are treated, or all that no rule takes.
pub fn treatment<'t>(component: &'t Component, rule: Option<&'t Rule>) -> Treatment<'t> {
    let traffic = &component.traffic;
    let timeout = match rule.and_then(|rule| Some((rule.timeout.as_ref()?, &rule.path))) {
        Some(own) => Some(own),
        None => traffic.timeout.as_ref().map(|timeout| (timeout, &traffic.path)),
    };
    let retries = match rule.and_then(|rule| Some((rule.retries.as_ref()?, &rule.path))) {
        Some(own) => Some(own),
        None => traffic.retries.as_ref().map(|retries| (retries, &traffic.path)),
    };
    let tried = |(retries, path): (&'t Retries, &Path)| match retries {
        Retries::Policy(policy) if policy.attempts > 0 && retried(policy).is_ok() => {
            Some((policy, path.field("retries")))
        }
        _ => None,
    };
    Treatment {
        timeout: timeout.map(|(timeout, path)| (timeout, path.field("timeout"))),
        retries: retries.and_then(tried),
    }
}

/// The statuses after which a call is tried again, in Linkerd's words. That a pod takes no
/// connection is none of them: calls go to pods that have taken one.
/// Source: `parse_http_retry` in linkerd/linkerd2/policy-controller/k8s/index, `retryable_error` in
/// linkerd/linkerd2-proxy/linkerd/app/outbound.
///
/// # Errors
/// The first condition that Linkerd does not know.
pub fn retried(policy: &RetryPolicy) -> Result<Vec<&str>, &RetryOn> {
    let Some(on) = &policy.on else { return Ok(vec!["503"]) };
    let mut statuses = Vec::new();
    for condition in on {
        match &**condition {
            "connect-failure" | "refused-stream" => {}
            "retriable-4xx" => statuses.push("409"),
            known @ ("5xx" | "gateway-error") => statuses.push(known),
            status if status.bytes().all(|byte| byte.is_ascii_digit()) => statuses.push(status),
            _ => return Err(condition),
        }
    }
    Ok(statuses)
}

/// Whether calls to a component are known by the address of a Service, as routes and annotations
/// need it.
pub fn has_address(component: &Component) -> bool {
    !component.headless && !component.is_host_outside()
}

/// What Linkerd cannot do with a component's calls, beside what the matrix says.
pub(super) fn annotated_lacks(graph: &Graph, component: &Component, out: &mut Vec<Lack>) {
    if graph.governance != Governance::Linkerd {
        return;
    }
    let traffic = &component.traffic;
    let who = graph.governance.title();
    let rules = traffic.rules.iter().filter(|rule| !rule.for_callers());
    let own = std::iter::once((&traffic.retries, &traffic.path, traffic.fallback));
    let all = own.chain(
        rules.clone().map(|rule| (&rule.retries, &rule.path, rule.fallback.or(traffic.fallback))),
    );
    for (retries, path, fallback) in all {
        let Some(Retries::Policy(policy)) = retries else { continue };
        if let (true, Err(condition)) = (policy.attempts > 0, retried(policy)) {
            out.push(Lack {
                who,
                what: format!("try a call again after `{condition}`"),
                why: "it looks at statuses of HTTP".into(),
                help: "use `5xx`, `gateway-error`, `connect-failure` or statuses, or write `fallback: drop`"
                    .into(),
                instead: "0 of 100 failed calls are tried again".into(),
                close: false,
                fallback,
                path: path.field("retries"),
            });
        }
    }
    let treated = rules.map(Some).chain([None]).any(|rule| treatment(component, rule).is_any());
    let ejects = traffic.breaker.as_ref().is_some_and(|breaker| breaker.eject.is_some());
    if (treated || ejects) && !has_address(component) && component.service_ports().next().is_some()
    {
        out.push(Lack {
            who,
            what: format!("treat the calls to `{}`", component.name),
            why: "it knows calls by the address of a Service, and this name has none".into(),
            help: match component.headless {
                true => "remove `headless`, or write `fallback: drop`".into(),
                false => "write its IP address, or `fallback: drop`".into(),
            },
            instead: "0 of 100 calls are treated in any way".into(),
            close: false,
            fallback: traffic.fallback,
            path: traffic.path.clone(),
        });
    }
    if has_address(component) && component.speaks_http() {
        out_of_order(who, component, out);
    }
}

/// Whether kubelet asks at a port in a way that no policy can tell from other calls.
pub fn is_blind(component: &Component, probe: &Probe) -> bool {
    let known = |at: &PortRef| {
        let mut ports = component.ports.iter().filter(|port| port.protocol.is_http());
        ports.any(|port| match at {
            PortRef::Number(number) => port.target == *number,
            PortRef::Name(name) => *port.name == **name,
        })
    };
    let secured = probe.http.is_some() && probe.scheme == Some(Scheme::HTTPS);
    secured || probe.grpc.as_ref().is_some_and(|at| !known(at))
}

/// Questions of kubelet that no policy can let in alone: it has no identity, and a path is seen in
/// plain HTTP only.
pub(super) fn probe_lacks(graph: &Graph, component: &Component, out: &mut Vec<Lack>) {
    let closed = graph.policy.access || graph.policy.mtls == Some(Mtls::Strict);
    if graph.governance != Governance::Linkerd || !closed || !graph.meshed(component) {
        return;
    }
    for container in component.versions.iter().flat_map(Version::containers) {
        let probes = &container.probes;
        let all = [
            ("readiness", &probes.readiness),
            ("liveness", &probes.liveness),
            ("startup", &probes.startup),
        ];
        for (name, probe) in all {
            let Some(probe) = probe else { continue };
            if !is_blind(component, probe) {
                continue;
            }
            let secured = probe.grpc.is_none();
            out.push(Lack {
                who: graph.governance.title(),
                what: "let kubelet in under a policy".into(),
                why: match secured {
                    true => "it has no identity, and TLS hides what it asks".into(),
                    false => "it has no identity, and this is no port of gRPC or HTTP".into(),
                },
                help: match secured {
                    true => "use a probe without `scheme: HTTPS`, or write `fallback: drop` in the policy".into(),
                    false => "add the port under `ports` as `grpc`, or write `fallback: drop` in the policy".into(),
                },
                instead: "the port of this probe is open to every caller".into(),
                close: false,
                fallback: graph.policy.fallback,
                path: container.path.field("probes").field(name),
            });
        }
    }
}

/// Steps that another one would come before, or might: routes with different annotations are objects
/// of their own, and of two that match equally well the older one wins.
fn out_of_order(who: &'static str, component: &Component, out: &mut Vec<Lack>) {
    let mut steps = steps(component, true);
    steps.retain(|step| unroutable(&step.matches).is_none());
    if steps.len() > ROUTE_RULES {
        // They have no room in any case.
        return;
    }
    let mut told = None;
    for (position, later) in steps.iter().enumerate() {
        let treated = treatment(component, later.rule.map(|(_, rule)| rule));
        let overtakes = steps[..position].iter().any(|earlier| {
            let other = treatment(component, earlier.rule.map(|(_, rule)| rule));
            let first = precedence(&earlier.matches, &later.matches);
            !apart(&earlier.matches, &later.matches)
                && (first == Ordering::Less || first == Ordering::Equal && !treated.same(&other))
        });
        let rule = later.rule.map(|(position, _)| position);
        if !overtakes || told == Some(rule) {
            continue;
        }
        told = Some(rule);
        let path = match later.rule {
            Some((_, rule)) => rule.path.clone(),
            None => component.traffic.path.field("sticky"),
        };
        out.push(Lack {
            who,
            what: "keep the order of these rules".into(),
            why: "the longest path wins there, then a method, then the most conditions; the order counts only among rules that are treated alike".into(),
            help: "let the rule before it match more, or give both the same `timeout` and `retries`"
                .into(),
            instead: String::new(),
            close: false,
            fallback: None::<Fallback>,
            path,
        });
    }
}

/// Which of two matches wins a call that both match: the first at least (`Greater`), neither, or
/// perhaps the second. Source: `RequestMatch` and `PathMatch` in
/// linkerd/linkerd2-proxy/linkerd/http/route.
fn precedence(first: &Match, second: &Match) -> Ordering {
    let rest = |matches: &Match| {
        let cookies = matches.cookies.as_ref().is_some_and(|cookies| !cookies.is_empty());
        let headers = matches.headers.as_ref().map_or(0, BTreeMap::len) + usize::from(cookies);
        let query = matches.query.as_ref().map_or(0, BTreeMap::len);
        (matches.method.is_some(), headers, query)
    };
    let path = match (&first.path, &second.path) {
        // An expression matches a path in all its length.
        (Some(Matcher::Regex(_)), _) | (Some(Matcher::Exact(_)), Some(Matcher::Regex(_))) => {
            Ordering::Equal
        }
        (_, Some(Matcher::Regex(_))) => Ordering::Less,
        (first, second) => length(first.as_ref()).cmp(&length(second.as_ref())),
    };
    path.then_with(|| rest(first).cmp(&rest(second)))
}

fn length(path: Option<&Matcher>) -> usize {
    match path {
        Some(Matcher::Exact(text)) => text.len(),
        Some(Matcher::Prefix(text) | Matcher::StartsWith(text)) => {
            text.trim_end_matches('/').len().max(1)
        }
        _ => 1,
    }
}
