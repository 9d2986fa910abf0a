//! `checks` of the app file: what a warning counts as throughout the app.

use std::collections::BTreeMap;

use super::{Diagnostic, Rule, Severity, Sink, UNKNOWN_CHECK, did_you_mean};
use crate::source::{Path, Place};

/// What the app file says of warnings, by code.
#[derive(Clone, Debug, Default)]
pub struct Checks(BTreeMap<&'static str, (Verdict, Path)>);

/// What a warning counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is an error.
    Deny,
    /// It is fine, for a reason that the app file gives.
    Allow,
}

impl Checks {
    /// Reads code, verdict and place of each entry. A code that no warning has is reported.
    pub fn read<'a>(
        written: impl IntoIterator<Item = (&'a str, Verdict, Path)>,
        rules: &[&'static Rule],
        sink: &mut Sink,
    ) -> Self {
        let warnings: BTreeMap<&str, &'static str> = rules
            .iter()
            .filter(|rule| rule.severity == Severity::Warning)
            .map(|rule| (rule.code, rule.code))
            .collect();
        let mut checks = BTreeMap::new();
        for (code, verdict, path) in written {
            if let Some(known) = warnings.get(code) {
                checks.insert(*known, (verdict, path));
                continue;
            }
            let error = rules.iter().any(|rule| rule.code == code);
            let (label, help) = match error {
                true => ("errors cannot be switched", Some("remove it, and mend the error".into())),
                false => ("no rule has this code", did_you_mean(code, warnings.keys().copied())),
            };
            let title = format!("there is no warning `{code}`");
            let diagnostic = Diagnostic::new(&UNKNOWN_CHECK, title, Place::Key(path), label);
            sink.report(match help {
                Some(help) => diagnostic.help(help),
                None => diagnostic,
            });
        }
        Self(checks)
    }

    /// What is said of a code, and where.
    pub(super) fn of(&self, code: &str) -> Option<&(Verdict, Path)> {
        self.0.get(code)
    }

    /// Every code that is allowed, and where.
    pub(super) fn allowed(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        let allowed = self.0.iter().filter(|(_, (verdict, _))| *verdict == Verdict::Allow);
        allowed.map(|(code, (_, path))| (*code, path))
    }
}
