//! Everything of a component that needs no other component.

use std::sync::Arc;

use super::super::traffic::TrafficBinder;
use super::super::{Account, Component, Entry, PathMatch, Port, rule};
use super::service::{Found, connect};
use super::{Scope, operation};
use crate::diag::{Diagnostic, Sink};
use crate::model::{self, Exemption, Kind, Name, Protocol, Via};
use crate::source::{Path, Place};

/// A version before its names are bound.
pub(super) type Unbound = (Name, Path, model::Workload);

/// Everything of a component that needs no other component.
pub(super) fn shell(
    name: Name,
    component: model::Component,
    path: Path,
    scope: &Scope,
    sink: &mut Sink,
) -> (Component, Vec<Unbound>) {
    let kind = component.kind.unwrap_or(Kind::Deployment);
    let ports: Vec<Port> = component
        .ports
        .into_iter()
        .flatten()
        .map(|(port_name, port)| Port {
            protocol: port
                .protocol
                .or_else(|| Protocol::named(&port_name))
                .unwrap_or(Protocol::Tcp),
            name: port_name.0,
            port: port.port,
            target: port.target.unwrap_or(port.port),
            internal: port.internal.unwrap_or(true),
        })
        .collect();
    if ports.is_empty() && component.traffic.is_some() {
        let title = format!("`traffic` has no effect: nobody can call `{name}`");
        let place = Place::Key(path.field("traffic"));
        sink.report(
            Diagnostic::new(&rule::FIELD_WITHOUT_EFFECT, title, place, "there are no calls")
                .also(Place::Key(path.clone()), "has no ports")
                .help("add `ports:`, or remove `traffic`"),
        );
    }
    let versioned = component.versions.is_some();
    let mut versions: Vec<Unbound> = match component.versions {
        Some(versions) => {
            let root = path.field("versions");
            versions.into_iter().map(|(v, w)| (v.clone(), root.key(&v), w)).collect()
        }
        None => {
            let version = component.version.clone().unwrap_or(Name("v1".into()));
            vec![(version, path.clone(), component.workload)]
        }
    };
    let mut stray: Vec<&'static str> = match kind {
        Kind::External => {
            let mut stray: Vec<&'static str> =
                versions.iter().flat_map(|(.., settings)| settings.written()).collect();
            stray.extend(component.service_account.as_ref().map(|_| "serviceAccount"));
            stray.extend(component.expose.as_ref().map(|_| "expose"));
            stray.extend(component.governance.map(|_| "governance"));
            stray.extend(component.version.as_ref().map(|_| "version"));
            stray.extend(versioned.then_some("versions"));
            versions.clear();
            stray
        }
        Kind::Job | Kind::CronJob | Kind::DaemonSet => versions
            .iter()
            .filter(|(.., settings)| settings.replicas.is_some())
            .map(|_| "replicas")
            .collect(),
        Kind::Deployment | Kind::StatefulSet => Vec::new(),
    };
    if kind.ends() {
        // Nobody can rely on an answer of what is there for a while.
        stray.extend((!ports.is_empty()).then_some("ports"));
        stray.extend(component.aliases.as_ref().map(|_| "aliases"));
        let exposed = !ports.is_empty() && component.expose.is_some();
        stray.extend(exposed.then_some("expose"));
    } else {
        stray.extend(component.job.as_ref().map(|_| "job"));
    }
    if kind != Kind::CronJob {
        stray.extend(component.schedule.as_ref().map(|_| "schedule"));
    }
    stray.extend(component.tls.as_ref().filter(|_| kind != Kind::External).map(|_| "tls"));
    for field in stray {
        let title = format!("`{field}` has no effect on a component of kind `{}`", kind.name());
        sink.report(
            Diagnostic::new(
                &rule::FIELD_WITHOUT_EFFECT,
                title,
                Place::Key(path.field(field)),
                "nothing would come of this",
            )
            .also(
                match component.kind {
                    Some(_) => Place::Value(path.field("kind")),
                    None => Place::Key(path.clone()),
                },
                format!("kind of `{name}`"),
            )
            .help(format!("remove `{field}`")),
        );
    }
    for (_, path, settings) in &versions {
        operation::strays(&name, kind, path, settings, sink);
    }
    let names: Vec<&str> = versions.iter().map(|(name, ..)| &**name).collect();
    let mut binder = TrafficBinder { component: &name, versions: &names, sink: &mut *sink };
    let traffic = binder.bind(component.traffic, &path.field("traffic"));
    let entries = component
        .expose
        .into_iter()
        .flatten()
        .filter_map(|(port, expose)| {
            entry(
                &name,
                &ports,
                &port,
                expose,
                &path.field("expose").key(&port),
                &scope.gateway_hosts,
                sink,
            )
        })
        .collect();
    let mut found = Found { name: &name, path: &path, kind, ports: &ports, sink };
    let headless = found.headless(component.headless);
    let aliases = found.aliases(component.aliases, headless);
    let metrics = found.metrics(component.metrics);
    if ports.is_empty() && component.connect.is_some() {
        let title = format!("`connect` has no effect: nobody can call `{name}`");
        let place = Place::Key(path.field("connect"));
        let label = "there are no callers";
        sink.report(
            Diagnostic::new(&rule::FIELD_WITHOUT_EFFECT, title, place, label)
                .also(Place::Key(path.clone()), "has no ports")
                .help("add `ports:`, or remove `connect`"),
        );
    }
    let shell = Component {
        app: scope.app,
        namespace: component.namespace.map_or_else(|| scope.namespace.clone(), |own| own.0),
        addresses: addresses(component.address, &path.field("address")),
        tls: component.tls,
        outside_mesh: component.governance == Some(Exemption::None),
        app_port: None,
        account: account(component.service_account, &name),
        aliases,
        headless,
        connect: connect(component.connect),
        metrics,
        propagates: component
            .propagates
            .into_iter()
            .flatten()
            .map(|header| header.to_ascii_lowercase())
            .collect(),
        name: name.0,
        path,
        kind,
        ports,
        entries,
        versions: Vec::new(),
        given: None,
        versioned,
        traffic,
        schedule: component.schedule,
        job: component.job.unwrap_or_default(),
    };
    (shell, versions)
}

