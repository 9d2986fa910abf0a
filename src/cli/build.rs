//! `weft build`

use std::path::{Path, PathBuf};

use anyhow::bail;
use clap::{Args, ValueEnum};

use super::{AppOptions, Global, any_error, check::Deny, count, ending, input, output, print};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// The app's folder or file [default: weft.yaml here or above]
    path: Option<PathBuf>,
    #[command(flatten)]
    app: AppOptions,
    /// Where to write: a .yaml or .json file, a folder for one file per object, or -
    #[arg(short, long, value_name = "PATH", default_value = "-")]
    output: PathBuf,
    /// What to write
    #[arg(long, default_value = "yaml")]
    format: Format,
    /// Fail on these too
    #[arg(long, value_name = "WHAT")]
    deny: Option<Deny>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Yaml,
    Json,
    Kustomize,
}

pub(super) fn run(options: &Options, global: &Global) -> anyhow::Result<u8> {
    let stdout = options.output == Path::new("-");
    let single =
        options.output.extension().is_some_and(|e| e == "yaml" || e == "yml" || e == "json");
    if options.format == Format::Kustomize && (stdout || single) {
        bail!("--format kustomize makes several files; name a folder with -o DIR");
    }
    let input = input::find(options.app.file.as_deref(), options.path.as_deref())?;
    let mut outcome = input.compile(&options.app.layers.layers())?;
    global.report(&outcome.findings, &outcome.sources, options.deny.is_some());
    let denied = options.deny.is_some() && !outcome.findings.is_empty();
    let checked = match outcome.checked.take() {
        Some(checked) if !denied && !any_error(&outcome.findings) => checked,
        _ => {
            eprintln!("{}: {}; nothing was written", input.name(), count(&outcome.findings));
            return Ok(ending(&outcome.findings, &outcome.sources));
        }
    };
    let set = outcome.manifests(&checked)?;
    match options.format {
        Format::Json if stdout => print(&set.json()?)?,
        Format::Yaml if stdout => print(&set.yaml())?,
        Format::Json if single => output::file(&options.output, &set.json()?)?,
        Format::Yaml if single => output::file(&options.output, &set.yaml())?,
        Format::Json => bail!("--format json makes one file; name it with -o FILE.json"),
        format => {
            let files = output::files(&set, format == Format::Kustomize);
            output::folder(&options.output, &checked.graph().name, &files)?;
        }
    }
    let (objects, mode) = (set.objects().len(), checked.graph().governance);
    // The process ends here; giving back tens of thousands of objects one by one would take longer
    // than printing them.
    std::mem::forget((set, checked, outcome.sources));
    if global.verbose {
        eprintln!("{}: {} objects", input.name(), objects);
        for need in mode.needs() {
            eprintln!("{}: needs {need}", input.name());
        }
    }
    Ok(0)
}
