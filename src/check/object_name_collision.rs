use super::Finder;
use std::collections::BTreeMap;

use crate::diag::{Diagnostic, Rule, Severity};
use crate::graph::{Component, Door};
use crate::model::{GatewayKind, Governance, Kind, Via};
use crate::source::{Path, Place};

/// `object-name-collision`: two objects would get the same name.
pub static OBJECT_NAME_COLLISION: Rule = Rule {
    code: "object-name-collision",
    severity: Severity::Error,
    summary: "two objects would get the same name",
    explain: "Object names are built from component and version names, and two different pairs can give the same text: version `b-c` of `a` and version `c` of `a-b` are both `a-b-c`.",
    wrong: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "  web-external:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8081 }\n",
        "    dependsOn: [web]\n",
    ),
    right: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
    ),
};

/// No two objects of a kind may share a name.
pub(super) fn check(find: &mut Finder<'_>) {
    let mut taken: BTreeMap<(&'static str, &str, String), (Path, String)> = BTreeMap::new();
    let istio = find.graph.governance == Governance::Istio;
    if istio {
        let routes = (Path::root().field("name"), "the routes of the entry".to_owned());
        taken.insert(("VirtualService", &find.graph.namespace, find.graph.entry_name()), routes);
    }
    let redirects = find.graph.ended_tls().is_some_and(|tls| tls.redirect == Some(true));
    if redirects && find.graph.gateway_kind() == GatewayKind::GatewayApi {
        let path = Path::root().field("gateway").field("tls").field("redirect");
        let claim = ("HTTPRoute", &*find.graph.namespace, find.graph.redirect_name());
        taken.insert(claim, (path, "the redirect to HTTPS".to_owned()));
    }
    if find.graph.policy.mtls.is_some() {
        let all = (find.graph.policy.path("mtls"), "the policy of the whole namespace".to_owned());
        for namespace in find.graph.namespaces().into_keys() {
            let name = ("PeerAuthentication", namespace, "default".to_owned());
            taken.insert(name, all.clone());
        }
    }
    let mut accounts: BTreeMap<(&str, &str), &Component> = BTreeMap::new();
    for component in find.graph.own() {
        let account = &component.account;
        let first = *accounts.entry((&component.namespace, &account.name)).or_insert(component);
        let same = first.account.annotations == account.annotations
            && first.account.create == account.create;
        if !same {
            let title =
                format!("two components describe service account `{}` differently", account.name);
            let place = Place::Key(component.path.field("serviceAccount"));
            let other = Place::Key(first.path.field("serviceAccount"));
            let diagnostic = Diagnostic::new(
                &OBJECT_NAME_COLLISION,
                title,
                place,
                format!("`{}`", component.name),
            )
            .also(other, format!("`{}`", first.name))
            .help("write the same for both, or give them accounts of their own");
            find.report(diagnostic);
        }
        let mut claims: Vec<(&'static str, String, Path)> = Vec::new();
        // Only deployments have a workload for each version; another rule says so.
        let workloads = match component.kind {
            Kind::Deployment => component.versions.len(),
            _ => 1,
        };
        for version in component.versions.iter().take(workloads) {
            // One name for all kinds of workload: their files and volumes are named after it.
            claims.push(("workload", version.workload.clone(), version.path.clone()));
        }
        if component.kind == Kind::StatefulSet && !component.headless {
            let name = component.headless_name();
            claims.push(("Service", name, component.path.clone()));
        }
        let pods = find.graph.governance == Governance::Envoy
            && !component.headless
            && component.service_ports().next().is_some();
        if pods && !matches!(component.kind, Kind::StatefulSet | Kind::External) {
            let versions = component.versions.iter();
            claims.extend(versions.map(|v| ("Service", component.pods_name(v), v.path.clone())));
        }
        for (_, name) in component.blind_entries() {
            claims.push(("Service", name, component.path.field("expose")));
        }
        let named = matches!(component.kind, Kind::Deployment | Kind::StatefulSet);
        if find.graph.governance == Governance::Dapr && find.graph.meshed(component) && named {
            // Dapr's operator makes these.
            for version in &component.versions {
                let name = format!("{}-dapr", component.app_id(version));
                claims.push(("Service", name, version.path.clone()));
            }
        }
        if find.graph.gateway_kind() == GatewayKind::GatewayApi {
            for entry in component.entries.iter().filter(|entry| entry.via == Via::Gateway) {
                let kind = match find.graph.door(component, entry) {
                    Some(Door::OwnPort(_)) => "TCPRoute",
                    Some(Door::ServerName) => "TLSRoute",
                    Some(Door::Requests) | None => "HTTPRoute",
                };
                claims.push((kind, component.route_name(entry), entry.path.clone()));
            }
        }
        if istio && component.speaks_http() {
            let own = std::iter::once((component.name.to_string(), component.path.clone()));
            let declared = component.versions.iter().filter(|_| component.versioned);
            let versions = declared.map(|v| (component.version_name(v), v.path.clone()));
            let aliases = component.aliases.iter().filter(|alias| alias.ports.is_some());
            let aliases = aliases.map(|alias| (alias.name.to_string(), alias.path.clone()));
            claims.extend(
                own.chain(aliases)
                    .chain(versions)
                    .map(|(name, path)| ("VirtualService", name, path)),
            );
        }
        if find.graph.policy.access || find.graph.policy.egress {
            let own = std::iter::once((component.name.to_string(), component.path.clone()));
            let several = component.versions.iter().filter(|_| component.versions.len() > 1);
            let versions = several.map(|v| (component.version_name(v), v.path.clone()));
            claims.extend(own.chain(versions).map(|(name, path)| ("policy", name, path)));
        }
        if find.graph.policy.mtls.is_some() {
            let own = (component.name.to_string(), component.path.clone());
            claims.push(("PeerAuthentication", own.0, own.1));
        }
        let own = claims.into_iter().map(|(k, name, path)| (k, &component.namespace, name, path));
        // These belong to the gateway, wherever the component is.
        let streams = component.entries.iter().filter(|entry| istio && entry.own_port.is_some());
        let streams = streams.map(|entry| {
            let name = find.graph.stream_name(component, entry);
            ("VirtualService", &find.graph.namespace, name, entry.path.clone())
        });
        let claims: Vec<_> = own.chain(streams).collect();
        for (kind, namespace, name, path) in claims {
            let whose = format!("{kind} of `{}`", component.name);
            let clash = match kind {
                "Service" => find
                    .graph
                    .names
                    .get(&*name)
                    .map(|answer| find.graph.component(answer.component))
                    .filter(|other| other.namespace == component.namespace)
                    .map(|other| (other.path.clone(), format!("Service of `{}`", other.name))),
                _ => taken.get(&(kind, &**namespace, name.clone())).cloned(),
            };
            if let Some((first, of)) = clash {
                let title = format!("two objects would be {kind} `{name}`");
                let diagnostic =
                    Diagnostic::new(&OBJECT_NAME_COLLISION, title, Place::Key(path), whose)
                        .also(Place::Key(first), of)
                        .help("rename one of the two");
                find.report(diagnostic);
            } else {
                taken.insert((kind, namespace, name), (path, whose));
            }
        }
    }
}
