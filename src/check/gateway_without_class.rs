use super::Finder;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::model::{GatewayKind, Via};
use crate::source::{Path, Place};

/// `gateway-without-class`: a Gateway API entry has no class.
pub(super) static GATEWAY_WITHOUT_CLASS: Rule = Rule {
    code: "gateway-without-class",
    severity: Severity::Error,
    summary: "a Gateway API entry has no class",
    explain: "A Gateway needs a GatewayClass, and there is no default: the cluster has whichever its operator installed (`kubectl get gatewayclass`).",
    wrong: concat!(
        "gateway: { kind: gateway-api }\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { prefix: [/] } }\n",
    ),
    right: concat!(
        "gateway: { kind: gateway-api, class: istio }\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { prefix: [/] } }\n",
    ),
};

/// Gateway API cannot do without a class.
pub(super) fn check(find: &mut Finder<'_>) {
    let graph = find.graph;
    if graph.gateway_kind() != GatewayKind::GatewayApi || graph.gateway_class().is_some() {
        return;
    }
    let mut entries = graph.own().iter().flat_map(|component| &component.entries);
    let Some(entry) = entries.find(|entry| entry.via == Via::Gateway) else { return };
    let title = "the gateway has no class";
    let diagnostic = match &graph.gateway {
        Some(_) => {
            let place = Place::Key(Path::root().field("gateway"));
            Diagnostic::new(
                &GATEWAY_WITHOUT_CLASS,
                title,
                place,
                "Gateway API needs a GatewayClass",
            )
            .also(Place::Key(entry.path.clone()), "exposed through it")
        }
        None => {
            let place = Place::Key(entry.path.clone());
            Diagnostic::new(&GATEWAY_WITHOUT_CLASS, title, place, "exposed through a Gateway")
        }
    };
    find.report(diagnostic.help(
        "add `gateway: { class: NAME }` (see `kubectl get gatewayclass`), or `via: load-balancer`",
    ));
}
