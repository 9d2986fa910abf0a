use super::Finder;
use std::collections::BTreeSet;

use crate::diag::{Diagnostic, Rule, Severity};
use crate::graph::covers_host;
use crate::model::Via;
use crate::source::{Path, Place};

/// `unserved-host`: the gateway answers for a host that nothing is exposed at.
pub(super) static UNSERVED_HOST: Rule = Rule {
    code: "unserved-host",
    severity: Severity::Warning,
    summary: "the gateway answers for a host that nothing is exposed at",
    explain: "The hosts of the gateway go to the entries that name none. Where every entry has hosts of its own, a host of the gateway that is none of these leads nowhere: one of the two is mostly misspelt.",
    wrong: concat!(
        "governance: istio\n",
        "gateway: { hosts: [admin.example.com] }\n",
        "components:\n",
        "  admin:\n",
        "    image: example.com/admin:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { hosts: [admin.example.org] } }\n",
    ),
    right: concat!(
        "governance: istio\n",
        "gateway: { hosts: [admin.example.com] }\n",
        "components:\n",
        "  admin:\n",
        "    image: example.com/admin:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: {} }\n",
    ),
};

/// Something is exposed at each host of the gateway.
pub(super) fn check(find: &mut Finder<'_>) {
    let graph = find.graph;
    let Some(known) = graph.gateway.as_ref().and_then(|gateway| gateway.hosts.as_ref()) else {
        return;
    };
    let entries = graph.own().iter().flat_map(|component| &component.entries);
    let entries = entries.filter(|entry| entry.via == Via::Gateway && entry.own_port.is_none());
    let served: BTreeSet<&str> = entries.flat_map(crate::graph::Entry::hosts_or_any).collect();
    // Without any entry there is no gateway either.
    if served.is_empty() {
        return;
    }
    let path = Path::root().field("gateway").field("hosts");
    for (index, host) in known.iter().enumerate() {
        let below = |served: &&str| covers_host(host, served);
        if served.contains(&**host) || (host.starts_with('*') && served.iter().any(below)) {
            continue;
        }
        let title = format!("nothing is exposed at `{host}`");
        let place = Place::Value(path.index(index));
        let diagnostic =
            Diagnostic::new(&UNSERVED_HOST, title, place, "every entry has other hosts")
                .suggest(host, served.iter().copied());
        find.report(diagnostic);
    }
}
