//! How calls are treated, and the binding of the versions that rules, splits and mirrors name.

use std::sync::Arc;

use super::{ComponentId, rule};
use crate::diag::{Diagnostic, Sink};
use crate::model::{
    self, CircuitBreaker, Duration, Fallback, Fault, Match, Name, Percent, Retries, Rewrite, Split,
    Sticky,
};
use crate::source::{Path, Place};

/// How calls to a component are treated.
#[derive(Debug, Default)]
pub struct Traffic {
    /// Where it is written.
    pub path: Path,
    /// Rules in order.
    pub rules: Vec<Rule>,
    /// Shares in percent, by version; `None` leaves it to the replicas.
    pub split: Option<Vec<Share>>,
    /// The mapping in which the shares stand.
    pub weights: Path,
    /// The cookie that keeps a user on the version that a split chose.
    pub sticky: Option<Sticky>,
    /// Retries, as written.
    pub retries: Option<Retries>,
    /// The longest a call may take.
    pub timeout: Option<Duration>,
    /// Limits, and when pods are taken out.
    pub breaker: Option<CircuitBreaker>,
    /// Failures to inject.
    pub fault: Option<Fault>,
    /// A version that gets a copy, and of how many calls in 100.
    pub mirror: Option<(usize, u8)>,
    /// What to do where a mode cannot do it.
    pub fallback: Option<Fallback>,
    /// What to do where a mode cannot split like this; without a word of its own, the same.
    pub split_fallback: Option<Fallback>,
}

/// A version's share of the calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// Position in the component's versions.
    pub version: usize,
    /// Calls in 100.
    pub percent: u8,
}

/// One traffic rule.
#[derive(Debug)]
pub struct Rule {
    /// Where it is written.
    pub path: Path,
    /// What it matches.
    pub matches: Match,
    /// The components whose calls it matches; none is all, and the outside.
    pub callers: Vec<(ComponentId, Path)>,
    /// Where the calls go; `None` is where the component's split sends them.
    pub to: Option<Vec<Share>>,
    /// The mapping in which the shares of a split stand.
    pub weights: Path,
    /// What the calls look like when they arrive.
    pub rewrite: Option<Rewrite>,
    /// Retries; `None` is as the component says.
    pub retries: Option<Retries>,
    /// The longest a call may take; `None` is as the component says.
    pub timeout: Option<Duration>,
    /// Failures to inject; `None` is as the component says.
    pub fault: Option<Fault>,
    /// A version that gets a copy; `None` is as the component says.
    pub mirror: Option<(usize, u8)>,
    /// What to do where a mode cannot do it; `None` is as the component says.
    pub fallback: Option<Fallback>,
}

impl Rule {
    /// Whether it is for calls of components alone: what comes from outside has no caller.
    pub fn for_callers(&self) -> bool {
        self.matches.caller.is_some()
    }
}

impl Traffic {
    /// Whether a split is kept by a cookie: it is one, and there is a choice to keep.
    pub fn kept(&self, shares: Option<&[Share]>) -> Option<&Sticky> {
        let several = shares?.iter().filter(|share| share.percent > 0).count() > 1;
        self.sticky.as_ref().filter(|_| several)
    }

    /// The shares that the calls of a rule, or all others, are split by.
    pub fn shares<'t>(&'t self, rule: Option<&'t Rule>) -> Option<&'t [Share]> {
        let own = rule.and_then(|rule| rule.to.as_deref());
        own.or(self.split.as_deref())
    }
}

/// Binds the traffic of one component to its versions.
pub(super) struct TrafficBinder<'a> {
    /// The component's name, for messages.
    pub(super) component: &'a str,
    /// The names of its versions, in their order.
    pub(super) versions: &'a [&'a str],
    pub(super) sink: &'a mut Sink,
}

