use super::Finder;
use crate::diag::{Diagnostic, Rule, Severity};
use std::net::IpAddr;

use crate::model::Kind;
use crate::source::Place;

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
    for component in &find.graph.components {
        let diagnostic = match (component.kind == Kind::External, &component.address) {
            (true, None) => Diagnostic::new(
                &ADDRESS_MISMATCH,
                format!("external component `{}` has no address", component.name),
                Place::Key(component.path.clone()),
                "`address` is missing",
            )
            .help("add `address:` with a host name or an IP address"),
            (false, Some(_)) => Diagnostic::new(
                &ADDRESS_MISMATCH,
                format!("`{}` runs in the cluster and has no address of its own", component.name),
                Place::Key(component.path.field("address")),
                "only for `kind: external`",
            )
            .help("remove `address`, or set `kind: external`"),
            (true, Some(address))
                if address.parse::<IpAddr>().is_err()
                    && component.ports.iter().any(|port| port.target != port.port) =>
            {
                Diagnostic::new(
                    &ADDRESS_MISMATCH,
                    format!("the name `{address}` cannot be given other port numbers"),
                    Place::Key(component.path.field("ports")),
                    "`target` differs from `port`",
                )
                .help("use the port number that the address listens on")
            }
            (true, Some(address))
                if address.parse::<IpAddr>().is_ok_and(|ip| {
                    ip.is_loopback() || ip.is_unspecified() || ip.is_multicast()
                }) =>
            {
                Diagnostic::new(
                    &ADDRESS_MISMATCH,
                    format!("`{address}` means something else on every machine"),
                    Place::Value(component.path.field("address")),
                    "not the address of anything outside",
                )
                .help("give the address that the cluster's machines know it by")
            }
            (true, Some(address)) if malformed(address) => Diagnostic::new(
                &ADDRESS_MISMATCH,
                format!("the address of `{}` is no IP address", component.name),
                Place::Value(component.path.field("address")),
                "looks like one and is none",
            )
            .help("give a host name or an IP address"),
            _ => continue,
        };
        find.report(diagnostic);
    }
}

/// Whether an address is neither a host name nor an IP address.
fn malformed(address: &str) -> bool {
    let numeric = address.contains(':') || address.chars().all(|c| c.is_ascii_digit() || c == '.');
    numeric && address.parse::<IpAddr>().is_err()
}
