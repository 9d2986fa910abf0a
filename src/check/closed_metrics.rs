use super::Finder;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::graph::Scrape;
use crate::model::Mtls;
use crate::source::Place;

/// `closed-metrics`: a policy shuts out who reads the metrics.
pub(super) static CLOSED_METRICS: Rule = Rule {
    code: "closed-metrics",
    severity: Severity::Warning,
    summary: "a policy shuts out who reads the metrics",
    explain: "With `access: declared` a component can be called by its declared callers and its entries. Prometheus is neither, so that the policy closes the metrics to it; and with `mtls: strict` a port in the mesh refuses the plain text of a Prometheus outside the mesh. Say where it runs, and the policy lets it in, at that port alone.",
    wrong: concat!(
        "policy: { access: declared }\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "    metrics: { port: 9102 }\n",
    ),
    right: concat!(
        "policy: { access: declared }\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "    metrics: { port: 9102, from: { namespace: monitoring } }\n",
    ),
};

/// What is read by somebody is open to somebody.
pub(super) fn check(find: &mut Finder<'_>) {
    let graph = find.graph;
    let policy = &graph.policy;
    for component in graph.own() {
        let Some(metrics) = component.metrics.as_ref().filter(|metrics| metrics.from.is_none())
        else {
            continue;
        };
        let behind = match metrics.at {
            Scrape::Port(port) if graph.open_to_anyone(component, port) => continue,
            Scrape::Port(_) => graph.meshed(component),
            Scrape::Container(_) => false,
        };
        let strict = behind && policy.mtls == Some(Mtls::Strict);
        let (part, why) = match (policy.access, strict) {
            (true, _) => ("access", "lets nobody in whom the file does not name"),
            (false, true) => ("mtls", "refuses who is not in the mesh"),
            (false, false) => continue,
        };
        let title = format!("the policy shuts out who reads the metrics of `{}`", component.name);
        let place = Place::Key(metrics.path.clone());
        let diagnostic = Diagnostic::new(&CLOSED_METRICS, title, place, "nobody can read them")
            .also(policy.place(part), why)
            .help("add `from: { namespace: NAMESPACE }` with the namespace of Prometheus");
        find.report(diagnostic);
    }
}
