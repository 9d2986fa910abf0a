use super::Finder;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::graph::{Component, PROXY_VOLUMES};
use crate::model::{ExternalTls, ExternalTlsMode};
use crate::source::Place;

/// `external-tls-mismatch`: the TLS around calls to the outside cannot work.
pub(super) static EXTERNAL_TLS_MISMATCH: Rule = Rule {
    code: "external-tls-mismatch",
    severity: Severity::Error,
    summary: "the TLS around calls to the outside cannot work",
    explain: "With `tls` the callers speak plainly and their proxies put TLS around it. So the port must be one whose calls the proxy understands (`http`, `http2`, `grpc`, or any TCP where the address is an IP address), and not one on which the callers speak TLS themselves. The other side's certificate is checked against a name, which an IP address does not give, and callers can show a certificate only if there is one.",
    wrong: concat!(
        "governance: istio\n",
        "components:\n",
        "  web: { image: 'example.com/web:1', dependsOn: [bank] }\n",
        "  bank: { kind: external, address: api.bank.example, ports: { https: 443 }, tls: {} }\n",
    ),
    right: concat!(
        "governance: istio\n",
        "components:\n",
        "  web: { image: 'example.com/web:1', dependsOn: [bank] }\n",
        "  bank: { kind: external, address: api.bank.example, ports: { http: { port: 80, target: 443 } }, tls: {} }\n",
    ),
};

/// Ports, names and certificates of TLS to the outside fit.
pub(super) fn check(find: &mut Finder<'_>) {
    for component in &find.graph.components {
        if let Some(tls) = &component.tls {
            inside(find, component, tls);
        }
    }
    let graph = find.graph;
    for version in graph.components.iter().flat_map(|component| &component.versions) {
        let mut calls = version.calls.iter().filter(|call| {
            let tls = graph.component(call.to).tls.as_ref();
            tls.is_some_and(|tls| tls.secret.is_some())
        });
        let Some(call) = calls.next() else { continue };
        for annotation in PROXY_VOLUMES.into_iter().filter(|a| version.annotations.contains_key(*a))
        {
            let title = format!("weft writes the annotation `{annotation}` itself");
            let place = Place::Key(version.path.field("annotations").key(annotation));
            let diagnostic = Diagnostic::new(&EXTERNAL_TLS_MISMATCH, title, place, "would be lost")
                .also(Place::Key(call.path.clone()), "brings certificates into the proxy")
                .help("remove the annotation");
            find.report(diagnostic);
        }
    }
}

fn inside(find: &mut Finder<'_>, component: &Component, tls: &ExternalTls) {
    let path = component.path.field("tls");
    let named = component.outside_hosts().next().is_some();
    for port in &component.ports {
        let place = Place::Key(component.path.field("ports").key(&port.name));
        let spoken = port.protocol.name();
        let (title, help) = if port.protocol.hides_requests() {
            let title = format!("calls to port `{}` would have TLS within TLS", port.name);
            (title, "use `http` if the callers speak plainly, or remove `tls`")
        } else if port.protocol.transport() != "TCP" {
            (format!("TLS cannot carry {spoken}"), "remove `tls`, or the port")
        } else if named && !port.protocol.is_http() {
            let title = format!("a proxy cannot tell whom calls to port `{}` are for", port.name);
            (title, "give IP addresses as `address`, and the name as `sni`")
        } else {
            continue;
        };
        let label = format!("the callers speak {spoken}");
        let diagnostic = Diagnostic::new(&EXTERNAL_TLS_MISMATCH, title, place, label)
            .also(Place::Key(path.clone()), "the proxy puts TLS around it")
            .help(help);
        find.report(diagnostic);
    }
    if tls.mode == Some(ExternalTlsMode::Mutual) && tls.secret.is_none() {
        let title = format!("callers of `{}` have no certificate to show", component.name);
        let place = Place::Value(path.field("mode"));
        let diagnostic = Diagnostic::new(&EXTERNAL_TLS_MISMATCH, title, place, "needs one")
            .help("add `secret:` with the Secret that holds `tls.crt`, `tls.key` and `ca.crt`");
        find.report(diagnostic);
    }
    let wild = tls.sni.as_ref().filter(|sni| sni.starts_with('*'));
    if tls.sni.is_none() && !named && !component.addresses.is_empty() {
        let title =
            format!("nothing says for which name `{}` must have a certificate", component.name);
        let place = Place::Key(path);
        let diagnostic =
            Diagnostic::new(&EXTERNAL_TLS_MISMATCH, title, place, "an IP address is no name")
                .help("add `sni:` with the name in its certificate");
        find.report(diagnostic);
    } else if let Some(sni) = wild {
        let title = format!("`{sni}` is no name that one can ask for");
        let place = Place::Value(path.field("sni"));
        let diagnostic = Diagnostic::new(&EXTERNAL_TLS_MISMATCH, title, place, "covers many names")
            .help("write the one name in full");
        find.report(diagnostic);
    }
}
