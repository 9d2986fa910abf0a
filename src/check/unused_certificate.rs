use super::Finder;
use std::collections::BTreeSet;

use crate::diag::{Diagnostic, Rule, Severity};
use crate::graph::certificate;
use crate::source::{Path, Place};

/// `unused-certificate`: no host is served with a certificate.
pub(super) static UNUSED_CERTIFICATE: Rule = Rule {
    code: "unused-certificate",
    severity: Severity::Warning,
    summary: "no host is served with a certificate",
    explain: "The gateway answers for the hosts of its entries. A certificate whose host is none of them, or is covered by nothing that is exposed, is never shown: mostly its host is misspelt.",
    wrong: concat!(
        "governance: istio\n",
        "gateway:\n",
        "  hosts: [shop.example.com]\n",
        "  tls: { secret: all-tls, certificates: { shopp.example.com: shop-tls } }\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: {} }\n",
    ),
    right: concat!(
        "governance: istio\n",
        "gateway:\n",
        "  hosts: [shop.example.com, www.example.com]\n",
        "  tls: { secret: all-tls, certificates: { shop.example.com: shop-tls } }\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: {} }\n",
    ),
};

/// Every certificate is some host's.
pub(super) fn check(find: &mut Finder<'_>) {
    let graph = find.graph;
    let Some(tls) = graph.ended_tls() else { return };
    let hosts = graph.requested_hosts();
    if hosts.is_empty() {
        return;
    }
    let shown: BTreeSet<Option<&str>> = hosts
        .iter()
        .filter_map(|host| Some(certificate(tls, host)?.0.map(|host| &**host)))
        .collect();
    let path = Path::root().field("gateway").field("tls");
    let own = tls.certificates.iter().flatten();
    let own =
        own.map(|(host, secret)| (path.field("certificates").key(host), Some(&**host), secret));
    let all = tls.secret.iter().map(|secret| (path.field("secret"), None, secret));
    for (path, host, secret) in own.chain(all).filter(|(_, host, _)| !shown.contains(host)) {
        let diagnostic = match host {
            Some(host) => {
                let title = format!("no host is served with the certificate of `{host}`");
                Diagnostic::new(&UNUSED_CERTIFICATE, title, Place::Key(path), "never shown")
                    .suggest(host, hosts.iter().copied())
            }
            None => {
                let title = format!("no host is served with the certificate in `{secret}`");
                let label = "every host has one of its own";
                Diagnostic::new(&UNUSED_CERTIFICATE, title, Place::Value(path), label)
                    .help("remove `secret`")
            }
        };
        find.report(diagnostic);
    }
}
