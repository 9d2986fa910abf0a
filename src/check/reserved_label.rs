use super::Finder;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::raw::OWNER_LABELS;
use crate::source::Place;

/// `reserved-label`: a label that weft sets itself.
pub(super) static RESERVED_LABEL: Rule = Rule {
    code: "reserved-label",
    severity: Severity::Error,
    summary: "a label that weft sets itself",
    explain: "Selectors, subsets and policy are built on `app`, `version` and the `app.kubernetes.io/` labels. A second value would be lost, or send calls to the wrong pods.",
    wrong: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "    labels: { app: front }\n",
    ),
    right: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "    labels: { team: front }\n",
    ),
};

/// Labels of the author and of weft are told apart.
pub(super) fn check(find: &mut Finder<'_>) {
    for object in &find.graph.raw {
        for (label, ours) in OWNER_LABELS.into_iter().zip(["weft", &*find.graph.name]) {
            if object.value["metadata"]["labels"][label] == ours {
                continue;
            }
            let title = format!("the label `{label}` is set by weft");
            let path = object.path.key("metadata").key("labels").key(label);
            let diagnostic = Diagnostic::new(&RESERVED_LABEL, title, Place::Key(path), "reserved")
                .help(format!("remove it; it is `{ours}` on every object of this app"));
            find.report(diagnostic);
        }
    }
    for version in find.graph.components.iter().flat_map(|component| &component.versions) {
        for label in version.labels.keys() {
            let ours = ["app", "version", "sidecar.istio.io/inject"].contains(&label.as_str())
                || label.starts_with("app.kubernetes.io/");
            if !ours {
                continue;
            }
            let title = format!("the label `{label}` is set by weft");
            let place = Place::Key(version.path.field("labels").key(label));
            let diagnostic = Diagnostic::new(&RESERVED_LABEL, title, place, "reserved")
                .help("use a label of your own, such as `example.com/…`");
            find.report(diagnostic);
        }
        for name in version.annotations.keys().filter(|name| name.starts_with("weft.dev/")) {
            let title = format!("the annotation `{name}` is set by weft");
            let place = Place::Key(version.path.field("annotations").key(name));
            let diagnostic = Diagnostic::new(&RESERVED_LABEL, title, place, "reserved")
                .help("use an annotation of your own, such as `example.com/…`");
            find.report(diagnostic);
        }
    }
}
