//! `weft config`

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::{AppOptions, Global, any_error, count, ending, input, output, print};
use crate::model;
use crate::parse::resolved;
use crate::yaml::{self, FileId};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// The app's folder or file [default: weft.yaml here or above]
    path: Option<PathBuf>,
    #[command(flatten)]
    app: AppOptions,
    /// Where to write: a file, or -
    #[arg(short, long, value_name = "PATH", default_value = "-")]
    output: PathBuf,
    /// What to write
    #[arg(long, default_value = "yaml")]
    format: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Yaml,
    Json,
}

pub(super) fn run(options: &Options, global: &Global) -> anyhow::Result<u8> {
    let input = input::find(options.app.file.as_deref(), options.path.as_deref())?;
    let outcome = input.compile(&options.app.layers.layers())?;
    global.report(&outcome.findings, &outcome.sources, false);
    let app = resolved(&outcome.sources).filter(|_| outcome.checked.is_some());
    let Some(app) = app.filter(|_| !any_error(&outcome.findings)) else {
        eprintln!("{}: {}; nothing was written", input.name(), count(&outcome.findings));
        return Ok(ending(&outcome.findings, &outcome.sources));
    };
    let text = match options.format {
        Format::Json => serde_json::to_string_pretty(&app)? + "\n",
        Format::Yaml => {
            let mut text = String::new();
            yaml::emit(&app, &mut text);
            // A key of a thousand characters has no layout; the text is as true without.
            yaml::layout(&text, FileId(0), &model::order).unwrap_or(text)
        }
    };
    if options.output == Path::new("-") {
        print(&text)?;
    } else {
        output::file(&options.output, &text)?;
    }
    Ok(0)
}
