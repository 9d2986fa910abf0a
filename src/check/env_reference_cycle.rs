use super::Finder;
use std::collections::{BTreeMap, BTreeSet};

use crate::diag::{Diagnostic, Rule, Severity};
use crate::model::EnvValue;
use crate::source::Place;

/// `env-reference-cycle`: environment variables refer to each other in a circle.
pub(super) static ENV_REFERENCE_CYCLE: Rule = Rule {
    code: "env-reference-cycle",
    severity: Severity::Error,
    summary: "environment variables refer to each other in a circle",
    explain: "Kubernetes replaces `$(NAME)` by the value of a variable that stands before it in the list. weft orders the list so that every reference works; in a circle none can.",
    wrong: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "    env: { A: \"$(B)\", B: \"$(A)\" }\n",
    ),
    right: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "    env: { A: \"$(B)/x\", B: \"b\" }\n",
    ),
};

/// References among variables have an order.
pub(super) fn check(find: &mut Finder<'_>) {
    let versions = find.graph.components.iter().flat_map(|component| &component.versions);
    let containers = versions.flat_map(|version| {
        // Those beside the component's own are told nothing of its calls.
        version
            .containers()
            .enumerate()
            .map(|(at, one)| (one, if at == 0 { version.calls.as_slice() } else { &[] }))
    });
    for (container, calls) in containers {
        let variables = container.variables(calls);
        let (_, stuck) = ordered(&variables);
        let Some(first) = stuck.first() else { continue };
        let places = container.variable_places(calls);
        let place = |name: &str| Place::Key(places.get(name).unwrap_or(&container.path).clone());
        let title =
            format!("environment variables refer to each other in a circle: {}", stuck.join(", "));
        let mut diagnostic =
            Diagnostic::new(&ENV_REFERENCE_CYCLE, title, place(first), "waits for another");
        for name in &stuck[1..] {
            diagnostic = diagnostic.also(place(name), "waits for another");
        }
        find.report(
            diagnostic
                .help("write one of them without a reference, or `$$(NAME)` for the text itself"),
        );
    }
}

/// The names in an order in which every `$(NAME)` comes after `NAME`, by name where that leaves a
/// choice; and the names that have no such order.
pub fn ordered(env: &BTreeMap<String, EnvValue>) -> (Vec<&str>, Vec<&str>) {
    let mut waits: BTreeMap<&str, usize> = BTreeMap::new();
    let mut later: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, value) in env {
        let needed: Vec<&str> = match value {
            EnvValue::Text(text) => {
                references(text).into_iter().filter(|other| env.contains_key(*other)).collect()
            }
            _ => Vec::new(),
        };
        waits.insert(name, needed.len());
        needed.into_iter().for_each(|other| later.entry(other).or_default().push(name));
    }
    let mut ready: BTreeSet<&str> =
        waits.iter().filter(|(_, count)| **count == 0).map(|(name, _)| *name).collect();
    let mut order = Vec::with_capacity(env.len());
    while let Some(name) = ready.pop_first() {
        order.push(name);
        waits.remove(name);
        for waiting in later.remove(name).unwrap_or_default() {
            if let Some(count) = waits.get_mut(waiting) {
                *count -= 1;
                if *count == 0 {
                    ready.insert(waiting);
                }
            }
        }
    }
    (order, waits.into_keys().collect())
}

/// The names in `$(NAME)`, without those that `$$(` escapes.
pub(super) fn references(text: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            rest = after;
        } else if let Some(inside) = rest.strip_prefix('(')
            && let Some(end) = inside.find(')')
        {
            names.push(&inside[..end]);
            rest = &inside[end + 1..];
        }
    }
    names.sort_unstable();
    names.dedup();
    names
}
