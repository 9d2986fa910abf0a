//! What sidecars of Dapr cannot do, beyond what the matrix says.

use super::{Lack, beyond_splitting};
use crate::graph::{Component, Graph};
use crate::model::{Fallback, Governance, Mtls, Retries};

/// Words of retries that mean something to Envoy alone.
const ENVOY: [&str; 3] = ["envoy-ratelimited", "retriable-headers", "retriable-status-codes"];

/// What it cannot do of the policy of the application.
pub(super) fn policy_lacks(graph: &Graph, out: &mut Vec<Lack>) {
    let policy = &graph.policy;
    if policy.mtls == Some(Mtls::Strict) && !policy.access {
        out.push(Lack {
            who: Governance::Dapr.title(),
            what: "refuse plain text on the ports of programs".into(),
            why: "its sidecars speak TLS to each other, and a program can be called past them".into(),
            help: "add `access: declared`, which closes those ports, or write `fallback: drop` in the policy".into(),
            instead: "0 of 100 calls past the sidecars are refused".into(),
            close: false,
            fallback: policy.fallback,
            path: policy.path("mtls"),
        });
    }
}

/// What it cannot do with the calls to a component.
pub(super) fn lacks(component: &Component, out: &mut Vec<Lack>) {
    let traffic = &component.traffic;
    let who = Governance::Dapr.title();
    let policy = match &traffic.retries {
        Some(Retries::Policy(policy)) if policy.attempts > 0 => Some(policy),
        _ => None,
    };
    if let (Some(policy), Some(timeout)) = (policy, &traffic.timeout) {
        let each = policy.per_try.as_ref().unwrap_or(timeout).millis();
        let longest = each.saturating_mul(u64::from(policy.attempts) + 1);
        // A try that begins cannot be cut short by what the tries before it took.
        if longest > timeout.millis() {
            out.push(Lack {
                who,
                what: "limit the time of all tries together".into(),
                why: "its time limit is for each try".into(),
                help: "remove `timeout` and write `perTry`, or write `fallback: approximate`"
                    .into(),
                instead: format!("a call may take {longest} ms instead of {}", timeout.millis()),
                close: traffic.fallback == Some(Fallback::Approximate),
                fallback: traffic.fallback,
                path: traffic.path.field("timeout"),
            });
        }
    }
    let words = policy.and_then(|policy| policy.on.as_ref()).into_iter().flatten();
    for (position, word) in words.enumerate().filter(|(_, word)| ENVOY.contains(&&***word)) {
        out.push(Lack {
            who,
            what: format!("tell failures apart by `{word}`"),
            why: "it knows connections and statuses".into(),
            help: "name the statuses, or write `fallback: drop`".into(),
            instead: "0 of 100 such failures are tried again for this".into(),
            close: false,
            fallback: traffic.fallback,
            path: traffic.path.field("retries").field("on").index(position),
        });
    }
    let around = component.entries.iter().find(|entry| entry.via.is_blind());
    if let (true, Some(entry)) = (beyond_splitting(component), around) {
        out.push(Lack {
            who: "this entry",
            what: format!("apply the traffic of `{}`", component.name),
            why: "calls come in past the sidecars".into(),
            help: "expose it through the gateway, or write `fallback: drop` in its traffic".into(),
            instead: "calls from outside are not treated at all".into(),
            close: false,
            fallback: traffic.fallback,
            path: entry.path.clone(),
        });
    }
}
