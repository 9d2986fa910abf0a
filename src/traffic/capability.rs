//! What each mode and each kind of entry can do with calls.

use std::collections::BTreeMap;

use super::algebra::intersect;
use super::replicas::native;
use crate::graph::{Component, ComponentId, Door, Entry, Graph, PathMatch};
use crate::model::{
    self, Fallback, GatewayKind, Governance, Match, Matcher, Protocol, Retries, TlsMode, Via,
};
use crate::source::Path;

/// Something that the file asks for and the mode cannot do.
#[derive(Debug)]
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
    let help = "use istio, or write `fallback: drop` to do without";
    for (position, rule) in traffic.rules.iter().enumerate() {
        out.push(Lack {
            who: WHO,
            what: format!(
                "tell calls apart, as rule {} of `{}` does",
                position + 1,
                component.name
            ),
            why: WHY.into(),
            help: help.into(),
            instead: shares.clone(),
            fallback: rule.fallback.or(traffic.fallback),
            path: rule.path.clone(),
        });
    }
    let tried = traffic.retries.as_ref().is_some_and(Retries::repeat);
    let wanted = [
        ("retries", tried, "try a failed call again", "0 of 100 failed calls are tried again"),
        (
            "timeout",
            traffic.timeout.is_some(),
            "end a call that takes too long",
            "0 of 100 calls are ended",
        ),
        ("fault", traffic.fault.is_some(), "inject faults", "0 of 100 calls are disturbed"),
        (
            "mirror",
            traffic.mirror.is_some(),
            "copy calls to another version",
            "0 of 100 calls are copied",
        ),
    ];
    for (field, _, what, instead) in wanted.into_iter().filter(|(_, written, ..)| *written) {
        out.push(Lack {
            who: WHO,
            what: what.into(),
            why: WHY.into(),
            help: help.into(),
            instead: instead.into(),
            fallback: traffic.fallback,
            path: traffic.path.field(field),
        });
    }
}

/// The most rules in one HTTPRoute. Source: `maxItems` of `spec.rules` in its CRD.
const ROUTE_RULES: usize = 16;

/// What an HTTPRoute of the standard channel cannot do.
fn route_lacks(component: &Component, out: &mut Vec<Lack>) {
    const WHO: &str = "a Gateway API route";
    let traffic = &component.traffic;
    let lack = |what: &str, why: &str, path: Path, fallback: Option<Fallback>| Lack {
        who: WHO,
        what: what.into(),
        why: why.into(),
        help: "use `gateway: { kind: istio }` with istio, or write `fallback: drop`".into(),
        instead: "0 of 100 calls from outside get this".into(),
        fallback,
        path,
    };
    let tried = |retries: &Option<Retries>| retries.as_ref().is_some_and(Retries::repeat);
    if tried(&traffic.retries) {
        let why = "retries are not in the standard channel";
        out.push(lack(
            "try a failed call again",
            why,
            traffic.path.field("retries"),
            traffic.fallback,
        ));
    }
    if traffic.fault.is_some() {
        let why = "there is no such filter";
        out.push(lack("inject faults", why, traffic.path.field("fault"), traffic.fallback));
    }
    for entry in component.entries.iter().filter(|entry| entry.via == Via::Gateway) {
        let rules = entry.paths_or_all().len() * (traffic.rules.len() + 1);
        if rules > ROUTE_RULES {
            out.push(Lack {
                who: WHO,
                what: format!("hold {rules} rules"),
                why: format!("every path with every traffic rule; at most {ROUTE_RULES} fit"),
                help: "expose fewer paths, or write fewer traffic rules".into(),
                instead: String::new(),
                fallback: None,
                path: entry.path.clone(),
            });
        }
    }
    let routed = component.entries.iter().filter(|entry| entry.via == Via::Gateway);
    let paths: Vec<PathMatch> = routed.flat_map(Entry::paths_or_all).collect();
    // What is left of a match within a path; a rule that has nothing left there makes no route.
    let joined = |path: &PathMatch, matches: &Match| {
        let joined = intersect(path, matches.path.as_ref()).ok()??;
        Some(precedence(&Match { path: Some(joined), ..matches.clone() }))
    };
    for (position, rule) in traffic.rules.iter().enumerate() {
        let fallback = rule.fallback.or(traffic.fallback);
        if tried(&rule.retries) {
            let why = "retries are not in the standard channel";
            out.push(lack("try a failed call again", why, rule.path.field("retries"), fallback));
        }
        if rule.fault.is_some() {
            out.push(lack(
                "inject faults",
                "there is no such filter",
                rule.path.field("fault"),
                fallback,
            ));
        }
        if let Some(what) = unroutable(&rule.matches) {
            out.push(lack(what, "there is no such match", rule.path.field("match"), fallback));
        }
        let overtakes = paths.iter().any(|path| {
            let own = joined(path, &rule.matches);
            let mut earlier = traffic.rules[..position].iter();
            own.is_some()
                && earlier.any(|earlier| {
                    let before = joined(path, &earlier.matches);
                    before.is_some() && before < own
                })
        });
        if overtakes {
            out.push(Lack {
                who: WHO,
                what: "keep the order of these rules".into(),
                why: "the more specific match wins there, whatever the order".into(),
                help: "put this rule before the broader one".into(),
                instead: String::new(),
                fallback: None,
                path: rule.path.clone(),
            });
        }
    }
}

