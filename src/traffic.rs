//! The algebra of calls: which condition implies which, and what shares replicas can honour.

use crate::graph::{Component, ComponentId, Graph, PathMatch, Share};
use crate::model::{self, Fallback, GatewayKind, Governance, Match, Matcher, Retries, Via};
use crate::source::Path;

/// Whether every text that `narrow` matches is matched by `wide` too. `false` where that cannot be
/// told, so an answer of `true` is a proof. `path` says whether prefixes go by segment.
fn implies(narrow: &Matcher, wide: &Matcher, path: bool) -> bool {
    use Matcher::{Exact, Prefix, Present, Regex, StartsWith};
    let below = |text: &str, prefix: &str| {
        let prefix = if path { prefix.trim_end_matches('/') } else { prefix };
        match text.strip_prefix(prefix) {
            Some(rest) => !path || rest.is_empty() || rest.starts_with('/'),
            None => false,
        }
    };
    match (narrow, wide) {
        (a, b) if a == b => true,
        (Present(false), _) | (_, Present(false)) => false,
        (_, Present(true)) => true,
        (Exact(text), Prefix(prefix)) | (Prefix(text), Prefix(prefix)) => below(text, prefix),
        (Exact(text) | Prefix(text) | StartsWith(text), StartsWith(start)) => {
            text.starts_with(&**start)
        }
        (Exact(text), Regex(regex)) => whole(regex).is_some_and(|regex| regex.is_match(text)),
        (_, Regex(regex)) => regex == ".*",
        _ => false,
    }
}

/// Whether every call that `later` matches is matched by `earlier` too.
pub fn covers(earlier: &Match, later: &Match) -> bool {
    let maps = [(&earlier.headers, &later.headers), (&earlier.cookies, &later.cookies)];
    let headers = maps.iter().all(|(wide, narrow)| {
        wide.iter().flatten().all(|(name, wide)| {
            narrow.iter().flatten().any(|(known, narrow)| {
                known.eq_ignore_ascii_case(name) && implies(narrow, wide, false)
            })
        })
    });
    let query = earlier.query.iter().flatten().all(|(name, wide)| {
        later
            .query
            .iter()
            .flatten()
            .any(|(known, narrow)| known == name && implies(narrow, wide, false))
    });
    let path = earlier.path.as_ref().is_none_or(|wide| {
        let everything =
            matches!(wide, Matcher::Prefix(text) | Matcher::StartsWith(text) if text == "/");
        everything || later.path.as_ref().is_some_and(|narrow| implies(narrow, wide, true))
    });
    let method = earlier.method.is_none() || earlier.method == later.method;
    headers && query && path && method
}

/// A regular expression as it is meant everywhere: over the whole text. `None` if malformed.
pub fn whole(regex: &str) -> Option<regex::Regex> {
    regex::RegexBuilder::new(&format!("^(?:{regex})$")).size_limit(1 << 20).build().ok()
}

/// Two conditions on a path that no single condition can stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inexpressible;

/// The condition that holds where both hold; `None` where no path satisfies both.
///
/// # Errors
/// Where one condition cannot say it.
pub fn intersect(
    entry: &PathMatch,
    rule: Option<&Matcher>,
) -> Result<Option<Matcher>, Inexpressible> {
    let entry = match entry {
        PathMatch::Exact(text) => Matcher::Exact(text.clone()),
        PathMatch::Prefix(text) => Matcher::Prefix(text.clone()),
        PathMatch::StartsWith(text) => Matcher::StartsWith(text.clone()),
    };
    let Some(rule) = rule else { return Ok(Some(entry)) };
    let everything = |matcher: &Matcher| matches!(matcher, Matcher::Prefix(text) | Matcher::StartsWith(text) if text == "/");
    if everything(&entry) || implies(rule, &entry, true) {
        return Ok(Some(rule.clone()));
    }
    if everything(rule) || implies(&entry, rule, true) {
        return Ok(Some(entry));
    }
    match (&entry, rule) {
        (Matcher::Regex(_), _) | (_, Matcher::Regex(_)) if !matches!(entry, Matcher::Exact(_)) => {
            Err(Inexpressible)
        }
        // Neither contains the other: exact texts and prefixes are then disjoint, but a segment
        // prefix and a text prefix can overlap in part.
        (Matcher::Prefix(a), Matcher::StartsWith(b))
        | (Matcher::StartsWith(b), Matcher::Prefix(a))
            if a.starts_with(&**b) || b.starts_with(&**a) =>
        {
            Err(Inexpressible)
        }
        _ => Ok(None),
    }
}

