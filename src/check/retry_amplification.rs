use super::Finder;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::graph::{Component, ComponentId};
use crate::model::Retries;
use crate::source::{Path, Place};
use crate::traffic::{Feature, can};

/// `retry-amplification`: retries multiply along a path of calls.
pub(super) static RETRY_AMPLIFICATION: Rule = Rule {
    code: "retry-amplification",
    severity: Severity::Warning,
    summary: "retries multiply along a path of calls",
    explain: "Each component on a path of calls that is tried again multiplies the calls behind it: with two retries at three places in a row, a failing component at the end gets 27 calls for one. What fails under load then fails for good. Retries belong near the end of a path, or at its start, not at every step; a limit (`circuitBreaker: { retries: 3 }`) does not lower this number, but what it does.",
    wrong: concat!(
        "governance: istio\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { prefix: [/] } }\n",
        "    traffic: { retries: { attempts: 3 } }\n",
        "    dependsOn: [api]\n",
        "  api:\n",
        "    image: example.com/api:1\n",
        "    ports: { http: 9090 }\n",
        "    traffic: { retries: { attempts: 3 } }\n",
    ),
    right: concat!(
        "governance: istio\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { prefix: [/] } }\n",
        "    dependsOn: [api]\n",
        "  api:\n",
        "    image: example.com/api:1\n",
        "    ports: { http: 9090 }\n",
        "    traffic: { retries: { attempts: 3 } }\n",
    ),
};

/// More calls for one than this is too many.
const MOST: u64 = 10;

/// The calls that one call becomes on its way to a component, and the last step before it that
/// repeated them.
#[derive(Clone, Copy, Default)]
struct Arriving {
    calls: u64,
    through: Option<ComponentId>,
}

/// Follows the calls from their starts: linear in components and calls.
pub(super) fn check(find: &mut Finder<'_>) {
    let graph = find.graph;
    // A Service repeats no call.
    if !can(graph.governance, Feature::Retries) {
        return;
    }
    let edges = graph.call_edges();
    let one = Arriving { calls: 1, through: None };
    let mut before = vec![one; edges.len()];
    let mut steps = graph.callees_first(&edges);
    steps.reverse();
    for members in steps {
        // A call may pass each member of a circle, or one: the one that repeats most is certain.
        let worst = members.iter().map(|id| before[id.0]).max_by_key(|arriving| arriving.calls);
        let worst = worst.unwrap_or(one);
        let tries = |id: &ComponentId| tries(graph.component(*id)).map_or(1, |(tries, _)| tries);
        let most = members.iter().copied().max_by_key(|id| tries(id));
        let factor = most.as_ref().map_or(1, tries);
        let calls = worst.calls.saturating_mul(factor);
        let through = if factor > 1 { most } else { worst.through };
        for id in &members {
            before[id.0] = worst;
            for to in &edges[id.0] {
                if calls > before[to.0].calls {
                    before[to.0] = Arriving { calls, through };
                }
            }
        }
        // Said once, where the number is passed, and not again for all that lies behind.
        if let (Some(last), true) = (most, calls > MOST && worst.calls <= MOST) {
            report(find, last, calls, &before);
        }
    }
}

fn report(find: &mut Finder<'_>, last: ComponentId, calls: u64, before: &[Arriving]) {
    let graph = find.graph;
    let component = graph.component(last);
    let Some((tries_here, path)) = tries(component) else { return };
    let title = format!("one call can become {calls} calls of `{}`", component.name);
    let label = format!("up to {tries_here} for one");
    let mut diagnostic = Diagnostic::new(&RETRY_AMPLIFICATION, title, Place::Key(path), label);
    let mut at = before[last.0].through;
    // Each step at least doubles the calls, and these were few enough before the last.
    while let Some(id) = at {
        if let Some((tries, path)) = tries(graph.component(id)) {
            diagnostic = diagnostic.also(Place::Key(path), format!("up to {tries} for one"));
        }
        at = before[id.0].through;
    }
    find.report(diagnostic.help("try again at one of these places"));
}

/// How often one call to a component is tried at most, and where that is written.
fn tries(component: &Component) -> Option<(u64, Path)> {
    /// Istio's own number, where the file leaves it to the mesh.
    /// Source: `defaultRetryPolicy` in istio.io/istio/pilot/pkg/networking/core/route/retry.
    const MESH: u64 = 2;
    let traffic = &component.traffic;
    let own = traffic.rules.iter().map(|rule| (&rule.retries, &rule.path));
    let all = std::iter::once((&traffic.retries, &traffic.path)).chain(own);
    let tries = |(retries, path): (&Option<Retries>, &Path)| {
        let again = match retries.as_ref()? {
            Retries::Mesh => MESH,
            Retries::Policy(policy) => u64::from(policy.attempts),
        };
        (again > 0).then(|| (again + 1, path.field("retries")))
    };
    all.filter_map(tries).max_by_key(|(tries, _)| *tries)
}
