//! `weft graph`

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{AppOptions, Global, count, ending, input, print};
use crate::export;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// The app's folder or file [default: weft.yaml here or above]
    path: Option<PathBuf>,
    #[command(flatten)]
    app: AppOptions,
    /// How to draw it
    #[arg(long, default_value = "text")]
    format: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Text,
    Mermaid,
    Dot,
    Json,
}

pub(super) fn run(options: &Options, global: &Global) -> anyhow::Result<u8> {
    let input = input::find(options.app.file.as_deref(), options.path.as_deref())?;
    let outcome = input.compile(&options.app.layers.layers())?;
    global.report(&outcome.findings, &outcome.sources, false);
    let Some(checked) = outcome.checked else {
        eprintln!("{}: {}; nothing was drawn", input.name(), count(&outcome.findings));
        return Ok(ending(&outcome.findings, &outcome.sources));
    };
    let graph = checked.graph();
    print(&match options.format {
        Format::Text => export::text(graph),
        Format::Mermaid => export::mermaid(graph),
        Format::Dot => export::dot(graph),
        Format::Json => serde_json::to_string_pretty(&export::json(graph))? + "\n",
    })?;
    Ok(0)
}
