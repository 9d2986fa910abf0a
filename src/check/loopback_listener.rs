use super::Finder;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::graph::{Component, Container, Version};
use crate::model::EnvValue;
use crate::source::{Path, Place};

/// `loopback-listener`: a program listens where nobody outside its pod can reach it.
pub(super) static LOOPBACK_LISTENER: Rule = Rule {
    code: "loopback-listener",
    severity: Severity::Warning,
    summary: "a program listens where nobody outside its pod can reach it",
    explain: "A port of a component is called at the address of the pod. A program that listens at `127.0.0.1` or `localhost` answers nobody but its own pod, with and without a mesh (IST0143, since Istio 1.10). weft looks at flags and variables that name an address to listen at.",
    wrong: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    args: [--listen=127.0.0.1:8080]\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
    ),
    right: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    args: [\"--listen=0.0.0.0:8080\"]\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
    ),
};

/// Declared ports are not bound to the loopback address.
pub(super) fn check(find: &mut Finder<'_>) {
    for component in &find.graph.components {
        if component.service_ports().next().is_none() {
            continue;
        }
        for version in &component.versions {
            for (text, path) in bound(component, version) {
                let title = format!("`{}` listens at its own pod alone", component.name);
                let place = Place::Value(path);
                let label = format!("`{text}` is reached from inside the pod only");
                let ports = Place::Key(component.path.field("ports"));
                let diagnostic = Diagnostic::new(&LOOPBACK_LISTENER, title, place, label)
                    .also(ports, "called from outside the pod")
                    .help("listen at `0.0.0.0`, or `[::]`");
                find.report(diagnostic);
            }
        }
    }
}

/// Every loopback address that the program is told to listen at, and where.
fn bound(component: &Component, version: &Version) -> Vec<(String, Path)> {
    let container = &version.container;
    let judge = Judge {
        ports: component.service_ports().map(|(_, port)| port.target).collect(),
        // Behind a sidecar a program may well listen for it alone.
        alone: version.sidecars.is_empty(),
    };
    let mut out = Vec::new();
    for (name, value) in &container.env {
        if let EnvValue::Text(value) = value
            && judge.listens(name, value)
        {
            out.push((value.clone(), container.path.field("env").key(name)));
        }
    }
    out.extend(judge.flags(container, "command", &container.command));
    out.extend(judge.flags(container, "args", &container.args));
    out
}

/// What is known of a component when its texts are judged.
struct Judge {
    /// The numbers that the container listens on for others.
    ports: Vec<u16>,
    /// Whether no other container could be the one that listens for others.
    alone: bool,
}

impl Judge {
    /// The flags among words that say to listen at the loopback address.
    fn flags(
        &self,
        container: &Container,
        field: &'static str,
        words: &[String],
    ) -> Vec<(String, Path)> {
        let path = |position| container.path.field(field).index(position);
        let mut out = Vec::new();
        for (position, word) in words.iter().enumerate() {
            // A script is one word with many in it.
            let inner: Vec<&str> = word.split_whitespace().collect();
            if inner.len() > 1 {
                let said = self.pairs(&inner).find(|(name, value)| self.listens(name, value));
                out.extend(said.map(|(_, value)| (value.to_owned(), path(position))));
            }
        }
        let whole: Vec<&str> = words.iter().map(String::as_str).collect();
        for (name, value) in self.pairs(&whole).filter(|(name, value)| self.listens(name, value)) {
            let holds = |word: &&String| {
                word.ends_with(value) && (word.starts_with(name) || *word == value)
            };
            if let Some(position) = words.iter().position(|word| holds(&word)) {
                out.push((value.to_owned(), path(position)));
            }
        }
        out
    }

    /// `--name=value` and `--name value`, as names and values.
    fn pairs<'w>(&self, words: &'w [&'w str]) -> impl Iterator<Item = (&'w str, &'w str)> {
        words.iter().enumerate().filter_map(|(position, word)| {
            if !word.starts_with('-') {
                return None;
            }
            match word.split_once('=') {
                Some((name, value)) => Some((name, value)),
                None => Some((*word, *words.get(position + 1)?)),
            }
        })
    }

    /// Whether a setting of this name and value makes the program listen at the loopback address,
    /// for a port of the component.
    fn listens(&self, name: &str, value: &str) -> bool {
        let words: Vec<String> = name
            .split(|c: char| !c.is_ascii_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(str::to_ascii_lowercase)
            .collect();
        let says = |known: &[&str]| words.iter().any(|word| known.contains(&word.as_str()));
        let about_listening = says(&["bind", "listen", "listener"]);
        let address = says(&["addr", "address", "urls"]);
        // `HOST` alone is the program's own; `DB_HOST` is somebody else's.
        let host = matches!(words.as_slice(), [word] if word == "host" || word == "hostname");
        value.split([',', ';']).any(|one| {
            let Some(port) = loopback(one.trim()) else { return false };
            match port {
                Some(port) => self.ports.contains(&port) && (about_listening || address || host),
                None => self.alone && (about_listening || host),
            }
        })
    }
}

/// The port of a loopback address, if there is one; nothing if it is no loopback address.
fn loopback(text: &str) -> Option<Option<u16>> {
    let text =
        text.strip_prefix("http://").or_else(|| text.strip_prefix("https://")).unwrap_or(text);
    let text = text.trim_end_matches('/');
    let hosts = ["127.0.0.1", "localhost", "[::1]"];
    let rest = hosts.iter().find_map(|host| text.strip_prefix(host));
    match rest {
        Some("") => Some(None),
        Some(rest) => Some(Some(rest.strip_prefix(':')?.parse().ok()?)),
        None => (text == "::1").then_some(None),
    }
}
