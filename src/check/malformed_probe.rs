use super::Finder;
use crate::diag::did_you_mean;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::graph::{Component, Container};
use crate::model::{PortRef, Probe};
use crate::source::Place;

/// `malformed-probe`: a probe does not say exactly what to try.
pub(super) static MALFORMED_PROBE: Rule = Rule {
    code: "malformed-probe",
    severity: Severity::Error,
    summary: "a probe does not say exactly what to try",
    explain: "A probe tries one thing: `http`, `tcp`, `grpc` or `exec`. `http` needs a `port` when the component has several; a port name must be one of the component's. `port`, `scheme` and `headers` belong to `http`, `service` to `grpc`.",
    wrong: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "    probes: { readiness: { period: 5s } }\n",
    ),
    right: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "    probes: { readiness: { http: /healthz, period: 5s } }\n",
    ),
};

/// Each probe tries one thing, on a port that exists.
pub(super) fn check(find: &mut Finder<'_>) {
    for component in &find.graph.components {
        let versions = component.versions.iter();
        for container in versions.flat_map(|version| version.containers()) {
            let root = container.path.field("probes");
            let probes = &container.probes;
            let named = [
                ("readiness", &probes.readiness),
                ("liveness", &probes.liveness),
                ("startup", &probes.startup),
            ];
            for (name, probe) in named {
                if let Some(probe) = probe
                    && let Some((fact, help)) = fault(component, container, name, probe)
                {
                    let place = Place::Key(root.field(name));
                    find.report(Diagnostic::new(&MALFORMED_PROBE, fact, place, "here").help(help));
                }
            }
        }
    }
}

fn fault(
    component: &Component,
    container: &Container,
    name: &str,
    probe: &Probe,
) -> Option<(String, String)> {
    let tried =
        [probe.http.is_some(), probe.tcp.is_some(), probe.grpc.is_some(), probe.exec.is_some()];
    let count = tried.iter().filter(|tried| **tried).count();
    if count != 1 {
        let fact = match count {
            0 => format!("the {name} probe tries nothing"),
            _ => format!("the {name} probe tries several things"),
        };
        return Some((fact, "give exactly one of `http`, `tcp`, `grpc` and `exec`".into()));
    }
    let of_http = probe.port.is_some() || probe.headers.is_some() || probe.scheme.is_some();
    if probe.http.is_none() && of_http {
        let fact = format!(
            "`port`, `scheme` and `headers` of the {name} probe have no effect without `http`"
        );
        return Some((fact, "give the port as `tcp: PORT` or `grpc: PORT`".into()));
    }
    if name != "readiness" && probe.success_threshold.is_some_and(|count| count != 1) {
        let fact = format!("`successThreshold` of a {name} probe must be 1");
        return Some((fact, "remove `successThreshold`".into()));
    }
    if probe.grpc.is_none() && probe.service.is_some() {
        let fact = format!("`service` of the {name} probe has no effect without `grpc`");
        return Some((fact, "remove `service`, or give the port as `grpc: PORT`".into()));
    }
    if name == "readiness" && probe.termination_grace_period.is_some() {
        let fact = "`terminationGracePeriod` has no effect on a readiness probe".into();
        return Some((fact, "remove it: a pod that is not ready is not restarted".into()));
    }
    let port = probe.port.as_ref().or(probe.tcp.as_ref()).or(probe.grpc.as_ref());
    // The only port of a component is not that of what runs beside it.
    let beside = container.name != component.name;
    let names: Vec<&str> = component.ports.iter().map(|port| &*port.name).collect();
    match port {
        Some(PortRef::Name(wanted)) if !names.contains(&wanted.as_str()) => {
            let fact = format!("`{}` has no port `{wanted}` for its {name} probe", component.name);
            Some((
                fact,
                did_you_mean(wanted, names)
                    .unwrap_or_else(|| "give the container's port number".into()),
            ))
        }
        None if probe.http.is_some() && (component.ports.len() != 1 || beside) => {
            let fact = format!("the {name} probe of `{}` does not say which port", container.name);
            Some((fact, "add `port:` with a port's name or the container's number".into()))
        }
        _ => None,
    }
}
