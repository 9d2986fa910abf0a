//! The application as meant: names bound to components, ports and versions, edges typed, defaults
//! applied. Knows nothing of Kubernetes objects.

mod build;
mod container;
mod dapr;
mod door;
mod policy;
pub mod rule;
mod traffic;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use petgraph::algo::tarjan_scc;
use petgraph::graph::{DiGraph, NodeIndex};

use crate::model::{
    self, Connection, ExternalTls, Gateway, GatewayKind, Governance, Job, Kind, Protocol, Schedule,
    Via,
};
use crate::source::{Path, Place, Template};

pub use build::build;
pub use container::{Container, File, Lent, Source, Volume};
pub use dapr::{Block, Dapr, Obstacle, SIDECAR_PORTS};
pub use door::{Door, certificate, covers_host};
pub use policy::{Gate, Policy};
pub use traffic::{Rule, Share, Traffic};

/// Position of a component in [`Graph::components`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ComponentId(pub usize);

/// The class of the gateways that Istio runs by itself.
/// Source: the GatewayClass that istiod creates, `istio`.
const OWN_CLASS: &str = "istio";

/// Annotations by which a pod's proxy gets volumes: what they are, and where they are mounted.
pub const PROXY_VOLUMES: [&str; 2] =
    ["sidecar.istio.io/userVolume", "sidecar.istio.io/userVolumeMount"];

/// An application whose names are bound.
#[derive(Debug)]
pub struct Graph {
    /// The application's name.
    pub name: Arc<str>,
    /// The application's own version.
    pub version: Option<String>,
    /// The namespace of the entry, and of every component without one of its own.
    pub namespace: Arc<str>,
    /// Who governs the traffic.
    pub governance: Governance,
    /// The modes of the author's own that there are.
    pub found: Vec<Governance>,
    /// The templates of the mode that governs, by name.
    pub templates: BTreeMap<Arc<str>, Arc<Template>>,
    /// The shared entry, as written.
    pub gateway: Option<Gateway>,
    /// The proxies of the mode `envoy`, as written.
    pub envoy: model::Envoy,
    /// What may be called.
    pub policy: Policy,
    /// What Dapr offers, and how its sidecars are set up.
    pub dapr: Dapr,
    /// The app that was asked for, then those that it uses.
    pub apps: Vec<App>,
    /// Every component of every app: those of the app that was asked for first, each by name.
    pub components: Vec<Component>,
    /// What the app's components can call → who answers. Names of other apps' components come
    /// after the name of their app and a slash.
    pub names: BTreeMap<Arc<str>, Answer>,
    /// Callers of each component, in the order of the components.
    pub callers: Vec<Vec<ComponentId>>,
    /// The author's own objects.
    pub raw: Vec<crate::raw::Object>,
    /// The author's Services that are further names of components.
    pub fronts: Vec<Front>,
    /// Components that raw objects call or let in.
    pub entrances: BTreeSet<ComponentId>,
    /// Changes of finished objects, by name.
    pub patches: BTreeMap<crate::model::Name, crate::model::Patch>,
}

/// A Service of the author's that leads to the pods of one component.
#[derive(Debug)]
pub struct Front {
    /// Its ports.
    pub ports: Vec<FrontPort>,
    /// Where it is written.
    pub path: Path,
}

/// A port of a [`Front`] that leads to one of the component's.
#[derive(Debug)]
pub struct FrontPort {
    /// Its name; empty where the only port has none.
    pub name: Arc<str>,
    /// The number that callers use.
    pub number: u16,
    /// Position of the port in the component's ports.
    pub port: usize,
}

/// One app of a system.
#[derive(Debug)]
pub struct App {
    /// Its name.
    pub name: Arc<str>,
    /// The apps that it uses itself: position in [`Graph::apps`], and where that is written.
    pub uses: Vec<(usize, Path)>,
    /// Where its policy says that its components are called by declared calls alone.
    pub closed: Option<Place>,
}

/// Who answers a DNS name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The component.
    pub component: ComponentId,
    /// The one version that answers; all of them where there is none.
    pub version: Option<usize>,
    /// The Service of the author's that has this name, by its position in [`Graph::fronts`].
    pub front: Option<usize>,
}

