//! Routes: what becomes of the calls that a proxy takes. These alone change while pods run.

use super::Inlet;
use super::cluster;
use super::config::{
    Abort, Action, Delay, Destination, Empty, Extension, Fraction, Header, HeaderToAdd, HttpFault,
    Mirror, PerFilter, Percentage, Regex, RegexRewrite, RetryPolicy, Route, RouteAction,
    RouteConfiguration, RouteFile, Typed, VirtualHost, WeightedCluster, WeightedClusters,
};
use super::matching::{conditions, everything};
use crate::graph::{Rule, Share};
use crate::lower::governance::rewritten;
use crate::model::{Duration, Fault, Matcher, Percent, Retries};
use crate::traffic::{Step, by_replicas, set_cookie, steps_of};

/// Of a call that may take as long as it likes.
const FOREVER: &str = "0s";

/// The routes of an inlet, as the file that the proxy reads.
pub(super) fn file(inlet: &Inlet<'_>) -> RouteFile {
    let routes = match inlet.version {
        // A version's own name leads to that version, with the component's treatment of failures.
        Some(version) => {
            let one = [Share { version, percent: 100 }];
            vec![Route {
                name: "version".into(),
                matches: everything(),
                action: Action::Route(Box::new(RouteAction {
                    regex_rewrite: None,
                    request_mirror_policies: Vec::new(),
                    ..action(inlet, None, destination(inlet, Some(&one), None))
                })),
                typed_per_filter_config: None,
            }]
        }
        None => steps_of(inlet.callee, inlet.caller)
            .iter()
            .flat_map(|step| of_step(inlet, step))
            .collect(),
    };
    let host = VirtualHost { name: "all", domains: ["*"], routes };
    let all = RouteConfiguration {
        name: inlet.name.clone(),
        virtual_hosts: [host],
        validate_clusters: true,
    };
    const KIND: &str = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration";
    RouteFile { resources: [Typed::new(KIND, all)] }
}

/// The route of a step.
fn of_step(inlet: &Inlet<'_>, step: &Step<'_>) -> Option<Route> {
    let callee = inlet.callee;
    let rule = step.rule.map(|(_, rule)| rule);
    let kept = match step.kept {
        Some(version) => format!("-kept-{}", callee.versions[version].name),
        None => String::new(),
    };
    let name = match step.rule {
        Some((position, _)) => format!("rule-{}{kept}", position + 1),
        None => format!("default{kept}"),
    };
    let to = destination(inlet, step.shares.as_deref(), Some(step));
    Some(Route {
        name,
        matches: conditions(&step.matches)?,
        action: Action::Route(Box::new(action(inlet, rule, to))),
        typed_per_filter_config: fault(inlet, rule),
    })
}

/// Where calls go: to one version, or to several by shares that come to 100 whatever they are, so
/// that no more than what they move changes its version.
fn destination(
    inlet: &Inlet<'_>,
    shares: Option<&[Share]>,
    step: Option<&Step<'_>>,
) -> Destination {
    let to = |share: &Share| cluster::name(inlet.callee, inlet.port, Some(share.version));
    let sticky = step.and_then(|step| step.notes);
    let versions = &inlet.callee.versions;
    let alive = alive(inlet, shares);
    match alive.as_slice() {
        [] => Destination::Cluster(cluster::name(inlet.callee, inlet.port, None)),
        [only] => Destination::Cluster(to(only)),
        several => {
            let one = |share: &Share| WeightedCluster {
                name: to(share),
                weight: share.percent,
                response_headers_to_add: sticky
                    .map(|sticky| noted(set_cookie(sticky, &versions[share.version].name)))
                    .into_iter()
                    .collect(),
            };
            Destination::WeightedClusters(WeightedClusters {
                clusters: several.iter().map(one).collect(),
            })
        }
    }
}

/// The shares that are any, by the replicas where the file says nothing.
fn alive(inlet: &Inlet<'_>, shares: Option<&[Share]>) -> Vec<Share> {
    let versions = inlet.callee.versions.len();
    let shares = match shares {
        Some(shares) => shares.to_vec(),
        None if versions > 1 => by_replicas(inlet.callee),
        None => (0..versions).map(|version| Share { version, percent: 100 }).collect(),
    };
    shares.into_iter().filter(|share| share.percent > 0).collect()
}

/// Where the connections of an inlet go.
pub(super) fn connections(inlet: &Inlet<'_>) -> Destination {
    let traffic = &inlet.callee.traffic;
    if let Some(version) = inlet.version {
        return destination(inlet, Some(&[Share { version, percent: 100 }]), None);
    }
    // What TLS hides is shared out by nobody.
    if !inlet.port.protocol.is_stream() {
        return destination(inlet, None, None);
    }
    let concerned = |rule: &&Rule| {
        let named = rule.callers.iter().any(|(caller, _)| Some(*caller) == inlet.caller);
        !rule.matches.sees_requests() && (!rule.for_callers() || named)
    };
    let mut rules = traffic.rules.iter().filter(concerned);
    let shares = rules.find_map(|rule| traffic.shares(Some(rule)));
    destination(inlet, shares.or(traffic.split.as_deref()), None)
}