impl TrafficBinder<'_> {
    /// The traffic with every version bound. What names an unknown version is reported and left
    /// out as a whole, for half a split would only confuse the rules that follow.
    pub(super) fn bind(&mut self, traffic: Option<model::Traffic>, path: &Path) -> Traffic {
        let Some(traffic) = traffic else { return Traffic::default() };
        let splits = traffic.split.is_some()
            || traffic.rules.iter().flatten().any(|rule| rule.split.is_some());
        if traffic.sticky.is_some() && !splits {
            let title = format!(
                "`sticky` has no effect: no split chooses a version of `{}`",
                self.component
            );
            let place = Place::Key(path.field("sticky"));
            self.sink.report(
                Diagnostic::new(
                    &rule::FIELD_WITHOUT_EFFECT,
                    title,
                    place,
                    "there is nothing to keep to",
                )
                .help("add a `split`, or remove `sticky`"),
            );
        }
        let rules = traffic.rules.into_iter().flatten().enumerate();
        Traffic {
            path: path.clone(),
            rules: rules
                .filter_map(|(index, rule)| self.rule(rule, path.field("rules").index(index)))
                .collect(),
            weights: weights(traffic.split.as_ref(), path),
            split_fallback: traffic
                .split
                .as_ref()
                .and_then(|split| split.fallback)
                .or(traffic.fallback),
            split: traffic.split.and_then(|split| self.split(split, path)),
            sticky: traffic.sticky,
            retries: traffic.retries,
            timeout: traffic.timeout,
            breaker: traffic.circuit_breaker,
            fault: traffic.fault,
            mirror: traffic.mirror.and_then(|mirror| self.mirror(mirror, path)),
            fallback: traffic.fallback,
        }
    }

    fn rule(&mut self, rule: model::Rule, path: Path) -> Option<Rule> {
        let (to, split) = (path.field("to"), path.field("split"));
        let weights = weights(rule.split.as_ref(), &path);
        // What only splits has nothing else that a fallback of its split could give up.
        let only_splits = rule.rewrite.is_none()
            && rule.retries.is_none()
            && rule.timeout.is_none()
            && rule.fault.is_none()
            && rule.mirror.is_none();
        let of_split = rule.split.as_ref().and_then(|split| split.fallback);
        let fallback = of_split.filter(|_| only_splits).or(rule.fallback);
        if rule.to.is_some() && rule.split.is_some() {
            let title = "a rule has both `to` and `split`";
            self.sink.report(
                Diagnostic::new(
                    &rule::RULE_WITH_TWO_TARGETS,
                    title,
                    Place::Key(to.clone()),
                    "one version",
                )
                .also(Place::Key(split.clone()), "several versions")
                .help("keep one of the two"),
            );
        }
        let shares = match (rule.to, rule.split) {
            (Some(name), _) => {
                let version = self.version(&name, Place::Value(to))?;
                Some(vec![Share { version, percent: 100 }])
            }
            (None, Some(split)) => Some(self.split(split, &path)?),
            (None, None) => None,
        };
        Some(Rule {
            matches: rule.matches.unwrap_or_default(),
            // Components are bound once all of them are known.
            callers: Vec::new(),
            to: shares,
            weights,
            rewrite: rule.rewrite,
            retries: rule.retries,
            timeout: rule.timeout,
            fault: rule.fault,
            mirror: rule.mirror.and_then(|mirror| self.mirror(mirror, &path)),
            fallback,
            path,
        })
    }

    fn split(&mut self, split: Split, path: &Path) -> Option<Vec<Share>> {
        let path = weights(Some(&split), path);
        let bind = |(name, percent): (Name, Percent)| {
            let version = self.version(&name, Place::Key(path.key(&name)))?;
            Some(Share { version, percent: percent.0 })
        };
        // Every name is looked at before the first unknown one ends it.
        let bound: Vec<Option<Share>> = split.weights.into_iter().map(bind).collect();
        bound.into_iter().collect()
    }

    fn mirror(&mut self, mirror: model::Mirror, path: &Path) -> Option<(usize, u8)> {
        let place = Place::Value(path.field("mirror").field("to"));
        let version = self.version(&mirror.to, place)?;
        Some((version, mirror.percent.map_or(100, |percent| percent.0)))
    }

    fn version(&mut self, name: &str, place: Place) -> Option<usize> {
        let position = self.versions.iter().position(|known| *known == name);
        if position.is_none() {
            let title = format!("`{}` has no version `{name}`", self.component);
            self.sink.report(
                Diagnostic::new(&rule::UNKNOWN_VERSION, title, place, "unknown version")
                    .suggest(name, self.versions.iter().copied()),
            );
        }
        position
    }
}

/// The mapping in which the shares of a split stand, in the traffic or rule at `path`.
fn weights(split: Option<&Split>, path: &Path) -> Path {
    let path = path.field("split");
    if split.is_some_and(|split| split.long) { path.field("weights") } else { path }
}

/// The components of one app that its rules name as callers: by their own names, not by aliases,
/// because that is what their pods are labelled with. `names` are those of the app in their order,
/// and `first` is the position of the first of them.
pub(super) fn bind_callers(names: &[Arc<str>], first: usize, rules: &mut [Rule], sink: &mut Sink) {
    for bound in rules {
        let Some(callers) = &bound.matches.caller else { continue };
        let path = bound.path.field("match").field("caller");
        for (index, name) in callers.names.iter().enumerate() {
            let path = if callers.listed { path.index(index) } else { path.clone() };
            match names.binary_search(&name.0) {
                Ok(position) => bound.callers.push((ComponentId(first + position), path)),
                Err(_) => {
                    let title = format!("a rule is for calls of `{name}`, which does not exist");
                    let place = Place::Value(path);
                    let diagnostic = Diagnostic::new(
                        &rule::UNKNOWN_COMPONENT,
                        title,
                        place,
                        "no component has this name",
                    );
                    sink.report(diagnostic.suggest(name, names.iter().map(|name| &**name)));
                }
            }
        }
    }
}
