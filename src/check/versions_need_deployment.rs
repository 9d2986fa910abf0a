use super::Finder;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::model::Kind;
use crate::source::Place;

/// `versions-need-deployment`: versions of something that is not a deployment.
pub(super) static VERSIONS_NEED_DEPLOYMENT: Rule = Rule {
    code: "versions-need-deployment",
    severity: Severity::Error,
    summary: "versions of something that is not a deployment",
    explain: "Versions are interchangeable pods behind one name. Pods of a StatefulSet have names and data of their own, a daemonset has one pod on each node, and a job answers no calls.",
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
        if component.kind == Kind::Deployment {
            continue;
        }
        let traffic = &component.traffic;
        let shared = [
            ("rules", traffic.rules.iter().any(|rule| rule.to.is_some() || rule.mirror.is_some())),
            ("split", traffic.split.is_some()),
            ("mirror", traffic.mirror.is_some()),
        ];
        for (field, _) in shared.into_iter().filter(|(_, written)| *written) {
            let title = format!(
                "`{field}` shares calls among versions, and a {} has none",
                component.kind.name()
            );
            let place = Place::Key(traffic.path.field(field));
            let kind = Place::Value(component.path.field("kind"));
            let diagnostic =
                Diagnostic::new(&VERSIONS_NEED_DEPLOYMENT, title, place, "nothing to share among")
                    .also(kind, "has one version")
                    .help(format!("remove `{field}`"));
            find.report(diagnostic);
        }
        if component.versioned {
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
