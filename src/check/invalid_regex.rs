use super::Finder;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::graph;
use crate::model::Matcher;
use crate::source::{Path, Place};
use crate::traffic::{cookie_regex, exact_or_expression, whole};

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

/// The longest expression that Istio takes.
/// Source: `validateStringRegexp` in istio.io/istio/pkg/config/validation.
const LONGEST: usize = 1024;

/// Every expression compiles, and none grows too long by what stands around it.
pub(super) fn check(find: &mut Finder<'_>) {
    too_long(find);
    for rule in find.graph.components.iter().flat_map(|component| &component.traffic.rules) {
        for (matcher, path) in conditions(rule) {
            let Matcher::Regex(regex) = matcher.positive() else { continue };
            let path = if matcher.takes_absent() { path.field("not") } else { path };
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

/// Conditions on cookies, and prefixes of parameters, are expressions in the manifests even where
/// they are none in the file.
fn too_long(find: &mut Finder<'_>) {
    for rule in find.graph.components.iter().flat_map(|component| &component.traffic.rules) {
        let root = rule.path.field("match");
        let cookies =
            rule.matches.cookies.iter().flatten().map(|(name, matcher)| {
                (cookie_regex(name, matcher), root.field("cookies").key(name))
            });
        let query = rule.matches.query.iter().flatten().filter_map(|(name, matcher)| {
            let (exact, text) = exact_or_expression(matcher);
            (!exact).then(|| (text, root.field("query").key(name)))
        });
        for (text, path) in cookies.chain(query).filter(|(text, _)| text.len() > LONGEST) {
            let title = "the expression that stands for this condition is too long";
            let label = format!("{} characters where at most {LONGEST} fit", text.len());
            let diagnostic = Diagnostic::new(&INVALID_REGEX, title, Place::Key(path), label);
            find.report(diagnostic.help("shorten the condition"));
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
