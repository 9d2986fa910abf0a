use super::Finder;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::graph::Entry;
use crate::model::Via;
use crate::source::Place;
use crate::traffic::{entrances, intersect, unmatchable};

/// `inexpressible-entry-rule`: a path rule and an exposed path cannot be joined.
pub(super) static INEXPRESSIBLE_ENTRY_RULE: Rule = Rule {
    code: "inexpressible-entry-rule",
    severity: Severity::Error,
    summary: "a path rule and an exposed path cannot be joined",
    explain: "At the edge a call must fit both the exposed path and the rule's path, and a route has room for one condition. weft joins exact paths and prefixes; a regular expression and a prefix it cannot. Expose `/`, or write the rule without a regular expression.",
    wrong: concat!(
        "governance: istio\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { prefix: [/api] } }\n",
        "    versions: { v1: {}, v2: { image: example.com/web:2 } }\n",
        "    traffic:\n",
        "      rules: [{ match: { path: { regex: \"/api/v[0-9]+\" } }, to: v2 }]\n",
    ),
    right: concat!(
        "governance: istio\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { prefix: [/] } }\n",
        "    versions: { v1: {}, v2: { image: example.com/web:2 } }\n",
        "    traffic:\n",
        "      rules: [{ match: { path: { regex: \"/api/v[0-9]+\" } }, to: v2 }]\n",
    ),
};

/// Exposed paths and path rules of one component can be joined.
pub(super) fn check(find: &mut Finder<'_>) {
    for component in &find.graph.components {
        let doors = entrances(find.graph, component);
        let routed = |entry: &&Entry| entry.via == Via::Gateway && !doors.contains_key(&entry.port);
        for entry in component.entries.iter().filter(routed) {
            let rules = component.traffic.rules.iter();
            // What no route can match at all is another rule's matter.
            for rule in rules.filter(|r| !r.for_callers() && unmatchable(&r.matches).is_none()) {
                let clash = entry
                    .paths_or_all()
                    .iter()
                    .any(|path| intersect(path, rule.matches.path.as_ref()).is_err());
                if !clash {
                    continue;
                }
                let title = format!(
                    "the path rule of `{}` cannot be joined with its entry",
                    component.name
                );
                let place = Place::Key(rule.path.field("match").field("path"));
                let diagnostic =
                    Diagnostic::new(&INEXPRESSIBLE_ENTRY_RULE, title, place, "this condition")
                        .also(Place::Key(entry.path.clone()), "within these paths")
                        .help("expose `/`, or write the rule with `exact` or `prefix`");
                find.report(diagnostic);
            }
        }
    }
}
