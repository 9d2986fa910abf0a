use super::Finder;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::source::Place;

/// `deprecated-annotation`: an annotation that Istio is about to drop.
pub(super) static DEPRECATED_ANNOTATION: Rule = Rule {
    code: "deprecated-annotation",
    severity: Severity::Warning,
    summary: "an annotation that Istio is about to drop",
    explain: "Istio has replaced the annotation by something else, and a later release may overlook it (IST0135). weft goes by what Istio 1.31 says.",
    wrong: concat!(
        "governance: istio\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    annotations: { traffic.sidecar.istio.io/kubevirtInterfaces: net1 }\n",
        "    expose: { http: { via: load-balancer } }\n",
    ),
    right: concat!(
        "governance: istio\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    annotations: { istio.io/reroute-virtual-interfaces: net1 }\n",
        "    expose: { http: { via: load-balancer } }\n",
    ),
};

/// What Istio 1.31 calls deprecated on pods, and what to do about it.
/// Source: istio/api, annotation/annotations.yaml.
const DEPRECATED: [(&str, &str); 8] = [
    ("sidecar.istio.io/discoveryAddress", "set `discoveryAddress` in `proxy.istio.io/config`"),
    ("sidecar.istio.io/extraStatTags", "set `extraStatTags` in `proxy.istio.io/config`"),
    ("sidecar.istio.io/inject", "remove it; the label of this name decides, and weft sets it"),
    ("sidecar.istio.io/statsCompression", "remove it"),
    (
        "sidecar.istio.io/statsInclusionPrefixes",
        "set `proxyStatsMatcher` in `proxy.istio.io/config`",
    ),
    (
        "sidecar.istio.io/statsInclusionRegexps",
        "set `proxyStatsMatcher` in `proxy.istio.io/config`",
    ),
    (
        "sidecar.istio.io/statsInclusionSuffixes",
        "set `proxyStatsMatcher` in `proxy.istio.io/config`",
    ),
    ("traffic.sidecar.istio.io/kubevirtInterfaces", "write `istio.io/reroute-virtual-interfaces`"),
];

/// What to do about an annotation, if it is deprecated.
pub(super) fn cure(name: &str) -> Option<&'static str> {
    DEPRECATED.iter().find(|(known, _)| *known == name).map(|(_, cure)| *cure)
}

/// Annotations with Istio's name are those that it wants.
pub(super) fn check(find: &mut Finder<'_>) {
    let graph = find.graph;
    for version in graph.own().iter().flat_map(|component| &component.versions) {
        for name in version.annotations.keys() {
            let Some(cure) = cure(name) else { continue };
            let title = format!("Istio is about to drop the annotation `{name}`");
            let place = Place::Key(version.path.field("annotations").key(name));
            let diagnostic =
                Diagnostic::new(&DEPRECATED_ANNOTATION, title, place, "deprecated").help(cure);
            find.report(diagnostic);
        }
    }
}