/// One component.
#[derive(Debug)]
pub struct Component {
    /// Its name, also its first DNS name.
    pub name: Arc<str>,
    /// Position of its app in [`Graph::apps`].
    pub app: usize,
    /// Where it is written.
    pub path: Path,
    /// What runs.
    pub kind: Kind,
    /// The namespace of everything that it becomes.
    pub namespace: Arc<str>,
    /// Where an external component is, each with the place where that is written.
    pub addresses: Vec<(Arc<str>, Path)>,
    /// TLS that the mesh puts around calls to an external component.
    pub tls: Option<ExternalTls>,
    /// Its ports, by name.
    pub ports: Vec<Port>,
    /// DNS names beside its own, by name.
    pub aliases: Vec<Alias>,
    /// Whether its own name leads to each pod by itself.
    pub headless: bool,
    /// What it gives to whoever calls it, by the variable's name.
    pub connect: BTreeMap<Arc<str>, model::ConnectValue>,
    /// Where its numbers are read.
    pub metrics: Option<Metrics>,
    /// Whether it is kept out of the mesh.
    pub outside_mesh: bool,
    /// The port that Dapr brings calls to, by position.
    pub app_port: Option<usize>,
    /// The service account of its pods.
    pub account: Account,
    /// How the outside reaches it.
    pub entries: Vec<Entry>,
    /// Request headers that it passes on, in lower case.
    pub propagates: Vec<String>,
    /// Its versions, by name; none for an external component.
    pub versions: Vec<Version>,
    /// The labels by which it finds its pods, where it is a Service among the raw objects that leads
    /// to pods of the author's own. Without labels, nobody knows where it leads.
    pub given: Option<Vec<(String, String)>>,
    /// Whether the file declares versions, so that each answers under a name of its own.
    pub versioned: bool,
    /// How calls to it are treated.
    pub traffic: Traffic,
    /// When it runs, of a cronjob.
    pub schedule: Option<Schedule>,
    /// How it runs to its end, of a job or a cronjob.
    pub job: Job,
}

/// A DNS name of a component beside its own.
#[derive(Debug)]
pub struct Alias {
    /// The name.
    pub name: Arc<str>,
    /// Where it is written.
    pub path: Path,
    /// The ports under this name, by their position in the component's ports, with the numbers that
    /// callers use; none is all of them with their own numbers.
    pub ports: Option<BTreeMap<usize, u16>>,
    /// Whether it leads to each pod by itself.
    pub headless: bool,
}

/// Where the numbers of a component are read.
#[derive(Debug)]
pub struct Metrics {
    /// The port.
    pub at: Scrape,
    /// The path.
    pub url: String,
    /// How often; `None` is as Prometheus is set up.
    pub interval: Option<model::Duration>,
    /// Who reads them; `None` is nobody that a policy would let in.
    pub from: Option<model::Scraper>,
    /// Where it is written.
    pub path: Path,
}

/// A port that numbers are read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scrape {
    /// One of the component's ports, by position.
    Port(usize),
    /// A port of the container that is none of them.
    Container(u16),
}

/// A service account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its name.
    pub name: Arc<str>,
    /// Whether it is created with the component.
    pub create: bool,
    /// Whether the pods get a token for the Kubernetes API.
    pub token: bool,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
}

/// One port of a component.
#[derive(Debug)]
pub struct Port {
    /// Its name.
    pub name: Arc<str>,
    /// The number that callers use.
    pub port: u16,
    /// The number that the container listens on.
    pub target: u16,
    /// What is spoken there.
    pub protocol: Protocol,
    /// Whether other components can call it.
    pub internal: bool,
}

/// One exposed port.
#[derive(Debug)]
pub struct Entry {
    /// Position in the component's ports.
    pub port: usize,
    /// What stands before it.
    pub via: Via,
    /// The number on the nodes, where it is written.
    pub node_port: Option<u16>,
    /// Host names; the gateway's where the entry has none of its own.
    pub hosts: Vec<Arc<str>>,
    /// Paths; none is every path.
    pub paths: Vec<PathMatch>,
    /// The port of the gateway that is this entry's alone.
    pub own_port: Option<u16>,
    /// Where it is written.
    pub path: Path,
}

/// A condition on a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PathMatch {
    /// This path.
    Exact(String),
    /// This path and what is below it. `/` is every path.
    Prefix(String),
    /// A path that begins with this text.
    StartsWith(String),
}

