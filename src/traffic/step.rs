//! The way of a call through the traffic of a component, step by step.

use std::collections::BTreeMap;

use super::algebra::covers;
use super::capability::{free, pinnable};
use super::expression::Expressions;
use crate::graph::{Component, ComponentId, Rule, Share};
use crate::model::{HeaderName, Match, Matcher, Sticky};

/// One step: calls that it matches end here, all others go on to the next.
#[derive(Debug)]
pub struct Step<'t> {
    /// The rule that it comes from and its position; `None` is what no rule takes.
    pub rule: Option<(usize, &'t Rule)>,
    /// What it matches.
    pub matches: Match,
    /// Where calls go; `None` leaves it to the replicas.
    pub shares: Option<Vec<Share>>,
    /// The version that these calls were sent to before, as their cookie says.
    pub kept: Option<usize>,
    /// The cookie that notes the choice made here.
    pub notes: Option<&'t Sticky>,
}

impl Step<'_> {
    /// Every call, to any version.
    pub fn plain() -> Self {
        Self { rule: None, matches: Match::default(), shares: None, kept: None, notes: None }
    }
}

/// The steps of a component's traffic, in order. Calls from `outside` have no caller.
pub fn steps(component: &Component, outside: bool) -> Vec<Step<'_>> {
    let wanted = |rule: &Rule| (!(outside && rule.for_callers())).then(|| rule.matches.clone());
    walk(component, wanted, pinnable)
}

/// The steps of those rules of a component's traffic that are `kept`.
pub fn steps_left(component: &Component, kept: impl Fn(&Rule) -> bool) -> Vec<Step<'_>> {
    walk(component, |rule| kept(rule).then(|| rule.matches.clone()), pinnable)
}

/// The steps of the calls of one caller, where its own proxy takes them, or of all that no rule
/// names. A rule for this caller is one for every call then, and cookies have room beside each
/// other.
pub fn steps_of(component: &Component, caller: Option<ComponentId>) -> Vec<Step<'_>> {
    let wanted = |rule: &Rule| {
        let called = |(known, _): &(ComponentId, _)| Some(*known) == caller;
        let concerned = !rule.for_callers() || rule.callers.iter().any(called);
        concerned.then(|| Match { caller: None, ..rule.matches.clone() })
    };
    walk(component, wanted, free)
}

/// The steps of the rules that are `wanted`, as they are matched, and of what is left. `pinnable`
/// says whether there is room for a cookie.
fn walk(
    component: &Component,
    wanted: impl Fn(&Rule) -> Option<Match>,
    pinnable: fn(&Match, &Sticky) -> bool,
) -> Vec<Step<'_>> {
    let mut out = Vec::new();
    for (position, rule) in component.traffic.rules.iter().enumerate() {
        let Some(matches) = wanted(rule) else { continue };
        let everything = covers(&matches, &Match::default(), &Expressions::new());
        of(component, Some((position, rule)), matches, pinnable, &mut out);
        if everything {
            return out;
        }
    }
    of(component, None, Match::default(), pinnable, &mut out);
    out
}

fn of<'t>(
    component: &'t Component,
    rule: Option<(usize, &'t Rule)>,
    matches: Match,
    pinnable: fn(&Match, &Sticky) -> bool,
    out: &mut Vec<Step<'t>>,
) {
    let traffic = &component.traffic;
    let shares = traffic.shares(rule.map(|(_, rule)| rule));
    let notes = traffic.kept(shares);
    if let (Some(sticky), Some(shares)) = (notes, shares)
        && pinnable(&matches, sticky)
    {
        for share in shares.iter().filter(|share| share.percent > 0) {
            let version = &component.versions[share.version];
            let value = Matcher::Exact(cookie_value(sticky, &version.name));
            let mut kept = matches.clone();
            let cookies = kept.cookies.get_or_insert_with(BTreeMap::new);
            cookies.insert(HeaderName(sticky.cookie.0.clone()), value);
            let only = vec![Share { version: share.version, percent: 100 }];
            let kept = Step {
                rule,
                matches: kept,
                shares: Some(only),
                kept: Some(share.version),
                notes: None,
            };
            out.push(kept);
        }
    }
    out.push(Step { rule, matches, shares: shares.map(<[Share]>::to_vec), kept: None, notes });
}

/// What the cookie says of a version. A new rollout makes old cookies mean nothing.
fn cookie_value(sticky: &Sticky, version: &str) -> String {
    match &sticky.rollout {
        Some(rollout) => format!("{rollout}-{version}"),
        None => version.to_owned(),
    }
}

/// The header that notes a version. Scripts have no use for it, and other sites no business.
pub fn set_cookie(sticky: &Sticky, version: &str) -> String {
    let lifetime = match &sticky.lifetime {
        Some(lifetime) => format!("; Max-Age={}", lifetime.seconds()),
        None => String::new(),
    };
    let value = cookie_value(sticky, version);
    format!("{}={value}; Path=/{lifetime}; HttpOnly; SameSite=Lax", sticky.cookie)
}
