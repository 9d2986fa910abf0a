use super::Finder;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::source::Place;

/// `reserved-port`: a program listens where the proxy of its mesh does.
pub(super) static RESERVED_PORT: Rule = Rule {
    code: "reserved-port",
    severity: Severity::Error,
    summary: "a program listens where the proxy of its mesh does",
    explain: "The proxy of a mesh listens in the same pod as the program, on numbers of its own. Of the two that start on one number, the second fails; or the calls to the program end at the proxy.",
    wrong: concat!(
        "governance: istio\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 15021 }\n",
        "    expose: { http: { via: load-balancer } }\n",
    ),
    right: concat!(
        "governance: istio\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: { port: 15021, target: 8080 } }\n",
        "    expose: { http: { via: load-balancer } }\n",
    ),
};

/// In a pod of the mesh, the numbers of the proxy are the proxy's alone.
pub(super) fn check(find: &mut Finder<'_>) {
    let graph = find.graph;
    let taken = graph.governance.proxy_ports();
    for component in graph.own().iter().filter(|component| graph.meshed(component)) {
        for port in component.ports.iter().filter(|port| taken.contains(&port.target)) {
            let (name, mode) = (&component.name, graph.governance.title());
            let title = format!("`{name}` listens on {}, as the proxy of {mode} does", port.target);
            let place = Place::Value(component.path.field("ports").key(&port.name));
            let diagnostic = Diagnostic::new(&RESERVED_PORT, title, place, "taken in every pod")
                .help("let the program listen on another number, and write it as `target`");
            find.report(diagnostic);
        }
    }
}
