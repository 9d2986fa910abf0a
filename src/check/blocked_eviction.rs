use super::Finder;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::source::Place;
use crate::traffic::{native, spare};

/// `blocked-eviction`: a budget lets no pod go.
pub(super) static BLOCKED_EVICTION: Rule = Rule {
    code: "blocked-eviction",
    severity: Severity::Warning,
    summary: "a budget lets no pod go",
    explain: "A budget says how many pods may be gone while nodes are emptied for an upgrade. One that allows none at all stops the upgrade of the cluster: the node waits until somebody deletes the pod by hand. A share that is no whole number of pods goes up, so half of one pod is one pod. With an autoscaler, its fewest pods count.",
    wrong: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "    disruption: { minAvailable: 1 }\n",
    ),
    right: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "    replicas: 2\n",
        "    disruption: { minAvailable: 1 }\n",
    ),
};

/// A budget allows one pod to go.
pub(super) fn check(find: &mut Finder<'_>) {
    let graph = find.graph;
    for (id, component) in graph.ids() {
        if component.versions.iter().all(|version| version.disruption.is_none()) {
            continue;
        }
        let native = native(graph, id);
        for (position, version) in component.versions.iter().enumerate() {
            let Some(disruption) = &version.disruption else { continue };
            let pods = match &native {
                Some(native) => native.real.replicas[position],
                None => version.pods(),
            };
            if pods == 0 || spare(disruption, pods) > 0 {
                continue;
            }
            let path = version.path.field("disruption");
            let (field, help) = match disruption.min_available {
                Some(_) if pods == 1 => ("minAvailable", "run at least two pods, or leave it out"),
                Some(_) => ("minAvailable", "lower it, or run more pods"),
                None => ("maxUnavailable", "allow at least one"),
            };
            let title = format!("no pod of `{}` may ever go", version.workload);
            let counted = match (&version.autoscale, version.replicas) {
                (Some(_), _) => Place::Key(version.path.field("autoscale")),
                (None, Some(_)) => Place::Value(version.path.field("replicas")),
                (None, None) => Place::Key(version.path.clone()),
            };
            let count = match (pods, &version.autoscale) {
                (1, None) => "1 pod".to_owned(),
                (pods, None) => format!("{pods} pods"),
                (pods, Some(_)) => format!("{pods} at the fewest"),
            };
            let diagnostic = Diagnostic::new(
                &BLOCKED_EVICTION,
                title,
                Place::Value(path.field(field)),
                "a node with one of them cannot be emptied",
            )
            .also(counted, count)
            .help(help);
            find.report(diagnostic);
        }
    }
}
