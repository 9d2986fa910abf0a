use super::Finder;
use std::collections::BTreeMap;

use crate::diag::{Diagnostic, Rule, Severity};
use crate::graph::{Door, certificate};
use crate::source::{Path, Place};

/// `tls-without-certificate`: a host is served with TLS, and has no certificate.
pub(super) static TLS_WITHOUT_CERTIFICATE: Rule = Rule {
    code: "tls-without-certificate",
    severity: Severity::Error,
    summary: "a host is served with TLS, and has no certificate",
    explain: "With `tls` every host of the gateway is served with TLS too, and each needs a certificate: its own or that of a wildcard under `certificates`, else `secret`. As in TLS itself, `*.example.com` is one label: it covers `shop.example.com`, but neither `example.com` nor `a.shop.example.com`.",
    wrong: concat!(
        "governance: istio\n",
        "gateway: { hosts: [shop.example.com, example.com], tls: { certificates: { '*.example.com': wild-tls } } }\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: {} }\n",
    ),
    right: concat!(
        "governance: istio\n",
        "gateway: { hosts: [shop.example.com, example.com], tls: { certificates: { '*.example.com': wild-tls, example.com: apex-tls } } }\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: {} }\n",
    ),
};

/// Every host has a certificate.
pub(super) fn check(find: &mut Finder<'_>) {
    let graph = find.graph;
    let Some(tls) = graph.ended_tls() else { return };
    let path = Path::root().field("gateway").field("tls");
    let mut bare: BTreeMap<&str, &Path> = BTreeMap::new();
    for (_, entry) in graph.entries_by(|door| door == Door::Requests) {
        for host in entry.hosts_or_any().filter(|host| certificate(tls, host).is_none()) {
            bare.entry(host).or_insert(&entry.path);
        }
    }
    for (host, entry) in bare {
        let whom = if host == "*" { "hosts of any name".into() } else { format!("`{host}`") };
        let title = format!("{whom} would be served with TLS, and no certificate");
        let diagnostic = Diagnostic::new(
            &TLS_WITHOUT_CERTIFICATE,
            title,
            Place::Key(path.clone()),
            "has no certificate for it",
        )
        .also(Place::Key(entry.clone()), "served by this entry")
        .help("add `secret: NAME` for all hosts, or one for this host under `certificates`");
        find.report(diagnostic);
    }
}
