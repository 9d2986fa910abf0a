//! Rules, diagnostics, the sink that collects them, and the formats in which they are printed.

mod allow;
mod checks;
mod machine;
mod malformed_allow;
mod text;
mod unknown_check;
mod unused_allow;

use crate::source::{Path, Place, Sources};
use crate::yaml::Span;

pub use allow::Allows;
pub use checks::{Checks, Verdict};
pub use machine::{github, gitlab, json, sarif};
pub use malformed_allow::MALFORMED_ALLOW;
pub use text::{Style, text};
pub use unknown_check::UNKNOWN_CHECK;
pub use unused_allow::UNUSED_ALLOW;

/// How grave a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing is written. Cannot be switched off.
    Error,
    /// Worth a look. Can be allowed with a reason, in place or for the app, or made an error.
    Warning,
}

impl Severity {
    /// The lower-case word that every format prints.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// One thing that can be wrong: its stable name, its grade and its documentation.
#[derive(Debug)]
pub struct Rule {
    /// Kebab-case name of the wrong thing. Stable, never reused.
    pub code: &'static str,
    /// Grade of every finding of this rule.
    pub severity: Severity,
    /// One line: what is wrong.
    pub summary: &'static str,
    /// Why it matters and what to do, for `weft explain CODE`.
    pub explain: &'static str,
    /// An app file that has the fault. A header (`apiVersion`, `name`) is implied.
    pub wrong: &'static str,
    /// The same file, mended.
    pub right: &'static str,
}

/// A place and what there is to say about it.
#[derive(Clone, Debug)]
pub struct Label {
    /// Where.
    pub place: Place,
    /// What; may be empty where the title says it all.
    pub text: String,
}

/// One finding, in symbolic places.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    rule: &'static Rule,
    title: String,
    labels: Vec<Label>,
    help: Option<String>,
}

impl Diagnostic {
    /// A finding of `rule`: `title` states the fact, `label` the reason at `place`.
    pub fn new(
        rule: &'static Rule,
        title: impl Into<String>,
        place: Place,
        label: impl Into<String>,
    ) -> Self {
        Self {
            rule,
            title: title.into(),
            labels: vec![Label { place, text: label.into() }],
            help: None,
        }
    }

    /// The primary place.
    pub fn place(&self) -> &Place {
        &self.labels[0].place
    }

    /// How grave it is.
    pub fn severity(&self) -> Severity {
        self.rule.severity
    }

    /// Labels a further party.
    #[must_use]
    pub fn also(mut self, place: Place, label: impl Into<String>) -> Self {
        self.labels.push(Label { place, text: label.into() });
        self
    }

    /// What to do, as one imperative.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Offers the nearest of the known names, or else lists them.
    #[must_use]
    pub fn suggest<'a>(self, wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        match did_you_mean(wrong, known) {
            Some(help) => self.help(help),
            None => self,
        }
    }
}

/// `did you mean …?` for a near miss, a list of what there is for a far one.
pub fn did_you_mean<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let mut known: Vec<&str> = known.into_iter().collect();
    known.sort_unstable();
    known.dedup();
    match nearest(wrong, &known) {
        Some(name) => Some(format!("did you mean `{name}`?")),
        None if known.is_empty() => None,
        None => Some(format!("there is {}", listing(&known))),
    }
}

/// The known name that a wrong one is a near miss of.
fn nearest<'a>(wrong: &str, known: &[&'a str]) -> Option<&'a str> {
    // A near miss is about as long, and begins or ends alike; the rest needs no measuring.
    let near = |name: &&&str| {
        let apart = name.len().abs_diff(wrong.len());
        let first = name.chars().next() == wrong.chars().next();
        let last = name.chars().next_back() == wrong.chars().next_back();
        apart <= name.len().max(3) / 3 && (first || last || name.len() < 6)
    };
    let near = known
        .iter()
        .filter(near)
        .map(|name| (strsim::damerau_levenshtein(wrong, name), *name))
        .filter(|(distance, name)| *distance <= name.chars().count().max(3) / 3);
    near.min().map(|(_, name)| name)
}

/// `` `a`, `b` and `c` ``; long lists are cut.
pub fn listing(names: &[&str]) -> String {
    const SHOWN: usize = 12;
    let ticked: Vec<String> = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    if names.len() > SHOWN {
        return format!("{} and {} more", ticked.join(", "), names.len() - SHOWN);
    }
    match ticked.as_slice() {
        [] => "none".into(),
        [one] => one.clone(),
        [head @ .., last] => format!("{} and {last}", head.join(", ")),
    }
}

