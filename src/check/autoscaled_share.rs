use super::Finder;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::model::Fallback;
use crate::source::Place;
use crate::traffic::native;

/// `autoscaled-share`: an autoscaler undoes a split.
pub(super) static AUTOSCALED_SHARE: Rule = Rule {
    code: "autoscaled-share",
    severity: Severity::Error,
    summary: "an autoscaler undoes a split",
    explain: "In the kubernetes mode a version's share is its part of the pods. An autoscaler changes the number of pods with the load, and with it the share. In a mode with a mesh the share is in the routes, and both go together.",
    wrong: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "    resources: { cpu: 100m }\n",
        "    versions:\n",
        "      v1: { autoscale: { min: 3, max: 9 } }\n",
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
        "      v1: { replicas: 3 }\n",
        "      v2: { image: example.com/web:2, replicas: 1 }\n",
        "    traffic: { split: { v1: 75, v2: 25 } }\n",
    ),
};

/// Where shares follow pods, the pods of versions side by side are counted by the file.
pub(super) fn check(find: &mut Finder<'_>) {
    let graph = find.graph;
    for (id, component) in graph.ids() {
        let Some(native) = native(graph, id) else { continue };
        // One version alone has all calls, however many its pods.
        let several = native.real.replicas.iter().filter(|pods| **pods > 0).count() > 1;
        if !several || component.traffic.split_fallback == Some(Fallback::Drop) {
            continue;
        }
        for version in component.versions.iter().filter(|version| version.autoscale.is_some()) {
            let title = format!(
                "the autoscaler of version `{}` undoes the split of `{}`",
                version.name, component.name
            );
            let place = Place::Key(version.path.field("autoscale"));
            let split = Place::Key(component.traffic.path.field("split"));
            let diagnostic = Diagnostic::new(
                &AUTOSCALED_SHARE,
                title,
                place,
                "changes the number of pods",
            )
            .also(split, "shares follow replicas in the kubernetes mode")
            .help("use `replicas`, or istio, or write `fallback: drop` to do without the split");
            find.report(diagnostic);
        }
    }
}
