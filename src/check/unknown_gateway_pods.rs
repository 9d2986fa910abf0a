use super::Finder;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::graph::Gate;
use crate::source::Place;

/// `unknown-gateway-pods`: nobody says where the pods of the gateway are.
pub(super) static UNKNOWN_GATEWAY_PODS: Rule = Rule {
    code: "unknown-gateway-pods",
    severity: Severity::Warning,
    summary: "nobody says where the pods of the gateway are",
    explain: "With `access: declared` a component that is exposed through the gateway can be called by the pods of the gateway. Where those of an Ingress controller or of a Gateway API implementation are is not in the file, unless `gateway: { namespace: … }` says so. Without it the exposed ports stay open to everyone.",
    wrong: concat!(
        "policy: { access: declared }\n",
        "gateway: { kind: ingress, class: nginx }\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: {} }\n",
    ),
    right: concat!(
        "policy: { access: declared }\n",
        "gateway: { kind: ingress, class: nginx, namespace: ingress-nginx }\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: {} }\n",
    ),
};

/// Entries behind a gateway of somebody else.
pub(super) fn check(find: &mut Finder<'_>) {
    let graph = find.graph;
    let namespace = graph.gateway.as_ref().and_then(|gateway| gateway.namespace.as_ref());
    if !graph.policy.access || namespace.is_some() || graph.mode_knows_gateway() {
        return;
    }
    let entries = graph.own().iter().flat_map(|component| &component.entries);
    let mut open = entries.filter(|entry| graph.gate(entry) == Gate::Foreign);
    let Some(first) = open.next() else { return };
    let title = "what the gateway exposes stays open to everyone";
    let label = "which pods are the gateway's, nobody says";
    let mut diagnostic =
        Diagnostic::new(&UNKNOWN_GATEWAY_PODS, title, Place::Key(first.path.clone()), label)
            .also(graph.policy.place("access"), "closes the rest");
    for entry in open {
        diagnostic = diagnostic.also(Place::Key(entry.path.clone()), "open too");
    }
    find.report(diagnostic.help("add `namespace:` to the gateway: the one that its pods run in"));
}
