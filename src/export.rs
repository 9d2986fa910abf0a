//! The graph as a picture: for the terminal, for documents, for programs.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt::Write;

use serde_json::{Value, json};

use crate::graph::{Block, Component, Entry, Graph, PathMatch, Version};
use crate::model::Kind;

/// One edge as drawn: from a version of a component to the name it calls.
struct Edge<'g> {
    component: &'g Component,
    version: &'g Version,
    to: &'g Component,
    name: Cow<'g, str>,
    port: &'g str,
    optional: bool,
    /// The app id that is called through the sidecars of Dapr.
    app_id: Option<String>,
}

fn edges<'g>(graph: &'g Graph, component: &'g Component) -> Vec<Edge<'g>> {
    let calls = component
        .versions
        .iter()
        .flat_map(|version| version.calls.iter().map(move |call| (version, call)));
    calls
        .map(|(version, call)| {
            let to = graph.component(call.to);
            Edge {
                component,
                version,
                to,
                name: match to.app {
                    0 => Cow::Borrowed(&*call.name),
                    app => Cow::Owned(format!("{}/{}", graph.apps[app].name, call.name)),
                },
                port: &to.ports[call.port].name,
                optional: call.optional,
                app_id: call.invoked.map(|version| to.app_id(&to.versions[version])),
            }
        })
        .collect()
}

/// The edges that lead from other apps to this one.
fn strangers(graph: &Graph) -> Vec<Edge<'_>> {
    let others = &graph.components[graph.own().len()..];
    others.iter().flat_map(|other| edges(graph, other)).filter(|edge| edge.to.app == 0).collect()
}

/// The same, once for each caller and name: a drawing shows another app without its versions.
fn drawn_strangers(graph: &Graph) -> Vec<Edge<'_>> {
    let mut edges = strangers(graph);
    edges.dedup_by_key(|edge| (graph.title(edge.component), edge.name.clone(), edge.port));
    edges
}

/// The components of other apps that call this one or are called by it, each once.
fn neighbours(graph: &Graph) -> Vec<&Component> {
    let theirs = strangers(graph).into_iter().map(|edge| edge.component);
    let ours = graph.own().iter().flat_map(|component| edges(graph, component));
    let mut neighbours: Vec<&Component> =
        ours.map(|edge| edge.to).chain(theirs).filter(|component| component.app != 0).collect();
    neighbours.sort_by_key(|component| graph.title(component));
    neighbours.dedup_by_key(|component| graph.title(component));
    neighbours
}

/// How calls that no rule takes reach a version, in percent, where the file says so.
fn share(component: &Component, version: usize) -> Option<u8> {
    let split = component.traffic.split.as_ref()?;
    Some(split.iter().find(|share| share.version == version).map_or(0, |share| share.percent))
}

/// What a drawing says of a version beside its name.
fn share_label(component: &Component, version: usize) -> String {
    let by_rule = reached_by_rule(component, version);
    match share(component, version) {
        Some(0) if by_rule => " by rule".into(),
        Some(percent) if by_rule => format!(" {percent} % and by rule"),
        Some(percent) => format!(" {percent} %"),
        None if by_rule => " and by rule".into(),
        None => String::new(),
    }
}

fn reached_by_rule(component: &Component, version: usize) -> bool {
    let shares = component.traffic.rules.iter().flat_map(|rule| rule.to.iter().flatten());
    shares.into_iter().any(|share| share.version == version && share.percent > 0)
}

fn paths(entry: &Entry) -> Vec<String> {
    if entry.via.is_blind() || entry.own_port.is_some() {
        return Vec::new();
    }
    let text = |path: &PathMatch| match path {
        PathMatch::Exact(text) => text.clone(),
        PathMatch::Prefix(text) if text == "/" => "/*".into(),
        PathMatch::Prefix(text) => format!("{text}/*"),
        PathMatch::StartsWith(text) => format!("{text}*"),
    };
    entry.paths_or_all().iter().map(text).collect()
}

fn hosts(entry: &Entry) -> String {
    match (entry.own_port, entry.hosts.as_slice()) {
        _ if entry.via.is_blind() => entry.via.title().into(),
        (Some(port), _) => format!("port {port}"),
        (None, []) => "*".into(),
        (None, hosts) => hosts.join(", "),
    }
}

