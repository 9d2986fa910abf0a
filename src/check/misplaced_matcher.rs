use super::Finder;
use std::collections::BTreeMap;

use super::invalid_regex::conditions;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::graph;
use crate::model::Matcher;
use crate::source::Place;
use crate::traffic::whole;

/// `misplaced-matcher`: a way to match that this place does not have.
pub(super) static MISPLACED_MATCHER: Rule = Rule {
    code: "misplaced-matcher",
    severity: Severity::Error,
    summary: "a way to match that this place does not have",
    explain: "`startsWith` is for paths, where it differs from `prefix`: `prefix` goes by segment. A path is always there, so `present` says nothing about it, and paths and prefixes of paths begin with `/`. `not` takes a condition that says something by itself: not another `not`, nor `present`, nor an expression that the empty text fits, because a header that is not there counts as empty then.",
    wrong: concat!(
        "governance: istio\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { prefix: [/] } }\n",
        "    versions: { v1: {}, v2: { image: example.com/web:2 } }\n",
        "    traffic:\n",
        "      rules: [{ match: { headers: { team: { startsWith: b } } }, to: v2 }]\n",
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
        "      rules: [{ match: { headers: { team: { prefix: b } } }, to: v2 }]\n",
        "      split: { v1: 100, v2: 0 }\n",
        "    propagates: [team]\n",
    ),
};

/// Each condition uses a way to match that its place has.
pub(super) fn check(find: &mut Finder<'_>) {
    for rule in find.graph.components.iter().flat_map(|component| &component.traffic.rules) {
        let path_condition = rule.matches.path.as_ref();
        repeated_headers(rule, find);
        for (matcher, path) in conditions(rule) {
            let of_path = path_condition.is_some_and(|condition| std::ptr::eq(condition, matcher));
            if let Some((fact, help)) = needless_negation(matcher) {
                let place = Place::Value(path.field("not"));
                let diagnostic = Diagnostic::new(&MISPLACED_MATCHER, fact, place, "here");
                find.report(diagnostic.help(help));
                continue;
            }
            let (fact, help) = match matcher.positive() {
                Matcher::StartsWith(_) if !of_path => {
                    ("`startsWith` is for paths only", "use `prefix`")
                }
                Matcher::Present(_) if of_path => {
                    ("a path is always present", "remove the condition")
                }
                Matcher::Exact(text) | Matcher::Prefix(text) | Matcher::StartsWith(text)
                    if of_path && !text.starts_with('/') =>
                {
                    ("a path begins with `/`", "add the `/`")
                }
                Matcher::Exact(text) | Matcher::Prefix(text) | Matcher::Regex(text)
                    if text.is_empty() =>
                {
                    (
                        "an empty text matches nothing in particular",
                        "use `present: true` or `present: false`",
                    )
                }
                _ => continue,
            };
            let diagnostic =
                Diagnostic::new(&MISPLACED_MATCHER, fact, Place::Value(path), "here").help(help);
            find.report(diagnostic);
        }
    }
}

/// A negation of what has a plainer form, or no form at all.
fn needless_negation(matcher: &Matcher) -> Option<(&'static str, &'static str)> {
    let Matcher::Not(inner) = matcher else { return None };
    match &**inner {
        Matcher::Not(_) => Some(("two negations are none", "write the condition itself")),
        Matcher::Present(true) => {
            Some(("`not: { present: true }` is `present: false`", "write `present: false`"))
        }
        Matcher::Present(false) => {
            Some(("`not: { present: false }` is `present: true`", "write `present: true`"))
        }
        Matcher::Regex(text) if whole(text).is_some_and(|regex| regex.is_match("")) => Some((
            "the expression fits the empty text, and so what is not there at all",
            "write an expression that needs a character, such as `.+`",
        )),
        _ => None,
    }
}

/// Headers are told apart without regard to case, so two spellings are two conditions on one.
fn repeated_headers(rule: &graph::Rule, find: &mut Finder<'_>) {
    let headers = rule.path.field("match").field("headers");
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    for name in rule.matches.headers.iter().flat_map(BTreeMap::keys) {
        let Some(first) = seen.insert(name.to_ascii_lowercase(), name) else { continue };
        let title = format!("`{first}` and `{name}` are one header");
        let place = Place::Key(headers.key(name));
        let diagnostic = Diagnostic::new(&MISPLACED_MATCHER, title, place, "this one")
            .also(Place::Key(headers.key(first)), "and this one")
            .help("join the two conditions");
        find.report(diagnostic);
    }
}
