//! Services among the raw objects: further names of components, or of the author's own pods.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::super::{Account, Answer, Component, ComponentId, Front, FrontPort, Port, Traffic};
use super::Member;
use super::shell::Unbound;
use crate::model::{Job, Kind, Protocol};
use crate::raw::{Index, Object, references, selector};

/// Whose pods a raw Service selects.
enum Leads {
    /// Those of one component: its position, and the version if it is one of several.
    Component(usize, Option<usize>),
    /// What weft does not make.
    Elsewhere,
}

/// Sorts the Services among the raw objects by whose pods they select.
fn sorted<'r>(raw: &'r [Object], app: &str, member: &Member) -> Vec<(&'r Object, Leads)> {
    let services: Vec<&Object> = raw.iter().filter(|object| object.kind == "Service").collect();
    if services.is_empty() {
        return Vec::new();
    }
    // A Service may select by any label of a pod, so each pod is known by all that it has.
    let mut owned: Vec<(usize, usize, &str, BTreeMap<String, String>)> = Vec::new();
    for (at, component) in member.components.iter().enumerate() {
        for (number, (version, _, settings)) in member.versions[at].iter().enumerate() {
            let mut labels = component.pod_labels(app, version);
            let own = settings.labels.iter().flatten();
            labels.extend(own.map(|(key, value)| (key.to_string(), value.to_string())));
            owned.push((at, number, &component.namespace, labels));
        }
    }
    let mut index = Index::default();
    for (_, _, namespace, labels) in &owned {
        index.add(namespace, labels.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect());
    }
    let leads = |service: &Object| {
        let namespace = service.namespace.as_deref().unwrap_or_default();
        let wanted = selector(&service.value).map(|selector| selector.labels).unwrap_or_default();
        let matches = index.matching(namespace, &wanted);
        let Some(first) = matches.first() else { return Leads::Elsewhere };
        let (at, version, ..) = owned[*first];
        let alone = matches.len() == 1 && member.versions[at].len() > 1;
        Leads::Component(at, alone.then_some(version))
    };
    services.into_iter().map(|service| (service, leads(service))).collect()
}

/// A Service that leads to pods of the author's own, as something that can be called.
fn node(service: &Object, app: usize) -> Component {
    let namespace = service.namespace.as_deref().unwrap_or_default();
    let labels = selector(&service.value).into_iter().flat_map(|selector| selector.labels);
    let labels = labels.map(|(key, value)| (key.to_owned(), value.to_owned()));
    let name: Arc<str> = service.name.as_str().into();
    let ports = ports(service).into_iter().map(|port| Port {
        name: port.name.into(),
        port: port.number,
        target: port.target.parse().unwrap_or(port.number),
        protocol: port.protocol,
        internal: true,
    });
    Component {
        app,
        path: service.path.clone(),
        kind: Kind::External,
        namespace: namespace.into(),
        addresses: Vec::new(),
        tls: None,
        ports: ports.collect(),
        aliases: Vec::new(),
        account: Account {
            name: name.clone(),
            create: false,
            token: false,
            annotations: BTreeMap::new(),
        },
        entries: Vec::new(),
        propagates: Vec::new(),
        versions: Vec::new(),
        versioned: false,
        traffic: Traffic::default(),
        schedule: None,
        job: Job::default(),
        given: Some(labels.collect()),
        outside_mesh: false,
        app_port: None,
        headless: service.value["spec"]["clusterIP"] == "None",
        connect: BTreeMap::new(),
        metrics: None,
        name,
    }
}

/// A port of a Service, as written.
struct Written<'v> {
    name: &'v str,
    number: u16,
    /// The number or name of the port of the pods.
    target: String,
    protocol: Protocol,
}

