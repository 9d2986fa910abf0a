//! Regular expressions: those that conditions have, and those that stand for conditions.

use std::collections::BTreeMap;

use crate::model::{Match, Matcher};

/// The expressions of some conditions, each compiled once.
pub type Expressions = BTreeMap<String, regex::Regex>;

/// Compiles every expression of some matches that can be.
pub fn expressions<'m>(matches: impl IntoIterator<Item = &'m Match>) -> Expressions {
    let mut out = Expressions::new();
    for matches in matches {
        let named = [&matches.headers, &matches.cookies];
        let named = named.into_iter().flatten().flat_map(BTreeMap::values);
        let query = matches.query.iter().flat_map(BTreeMap::values);
        for matcher in named.chain(query).chain(&matches.path) {
            if let Matcher::Regex(text) = matcher.positive()
                && !out.contains_key(text)
                && let Some(regex) = whole(text)
            {
                out.insert(text.clone(), regex);
            }
        }
    }
    out
}

/// A regular expression as it is meant everywhere: over the whole text. `None` if malformed.
pub fn whole(regex: &str) -> Option<regex::Regex> {
    regex::RegexBuilder::new(&format!("^(?:{regex})$")).size_limit(1 << 20).build().ok()
}

/// A condition for readers that know exact texts and expressions alone: whether it is exact, and
/// the text or expression.
pub fn exact_or_expression(matcher: &Matcher) -> (bool, String) {
    match matcher.positive() {
        Matcher::Exact(text) => (true, text.clone()),
        Matcher::Prefix(text) | Matcher::StartsWith(text) => {
            (false, format!("{}.*", regex::escape(text)))
        }
        Matcher::Regex(text) => (false, text.clone()),
        Matcher::Present(_) | Matcher::Not(_) => (false, ".*".into()),
    }
}

/// One cookie within the `cookie` header, as an expression over the whole header. Whether it is
/// meant to match or not is the caller's business.
pub fn cookie_regex(name: &str, matcher: &Matcher) -> String {
    let value = match matcher.positive() {
        Matcher::Exact(text) => regex::escape(text),
        Matcher::Prefix(text) | Matcher::StartsWith(text) => {
            format!("{}[^;]*", regex::escape(text))
        }
        Matcher::Regex(text) => format!("(?:{text})"),
        Matcher::Present(_) | Matcher::Not(_) => "[^;]*".into(),
    };
    format!(r"(.*;\s*)?{}={value}(;.*)?", regex::escape(name))
}
