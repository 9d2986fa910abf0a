//! Warnings that are allowed: in place by `# weft: allow CODE — reason`, and by `checks`.

use std::collections::BTreeMap;

use super::{
    Diagnostic, Finding, MALFORMED_ALLOW, Rule, Severity, Sink, Spot, UNUSED_ALLOW, did_you_mean,
    nearest,
};
use crate::source::{Place, Sources};
use crate::yaml::{Comment, FileId, Span};

/// What one file allows.
#[derive(Debug, Default)]
pub struct Allows {
    /// The comments for each line that is spoken for.
    by_line: BTreeMap<(FileId, usize), Vec<Allow>>,
    /// The entries of `checks` that allow, over all environments.
    checks: BTreeMap<(Span, &'static str), bool>,
}

/// One allow-comment.
#[derive(Debug)]
struct Allow {
    code: &'static str,
    span: Span,
    used: bool,
    /// Whether it is well-formed. What is not allows nothing: it stands in for the warning that it is
    /// for, which would be said twice otherwise.
    sound: bool,
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
                    let (code, span) = (rule.code, comment.span);
                    let allow = Allow { code, span, used: false, sound: true };
                    allows.by_line.entry((comment.span.file, line)).or_default().push(allow);
                    continue;
                }
            };
            if let Some(code) = intended(order, rules) {
                let line = spoken_for(comment.span, sources);
                let allow = Allow { code, span: comment.span, used: true, sound: false };
                allows.by_line.entry((comment.span.file, line)).or_default().push(allow);
            }
            let help = help.unwrap_or_else(|| "write `# weft: allow CODE — reason`".into());
            let title = format!("`# {}` allows nothing", comment.text);
            let place = Place::Bytes(comment.span);
            sink.report(Diagnostic::new(&MALFORMED_ALLOW, title, place, label).help(help));
        }
        allows
    }

    /// Adds the entries of `checks` that allow. An entry may hold in several environments.
    pub fn add(&mut self, entries: impl IntoIterator<Item = (&'static str, Span)>) {
        for (code, span) in entries {
            self.checks.entry((span, code)).or_insert(false);
        }
    }

    /// Removes the findings that are allowed, and remembers what was needed for it. What a comment
    /// allows, it allows even where `checks` denies it: it knows its one place.
    pub fn apply(&mut self, findings: &mut Vec<Finding>, sources: &Sources) {
        findings.retain(|finding| {
            if let Some(entry) = finding.allowed {
                self.checks.insert((entry, finding.rule.code), true);
                return false;
            }
            let span = finding.span();
            let line = sources.position(span.file, span.start).line;
            let here = self.by_line.get_mut(&(span.file, line));
            let fits = |allow: &&mut Allow| {
                let grave = finding.severity == Severity::Error;
                allow.code == finding.rule.code && (allow.sound || !grave)
            };
            let allow = here.and_then(|here| here.iter_mut().find(fits));
            match allow {
                Some(allow) => {
                    allow.used = true;
                    false
                }
                None => true,
            }
        });
    }

    /// Findings for the comments and entries that nothing needed.
    pub fn unused(&self) -> Vec<Finding> {
        let comments = self.by_line.values().flatten().filter(|allow| !allow.used);
        let comments = comments.map(|allow| (allow.code, allow.span, "remove the comment"));
        let entries = self.checks.iter().filter(|(_, used)| !**used);
        let entries = entries.map(|((span, code), _)| (*code, *span, "remove the entry"));
        comments
            .chain(entries)
            .map(|(code, span, help)| Finding {
                rule: &UNUSED_ALLOW,
                severity: UNUSED_ALLOW.severity,
                allowed: None,
                title: format!("`{code}` is allowed here, but there is no such warning"),
                labels: vec![Spot { span, text: "silences nothing".into() }],
                help: Some(help.into()),
                environments: Vec::new(),
            })
            .collect()
    }
}

/// The warning that a malformed comment is for: the first word that is its code, or nearly.
fn intended(order: &str, rules: &[&'static Rule]) -> Option<&'static str> {
    let warnings = rules.iter().filter(|rule| rule.severity == Severity::Warning);
    let codes: Vec<&'static str> = warnings.map(|rule| rule.code).collect();
    let code = |word: &str| nearest(word, &codes);
    order.split_whitespace().filter(|word| word.contains('-')).find_map(code)
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
