//! What should be open, from the graph and the entries.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::cluster::{End, Socket, identity, list, matches, text};
use super::dapr;
use super::linkerd::injected;
use super::{ENTRANCE, ISTIO_ACCOUNT};

/// What stands between the outside and a port.
#[derive(Clone, Debug)]
pub(super) enum Door {
    Balancer,
    /// A gateway: one end with an identity, or all of a namespace.
    Gateway(End),
    /// Who reads metrics.
    Scraper(End),
    Unknown,
}

/// One application as it should be: read from its graph and its objects.
pub(super) struct Wanted {
    pub(super) pods: Vec<Pod>,
    /// Component → port (target, transport) → doors.
    pub(super) doors: BTreeMap<(String, Socket), Vec<Door>>,
    pub(super) edges: Vec<Edge>,
    pub(super) outside: BTreeMap<String, Value>,
    /// Ports at which kubelet asks by HTTPS, which nobody can look into.
    pub(super) asked_blindly: BTreeSet<(String, u16)>,
}

pub(super) struct Pod {
    pub(super) end: End,
    pub(super) component: String,
    pub(super) version: String,
    pub(super) kind: String,
    pub(super) token: bool,
    pub(super) sockets: BTreeSet<Socket>,
    /// Where the pod's own proxy takes calls: the number, the port that is called, and whether it is
    /// for calls to this version alone.
    pub(super) entrances: Vec<(Socket, Socket, bool)>,
    /// A number past the proxy, and who reads there.
    pub(super) scraped: Option<(Socket, End)>,
    /// Its sidecar of Dapr: app id, and the name of its Configuration.
    pub(super) sidecar: Option<(String, String)>,
}

pub(super) struct Edge {
    pub(super) from: String,
    pub(super) name: String,
    pub(super) callee: String,
    /// The one version called.
    pub(super) version: Option<String>,
    pub(super) socket: Socket,
    pub(super) protocol: String,
}

pub(super) fn socket(port: &Value) -> Socket {
    let transport = match port["protocol"].as_str() {
        Some("udp") => "UDP",
        Some("sctp") => "SCTP",
        _ => "TCP",
    };
    (port["target"].as_u64().expect("a number") as u16, transport.to_owned())
}

impl Wanted {
    pub(super) fn new(graph: &Value, all: &[Value], account: &str) -> Self {
        let mut pods = Vec::new();
        let mut edges = Vec::new();
        let mut doors: BTreeMap<(String, Socket), Vec<Door>> = BTreeMap::new();
        let mut outside = BTreeMap::new();
        let components: BTreeMap<String, &Value> =
            list(&graph["components"]).iter().map(|c| (text(&c["name"]), c)).collect();
        let of = |kind: &'static str| all.iter().filter(move |object| object["kind"] == kind);
        for (name, component) in &components {
            if component["kind"] == "external" {
                outside.insert(name.clone(), (*component).clone());
            }
            for version in list(&component["versions"]) {
                let workload = all.iter().find(|object| {
                    let pods = object["spec"]["template"].is_object()
                        || object["spec"]["jobTemplate"].is_object();
                    pods && object["metadata"]["name"] == version["workload"]
                        && object["metadata"]["namespace"] == component["namespace"]
                });
                let workload = workload.unwrap_or_else(|| panic!("no workload for {version}"));
                let spec = match &workload["spec"]["jobTemplate"] {
                    Value::Null => &workload["spec"],
                    job => &job["spec"],
                };
                let template = &spec["template"];
                let labels = template["metadata"]["labels"].as_object().expect("labels");
                let namespace = text(&component["namespace"]);
                let own = text(&template["spec"]["serviceAccountName"]);
                let home = of("Namespace").find(|one| one["metadata"]["name"] == *namespace);
                let dataplane = "istio.io/dataplane-mode";
                let of_home = home.map(|home| text(&home["metadata"]["labels"][dataplane]));
                let ambient = labels.get(dataplane).map(text).or(of_home);
                let meshed = labels.get("sidecar.istio.io/inject") == Some(&json!("true"))
                    || ambient.as_deref() == Some("ambient")
                    || injected(template);
                pods.push(Pod {
                    end: End {
                        what: text(&version["workload"]),
                        labels: labels.iter().map(|(k, v)| (k.clone(), text(v))).collect(),
                        address: None,
                        identity: meshed.then(|| identity(&namespace, &own)),
                        namespace,
                    },
                    component: name.clone(),
                    version: text(&version["name"]),
                    kind: text(&component["kind"]),
                    token: template["spec"]["automountServiceAccountToken"] == true,
                    sockets: list(&component["ports"]).iter().map(socket).collect(),
                    entrances: Vec::new(),
                    scraped: None,
                    sidecar: dapr::sidecar(&template["metadata"]["annotations"]),
                });
                lead_to_proxies(component, template, all, pods.last_mut().expect("a pod"));
            }
            for entry in list(&component["entries"]) {
                let port = list(&component["ports"])
                    .iter()
                    .find(|port| port["name"] == entry["port"])
                    .expect("the exposed port");
                let balanced = of("Service").any(|service| {
                    ["LoadBalancer", "NodePort"]
                        .contains(&service["spec"]["type"].as_str().unwrap_or_default())
                        && service["spec"]["selector"]["app"] == **name
                        && service["metadata"]["namespace"] == component["namespace"]
                        && list(&service["spec"]["ports"])
                            .iter()
                            .any(|one| one["port"] == port["port"])
                });
                let door = match balanced {
                    true => Door::Balancer,
                    false => gateway(graph, all, account),
                };
                doors.entry((name.clone(), socket(port))).or_default().push(door);
            }
        }
        for edge in list(&graph["edges"]).iter().filter(|edge| edge["kind"] == "calls") {
            // The pods of another app are not in these manifests.
            let Some(callee) = components.get(&text(&edge["callee"])) else {
                assert!(text(&edge["callee"]).contains('/'), "{edge}");
                continue;
            };
            let port = list(&callee["ports"])
                .iter()
                .find(|port| port["name"] == edge["port"])
                .expect("the called port");
            let name = text(&edge["to"]);
            let common =
                edge["to"] == edge["callee"] || list(&callee["aliases"]).contains(&edge["to"]);
            let version = name.strip_prefix(&format!("{}-", text(&edge["callee"])));
            // A Service of the author's own may be called in the same way.
            let version = version
                .filter(|name| list(&callee["versions"]).iter().any(|one| one["name"] == **name));
            let version = version.filter(|_| !common).map(str::to_owned);
            let (socket, version) = match edge["through"]["dapr"].as_str() {
                Some(id) => {
                    let own = id.strip_prefix(&format!("{}-", text(&edge["callee"])));
                    (dapr::internal(), own.map(str::to_owned).or(version))
                }
                None => (socket(port), version),
            };
            edges.push(Edge {
                from: text(&edge["from"]),
                version,
                callee: text(&edge["callee"]),
                socket,
                protocol: text(&port["protocol"]),
                name,
            });
        }
        Self { pods, doors, edges, outside, asked_blindly: BTreeSet::new() }
    }

