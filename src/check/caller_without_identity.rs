use super::Finder;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::graph::{Gate, Scrape};
use crate::model::{Governance, Mtls};
use crate::source::Place;

/// `caller-without-identity`: calls that cannot prove who makes them.
pub(super) static CALLER_WITHOUT_IDENTITY: Rule = Rule {
    code: "caller-without-identity",
    severity: Severity::Warning,
    summary: "calls that cannot prove who makes them",
    explain: "In a mesh, a call over mutual TLS carries the identity of its caller, and that is what a policy goes by. Calls from a component with `governance: none`, from a load balancer, or from a gateway that is not Istio's carry none. The declared ones are let through all the same, in plain text, and on that port `mtls: strict` does not hold; which pods may call is then up to the NetworkPolicy alone.",
    wrong: concat!(
        "governance: istio\n",
        "policy: declared\n",
        "components:\n",
        "  cron:\n",
        "    image: example.com/cron:1\n",
        "    governance: none\n",
        "    dependsOn: [api]\n",
        "  api:\n",
        "    image: example.com/api:1\n",
        "    ports: { http: 9090 }\n",
    ),
    right: concat!(
        "governance: istio\n",
        "policy: declared\n",
        "components:\n",
        "  cron:\n",
        "    image: example.com/cron:1\n",
        "    dependsOn: [api]\n",
        "  api:\n",
        "    image: example.com/api:1\n",
        "    ports: { http: 9090 }\n",
    ),
};

/// Calls from outside the mesh, where the policy wants identities.
pub(super) fn check(find: &mut Finder<'_>) {
    let graph = find.graph;
    let policy = &graph.policy;
    let strict = policy.mtls == Some(Mtls::Strict);
    if !strict && !policy.access {
        return;
    }
    let wanted = if strict { policy.place("mtls") } else { policy.place("access") };
    for (caller, call) in graph.calls_past_the_mesh() {
        let callee = graph.component(call.to);
        let port = &callee.ports[call.port];
        if !graph.meshed(callee) || port.protocol.transport() != "TCP" {
            continue;
        }
        let title = format!("`{}` calls `{}` without an identity", caller.name, callee.name);
        let label = match strict {
            true => format!("port `{}` of `{}` takes plain text for this", port.name, callee.name),
            false => "only its address tells who calls".to_owned(),
        };
        let exempt = Place::Value(caller.path.field("governance"));
        let diagnostic =
            Diagnostic::new(&CALLER_WITHOUT_IDENTITY, title, Place::Key(call.path.clone()), label)
                .also(exempt, "kept out of the mesh")
                .also(wanted.clone(), "asks for identities")
                .help(format!("remove `governance: none` from `{}`", caller.name));
        find.report(diagnostic);
    }
    scrapers(find, &wanted, strict);
    if !strict || !graph.governance.secures_calls() {
        return;
    }
    for component in graph.own().iter().filter(|component| graph.meshed(component)) {
        for entry in &component.entries {
            let port = &component.ports[entry.port];
            let (through, help) = match graph.gate(entry) {
                gate if graph.is_in_mesh(gate) => continue,
                Gate::Balancer => ("a load balancer", "expose it through the istio gateway"),
                _ => ("a gateway outside the mesh", "use a gateway of Istio"),
            };
            let help = match graph.governance {
                governance if governance.is_istio() => {
                    format!("{help}, or write `mtls: permissive`")
                }
                Governance::Linkerd => "write `namespace` and `serviceAccount` of a gateway in the mesh, or `mtls: permissive`".to_owned(),
                _ => "write `mtls: permissive`, or keep it from the outside".to_owned(),
            };
            if port.protocol.transport() != "TCP" {
                continue;
            }
            let title = format!(
                "calls to port `{}` of `{}` have no identity: {through} passes them on",
                port.name, component.name
            );
            let place = Place::Key(entry.path.clone());
            let diagnostic = Diagnostic::new(
                &CALLER_WITHOUT_IDENTITY,
                title,
                place,
                "takes plain text for this",
            )
            .also(wanted.clone(), "asks for identities")
            .help(help);
            find.report(diagnostic);
        }
    }
}

/// Who reads metrics through a proxy, and is not in the mesh.
fn scrapers(find: &mut Finder<'_>, wanted: &Place, strict: bool) {
    let graph = find.graph;
    for component in graph.own().iter().filter(|component| graph.meshed(component)) {
        let Some(metrics) = &component.metrics else { continue };
        let Scrape::Port(port) = metrics.at else { continue };
        // What everybody can connect to is told of elsewhere.
        let known = metrics.from.as_ref().is_none_or(|from| from.service_account.is_some());
        if known || graph.open_to_anyone(component, port) {
            continue;
        }
        let port = &component.ports[port].name;
        let title = format!("the metrics of `{}` are read without an identity", component.name);
        let place = Place::Key(metrics.path.field("from"));
        let label = match strict {
            true => format!("port `{port}` takes plain text for this"),
            false => "only its address tells who reads".to_owned(),
        };
        let diagnostic = Diagnostic::new(&CALLER_WITHOUT_IDENTITY, title, place, label)
            .also(wanted.clone(), "asks for identities")
            .help("give metrics a number that is not under `ports`, or write the `serviceAccount` of a Prometheus in the mesh");
        find.report(diagnostic);
    }
}