/// What Istio has no match for.
pub fn unmatchable(matches: &Match) -> Option<&'static str> {
    if several_cookies(matches) {
        return Some("match on more than one cookie");
    }
    let mut query = matches.query.iter().flatten();
    let absent = query.any(|(_, matcher)| *matcher == Matcher::Present(false));
    absent.then_some("match a query parameter that is absent")
}

/// What an HTTPRoute has no match for.
pub fn unroutable(matches: &Match) -> Option<&'static str> {
    if matches!(matches.path, Some(Matcher::StartsWith(_))) {
        return Some("match a path by text, only by segment");
    }
    let absent = |map: &Option<BTreeMap<model::HeaderName, Matcher>>| {
        map.iter().flatten().any(|(_, matcher)| *matcher == Matcher::Present(false))
    };
    if absent(&matches.headers) || absent(&matches.cookies) {
        return Some("match a header that is absent");
    }
    unmatchable(matches)
}

/// Cookies share one header, so one condition is all that a header match can hold.
fn several_cookies(matches: &Match) -> bool {
    let cookies = matches.cookies.as_ref().map_or(0, BTreeMap::len);
    let header =
        matches.headers.iter().flatten().any(|(name, _)| name.eq_ignore_ascii_case("cookie"));
    cookies + usize::from(header && cookies > 0) > 1
}