    /// Adds who reads the metrics, as the resolved app file says it: a door of its own.
    pub(super) fn let_scrapers_in(&mut self, file: &Value, graph: &Value) {
        for component in list(&graph["components"]) {
            let written = &file["components"][text(&component["name"])];
            let versions = written["versions"].as_object().into_iter().flatten();
            let all = versions.map(|(_, version)| version).chain([written]);
            for probe in all.flat_map(|one| one["probes"].as_object().into_iter().flatten()) {
                let at = list(&component["ports"]).iter().find(|port| {
                    port["name"] == probe.1["port"] || port["target"] == probe.1["port"]
                });
                if let (Some(at), "HTTPS") = (at, &*text(&probe.1["scheme"])) {
                    self.asked_blindly.insert((text(&component["name"]), socket(at).0));
                }
            }
            let metrics = &file["components"][text(&component["name"])]["metrics"];
            let from = &metrics["from"];
            if !from.is_object() {
                continue;
            }
            let ports = list(&component["ports"]);
            let named = ports.iter().find(|port| {
                port["name"] == metrics["port"]
                    || port["target"] == metrics["port"]
                    || metrics["port"].is_null()
            });
            let socket = named.map_or_else(
                || (metrics["port"].as_u64().expect("a number") as u16, "TCP".to_owned()),
                socket,
            );
            let labels: Vec<(String, String)> = from["pods"]
                .as_object()
                .into_iter()
                .flatten()
                .map(|(key, value)| (key.clone(), text(value)))
                .collect();
            let labels: Vec<(&str, &str)> = labels.iter().map(|(k, v)| (&**k, &**v)).collect();
            let account = from["serviceAccount"].as_str();
            let what = format!("scraper {from}");
            let end = End::pod(&what, &text(&from["namespace"]), &labels, account);
            let name = text(&component["name"]);
            // A number that is no port goes past the proxy, and no other check looks at it.
            for pod in self.pods.iter_mut().filter(|pod| pod.component == name) {
                pod.scraped = named.is_none().then(|| (socket.clone(), end.clone()));
            }
            if named.is_some() {
                self.doors.entry((name, socket)).or_default().push(Door::Scraper(end));
            }
        }
    }

    pub(super) fn declared(&self, a: &Pod, b: &Pod, socket: &Socket) -> bool {
        let entrance = b.entrances.iter().find(|(number, ..)| number == socket);
        let called = entrance.map_or(socket, |(_, called, _)| called);
        let alone = self.pods.iter().filter(|pod| pod.component == b.component).count() == 1;
        // With one version nobody can tell who calls it and who calls all.
        let fits = |version: &Option<String>| match entrance {
            None => version.as_ref().is_none_or(|version| *version == b.version),
            Some(_) if alone => version.as_ref().is_none_or(|version| *version == b.version),
            Some((.., true)) => version.as_ref() == Some(&b.version),
            Some((.., false)) => version.is_none(),
        };
        let edge = |edge: &Edge| {
            edge.from == a.end.what
                && edge.callee == b.component
                && edge.socket == *called
                && fits(&edge.version)
        };
        // The proxy at the entrance of one pod calls the programs of all.
        let among =
            a.component == b.component && b.entrances.iter().any(|(_, called, _)| called == socket);
        self.edges.iter().any(edge) || among || (self.peers(a, b) && b.sockets.contains(socket))
    }

