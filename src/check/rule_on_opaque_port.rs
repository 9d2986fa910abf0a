use super::Finder;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::model::Retries;
use crate::source::Place;

/// `rule-on-opaque-port`: requests are told apart on a port that carries none.
pub(super) static RULE_ON_OPAQUE_PORT: Rule = Rule {
    code: "rule-on-opaque-port",
    severity: Severity::Error,
    summary: "requests are told apart on a port that carries none",
    explain: "Rules, retries, timeouts, faults and most limits look at HTTP requests. On `tcp`, `tls` and the like there are only bytes; a rule can tell connections apart by their caller alone, and send them to versions. Name the port `http`, `http2` or `grpc`, or set its `protocol`, if that is what it speaks.",
    wrong: concat!(
        "governance: istio\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { prefix: [/] } }\n",
        "    dependsOn: [api]\n",
        "  api:\n",
        "    image: example.com/api:1\n",
        "    ports: { tcp: 9090 }\n",
        "    traffic: { timeout: 2s }\n",
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
        "    ports: { http: 9090 }\n",
        "    traffic: { timeout: 2s }\n",
    ),
};

/// HTTP treatment needs an HTTP port.
pub(super) fn check(find: &mut Finder<'_>) {
    for component in &find.graph.components {
        if component.speaks_http() {
            continue;
        }
        let traffic = &component.traffic;
        let retries = traffic.retries.as_ref().is_some_and(Retries::repeat);
        let root = &traffic.path;
        let breaker = traffic.breaker.clone().unwrap_or_default();
        let limits = root.field("circuitBreaker");
        let mut used = vec![
            ("retries", retries, root.clone()),
            ("timeout", traffic.timeout.is_some(), root.clone()),
            ("fault", traffic.fault.is_some(), root.clone()),
            ("mirror", traffic.mirror.is_some(), root.clone()),
            ("pending", breaker.pending.is_some(), limits.clone()),
            ("requests", breaker.requests.is_some(), limits.clone()),
            ("requestsPerConnection", breaker.requests_per_connection.is_some(), limits.clone()),
            ("retries", breaker.retries.is_some(), limits),
        ];
        for rule in &traffic.rules {
            let retries = rule.retries.as_ref().is_some_and(Retries::repeat);
            used.extend([
                ("match", rule.matches.sees_requests(), rule.path.clone()),
                ("rewrite", rule.rewrite.is_some(), rule.path.clone()),
                ("retries", retries, rule.path.clone()),
                ("timeout", rule.timeout.is_some(), rule.path.clone()),
                ("fault", rule.fault.is_some(), rule.path.clone()),
                ("mirror", rule.mirror.is_some(), rule.path.clone()),
            ]);
        }
        used.push(("sticky", traffic.sticky.is_some(), root.clone()));
        for (field, _, path) in used.into_iter().filter(|(_, used, _)| *used) {
            let title = format!("`{field}` needs an HTTP port, and `{}` has none", component.name);
            let place = Place::Key(path.field(field));
            let ports = Place::Key(component.path.field("ports"));
            let diagnostic =
                Diagnostic::new(&RULE_ON_OPAQUE_PORT, title, place, "looks at requests")
                    .also(ports, "none of these speaks http, http2 or grpc")
                    .help("set the port's `protocol` if it does speak HTTP");
            find.report(diagnostic);
        }
    }
}
