//! `weft modes`

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::bail;
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::{AppOptions, Global, at, count, ending, input, print};
use crate::graph::Graph;
use crate::model::Governance;
use crate::source::{Path, Place, Sources};
use crate::traffic::{Feature, Grade, Standing, cell, standings};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// The app's folder or file [default: weft.yaml here or above]
    #[arg(requires = "of_app")]
    path: Option<PathBuf>,
    /// Show what the app asks for, and what would change between its mode and each other
    #[arg(long = "app")]
    of_app: bool,
    #[command(flatten)]
    app: AppOptions,
    /// How to print it
    #[arg(long, default_value = "text")]
    format: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Text,
    Json,
}

const LEGEND: &str = "✓ as the file says  ≈ close to it  \
                      ✗ not at all: an error, unless the file allows a fallback\n";

pub(super) fn run(options: &Options, global: &Global) -> anyhow::Result<u8> {
    if options.of_app {
        return of_app(options, global);
    }
    if options.app.file.is_some() || options.app.layers.any() {
        bail!("the matrix is the same for every app; add --app to see the rows that an app uses");
    }
    let modes = Governance::ALL;
    let rows = Feature::ALL
        .map(|feature| (feature, modes.map(|mode| Some(cell(mode, feature).grade)).to_vec()));
    match options.format {
        Format::Text => print(&(table(&modes, &rows) + "\n" + LEGEND))?,
        Format::Json => {
            let rows = Feature::ALL.map(|feature| {
                let cells: BTreeMap<&str, Value> =
                    modes.iter().map(|mode| (mode.name(), described(*mode, feature))).collect();
                json!({ "feature": feature.name(), "does": feature.title(), "modes": cells })
            });
            print(&(serde_json::to_string_pretty(&json!({ "rows": rows }))? + "\n"))?;
        }
    }
    Ok(0)
}

fn described(mode: Governance, feature: Feature) -> Value {
    let cell = cell(mode, feature);
    match cell.grade {
        Grade::Exact => json!({ "grade": cell.grade.name() }),
        _ => json!({ "grade": cell.grade.name(), "why": cell.why }),
    }
}

/// Features down, modes across; a feature's name is followed by what it does.
fn table(modes: &[Governance], rows: &[(Feature, Vec<Option<Grade>>)]) -> String {
    let widest = |names: &mut dyn Iterator<Item = &str>| names.map(str::len).max().unwrap_or(0);
    let first = widest(&mut rows.iter().map(|(feature, _)| feature.name()));
    let mut out = format!("{:first$}", "");
    for mode in modes {
        let _ = write!(out, "  {}", mode.name());
    }
    out.push('\n');
    for (feature, grades) in rows {
        let _ = write!(out, "{:first$}", feature.name());
        for (mode, grade) in modes.iter().zip(grades) {
            let width = mode.name().len();
            let sign = grade.map_or("·", Grade::sign);
            let _ = write!(out, "  {sign:^width$}");
        }
        let _ = writeln!(out, "  {}", feature.title());
    }
    out
}

/// What the app asks for, in its own mode and in each other.
fn of_app(options: &Options, global: &Global) -> anyhow::Result<u8> {
    let input = input::find(options.app.file.as_deref(), options.path.as_deref())?;
    let layers = options.app.layers.layers();
    let (graph, outcome) = input.bind(&layers);
    // Names that lead nowhere would leave rows out, and nobody would know.
    let Some(graph) = graph.filter(|_| outcome.findings.is_empty()) else {
        global.report(&outcome.findings, &outcome.sources, false);
        eprintln!("{}: {}; nothing was compared", input.name(), count(&outcome.findings));
        return Ok(ending(&outcome.findings, &outcome.sources));
    };
    let mut all = Vec::new();
    for mode in graph.modes() {
        let mut layers = layers.clone();
        layers.settings.push(format!("governance={}", mode.name()));
        if let (Some(graph), _) = input.bind(&layers) {
            all.push((mode, standings(&graph)));
        }
    }
    print(&match options.format {
        Format::Text => text(&graph, &all, &outcome.sources),
        Format::Json => {
            serde_json::to_string_pretty(&document(&graph, &all, &outcome.sources))? + "\n"
        }
    })?;
    Ok(0)
}

/// What each mode makes of what an app asks for.
type All = [(Governance, Vec<Standing>)];