    /// The pods of a stateful set reach each other.
    pub(super) fn peers(&self, a: &Pod, b: &Pod) -> bool {
        a.component == b.component && a.kind == "statefulset" && !a.sockets.is_empty()
    }

    /// Who comes in from outside. Readers of numbers come to the program itself.
    pub(super) fn doors(&self, b: &Pod, socket: &Socket) -> Vec<&Door> {
        let entrance = b.entrances.iter().find(|(number, ..)| number == socket);
        let called = match entrance {
            // What comes from outside comes for all versions.
            Some((.., true)) => return Vec::new(),
            Some((_, called, false)) => called,
            None => socket,
        };
        let all = self.doors.get(&(b.component.clone(), called.clone()));
        let reads = |door: &&Door| matches!(door, Door::Scraper(_));
        all.into_iter().flatten().filter(|door| entrance.is_none() || !reads(door)).collect()
    }

    pub(super) fn open_to_all(&self, b: &Pod, socket: &Socket) -> bool {
        self.doors(b, socket).iter().any(|door| matches!(door, Door::Balancer | Door::Unknown))
    }

    /// Whether a gateway outside the mesh leads there: it has no identity that one could ask for.
    pub(super) fn has_foreign_gateway(&self, b: &Pod, socket: &Socket) -> bool {
        let foreign = |door: &&Door| matches!(door, Door::Gateway(end) if !end.meshed());
        self.doors(b, socket).iter().any(foreign)
    }
}

/// Adds the numbers at which a pod's own proxy takes calls: those that Services lead to and that are
/// no port of the component.
fn lead_to_proxies(component: &Value, template: &Value, all: &[Value], pod: &mut Pod) {
    for service in all.iter().filter(|object| object["kind"] == "Service") {
        let selector = &service["spec"]["selector"];
        let here = service["metadata"]["namespace"] == *pod.end.namespace
            && selector.as_object().is_some_and(|selector| !selector.is_empty())
            && matches(selector, &pod.end.labels);
        for shown in list(&service["spec"]["ports"]).iter().filter(|_| here) {
            let transport = text(&shown["protocol"]);
            // By its name, in whichever container has it; a Service of the author's own may name
            // something else.
            let named = || {
                let of = |containers: &'static str| list(&template["spec"][containers]).iter();
                let mut ports = of("containers")
                    .chain(of("initContainers"))
                    .flat_map(|container| list(&container["ports"]));
                ports.find(|port| port["name"] == shown["targetPort"])?["containerPort"].as_u64()
            };
            let Some(number) = shown["targetPort"].as_u64().or_else(named) else { continue };
            let number = (number as u16, transport);
            let own = selector["version"].is_string();
            let known = pod.entrances.iter().any(|(known, ..)| *known == number);
            let declared = list(&component["ports"]).iter().any(|port| socket(port) == number);
            if declared || known {
                continue;
            }
            let mut ports = list(&component["ports"]).iter();
            let called = ports.find(|port| {
                let (name, protocol) = (text(&port["name"]), text(&port["protocol"]));
                shown["name"] == *name || shown["name"] == *format!("{protocol}-{name}")
            });
            let Some(called) = called else { continue };
            pod.entrances.push((number.clone(), socket(called), own));
            pod.sockets.insert(number);
        }
    }
}

/// The shared gateway: which pods it has, by the objects that describe it.
pub(super) fn gateway(graph: &Value, all: &[Value], account: &str) -> Door {
    let app = text(&graph["namespace"]);
    let linkerd = all.iter().any(|object| injected(&object["spec"]["template"]));
    let api = |object: &&Value, group: &str| {
        object["kind"] == "Gateway" && text(&object["apiVersion"]).starts_with(group)
    };
    if let Some(mesh) = all.iter().find(|object| api(object, "networking.istio.io")) {
        let labels = mesh["spec"]["selector"].as_object().expect("a selector");
        let mut end = End::pod("gateway", ENTRANCE, &[], Some(account));
        end.labels = labels.iter().map(|(k, v)| (k.clone(), text(v))).collect();
        return Door::Gateway(end);
    }
    let own = all.iter().find(|object| api(object, "gateway.networking.k8s.io"));
    if let Some(own) = own.filter(|own| own["spec"]["gatewayClassName"] == "istio") {
        let name = text(&own["metadata"]["name"]);
        let labels = [("gateway.networking.k8s.io/gateway-name", &*name)];
        // In the mesh of another it is nobody.
        let account = format!("{name}-istio");
        let account = Some(&*account).filter(|_| !linkerd);
        return Door::Gateway(End::pod("gateway", &app, &labels, account));
    }
    // Linkerd brings no gateway; one that has an identity is in the mesh.
    let account = Some(account).filter(|account| linkerd && *account != ISTIO_ACCOUNT);
    Door::Gateway(End::pod("controller", ENTRANCE, &[("app", "controller")], account))
}