/// What a drawing says of an entry: its hosts, or, where there are none, what stands before which
/// port.
fn door(component: &Component, entry: &Entry) -> String {
    let label = hosts(entry).replace('"', "");
    match entry.via.is_blind() {
        true => format!("{label}, {}", component.ports[entry.port].name),
        false => label,
    }
}

/// Lines for a terminal: who calls whom, and which version gets what.
pub fn text(graph: &Graph) -> String {
    let lines = lines(graph);
    lines.lines().flat_map(|line| [line.trim_end(), "\n"]).collect()
}

fn lines(graph: &Graph) -> String {
    let mut out = format!(
        "{}  {}, namespace {}, {} component{}\n",
        graph.name,
        graph.governance.name(),
        graph.namespace,
        graph.own().len(),
        if graph.own().len() == 1 { "" } else { "s" }
    );
    for component in graph.own() {
        for entry in &component.entries {
            let port = &component.ports[entry.port].name;
            let _ = writeln!(
                out,
                "(outside) → {}:{port}  {} {}",
                component.name,
                hosts(entry),
                paths(entry).join(" ")
            );
        }
    }
    for edge in drawn_strangers(graph) {
        let _ = writeln!(out, "({}) → {}:{}", graph.title(edge.component), edge.name, edge.port);
    }
    for component in graph.own() {
        let ports: Vec<String> =
            component.ports.iter().map(|port| format!("{}:{}", port.name, port.port)).collect();
        let kind = match component.kind {
            Kind::Deployment => String::new(),
            other => format!("  {}", other.name()),
        };
        let place = match component.namespace == graph.namespace {
            true => String::new(),
            false => format!("  in namespace {}", component.namespace),
        };
        let _ = writeln!(out, "{}{kind}  {}{place}", component.name, ports.join(" "));
        if component.versioned {
            for (position, version) in component.versions.iter().enumerate() {
                let share = match (share(component, position), reached_by_rule(component, position))
                {
                    (Some(percent), true) => format!("{percent} %, and by rule"),
                    (Some(percent), false) => format!("{percent} %"),
                    (None, true) => "by replicas, and by rule".into(),
                    (None, false) => "by replicas".into(),
                };
                let _ = writeln!(out, "  {}  {share}", version.name);
            }
        }
        for edge in edges(graph, component) {
            let from = match component.versioned {
                true => format!("{} ", edge.version.name),
                false => String::new(),
            };
            let optional = if edge.optional { "  (optional)" } else { "" };
            let whose = match *edge.name == *graph.title(edge.to) {
                true => String::new(),
                false => format!("  ({})", graph.title(edge.to)),
            };
            let _ = writeln!(out, "  {from}→ {}:{}{whose}{optional}", edge.name, edge.port);
        }
        for name in used(graph, component) {
            let _ = writeln!(out, "  uses {name}");
        }
        let mut after: Vec<&str> = component
            .versions
            .iter()
            .flat_map(|version| &version.start_after)
            .map(|(id, _)| &*graph.component(*id).name)
            .collect();
        after.sort_unstable();
        after.dedup();
        for name in after {
            let _ = writeln!(out, "  after {name}");
        }
    }
    for block in &graph.dapr.blocks {
        let _ = writeln!(out, "{}  {} of Dapr", block.name, &*block.kind);
    }
    out
}

/// What a component uses of what Dapr offers.
fn used<'g>(graph: &'g Graph, component: &Component) -> Vec<&'g str> {
    let all = component.versions.iter().flat_map(|version| &version.blocks);
    let names: BTreeSet<usize> = all.map(|(block, _)| *block).collect();
    names.into_iter().map(|block| &*graph.dapr.blocks[block].name).collect()
}

