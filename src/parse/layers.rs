//! The layers of an app file become one tree: environment, `--set`, defaults, versions.
//!
//! All of it happens on the spanned tree, so each value still knows where it was written, whichever
//! layer it came from.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::rule;
use super::shape::{At, Grammar};
use crate::diag::{Diagnostic, Sink, listing};
use crate::model::{Kind, Protocol};
use crate::source::{Place, Sources};
use crate::yaml::{Entry, Key, Mapping, Node, Scalar, Span, Style, Value};

/// Fields that belong to the component, not to its versions.
const COMPONENT_ONLY: [&str; 19] = [
    "kind",
    "namespace",
    "address",
    "tls",
    "ports",
    "aliases",
    "headless",
    "connect",
    "metrics",
    "expose",
    "governance",
    "serviceAccount",
    "propagates",
    "versionOf",
    "version",
    "versions",
    "traffic",
    "schedule",
    "job",
];

/// `upper` over `lower`, key by key; `null` deletes. A list, a scalar, and a mapping whose fields
/// exclude each other are replaced as a whole; a list of names adds up with another by name, and so do
/// items that have names.
pub(super) fn merge(lower: Node, upper: &Node, at: At) -> Node {
    let grammar = Grammar::app();
    if grammar.replaces(at) {
        return upper.clone();
    }
    if let (Some(item_at), Value::Sequence(_), Value::Sequence(_)) =
        (grammar.named_items(at), &lower.value, &upper.value)
    {
        return merge_named(lower, upper, item_at);
    }
    let named = grammar.names_or_settings(at);
    let lower = if named { names_as_mapping(lower) } else { lower };
    let upper = if named { names_as_mapping(upper.clone()) } else { upper.clone() };
    // A mapping over a short form goes on from what the short form says.
    let (lower, upper) = match (&lower.value, &upper.value) {
        (Value::Scalar(_), Value::Mapping(_)) => (grammar.long(lower, at), upper),
        (Value::Mapping(_), Value::Mapping(_))
            if grammar.is_short_mapping(&lower, at) != grammar.is_short_mapping(&upper, at) =>
        {
            (grammar.long(lower, at), grammar.long(upper, at))
        }
        _ => (lower, upper),
    };
    let span = lower.span;
    let (Value::Mapping(below), Value::Mapping(above)) = (lower.value, &upper.value) else {
        return upper;
    };
    let excluded =
        grammar.excluded(at, |key| above.get(key).is_some_and(|over| !over.value.is_null()));
    let mut out: Vec<Entry> = Vec::with_capacity(below.len() + above.len());
    let mut known: BTreeSet<Arc<str>> = BTreeSet::new();
    for Entry { key, value } in below.into_entries() {
        known.insert(key.text.clone());
        match above.get(&key.text) {
            None if excluded.contains(&&*key.text) => {}
            None => out.push(Entry { key, value }),
            Some(over) if over.value.is_null() => {}
            Some(over) => {
                // What is a mapping on both sides is still the one that was declared below.
                let declared = matches!(value.value, Value::Mapping(_));
                let key = if declared { key } else { over.key.clone() };
                let child = grammar.child(at, &key.text);
                out.push(Entry { value: merge(value, &over.value, child), key });
            }
        }
    }
    for entry in above.iter() {
        if !known.contains(&entry.key.text) && !entry.value.is_null() {
            let child = grammar.child(at, &entry.key.text);
            out.push(Entry { key: entry.key.clone(), value: without_nulls(&entry.value, child) });
        }
    }
    Node { value: Value::Mapping(Mapping::new(out)), span }
}

/// A list of named items over another: an item changes the one of its name, and a new one comes
/// last. The order stays.
fn merge_named(lower: Node, upper: &Node, item_at: At) -> Node {
    let name = |item: &Node| {
        item.get("name").and_then(|entry| entry.value.scalar()).map(|name| name.text.clone())
    };
    let span = lower.span;
    let Value::Sequence(items) = lower.value else { return upper.clone() };
    let mut known: BTreeMap<Arc<str>, usize> = BTreeMap::new();
    for (position, item) in items.iter().enumerate() {
        if let Some(name) = name(item) {
            known.entry(name).or_insert(position);
        }
    }
    let mut out = items;
    for item in upper.items() {
        match name(item).and_then(|name| known.get(&name)) {
            Some(position) => out[*position] = merge(out[*position].clone(), item, item_at),
            None => out.push(without_nulls(item, item_at)),
        }
    }
    Node { value: Value::Sequence(out), span }
}

