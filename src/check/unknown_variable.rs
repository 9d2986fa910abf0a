use super::Finder;
use super::env_reference_cycle::references;
use std::collections::BTreeSet;

use crate::diag::{Diagnostic, Rule, Severity};
use crate::model::EnvValue;
use crate::source::{Path, Place};

/// `unknown-variable`: `$(NAME)` names no variable of the container.
pub(super) static UNKNOWN_VARIABLE: Rule = Rule {
    code: "unknown-variable",
    severity: Severity::Warning,
    summary: "`$(NAME)` names no variable of the container",
    explain: "In variables, commands and arguments Kubernetes puts the value of a variable in the place of `$(NAME)`. Where the container has no variable of this name, the text stays as it is, and the program gets the dollar and the brackets. To say exactly that, write `$$(NAME)`. In commands and arguments, a name in lower case is taken for one that a shell runs.",
    wrong: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "    dependsOn: [reviews]\n",
        "    env: { BACKEND: \"http://$(REVIEW_HOST):$(REVIEWS_PORT)\" }\n",
        "  reviews:\n",
        "    image: example.com/reviews:1\n",
        "    ports: { http: 9080 }\n",
    ),
    right: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "    dependsOn: [reviews]\n",
        "    env: { BACKEND: \"http://$(REVIEWS_HOST):$(REVIEWS_PORT)\" }\n",
        "  reviews:\n",
        "    image: example.com/reviews:1\n",
        "    ports: { http: 9080 }\n",
    ),
};

/// References lead to variables.
pub(super) fn check(find: &mut Finder<'_>) {
    let graph = find.graph;
    for version in graph.components.iter().flat_map(|component| &component.versions) {
        for (at, container) in version.containers().enumerate() {
            let mut known: BTreeSet<&str> = container.env.keys().map(String::as_str).collect();
            if at == 0 {
                // Those beside the component's own container are told nothing of its calls.
                let calls = version.calls.iter().flat_map(|call| &call.env);
                known.extend(calls.map(|(name, ..)| name.as_str()));
            }
            let env = container.path.field("env");
            let variables = container.env.iter().filter_map(|(name, value)| match value {
                EnvValue::Text(text) => Some((text.as_str(), env.key(name), true)),
                _ => None,
            });
            let words = [("command", &container.command), ("args", &container.args)];
            let words = words.into_iter().flat_map(|(field, words)| {
                let at = move |position| container.path.field(field).index(position);
                words
                    .iter()
                    .enumerate()
                    .map(move |(position, word)| (word.as_str(), at(position), false))
            });
            let texts: Vec<(&str, Path, bool)> = variables.chain(words).collect();
            for (text, path, variable) in texts {
                for name in references(text) {
                    if known.contains(name) || !meant(name, variable) {
                        continue;
                    }
                    let title = format!("`$({name})` is no variable of `{}`", container.name);
                    let place = Place::Value(path.clone());
                    let label = "Kubernetes leaves it as it is";
                    let diagnostic = Diagnostic::new(&UNKNOWN_VARIABLE, title, place, label);
                    find.report(match known.is_empty() {
                        true => diagnostic.help("declare it under `env`"),
                        false => diagnostic.suggest(name, known.iter().copied()),
                    });
                }
            }
        }
    }
}

/// Whether this is meant as a variable's name: a shell has `$(…)` too, with commands in it.
fn meant(name: &str, variable: bool) -> bool {
    let first = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let cased = |c: char| c.is_ascii_uppercase() || (variable && c.is_ascii_lowercase());
    first && name.chars().all(|c| cased(c) || c.is_ascii_digit() || c == '_')
}