fn addresses(written: Option<model::Addresses>, path: &Path) -> Vec<(Arc<str>, Path)> {
    match written {
        None => Vec::new(),
        Some(model::Addresses::One(address)) => vec![(address.0, path.clone())],
        Some(model::Addresses::Several(list)) => {
            let each = list.into_iter().enumerate();
            each.map(|(index, address)| (address.0, path.index(index))).collect()
        }
    }
}

fn account(account: Option<model::ServiceAccount>, component: &Name) -> Account {
    let account = account.unwrap_or_default();
    let name = account.name.map_or_else(|| component.0.clone(), |name| name.0);
    let annotations = account.annotations.into_iter().flatten();
    Account {
        // Every namespace has this one, and it is not ours to change.
        create: account.create.unwrap_or(&*name != "default"),
        token: account.token.unwrap_or(false),
        annotations: annotations.map(|(key, value)| (key.to_string(), value)).collect(),
        name,
    }
}

fn entry(
    component: &str,
    ports: &[Port],
    port: &str,
    expose: model::Expose,
    path: &Path,
    gateway_hosts: &[Arc<str>],
    sink: &mut Sink,
) -> Option<Entry> {
    let Some(position) = ports.iter().position(|known| &*known.name == port) else {
        let place = Place::Key(path.clone());
        if ports.is_empty() {
            let title = format!("`{component}` is exposed, but has no port");
            sink.report(
                Diagnostic::new(&rule::EXPOSED_WITHOUT_PORT, title, place, "nothing listens here")
                    .help(format!("add `ports: {{ {port}: 8080 }}` with the port it listens on")),
            );
        } else {
            let title = format!("`{component}` has no port `{port}` to expose");
            let known = ports.iter().map(|port| &*port.name);
            sink.report(
                Diagnostic::new(&rule::UNKNOWN_PORT, title, place, "no such port")
                    .suggest(port, known),
            );
        }
        return None;
    };
    let written = [
        ("hosts", expose.hosts.is_some()),
        ("exact", expose.exact.is_some()),
        ("prefix", expose.prefix.is_some()),
        ("startsWith", expose.starts_with.is_some()),
    ];
    let via = expose.via.unwrap_or(Via::Gateway);
    if via.is_blind() {
        for (field, _) in written.into_iter().filter(|(_, written)| *written) {
            let title = format!("`{field}` has no effect at a {}", via.title());
            let place = Place::Key(path.field(field));
            sink.report(
                Diagnostic::new(&rule::FIELD_WITHOUT_EFFECT, title, place, "it sees no requests")
                    .also(Place::Value(path.field("via")), "passes everything on")
                    .help(format!("remove `{field}`, or expose the port through the gateway")),
            );
        }
    }
    let protocol = ports[position].protocol;
    let why = match expose.port {
        Some(_) => "a port of its own takes every connection",
        None => "TLS hides the path",
    };
    let blind = [
        ("port", expose.port.is_some() && protocol.is_http(), "requests share the gateway's port"),
        ("port", expose.port.is_some() && via.is_blind(), "there it has the component's port"),
        (
            "nodePort",
            expose.node_port.is_some() && via != Via::NodePort,
            "only `via: node-port` has it",
        ),
        ("hosts", expose.hosts.is_some() && expose.port.is_some(), why),
    ];
    let opaque = !via.is_blind() && (expose.port.is_some() || protocol.hides_requests());
    let unseen = written[1..].iter().filter(|_| opaque && !protocol.is_http());
    let blind = blind.into_iter().chain(unseen.map(|(field, written)| (*field, *written, why)));
    for (field, _, why) in blind.filter(|(_, useless, _)| *useless) {
        let title = format!("`{field}` has no effect on an entry of this kind");
        let place = Place::Key(path.field(field));
        let spoken = format!("`{port}` of `{component}` speaks {}", protocol.name());
        sink.report(
            Diagnostic::new(&rule::FIELD_WITHOUT_EFFECT, title, place, why)
                .also(Place::Key(path.clone()), spoken)
                .help(format!("remove `{field}`")),
        );
    }
    let mut paths: Vec<PathMatch> = Vec::new();
    paths.extend(expose.exact.into_iter().flatten().map(|p| PathMatch::Exact(p.to_string())));
    paths.extend(expose.prefix.into_iter().flatten().map(|p| PathMatch::Prefix(segments(&p))));
    let texts = expose.starts_with.into_iter().flatten();
    paths.extend(texts.map(|p| PathMatch::StartsWith(p.to_string())));
    let hosts = expose.hosts.map(|hosts| hosts.into_iter().map(|host| host.0).collect());
    Some(Entry {
        port: position,
        via,
        node_port: expose.node_port,
        hosts: match expose.port {
            Some(_) => Vec::new(),
            None => hosts.unwrap_or_else(|| gateway_hosts.to_vec()),
        },
        paths,
        own_port: expose.port,
        path: path.clone(),
    })
}

/// `/api/` and `/api` are the same segments.
fn segments(path: &str) -> String {
    match path.trim_end_matches('/') {
        "" => "/".into(),
        trimmed => trimmed.into(),
    }
}
