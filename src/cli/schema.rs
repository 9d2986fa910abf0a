//! `weft schema`

use std::path::{Path, PathBuf};

use clap::Args;

use super::{Global, count, ending, input, output, print};
use crate::model;
use crate::parse::project_schema;
use crate::traffic::features;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// The app's folder or file, for --project [default: weft.yaml here or above]
    #[arg(requires = "project")]
    path: Option<PathBuf>,
    /// The app file, or - for standard input
    #[arg(short, long, value_name = "FILE", requires = "project")]
    file: Option<PathBuf>,
    /// With the names of this app's components, versions, ports and parameters as choices
    #[arg(long)]
    project: bool,
    /// Of mode.yaml, the manifest of a governance mode of your own
    #[arg(long, conflicts_with = "project")]
    mode: bool,
    /// Where to write: a file, or -
    #[arg(short, long, value_name = "PATH", default_value = "-")]
    output: PathBuf,
}

pub(super) fn run(options: &Options, global: &Global) -> anyhow::Result<u8> {
    let schema = if options.project {
        let input = input::find(options.file.as_deref(), options.path.as_deref())?;
        match input.text().map(|text| project_schema(&text)) {
            Ok(schema) => schema.unwrap_or_default(),
            Err(outcome) => {
                global.report(&outcome.findings, &outcome.sources, false);
                eprintln!("{}: {}; nothing was written", input.name(), count(&outcome.findings));
                return Ok(ending(&outcome.findings, &outcome.sources));
            }
        }
    } else if options.mode {
        model::mode_schema(&features())
    } else {
        model::published()
    };
    let text = serde_json::to_string_pretty(&schema)? + "\n";
    if options.output == Path::new("-") {
        print(&text)?;
    } else {
        output::file(&options.output, &text)?;
    }
    Ok(0)
}
