use super::Finder;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::model::Governance;
use crate::source::Place;

/// `reserved-annotation`: an annotation that weft sets itself in this mode.
pub(super) static RESERVED_ANNOTATION: Rule = Rule {
    code: "reserved-annotation",
    severity: Severity::Error,
    summary: "an annotation that weft sets itself in this mode",
    explain: "In the dapr mode, who may call whom and what is offered to whom goes by app ids, and calls are brought to one port. weft writes the annotations that say so on every pod; another value would make its policy and its scopes speak of somebody else. Other annotations of Dapr are yours.",
    wrong: concat!(
        "governance: dapr\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    annotations: { dapr.io/app-id: front }\n",
    ),
    right: concat!(
        "governance: dapr\n",
        "components:\n",
        "  front:\n",
        "    image: example.com/web:1\n",
        "    annotations: { dapr.io/log-level: debug }\n",
    ),
};

/// What weft writes itself, and what to do to change it.
const OURS: [(&str, &str); 5] = [
    ("dapr.io/enabled", "remove it; `governance: none` keeps a component without a sidecar"),
    ("dapr.io/app-id", "remove it; the app id is the component's name"),
    ("dapr.io/app-port", "remove it; it comes from `ports`"),
    ("dapr.io/app-protocol", "remove it, and say what the port speaks under `ports`"),
    ("dapr.io/config", "remove it, and write `configuration` or `tracing` under `dapr`"),
];

/// Annotations of the author and of weft are told apart.
pub(super) fn check(find: &mut Finder<'_>) {
    let graph = find.graph;
    if graph.governance != Governance::Dapr {
        return;
    }
    for component in graph.own().iter().filter(|component| graph.meshed(component)) {
        for version in &component.versions {
            for (name, cure) in OURS {
                if !version.annotations.contains_key(name) {
                    continue;
                }
                let title = format!("the annotation `{name}` is set by weft");
                let place = Place::Key(version.path.field("annotations").key(name));
                let diagnostic =
                    Diagnostic::new(&RESERVED_ANNOTATION, title, place, "reserved").help(cure);
                find.report(diagnostic);
            }
        }
    }
}
