use std::collections::BTreeSet;

use super::Finder;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::graph::{Call, Component, Graph, Obstacle};
use crate::model::{Kind, Mtls, Protocol, Retries};
use crate::source::Place;

/// `call-past-the-sidecar`: a program calls another by its address, and so past Dapr.
pub(super) static CALL_PAST_THE_SIDECAR: Rule = Rule {
    code: "call-past-the-sidecar",
    severity: Severity::Warning,
    summary: "a program calls another by its address, and so past Dapr",
    explain: "Dapr sees the calls that a program makes to its own sidecar, with the app id of the one that is meant, and no others. A call to `http://reviews:9080` goes from program to program: it is not encrypted, not tried again, not ended, and only its address says who makes it. In the dapr mode weft makes a URL of the sidecar out of `url`: a program that is told nothing else of the callee, and appends paths to what it is told, goes through Dapr without knowing. One that calls its sidecar by itself says so with `through: dapr`. Other protocols than HTTP and gRPC never go through Dapr; they are reported where `mtls: strict` wants everything encrypted.",
    wrong: concat!(
        "governance: dapr\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    dependsOn: [api]\n",
        "  api:\n",
        "    image: example.com/api:1\n",
        "    ports: { http: 8080 }\n",
    ),
    right: concat!(
        "governance: dapr\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    dependsOn: { api: { env: { API_URL: url } } }\n",
        "  api:\n",
        "    image: example.com/api:1\n",
        "    ports: { http: 8080 }\n",
    ),
};

/// Calls between components that both have sidecars.
pub(super) fn check(find: &mut Finder<'_>) {
    let graph = find.graph;
    let strict = graph.policy.mtls == Some(Mtls::Strict);
    let mut seen = BTreeSet::new();
    for (id, caller) in graph.ids().filter(|(_, component)| graph.meshed(component)) {
        for call in caller.versions.iter().flat_map(|version| &version.calls) {
            let callee = graph.component(call.to);
            let Some(obstacle) = graph.past_sidecars(caller, call) else { continue };
            let wanted = obstacle != Obstacle::Protocol || strict;
            let inside = graph.meshed(callee) && callee.given.is_none();
            // What the file says goes through Dapr and cannot is an error of its own.
            let told = call.through.is_some();
            if !wanted || !inside || told || callee.ports[call.port].protocol == Protocol::Udp {
                continue;
            }
            if !seen.insert((id, call.to, call.port)) {
                continue;
            }
            let title = format!(
                "`{}` calls `{}` past its sidecar",
                graph.title(caller),
                graph.title(callee)
            );
            let (label, help) = reason(graph, caller, callee, call, obstacle);
            let mut diagnostic = Diagnostic::new(
                &CALL_PAST_THE_SIDECAR,
                title,
                Place::Key(call.path.clone()),
                label,
            );
            if treated(callee) && callee.app == 0 {
                let place = Place::Key(callee.traffic.path.clone());
                diagnostic = diagnostic.also(place, "is not applied to these calls");
            }
            if strict {
                diagnostic =
                    diagnostic.also(graph.policy.place("mtls"), "does not hold for these calls");
            }
            find.report(diagnostic.help(help));
        }
    }
}

/// Whether the file asks for something that sidecars would do with calls to a component.
fn treated(callee: &Component) -> bool {
    let traffic = &callee.traffic;
    traffic.timeout.is_some()
        || traffic.breaker.is_some()
        || traffic.retries.as_ref().is_some_and(Retries::repeat)
}

/// Why a call goes past the sidecars, and what to do about it.
pub(super) fn reason(
    graph: &Graph,
    caller: &Component,
    callee: &Component,
    call: &Call,
    obstacle: Obstacle,
) -> (String, String) {
    let port = &callee.ports[call.port];
    let name = graph.title(callee);
    let told = call.through.is_some();
    match obstacle {
        Obstacle::CallerAlone => (
            "there is no sidecar to call".into(),
            format!("remove `governance: none` from `{}`", caller.name),
        ),
        Obstacle::NoAppId => (
            match callee.kind {
                Kind::DaemonSet => "Dapr gives no name to the pods of a daemonset".into(),
                _ => format!("`{name}` has no sidecar, and so no app id"),
            },
            match told {
                true => format!("call `{name}` by its address, and leave out `through`"),
                false => "Dapr brings calls to deployments and statefulsets".into(),
            },
        ),
        Obstacle::Protocol => (
            format!("Dapr does not carry {}", port.protocol.name()),
            match told {
                true => format!("call `{name}` by its address, and leave out `through`"),
                false => "let the programs speak TLS, or write `mtls: permissive`".into(),
            },
        ),
        Obstacle::OtherPort => match callee.app_port {
            Some(at) => (
                format!("Dapr brings calls to one port of `{name}`, `{}`", callee.ports[at].name),
                format!("call that port, or `{}` by its address", port.name),
            ),
            None => (
                format!("Dapr brings calls to one port of `{name}`, and it has several"),
                "write `through: dapr` at the calls to one of them alone".into(),
            ),
        },
        Obstacle::Versions => {
            let first = callee.versions.first();
            let example = first.map(|version| callee.version_name(version)).unwrap_or_default();
            (
                "each version is an app id of its own, and this name is none".into(),
                format!("call one version by its name, such as `{example}`"),
            )
        }
        Obstacle::Unsaid => {
            let by_url = match port.protocol == Protocol::Http && !callee.headless {
                true => "give it the address as `env: { NAME: url }` alone, or write ",
                false => "write ",
            };
            (
                "goes from program to program".into(),
                format!("{by_url}`through: dapr` if the program calls its sidecar by itself"),
            )
        }
    }
}
