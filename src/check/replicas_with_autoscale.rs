use super::Finder;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::source::Place;

/// `replicas-with-autoscale`: two ways to say how many pods there are.
pub(super) static REPLICAS_WITH_AUTOSCALE: Rule = Rule {
    code: "replicas-with-autoscale",
    severity: Severity::Error,
    summary: "two ways to say how many pods there are",
    explain: "An autoscaler changes the number of pods while the app runs. A number in the file would put it back with each apply, so a workload with `autoscale` has no `replicas`. Of two layers the upper one decides: an environment that writes `autoscale` needs not delete the `replicas` of the file.",
    wrong: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "    resources: { cpu: 100m }\n",
        "    replicas: 3\n",
        "    autoscale: { min: 2, max: 10 }\n",
    ),
    right: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "    resources: { cpu: 100m }\n",
        "    autoscale: { min: 2, max: 10 }\n",
    ),
};

/// One of the two.
pub(super) fn check(find: &mut Finder<'_>) {
    for component in &find.graph.components {
        for version in &component.versions {
            if version.replicas.is_none() || version.autoscale.is_none() {
                continue;
            }
            let title = format!("`{}` has both `replicas` and `autoscale`", version.workload);
            let place = Place::Key(version.path.field("replicas"));
            let diagnostic =
                Diagnostic::new(&REPLICAS_WITH_AUTOSCALE, title, place, "a number for all time")
                    .also(Place::Key(version.path.field("autoscale")), "a number that changes")
                    .help("keep one of the two; `min` is the number to begin with");
            find.report(diagnostic);
        }
    }
}
