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

/// A share needs pods, and so does a copy.
pub(super) fn check(find: &mut Finder<'_>) {
    for component in &find.graph.components {
        let traffic = &component.traffic;
        let in_split = |weights: &Path, share: &Share| {
            let name = &component.versions[share.version].name;
            Place::Value(weights.key(name))
        };
        let gets = |share: &Share| format!("gets {} % of the calls", share.percent);
        let whole = traffic.split.iter().flatten().filter(|share| share.percent > 0);
        let whole =
            whole.map(|share| (share.version, in_split(&traffic.weights, share), gets(share)));
        let rules = traffic.rules.iter().flat_map(|rule| {
            let shares = rule.to.iter().flatten().filter(|share| share.percent > 0);
            shares.map(|share| match share.percent {
                100 => (share.version, Place::Value(rule.path.field("to")), gets(share)),
                _ => (share.version, in_split(&rule.weights, share), gets(share)),
            })
        });
        let own = traffic.rules.iter().map(|rule| (rule.mirror, &rule.path));
        let mirrors = std::iter::once((traffic.mirror, &traffic.path)).chain(own);
        let copies = mirrors.filter_map(|(mirror, path)| {
            let place = Place::Value(path.field("mirror").field("to"));
            Some((mirror?.0, place, "gets a copy of the calls".to_owned()))
        });
        for (version, place, gets) in whole.chain(rules).chain(copies) {
            let version = &component.versions[version];
            if version.replicas != Some(0) {
                continue;
            }
            let title = format!(
                "version `{}` of `{}` has no pods, but {gets}",
                version.name, component.name
            );
            let diagnostic =
                Diagnostic::new(&SHARE_WITHOUT_REPLICAS, title, place, "calls that will fail")
                    .also(Place::Value(version.path.field("replicas")), "no pods")
                    .help("give it pods, or send it nothing");
            find.report(diagnostic);
        }
    }
}
