use super::Finder;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::model::Protocol;
use crate::source::Place;
use crate::traffic::native;

/// `split-by-connection`: a split by pods of calls that share one connection.
pub(super) static SPLIT_BY_CONNECTION: Rule = Rule {
    code: "split-by-connection",
    severity: Severity::Warning,
    summary: "a split by pods of calls that share one connection",
    explain: "In the kubernetes mode the share of a version follows its pods, and a Service chooses a pod for each connection. Callers of gRPC and HTTP/2 open one connection and send all calls over it, so each caller stays with one version until the connection ends, and the shares hold only for many callers.",
    wrong: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "    dependsOn: [api]\n",
        "  api:\n",
        "    image: example.com/api:1\n",
        "    ports: { grpc: 9090 }\n",
        "    versions: { v1: { replicas: 3 }, v2: { image: example.com/api:2 } }\n",
        "    traffic: { split: { v1: 75, v2: 25 } }\n",
        "    probes: { readiness: { tcp: grpc } }\n",
    ),
    right: concat!(
        "governance: istio\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { prefix: [/] } }\n",
        "    dependsOn: [api]\n",
        "  api:\n",
        "    image: example.com/api:1\n",
        "    ports: { grpc: 9090 }\n",
        "    versions: { v1: { replicas: 3 }, v2: { image: example.com/api:2 } }\n",
        "    traffic: { split: { v1: 75, v2: 25 } }\n",
        "    probes: { readiness: { tcp: grpc } }\n",
    ),
};

/// Splits by pods, of ports whose callers keep their connections.
pub(super) fn check(find: &mut Finder<'_>) {
    let graph = find.graph;
    for (id, component) in graph.ids() {
        let long = |protocol| matches!(protocol, Protocol::Grpc | Protocol::Http2);
        let port = component.service_ports().find(|(_, port)| long(port.protocol));
        let (Some((_, port)), Some(native)) = (port, native(graph, id)) else { continue };
        if native.wanted.iter().filter(|share| **share > 0).count() < 2 {
            continue;
        }
        let title = format!("callers of `{}` stay with one version each", component.name);
        let place = Place::Key(component.traffic.path.field("split"));
        let of = Place::Key(component.path.field("ports").key(&port.name));
        let label = format!("{} sends all calls over one connection", port.protocol.name());
        let diagnostic =
            Diagnostic::new(&SPLIT_BY_CONNECTION, title, place, "shares follow connections")
                .also(of, label)
                .help("use istio, which splits calls, or let callers open connections anew");
        find.report(diagnostic);
    }
}
