use super::Finder;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::graph::Share;
use crate::source::{Path, Place};

/// `share-without-replicas`: a version with no pods gets a share of the calls.
pub(super) static SHARE_WITHOUT_REPLICAS: Rule = Rule {
    code: "share-without-replicas",
    severity: Severity::Error,
    summary: "a version with no pods gets a share of the calls",
    explain: "Calls sent to a version without pods fail: its share becomes that many errors in 100, and retries do not move to another version.",
    wrong: concat!(
        "governance: istio\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { prefix: [/] } }\n",
        "    versions: { v1: {}, v2: { image: example.com/web:2, replicas: 0 } }\n",
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
    ),
};

/// A share needs pods.
pub(super) fn check(find: &mut Finder<'_>) {
    for component in &find.graph.components {
        let traffic = &component.traffic;
        let in_split = |path: &Path, share: &Share| {
            let name = &component.versions[share.version].name;
            Place::Value(path.field("split").key(name))
        };
        let whole = traffic.split.iter().flatten();
        let whole = whole.map(|share| (share, in_split(&traffic.path, share)));
        let rules = traffic.rules.iter().flat_map(|rule| {
            rule.to.iter().flatten().map(|share| match share.percent {
                100 => (share, Place::Value(rule.path.field("to"))),
                _ => (share, in_split(&rule.path, share)),
            })
        });
        for (share, place) in whole.chain(rules) {
            let version = &component.versions[share.version];
            if share.percent == 0 || version.replicas != Some(0) {
                continue;
            }
            let title = format!(
                "version `{}` of `{}` has no pods, but gets {} % of the calls",
                version.name, component.name, share.percent
            );
            let diagnostic =
                Diagnostic::new(&SHARE_WITHOUT_REPLICAS, title, place, "calls that will fail")
                    .also(Place::Value(version.path.field("replicas")), "no pods")
                    .help("give it pods, or a share of 0");
            find.report(diagnostic);
        }
    }
}