/// A delta that gives versions to a component without any adds them to the one that runs: that one
/// becomes a version by its own name, as it was all along.
pub(super) fn keep_running_versions(tree: Node, delta: &Node) -> Node {
    let adds = |name: &str| {
        let component = delta.get("components").and_then(|entry| entry.value.get(name));
        component.is_some_and(|entry| entry.value.get("versions").is_some())
    };
    let (tree, taken) = take(tree, "components");
    let Some(Entry { key, value: components }) = taken else { return tree };
    let span = components.span;
    let Value::Mapping(mapping) = components.value else {
        return put(tree, Entry { key, value: components });
    };
    let keep = |Entry { key, value }: Entry| {
        let runs = value.get("image").is_some() && value.get("versions").is_none();
        if !runs || !adds(&key.text) {
            return Entry { key, value };
        }
        let (value, version) = take(value, "version");
        let name = version.and_then(|entry| entry.value.scalar().map(|name| name.text.clone()));
        let span = key.span;
        let version = Entry {
            key: Key { text: name.unwrap_or_else(|| "v1".into()), span },
            value: Node { value: Value::Mapping(Mapping::default()), span },
        };
        let versions = Entry {
            key: Key { text: "versions".into(), span },
            value: Node { value: Value::Mapping(Mapping::new(vec![version])), span },
        };
        Entry { key, value: put(value, versions) }
    };
    let entries: Vec<Entry> = mapping.into_entries().into_iter().map(keep).collect();
    let value = Node { value: Value::Mapping(Mapping::new(entries)), span };
    put(tree, Entry { key, value })
}

/// A delta that adds something deletes nothing in it. What is not ours keeps its nulls: they mean
/// something there.
fn without_nulls(node: &Node, at: At) -> Node {
    let grammar = Grammar::app();
    let Value::Mapping(mapping) = &node.value else { return node.clone() };
    if grammar.is_free(at) {
        return node.clone();
    }
    let value = |entry: &Entry| without_nulls(&entry.value, grammar.child(at, &entry.key.text));
    let entries = mapping
        .iter()
        .filter(|entry| !entry.value.is_null())
        .map(|entry| Entry { key: entry.key.clone(), value: value(entry) })
        .collect();
    Node { value: Value::Mapping(Mapping::new(entries)), span: node.span }
}

/// The tree without the entry `key`, and that entry.
pub(super) fn take(node: Node, key: &str) -> (Node, Option<Entry>) {
    let span = node.span;
    let Value::Mapping(mapping) = node.value else { return (node, None) };
    let mut taken = None;
    let mut rest = mapping.into_entries();
    if let Some(position) = rest.iter().position(|entry| &*entry.key.text == key) {
        taken = Some(rest.remove(position));
    }
    (Node { value: Value::Mapping(Mapping::new(rest)), span }, taken)
}

/// Turns `--set a.b=value` into a delta whose places lead into the text of the option itself. A
/// name with dots in it stands in double quotes: `a."b.c"=value`.
pub(super) fn from_setting(setting: &str, sources: &mut Sources) -> Result<Node, String> {
    let steps = steps(setting)?;
    let file = sources.add_setting(setting);
    let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    let span = |from: usize, to: usize| Span { file, start: offset(from), end: offset(to) };
    let value = steps.last().map_or(0, |(_, end)| end + 1);
    // Only the word `null` deletes; nothing at all is the empty text.
    let style = if value == setting.len() { Style::DoubleQuoted } else { Style::Plain };
    let mut node = Node {
        value: Value::Scalar(Scalar { text: setting[value..].into(), style }),
        span: span(value, setting.len()),
    };
    for (start, end) in steps.into_iter().rev() {
        let key =
            Key { text: setting[start..end].trim_matches('"').into(), span: span(start, end) };
        let entry = Entry { key, value: node };
        let value = Value::Mapping(Mapping::new(vec![entry]));
        node = Node { value, span: span(start, setting.len()) };
    }
    Ok(node)
}