/// Proof that an error was reported. Only a [`Sink`] can make one.
#[derive(Debug)]
pub struct Reported(());

/// Collects what the stages find.
#[derive(Debug, Default)]
pub struct Sink {
    diagnostics: Vec<Diagnostic>,
    errors: usize,
    checks: Checks,
}

impl Sink {
    /// Takes a finding.
    pub fn report(&mut self, diagnostic: Diagnostic) {
        self.errors += usize::from(diagnostic.rule.severity == Severity::Error);
        self.diagnostics.push(diagnostic);
    }

    /// Takes the errors of another sink, and leaves its warnings.
    pub fn take_errors(&mut self, other: Sink) {
        let grave = |diagnostic: &Diagnostic| diagnostic.severity() == Severity::Error;
        other.diagnostics.into_iter().filter(grave).for_each(|diagnostic| self.report(diagnostic));
    }

    /// `Err` as soon as any error was reported, so that a stage can end after finding all it can.
    pub fn checkpoint(&self) -> Result<(), Reported> {
        if self.errors > 0 { Err(Reported(())) } else { Ok(()) }
    }

    /// Takes what the app file says of warnings. It holds for all that is found, before and after.
    pub fn heed(&mut self, checks: Checks) {
        self.checks = checks;
    }

    /// Each warning that the app file allows, and where it does.
    pub fn allowed(&self, sources: &Sources) -> Vec<(&'static str, Span)> {
        let place = |path: &Path| sources.resolve(&Place::Key(path.clone()));
        self.checks.allowed().map(|(code, path)| (code, place(path))).collect()
    }

    /// Everything found, with places as bytes, in the order of the text and without repetition.
    pub fn resolve(self, sources: &Sources) -> Vec<Finding> {
        let standing = |rule: &Rule| match self.checks.of(rule.code) {
            Some((Verdict::Deny, _)) => (Severity::Error, None),
            Some((Verdict::Allow, path)) => {
                (rule.severity, Some(sources.resolve(&Place::Key(path.clone()))))
            }
            None => (rule.severity, None),
        };
        let mut findings: Vec<Finding> = self
            .diagnostics
            .into_iter()
            .map(|diagnostic| (standing(diagnostic.rule), diagnostic))
            .map(|((severity, allowed), diagnostic)| Finding {
                rule: diagnostic.rule,
                severity,
                allowed,
                title: diagnostic.title,
                labels: diagnostic
                    .labels
                    .into_iter()
                    .map(|label| Spot { span: sources.resolve(&label.place), text: label.text })
                    .collect(),
                help: diagnostic.help,
                environments: Vec::new(),
            })
            .collect();
        arrange(&mut findings);
        findings
    }
}

/// Sorts findings by place and joins repetitions: several environments may share a fault, and what
/// is wrong in the app as it is need not be said for each of them.
pub fn arrange(findings: &mut Vec<Finding>) {
    findings.sort_by(|a, b| a.key().cmp(&b.key()));
    findings.dedup_by(|again, first| {
        if again.key() != first.key() {
            return false;
        }
        if again.environments.is_empty() || first.environments.is_empty() {
            first.environments.clear();
        } else {
            first.environments.append(&mut again.environments);
            first.environments.dedup();
        }
        true
    });
}

/// A label whose place is known in bytes.
#[derive(Clone, Debug)]
pub struct Spot {
    /// Where.
    pub span: Span,
    /// What there is to say about it.
    pub text: String,
}

/// A finding whose places are known in bytes. The first label is the primary one.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The rule that was broken.
    pub rule: &'static Rule,
    /// How grave it is in this app.
    pub severity: Severity,
    /// Where the app file allows it.
    pub allowed: Option<Span>,
    /// The fact.
    pub title: String,
    /// Primary label first, then every other party.
    pub labels: Vec<Spot>,
    /// The cure.
    pub help: Option<String>,
    /// The environments in which it holds; none where it holds in the app as it is.
    pub environments: Vec<String>,
}

impl Finding {
    fn key(&self) -> (Option<Span>, &str, &str, Severity) {
        let span = self.labels.first().map(|label| label.span);
        (span, self.rule.code, &self.title, self.severity)
    }

    /// The primary place.
    pub fn span(&self) -> Span {
        self.labels[0].span
    }
}