/// One version of a component: what runs.
#[derive(Debug)]
pub struct Version {
    /// Its name.
    pub name: Arc<str>,
    /// Where it is written.
    pub path: Path,
    /// The name of its workload.
    pub workload: String,
    /// Number of pods, as written; `None` where an autoscaler decides.
    pub replicas: Option<u32>,
    /// The autoscaler, as written.
    pub autoscale: Option<model::Autoscale>,
    /// How many pods may be gone at once, as written.
    pub disruption: Option<model::Disruption>,
    /// Where the pods run.
    pub placement: model::Placement,
    /// How pods are replaced, and how they stop.
    pub rollout: model::Rollout,
    /// What runs in each pod.
    pub container: Container,
    /// What runs beside it, by name.
    pub sidecars: Vec<Container>,
    /// What runs to its end before it, in order.
    pub init: Vec<Container>,
    /// Secrets by which the pods' images are pulled.
    pub image_pull_secrets: Vec<model::SecretName>,
    /// Calls to other components.
    pub calls: Vec<Call>,
    /// What it uses of what Dapr offers, by position in [`Dapr::blocks`] of its app, and where it says
    /// so.
    pub blocks: Vec<(usize, Path)>,
    /// Components created before this one.
    pub start_after: Vec<(ComponentId, Path)>,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// Annotations.
    pub annotations: BTreeMap<String, String>,
}

/// An edge of the graph: one version of a component calls another component.
#[derive(Clone, Debug)]
pub struct Call {
    /// The callee.
    pub to: ComponentId,
    /// The DNS name by which it is called.
    pub name: Arc<str>,
    /// The version that answers by this name; all of them where there is none.
    pub version: Option<usize>,
    /// Position of the port in the callee's ports.
    pub port: usize,
    /// The number that is called.
    pub number: u16,
    /// Whether the caller works without it.
    pub optional: bool,
    /// Variables that the caller gets: name, content, where it is written.
    pub env: Vec<(String, Given, Path)>,
    /// Whom the program calls in the callee's place, as written.
    pub through: Option<model::Through>,
    /// In the dapr mode, where the call goes through sidecars: the version whose app id is called.
    pub invoked: Option<usize>,
    /// Where it is written.
    pub path: Path,
}

/// What a variable of a call holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Given {
    /// Where to call.
    Connection(Connection),
    /// What the callee says.
    Value(model::EnvValue),
}

/// Who governs an app, and who could.
#[derive(Debug)]
pub struct Governed {
    /// Who does.
    pub governance: Governance,
    /// The modes of the author's own that there are.
    pub found: Vec<Governance>,
    /// The templates of the mode that governs, by name.
    pub templates: BTreeMap<Arc<str>, Arc<Template>>,
}

impl Graph {
    /// Every mode that the application can have.
    pub fn modes(&self) -> impl Iterator<Item = Governance> {
        Governance::ALL.into_iter().chain(self.found.iter().copied())
    }

    /// A component by id.
    pub fn component(&self, id: ComponentId) -> &Component {
        &self.components[id.0]
    }

    /// The components of the app that was asked for, which alone becomes objects.
    pub fn own(&self) -> &[Component] {
        let own = self.components.partition_point(|component| component.app == 0);
        &self.components[..own]
    }

    /// How messages and drawings call a component: by its name, after that of its app where it is
    /// another one.
    pub fn title<'g>(&'g self, component: &'g Component) -> Cow<'g, str> {
        match component.app {
            0 => Cow::Borrowed(&*component.name),
            app => Cow::Owned(format!("{}/{}", self.apps[app].name, component.name)),
        }
    }

    /// Components with their ids.
    pub fn ids(&self) -> impl Iterator<Item = (ComponentId, &Component)> {
        (0..).map(ComponentId).zip(&self.components)
    }

    /// Every namespace with the component that is the first to need it; none needs the
    /// application's own, which is there in any case.
    pub fn namespaces(&self) -> BTreeMap<&str, Option<&Component>> {
        let mut namespaces = BTreeMap::new();
        for component in self.own().iter().filter(|component| component.given.is_none()) {
            namespaces.entry(&*component.namespace).or_insert(Some(component));
        }
        namespaces.insert(&*self.namespace, None);
        namespaces
    }

    /// The component of this name.
    pub fn find(&self, name: &str) -> Option<(ComponentId, &Component)> {
        let position = self.own().binary_search_by(|known| (*known.name).cmp(name)).ok()?;
        Some((ComponentId(position), &self.components[position]))
    }

    /// Every name by which a component can be called: its own and its aliases.
    pub fn callable_names(&self) -> impl Iterator<Item = &str> {
        self.names.keys().map(|name| &**name)
    }

