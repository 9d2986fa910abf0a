//! What the entry can do with calls: Gateway API, Ingress, and Istio's own gateway.

use std::collections::BTreeMap;

use super::{Lack, pinnable, unkept, unmatchable};
use crate::graph::{Component, Door, Entry, Graph, PathMatch};
use crate::model::{
    Fallback, GatewayKind, Governance, Match, Matcher, Protocol, Retries, TlsMode, Via,
};
use crate::source::Path;
use crate::traffic::algebra::intersect;
use crate::traffic::capture::entrances;
use crate::traffic::step::steps;

/// What the shared entry cannot do.
pub(super) fn gateway_lacks(graph: &Graph, out: &mut Vec<Lack>) {
    let kind = graph.gateway_kind();
    let mut lack = |what: String, why: &str, help: &str, path: Path| {
        out.push(Lack {
            who: gateway_name(kind),
            what,
            why: why.into(),
            help: help.into(),
            instead: String::new(),
            close: false,
            fallback: None,
            path,
        });
    };
    if kind == GatewayKind::Istio && !graph.governance.is_istio() {
        let help = "use `gateway-api` or `ingress`, or governance istio";
        let path = Path::root().field("gateway").field("kind");
        lack(
            "serve without Istio".into(),
            &format!("the governance mode is {}", graph.governance.name()),
            help,
            path,
        );
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
pub(super) fn tls_lacks(graph: &Graph, out: &mut Vec<Lack>) {
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
                close: false,
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

/// The most rules, hosts, backends or conditions of a kind in one HTTPRoute.
/// Source: `maxItems` of `spec.rules`, `spec.hostnames` and others in its CRD.
pub const ROUTE_RULES: usize = 16;

/// Who cannot what a route cannot.
const ROUTE: &str = "a Gateway API route";

/// What the routes of a component have no room for, and which order they cannot keep: those of its
/// entries, and where the mode is of that kind, those of its Services.
pub(super) fn route_limits(graph: &Graph, component: &Component, out: &mut Vec<Lack>) {
    let doors = entrances(graph, component);
    let routed = component.entries.iter();
    let routed =
        routed.filter(|entry| entry.via == Via::Gateway && !doors.contains_key(&entry.port));
    let mut paths: Vec<PathMatch> = match graph.gateway_kind() {
        GatewayKind::GatewayApi => routed.flat_map(Entry::paths_or_all).collect(),
        _ => Vec::new(),
    };
    let on_services =
        graph.governance.routes_services() && !component.headless && component.speaks_http();
    // Linkerd has an order of its own.
    if on_services && graph.governance != Governance::Linkerd {
        paths.push(PathMatch::Prefix("/".into()));
    }
    if on_services || !paths.is_empty() {
        too_many(ROUTE, component, out);
        out_of_order(ROUTE, component, &paths, out);
    }
}

/// What an HTTPRoute of the standard channel cannot do at the entry. What routes have in common has
/// been `judged` where the mode puts such routes on Services too; annotations beside them have not.
pub(super) fn route_lacks(graph: &Graph, component: &Component, judged: bool, out: &mut Vec<Lack>) {
    const WHO: &str = ROUTE;
    let traffic = &component.traffic;
    let lack = |what: &str, why: &str, path: Path, fallback: Option<Fallback>| Lack {
        who: WHO,
        what: what.into(),
        why: why.into(),
        help: "use `gateway: { kind: istio }` with istio, or write `fallback: drop`".into(),
        instead: "0 of 100 calls from outside get this".into(),
        close: false,
        fallback,
        path,
    };
    let tried = |retries: &Option<Retries>| retries.as_ref().is_some_and(Retries::repeat);
    let retried = "retries are not in the standard channel";
    let filter = "there is no such filter";
    let beside = graph.governance == Governance::Linkerd;
    if judged && !beside {
        return;
    }
    if tried(&traffic.retries) {
        let path = traffic.path.field("retries");
        out.push(lack("try a failed call again", retried, path, traffic.fallback));
    }
    // Istio's own gateways know the limits of a host as every other proxy of Istio does.
    let limits = graph.governance.is_istio() && graph.has_own_gateway();
    if traffic.breaker.is_some() && !limits {
        let what = "hold calls back or take failing pods out";
        let path = traffic.path.field("circuitBreaker");
        out.push(lack(what, filter, path, traffic.fallback));
    }
    if !judged && traffic.fault.is_some() {
        out.push(lack("inject faults", filter, traffic.path.field("fault"), traffic.fallback));
    }
    // What is only for callers in the mesh never gets there.
    for rule in traffic.rules.iter().filter(|rule| !rule.for_callers()) {
        let fallback = rule.fallback.or(traffic.fallback);
        if tried(&rule.retries) {
            let path = rule.path.field("retries");
            out.push(lack("try a failed call again", retried, path, fallback));
        }
        if judged {
            continue;
        }
        if rule.fault.is_some() {
            out.push(lack("inject faults", filter, rule.path.field("fault"), fallback));
        }
        if let Some(what) = unroutable(&rule.matches) {
            let path = rule.path.field("match");
            let mut lack = lack(what, "there is no such match", path, fallback);
            if unmatchable(&rule.matches).is_some() {
                lack.help = "remove it, or write `fallback: drop`; no gateway can do this".into();
            }
            out.push(lack);
        }
    }
    if !judged {
        unkept(WHO, component, pinnable, out);
    }
}

/// What has no room in an HTTPRoute. Paths are spread over several; what belongs to one path cannot
/// be, for then the order would depend on which of them is the oldest.
fn too_many(who: &'static str, component: &Component, out: &mut Vec<Lack>) {
    let traffic = &component.traffic;
    let steps = steps(component, true);
    let mut lack = |what: String, help: &str, path: Path| {
        out.push(Lack {
            who,
            what,
            why: format!("at most {ROUTE_RULES} fit"),
            help: help.into(),
            instead: String::new(),
            close: false,
            fallback: None,
            path,
        });
    };
    if steps.len() > ROUTE_RULES {
        let what = format!("hold {} rules for each path", steps.len());
        lack(what, "write fewer traffic rules", traffic.path.field("rules"));
    }
    for step in steps.iter().filter(|step| step.kept.is_none()) {
        let path = step.rule.map_or(&traffic.path, |(_, rule)| &rule.path);
        let backends = step.shares.iter().flatten().filter(|share| share.percent > 0).count();
        if backends > ROUTE_RULES {
            let what = format!("share calls among {backends} versions");
            lack(what, "give fewer versions a share", path.field("split"));
        }
        let conditions = [
            ("headers", step.matches.headers.as_ref().map_or(0, BTreeMap::len)),
            ("query", step.matches.query.as_ref().map_or(0, BTreeMap::len)),
        ];
        for (field, count) in conditions.into_iter().filter(|(_, count)| *count >= ROUTE_RULES) {
            let what = format!("look at {count} conditions in `{field}`");
            lack(what, "write fewer conditions, at most 15", path.field("match").field(field));
        }
    }
}

/// Steps that would come before an earlier one, because they are more specific.
fn out_of_order(
    who: &'static str,
    component: &Component,
    paths: &[PathMatch],
    out: &mut Vec<Lack>,
) {
    let traffic = &component.traffic;
    let mut steps = steps(component, true);
    // What has no match there makes no route, and so has no place in their order.
    steps.retain(|step| unroutable(&step.matches).is_none());
    let mut overtaking = vec![false; steps.len()];
    for path in paths {
        // The least specific of the steps so far: a later one that is more so would come before it.
        let mut least = None;
        for (step, overtaking) in steps.iter().zip(&mut overtaking) {
            // A step that has nothing left within the path makes no route.
            let Ok(Some(joined)) = intersect(path, step.matches.path.as_ref()) else { continue };
            let own = precedence(&Match { path: Some(joined), ..step.matches.clone() });
            *overtaking |= least.as_ref().is_some_and(|least| *least < own);
            least =
                Some(least.map_or(own, |least: (bool, usize, bool, usize, usize)| least.min(own)));
        }
    }
    let mut told: Vec<Option<usize>> = Vec::new();
    for (step, _) in steps.iter().zip(overtaking).filter(|(_, overtaking)| *overtaking) {
        let rule = step.rule.map(|(position, _)| position);
        if told.last() == Some(&rule) {
            continue;
        }
        told.push(rule);
        let (path, help) = match (step.rule, step.kept) {
            (Some((_, rule)), None) => (rule.path.clone(), "put this rule before the broader one"),
            (rule, _) => {
                let help = "let every rule before it match a header, so that none is broader";
                (
                    rule.map_or_else(
                        || traffic.path.field("sticky"),
                        |(_, rule)| rule.path.clone(),
                    ),
                    help,
                )
            }
        };
        out.push(Lack {
            who,
            what: "keep the order of these rules".into(),
            why: "the more specific match wins there, whatever the order".into(),
            help: help.into(),
            instead: String::new(),
            close: false,
            fallback: None,
            path,
        });
    }
}

/// What an HTTPRoute has no match for.
pub fn unroutable(matches: &Match) -> Option<&'static str> {
    if matches!(matches.path, Some(Matcher::StartsWith(_))) {
        return Some("match a path by text, only by segment");
    }
    let named = [&matches.headers, &matches.cookies];
    for matcher in named.into_iter().flatten().flat_map(BTreeMap::values) {
        match matcher {
            Matcher::Not(_) => return Some("match a header by what it is not"),
            Matcher::Present(false) => return Some("match a header that is absent"),
            _ => {}
        }
    }
    unmatchable(matches)
}

/// Gateway API's order among matches: path, method, number of headers, number of parameters.
/// Source: HTTPRouteRule.matches in the Gateway API reference.
fn precedence(matches: &Match) -> (bool, usize, bool, usize, usize) {
    let (exact, length) = match &matches.path {
        Some(Matcher::Exact(text)) => (true, text.len()),
        Some(Matcher::Prefix(text) | Matcher::StartsWith(text)) => (false, text.len()),
        Some(Matcher::Regex(_) | Matcher::Present(_) | Matcher::Not(_)) | None => (false, 1),
    };
    let headers = matches.headers.as_ref().map_or(0, BTreeMap::len)
        + usize::from(matches.cookies.as_ref().is_some_and(|cookies| !cookies.is_empty()));
    let query = matches.query.as_ref().map_or(0, BTreeMap::len);
    (exact, length, matches.method.is_some(), headers, query)
}