/// Where each step of a path begins and ends, quotes included; the last ends at the `=`.
fn steps(setting: &str) -> Result<Vec<(usize, usize)>, String> {
    let mut steps = Vec::new();
    let mut start = 0;
    let mut quoted = false;
    for (at, byte) in setting.bytes().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'.' | b'=' if !quoted => {
                if setting[start..at].trim_matches('"').is_empty() {
                    return Err(format!("`--set {setting}` has an empty step in its path"));
                }
                steps.push((start, at));
                start = at + 1;
                if byte == b'=' {
                    return Ok(steps);
                }
            }
            _ => {}
        }
    }
    Err(format!("`--set {setting}` has no `=`; write PATH=VALUE"))
}

/// Reports each name in a `--set` path that the tree does not have, where the name is the author's,
/// and each list that it leads to. Yields whether nothing was wrong.
pub(super) fn check_setting(tree: &Node, delta: &Node, sink: &mut Sink) -> bool {
    // Names under these may be new: their values are complete by themselves.
    const OPEN: [&str; 14] = [
        "env",
        "labels",
        "annotations",
        "split",
        "hosts",
        "selector",
        "files",
        "volumes",
        "connect",
        "nodes",
        "tolerations",
        "together",
        "apart",
        "aliases",
    ];
    const NAMED: [&str; 4] = ["components", "versions", "ports", "params"];
    if let Some(list) = list_on_the_way(delta) {
        let name = &list.key.text;
        let title = format!("`{name}` is a list, and `--set` cannot set lists or their items");
        let place = Place::Bytes(list.key.span);
        let label = "only `null` can be set here, which deletes it";
        sink.report(
            Diagnostic::new(&rule::UNKNOWN_PATH, title, place, label)
                .help(format!("write `{name}` in the file, or in an environment of it")),
        );
        return false;
    }
    let (mut tree, mut delta) = (tree, delta);
    let mut parent = "";
    while let Some(entry) = delta.entries().first() {
        let below = tree.get(&entry.key.text);
        if OPEN.contains(&parent) {
            return true;
        }
        if NAMED.contains(&parent) && below.is_none() {
            let known: Vec<&str> = tree.entries().iter().map(|entry| &*entry.key.text).collect();
            sink.report(
                Diagnostic::new(
                    &rule::UNKNOWN_PATH,
                    format!("there is no `{}` in `{parent}`", entry.key.text),
                    Place::Bytes(entry.key.span),
                    "not declared in the file",
                )
                .suggest(&entry.key.text, known),
            );
            return false;
        }
        let Some(below) = below else {
            let inner = entry.value.entries().first();
            if let (true, Some(inner)) = (NAMED.contains(&&*entry.key.text), inner) {
                let title = format!("there is no `{}` in `{}`", inner.key.text, entry.key.text);
                let place = Place::Bytes(inner.key.span);
                let label = "the file declares none";
                sink.report(Diagnostic::new(&rule::UNKNOWN_PATH, title, place, label));
                return false;
            }
            return true;
        };
        parent = &entry.key.text;
        tree = &below.value;
        delta = &entry.value;
    }
    true
}

/// The first field in the path of a `--set` that is a list, unless it is deleted as a whole. A list
/// of names that counts as a mapping is none.
fn list_on_the_way(delta: &Node) -> Option<&Entry> {
    let grammar = Grammar::delta();
    let (mut at, mut delta) = (Grammar::ROOT, delta);
    while let Some(entry) = delta.entries().first() {
        at = grammar.child(at, &entry.key.text);
        if grammar.only_a_list(at) && !entry.value.is_null() {
            return Some(entry);
        }
        delta = &entry.value;
    }
    None
}