/// Gateway API's order among matches: path, method, number of headers, number of parameters.
/// Source: HTTPRouteRule.matches in the Gateway API reference.
fn precedence(matches: &Match) -> (bool, usize, bool, usize, usize) {
    let (exact, length) = match &matches.path {
        Some(Matcher::Exact(text)) => (true, text.len()),
        Some(Matcher::Prefix(text) | Matcher::StartsWith(text)) => (false, text.len()),
        Some(Matcher::Regex(_) | Matcher::Present(_)) | None => (false, 1),
    };
    let headers = matches.headers.as_ref().map_or(0, BTreeMap::len)
        + usize::from(matches.cookies.as_ref().is_some_and(|cookies| !cookies.is_empty()));
    let query = matches.query.as_ref().map_or(0, BTreeMap::len);
    (exact, length, matches.method.is_some(), headers, query)
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
    let whole = component.service_ports().find(|(_, port)| {
        let stream = matches!(
            port.protocol,
            Protocol::Tcp | Protocol::Mysql | Protocol::Redis | Protocol::Mongo
        );
        !port.protocol.is_http() && !stream
    });
    if let (Some(_), Some((_, port))) = (&traffic.split, whole) {
        out.push(Lack {
            who: "Istio",
            what: format!("share out the calls to port `{}`", port.name),
            why: format!("{} hides which call is which", port.protocol.name()),
            help: "use `http` or `tcp` if that is what it speaks, or write `fallback: drop`".into(),
            instead: "calls to this port go to any version, by its pods".into(),
            fallback: traffic.fallback,
            path: traffic.path.field("split"),
        });
    }
    let retried = traffic.retries.as_ref().is_some_and(Retries::repeat);
    let governed = !traffic.rules.is_empty()
        || traffic.split.is_some()
        || traffic.fault.is_some()
        || traffic.timeout.is_some()
        || traffic.mirror.is_some()
        || retried;
    let around = component
        .entries
        .iter()
        .find(|entry| entry.via.is_blind() || graph.gateway_kind() == GatewayKind::Ingress);
    if let (true, Some(entry)) = (governed, around) {
        out.push(Lack {
            who: "this entry",
            what: format!("apply the traffic of `{}`", component.name),
            why: "calls come in past the mesh".into(),
            help: "expose it through the istio gateway, or write `fallback: drop` in its traffic"
                .into(),
            instead: "calls from outside go to any version, by its pods".into(),
            fallback: traffic.fallback,
            path: entry.path.clone(),
        });
    }
}

