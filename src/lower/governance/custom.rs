//! A mode of the author's own: what its manifest says, and what its templates are given.

mod policy;
mod route;

use std::collections::BTreeMap;
use std::sync::Arc;

use self::policy::policies;
use self::route::{ejection, limits, routes};
use super::{Marks, Mode, PLAIN, routed_protocol};
use crate::graph::{Component, ComponentId, Graph, Version};
use crate::lower::policy::{Callers, Socket, narrows, pods};
use crate::lower::view::given::{self, Given};
use crate::lower::view::{Body, Custom, Pairs, Peer, Trace, View};
use crate::lower::{app_labels, host, labels};
use crate::model::{self, GatewayKind, Governance, Kind, Level, Manifest, Moment};
use crate::source::{Path, Place};
use crate::traffic::{Feature, can};

/// What the mode of a manifest adds.
pub(super) const MODE: Mode = Mode {
    namespace: |graph, meta| {
        let marks = manifest(graph).and_then(|mode| mode.marks.as_ref()?.namespace.as_ref());
        let (labels, annotations) = marks.map(pairs).unwrap_or_default();
        meta.labels.extend(labels);
        meta.annotations.extend(annotations);
    },
    pod: |graph, component, _, labels, annotations, trace| {
        mark(graph, component, labels, annotations, trace);
    },
    app_protocol: |graph, component, port| {
        let words = manifest(graph).and_then(|mode| mode.app_protocols.as_ref());
        let word = words.and_then(|words| words.get(port.protocol));
        word.or_else(|| routed_protocol(graph, component, port))
    },
    application: |graph, views| {
        let components = || {
            let callers = Callers::of(graph);
            let own = graph.ids().filter(|(_, one)| one.app == 0 && one.given.is_none());
            own.map(|(id, _)| component(graph, &callers, id)).collect()
        };
        make(graph, Level::Application, views, |views, template| {
            let mut given = bare(graph);
            given.components = Some(components());
            let about = "the application".to_owned();
            let view = view(template, about, app_labels(graph), given);
            views.push(View::new(view, Path::root().field("governance"), Trace::default()));
        });
    },
    // What is outside has no policy of its own.
    component: |graph, id, views| {
        if graph.component(id).kind == Kind::External {
            of_component(graph, &Callers::none(), id, views);
        }
    },
    policy: of_component,
    arriving: |graph, _, socket| {
        let tunnel = manifest(graph).and_then(|mode| mode.tunnel);
        let tunnel = tunnel.filter(|_| socket.1 == "TCP");
        vec![tunnel.map_or(socket, |port| (port, "TCP"))]
    },
    proxies: |graph, component, rules, trace| {
        let control_plane = manifest(graph).and_then(|mode| mode.control_plane.as_ref());
        let Some(control_plane) = control_plane.filter(|_| graph.meshed(component)) else { return };
        let labels = control_plane.pods.iter().flatten();
        let peer = Peer {
            namespace: Some(control_plane.namespace.to_string()),
            pods: labels.map(|(label, value)| (label.to_string(), value.clone())).collect(),
            ..Peer::default()
        };
        let socket: Socket = (control_plane.port, "TCP");
        rules.add(vec![socket], vec![(peer, None)], graph.policy.place("egress"), trace);
    },
    ..PLAIN
};

/// The manifest of the mode that governs.
fn manifest(graph: &Graph) -> Option<&'static Manifest> {
    match graph.governance {
        Governance::Custom(mode) => Some(&mode.manifest),
        _ => None,
    }
}

/// Labels and annotations as they are printed.
fn pairs(marks: &model::Marks) -> (Pairs, Pairs) {
    let of = |marks: &Option<BTreeMap<model::Label, String>>| -> Pairs {
        marks.iter().flatten().map(|(name, value)| (name.to_string(), value.clone())).collect()
    };
    (of(&marks.labels), of(&marks.annotations))
}

/// The marks of the pods of a component, in the mesh or kept out of it.
fn mark(
    graph: &Graph,
    component: &Component,
    labels: &mut Marks,
    annotations: &mut Marks,
    trace: &mut Trace,
) {
    let Some(marks) = manifest(graph).and_then(|mode| mode.marks.as_ref()) else { return };
    let outside = component.outside_mesh;
    let Some(own) = (if outside { &marks.outside } else { &marks.pods }) else { return };
    let (own_labels, own_annotations) = pairs(own);
    if outside {
        let place = || Place::Value(component.path.field("governance"));
        for (name, _) in &own_labels {
            trace.add(format!("metadata.labels.{name}"), place());
        }
        for (name, _) in &own_annotations {
            trace.add(format!("metadata.annotations.{name}"), place());
        }
    }
    labels.extend(own_labels);
    // What is written in the file is put over them.
    for (name, value) in own_annotations {
        annotations.entry(name).or_insert(value);
    }
}

