use super::Finder;
use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::diag::{Diagnostic, Rule, Severity};
use crate::graph::Component;
use crate::model::Kind;
use crate::source::{Path, Place};
use crate::traffic::{Feature, can};

/// `address-mismatch`: an address where there is none, or none where there must be.
pub(super) static ADDRESS_MISMATCH: Rule = Rule {
    code: "address-mismatch",
    severity: Severity::Error,
    summary: "an address where there is none, or none where there must be",
    explain: "`kind: external` is an address outside, so it needs `address`; everything else runs in the cluster and has none.",
    wrong: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    dependsOn: [db]\n",
        "    expose: { http: { via: load-balancer } }\n",
        "  db: { kind: external, ports: { tcp: 5432 } }\n",
    ),
    right: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    dependsOn: [db]\n",
        "    expose: { http: { via: load-balancer } }\n",
        "  db: { kind: external, address: db.example.com, ports: { tcp: 5432 } }\n",
    ),
};

/// External components, and they alone, have an address.
pub(super) fn check(find: &mut Finder<'_>) {
    for component in find.graph.components.iter().filter(|component| component.given.is_none()) {
        let field = component.path.field("address");
        let outside = component.kind == Kind::External;
        if outside && component.addresses.is_empty() {
            let title = format!("external component `{}` has no address", component.name);
            let place = Place::Key(component.path.clone());
            let diagnostic =
                Diagnostic::new(&ADDRESS_MISMATCH, title, place, "`address` is missing")
                    .help("add `address:` with a host name or an IP address");
            find.report(diagnostic);
        } else if !outside && !component.addresses.is_empty() {
            let title =
                format!("`{}` runs in the cluster and has no address of its own", component.name);
            let label = "only for `kind: external`";
            let diagnostic = Diagnostic::new(&ADDRESS_MISMATCH, title, Place::Key(field), label)
                .help("remove `address`, or set `kind: external`");
            find.report(diagnostic);
        } else {
            outside_addresses(find, component);
        }
    }
}

/// What is wrong with the addresses themselves.
fn outside_addresses(find: &mut Finder<'_>, component: &Component) {
    let named = component.outside_hosts().next();
    let numbered = component.outside_ips().next();
    if let (Some((name, host)), Some((ip, path))) = (named, numbered) {
        let title = format!("`{}` is at host names and at IP addresses", component.name);
        let place = Place::Value(path.clone());
        let diagnostic =
            Diagnostic::new(&ADDRESS_MISMATCH, title, place, format!("`{ip}` is an address"))
                .also(Place::Value(host.clone()), format!("`{name}` is a name"))
                .help("give one kind, or write two components");
        find.report(diagnostic);
        return;
    }
    // A proxy that opens TLS connections opens them to any port; a name in DNS leads to none.
    let renumbered = component.ports.iter().find(|port| port.target != port.port);
    let proxied = component.tls.is_some() && can(find.graph.governance, Feature::OutsideTls);
    if let (Some((name, _)), Some(port), false) = (named, renumbered, proxied) {
        let title = format!("the name `{name}` cannot be given other port numbers");
        let place = Place::Value(component.path.field("ports").key(&port.name));
        let diagnostic =
            Diagnostic::new(&ADDRESS_MISMATCH, title, place, "`target` differs from `port`")
                .help("use the port number that the address listens on");
        find.report(diagnostic);
    }
    let mut seen: BTreeMap<&str, &Path> = BTreeMap::new();
    for (address, path) in &component.addresses {
        let place = Place::Value(path.clone());
        let of_no_one = |ip: IpAddr| ip.is_loopback() || ip.is_unspecified() || ip.is_multicast();
        let diagnostic = if address.parse().is_ok_and(of_no_one) {
            let title = format!("`{address}` means something else on every machine");
            let label = "not the address of anything outside";
            Diagnostic::new(&ADDRESS_MISMATCH, title, place, label)
                .help("give the address that the cluster's machines know it by")
        } else if malformed(address) {
            let title = format!("the address of `{}` is no IP address", component.name);
            Diagnostic::new(&ADDRESS_MISMATCH, title, place, "looks like one and is none")
                .help("give a host name or an IP address")
        } else if let Some(first) = seen.insert(address, path) {
            let title = format!("`{}` has the address `{address}` twice", component.name);
            Diagnostic::new(&ADDRESS_MISMATCH, title, place, "here")
                .also(Place::Value(first.clone()), "and here")
                .help("remove one of the two")
        } else {
            continue;
        };
        find.report(diagnostic);
    }
}

/// Whether an address is neither a host name nor an IP address.
fn malformed(address: &str) -> bool {
    let numeric = address.contains(':') || address.chars().all(|c| c.is_ascii_digit() || c == '.');
    numeric && address.parse::<IpAddr>().is_err()
}