/// What the shared entry cannot do.
fn gateway_lacks(graph: &Graph, out: &mut Vec<Lack>) {
    let kind = graph.gateway_kind();
    let mut lack = |what: String, why: &str, help: &str, path: Path| {
        out.push(Lack {
            who: gateway_name(kind),
            what,
            why: why.into(),
            help: help.into(),
            instead: String::new(),
            fallback: None,
            path,
        });
    };
    if kind == GatewayKind::Istio && graph.governance == Governance::Kubernetes {
        let help = "use `gateway-api` or `ingress`, or governance istio";
        let path = Path::root().field("gateway").field("kind");
        lack("serve without Istio".into(), "the governance mode is kubernetes", help, path);
    }
    for component in &graph.components {
        for entry in component.entries.iter().filter(|entry| entry.via == Via::Gateway) {
            let protocol = component.ports[entry.port].protocol;
            let door = graph.door(component, entry);
            if door.is_none() || (kind == GatewayKind::Ingress && !protocol.is_http()) {
                let (why, help) = uncarried(kind, protocol);
                lack(format!("carry {}", protocol.name()), why, help, entry.path.clone());
            } else if door == Some(Door::ServerName)
                && kind == GatewayKind::GatewayApi
                && entry.hosts_or_any().any(|host| host == "*")
            {
                let what = "pass TLS on without a host".to_owned();
                let help = "write `hosts:` for the gateway or for this entry";
                lack(what, "a TLSRoute goes by the server name", help, entry.path.clone());
            }
            let by_text = entry.paths.iter().any(|path| matches!(path, PathMatch::StartsWith(_)));
            if by_text && kind != GatewayKind::Istio {
                let help = "use `prefix`, which goes by segment, or `gateway: { kind: istio }`";
                lack(
                    "match a path by text".into(),
                    "it matches by segment",
                    help,
                    entry.path.field("startsWith"),
                );
            }
        }
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

/// Why a gateway cannot carry a protocol, and what could be done.
fn uncarried(kind: GatewayKind, protocol: Protocol) -> (&'static str, &'static str) {
    let tls = protocol.hides_requests();
    match (kind, protocol.transport()) {
        (GatewayKind::Ingress, _) => (
            "it carries HTTP",
            "set the port's `protocol` if it does speak HTTP, or use `via: load-balancer`",
        ),
        (_, "TCP") if tls => (
            "it would have to open TLS first",
            "add `mode: passthrough` to the gateway's `tls`, or a `port` of its own, or use `via: load-balancer`",
        ),
        (_, "TCP") => (
            "its port for all carries HTTP",
            "set the port's `protocol` if it does speak HTTP, add a `port` of its own, or use `via: load-balancer`",
        ),
        _ => ("it carries TCP", "use `via: load-balancer`"),
    }
}

/// The most listeners of a Gateway. Source: `maxItems` of `spec.listeners` in its CRD.
const LISTENERS: usize = 64;

/// What the shared entry cannot do with TLS.
fn tls_lacks(graph: &Graph, out: &mut Vec<Lack>) {
    let kind = graph.gateway_kind();
    let Some(tls) = graph.gateway_tls() else { return };
    if graph.entries_by(|_| true).next().is_none() {
        return;
    }
    let path = Path::root().field("gateway").field("tls");
    let mutual = tls.mode == Some(TlsMode::Mutual);
    let elsewhere = tls.port.is_some_and(|port| port != 443);
    let redirect = tls.redirect == Some(true);
    let certificates = tls.certificates.as_ref().map_or(0, BTreeMap::len);
    let istio = "use `kind: istio` with governance istio";
    // What it would take, whether the file asks for it, the kinds of gateway that have it.
    let wanted = [
        (
            "ask callers for certificates",
            "mode",
            mutual,
            kind == GatewayKind::Istio,
            "the certificate authority of callers is no part of a Secret there",
            istio,
        ),
        (
            "set the oldest version of TLS",
            "minVersion",
            tls.min_version.is_some(),
            kind == GatewayKind::Istio,
            "each implementation has a way of its own",
            istio,
        ),
        (
            "pass TLS on",
            "mode",
            tls.mode == Some(TlsMode::Passthrough),
            kind != GatewayKind::Ingress,
            "it ends TLS itself",
            "use `kind: gateway-api`, or `via: load-balancer`",
        ),
        (
            "redirect to HTTPS",
            "redirect",
            redirect,
            kind != GatewayKind::Ingress,
            "its controller decides that, by annotations of its own",
            "use `kind: gateway-api`, or leave it to the controller",
        ),
        (
            "choose the port of TLS",
            "port",
            elsewhere,
            kind != GatewayKind::Ingress,
            "its controller listens on 443",
            "remove `port`",
        ),
        (
            "redirect to another port than 443",
            "redirect",
            redirect && elsewhere,
            kind != GatewayKind::Istio,
            "the redirect names no port",
            "use port 443, or `kind: gateway-api`",
        ),
        (
            "hold that many certificates",
            "certificates",
            certificates + 2 > LISTENERS,
            kind != GatewayKind::GatewayApi,
            "each needs one of 64 listeners",
            "use certificates for several hosts, or `kind: istio`",
        ),
    ];
    for (what, field, asked, able, why, help) in wanted {
        if asked && !able {
            out.push(Lack {
                who: gateway_name(kind),
                what: what.into(),
                why: why.into(),
                help: help.into(),
                instead: String::new(),
                fallback: None,
                path: path.field(field),
            });
        }
    }
}

/// A kind of gateway, in a sentence.
const fn gateway_name(kind: GatewayKind) -> &'static str {
    match kind {
        GatewayKind::GatewayApi => "a Gateway API gateway",
        GatewayKind::Ingress => "an Ingress",
        GatewayKind::Istio => "this gateway",
    }
}

/// Whether every call to a component comes through a gateway that follows rules and splits itself.
pub fn split_at_gateway_only(graph: &Graph, id: ComponentId) -> bool {
    let component = graph.component(id);
    graph.gateway_kind() == GatewayKind::GatewayApi
        && graph.callers[id.0].is_empty()
        && !component.entries.is_empty()
        && component.entries.iter().all(|entry| entry.via == Via::Gateway)
}
