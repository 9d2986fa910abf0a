use super::Finder;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::graph::Share;
use crate::source::Place;

/// `unready-version`: a version gets a share before it is ready, unlike the others.
pub(super) static UNREADY_VERSION: Rule = Rule {
    code: "unready-version",
    severity: Severity::Warning,
    summary: "a version gets a share before it is ready, unlike the others",
    explain: "A pod without a readiness probe counts as ready as soon as it runs. A version in a split then gets its share of the calls while it still starts, and after each restart, and they fail. weft says so where another version of the split has such a probe: then the component needs one. Where none has one, nothing tells a program that needs time from one that is ready at once, and weft keeps silent.",
    wrong: concat!(
        "governance: istio\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { prefix: [/] } }\n",
        "    versions:\n",
        "      v1: { probes: { readiness: { http: /ready, port: http } } }\n",
        "      v2: { image: example.com/web:2 }\n",
        "    traffic: { split: { v1: 90, v2: 10 } }\n",
    ),
    right: concat!(
        "governance: istio\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { prefix: [/] } }\n",
        "    versions: { v1: {}, v2: { image: example.com/web:2 } }\n",
        "    traffic: { split: { v1: 90, v2: 10 } }\n",
        "    probes: { readiness: { http: /ready, port: http } }\n",
    ),
};

/// Of the versions that share calls, all have a readiness probe or none has.
pub(super) fn check(find: &mut Finder<'_>) {
    for component in &find.graph.components {
        let Some(split) = &component.traffic.split else { continue };
        let alive = || split.iter().filter(|share| share.percent > 0);
        let probed =
            |share: &&Share| component.versions[share.version].container.probes.readiness.is_some();
        let Some(other) = alive().find(probed) else { continue };
        let other = &component.versions[other.version];
        for share in alive() {
            let version = &component.versions[share.version];
            if version.container.probes.readiness.is_some() || version.replicas == Some(0) {
                continue;
            }
            let title = format!(
                "version `{}` of `{}` gets calls before it is ready",
                version.name, component.name
            );
            let place = Place::Key(version.path.clone());
            let gets = Place::Value(component.traffic.weights.key(&version.name));
            let diagnostic = Diagnostic::new(&UNREADY_VERSION, title, place, "no readiness probe")
                .also(gets, format!("{} % of the calls", share.percent))
                .also(Place::Key(other.path.clone()), "has a readiness probe")
                .help("add `probes: { readiness: … }`");
            find.report(diagnostic);
        }
    }
}