/// The graph as data, `weft.graph/v1`.
pub fn json(graph: &Graph) -> Value {
    let components: Vec<Value> = graph
        .own()
        .iter()
        .map(|component| {
            json!({
                "name": component.name,
                "kind": component.kind.name(),
                "namespace": component.namespace,
                "addresses": component.addresses.iter().map(|(address, _)| address).collect::<Vec<_>>(),
                "aliases": component.aliases.iter().map(|alias| &alias.name).collect::<Vec<_>>(),
                "propagates": component.propagates,
                "ports": component.ports.iter().map(|port| json!({
                    "name": port.name,
                    "port": port.port,
                    "target": port.target,
                    "protocol": port.protocol.name(),
                    "internal": port.internal,
                })).collect::<Vec<_>>(),
                "entries": component.entries.iter().map(|entry| json!({
                    "port": component.ports[entry.port].name,
                    "hosts": entry.hosts,
                    "paths": paths(entry),
                })).collect::<Vec<_>>(),
                "versions": component.versions.iter().enumerate().map(|(position, version)| json!({
                    "name": version.name,
                    "workload": version.workload,
                    "image": version.container.image,
                    "share": share(component, position),
                    "rule": reached_by_rule(component, position),
                })).collect::<Vec<_>>(),
            })
        })
        .collect();
    let mut all = Vec::new();
    let inside = graph.own().iter().flat_map(|component| edges(graph, component));
    for edge in inside.chain(strangers(graph)) {
        let mut drawn = json!({
            "kind": "calls",
            "from": edge.version.workload,
            "component": graph.title(edge.component),
            "version": edge.version.name,
            "to": edge.name,
            "callee": graph.title(edge.to),
            "port": edge.port,
            "optional": edge.optional,
        });
        if let Some(id) = edge.app_id {
            drawn["through"] = json!({ "dapr": id });
        }
        all.push(drawn);
    }
    let starts: Vec<Value> = graph
        .own()
        .iter()
        .flat_map(|component| component.versions.iter().map(move |version| (component, version)))
        .flat_map(|(component, version)| {
            version.start_after.iter().map(move |(id, _)| {
                json!({
                    "from": version.workload,
                    "component": component.name,
                    "to": graph.component(*id).name,
                })
            })
        })
        .collect();
    let mut out = json!({
        "schema": "weft.graph/v1",
        "name": graph.name,
        "governance": graph.governance.name(),
        "namespace": graph.namespace,
        "uses": graph.apps[0].uses.iter().map(|(app, _)| &graph.apps[*app].name).collect::<Vec<_>>(),
        "components": components,
        "edges": all,
        "startAfter": starts,
    });
    let offered: Vec<Value> =
        graph.dapr.blocks.iter().enumerate().map(|(at, block)| offered(graph, at, block)).collect();
    if !offered.is_empty() {
        out["offered"] = offered.into();
    }
    out
}

/// What sidecars of Dapr offer, and to whom.
fn offered(graph: &Graph, at: usize, block: &Block) -> Value {
    let versions = graph.own().iter().flat_map(|component| &component.versions);
    let users = versions.filter(|version| version.blocks.iter().any(|(used, _)| *used == at));
    let users: Vec<&str> = users.map(|version| &*version.workload).collect();
    json!({ "name": block.name, "type": &*block.kind, "to": users })
}

/// A Mermaid flow chart, as Markdown renderers draw it.
pub fn mermaid(graph: &Graph) -> String {
    let mut out = String::from("flowchart LR\n");
    let mut outside = false;
    for component in graph.own() {
        if component.versioned {
            let name = &component.name;
            let _ = writeln!(out, "  subgraph {}[\"{name}\"]", id(name));
            for (position, version) in component.versions.iter().enumerate() {
                let share = share_label(component, position);
                let node = id(&version.workload);
                let _ = writeln!(out, "    {node}[\"{}{share}\"]", version.name);
            }
            out.push_str("  end\n");
        } else {
            let (open, close) = match component.kind {
                Kind::External => ("[/", "/]"),
                Kind::StatefulSet => ("[(", ")]"),
                _ => ("[", "]"),
            };
            let _ = writeln!(out, "  {}{open}\"{}\"{close}", id(&component.name), component.name);
        }
        outside |= !component.entries.is_empty();
    }
    for block in &graph.dapr.blocks {
        let _ = writeln!(out, "  {}[(\"{}\")]", id(&block.name), block.name);
    }
    for other in neighbours(graph) {
        let title = graph.title(other);
        let _ = writeln!(out, "  {}[[\"{title}\"]]", id(&title));
    }
    if outside {
        out.push_str("  outside((outside))\n");
    }
    for edge in drawn_strangers(graph) {
        let line = if edge.optional { "-.->" } else { "-->" };
        let (from, to) = (graph.title(edge.component), &edge.to.name);
        let _ = writeln!(out, "  {} {line}|{}| {}", id(&from), edge.port, id(to));
    }
    for component in graph.own() {
        for entry in &component.entries {
            let label = door(component, entry);
            let _ = writeln!(out, "  outside -->|\"{label}\"| {}", id(&component.name));
        }
        for edge in edges(graph, component) {
            let line = if edge.optional { "-.->" } else { "-->" };
            let _ = writeln!(
                out,
                "  {} {line}|{}| {}",
                id(node_of(&edge)),
                edge.port,
                id(&graph.title(edge.to))
            );
        }
        for (node, name) in uses(graph, component) {
            let _ = writeln!(out, "  {} -->|uses| {}", id(node), id(name));
        }
    }
    out
}