    /// Components in the order in which they are created: after what they `startAfter`, by name
    /// where that leaves a choice. Linear; a cycle (an error of its own) is cut anywhere.
    pub fn creation_order(&self) -> Vec<ComponentId> {
        let mut after = DiGraph::<(), ()>::with_capacity(self.components.len(), 0);
        for _ in &self.components {
            after.add_node(());
        }
        let mut waits: Vec<usize> = vec![0; self.components.len()];
        for (id, component) in self.ids() {
            for (earlier, _) in component.versions.iter().flat_map(|v| &v.start_after) {
                after.add_edge(NodeIndex::new(earlier.0), NodeIndex::new(id.0), ());
                waits[id.0] += 1;
            }
        }
        let mut ready: BTreeSet<usize> = (0..waits.len()).filter(|id| waits[*id] == 0).collect();
        let mut order = Vec::with_capacity(waits.len());
        let mut done = vec![false; waits.len()];
        while order.len() < waits.len() {
            let next = ready.pop_first().or_else(|| done.iter().position(|done| !done));
            let Some(next) = next else { break };
            if std::mem::replace(&mut done[next], true) {
                continue;
            }
            order.push(ComponentId(next));
            for later in after.neighbors(NodeIndex::new(next)) {
                let later = later.index();
                waits[later] = waits[later].saturating_sub(1);
                if waits[later] == 0 && !done[later] {
                    ready.insert(later);
                }
            }
        }
        order
    }

    /// Cycles among edges, each as components in the order of the cycle: one shortest cycle for
    /// each strongly connected component. Linear in components and edges for the search, and in
    /// the size of the component for the shortest cycle.
    pub fn cycles(&self, edges: &[Vec<ComponentId>]) -> Vec<Vec<ComponentId>> {
        let mut cycles: Vec<Vec<ComponentId>> = tarjan_scc(&digraph(edges))
            .into_iter()
            .filter(|members| members.len() > 1)
            .filter_map(|members| {
                let mut members: Vec<usize> = members.into_iter().map(NodeIndex::index).collect();
                members.sort_unstable();
                shortest_cycle(edges, &members)
            })
            .collect();
        cycles.sort();
        cycles
    }

    /// Every container of every pod.
    pub fn containers(&self) -> impl Iterator<Item = &Container> {
        self.components
            .iter()
            .flat_map(|component| &component.versions)
            .flat_map(Version::containers)
    }

    /// Components grouped into circles of calls, most of them of one member, each after all that it
    /// calls. Linear.
    pub fn callees_first(&self, edges: &[Vec<ComponentId>]) -> Vec<Vec<ComponentId>> {
        let groups = tarjan_scc(&digraph(edges)).into_iter().map(|members| {
            let mut members: Vec<ComponentId> =
                members.into_iter().map(|member| ComponentId(member.index())).collect();
            members.sort_unstable();
            members
        });
        groups.collect()
    }

    /// The name of the routes that the shared entry has in Istio.
    pub fn entry_name(&self) -> String {
        format!("{}-entry", self.name)
    }

    /// The name of the route that an entry with a port of its own has in Istio.
    pub fn stream_name(&self, component: &Component, entry: &Entry) -> String {
        format!("{}-{}-{}", self.entry_name(), component.name, component.ports[entry.port].name)
    }

    /// The name of the route that redirects to HTTPS in Gateway API.
    pub fn redirect_name(&self) -> String {
        format!("{}-redirect", self.name)
    }

    /// The class of the shared entry: as written, and in ambient Istio the one that it always has.
    pub fn gateway_class(&self) -> Option<&str> {
        let written = self.gateway.as_ref().and_then(|gateway| gateway.class.as_deref());
        let own = self.governance == Governance::IstioAmbient
            && self.gateway_kind() == GatewayKind::GatewayApi;
        let custom = match self.governance {
            Governance::Custom(mode) => mode.manifest.gateway_class.as_deref(),
            _ => None,
        };
        written.or(custom).or(own.then_some(OWN_CLASS))
    }

    /// Which API describes the shared entry.
    pub fn gateway_kind(&self) -> GatewayKind {
        let written = self.gateway.as_ref().and_then(|gateway| gateway.kind);
        written.unwrap_or(match self.governance {
            Governance::Istio => GatewayKind::Istio,
            _ => GatewayKind::GatewayApi,
        })
    }

