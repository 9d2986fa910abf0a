use super::Finder;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::graph::{ComponentId, Traffic};
use crate::model::Retries;
use crate::source::{Path, Place};
use crate::traffic::{Feature, can};

/// `timeout-below-callee`: a call is given up before what it waits for.
pub(super) static TIMEOUT_BELOW_CALLEE: Rule = Rule {
    code: "timeout-below-callee",
    severity: Severity::Warning,
    summary: "a call is given up before what it waits for",
    explain: "The timeout of a component is for the whole call, with everything that the component calls in turn. If one of these may take longer, the caller gives up first: the work goes on, nobody reads its result, and its retries come too late. Components without a timeout of their own take as long as what they call.",
    wrong: concat!(
        "governance: istio\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { prefix: [/] } }\n",
        "    traffic: { timeout: 1s }\n",
        "    dependsOn: [api]\n",
        "  api:\n",
        "    image: example.com/api:1\n",
        "    ports: { http: 9090 }\n",
        "    traffic: { retries: { attempts: 2, perTry: 500ms } }\n",
    ),
    right: concat!(
        "governance: istio\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { prefix: [/] } }\n",
        "    traffic: { timeout: 2s }\n",
        "    dependsOn: [api]\n",
        "  api:\n",
        "    image: example.com/api:1\n",
        "    ports: { http: 9090 }\n",
        "    traffic: { retries: { attempts: 2, perTry: 500ms } }\n",
    ),
};

/// How long a call may take at most, in milliseconds, and the component that says so.
type Need = (u64, ComponentId);

/// Follows the calls from their ends: linear in components and calls.
pub(super) fn check(find: &mut Finder<'_>) {
    let graph = find.graph;
    // A Service ends no call, and repeats none.
    if !can(graph.governance, Feature::Timeout) {
        return;
    }
    let edges = graph.call_edges();
    let mut needs: Vec<Option<Need>> = vec![None; edges.len()];
    for members in graph.callees_first(&edges) {
        // Within a circle of calls, each waits for what any of them waits for.
        let below = |id: &ComponentId| edges[id.0].iter().filter_map(|to| needs[to.0]).max();
        let below = members.iter().filter_map(below).max();
        for id in &members {
            let component = graph.component(*id);
            let own = bound(&component.traffic).map(|(time, _)| (time, *id));
            needs[id.0] = own.or(below);
            let Some(timeout) = &component.traffic.timeout else { continue };
            let longest = edges[id.0].iter().filter_map(|to| needs[to.0]).max();
            let Some((needed, slow)) = longest.filter(|(time, _)| *time > timeout.millis()) else {
                continue;
            };
            let slow = graph.component(slow);
            let title = format!(
                "`{}` is given up before `{}`, which it waits for",
                component.name, slow.name
            );
            let place = Place::Value(component.traffic.path.field("timeout"));
            let label = format!("{timeout} for everything behind it");
            let mut diagnostic = Diagnostic::new(&TIMEOUT_BELOW_CALLEE, title, place, label);
            if let Some((_, path)) = bound(&slow.traffic) {
                diagnostic = diagnostic.also(Place::Key(path), format!("up to {needed} ms"));
            }
            find.report(diagnostic.help(format!(
                "raise it above {needed} ms, or lower the timeout of `{}`",
                slow.name
            )));
        }
    }
}

/// How long calls to a component may take, if it says so, in milliseconds.
fn bound(traffic: &Traffic) -> Option<(u64, Path)> {
    if let Some(timeout) = &traffic.timeout {
        return Some((timeout.millis(), traffic.path.field("timeout")));
    }
    let Some(Retries::Policy(policy)) = &traffic.retries else { return None };
    let tries = u64::from(policy.attempts) + 1;
    let time = policy.per_try.as_ref()?.millis().saturating_mul(tries);
    Some((time, traffic.path.field("retries")))
}
