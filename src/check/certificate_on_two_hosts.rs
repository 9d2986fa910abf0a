use super::Finder;
use std::collections::BTreeMap;

use crate::diag::{Diagnostic, Rule, Severity};
use crate::model::GatewayKind;
use crate::source::{Path, Place};

/// `certificate-on-two-hosts`: two listeners of a gateway show one certificate.
pub(super) static CERTIFICATE_ON_TWO_HOSTS: Rule = Rule {
    code: "certificate-on-two-hosts",
    severity: Severity::Warning,
    summary: "two listeners of a gateway show one certificate",
    explain: "A browser uses an open HTTP/2 connection for every host that its certificate names (RFC 9113, section 9.1.1). In Gateway API each host under `certificates` has a listener of its own, so calls for the second host come in at the listener of the first, which has no route for them. As `secret` the certificate has one listener for all hosts. A gateway of Istio puts hosts with one certificate into one server by itself.",
    wrong: concat!(
        "gateway:\n",
        "  class: envoy\n",
        "  hosts: [shop.example.com, www.example.com]\n",
        "  tls: { certificates: { shop.example.com: shop-tls, www.example.com: shop-tls } }\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: {} }\n",
    ),
    right: concat!(
        "gateway:\n",
        "  class: envoy\n",
        "  hosts: [shop.example.com, www.example.com]\n",
        "  tls: { secret: shop-tls }\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: {} }\n",
    ),
};

/// One certificate, one listener.
pub(super) fn check(find: &mut Finder<'_>) {
    if find.graph.gateway_kind() != GatewayKind::GatewayApi {
        return;
    }
    let Some(tls) = find.graph.ended_tls() else { return };
    let path = Path::root().field("gateway").field("tls");
    let mut taken: BTreeMap<&str, Place> = BTreeMap::new();
    if let Some(secret) = &tls.secret {
        taken.insert(secret, Place::Value(path.field("secret")));
    }
    for (host, secret) in tls.certificates.iter().flatten() {
        let place = Place::Value(path.field("certificates").key(host));
        let Some(first) = taken.get(&**secret) else {
            taken.insert(secret, place);
            continue;
        };
        let title = format!("the certificate in `{secret}` has a listener of its own for `{host}`");
        let label = "calls may come in at the other";
        let diagnostic = Diagnostic::new(&CERTIFICATE_ON_TWO_HOSTS, title, place, label)
            .also(first.clone(), "and one here")
            .help(format!("write `secret: {secret}` for all hosts instead"));
        find.report(diagnostic);
    }
}