    /// Whom each component calls, without repetition.
    pub fn call_edges(&self) -> Vec<Vec<ComponentId>> {
        let targets = |component: &Component| {
            let mut targets: Vec<ComponentId> =
                component.versions.iter().flat_map(|v| &v.calls).map(|call| call.to).collect();
            targets.sort_unstable();
            targets.dedup();
            targets
        };
        self.components.iter().map(targets).collect()
    }
}

/// Calls as petgraph has them.
fn digraph(edges: &[Vec<ComponentId>]) -> DiGraph<(), ()> {
    let mut graph = DiGraph::with_capacity(edges.len(), edges.iter().map(Vec::len).sum());
    for _ in edges {
        graph.add_node(());
    }
    for (from, targets) in edges.iter().enumerate() {
        for to in targets {
            graph.add_edge(NodeIndex::new(from), NodeIndex::new(to.0), ());
        }
    }
    graph
}

/// A shortest cycle through the first member: breadth first, within the members.
fn shortest_cycle(edges: &[Vec<ComponentId>], members: &[usize]) -> Option<Vec<ComponentId>> {
    let start = *members.first()?;
    let mut came_from: BTreeMap<usize, usize> = BTreeMap::new();
    let mut queue = std::collections::VecDeque::from([start]);
    while let Some(at) = queue.pop_front() {
        for next in edges[at].iter().map(|id| id.0) {
            if next == start {
                let mut cycle = vec![ComponentId(at)];
                let mut back = at;
                while back != start {
                    back = came_from[&back];
                    cycle.push(ComponentId(back));
                }
                cycle.reverse();
                return Some(cycle);
            }
            if members.binary_search(&next).is_ok() && !came_from.contains_key(&next) {
                came_from.insert(next, at);
                queue.push_back(next);
            }
        }
    }
    None
}

impl Version {
    /// Whether its pods mount a claim that is for one node at a time.
    pub fn mounts_on_one_node(&self) -> bool {
        self.containers().flat_map(|container| container.volumes.values()).any(|volume| {
            match &volume.source {
                Source::Persistent { access, .. } => !access.is_shared(),
                Source::Of(lent) => !lent.access.is_shared(),
                Source::Scratch(..) | Source::Claim(_) | Source::Shared(_) => false,
            }
        })
    }

    /// The containers of its pods: its own, those beside it, those before it.
    pub fn containers(&self) -> impl Iterator<Item = &Container> {
        std::iter::once(&self.container).chain(&self.sidecars).chain(&self.init)
    }
}

impl Port {
    /// The name that the port has in a Service: it begins with the protocol, as meshes want it.
    pub fn service_name(&self) -> String {
        match Protocol::named(&self.name) == Some(self.protocol) {
            true => self.name.to_string(),
            false => format!("{}-{}", self.protocol.name(), self.name),
        }
    }
}

impl Entry {
    /// The paths, or every path where none is written.
    pub fn paths_or_all(&self) -> Vec<PathMatch> {
        if self.paths.is_empty() { vec![PathMatch::Prefix("/".into())] } else { self.paths.clone() }
    }
}

impl Metrics {
    /// Whether callers have a port to read them from; else each pod is asked by itself.
    pub fn through_service(&self, component: &Component) -> bool {
        match self.at {
            Scrape::Port(at) => component.service_ports().any(|(position, _)| position == at),
            Scrape::Container(_) => false,
        }
    }
}

impl Version {
    /// The number of pods that the file asks for: the fewest where an autoscaler decides.
    pub fn written_pods(&self) -> Option<u32> {
        match &self.autoscale {
            Some(autoscale) => Some(autoscale.min.unwrap_or(1)),
            None => self.replicas,
        }
    }

    /// The number of pods, 1 where the file does not say: the fewest where an autoscaler decides.
    pub fn pods(&self) -> u32 {
        self.written_pods().unwrap_or(1)
    }
}

impl Component {
    /// Every DNS name that leads to all versions: its own, then its aliases.
    pub fn dns_names(&self) -> impl Iterator<Item = &Arc<str>> {
        std::iter::once(&self.name).chain(self.aliases.iter().map(|alias| &alias.name))
    }

    /// The alias of this name.
    pub fn alias(&self, name: &str) -> Option<&Alias> {
        let position = self.aliases.binary_search_by(|alias| (*alias.name).cmp(name)).ok()?;
        Some(&self.aliases[position])
    }

    /// The number that a port, by its position, has for callers that use this name.
    pub fn number_under(&self, name: &str, port: usize) -> u16 {
        let own = self.alias(name).and_then(|alias| alias.ports.as_ref()?.get(&port).copied());
        own.unwrap_or(self.ports[port].port)
    }

