use super::Finder;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::source::Place;
use crate::traffic::{Feature, can};

/// `overloaded-version`: a version gets far more calls for each of its pods than the others.
pub(super) static OVERLOADED_VERSION: Rule = Rule {
    code: "overloaded-version",
    severity: Severity::Warning,
    summary: "a version gets far more calls for each of its pods than the others",
    explain: "In a mesh a version's share has nothing to do with its number of pods. A version with one pod and half of the calls, beside one with ten pods, has ten times the load for each pod. The message compares with the load that all pods would have if it were even.",
    wrong: concat!(
        "governance: istio\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { prefix: [/] } }\n",
        "    versions: { v1: { replicas: 10 }, v2: { image: example.com/web:2, replicas: 1 } }\n",
        "    traffic: { split: { v1: 50, v2: 50 } }\n",
        "    probes: { readiness: { http: /ready, port: http } }\n",
    ),
    right: concat!(
        "governance: istio\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { prefix: [/] } }\n",
        "    versions: { v1: { replicas: 10 }, v2: { image: example.com/web:2, replicas: 10 } }\n",
        "    traffic: { split: { v1: 50, v2: 50 } }\n",
        "    probes: { readiness: { http: /ready, port: http } }\n",
    ),
};

/// More than this many times the even load is no longer a matter of rounding.
const FACTOR: u64 = 3;

/// Weights and written replicas agree, more or less.
pub(super) fn check(find: &mut Finder<'_>) {
    // Elsewhere the share follows the pods.
    if !can(find.graph.governance, Feature::Split) {
        return;
    }
    for component in &find.graph.components {
        let Some(split) = &component.traffic.split else { continue };
        // Pods that nobody counts may be counted by an autoscaler.
        let counts = component.versions.iter().map(|version| version.replicas.map(u64::from));
        let Some(counts) = counts.collect::<Option<Vec<u64>>>() else { continue };
        let total: u64 = counts.iter().sum();
        for share in split {
            let (pods, percent) = (counts[share.version], u64::from(share.percent));
            // percent / pods > FACTOR × 100 / total, in whole numbers.
            if pods == 0 || percent * total <= FACTOR * 100 * pods {
                continue;
            }
            let version = &component.versions[share.version];
            let times = percent * total / (100 * pods);
            let title = format!(
                "each pod of version `{}` of `{}` gets {times} times its part of the calls",
                version.name, component.name
            );
            let place = Place::Value(component.traffic.weights.key(&version.name));
            let label = format!("{percent} % of the calls");
            let pods = format!("{pods} of {total} pods");
            let diagnostic = Diagnostic::new(&OVERLOADED_VERSION, title, place, label)
                .also(Place::Value(version.path.field("replicas")), pods)
                .help("give the version more pods before it gets the calls");
            find.report(diagnostic);
        }
    }
}
