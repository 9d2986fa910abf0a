//! `weft fmt`

use std::fmt::Write;
use std::path::PathBuf;

use anyhow::anyhow;
use clap::Args;
use similar::TextDiff;

use super::input::Input;
use super::{Global, WRONG, count, input, output, print};
use crate::model;
use crate::yaml::{self, FileId};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// App files, or folders to look for them in; - is standard input, which goes to standard
    /// output [default: weft.yaml here or above]
    #[arg(value_name = "FILES")]
    paths: Vec<PathBuf>,
    /// Write nothing; name the files that would change, and fail if there are any
    #[arg(long)]
    check: bool,
    /// Write nothing; print what would change, and fail if anything would
    #[arg(long)]
    diff: bool,
}

pub(super) fn run(options: &Options, global: &Global) -> anyhow::Result<u8> {
    let mut ended = 0;
    let mut failures = Vec::new();
    let mut out = String::new();
    for input in input::all(&options.paths) {
        let result = input.and_then(|input| one(&input, options, global, &mut out));
        match result {
            Ok(code) => ended = ended.max(code),
            Err(error) => failures.push(error),
        }
    }
    print(&out)?;
    let last = failures.pop();
    failures.iter().for_each(|error| eprintln!("error: {error:#}"));
    last.map_or(Ok(ended), Err)
}

/// Lays out one file. What is to be printed goes to `out`.
fn one(input: &Input, options: &Options, global: &Global, out: &mut String) -> anyhow::Result<u8> {
    if let Err(outcome) = input.text() {
        global.report(&outcome.findings, &outcome.sources, false);
        eprintln!("{}: {}; nothing was written", input.name(), count(&outcome.findings));
        return Ok(WRONG);
    }
    let text = String::from_utf8_lossy(input.bytes());
    let new = yaml::layout(&text, FileId(0), &model::order).map_err(|span| {
        let before = &text[..(span.start as usize).min(text.len())];
        let line = before.matches('\n').count() + 1;
        anyhow!(
            "{}:{line}: weft cannot lay this out without a change of what it says; nothing was written",
            input.name()
        )
    })?;
    let same = *new == *text;
    if options.diff && !same {
        let name = input.name();
        let diff = TextDiff::from_lines(&*text, &new);
        let mut unified = diff.unified_diff();
        let unified = unified.header(&format!("a/{name}"), &format!("b/{name}"));
        let _ = write!(out, "{unified}");
    } else if options.check && !same {
        let _ = writeln!(out, "{}", input.name());
    }
    if options.check || options.diff {
        return Ok(if same { 0 } else { WRONG });
    }
    match input.path() {
        None => out.push_str(&new),
        Some(_) if same => {}
        Some(path) => {
            output::replace(path, &new)?;
            if !global.quiet {
                eprintln!("{}: laid out anew", input.name());
            }
        }
    }
    Ok(0)
}
