use super::Finder;
use std::collections::BTreeMap;

use crate::diag::{Diagnostic, Rule, Severity};
use crate::graph::{Door, Entry, PathMatch};
use crate::model::Via;
use crate::source::Place;

/// `entry-collision`: two ports are exposed at the same host and path.
pub(super) static ENTRY_COLLISION: Rule = Rule {
    code: "entry-collision",
    severity: Severity::Error,
    summary: "two ports are exposed at the same host and path",
    explain: "A call from outside is told apart by host and path. Where two entries claim the same pair, one of them would never be reached.",
    wrong: concat!(
        "gateway: { kind: gateway-api, class: istio }\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { prefix: [/] } }\n",
        "  api:\n",
        "    image: example.com/api:1\n",
        "    ports: { http: 9090 }\n",
        "    expose: { http: {} }\n",
    ),
    right: concat!(
        "gateway: { kind: gateway-api, class: istio }\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { prefix: [/] } }\n",
        "  api:\n",
        "    image: example.com/api:1\n",
        "    ports: { http: 9090 }\n",
        "    expose: { http: { prefix: [/api] } }\n",
    ),
};

/// Host and path lead to one port.
pub(super) fn check(find: &mut Finder<'_>) {
    let mut taken: BTreeMap<(Option<Door>, String, PathMatch), (Place, &str)> = BTreeMap::new();
    for component in &find.graph.components {
        let through = |entry: &&Entry| entry.via == Via::Gateway && entry.own_port.is_none();
        for entry in component.entries.iter().filter(through) {
            // Requests and connections by server name come in on ports of their own.
            let door = find.graph.door(component, entry);
            let hosts: Vec<String> = match entry.hosts.as_slice() {
                [] => vec!["*".into()],
                hosts => hosts.iter().map(|host| host.to_ascii_lowercase()).collect(),
            };
            for host in hosts {
                for path in entry.paths_or_all() {
                    let place = Place::Key(entry.path.clone());
                    let claim = (door, host.clone(), path.clone());
                    let Some((first, other)) = taken.get(&claim) else {
                        taken.insert(claim, (place, &component.name));
                        continue;
                    };
                    let (PathMatch::Exact(text)
                    | PathMatch::Prefix(text)
                    | PathMatch::StartsWith(text)) = &path;
                    let title = format!(
                        "`{other}` and `{}` are both exposed at `{host}{text}`",
                        component.name
                    );
                    let diagnostic = Diagnostic::new(&ENTRY_COLLISION, title, place, "this entry")
                        .also(first.clone(), "and this one")
                        .help("give one of them another path or host");
                    find.report(diagnostic);
                }
            }
        }
    }
}
