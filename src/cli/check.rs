//! `weft check`

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{Global, LayerOptions, any_error, count, ending, input, print};
use crate::diag::{self, Severity};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// App files, or folders to look for them in [default: weft.yaml here or above]
    paths: Vec<PathBuf>,
    /// The app file, or - for standard input
    #[arg(short, long, value_name = "FILE", conflicts_with = "paths")]
    file: Option<PathBuf>,
    #[command(flatten)]
    layers: LayerOptions,
    /// Fail on these too
    #[arg(long, value_name = "WHAT")]
    deny: Option<Deny>,
    /// How to report
    #[arg(long, default_value = "text")]
    format: Format,
}

/// What else is a failure.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Deny {
    Warnings,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
    Github,
    Sarif,
    Gitlab,
}

pub(super) fn run(options: &Options, global: &Global) -> anyhow::Result<u8> {
    let inputs = match &options.file {
        Some(file) => vec![input::find(Some(file), None)],
        None => input::all(&options.paths),
    };
    let layers = options.layers.layers();
    let mut all = Vec::new();
    let mut sources = crate::source::Sources::default();
    let mut lines = String::new();
    let mut unreadable = Vec::new();
    for input in inputs {
        let input = match input {
            Ok(input) => input,
            Err(error) => {
                unreadable.push(error);
                continue;
            }
        };
        // A named environment is checked alone; otherwise the app and every environment of it.
        let outcome = match &layers.environment {
            Some(_) => input.compile(&layers)?,
            None => input.compile_everywhere(&layers)?,
        };
        if let (true, Some(checked)) = (outcome.findings.is_empty(), &outcome.checked) {
            let graph = checked.graph();
            let workloads: usize = graph.own().iter().map(|c| c.versions.len()).sum();
            let named = |count: usize, word: &str| {
                format!("{count} {word}{}", if count == 1 { "" } else { "s" })
            };
            lines.push_str(&format!(
                "ok  {}  {}, {}",
                input.name(),
                named(graph.own().len(), "component"),
                named(workloads, "workload"),
            ));
            if layers.environment.is_none() && outcome.environments > 0 {
                lines.push_str(&format!(", {}", named(outcome.environments, "environment")));
            }
            lines.push('\n');
        }
        let mut findings = outcome.findings;
        let labels = findings.iter_mut().flat_map(|finding| &mut finding.labels);
        sources.adopt(outcome.sources, labels.map(|label| &mut label.span));
        all.extend(findings);
    }
    let wrong = any_error(&all) || (options.deny.is_some() && !all.is_empty());
    let ended = ending(&all, &sources);
    if global.quiet && options.deny.is_none() {
        all.retain(|finding| finding.severity == Severity::Error);
    }
    if global.quiet {
        lines.clear();
    }
    match options.format {
        Format::Text => {
            let style = global.style(&std::io::stdout());
            let mut report = diag::text(&all, &sources, style);
            report.push_str(&lines);
            if !all.is_empty() {
                report.push_str(&format!("{}\n", count(&all)));
            }
            print(&report)?;
        }
        Format::Json => print(&diag::json(&all, &sources))?,
        Format::Github => print(&diag::github(&all, &sources))?,
        Format::Sarif => print(&diag::sarif(&all, &sources, &crate::rules()))?,
        Format::Gitlab => print(&diag::gitlab(&all, &sources))?,
    }
    let last = unreadable.pop();
    unreadable.iter().for_each(|error| eprintln!("error: {error:#}"));
    match last {
        Some(error) => Err(error),
        None => Ok(if wrong { ended } else { 0 }),
    }
}