/// How calls are treated, by a rule or by what the component says of all.
fn action(inlet: &Inlet<'_>, rule: Option<&Rule>, to: Destination) -> RouteAction {
    let traffic = &inlet.callee.traffic;
    let retries = rule.and_then(|rule| rule.retries.as_ref()).or(traffic.retries.as_ref());
    let timeout = rule.and_then(|rule| rule.timeout.as_ref()).or(traffic.timeout.as_ref());
    let mirror = rule.and_then(|rule| rule.mirror).or(traffic.mirror);
    let rewrite = rule.and_then(|rule| rule.rewrite.as_ref());
    let prefix = rule.and_then(|rule| match &rule.matches.path {
        Some(Matcher::Prefix(text)) => Some(&**text),
        _ => None,
    });
    let host = rewrite.and_then(|rewrite| rewrite.host.as_ref()).map(ToString::to_string);
    RouteAction {
        to,
        timeout: timeout.map_or_else(|| FOREVER.into(), Duration::proto),
        retry_policy: retries.and_then(retry_policy),
        regex_rewrite: rewrite.and_then(|rewrite| rewritten(rewrite, prefix)).map(|(from, to)| {
            // A path has no backslash, which would mean a group of the expression.
            RegexRewrite { pattern: Regex { regex: from }, substitution: to }
        }),
        host_rewrite_literal: host.or_else(|| inlet.host.clone()),
        request_mirror_policies: mirror
            .map(|(version, percent)| Mirror {
                cluster: cluster::name(inlet.callee, inlet.port, Some(version)),
                runtime_fraction: Fraction { default_value: Percentage::new(percent) },
                disable_shadow_host_suffix_append: true,
            })
            .into_iter()
            .collect(),
    }
}

/// Retries, on another pod than before as long as there is one. Without a word Envoy makes none.
fn retry_policy(retries: &Retries) -> Option<RetryPolicy> {
    const FAILED: [&str; 5] =
        ["connect-failure", "refused-stream", "unavailable", "cancelled", "503"];
    let Retries::Policy(policy) = retries else { return None };
    if policy.attempts == 0 {
        return None;
    }
    let on: Vec<&str> = match &policy.on {
        Some(on) => on.iter().map(|word| &**word).collect(),
        None => FAILED.to_vec(),
    };
    // Statuses stand in a list of their own, which one word turns on.
    let retriable_status_codes: Vec<u16> = on.iter().filter_map(|word| word.parse().ok()).collect();
    let mut words: Vec<&str> = on.into_iter().filter(|word| word.parse::<u16>().is_err()).collect();
    if !retriable_status_codes.is_empty() && !words.contains(&"retriable-status-codes") {
        words.push("retriable-status-codes");
    }
    const KIND: &str =
        "type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate";
    Some(RetryPolicy {
        retry_on: words.join(","),
        num_retries: policy.attempts,
        per_try_timeout: policy.per_try.as_ref().map(Duration::proto),
        retriable_status_codes,
        retry_host_predicate: [Extension {
            name: "envoy.retry_host_predicates.previous_hosts",
            typed_config: Typed::new(KIND, Empty {}),
        }],
        host_selection_retry_max_attempts: 5,
    })
}

fn fault(inlet: &Inlet<'_>, rule: Option<&Rule>) -> Option<PerFilter> {
    let own = rule.and_then(|rule| rule.fault.as_ref());
    let fault: &Fault = own.or(inlet.callee.traffic.fault.as_ref())?;
    let percentage = |percent: Option<Percent>| Percentage::new(percent.map_or(100, |p| p.0));
    let body = HttpFault {
        delay: fault.delay.as_ref().map(|delay| Delay {
            fixed_delay: delay.time.proto(),
            percentage: percentage(delay.percent),
        }),
        abort: fault.abort.as_ref().map(|abort| Abort {
            http_status: abort.status,
            percentage: percentage(abort.percent),
        }),
    };
    Some(PerFilter { fault: Typed::new(super::bootstrap::FAULT.1, body) })
}

/// A header of the answer. Envoy replaces what stands between percent signs.
fn noted(cookie: String) -> HeaderToAdd {
    HeaderToAdd {
        header: Header { key: "set-cookie", value: cookie.replace('%', "%%") },
        append_action: "APPEND_IF_EXISTS_OR_ADD",
    }
}
