//! Rules, diagnostics, the sink that collects them, and the formats in which they are printed.

mod machine;
mod text;

use std::collections::BTreeMap;

use crate::source::{Place, Sources};
use crate::yaml::{Comment, FileId, Span};

pub use machine::{github, gitlab, json, sarif};
pub use text::{Style, text};

/// How grave a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing is written. Cannot be switched off.
    Error,
    /// Worth a look. Can be allowed in place, with a reason.
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
    // A near miss is about as long, and begins or ends alike; the rest needs no measuring.
    let near = |name: &&&str| {
        let apart = name.len().abs_diff(wrong.len());
        let first = name.chars().next() == wrong.chars().next();
        let last = name.chars().next_back() == wrong.chars().next_back();
        apart <= name.len().max(3) / 3 && (first || last || name.len() < 6)
    };
    let nearest = known
        .iter()
        .filter(near)
        .map(|name| (strsim::damerau_levenshtein(wrong, name), *name))
        .filter(|(distance, name)| *distance <= name.chars().count().max(3) / 3)
        .min();
    match nearest {
        Some((_, name)) => Some(format!("did you mean `{name}`?")),
        None if known.is_empty() => None,
        None => Some(format!("there is {}", listing(&known))),
    }
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
}

impl Sink {
    /// Takes a finding.
    pub fn report(&mut self, diagnostic: Diagnostic) {
        self.errors += usize::from(diagnostic.rule.severity == Severity::Error);
        self.diagnostics.push(diagnostic);
    }

    /// `Err` as soon as any error was reported, so that a stage can end after finding all it can.
    pub fn checkpoint(&self) -> Result<(), Reported> {
        if self.errors > 0 { Err(Reported(())) } else { Ok(()) }
    }

