use super::Finder;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::model::Strategy;
use crate::source::Place;
use crate::traffic::{native, realise, spare};

/// `swinging-share`: pods that may be missing bend a split.
pub(super) static SWINGING_SHARE: Rule = Rule {
    code: "swinging-share",
    severity: Severity::Warning,
    summary: "pods that may be missing bend a split",
    explain: "In the kubernetes mode a version's share is its part of the pods. While it rolls out, or while nodes are emptied, `maxUnavailable`, `maxSurge` and a budget let some of its pods be missing or double, and its share is another one for that time. Up to 5 points are taken as they are.",
    wrong: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "    versions:\n",
        "      v1: { replicas: 3, rollout: { maxUnavailable: 2 } }\n",
        "      v2: { image: example.com/web:2, replicas: 1 }\n",
        "    traffic: { split: { v1: 75, v2: 25 } }\n",
    ),
    right: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "    versions:\n",
        "      v1: { replicas: 3, rollout: { maxUnavailable: 0, maxSurge: 1 } }\n",
        "      v2: { image: example.com/web:2, replicas: 1 }\n",
        "    traffic: { split: { v1: 75, v2: 25 } }\n",
    ),
};

/// The greatest distance from the wanted share that is taken as it is, in percentage points: what
/// `fallback: approximate` takes as well.
const TOLERANCE: f64 = 5.0;

/// Shares hold while pods are replaced.
pub(super) fn check(find: &mut Finder<'_>) {
    let graph = find.graph;
    for (id, component) in graph.ids() {
        let Some(native) = native(graph, id) else { continue };
        if component.traffic.split_fallback.is_some() {
            continue;
        }
        for (position, version) in component.versions.iter().enumerate() {
            let pods = native.real.replicas[position];
            if pods == 0 {
                continue;
            }
            let rollout = version.path.field("rollout");
            let rolling = version.rollout.strategy.is_none_or(|way| way == Strategy::Rolling);
            let gone = version.rollout.max_unavailable.filter(|_| rolling);
            let gone = gone.map(|most| most.rounded_down(pods));
            let more = version.rollout.max_surge.filter(|_| rolling);
            let more = more.map(|most| most.rounded_up(pods));
            let disruption = version.path.field("disruption");
            let budget = version.disruption.as_ref().map(|budget| spare(budget, pods));
            let swings = [
                (rollout.field("maxUnavailable"), gone.map(|gone| pods.saturating_sub(gone))),
                (rollout.field("maxSurge"), more.map(|more| pods.saturating_add(more))),
                (disruption, budget.map(|gone| pods.saturating_sub(gone))),
            ];
            for (path, left) in swings {
                let Some(left) = left else { continue };
                let mut replicas = native.real.replicas.clone();
                replicas[position] = left;
                let then = realise(&native.wanted, &replicas);
                if then.error <= TOLERANCE + 1e-9 {
                    continue;
                }
                let wanted = native.wanted[position];
                let title = format!(
                    "the share of version `{}` of `{}` can become {:.1} % instead of {wanted} %",
                    version.name, component.name, then.shares[position]
                );
                let split = Place::Key(component.traffic.path.field("split"));
                let label = format!("{left} instead of {pods} for a time");
                let diagnostic = Diagnostic::new(&SWINGING_SHARE, title, Place::Key(path), label)
                    .also(split, "shares follow replicas in the kubernetes mode")
                    .help("let fewer pods change at once, or run more of each version");
                find.report(diagnostic);
            }
        }
    }
}