/// The views of the templates for a component, and for each of its versions.
fn of_component(graph: &Graph, callers: &Callers, id: ComponentId, views: &mut Vec<View>) {
    let own = graph.component(id);
    let component = component(graph, callers, id);
    make(graph, Level::Component, views, |views, template| {
        let mut given = bare(graph);
        given.component = Some(component.clone());
        let about = format!("`{}`", own.name);
        let view = view(template, about, labels(graph, own), given);
        views.push(View::new(view, own.path.clone(), Trace::default()));
    });
    make(graph, Level::Version, views, |views, template| {
        for (version, written) in component.versions.iter().zip(&own.versions) {
            let mut given = bare(graph);
            given.component = Some(component.clone());
            given.version = Some(version.clone());
            let about = format!("version `{}` of `{}`", version.name, own.name);
            let mut labels = labels(graph, own);
            labels.insert("version".into(), version.name.clone());
            let view = view(template, about, labels, given);
            views.push(View::new(view, written.path.clone(), Trace::default()));
        }
    });
}

/// A template, and when its objects are applied.
type Chosen<'g> = (&'g Arc<crate::source::Template>, bool);

/// Calls `each` with every template of a level.
fn make(
    graph: &Graph,
    level: Level,
    views: &mut Vec<View>,
    each: impl Fn(&mut Vec<View>, Chosen<'_>),
) {
    let uses = manifest(graph).into_iter().flat_map(|mode| &mode.templates);
    for (name, used) in uses.filter(|(_, used)| used.of == level) {
        if let Some(template) = graph.templates.get(&name.0) {
            each(views, (template, used.apply == Some(Moment::Before)));
        }
    }
}

fn view(
    (template, early): Chosen<'_>,
    about: String,
    labels: BTreeMap<String, String>,
    given: Given,
) -> Body {
    let labels = labels.into_iter().collect();
    Body::Custom(Box::new(Custom { template: template.clone(), about, early, labels, given }))
}

/// What every template is given.
fn bare(graph: &Graph) -> Given {
    let gateway_api = graph.gateway_kind() == GatewayKind::GatewayApi;
    let gateway = graph.gateway.as_ref();
    let app = given::App {
        name: graph.name.to_string(),
        version: graph.version.clone(),
        namespace: graph.namespace.to_string(),
        namespaces: graph.namespaces().into_keys().map(str::to_owned).collect(),
        access: narrows(graph, Feature::Access),
        egress: narrows(graph, Feature::Egress),
        mtls: graph
            .policy
            .mtls
            .filter(|_| can(graph.governance, Feature::Mtls))
            .map(model::Mtls::name),
        gateway_class: graph.gateway_class().filter(|_| gateway_api).map(str::to_owned),
        gateway_namespace: gateway.and_then(|one| Some(one.namespace.as_ref()?.to_string())),
    };
    Given { app, components: None, component: None, version: None }
}

/// A component, in the words of no mode.
fn component(graph: &Graph, callers: &Callers, id: ComponentId) -> given::Component {
    let component = graph.component(id);
    let governed = component.kind != Kind::External;
    let ports = component.service_ports().map(|(_, port)| given::Port {
        name: port.service_name(),
        number: port.port,
        target: port.target,
        protocol: port.protocol.name(),
        transport: port.protocol.transport(),
        http: port.protocol.is_http(),
    });
    let own = (&component.name, component.headless);
    let aliases = component.aliases.iter().map(|alias| (&alias.name, alias.headless));
    let names = std::iter::once(own).chain(aliases).map(|(name, headless)| given::ServiceName {
        service: name.to_string(),
        host: host(component, name),
        headless,
    });
    given::Component {
        name: component.name.to_string(),
        namespace: component.namespace.to_string(),
        kind: component.kind.name(),
        meshed: graph.meshed(component),
        headless: component.headless,
        account: component.account.name.to_string(),
        token: component.account.token,
        pods: pods(component, None),
        addresses: component.addresses.iter().map(|(address, _)| address.to_string()).collect(),
        ports: ports.collect(),
        names: names.collect(),
        versions: component.versions.iter().map(|one| version(graph, component, one)).collect(),
        versioned: component.versioned,
        routes: if governed { routes(graph, id) } else { Vec::new() },
        limits: limits(graph, component),
        ejection: ejection(graph, component),
        policies: if governed { policies(graph, callers, id) } else { Vec::new() },
    }
}

fn version(graph: &Graph, component: &Component, version: &Version) -> given::Version {
    let service = match component.versioned {
        true => component.version_name(version),
        false => component.name.to_string(),
    };
    let mut pods = pods(component, None);
    pods.push(("version".to_owned(), version.name.to_string()));
    let calls = version.calls.iter().map(|call| {
        let callee = graph.component(call.to);
        given::Call {
            component: callee.name.to_string(),
            namespace: callee.namespace.to_string(),
            service: call.name.to_string(),
            number: call.number,
        }
    });
    given::Version {
        name: version.name.to_string(),
        workload: version.workload.clone(),
        host: host(component, &service),
        service,
        pods,
        calls: calls.collect(),
    }
}