/// A Graphviz digraph.
pub fn dot(graph: &Graph) -> String {
    let mut out = format!(
        "digraph \"{}\" {{\n  rankdir=LR; compound=true; node [shape=box, style=rounded];\n",
        graph.name
    );
    let mut outside = false;
    for component in graph.own() {
        outside |= !component.entries.is_empty();
        if !component.versioned {
            let shape = match component.kind {
                Kind::StatefulSet => "cylinder",
                Kind::External => "parallelogram",
                _ => "box",
            };
            let _ = writeln!(out, "  \"{}\" [shape={shape}];", component.name);
            continue;
        }
        let _ = writeln!(out, "  subgraph \"cluster_{0}\" {{ label=\"{0}\";", component.name);
        for (position, version) in component.versions.iter().enumerate() {
            let share = share_label(component, position);
            let _ =
                writeln!(out, "    \"{}\" [label=\"{}{share}\"];", version.workload, version.name);
        }
        out.push_str("  }\n");
    }
    for block in &graph.dapr.blocks {
        let _ = writeln!(out, "  \"{}\" [shape=cylinder];", block.name);
    }
    for other in neighbours(graph) {
        let _ = writeln!(out, "  \"{}\" [shape=component];", graph.title(other));
    }
    if outside {
        out.push_str("  \"(outside)\" [shape=plaintext];\n");
    }
    for edge in drawn_strangers(graph) {
        let (node, head) = target(graph, edge.to);
        let from = graph.title(edge.component);
        let _ = writeln!(out, "  \"{from}\" -> \"{node}\" [label=\"{}\"{head}];", edge.port);
    }
    for component in graph.own() {
        for entry in &component.entries {
            let (node, head) = target(graph, component);
            let label = door(component, entry);
            let _ = writeln!(out, "  \"(outside)\" -> \"{node}\" [label=\"{label}\"{head}];");
        }
        for edge in edges(graph, component) {
            let (node, head) = target(graph, edge.to);
            let style = if edge.optional { ", style=dashed" } else { "" };
            let _ = writeln!(
                out,
                "  \"{}\" -> \"{node}\" [label=\"{}\"{head}{style}];",
                node_of(&edge),
                edge.port
            );
        }
        for (node, name) in uses(graph, component) {
            let _ = writeln!(out, "  \"{node}\" -> \"{name}\" [label=\"uses\"];");
        }
    }
    out.push_str("}\n");
    out
}

/// What the versions of a component use of what Dapr offers: their nodes, and its.
fn uses<'g>(graph: &'g Graph, component: &'g Component) -> Vec<(&'g str, &'g str)> {
    let node = |version: &'g Version| match component.versioned {
        true => &*version.workload,
        false => &*component.name,
    };
    let uses = component.versions.iter().flat_map(|version| {
        let used = version.blocks.iter().map(|(block, _)| &*graph.dapr.blocks[*block].name);
        used.map(move |name| (node(version), name))
    });
    uses.collect()
}

fn node_of<'g>(edge: &Edge<'g>) -> &'g str {
    if edge.component.versioned { &edge.version.workload } else { &edge.component.name }
}

/// Graphviz draws an edge to a cluster as one to a member that stops at the border.
fn target<'g>(graph: &'g Graph, component: &'g Component) -> (Cow<'g, str>, String) {
    match component.versions.first() {
        Some(version) if component.versioned && component.app == 0 => {
            let head = format!(", lhead=\"cluster_{}\"", component.name);
            (Cow::Borrowed(&*version.workload), head)
        }
        _ => (graph.title(component), String::new()),
    }
}

/// Mermaid takes some words (`end`, `graph`, `style`) for its own; a prefix keeps them apart.
fn id(name: &str) -> String {
    format!("n-{}", name.replace('/', "__"))
}
