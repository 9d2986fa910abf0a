//! What each mode and each kind of entry can do with calls.

mod entry;

use std::collections::BTreeMap;

use super::replicas::native;
use crate::graph::{Component, ComponentId, Graph};
use crate::model::{
    self, Fallback, GatewayKind, Governance, Match, Matcher, Protocol, Retries, Sticky, Via,
};
use crate::source::Path;

use self::entry::{gateway_lacks, route_lacks, tls_lacks};

pub use self::entry::{ROUTE_RULES, unroutable};

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
    policy_lacks(graph, &mut out);
    for (id, component) in graph.ids() {
        let gateway_only = split_at_gateway_only(graph, id);
        if graph.governance == Governance::Kubernetes && !gateway_only {
            service_lacks(graph, id, &mut out);
        }
        let through_routes = component.entries.iter().any(|entry| entry.via == Via::Gateway)
            && graph.gateway_kind() == GatewayKind::GatewayApi;
        if through_routes {
            route_lacks(component, &mut out);
        }
        external_lacks(graph, component, &mut out);
        if graph.governance == Governance::Istio {
            istio_lacks(graph, component, &mut out);
        }
    }
    out
}

/// What a plain Service cannot do with calls.
fn service_lacks(graph: &Graph, id: ComponentId, out: &mut Vec<Lack>) {
    const WHO: &str = "plain Kubernetes";
    const WHY: &str = "a Service balances connections and sees no requests";
    let component = graph.component(id);
    let traffic = &component.traffic;
    let shares = match native(graph, id) {
        Some(native) => {
            let parts: Vec<String> = component
                .versions
                .iter()
                .zip(&native.real.shares)
                .map(|(version, share)| format!("{} {share:.1} %", version.name))
                .collect();
            format!("these calls go where all go: {}", parts.join(", "))
        }
        None => "these calls go to any version, by its pods".into(),
    };
    const HELP: &str = "use istio, or write `fallback: drop` to do without";
    for (position, rule) in traffic.rules.iter().enumerate() {
        out.push(Lack {
            who: WHO,
            what: format!(
                "tell calls apart, as rule {} of `{}` does",
                position + 1,
                component.name
            ),
            why: WHY.into(),
            help: match unmatchable(&rule.matches) {
                None => HELP.into(),
                Some(what) => {
                    format!(
                        "remove it: no mode can {what}; or write `fallback: drop` to do without"
                    )
                }
            },
            instead: shares.clone(),
            fallback: rule.fallback.or(traffic.fallback),
            path: rule.path.clone(),
        });
    }
    let tried = traffic.retries.as_ref().is_some_and(Retries::repeat);
    let wanted = [
        (
            "sticky",
            traffic.sticky.is_some(),
            "keep a user on one version",
            "it sees no cookies, and `sessionAffinity` goes by the pod that calls, not by the user",
            "users change versions from call to call",
        ),
        ("retries", tried, "try a failed call again", WHY, "0 of 100 failed calls are tried again"),
        (
            "timeout",
            traffic.timeout.is_some(),
            "end a call that takes too long",
            WHY,
            "0 of 100 calls are ended",
        ),
        (
            "circuitBreaker",
            traffic.breaker.is_some(),
            "hold calls back or take failing pods out",
            "a Service counts nothing, and knows failing pods by their probes alone",
            "0 of 100 calls are held back",
        ),
        ("fault", traffic.fault.is_some(), "inject faults", WHY, "0 of 100 calls are disturbed"),
        (
            "mirror",
            traffic.mirror.is_some(),
            "copy calls to another version",
            WHY,
            "0 of 100 calls are copied",
        ),
    ];
    for (field, _, what, why, instead) in wanted.into_iter().filter(|(_, written, ..)| *written) {
        out.push(Lack {
            who: WHO,
            what: what.into(),
            why: why.into(),
            help: HELP.into(),
            instead: instead.into(),
            fallback: traffic.fallback,
            path: traffic.path.field(field),
        });
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
    let taken = |name: &model::HeaderName| **name == *sticky.cookie;
    cookie_conditions(matches).iter().all(|matcher| matcher.takes_absent())
        && !matches.cookies.iter().flat_map(BTreeMap::keys).any(taken)
}

/// Rules whose calls are split anew each time, because they have no room for the cookie.
fn unkept(who: &'static str, component: &Component, out: &mut Vec<Lack>) {
    let traffic = &component.traffic;
    for rule in &traffic.rules {
        let kept = traffic.kept(traffic.shares(Some(rule)));
        if kept.is_none_or(|sticky| pinnable(&rule.matches, sticky)) {
            continue;
        }
        out.push(Lack {
            who,
            what: "keep a user on one version by a cookie where a rule looks at another".into(),
            why: "all cookies are one header, and it has one condition".into(),
            help: "send the calls of this rule to one version, or match something else".into(),
            instead: "calls of this rule are split anew each time".into(),
            fallback: rule.fallback.or(traffic.fallback),
            path: rule.path.field("match"),
        });
    }
}

/// What Istio cannot do with a component's calls.
fn istio_lacks(graph: &Graph, component: &Component, out: &mut Vec<Lack>) {
    let traffic = &component.traffic;
    for rule in &traffic.rules {
        let Some(what) = unmatchable(&rule.matches) else { continue };
        out.push(Lack {
            who: "Istio",
            what: what.into(),
            why: "there is no such match".into(),
            help: "write one condition".into(),
            instead: "0 of 100 calls match this rule".into(),
            fallback: rule.fallback.or(traffic.fallback),
            path: rule.path.field("match"),
        });
    }
    unkept("Istio", component, out);
    let hidden = component
        .service_ports()
        .find(|(_, port)| !port.protocol.is_http() && !port.protocol.is_stream());
    if let Some((_, port)) = hidden {
        let mut lack = |path: Path, fallback: Option<Fallback>| {
            out.push(Lack {
                who: "Istio",
                what: format!("share out the calls to port `{}`", port.name),
                why: format!("{} hides which call is which", port.protocol.name()),
                help: "use `http` or `tcp` if that is what it speaks, or write `fallback: drop`"
                    .into(),
                instead: "calls to this port go to any version, by its pods".into(),
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
    let around = component
        .entries
        .iter()
        .find(|entry| entry.via.is_blind() || graph.gateway_kind() == GatewayKind::Ingress);
    if let (true, Some(entry)) = (governed(component), around) {
        out.push(Lack {
            who: "this entry",
            what: format!("apply the traffic of `{}`", component.name),
            why: "calls come in past the mesh".into(),
            help: "expose it through the istio gateway, or write `fallback: drop` in its traffic"
                .into(),
            instead: "calls from outside go to any version, by its pods".into(),
            fallback: match beyond_splitting(component) {
                true => traffic.fallback,
                false => traffic.split_fallback,
            },
            path: entry.path.clone(),
        });
    }
}

/// What a mode cannot do with TLS around calls to the outside, and with SCTP.
fn external_lacks(graph: &Graph, component: &Component, out: &mut Vec<Lack>) {
    let istio = graph.governance == Governance::Istio;
    let fallback = component.traffic.fallback;
    if component.tls.is_some() && !istio {
        out.push(Lack {
            who: "plain Kubernetes",
            what: format!("put TLS around the calls to `{}`", component.name),
            why: "there is no proxy; the callers would have to speak TLS".into(),
            help: "use istio, or let the callers speak TLS: `protocol: https` without `tls`".into(),
            instead: "0 of 100 calls are encrypted".into(),
            fallback,
            path: component.path.field("tls"),
        });
    }
    for port in component.ports.iter().filter(|port| istio && port.protocol == Protocol::Sctp) {
        out.push(Lack {
            who: "Istio",
            what: "carry sctp".into(),
            why: "its proxies take TCP".into(),
            help: "use kubernetes, or write `fallback: drop` in `traffic` to let these calls pass by the mesh".into(),
            instead: "these calls pass by the mesh".into(),
            fallback,
            path: component.path.field("ports").key(&port.name),
        });
    }
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

/// Whether a component asks for anything that the caller's proxy would have to do.
pub fn governed(component: &Component) -> bool {
    let traffic = &component.traffic;
    traffic.split.is_some() || beyond_splitting(component)
}

/// What the policy asks for and plain Kubernetes cannot do.
fn policy_lacks(graph: &Graph, out: &mut Vec<Lack>) {
    if graph.governance != Governance::Kubernetes || graph.policy.mtls.is_none() {
        return;
    }
    out.push(Lack {
        who: "plain Kubernetes",
        what: "secure calls between components".into(),
        why: "there is no proxy that could".into(),
        help: "use istio, or write `fallback: drop` in the policy".into(),
        instead: "0 of 100 calls are encrypted by this".into(),
        fallback: graph.policy.fallback,
        path: graph.policy.path("mtls"),
    });
}

/// Whether every call to a component comes through a gateway that follows rules and splits itself.
pub fn split_at_gateway_only(graph: &Graph, id: ComponentId) -> bool {
    let component = graph.component(id);
    graph.gateway_kind() == GatewayKind::GatewayApi
        && graph.callers[id.0].is_empty()
        && !component.entries.is_empty()
        && component.entries.iter().all(|entry| entry.via == Via::Gateway)
}
