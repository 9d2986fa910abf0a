//! The report for people.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::{Finding, Severity, Spot, listing};
use crate::source::Sources;

/// How the text report looks.
#[derive(Clone, Copy, Debug, Default)]
pub struct Style {
    /// Whether to colour it.
    pub color: bool,
}

/// Labels further apart than this many lines are shown in snippets of their own.
const FAR_APART: usize = 12;
/// A line longer than this is named, not shown.
const LONGEST_LINE: usize = 4_000;

/// Every finding with its snippet, all parties labelled.
pub fn text(findings: &[Finding], sources: &Sources, style: Style) -> String {
    let renderer = if style.color { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.decor_style(DecorStyle::Ascii);
    let mut out = String::new();
    for finding in findings {
        let level = match finding.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let mut group =
            Group::with_title(level.primary_title(&finding.title).id(finding.rule.code));
        let primary = finding.span();
        let mut clusters = clusters(&finding.labels, sources);
        // The snippet with the primary label comes first: it is where the reader has to go.
        clusters.sort_by_key(|cluster| !cluster.iter().any(|spot| spot.span == primary));
        for cluster in &clusters {
            group = group.element(snippet(cluster, finding, sources));
        }
        if let Some(help) = &finding.help {
            group = group.element(Level::HELP.message(help));
        }
        let environments: Vec<&str> = finding.environments.iter().map(String::as_str).collect();
        let note = format!("in environment {}", listing(&environments));
        if !environments.is_empty() {
            group = group.element(Level::NOTE.message(&note));
        }
        out.push_str(&renderer.render(&[group]).to_string());
        out.push_str("\n\n");
    }
    out
}

fn line_of(spot: &Spot, sources: &Sources) -> usize {
    sources.position(spot.span.file, spot.span.start).line
}

/// Labels grouped into runs of one file that stand close together.
fn clusters<'a>(labels: &'a [Spot], sources: &Sources) -> Vec<Vec<&'a Spot>> {
    let mut sorted: Vec<&Spot> = labels.iter().collect();
    sorted.sort_by_key(|spot| spot.span);
    let mut out: Vec<Vec<&Spot>> = Vec::new();
    for spot in sorted {
        match out.last_mut() {
            Some(run)
                if run.last().is_some_and(|last| {
                    last.span.file == spot.span.file
                        && line_of(spot, sources) - line_of(last, sources) <= FAR_APART
                }) =>
            {
                run.push(spot)
            }
            _ => out.push(vec![spot]),
        }
    }
    out
}

fn snippet<'a>(
    cluster: &[&'a Spot],
    finding: &Finding,
    sources: &'a Sources,
) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
    let file = sources.file(cluster[0].span.file);
    let first = line_of(cluster[0], sources);
    let last = cluster
        .iter()
        .map(|spot| {
            sources.position(spot.span.file, spot.span.end.max(spot.span.start + 1) - 1).line
        })
        .max()
        .unwrap_or(first);
    let start = file.line_starts()[first - 1] as usize;
    let end = file.line_starts().get(last).map_or(file.text.len(), |at| *at as usize);
    let window = &file.text[start..end];
    if window.len() > LONGEST_LINE * (last - first + 1).min(FAR_APART) {
        return Snippet::source("(too long to show)").line_start(first).path(&file.name);
    }
    let mut snippet = Snippet::source(window).line_start(first).path(&file.name);
    for spot in cluster {
        let from = (spot.span.start as usize - start).min(window.len());
        let mut to = (spot.span.end as usize).clamp(start, end) - start;
        // A value of several lines is marked on its first.
        if let Some(length) = window[from..to.max(from)].find(['\n', '\r']) {
            to = from + length;
        }
        let kind = if spot.span == finding.span() && spot.text == finding.labels[0].text {
            AnnotationKind::Primary
        } else {
            AnnotationKind::Context
        };
        let annotation = kind.span(from..to.max(from));
        let annotation =
            if spot.text.is_empty() { annotation } else { annotation.label(&spot.text) };
        snippet = snippet.annotation(annotation);
    }
    snippet
}
