//! The conditions of a route.

use super::config::{
    Condition, HeaderMatcher, PathCondition, QueryMatcher, Regex, RouteMatch, Text,
};
use crate::model::{Match, Matcher};
use crate::traffic::cookie_regex;

/// Every call.
pub(super) fn everything() -> RouteMatch {
    let path = PathCondition::Prefix("/".into());
    RouteMatch { path, headers: Vec::new(), query_parameters: Vec::new() }
}

/// The conditions that stand for a match. None where Envoy has no way to say it, which the file
/// allows to leave out.
pub(super) fn conditions(matches: &Match) -> Option<RouteMatch> {
    let mut out = everything();
    if let Some(method) = matches.method {
        let method = Condition::StringMatch(Text::Exact(method.name().into()));
        out.headers.push(header(":method", method));
    }
    for (name, matcher) in matches.headers.iter().flatten() {
        let name = name.to_ascii_lowercase();
        let condition =
            text(matcher.positive()).map_or(Condition::PresentMatch(true), Condition::StringMatch);
        let found = header(&name, condition);
        out.headers.push(if matcher.takes_absent() { denied(found) } else { found });
    }
    for (name, matcher) in matches.cookies.iter().flatten() {
        // An expression over the whole header, of which there can be as many as one likes.
        let regex = expression(cookie_regex(name, matcher));
        let found = header("cookie", Condition::StringMatch(regex));
        out.headers.push(if matcher.takes_absent() { denied(found) } else { found });
    }
    for (name, matcher) in matches.query.iter().flatten() {
        if matcher.takes_absent() {
            out.headers.push(without_parameter(name, matcher)?);
            continue;
        }
        let condition = text(matcher).map_or(Condition::PresentMatch(true), Condition::StringMatch);
        out.query_parameters.push(QueryMatcher { name: name.clone(), condition });
    }
    match &matches.path {
        None | Some(Matcher::Present(_)) => {}
        Some(Matcher::Not(inner)) => out.headers.push(without_path(inner)?),
        Some(Matcher::Exact(text)) => out.path = PathCondition::Path(text.clone()),
        Some(Matcher::Regex(regex)) => {
            out.path = PathCondition::SafeRegex(Regex { regex: regex.clone() });
        }
        Some(Matcher::StartsWith(text)) => out.path = PathCondition::Prefix(text.clone()),
        Some(Matcher::Prefix(text)) => match text.trim_end_matches('/') {
            "" => {}
            text => out.path = PathCondition::PathSeparatedPrefix(text.into()),
        },
    }
    Some(out)
}

fn header(name: &str, condition: Condition) -> HeaderMatcher {
    HeaderMatcher {
        name: name.into(),
        condition,
        invert_match: false,
        treat_missing_header_as_empty: false,
    }
}

/// The opposite of a condition. It holds of what is not there, which counts as an empty text: no
/// condition on a text that is denied holds of that.
fn denied(condition: HeaderMatcher) -> HeaderMatcher {
    let on_text = matches!(condition.condition, Condition::StringMatch(_));
    HeaderMatcher { invert_match: true, treat_missing_header_as_empty: on_text, ..condition }
}

/// What a path is not has no condition of its own; the path with its query has.
fn without_path(denied: &Matcher) -> Option<HeaderMatcher> {
    let path = match denied {
        Matcher::Exact(text) => regex::escape(text),
        Matcher::Prefix(text) => {
            format!("{}(?:/[^?]*)?", regex::escape(text.trim_end_matches('/')))
        }
        Matcher::StartsWith(text) => format!("{}[^?]*", regex::escape(text)),
        Matcher::Regex(_) | Matcher::Present(_) | Matcher::Not(_) => return None,
    };
    Some(unlike(format!(r"{path}(?:\?.*)?")))
}

/// The same for what a parameter is not, or that it is not there at all.
fn without_parameter(name: &str, matcher: &Matcher) -> Option<HeaderMatcher> {
    let value = match matcher.positive() {
        Matcher::Exact(text) => format!("={}", regex::escape(text)),
        Matcher::Prefix(text) | Matcher::StartsWith(text) => {
            format!("={}[^&]*", regex::escape(text))
        }
        Matcher::Present(_) => "(?:=[^&]*)?".into(),
        Matcher::Regex(_) | Matcher::Not(_) => return None,
    };
    Some(unlike(format!(r"[^?]*\?(?:.*&)?{}{value}(?:&.*)?", regex::escape(name))))
}

/// That the path with its query is not of this form.
fn unlike(regex: String) -> HeaderMatcher {
    let found = header(":path", Condition::StringMatch(expression(regex)));
    HeaderMatcher { invert_match: true, ..found }
}

fn expression(regex: String) -> Text {
    Text::SafeRegex(Regex { regex })
}

/// A condition on a text; none is on its being there.
fn text(matcher: &Matcher) -> Option<Text> {
    match matcher {
        Matcher::Exact(text) => Some(Text::Exact(text.clone())),
        Matcher::Prefix(text) | Matcher::StartsWith(text) => Some(Text::Prefix(text.clone())),
        Matcher::Regex(regex) => Some(expression(regex.clone())),
        Matcher::Present(_) | Matcher::Not(_) => None,
    }
}
