//! Which condition implies which, and what holds where two hold.

use std::collections::BTreeMap;

use crate::graph::PathMatch;
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
            if let Matcher::Regex(text) = matcher
                && !out.contains_key(text)
                && let Some(regex) = whole(text)
            {
                out.insert(text.clone(), regex);
            }
        }
    }
    out
}

/// Whether every text that `narrow` matches is matched by `wide` too. `false` where that cannot be
/// told, so an answer of `true` is a proof. `path` says whether prefixes go by segment.
fn implies(narrow: &Matcher, wide: &Matcher, path: bool, compiled: &Expressions) -> bool {
    use Matcher::{Exact, Prefix, Present, Regex, StartsWith};
    let below = |text: &str, prefix: &str| {
        let prefix = if path { prefix.trim_end_matches('/') } else { prefix };
        match text.strip_prefix(prefix) {
            Some(rest) => !path || rest.is_empty() || rest.starts_with('/'),
            None => false,
        }
    };
    match (narrow, wide) {
        (a, b) if a == b => true,
        (Present(false), _) | (_, Present(false)) => false,
        (_, Present(true)) => true,
        (Exact(text), Prefix(prefix)) | (Prefix(text), Prefix(prefix)) => below(text, prefix),
        // Every path that begins with this text begins with the segments, if it goes beyond them.
        (StartsWith(text), Prefix(prefix)) if path => {
            text.starts_with(&format!("{}/", prefix.trim_end_matches('/')))
        }
        (Exact(text) | Prefix(text) | StartsWith(text), StartsWith(start)) => {
            text.starts_with(&**start)
        }
        (Exact(text), Regex(regex)) => {
            compiled.get(regex.as_str()).is_some_and(|regex| regex.is_match(text))
        }
        (_, Regex(regex)) => regex == ".*",
        _ => false,
    }
}

/// Whether every call that `later` matches is matched by `earlier` too.
pub fn covers(earlier: &Match, later: &Match, compiled: &Expressions) -> bool {
    let maps = [(&earlier.headers, &later.headers), (&earlier.cookies, &later.cookies)];
    let headers = maps.iter().all(|(wide, narrow)| {
        wide.iter().flatten().all(|(name, wide)| {
            narrow.iter().flatten().any(|(known, narrow)| {
                known.eq_ignore_ascii_case(name) && implies(narrow, wide, false, compiled)
            })
        })
    });
    let query = earlier.query.iter().flatten().all(|(name, wide)| {
        later
            .query
            .iter()
            .flatten()
            .any(|(known, narrow)| known == name && implies(narrow, wide, false, compiled))
    });
    let path = earlier.path.as_ref().is_none_or(|wide| {
        let everything =
            matches!(wide, Matcher::Prefix(text) | Matcher::StartsWith(text) if text == "/");
        everything
            || later.path.as_ref().is_some_and(|narrow| implies(narrow, wide, true, compiled))
    });
    let method = earlier.method.is_none() || earlier.method == later.method;
    headers && query && path && method
}

/// A regular expression as it is meant everywhere: over the whole text. `None` if malformed.
pub fn whole(regex: &str) -> Option<regex::Regex> {
    regex::RegexBuilder::new(&format!("^(?:{regex})$")).size_limit(1 << 20).build().ok()
}

/// Two conditions on a path that no single condition can stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inexpressible;

/// The condition that holds where both hold; `None` where no path satisfies both.
///
/// # Errors
/// Where one condition cannot say it.
pub fn intersect(
    entry: &PathMatch,
    rule: Option<&Matcher>,
) -> Result<Option<Matcher>, Inexpressible> {
    let entry = match entry {
        PathMatch::Exact(text) => Matcher::Exact(text.clone()),
        PathMatch::Prefix(text) => Matcher::Prefix(text.clone()),
        PathMatch::StartsWith(text) => Matcher::StartsWith(text.clone()),
    };
    let Some(rule) = rule else { return Ok(Some(entry)) };
    let everything = |matcher: &Matcher| matches!(matcher, Matcher::Prefix(text) | Matcher::StartsWith(text) if text == "/");
    let compiled = match (&entry, rule) {
        (Matcher::Exact(_), Matcher::Regex(text)) => {
            whole(text).map(|regex| (text.clone(), regex)).into_iter().collect()
        }
        _ => Expressions::new(),
    };
    if everything(&entry) || implies(rule, &entry, true, &compiled) {
        return Ok(Some(rule.clone()));
    }
    if everything(rule) || implies(&entry, rule, true, &compiled) {
        return Ok(Some(entry));
    }
    match (&entry, rule) {
        (Matcher::Regex(_), _) | (_, Matcher::Regex(_)) if !matches!(entry, Matcher::Exact(_)) => {
            Err(Inexpressible)
        }
        // Neither contains the other: exact texts and prefixes are then disjoint, but a segment
        // prefix and a text prefix can overlap in part.
        (Matcher::Prefix(a), Matcher::StartsWith(b))
        | (Matcher::StartsWith(b), Matcher::Prefix(a))
            if a.starts_with(&**b) || b.starts_with(&**a) =>
        {
            Err(Inexpressible)
        }
        _ => Ok(None),
    }
}