    /// Everything found, with places as bytes, in the order of the text and without repetition.
    pub fn resolve(self, sources: &Sources) -> Vec<Finding> {
        let mut findings: Vec<Finding> = self
            .diagnostics
            .into_iter()
            .map(|diagnostic| Finding {
                rule: diagnostic.rule,
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
    fn key(&self) -> (Option<Span>, &str, &str) {
        (self.labels.first().map(|label| label.span), self.rule.code, &self.title)
    }

    /// The primary place.
    pub fn span(&self) -> Span {
        self.labels[0].span
    }
}

/// `unused-allow`: an allow-comment that silences nothing.
pub static UNUSED_ALLOW: Rule = Rule {
    code: "unused-allow",
    severity: Severity::Warning,
    summary: "an allow-comment silences nothing",
    explain: "`# weft: allow CODE — reason` silences the warning CODE on its own line, or on the \
              next line when it stands alone. When there is no such warning any more, the comment \
              only misleads: remove it. Errors cannot be allowed.",
    wrong: "components:\n  web: # weft: allow dead-version — the canary ends in May\n    image: \
            example.com/web:1\n    ports: { http: 8080 }\n    expose: { http: { via: load-balancer } }\n",
    right: "components:\n  web:\n    image: example.com/web:1\n    ports: { http: 8080 }\n    \
            expose: { http: { via: load-balancer } }\n",
};

/// `malformed-allow`: an allow-comment without code or reason.
pub static MALFORMED_ALLOW: Rule = Rule {
    code: "malformed-allow",
    severity: Severity::Warning,
    summary: "an allow-comment lacks a known code or a reason",
    explain: "An allow-comment reads `# weft: allow CODE — reason`. The code must be one that weft \
              knows and a warning, and the reason is not optional: it is what a reviewer reads.",
    wrong: "components:\n  web: # weft: allow dead-version\n    image: example.com/web:1\n    \
            ports: { http: 8080 }\n    expose: { http: { via: load-balancer } }\n",
    right: "components:\n  web:\n    image: example.com/web:1\n    ports: { http: 8080 }\n    \
            expose: { http: { via: load-balancer } }\n",
};

/// The allow-comments of one file.
#[derive(Debug, Default)]
pub struct Allows {
    /// The comments for each line that is spoken for.
    by_line: BTreeMap<(FileId, usize), Vec<Allow>>,
}

/// One allow-comment.
#[derive(Debug)]
struct Allow {
    code: &'static str,
    span: Span,
    used: bool,
}

impl Allows {
    /// Reads `# weft: allow CODE — reason` out of a file's comments. What looks like one and is
    /// not is reported.
    pub fn read(
        comments: &[Comment],
        sources: &Sources,
        rules: &[&'static Rule],
        sink: &mut Sink,
    ) -> Self {
        let mut allows = Self::default();
        for comment in comments {
            let Some(order) = comment.text.strip_prefix("weft:") else { continue };
            let words = order.trim().strip_prefix("allow").unwrap_or_default();
            let (code, reason) = split_reason(words.trim());
            let known = rules.iter().find(|rule| rule.code == code);
            let (label, help) = match known {
                None if code.is_empty() => ("not of the form `allow CODE — reason`", None),
                None => {
                    let codes = rules.iter().map(|rule| rule.code);
                    ("no rule has this code", did_you_mean(code, codes))
                }
                Some(rule) if rule.severity == Severity::Error => {
                    let help = "mend the error, and remove the comment";
                    ("errors cannot be allowed", Some(help.to_owned()))
                }
                Some(_) if reason.is_empty() => ("the reason is missing", None),
                Some(rule) => {
                    let line = spoken_for(comment.span, sources);
                    let allow = Allow { code: rule.code, span: comment.span, used: false };
                    allows.by_line.entry((comment.span.file, line)).or_default().push(allow);
                    continue;
                }
            };
            let help = help.unwrap_or_else(|| "write `# weft: allow CODE — reason`".into());
            let title = format!("`# {}` allows nothing", comment.text);
            let place = Place::Bytes(comment.span);
            sink.report(Diagnostic::new(&MALFORMED_ALLOW, title, place, label).help(help));
        }
        allows
    }

    /// Removes the findings that a comment allows, and remembers which comments were needed.
    pub fn apply(&mut self, findings: &mut Vec<Finding>, sources: &Sources) {
        findings.retain(|finding| {
            let span = finding.span();
            let line = sources.position(span.file, span.start).line;
            let here = self.by_line.get_mut(&(span.file, line));
            let allow = here.and_then(|here| here.iter_mut().find(|a| a.code == finding.rule.code));
            match allow {
                Some(allow) => {
                    allow.used = true;
                    false
                }
                None => true,
            }
        });
    }

    /// Findings for the comments that nothing needed.
    pub fn unused(&self) -> Vec<Finding> {
        let all = self.by_line.values().flatten();
        all.filter(|allow| !allow.used)
            .map(|allow| Finding {
                rule: &UNUSED_ALLOW,
                title: format!("`{}` is allowed here, but there is no such warning", allow.code),
                labels: vec![Spot { span: allow.span, text: "silences nothing".into() }],
                help: Some("remove the comment".into()),
                environments: Vec::new(),
            })
            .collect()
    }
}

fn split_reason(words: &str) -> (&str, &str) {
    let (code, rest) = words.split_once(char::is_whitespace).unwrap_or((words, ""));
    (code, rest.trim().trim_start_matches(['—', '-', '–', ':']).trim())
}

/// The line that a comment speaks for: its own, or the next one with content if it stands alone.
fn spoken_for(comment: Span, sources: &Sources) -> usize {
    let file = sources.file(comment.file);
    let line = sources.position(comment.file, comment.start).line;
    let start = file.line_starts()[line - 1] as usize;
    let before = &file.text[start..comment.start as usize];
    if !before.trim_matches([' ', '\t', '#', '\u{feff}']).is_empty() {
        return line;
    }
    (line + 1..=file.line_starts().len())
        .find(|next| {
            let text = file.line(*next).trim();
            !text.is_empty() && !text.starts_with('#')
        })
        .unwrap_or(line)
}
