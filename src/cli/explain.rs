//! `weft explain`

use std::fmt::Write;

use anyhow::bail;
use clap::Args;
use clap_complete::ArgValueCompleter;

use super::{AppOptions, Global, at, completions, count, ending, input, print};
use crate::diag::{Rule, Severity, did_you_mean};
use crate::graph::{Component, Graph};
use crate::manifest::{Object, Set};
use crate::source::{Path, Place, Sources};
use crate::traffic::{captures, described};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// A code such as weights-not-100, a component, or KIND/NAME[:FIELD] of a manifest; without it,
    /// every code is listed
    #[arg(
        value_name = "CODE|COMPONENT|KIND/NAME[:FIELD]",
        add = ArgValueCompleter::new(completions::explained)
    )]
    what: Option<String>,
    #[command(flatten)]
    app: AppOptions,
}

pub(super) fn run(options: &Options, global: &Global) -> anyhow::Result<u8> {
    let rules = crate::rules();
    let Some(what) = options.what.as_deref() else {
        print(&list(&rules))?;
        return Ok(0);
    };
    if let Some(rule) = rules.iter().find(|rule| rule.code == what) {
        print(&explain_rule(rule))?;
        return Ok(0);
    }
    let input = match input::find(options.app.file.as_deref(), None) {
        Ok(input) => input,
        Err(error) if options.app.file.is_none() && !what.contains('/') => {
            let help = did_you_mean(what, rules.iter().map(|rule| rule.code))
                .filter(|help| help.starts_with("did"))
                .map(|help| format!("; {help}"))
                .unwrap_or_default();
            bail!("`{what}` is no code{help} ({error})");
        }
        Err(error) => return Err(error),
    };
    let mut outcome = input.compile(&options.app.layers.layers())?;
    global.report(&outcome.findings, &outcome.sources, false);
    let Some(checked) = outcome.checked.take() else {
        eprintln!("{}: {}; nothing to explain", input.name(), count(&outcome.findings));
        return Ok(ending(&outcome.findings, &outcome.sources));
    };
    let graph = checked.graph();
    let set = outcome.manifests(&checked)?;
    let sources = &outcome.sources;
    // An alias and the name of a version lead to their component.
    let named = graph.names.get(what).map(|answer| graph.component(answer.component));
    if let Some(component) = named {
        print(&explain_component(graph, component, &set, sources))?;
        return Ok(0);
    }
    let (reference, field) = what.split_once(':').unwrap_or((what, ""));
    let object = set.objects().iter().find(|object| object.reference() == reference);
    let Some(object) = object else {
        let references: Vec<String> = set.objects().iter().map(Object::reference).collect();
        let names = graph.own().iter().map(|component| &*component.name);
        let known = references.iter().map(String::as_str).chain(names);
        let known = known.chain(rules.iter().map(|rule| rule.code));
        let help = did_you_mean(reference, known)
            .filter(|help| help.starts_with("did"))
            .unwrap_or_else(|| "see `weft build` for the objects".into());
        bail!("`{reference}` is no code, component or object of this app; {help}");
    };
    let Some(value) = object.field(field) else {
        bail!("{reference} has no field `{field}`; see `weft build` for what it has");
    };
    let place = object.place_of(field);
    let mut out = format!("{}\n", at(&place, sources));
    if !field.is_empty() {
        let mut text = String::new();
        crate::yaml::emit(&value, &mut text);
        let _ = writeln!(out, "{reference}:{field} = {}", text.trim_end());
    }
    if let Place::Key(path) | Place::Value(path) = &place {
        let _ = writeln!(out, "comes from {path}");
    }
    let _ = write!(out, "{}", source_line(&place, sources));
    print(&out)?;
    Ok(0)
}

fn source_line(place: &Place, sources: &Sources) -> String {
    let span = sources.resolve(place);
    let line = sources.position(span.file, span.start).line;
    let text = sources.file(span.file).line(line);
    if text.chars().count() > 400 { String::new() } else { format!("  {line} | {text}\n") }
}

/// Every code in a line of its own: its grade and what it is about.
fn list(rules: &[&Rule]) -> String {
    let widest = rules.iter().map(|rule| rule.code.len()).max().unwrap_or_default();
    let line = |rule: &&Rule| {
        let grade = rule.severity.word();
        format!("{:widest$}  {grade:<7}  {}\n", rule.code, rule.summary)
    };
    rules.iter().map(line).collect()
}

fn explain_rule(rule: &Rule) -> String {
    let grade = match rule.severity {
        Severity::Error => "error, cannot be allowed",
        Severity::Warning => "warning, can be allowed with a reason or made an error",
    };
    let indent = |text: &str| -> String {
        text.lines()
            .map(|line| if line.is_empty() { "\n".into() } else { format!("    {line}\n") })
            .collect()
    };
    format!(
        "{} ({grade})\n{}\n\n{}\n\nWrong:\n{}\nRight:\n{}",
        rule.code,
        rule.summary,
        wrap(rule.explain),
        indent(rule.wrong),
        indent(rule.right)
    )
}

/// Breaks a paragraph at 80 columns.
fn wrap(text: &str) -> String {
    const WIDTH: usize = 80;
    let mut out = String::new();
    let mut column = 0;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > WIDTH {
            out.push('\n');
            column = 0;
        } else if column > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
    }
    out
}

fn explain_component(graph: &Graph, component: &Component, set: &Set, sources: &Sources) -> String {
    let mut out = format!(
        "{}  {}  {}\n",
        component.name,
        component.kind.name(),
        at(&Place::Key(component.path.clone()), sources)
    );
    for port in &component.ports {
        let _ = writeln!(
            out,
            "  port {}: {} → {} {}",
            port.name,
            port.port,
            port.target,
            port.protocol.name()
        );
    }
    for version in &component.versions {
        let _ = writeln!(out, "  version {}: {}", version.name, version.container.image);
        // Another app may have one of this name.
        let own = graph.find(&component.name).filter(|(_, own)| std::ptr::eq(*own, component));
        let own = own.map(|(id, _)| id);
        let captures = own.map(|id| captures(graph, id, version)).unwrap_or_default();
        for (position, call) in version.calls.iter().enumerate() {
            let callee = graph.component(call.to);
            let place = at(&Place::Key(call.path.clone()), sources);
            let _ =
                writeln!(out, "    calls {}:{}  {place}", call.name, callee.ports[call.port].name);
            if let Some(capture) = captures.get(position) {
                let _ = writeln!(out, "      {}", described(graph, component, call, capture));
            }
        }
    }
    if let Some((id, _)) = graph.find(&component.name) {
        for caller in &graph.callers[id.0] {
            let _ = writeln!(out, "  called by {}", graph.title(graph.component(*caller)));
        }
    }
    for object in set.objects().iter().filter(|object| within(&object.origin, &component.path)) {
        let _ = writeln!(out, "  makes {}", object.reference());
    }
    out
}

/// Whether `path` is `ancestor` or lies below it.
fn within(path: &Path, ancestor: &Path) -> bool {
    std::iter::successors(Some(path), |path| path.parent()).any(|known| known == ancestor)
}
