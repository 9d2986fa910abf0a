use super::Finder;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::graph;
use crate::model::Matcher;
use crate::source::{Path, Place};
use crate::traffic::whole;

/// `invalid-regex`: a regular expression that the meshes cannot run.
pub(super) static INVALID_REGEX: Rule = Rule {
    code: "invalid-regex",
    severity: Severity::Error,
    summary: "a regular expression that the meshes cannot run",
    explain: "Expressions are RE2, matched against the whole text. Look-around and back references do not exist there.",
    wrong: concat!(
        "governance: istio\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { prefix: [/] } }\n",
        "    versions: { v1: {}, v2: { image: example.com/web:2 } }\n",
        "    traffic:\n",
        "      rules: [{ match: { headers: { team: { regex: \"(?=b).*\" } } }, to: v2 }]\n",
        "      split: { v1: 100, v2: 0 }\n",
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
        "      rules: [{ match: { headers: { team: { regex: \"b.*\" } } }, to: v2 }]\n",
        "      split: { v1: 100, v2: 0 }\n",
        "    propagates: [team]\n",
    ),
};

/// Every expression compiles.
pub(super) fn check(find: &mut Finder<'_>) {
    for rule in find.graph.components.iter().flat_map(|component| &component.traffic.rules) {
        for (matcher, path) in conditions(rule) {
            let Matcher::Regex(regex) = matcher else { continue };
            if whole(regex).is_some() {
                continue;
            }
            let title = format!("`{regex}` is no regular expression that every proxy can run");
            let place = Place::Value(path.field("regex"));
            let diagnostic =
                Diagnostic::new(&INVALID_REGEX, title, place, "RE2 does not accept this")
                    .help("use RE2 syntax: no look-around, no back references");
            find.report(diagnostic);
        }
    }
}

/// Every condition of a rule with its place.
pub(super) fn conditions(rule: &graph::Rule) -> Vec<(&Matcher, Path)> {
    let root = rule.path.field("match");
    let mut out = Vec::new();
    let named = [("headers", &rule.matches.headers), ("cookies", &rule.matches.cookies)];
    for (field, map) in named {
        for (name, matcher) in map.iter().flatten() {
            out.push((matcher, root.field(field).key(name)));
        }
    }
    for (name, matcher) in rule.matches.query.iter().flatten() {
        out.push((matcher, root.field("query").key(name)));
    }
    out.extend(rule.matches.path.iter().map(|matcher| (matcher, root.field("path"))));
    out
}
