use super::Finder;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::graph::{Call, Component, ComponentId};
use crate::model::Governance;
use crate::source::Place;
use crate::traffic::{Way, Why, captures, singled_out};

/// `uncaptured-call`: calls that a proxy has to treat do not come to one.
pub(super) static UNCAPTURED_CALL: Rule = Rule {
    code: "uncaptured-call",
    severity: Severity::Error,
    summary: "calls that a proxy has to treat do not come to one",
    explain: "In the mode `envoy` nothing catches what leaves a pod: a program calls its proxy if variables that it reads say so, or if the name that it calls leads to 127.0.0.2 or the like within the pod, where the proxy listens at the number that is called. It cannot where the program itself listens at that number on all addresses, for these are among them, and Envoy would not start. Then the callee's own proxy takes the calls, but what is outside has none, and it does not know who calls. weft says so where something would be lost: TLS, a rule for this caller, or traffic of a callee without a proxy.",
    wrong: concat!(
        "governance: envoy\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "    dependsOn: [rates]\n",
        "  rates:\n",
        "    kind: external\n",
        "    address: rates.example.com\n",
        "    ports: { http: { port: 8080, target: 443 } }\n",
        "    tls: {}\n",
    ),
    right: concat!(
        "governance: envoy\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "    dependsOn: { rates: { env: { RATES_URL: url } } }\n",
        "  rates:\n",
        "    kind: external\n",
        "    address: rates.example.com\n",
        "    ports: { http: { port: 8080, target: 443 } }\n",
        "    tls: {}\n",
    ),
};

/// Every call that has to come to a proxy does.
pub(super) fn check(find: &mut Finder<'_>) {
    let graph = find.graph;
    if graph.governance != Governance::Envoy {
        return;
    }
    for (id, caller) in graph.ids().filter(|(_, component)| component.app == 0) {
        for version in &caller.versions {
            for (call, capture) in version.calls.iter().zip(captures(graph, id, version)) {
                if capture.lost {
                    let told = matches!(capture.way, Way::Variables(_));
                    uncaptured(find, (id, caller), call, capture.why.as_ref(), told);
                }
            }
        }
        // Its own name leads a program to its component's proxies, and they do not know who calls.
        let mut own = caller.traffic.rules.iter().flat_map(|rule| &rule.callers);
        if let Some((_, path)) = own.find(|(named, _)| *named == id) {
            let title = format!("nobody can tell that `{}` calls itself", caller.name);
            let label = "these calls come to its own proxies as all others do";
            let diagnostic =
                Diagnostic::new(&UNCAPTURED_CALL, title, Place::Value(path.clone()), label)
                    .help("match a header that it sends to itself alone");
            find.report(diagnostic);
        }
    }
}

fn uncaptured(
    find: &mut Finder<'_>,
    (id, caller): (ComponentId, &Component),
    call: &Call,
    why: Option<&Why>,
    told: bool,
) {
    let callee = find.graph.component(call.to);
    let port = &callee.ports[call.port];
    let title = format!("the calls of `{}` to `{}` do not come to a proxy", caller.name, call.name);
    let own = caller.ports.iter().find(|own| own.target == call.number);
    let (label, at) = match why {
        Some(Why::Clash(number)) => (
            format!("the proxy would have to listen at {number} too"),
            own.map(|own| {
                let place = Place::Key(caller.path.field("ports").key(&own.name));
                (place, format!("`{}` listens at {number} on all addresses", caller.name))
            }),
        ),
        Some(Why::Headless) => ("the caller chooses the pod".to_owned(), None),
        Some(Why::Transport) => ("a proxy takes TCP alone".to_owned(), None),
        Some(Why::Beside) => ("its name leads to ports that no proxy takes".to_owned(), None),
        Some(Why::Unknown | Why::Unasked) | None => ("nobody leads them there".to_owned(), None),
    };
    let asked = match (&callee.tls, singled_out(callee, port, id)) {
        (Some(_), _) => (callee.path.field("tls"), "has to be put around them"),
        (None, true) => (callee.traffic.path.field("rules"), "are for calls of this caller"),
        (None, false) => (callee.traffic.path.clone(), "has to be applied to them"),
    };
    let mut diagnostic =
        Diagnostic::new(&UNCAPTURED_CALL, title, Place::Key(call.path.clone()), label)
            .also(Place::Key(asked.0), asked.1);
    if let Some((place, label)) = at {
        diagnostic = diagnostic.also(place, label);
    }
    let stem = call.name.to_ascii_uppercase().replace('-', "_");
    let name = format!("name the variables that `{}` reads", caller.name);
    let variables = format!("{name}: `env: {{ {stem}_HOST: host, {stem}_PORT: port }}`");
    let help = match why {
        Some(Why::Headless) => format!("remove `headless` from `{}`", callee.name),
        Some(Why::Clash(_)) if told || !port.protocol.hides_requests() => format!(
            "{variables}, or give `{}` another number: an alias with `ports` of its own",
            callee.name
        ),
        Some(Why::Clash(_)) => format!("give `{}` another number", callee.name),
        _ => variables,
    };
    find.report(diagnostic.help(help));
}
