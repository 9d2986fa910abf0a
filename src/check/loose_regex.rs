use super::Finder;
use super::invalid_regex::conditions;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::model::Matcher;
use crate::source::Place;
use crate::traffic::whole;

/// `loose-regex`: a regular expression that probably means something else.
pub(super) static LOOSE_REGEX: Rule = Rule {
    code: "loose-regex",
    severity: Severity::Warning,
    summary: "a regular expression that probably means something else",
    explain: "Expressions are matched against the whole text: `example.com` fits that text alone, and its dot fits any character. One that fits the empty text as well says less than it seems to: a header that is sent empty is matched too.",
    wrong: concat!(
        "governance: istio\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { prefix: [/] } }\n",
        "    versions: { v1: {}, v2: { image: example.com/web:2 } }\n",
        "    traffic:\n",
        "      rules: [{ match: { headers: { email: { regex: example.com } } }, to: v2 }]\n",
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
        "      rules: [{ match: { headers: { email: { regex: \".*@example[.]com\" } } }, to: v2 }]\n",
        "      split: { v1: 100, v2: 0 }\n",
    ),
};

/// Expressions that have no operator, or that nothing at all fits.
pub(super) fn check(find: &mut Finder<'_>) {
    for rule in find.graph.components.iter().flat_map(|component| &component.traffic.rules) {
        for (matcher, path) in conditions(rule) {
            let Matcher::Regex(text) = matcher.positive() else { continue };
            let Some(regex) = whole(text).filter(|_| !text.is_empty()) else { continue };
            let negated = matches!(matcher, Matcher::Not(_));
            let path = if negated { path.field("not") } else { path };
            let place = Place::Value(path.field("regex"));
            let plain = text.chars().all(|c| c.is_ascii_alphanumeric() || "-_./@:, ".contains(c));
            let diagnostic = if plain {
                let title = format!("`{text}` has to fit the whole text, not a part of it");
                Diagnostic::new(&LOOSE_REGEX, title, place, "fits nothing longer").help(format!(
                    "write `exact` if that is meant, or `.*{}.*` for texts that contain it",
                    text.replace('.', "[.]")
                ))
            } else if regex.is_match("") && !negated {
                let title = format!("`{text}` fits the empty text, too");
                Diagnostic::new(&LOOSE_REGEX, title, place, "whatever is there, or nothing")
                    .help("write an expression that needs a character, or `present: true`")
            } else {
                continue;
            };
            find.report(diagnostic);
        }
    }
}
