//! The command line: the only reader and writer of files, and the only printer.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the command line is where files and the terminal are"
)]

mod build;
mod check;
mod completions;
mod config;
mod explain;
mod fmt;
mod graph;
mod input;
mod modes;
mod output;
mod schema;

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::ArgValueCompleter;

use crate::diag::{self, Finding, Severity, Style};
use crate::model::Governance;
use crate::parse::Layers;
use crate::parse::rule::{RULES, UNKNOWN_ENVIRONMENT};
use crate::source::{Place, Sources};

/// Compile one application file into everything a cluster needs to run and govern it.
#[derive(Debug, Parser)]
#[command(name = "weft", version, max_term_width = 100, disable_help_subcommand = true)]
#[command(after_help = "Exit codes: 0 fine, 1 the app has errors, 2 usage or unreadable input.")]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    global: Global,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print manifests, in the order in which they are applied
    Build(build::Options),
    /// Report every problem of apps, in every environment
    Check(check::Options),
    /// Print the app file as one environment has it, with all that is laid over it
    Config(config::Options),
    /// Draw who calls whom
    Graph(graph::Options),
    /// Show what each governance mode can do, for every app or for yours
    Modes(modes::Options),
    /// Explain a code, a component, or a field of a manifest
    Explain(explain::Options),
    /// Lay app files out in the canonical way; comments stay where they belong
    Fmt(fmt::Options),
    /// Print the JSON Schema of app files, for editors
    Schema(schema::Options),
    /// Print what makes a shell complete weft's commands, and the names of your app
    Completions(completions::Options),
}

/// What every command understands.
#[derive(Debug, Args)]
struct Global {
    /// When to use colour
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: Color,
    /// Say nothing but errors
    #[arg(short, long, global = true)]
    quiet: bool,
    /// Say more about what is done
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    verbose: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Color {
    Auto,
    Always,
    Never,
}

/// Which app, and what is laid over it.
#[derive(Debug, Args)]
struct AppOptions {
    /// The app file, or - for standard input [default: weft.yaml here or above]
    #[arg(short, long, value_name = "FILE")]
    file: Option<PathBuf>,
    #[command(flatten)]
    layers: LayerOptions,
}

/// What is laid over an app.
#[derive(Debug, Args)]
struct LayerOptions {
    /// Apply this environment of the file
    #[arg(short, long, value_name = "NAME", add = ArgValueCompleter::new(completions::environments))]
    env: Option<String>,
    #[arg(long, value_name = "MODE", help = governance_help(), add = ArgValueCompleter::new(completions::modes))]
    governance: Option<String>,
    /// Look for modes of your own in this folder [default: modes beside the app file]
    #[arg(long, value_name = "DIR")]
    modes: Option<String>,
    /// Set a value, such as components.web.replicas=3; can be given several times
    #[arg(long, value_name = "PATH=VALUE", add = ArgValueCompleter::new(completions::settings))]
    set: Vec<String>,
}

fn governance_help() -> String {
    let names = Governance::ALL.map(Governance::name).join(", ");
    format!("Use this governance mode instead of the file's: {names}, or one of your own")
}

impl LayerOptions {
    /// Whether anything is laid over the app.
    fn any(&self) -> bool {
        self.env.is_some() || self.governance.is_some() || !self.set.is_empty()
    }

    fn layers(&self) -> Layers {
        let mut settings = self.set.clone();
        settings.extend(self.governance.as_ref().map(|mode| format!("governance={mode}")));
        Layers { environment: self.env.clone(), settings, modes: self.modes.clone() }
    }
}

/// A failure that is not the app's: usage, input, output.
const FAILED: u8 = 2;
/// The app has errors.
const WRONG: u8 = 1;

/// Runs the command line and says how it ended.
pub fn run() -> ExitCode {
    match completions::answer() {
        Ok(false) => {}
        Ok(true) => return ExitCode::SUCCESS,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(FAILED);
        }
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no failure, and clap knows the right stream for each.
            let code = if error.use_stderr() { FAILED } else { 0 };
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    let result = match &cli.command {
        Command::Build(options) => build::run(options, &cli.global),
        Command::Check(options) => check::run(options, &cli.global),
        Command::Config(options) => config::run(options, &cli.global),
        Command::Completions(options) => completions::run(options),
        Command::Graph(options) => graph::run(options, &cli.global),
        Command::Modes(options) => modes::run(options, &cli.global),
        Command::Explain(options) => explain::run(options, &cli.global),
        Command::Fmt(options) => fmt::run(options, &cli.global),
        Command::Schema(options) => schema::run(options, &cli.global),
    };
    match result {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(FAILED)
        }
    }
}

/// Prints to stdout. A reader that has seen enough (`| head`) is no failure, and changes nothing
/// about how the command ends.
fn print(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

impl Global {
    fn style(&self, stream: &impl IsTerminal) -> Style {
        let color = match self.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => std::env::var_os("NO_COLOR").is_none() && stream.is_terminal(),
        };
        Style { color }
    }

    /// Reports findings beside a product on stdout. Warnings fall silent with `--quiet`, unless they
    /// are the reason of a failure.
    fn report(&self, findings: &[Finding], sources: &Sources, denied: bool) {
        let shown: Vec<Finding> = findings
            .iter()
            .filter(|finding| !self.quiet || denied || finding.severity == Severity::Error)
            .cloned()
            .collect();
        let style = self.style(&std::io::stderr());
        eprint!("{}", diag::text(&shown, sources, style));
    }
}

/// `file:line:column` of a place.
fn at(place: &Place, sources: &Sources) -> String {
    let span = sources.resolve(place);
    let position = sources.position(span.file, span.start);
    format!("{}:{}:{}", sources.file(span.file).name, position.line, position.column)
}

/// `3 errors, 1 warning`.
fn count(findings: &[Finding]) -> String {
    let of = |severity| findings.iter().filter(|f| f.severity == severity).count();
    let named = |count: usize, word: &str| match count {
        1 => format!("1 {word}"),
        count => format!("{count} {word}s"),
    };
    match (of(Severity::Error), of(Severity::Warning)) {
        (errors, 0) => named(errors, "error"),
        (0, warnings) => named(warnings, "warning"),
        (errors, warnings) => format!("{}, {}", named(errors, "error"), named(warnings, "warning")),
    }
}

/// How a command ends that found errors: the app is wrong, unless what was typed is.
fn ending(findings: &[Finding], sources: &Sources) -> u8 {
    let typed = |finding: &Finding| {
        // An environment that is not there, or a `--set` that does not fit. What a fitting one makes
        // of the app is the app's.
        let rule = |code| std::ptr::eq(finding.rule, code);
        rule(&UNKNOWN_ENVIRONMENT)
            || sources.file(finding.span().file).typed && RULES.iter().any(|known| rule(*known))
    };
    if findings.iter().any(typed) { FAILED } else { WRONG }
}

fn any_error(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| finding.severity == Severity::Error)
}