/// What replicas make of a wanted split.
#[derive(Clone, Debug, PartialEq)]
pub struct Realised {
    /// Pods of each version.
    pub replicas: Vec<u32>,
    /// The share each version gets, in percent.
    pub shares: Vec<f64>,
    /// The greatest distance between a wanted and a real share, in percentage points.
    pub error: f64,
}

/// The shares that these replicas give, against the wanted ones.
pub fn realise(wanted: &[u8], replicas: &[u32]) -> Realised {
    let total: u64 = replicas.iter().map(|count| u64::from(*count)).sum();
    let share = |count: &u32| match total {
        0 => 0.0,
        total => f64::from(*count) * 100.0 / total as f64,
    };
    let shares: Vec<f64> = replicas.iter().map(share).collect();
    let error = shares
        .iter()
        .zip(wanted)
        .map(|(real, wanted)| (real - f64::from(*wanted)).abs())
        .fold(0.0, f64::max);
    Realised { replicas: replicas.to_vec(), shares, error }
}

/// The fewest replicas whose shares come within `tolerance` percentage points of the wanted ones,
/// each version with a share having at least one. With tolerance 0 the answer is exact and always
/// exists (100 pods at the most).
pub fn fewest(wanted: &[u8], tolerance: f64) -> Realised {
    let at_least = wanted.iter().filter(|share| **share > 0).count().max(1);
    for total in at_least..=100 {
        let candidate = realise(wanted, &apportion(wanted, total));
        if candidate.error <= tolerance + 1e-9 {
            return candidate;
        }
    }
    let replicas: Vec<u32> = wanted.iter().map(|share| u32::from(*share)).collect();
    realise(wanted, &replicas)
}

/// Largest remainders, with one seat reserved for each share that is not zero.
fn apportion(wanted: &[u8], total: usize) -> Vec<u32> {
    let exact = |share: u8| f64::from(share) * total as f64 / 100.0;
    let mut seats: Vec<u32> = wanted
        .iter()
        .map(|share| if *share == 0 { 0 } else { (exact(*share).floor() as u32).max(1) })
        .collect();
    loop {
        let given: u32 = seats.iter().sum();
        let gap = |position: &usize| exact(wanted[*position]) - f64::from(seats[*position]);
        let positions = || (0..wanted.len()).filter(|position| wanted[*position] > 0);
        match (given as usize).cmp(&total) {
            std::cmp::Ordering::Equal => return seats,
            std::cmp::Ordering::Less => {
                let Some(short) =
                    positions().max_by(|a, b| gap(a).total_cmp(&gap(b)).then(b.cmp(a)))
                else {
                    return seats;
                };
                seats[short] += 1;
            }
            std::cmp::Ordering::Greater => {
                let over = positions()
                    .filter(|position| seats[*position] > 1)
                    .min_by(|a, b| gap(a).total_cmp(&gap(b)).then(a.cmp(b)));
                let Some(over) = over else { return seats };
                seats[over] -= 1;
            }
        }
    }
}

/// The shares that the replicas of a component's versions give, in whole percent.
pub fn by_replicas(component: &Component) -> Vec<Share> {
    let counts: Vec<u32> = component.versions.iter().map(|v| v.replicas.unwrap_or(1)).collect();
    let total = f64::from(counts.iter().sum::<u32>().max(1));
    let exact = |count: u32| f64::from(count) * 100.0 / total;
    let mut shares: Vec<u8> = counts.iter().map(|count| exact(*count).floor() as u8).collect();
    let mut order: Vec<usize> = (0..counts.len()).filter(|at| counts[*at] > 0).collect();
    order.sort_by(|a, b| exact(counts[*b]).fract().total_cmp(&exact(counts[*a]).fract()));
    // Less than one point is missing for each version that has pods.
    let missing = 100 - shares.iter().map(|share| usize::from(*share)).sum::<usize>();
    order.iter().take(missing).for_each(|at| shares[*at] += 1);
    let share = |(version, percent)| Share { version, percent };
    shares.into_iter().enumerate().map(share).collect()
}

/// What plain Services make of a component's split.
#[derive(Clone, Debug)]
pub struct Native {
    /// Wanted shares, for each version of the component.
    pub wanted: Vec<u8>,
    /// What the pods give.
    pub real: Realised,
}

