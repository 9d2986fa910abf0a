//! Which condition implies which, and what holds where two hold.

use super::expression::{Expressions, whole};
use crate::graph::PathMatch;
use crate::model::{Match, Matcher};

/// What a condition is on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Subject {
    /// A path, whose prefixes go by segment.
    Path,
    /// A header or a parameter, which has one value.
    Text,
    /// A cookie, which a call can carry twice, with two values.
    Cookie,
}

/// Whether every call that `narrow` matches is matched by `wide` too. `false` where that cannot be
/// told, so an answer of `true` is a proof.
fn implies(narrow: &Matcher, wide: &Matcher, on: Subject, compiled: &Expressions) -> bool {
    use Matcher::{Exact, Not, Prefix, Present, Regex, StartsWith};
    match (narrow, wide) {
        (a, b) if a == b => true,
        (Not(narrow), Not(wide)) => implies(wide, narrow, on, compiled),
        (narrow, Not(wide)) => disjoint(narrow, wide, on, compiled),
        // What is not there at all is matched by a negation, and by no other condition here.
        (Not(_) | Present(false), _) | (_, Present(false)) => false,
        (_, Present(true)) => true,
        (Exact(text), Prefix(prefix)) | (Prefix(text), Prefix(prefix)) => below(text, prefix, on),
        // Every path that begins with this text begins with the segments, if it goes beyond them.
        (StartsWith(text), Prefix(prefix)) if on == Subject::Path => {
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

/// Whether a text begins with a prefix; of a path, with its segments.
fn below(text: &str, prefix: &str, on: Subject) -> bool {
    let path = on == Subject::Path;
    let prefix = if path { prefix.trim_end_matches('/') } else { prefix };
    match text.strip_prefix(prefix) {
        Some(rest) => !path || rest.is_empty() || rest.starts_with('/'),
        None => false,
    }
}

/// Whether nothing is matched by both of two conditions that are no negations. `false` where that
/// cannot be told.
fn disjoint(a: &Matcher, b: &Matcher, on: Subject, compiled: &Expressions) -> bool {
    use Matcher::{Exact, Prefix, Present, Regex};
    match (a, b) {
        (Present(false), other) | (other, Present(false)) => !other.takes_absent(),
        _ if on == Subject::Cookie => false,
        (Exact(a), Exact(b)) => a != b,
        (Exact(text), Prefix(prefix)) | (Prefix(prefix), Exact(text)) => !below(text, prefix, on),
        (Prefix(a), Prefix(b)) => !below(a, b, on) && !below(b, a, on),
        (Exact(text), Regex(regex)) | (Regex(regex), Exact(text)) => {
            compiled.get(regex.as_str()).is_some_and(|regex| !regex.is_match(text))
        }
        _ => false,
    }
}

/// Whether every call that `later` matches is matched by `earlier` too.
pub fn covers(earlier: &Match, later: &Match, compiled: &Expressions) -> bool {
    let headers = earlier.headers.iter().flatten().all(|(name, wide)| {
        later.headers.iter().flatten().any(|(known, narrow)| {
            known.eq_ignore_ascii_case(name) && implies(narrow, wide, Subject::Text, compiled)
        })
    });
    let cookies = earlier.cookies.iter().flatten().all(|(name, wide)| {
        let narrow = later.cookies.as_ref().and_then(|cookies| cookies.get(name));
        narrow.is_some_and(|narrow| implies(narrow, wide, Subject::Cookie, compiled))
    });
    let query =
        earlier.query.iter().flatten().all(|(name, wide)| {
            later.query.iter().flatten().any(|(known, narrow)| {
                known == name && implies(narrow, wide, Subject::Text, compiled)
            })
        });
    let path = earlier.path.as_ref().is_none_or(|wide| {
        let everything =
            matches!(wide, Matcher::Prefix(text) | Matcher::StartsWith(text) if text == "/");
        everything
            || later
                .path
                .as_ref()
                .is_some_and(|narrow| implies(narrow, wide, Subject::Path, compiled))
    });
    let method = earlier.method.is_none() || earlier.method == later.method;
    let callers = earlier.caller.as_ref().is_none_or(|wide| {
        let of = |name| wide.names.contains(name);
        later.caller.as_ref().is_some_and(|narrow| narrow.names.iter().all(of))
    });
    headers && cookies && query && path && method && callers
}

/// Whether no call is matched by both. `false` where that cannot be told.
pub(super) fn apart(a: &Match, b: &Match) -> bool {
    let none = Expressions::new();
    let apart = |a: &Matcher, b: &Matcher, on| {
        !matches!((a, b), (Matcher::Not(_), _) | (_, Matcher::Not(_))) && disjoint(a, b, on, &none)
    };
    let path = a.path.as_ref().zip(b.path.as_ref());
    let method = a.method.zip(b.method);
    method.is_some_and(|(a, b)| a != b)
        || path.is_some_and(|(a, b)| apart(a, b, Subject::Path))
        || a.headers.iter().flatten().any(|(name, one)| {
            let same = |known: &&crate::model::HeaderName| known.eq_ignore_ascii_case(name);
            let mut all = b.headers.iter().flatten();
            all.any(|(known, other)| same(&known) && apart(one, other, Subject::Text))
        })
        || a.query.iter().flatten().any(|(name, one)| {
            let other = b.query.as_ref().and_then(|query| query.get(name));
            other.is_some_and(|other| apart(one, other, Subject::Text))
        })
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
    if matches!(rule, Matcher::Not(_)) {
        return Err(Inexpressible);
    }
    let everything = |matcher: &Matcher| matches!(matcher, Matcher::Prefix(text) | Matcher::StartsWith(text) if text == "/");
    let compiled = match (&entry, rule) {
        (Matcher::Exact(_), Matcher::Regex(text)) => {
            whole(text).map(|regex| (text.clone(), regex)).into_iter().collect()
        }
        _ => Expressions::new(),
    };
    if everything(&entry) || implies(rule, &entry, Subject::Path, &compiled) {
        return Ok(Some(rule.clone()));
    }
    if everything(rule) || implies(&entry, rule, Subject::Path, &compiled) {
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
