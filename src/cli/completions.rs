//! `weft completions`, and the answers to what shells ask.
//!
//! The script asks weft itself for each completion (`WEFT_COMPLETE` says for which shell), so that
//! it knows the app at hand. How the two talk is no contract: a script belongs to its weft.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use clap::{Args, CommandFactory, ValueEnum};
use clap_complete::CompletionCandidate;
use clap_complete::env::{Bash, CompleteEnv, Elvish, EnvCompleter, Fish, Powershell, Zsh};

use super::{Cli, input, print};
use crate::model::Governance;
use crate::parse::Text;

/// The variable by which a script asks.
const ASKED: &str = "WEFT_COMPLETE";

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Whose script
    shell: Shell,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
    Powershell,
    Elvish,
}

pub(super) fn run(options: &Options) -> anyhow::Result<u8> {
    let shell: &dyn EnvCompleter = match options.shell {
        Shell::Bash => &Bash,
        Shell::Zsh => &Zsh,
        Shell::Fish => &Fish,
        Shell::Powershell => &Powershell,
        Shell::Elvish => &Elvish,
    };
    let mut script = Vec::new();
    shell.write_registration(ASKED, "weft", "weft", "weft", &mut script)?;
    print(&String::from_utf8_lossy(&script))?;
    Ok(0)
}

/// Answers a shell, if one asks. Yields whether it was so.
///
/// # Errors
/// If the question makes no sense.
pub(super) fn answer() -> clap::error::Result<bool> {
    let here = std::env::current_dir().ok();
    CompleteEnv::with_factory(Cli::command)
        .var(ASKED)
        .try_complete(std::env::args_os(), here.as_deref())
}

/// The environments of the app.
pub(super) fn environments(current: &OsStr) -> Vec<CompletionCandidate> {
    matching(current, app().map(|text| text.environments()).unwrap_or_default())
}

/// The parameters of the app, as `--set` takes them.
pub(super) fn settings(current: &OsStr) -> Vec<CompletionCandidate> {
    let params = app().map(|text| text.params()).unwrap_or_default();
    matching(current, params.into_iter().map(|name| format!("params.{name}=")).collect())
}

/// The modes that weft has, and those beside the app file.
pub(super) fn modes(current: &OsStr) -> Vec<CompletionCandidate> {
    let mut names = Governance::ALL.map(|mode| mode.name().to_owned()).to_vec();
    names.extend(found().map(|input| input.modes()).unwrap_or_default());
    matching(current, names)
}

/// What `weft explain` explains: the components of the app, and codes.
pub(super) fn explained(current: &OsStr) -> Vec<CompletionCandidate> {
    let mut names = app().map(|text| text.components()).unwrap_or_default();
    names.extend(crate::rules().iter().map(|rule| rule.code.to_owned()));
    matching(current, names)
}

fn matching(current: &OsStr, names: Vec<String>) -> Vec<CompletionCandidate> {
    let current = current.to_string_lossy();
    let fits = |name: &String| name.starts_with(&*current);
    names.into_iter().filter(fits).map(CompletionCandidate::new).collect()
}

/// The app that the line being typed is about: that of its `-f`, or the one that is found. A line
/// that is not finished is no reason to say that something is wrong.
fn app() -> Option<Text> {
    found()?.text().ok()
}

/// The file of that app.
fn found() -> Option<input::Input> {
    let words: Vec<OsString> =
        std::env::args_os().skip_while(|word| word != "--").skip(1).collect();
    let after =
        |pair: &[OsString]| (pair[0] == "-f" || pair[0] == "--file").then(|| pair[1].clone());
    let file = words.windows(2).find_map(after);
    if file.as_deref() == Some(OsStr::new("-")) {
        return None;
    }
    input::find(file.as_deref().map(Path::new), None).ok()
}
