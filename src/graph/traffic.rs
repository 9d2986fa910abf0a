//! Binding the versions that rules, splits and mirrors name.

use std::collections::BTreeMap;

use super::{Rule, Share, Traffic, rule};
use crate::diag::{Diagnostic, Sink};
use crate::model::{self, Name, Percent};
use crate::source::{Path, Place};

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
        let rules = traffic.rules.into_iter().flatten().enumerate();
        Traffic {
            path: path.clone(),
            rules: rules
                .filter_map(|(index, rule)| self.rule(rule, path.field("rules").index(index)))
                .collect(),
            split: traffic.split.and_then(|split| self.split(split, &path.field("split"))),
            retries: traffic.retries,
            timeout: traffic.timeout,
            fault: traffic.fault,
            mirror: traffic.mirror.and_then(|mirror| self.mirror(mirror, path)),
            fallback: traffic.fallback,
        }
    }

    fn rule(&mut self, rule: model::Rule, path: Path) -> Option<Rule> {
        let (to, split) = (path.field("to"), path.field("split"));
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
            (None, Some(shares)) => Some(self.split(shares, &split)?),
            (None, None) => None,
        };
        Some(Rule {
            matches: rule.matches.unwrap_or_default(),
            to: shares,
            retries: rule.retries,
            timeout: rule.timeout,
            fault: rule.fault,
            mirror: rule.mirror.and_then(|mirror| self.mirror(mirror, &path)),
            fallback: rule.fallback,
            path,
        })
    }

    fn split(&mut self, split: BTreeMap<Name, Percent>, path: &Path) -> Option<Vec<Share>> {
        let bind = |(name, percent): (Name, Percent)| {
            let version = self.version(&name, Place::Key(path.key(&name)))?;
            Some(Share { version, percent: percent.0 })
        };
        // Every name is looked at before the first unknown one ends it.
        let bound: Vec<Option<Share>> = split.into_iter().map(bind).collect();
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