/// Brings components into the one form that the model has: flat versions nested, dependencies as
/// mappings, defaults and the component's own settings under each version.
pub(super) fn settle(tree: Node, sink: &mut Sink) -> Node {
    let grammar = Grammar::app();
    let components_at = grammar.child(Grammar::ROOT, "components");
    let component_at = grammar.child(components_at, "");
    let versions_at = grammar.child(component_at, "versions");
    let version_at = grammar.child(versions_at, "");
    let tree = settle_dapr(tree);
    let (tree, defaults) = take(tree, "defaults");
    let (tree, components) = take(tree, "components");
    let Some(Entry { key, value: components }) = components else { return tree };
    let span = components.span;
    let Value::Mapping(mapping) = components.value else {
        return put(tree, Entry { key, value: components });
    };
    let defaults = defaults.map(|entry| lists_as_maps(entry.value));
    let entries = nest_flat_form(mapping.into_entries(), sink);
    let mut out = Vec::with_capacity(entries.len());
    for Entry { key, value } in entries {
        let mut component = lists_as_maps(value);
        let external = kind(&component) == "external";
        if let Some(defaults) = &defaults
            && !external
            && matches!(component.value, Value::Mapping(_))
        {
            let mut defaults = defaults.clone();
            if !speaks_http(&component) {
                defaults = take(defaults, "traffic").0;
            }
            for field in without_effect(kind(&component)) {
                defaults = take(defaults, field).0;
            }
            defaults = usable(defaults, kind(&component));
            component = merge(defaults, &component, component_at);
        }
        if component.get("versions").is_some() {
            component = spread_over_versions(component, version_at);
        }
        out.push(Entry { key, value: component });
    }
    let value = Node { value: Value::Mapping(Mapping::new(out)), span };
    put(tree, Entry { key, value })
}

/// What a kind can use of how `defaults` operate a component.
fn usable(defaults: Node, kind: &str) -> Node {
    let kind = Kind::named(kind).unwrap_or(Kind::Deployment);
    let mut kept = defaults;
    for field in ["replicas", "autoscale", "disruption"] {
        if !kind.uses(field) {
            kept = take(kept, field).0;
        }
    }
    let (rest, rollout) = take(kept, "rollout");
    let Some(Entry { key, value: rollout }) = rollout else { return rest };
    let span = rollout.span;
    let Value::Mapping(mapping) = rollout.value else {
        return put(rest, Entry { key, value: rollout });
    };
    let fits = |entry: &Entry| {
        let word = entry.value.scalar().map_or("", |word| &*word.text);
        kind.uses(&entry.key.text) && (&*entry.key.text != "strategy" || kind.rolls_by(word))
    };
    let entries: Vec<Entry> = mapping.into_entries().into_iter().filter(fits).collect();
    put(rest, Entry { key, value: Node { value: Value::Mapping(Mapping::new(entries)), span } })
}

/// The kind of a component, as written.
fn kind(component: &Node) -> &str {
    component.get("kind").and_then(|entry| entry.value.scalar()).map_or("", |kind| &kind.text)
}

/// The fields of `defaults` that a kind has no use for.
fn without_effect(kind: &str) -> &'static [&'static str] {
    match kind {
        "job" | "cronjob" => &[],
        _ => &["job"],
    }
}

/// Whether a port of the component is HTTP by its name or field; others have no use for the
/// traffic that `defaults` describe.
fn speaks_http(component: &Node) -> bool {
    let ports = component.get("ports").map(|ports| ports.value.entries()).unwrap_or_default();
    ports.iter().any(|port| {
        let field = port.value.get("protocol").and_then(|entry| entry.value.scalar());
        let name = field.map_or(&*port.key.text, |protocol| &*protocol.text);
        Protocol::named(name).is_some_and(Protocol::is_http)
    })
}

fn put(tree: Node, entry: Entry) -> Node {
    let span = tree.span;
    let Value::Mapping(mapping) = tree.value else { return tree };
    let mut entries = mapping.into_entries();
    entries.push(entry);
    Node { value: Value::Mapping(Mapping::new(entries)), span }
}