/// In the kubernetes mode, the pods and shares of a component with a split; `None` where replicas
/// do not decide (another mode, no split, or calls only through a gateway that splits by itself).
pub fn native(graph: &Graph, id: ComponentId) -> Option<Native> {
    let component = graph.component(id);
    if graph.governance != Governance::Kubernetes || split_at_gateway_only(graph, id) {
        return None;
    }
    let split = component.traffic.split.as_ref()?;
    let mut wanted = vec![0; component.versions.len()];
    split.iter().for_each(|share| wanted[share.version] = share.percent);
    let approximate = component.traffic.fallback == Some(Fallback::Approximate);
    let free = component
        .versions
        .iter()
        .zip(&wanted)
        .all(|(v, share)| *share == 0 || v.replicas.is_none());
    let proposed =
        if approximate && free { fewest(&wanted, 5.0).replicas } else { vec![1; wanted.len()] };
    // A version that a rule names still needs a pod where a gateway follows the rules.
    let routed = |version: usize| {
        !component.entries.is_empty()
            && graph.gateway_kind() == GatewayKind::GatewayApi
            && component
                .traffic
                .rules
                .iter()
                .flat_map(|rule| rule.to.iter().flatten())
                .any(|share| share.version == version && share.percent > 0)
    };
    let replicas: Vec<u32> = component
        .versions
        .iter()
        .enumerate()
        .map(|(position, version)| match version.replicas {
            Some(count) => count,
            None if approximate && wanted[position] == 0 => u32::from(routed(position)),
            None => proposed[position],
        })
        .collect();
    let real = realise(&wanted, &replicas);
    Some(Native { wanted, real })
}

/// Whether every call to a component comes through a gateway that follows rules and splits itself.
pub fn split_at_gateway_only(graph: &Graph, id: ComponentId) -> bool {
    let component = graph.component(id);
    graph.gateway_kind() == GatewayKind::GatewayApi
        && graph.callers[id.0].is_empty()
        && !component.entries.is_empty()
        && component.entries.iter().all(|entry| entry.via == Via::Gateway)
}

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
    let tried = matches!(&traffic.retries, Some(Retries::Policy(policy)) if policy.attempts > 0);
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
    let tried = |retries: &Option<Retries>| matches!(retries, Some(Retries::Policy(policy)) if policy.attempts > 0);
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
        let overtakes = traffic.rules[..position]
            .iter()
            .any(|earlier| precedence(&earlier.matches) < precedence(&rule.matches));
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
    let absent = |map: &Option<std::collections::BTreeMap<model::HeaderName, Matcher>>| {
        map.iter().flatten().any(|(_, matcher)| *matcher == Matcher::Present(false))
    };
    if absent(&matches.headers) || absent(&matches.cookies) {
        return Some("match a header that is absent");
    }
    unmatchable(matches)
}

/// Cookies share one header, so one condition is all that a header match can hold.
fn several_cookies(matches: &Match) -> bool {
    let cookies = matches.cookies.as_ref().map_or(0, std::collections::BTreeMap::len);
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
    let headers = matches.headers.as_ref().map_or(0, std::collections::BTreeMap::len)
        + usize::from(matches.cookies.as_ref().is_some_and(|cookies| !cookies.is_empty()));
    let query = matches.query.as_ref().map_or(0, std::collections::BTreeMap::len);
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
    let governed = !traffic.rules.is_empty() || traffic.split.is_some() || traffic.fault.is_some();
    let around = component.entries.iter().find(|entry| {
        entry.via == Via::LoadBalancer || graph.gateway_kind() == GatewayKind::Ingress
    });
    if let (true, Some(entry)) = (governed, around) {
        out.push(Lack {
            who: "this entry",
            what: format!("apply the traffic rules of `{}`", component.name),
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
            who: match kind {
                GatewayKind::GatewayApi => "a Gateway API gateway",
                GatewayKind::Ingress => "an Ingress",
                GatewayKind::Istio => "this gateway",
            },
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
            let port = &component.ports[entry.port];
            if !port.protocol.is_http() {
                let what = format!("carry {}", port.protocol.name());
                let help =
                    "set the port's `protocol` if it does speak HTTP, or use `via: load-balancer`";
                lack(what, "it carries HTTP", help, entry.path.clone());
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
