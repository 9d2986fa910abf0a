use std::collections::BTreeSet;

use super::Finder;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::graph::Component;
use crate::model::Kind;
use crate::source::Place;

/// `egress-by-port-alone`: an outgoing connection that only its port narrows.
pub(super) static EGRESS_BY_PORT_ALONE: Rule = Rule {
    code: "egress-by-port-alone",
    severity: Severity::Warning,
    summary: "an outgoing connection that only its port narrows",
    explain: "A NetworkPolicy holds addresses of components and ranges of IP addresses, but no host names. So `egress: declared` has to open the port of an external host to every address, and ports 443 and 6443 to the pods that have a token for the Kubernetes API. In istio the proxy narrows calls that name their host (HTTP and TLS) down to that host.",
    wrong: concat!(
        "policy: { egress: declared }\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "    dependsOn: [db]\n",
        "  db: { kind: external, address: db.example.com, ports: { tcp: 5432 } }\n",
    ),
    right: concat!(
        "policy: { egress: declared }\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "    dependsOn: [db]\n",
        "  db: { kind: external, address: 203.0.113.7, ports: { tcp: 5432 } }\n",
    ),
};

/// Calls to names, and to the Kubernetes API.
pub(super) fn check(find: &mut Finder<'_>) {
    let graph = find.graph;
    if !graph.policy.egress || !graph.governance.has_network_policies() {
        return;
    }
    // Proxies that see what leaves a pod know hosts.
    let narrows =
        |component: &Component| graph.governance.catches_calls() && graph.meshed(component);
    for component in graph.own().iter().filter(|c| c.kind != Kind::External) {
        let mut seen = BTreeSet::new();
        for call in component.versions.iter().flat_map(|version| &version.calls) {
            let callee = graph.component(call.to);
            let port = &callee.ports[call.port];
            let narrowed = narrows(component) && port.says_its_host();
            if !callee.is_host_outside() || narrowed || !seen.insert((call.to, call.port)) {
                continue;
            }
            let title = format!("`{}` can call any address on port {}", component.name, port.port);
            let address = Place::Value(callee.path.field("address"));
            let diagnostic = Diagnostic::new(
                &EGRESS_BY_PORT_ALONE,
                title,
                Place::Key(call.path.clone()),
                "opens the port",
            )
            .also(address, "a network policy cannot hold a name")
            .also(graph.policy.place("egress"), "closes everything else")
            .help(format!("give `{}` an IP address, if it has one that stays", callee.name));
            find.report(diagnostic);
        }
        if component.account.token && !narrows(component) {
            let title = format!("`{}` can call any address on ports 443 and 6443", component.name);
            let place = Place::Key(component.path.field("serviceAccount"));
            let label = "its token is for the Kubernetes API, which can be at any address";
            let diagnostic = Diagnostic::new(&EGRESS_BY_PORT_ALONE, title, place, label)
                .also(graph.policy.place("egress"), "closes everything else")
                .help("leave out the token, if the program does not call the Kubernetes API");
            find.report(diagnostic);
        }
    }
}