fn ports(service: &Object) -> Vec<Written<'_>> {
    let list = service.value["spec"]["ports"].as_array();
    let read = |port: &'_ Value| {
        let number = u16::try_from(port["port"].as_u64()?).ok()?;
        let target = match &port["targetPort"] {
            Value::Null => number.to_string(),
            Value::String(name) => name.clone(),
            other => other.to_string(),
        };
        Some((number, target))
    };
    list.into_iter()
        .flatten()
        .filter_map(|port| {
            let (number, target) = read(port)?;
            let name = port["name"].as_str().unwrap_or_default();
            let stated = port["appProtocol"].as_str().and_then(Protocol::named);
            let transport = match port["protocol"].as_str() {
                Some("UDP") => Protocol::Udp,
                Some("SCTP") => Protocol::Sctp,
                _ => Protocol::Tcp,
            };
            let protocol = stated.or_else(|| Protocol::named(name)).unwrap_or(transport);
            let name = if name.is_empty() { "tcp" } else { name };
            Some(Written { name, number, target, protocol })
        })
        .collect()
}

/// Puts the Services that lead elsewhere among the components, which stay in the order of their
/// names. One whose name is taken is left out: that is found where all objects are known.
pub(super) fn add_nodes(app: &str, position: usize, raw: &[Object], member: &mut Member) {
    let elsewhere = sorted(raw, app, member).into_iter();
    let nodes: Vec<Component> = elsewhere
        .filter(|(_, leads)| matches!(leads, Leads::Elsewhere))
        .map(|(service, _)| node(service, position))
        .collect();
    if nodes.is_empty() {
        return;
    }
    let mut both: Vec<(Component, Vec<Unbound>)> =
        member.components.drain(..).zip(member.versions.drain(..)).collect();
    both.extend(nodes.into_iter().map(|node| (node, Vec::new())));
    both.sort_by(|a, b| (&a.0.name, &a.0.given).cmp(&(&b.0.name, &b.0.given)));
    both.dedup_by(|again, first| again.0.name == first.0.name);
    (member.components, member.versions) = both.into_iter().unzip();
}

/// Lets each Service that leads to a component answer by its name, unless the name is taken; and
/// yields the components that raw objects let in or call.
pub(super) fn claim(
    raw: &[Object],
    app: &str,
    first: usize,
    member: &Member,
    names: &mut BTreeMap<Arc<str>, Answer>,
    fronts: &mut Vec<Front>,
) -> BTreeSet<ComponentId> {
    let mut entrances = BTreeSet::new();
    for (service, leads) in sorted(raw, app, member) {
        let Leads::Component(at, version) = leads else { continue };
        let outside = service.value["spec"]["type"].as_str().unwrap_or("ClusterIP");
        if outside == "LoadBalancer" || outside == "NodePort" {
            entrances.insert(ComponentId(first + at));
        }
        let name: Arc<str> = service.name.as_str().into();
        if names.contains_key(&name) {
            continue;
        }
        let leads = |port: &Written<'_>| {
            let fits = |known: &Port| {
                let target = known.target.to_string() == port.target || *known.name == *port.target;
                target && known.protocol.transport() == port.protocol.transport()
            };
            member.components[at].ports.iter().position(fits)
        };
        let ports = ports(service).into_iter().filter_map(|port| {
            let leads = leads(&port)?;
            Some(FrontPort { name: port.name.into(), number: port.number, port: leads })
        });
        let front = Front { ports: ports.collect(), path: service.path.clone() };
        let component = ComponentId(first + at);
        names.insert(name, Answer { component, version, front: Some(fronts.len()) });
        fronts.push(front);
    }
    entrances.extend(named(raw, names, first, &member.components));
    entrances
}

/// Components whose Service a raw object names.
fn named(
    raw: &[Object],
    names: &BTreeMap<Arc<str>, Answer>,
    first: usize,
    components: &[Component],
) -> BTreeSet<ComponentId> {
    let mut out = BTreeSet::new();
    for object in raw {
        for reference in references(&object.value) {
            let namespace = reference.namespace.as_ref().or(object.namespace.as_ref());
            let answer = names.get(&*reference.name).filter(|_| reference.kind == "Service");
            let Some(id) = answer.map(|answer| answer.component) else { continue };
            let component = &components[id.0 - first];
            if namespace.is_none_or(|namespace| **namespace == *component.namespace) {
                out.insert(id);
            }
        }
    }
    out
}