fn text(graph: &Graph, all: &All, sources: &Sources) -> String {
    let modes: Vec<Governance> = all.iter().map(|(mode, _)| *mode).collect();
    let used = |feature: &Feature| {
        all.iter().flat_map(|(_, standings)| standings).any(|one| one.feature == Some(*feature))
    };
    let worst = |standings: &[Standing], feature: Feature| {
        let own = standings.iter().filter(|one| one.feature == Some(feature));
        own.map(|one| one.grade).max()
    };
    let row =
        |feature| (feature, all.iter().map(|(_, standings)| worst(standings, feature)).collect());
    let rows: Vec<(Feature, Vec<Option<Grade>>)> =
        Feature::ALL.into_iter().filter(used).map(row).collect();
    let own = graph.governance;
    let mut out = match rows.is_empty() {
        true => format!("{} asks for nothing that only some modes do\n", graph.name),
        false => table(&modes, &rows) + "\n" + LEGEND,
    };
    for (mode, _) in all.iter().filter(|(mode, _)| *mode != own) {
        let _ = write!(out, "\n{} → {}\n", own.name(), mode.name());
        let changes = changes(graph, all, *mode);
        if changes.is_empty() {
            out.push_str("  everything that the file asks for stays as it is\n");
        }
        for (before, after) in changes {
            let said = if after.grade == Grade::Exact { &before } else { &after };
            let (from, to) = (before.grade.sign(), after.grade.sign());
            let _ = write!(out, "  {from} → {to}  {}", said.what);
            match said.path == Path::root() {
                true => out.push_str(", which the file does not ask for\n"),
                false => {
                    let place = at(&Place::Key(said.path.clone()), sources);
                    let _ = writeln!(out, "  ({place})");
                }
            }
            for line in [&after.why, &after.instead].into_iter().filter(|line| !line.is_empty()) {
                let _ = writeln!(out, "         {line}");
            }
            let asked = said.path != Path::root();
            if asked && after.grade == Grade::Impossible && after.fallback.is_none() {
                out.push_str("         an error: the file allows no fallback\n");
            }
        }
    }
    out
}

/// What is done better or worse in another mode than in the app's own: before, after.
fn changes(graph: &Graph, all: &All, other: Governance) -> Vec<(Standing, Standing)> {
    let own = graph.governance;
    let of = |mode: Governance| {
        let found = all.iter().find(|(one, _)| *one == mode);
        found.map_or(&[][..], |(_, standings)| standings)
    };
    let key = |one: &Standing| (one.path.clone(), one.feature);
    let mut pairs: BTreeMap<_, (Option<Standing>, Option<Standing>)> = BTreeMap::new();
    for one in of(own) {
        pairs.entry(key(one)).or_default().0 = Some(one.clone());
    }
    for one in of(other) {
        pairs.entry(key(one)).or_default().1 = Some(one.clone());
    }
    // What the short form of the policy asks of one mode alone, and what a mesh does unasked.
    if pairs.keys().all(|(_, feature)| *feature != Some(Feature::Mtls)) {
        let unasked = |mode| Standing::of(mode, Feature::Mtls, Path::root());
        pairs.insert(
            (Path::root(), Some(Feature::Mtls)),
            (Some(unasked(own)), Some(unasked(other))),
        );
    }
    let whole = |(before, after): (Option<Standing>, Option<Standing>)| {
        let without = |mode: Governance, one: &Option<Standing>| {
            let one = one.clone()?;
            let Some(feature) = one.feature else {
                let (why, instead) = (String::new(), String::new());
                return Some(Standing { grade: Grade::Exact, why, instead, ..one });
            };
            Some(Standing::of(mode, feature, one.path))
        };
        let missing = without(own, &after);
        let after = after.or_else(|| without(other, &before));
        Some((before.or(missing)?, after?))
    };
    let pairs = pairs.into_values().filter_map(whole);
    pairs.filter(|(before, after)| before.grade != after.grade).collect()
}

fn document(graph: &Graph, all: &All, sources: &Sources) -> Value {
    let one = |standing: &Standing| {
        let component = standing.component.map(|id| graph.component(id).name.to_string());
        json!({
            "feature": standing.feature.map(Feature::name),
            "component": component,
            "what": standing.what,
            "grade": standing.grade.name(),
            "why": standing.why,
            "instead": standing.instead,
            "fallback": standing.fallback.map(crate::model::Fallback::name),
            "place": at(&Place::Key(standing.path.clone()), sources),
        })
    };
    let modes: BTreeMap<&str, Vec<Value>> = all
        .iter()
        .map(|(mode, standings)| (mode.name(), standings.iter().map(one).collect()))
        .collect();
    json!({ "app": &*graph.name, "governance": graph.governance.name(), "modes": modes })
}
