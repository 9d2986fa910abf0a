use super::Finder;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::model::Kind;
use crate::source::Place;

/// `versions-need-deployment`: versions of something that is not a deployment.
pub(super) static VERSIONS_NEED_DEPLOYMENT: Rule = Rule {
    code: "versions-need-deployment",
    severity: Severity::Error,
    summary: "versions of something that is not a deployment",
    explain: "Versions are interchangeable pods behind one name. Pods of a StatefulSet have names and data of their own, and a job answers no calls.",
    wrong: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "    kind: statefulset\n",
        "    versions: { v1: {}, v2: { image: example.com/web:2 } }\n",
    ),
    right: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "    versions: { v1: {}, v2: { image: example.com/web:2 } }\n",
    ),
};

/// Versions are for deployments.
pub(super) fn check(find: &mut Finder<'_>) {
    for component in &find.graph.components {
        if component.versioned && component.kind != Kind::Deployment {
            let title = format!("a {} cannot have versions", component.kind.name());
            let place = Place::Key(component.path.field("versions"));
            let kind = Place::Value(component.path.field("kind"));
            let diagnostic =
                Diagnostic::new(&VERSIONS_NEED_DEPLOYMENT, title, place, "versions share calls")
                    .also(kind, "this does not")
                    .help("make it a deployment, or give each its own component");
            find.report(diagnostic);
        }
    }
}