/// What Dapr offers, with dependencies as mappings.
fn settle_dapr(tree: Node) -> Node {
    let within = |tree: Node, field: &str, settle: &dyn Fn(Node) -> Node| {
        let (tree, taken) = take(tree, field);
        let Some(Entry { key, value }) = taken else { return tree };
        put(tree, Entry { key, value: settle(value) })
    };
    let each = |components: Node| {
        let span = components.span;
        let Value::Mapping(mapping) = components.value else { return components };
        let settled = |Entry { key, value }| Entry { key, value: lists_as_maps(value) };
        let entries = mapping.into_entries().into_iter().map(settled).collect();
        Node { value: Value::Mapping(Mapping::new(entries)), span }
    };
    within(tree, "dapr", &|dapr| within(dapr, "components", &each))
}

/// `dependsOn: [a, b]` as `dependsOn: { a: {}, b: {} }`, so that layers add up by name; and so for
/// aliases.
fn lists_as_maps(component: Node) -> Node {
    let list = |component: &Node, field: &str| {
        matches!(component.get(field).map(|e| &e.value.value), Some(Value::Sequence(_)))
    };
    let as_map = |component: Node, field: &str| {
        if !list(&component, field) {
            return component;
        }
        let (component, taken) = take(component, field);
        let Some(Entry { key, value }) = taken else { return component };
        put(component, Entry { key, value: names_as_mapping(value) })
    };
    ["dependsOn", "aliases"].into_iter().fold(component, as_map)
}

/// A list of names as a mapping from each to nothing; anything else as it is.
fn names_as_mapping(node: Node) -> Node {
    let Value::Sequence(items) = &node.value else { return node };
    let entry = |item: &Node| {
        let name = item.scalar()?.text.clone();
        let empty = Node { value: Value::Mapping(Mapping::default()), span: item.span };
        Some(Entry { key: Key { text: name, span: item.span }, value: empty })
    };
    let entries = items.iter().filter_map(entry).collect();
    Node { value: Value::Mapping(Mapping::new(entries)), span: node.span }
}

fn spread_over_versions(component: Node, version_at: At) -> Node {
    let (component, taken) = take(component, "versions");
    let Some(Entry { key, value: versions }) = taken else { return component };
    let span = versions.span;
    let Value::Mapping(mapping) = versions.value else {
        return put(component, Entry { key, value: versions });
    };
    let shared: Vec<Entry> = component
        .entries()
        .iter()
        .filter(|entry| !COMPONENT_ONLY.contains(&&*entry.key.text))
        .cloned()
        .collect();
    let shared = Node { value: Value::Mapping(Mapping::new(shared)), span: component.span };
    let spread = |entry: Entry| {
        let version = lists_as_maps(entry.value);
        Entry { key: entry.key, value: merge(shared.clone(), &version, version_at) }
    };
    let versions: Vec<Entry> = mapping.into_entries().into_iter().map(spread).collect();
    let value = Node { value: Value::Mapping(Mapping::new(versions)), span };
    put(component, Entry { key, value })
}

