use super::Finder;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::source::Place;

/// `malformed-autoscale`: an autoscaler that no cluster accepts.
pub(super) static MALFORMED_AUTOSCALE: Rule = Rule {
    code: "malformed-autoscale",
    severity: Severity::Error,
    summary: "an autoscaler that no cluster accepts",
    explain: "The fewest pods cannot be more than the most, and an autoscaler looks back one hour at the most before it takes pods away.",
    wrong: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "    resources: { cpu: 100m }\n",
        "    autoscale: { min: 5, max: 3 }\n",
    ),
    right: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "    resources: { cpu: 100m }\n",
        "    autoscale: { min: 3, max: 5 }\n",
    ),
};

/// The longest time that an autoscaler looks back, in seconds.
/// Source: `MaxStabilizationWindowSeconds` in the validation of autoscaling of k8s.io/kubernetes.
const LONGEST: u64 = 3_600;

/// What an API server would refuse.
pub(super) fn check(find: &mut Finder<'_>) {
    for component in &find.graph.components {
        for version in &component.versions {
            let Some(autoscale) = &version.autoscale else { continue };
            let path = version.path.field("autoscale");
            if let Some(min) = autoscale.min.filter(|min| *min > autoscale.max) {
                let title = format!("`{}` has at least {min} pods", version.workload);
                let title = format!("{title}, and at most {}", autoscale.max);
                let place = Place::Value(path.field("min"));
                let diagnostic =
                    Diagnostic::new(&MALFORMED_AUTOSCALE, title, place, "more than the most")
                        .also(Place::Value(path.field("max")), "the most")
                        .help("lower `min`, or raise `max`");
                find.report(diagnostic);
            }
            let window = autoscale.stabilization.as_ref();
            if window.is_some_and(|window| window.seconds() > LONGEST) {
                let title = format!("`{}` is to look back for too long", version.workload);
                let place = Place::Value(path.field("stabilization"));
                let diagnostic =
                    Diagnostic::new(&MALFORMED_AUTOSCALE, title, place, "more than an hour")
                        .help("write `1h` or less");
                find.report(diagnostic);
            }
        }
    }
}