    /// Ports that other components can call.
    pub fn internal_ports(&self) -> impl Iterator<Item = (usize, &Port)> {
        self.ports.iter().enumerate().filter(|(_, port)| port.internal)
    }

    /// Ports that anyone can call: components, or the outside.
    pub fn service_ports(&self) -> impl Iterator<Item = (usize, &Port)> {
        let exposed = |position| self.entries.iter().any(|entry| entry.port == position);
        self.ports
            .iter()
            .enumerate()
            .filter(move |(position, port)| port.internal || exposed(*position))
    }

    /// The name of the route to an exposed port: the component's, where there is but one.
    pub fn route_name(&self, entry: &Entry) -> String {
        let mut routed = self.entries.iter().filter(|entry| entry.via == Via::Gateway);
        let alone = routed.next().is_some() && routed.next().is_none();
        match alone {
            true => self.name.to_string(),
            false => format!("{}-{}", self.name, self.ports[entry.port].name),
        }
    }

    /// The name of one of the routes to an exposed port, where it takes several.
    pub fn route_part(&self, entry: &Entry, number: usize) -> String {
        match number {
            0 | 1 => self.route_name(entry),
            // Two digits sort as they count, which is how a gateway breaks a tie.
            _ => format!("{}.{number:02}", self.route_name(entry)),
        }
    }

    /// The name of the Service that names a StatefulSet's pods: its own where that is headless.
    pub fn headless_name(&self) -> String {
        match self.headless {
            true => self.name.to_string(),
            false => format!("{}-headless", self.name),
        }
    }

    /// The name that leads to each pod of a version by itself, and to nothing else.
    pub fn pods_name(&self, version: &Version) -> String {
        match self.kind {
            Kind::StatefulSet => self.headless_name(),
            _ => format!("{}-headless", self.version_name(version)),
        }
    }

    /// The name of the load balancer of the ports that have one.
    pub fn balancer_name(&self) -> String {
        format!("{}-external", self.name)
    }

    /// The name of the Service of the ports that are on every node.
    pub fn node_port_name(&self) -> String {
        format!("{}-node-port", self.name)
    }

    /// The Services that let the outside in without the gateway: what each is, and its name.
    pub fn blind_entries(&self) -> impl Iterator<Item = (Via, String)> {
        let has = |via| self.entries.iter().any(|entry| entry.via == via);
        let balancer = has(Via::LoadBalancer).then(|| (Via::LoadBalancer, self.balancer_name()));
        let node_port = has(Via::NodePort).then(|| (Via::NodePort, self.node_port_name()));
        balancer.into_iter().chain(node_port)
    }

    /// The name of the workload of a version.
    pub fn workload_name(&self, version: &str) -> String {
        match self.kind {
            Kind::Deployment => format!("{}-{version}", self.name),
            _ => self.name.to_string(),
        }
    }

    /// The labels that its pods have for certain, by which Services and policies find them.
    pub fn pod_labels(&self, app: &str, version: &str) -> BTreeMap<String, String> {
        BTreeMap::from([
            ("app".to_owned(), self.name.to_string()),
            ("version".to_owned(), version.to_owned()),
            ("app.kubernetes.io/name".to_owned(), self.name.to_string()),
            ("app.kubernetes.io/part-of".to_owned(), app.to_owned()),
        ])
    }

    /// The name under which one version answers.
    pub fn version_name(&self, version: &Version) -> String {
        format!("{}-{}", self.name, version.name)
    }

    /// The host names at which an external component is; none if it is at IP addresses.
    pub fn outside_hosts(&self) -> impl Iterator<Item = &(Arc<str>, Path)> {
        self.addresses.iter().filter(|(address, _)| address.parse::<IpAddr>().is_err())
    }

    /// The folder in the proxies of its callers that holds the certificates of its TLS.
    pub fn proxy_path(&self) -> String {
        format!("/etc/weft/tls/{}", self.name)
    }

    /// The IP addresses at which an external component is.
    pub fn outside_ips(&self) -> impl Iterator<Item = (IpAddr, &Path)> {
        self.addresses.iter().filter_map(|(address, path)| Some((address.parse().ok()?, path)))
    }

    /// Whether any port speaks a protocol whose requests can be told apart.
    pub fn speaks_http(&self) -> bool {
        self.ports.iter().any(|port| port.protocol.is_http())
    }
}