/// Moves each `NAME-VERSION: { versionOf: NAME, version: VERSION, … }` under its component.
fn nest_flat_form(entries: Vec<Entry>, sink: &mut Sink) -> Vec<Entry> {
    if !entries.iter().any(|entry| entry.value.get("versionOf").is_some()) {
        return entries;
    }
    let mut flat: BTreeMap<Arc<str>, Vec<(Entry, Key)>> = BTreeMap::new();
    let mut rest: Vec<Entry> = Vec::new();
    for Entry { key, value } in entries {
        let text =
            |field: &str| value.get(field).and_then(|e| e.value.scalar()).map(|s| s.text.clone());
        let (Some(owner), version) = (text("versionOf"), text("version")) else {
            rest.push(Entry { key, value });
            continue;
        };
        let version = version.unwrap_or_else(|| "v1".into());
        if *key.text != format!("{owner}-{version}") {
            let place = Place::Bytes(key.span);
            sink.report(
                Diagnostic::new(
                    &rule::VERSION_OF_NOTHING,
                    format!("`{}` cannot be version `{version}` of `{owner}`", key.text),
                    place,
                    "the name does not fit",
                )
                .help(format!("name it `{owner}-{version}`")),
            );
            continue;
        }
        let named = Key { text: version, span: key.span };
        flat.entry(owner).or_default().push((Entry { key, value }, named));
    }
    for (owner, members) in flat {
        let position = rest.iter().position(|entry| entry.key.text == owner);
        let home = match position {
            Some(position) => rest.remove(position),
            None => match shared_shell(&owner, &members, sink) {
                Some(shell) => shell,
                None => continue,
            },
        };
        let (component, versions) = take(home.value, "versions");
        let (span, key) = (component.span, home.key.span);
        let mut nested = match versions {
            Some(Entry { value: Node { value: Value::Mapping(mapping), .. }, .. }) => {
                mapping.into_entries()
            }
            _ => Vec::new(),
        };
        for (member, named) in members {
            let (value, _) = take(member.value, "versionOf");
            let (value, _) = take(value, "version");
            let strays: Vec<&str> = value
                .entries()
                .iter()
                .map(|entry| &*entry.key.text)
                .filter(|field| COMPONENT_ONLY.contains(field) && position.is_some())
                .collect();
            if !strays.is_empty() {
                let title =
                    format!("{} of `{}` belongs to `{owner}`", listing(&strays), member.key.text);
                let place = Place::Bytes(member.key.span);
                sink.report(
                    Diagnostic::new(
                        &rule::VERSION_OF_NOTHING,
                        title,
                        place,
                        "a version of another component",
                    )
                    .help(format!("move it to `{owner}`")),
                );
            }
            let kept: Vec<Entry> = value
                .entries()
                .iter()
                .filter(|entry| !COMPONENT_ONLY.contains(&&*entry.key.text))
                .cloned()
                .collect();
            let value = Node { value: Value::Mapping(Mapping::new(kept)), span: value.span };
            if let Some(first) = nested.iter().find(|known| known.key.text == named.text) {
                let title = format!("version `{}` of `{owner}` is written twice", named.text);
                let place = Place::Bytes(named.span);
                sink.report(
                    Diagnostic::new(&rule::VERSION_OF_NOTHING, title, place, "in the flat form")
                        .also(Place::Bytes(first.key.span), "and here")
                        .help("keep one of the two"),
                );
                continue;
            }
            nested.push(Entry { key: named, value });
        }
        let versions = Node { value: Value::Mapping(Mapping::new(nested)), span };
        let field = Key { text: "versions".into(), span: key };
        let component = put(component, Entry { key: field, value: versions });
        rest.push(Entry { key: home.key, value: component });
    }
    rest
}

/// Versions without a component beside them make one, if they agree on what belongs to it.
fn shared_shell(owner: &Arc<str>, members: &[(Entry, Key)], sink: &mut Sink) -> Option<Entry> {
    let (first, _) = members.first()?;
    let belongs = |entry: &&Entry| {
        COMPONENT_ONLY.contains(&&*entry.key.text)
            && !matches!(&*entry.key.text, "versionOf" | "version")
    };
    let shell: Vec<Entry> = first.value.entries().iter().filter(belongs).cloned().collect();
    let grammar = Grammar::app();
    let fields = |node: &Node| -> Vec<(String, serde_json::Value)> {
        let at = grammar.child(grammar.child(Grammar::ROOT, "components"), "");
        let mut fields: Vec<_> = node
            .entries()
            .iter()
            .filter(belongs)
            .map(|entry| {
                let child = grammar.child(at, &entry.key.text);
                (entry.key.text.to_string(), grammar.value(&entry.value, child))
            })
            .collect();
        fields.sort_by(|a, b| a.0.cmp(&b.0));
        fields
    };
    for (member, _) in &members[1..] {
        if fields(&member.value) != fields(&first.value) {
            let title =
                format!("the versions of `{owner}` disagree on what belongs to the component");
            sink.report(
                Diagnostic::new(
                    &rule::VERSION_OF_NOTHING,
                    title,
                    Place::Bytes(member.key.span),
                    "differs",
                )
                .also(Place::Bytes(first.key.span), "from this one")
                .help(format!("declare a component `{owner}` with its ports, aliases and traffic")),
            );
            return None;
        }
    }
    let span = first.value.span;
    let key = Key { text: owner.clone(), span: first.key.span };
    Some(Entry { key, value: Node { value: Value::Mapping(Mapping::new(shell)), span } })
}
