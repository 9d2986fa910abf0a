use super::Finder;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::source::Place;
use crate::traffic::{fewest, native};

/// `split-not-by-replicas`: replicas cannot honour a split.
pub(super) static SPLIT_NOT_BY_REPLICAS: Rule = Rule {
    code: "split-not-by-replicas",
    severity: Severity::Error,
    summary: "replicas cannot honour a split",
    explain: "In the kubernetes mode a call goes to any pod behind the Service, so a version's share is its part of the pods: 30 and 70 percent need 3 and 7 pods, 1 percent needs 100. Write the replicas that the message proposes, use a mode with a mesh, or allow weft to come close with `fallback: approximate`.",
    wrong: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "    versions: { v1: {}, v2: { image: example.com/web:2 } }\n",
        "    traffic: { split: { v1: 30, v2: 70 } }\n",
    ),
    right: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "    versions: { v1: { replicas: 3 }, v2: { image: example.com/web:2, replicas: 7 } }\n",
        "    traffic: { split: { v1: 30, v2: 70 } }\n",
    ),
};

/// In the kubernetes mode, a split is what the replicas make it.
pub(super) fn check(find: &mut Finder<'_>) {
    let graph = find.graph;
    for (id, component) in graph.ids() {
        let Some(native) = native(graph, id) else { continue };
        if native.real.error < 1e-9 {
            continue;
        }
        let path = component.traffic.path.field("split");
        let named = |counts: &[u32]| -> String {
            let pairs = component.versions.iter().zip(counts);
            pairs
                .map(|(version, count)| format!("{} {count}", version.name))
                .collect::<Vec<_>>()
                .join(", ")
        };
        if component.traffic.split_fallback.is_some() {
            continue;
        }
        let title = format!("the replicas of `{}` cannot honour its split", component.name);
        let mut diagnostic = Diagnostic::new(
            &SPLIT_NOT_BY_REPLICAS,
            title,
            Place::Key(path),
            "shares follow replicas in the kubernetes mode",
        );
        for (version, share) in component.versions.iter().zip(&native.real.shares) {
            let place = match version.replicas {
                Some(_) => Place::Value(version.path.field("replicas")),
                None => Place::Key(version.path.clone()),
            };
            let count = version.replicas.unwrap_or(1);
            diagnostic = diagnostic.also(place, format!("replicas: {count}, so {share:.0} %"));
        }
        let exact = fewest(&native.wanted, 0.0);
        let mut help = format!("set replicas to {}", named(&exact.replicas));
        for tolerance in [2.0, 5.0] {
            let near = fewest(&native.wanted, tolerance);
            if near.replicas.iter().sum::<u32>() < exact.replicas.iter().sum() {
                help = format!("{help}; {} is within {tolerance:.0} points", named(&near.replicas));
            }
        }
        find.report(
            diagnostic.help(format!("{help}; or write `fallback: approximate`, or use istio")),
        );
    }
}
