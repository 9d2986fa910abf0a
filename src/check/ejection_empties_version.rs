use super::Finder;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::source::Place;

/// `ejection-empties-version`: ejection can take out every pod of a version.
pub(super) static EJECTION_EMPTIES_VERSION: Rule = Rule {
    code: "ejection-empties-version",
    severity: Severity::Warning,
    summary: "ejection can take out every pod of a version",
    explain: "Pods that fail are taken out of the balancing, up to `percent` of them. At 100 all pods of a version can be out at once, and then its calls fail without being tried, also when the pods have long recovered: one bad answer of something behind them is enough. `minHealthy` lets calls through again where too few are left.",
    wrong: concat!(
        "governance: istio\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { prefix: [/] } }\n",
        "    traffic: { circuitBreaker: { eject: { errors: 3, percent: 100 } } }\n",
    ),
    right: concat!(
        "governance: istio\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { prefix: [/] } }\n",
        "    traffic: { circuitBreaker: { eject: { errors: 3, percent: 50 } } }\n",
    ),
};

/// Some pods stay, or calls go to all of them where few are left.
pub(super) fn check(find: &mut Finder<'_>) {
    for component in &find.graph.components {
        let traffic = &component.traffic;
        let Some(eject) = traffic.breaker.as_ref().and_then(|b| b.eject.as_ref()) else { continue };
        let lets_through = eject.min_healthy.is_some_and(|share| share.0 > 0);
        let Some(percent) = eject.percent.filter(|_| !lets_through) else { continue };
        // Envoy takes out a whole number of pods, and never more than this share of them: of no
        // number of pods is that all, unless the share is.
        if percent.0 < 100 {
            continue;
        }
        let title = format!("ejection can take out every pod of `{}`", component.name);
        let path = traffic.path.field("circuitBreaker").field("eject");
        let mut diagnostic = Diagnostic::new(
            &EJECTION_EMPTIES_VERSION,
            title,
            Place::Value(path.field("percent")),
            "all of them at once",
        );
        for version in component.versions.iter().filter(|version| version.replicas == Some(1)) {
            let place = Place::Value(version.path.field("replicas"));
            diagnostic = diagnostic.also(place, "one failing pod is all there is");
        }
        find.report(diagnostic.help("lower `percent`, or add `minHealthy`"));
    }
}
