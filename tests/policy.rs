//! The policy opens the declared edges and nothing else.
//!
//! An interpreter of NetworkPolicy, AuthorizationPolicy, PeerAuthentication and Sidecar reads what
//! weft emits and decides for every pair of pods and every port, for the outside, name servers and
//! the control plane, what is open. It shares no code with weft. What should be open it takes from
//! `weft graph`, which knows nothing of policy.

mod cluster;
mod dapr;
mod linkerd;
mod tunnel;
mod wanted;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde_json::{Value, json};

use self::cluster::{Cluster, End, Socket, list, text};
use self::wanted::{Door, Edge, Pod, Wanted, socket};
use weft::model::Governance;

use crate::cases;
use crate::support::{Objects, Weft, folders, objects, repository};

/// The namespace in which the gateways of these tests run.
const ENTRANCE: &str = "entrance";
/// The identity of the gateway that Istio is installed with.
const ISTIO_ACCOUNT: &str = "istio-ingressgateway-service-account";
/// A port that nobody declares.
const UNDECLARED: u16 = 9999;

/// Which parts of the policy are on.
#[derive(Clone, Copy, Debug)]
struct Parts {
    access: bool,
    egress: bool,
    strict: bool,
}

/// Collects what is not as it should be.
struct Judge<'a> {
    cluster: Cluster<'a>,
    wanted: &'a Wanted,
    parts: Parts,
    wrong: Vec<String>,
}

impl Judge<'_> {
    fn expect(&mut self, what: impl FnOnce() -> String, real: bool, wanted: bool) {
        if real != wanted {
            let real = if real { "open" } else { "closed" };
            self.wrong.push(format!("{} is {real}", what()));
        }
    }

    fn ingress(&self, to: &End, from: &End, socket: &Socket) -> bool {
        self.cluster.network(to, from, socket, "Ingress", "from")
    }

    fn egress(&self, from: &End, to: &End, socket: &Socket) -> bool {
        self.cluster.network(from, to, socket, "Egress", "to")
    }

    /// Every ordered pair of pods and every port; a port that nobody declares stands for all others.
    fn pairs(&mut self) {
        let wanted = self.wanted;
        for b in &wanted.pods {
            let undeclared = [(UNDECLARED, "TCP".to_owned()), (UNDECLARED, "UDP".to_owned())];
            for socket in b.sockets.iter().chain(&undeclared) {
                for a in &wanted.pods {
                    self.pair(a, b, socket);
                }
                self.strangers(b, socket);
            }
        }
    }

    fn pair(&mut self, a: &Pod, b: &Pod, socket: &Socket) {
        if self.tunnelled(&a.end, b, socket) {
            return self.call(a, b, socket);
        }
        let declared = self.wanted.declared(a, b, socket);
        let anyone = self.wanted.open_to_all(b, socket);
        let name = |layer: &str| format!("{layer}: {} → {} {socket:?}", a.end.what, b.end.what);
        let into = self.ingress(&b.end, &a.end, socket);
        self.expect(|| name("ingress"), into, !self.parts.access || declared || anyone);
        let out = self.egress(&a.end, &b.end, socket);
        // A name server may be anywhere; what it asks of others, they must let in.
        let open = !self.parts.egress || declared || socket.0 == 53;
        self.expect(|| name("egress"), out, open);
        self.beside(a, b);
        if !b.end.meshed() {
            return;
        }
        // Identities are those of components: what one version may, all may. The network tells the
        // versions apart.
        let alike = |other: &&Pod| match a.end.meshed() {
            true => other.end.identity == a.end.identity,
            false => !other.end.meshed(),
        };
        let known = self.wanted.pods.iter().filter(alike);
        let admitted = known.into_iter().any(|like| self.wanted.declared(like, b, socket));
        let real = self.cluster.authorized(&b.end, a.end.identity.as_ref(), socket);
        let blind = self.wanted.has_foreign_gateway(b, socket)
            || (self.unproven(&a.end) && self.called_in_plain_text(b, socket));
        let open = !self.parts.access || socket.1 != "TCP" || admitted || anyone || blind;
        self.expect(|| name("identity"), real, open);
        let plain = self.cluster.plain(&b.end, socket.0);
        if socket.1 == "TCP" && !a.end.meshed() && declared {
            self.expect(|| name("plain text"), plain, true);
        }
    }

    /// A number past the proxy is open to who reads metrics there, and to nobody else.
    fn scraped(&mut self) {
        let wanted = self.wanted;
        for b in &wanted.pods {
            let Some((socket, scraper)) = &b.scraped else { continue };
            let name = |end: &End| format!("ingress: {} → {} {socket:?}", end.what, b.end.what);
            let real = self.ingress(&b.end, scraper, socket);
            self.expect(|| name(scraper), real, true);
            let stranger = End::pod("elsewhere", "elsewhere", &[("app", "x")], None);
            let neighbour = End::pod("neighbour", &b.end.namespace, &[("app", "x")], None);
            for end in [stranger, neighbour] {
                let real = self.ingress(&b.end, &end, socket);
                self.expect(|| name(&end), real, !self.parts.access);
            }
        }
    }

    /// Everybody who is no pod of the app.
    fn strangers(&mut self, b: &Pod, socket: &Socket) {
        let doors = self.wanted.doors(b, socket);
        let anyone = self.wanted.open_to_all(b, socket);
        let mut ends = vec![
            (End::address("198.51.100.1"), false),
            (End::pod("elsewhere", "elsewhere", &[("app", "x")], Some("x")), false),
            (End::pod("neighbour", &b.end.namespace, &[("app", "neighbour")], Some("x")), false),
            (End::pod("plain neighbour", &b.end.namespace, &[("app", "neighbour")], None), false),
            (End::pod("no gateway", "elsewhere", &[("istio", "ingressgateway")], Some("x")), false),
        ];
        // A number past the proxy opens nothing else.
        ends.extend(b.scraped.iter().map(|(_, scraper)| (scraper.clone(), false)));
        for other in self.wanted.doors.values().flatten() {
            if let Door::Gateway(end) | Door::Scraper(end) = other {
                let through = doors.iter().any(|door| match door {
                    Door::Gateway(own) | Door::Scraper(own) => own.what == end.what,
                    Door::Balancer | Door::Unknown => false,
                });
                ends.push((end.clone(), through));
            }
        }
        for (end, through) in ends {
            let name = |layer: &str| format!("{layer}: {} → {} {socket:?}", end.what, b.end.what);
            let open = !self.parts.access || anyone || through;
            if self.tunnelled(&end, b, socket) {
                let real = self.arrives(&end, b, socket);
                self.expect(|| name("tunnel"), real, open);
                let tcp = || b.sockets.iter().filter(|on| on.1 == "TCP");
                let known = |door: &&Door| match door {
                    Door::Gateway(own) | Door::Scraper(own) => own.what == end.what,
                    Door::Balancer | Door::Unknown => false,
                };
                let some = tcp().any(|on| {
                    self.wanted.open_to_all(b, on) || self.wanted.doors(b, on).iter().any(known)
                });
                let into = self.ingress(&b.end, &end, &tunnel::tunnel());
                self.expect(|| name("ingress"), into, !self.parts.access || some);
                continue;
            }
            let into = self.ingress(&b.end, &end, socket);
            self.expect(|| name("ingress"), into, open);
            // A gateway outside the mesh has no identity, and neither have the pods beside it.
            let blind = self.wanted.has_foreign_gateway(b, socket);
            self.beside_strangers(&end, b);
            let unknown = self.unproven(&end) && self.called_in_plain_text(b, socket);
            if b.end.meshed() && socket.1 == "TCP" {
                let real = self.cluster.authorized(&b.end, end.identity.as_ref(), socket);
                self.expect(|| name("identity"), real, open || blind || unknown);
            }
        }
        if self.parts.strict && b.end.meshed() && socket.1 == "TCP" {
            let outside = doors.iter().any(|door| match door {
                Door::Balancer | Door::Unknown => true,
                Door::Gateway(end) | Door::Scraper(end) => !end.meshed(),
            });
            let wanted = outside || self.called_in_plain_text(b, socket);
            let real = self.cluster.plain(&b.end, socket.0);
            self.expect(|| format!("plain text: {} {socket:?}", b.end.what), real, wanted);
        }
    }

    /// Whether a proxy that lets callers without identity in lets this one in: Linkerd lets everyone
    /// in then, and leaves the others to the network.
    fn unproven(&self, end: &End) -> bool {
        !end.meshed() || self.cluster.linkerd
    }

    fn called_in_plain_text(&self, b: &Pod, socket: &Socket) -> bool {
        let mut outside = self.wanted.pods.iter().filter(|a| !a.end.meshed());
        let mut doors = self.wanted.doors(b, socket).into_iter();
        outside.any(|a| self.wanted.declared(a, b, socket))
            || doors.any(|door| matches!(door, Door::Scraper(end) if !end.meshed()))
            || (self.cluster.linkerd
                && self.wanted.asked_blindly.contains(&(b.component.clone(), socket.0)))
    }

    /// What pods reach beside each other: name servers, the control plane, the outside.
    fn surroundings(&mut self) {
        let istiod = End::pod("istiod", "istio-system", &[("app", "istiod")], Some("istiod"));
        let dns = End::pod("dns", "kube-system", &[("k8s-app", "kube-dns")], None);
        let wanted = self.wanted;
        let used = wanted.edges.iter().map(|edge| edge.socket.clone());
        let own = wanted.pods.iter().flat_map(|pod| pod.sockets.iter().cloned());
        let known =
            [80, 443, 6443, 15012, 8086, 8090, UNDECLARED].map(|number| (number, "TCP".to_owned()));
        let sockets: BTreeSet<Socket> = used.chain(own).chain(known).collect();
        let linkerd = self.cluster.linkerd;
        for a in &wanted.pods {
            if linkerd {
                self.control_plane_of_linkerd(a);
            }
            let closed = self.parts.egress;
            let sidecar = a.end.meshed() && !self.cluster.tunnels && !linkerd;
            let name = |what: &str| format!("egress: {} → {what}", a.end.what);
            for transport in ["UDP", "TCP"] {
                let real = self.egress(&a.end, &dns, &(53, transport.into()));
                self.expect(|| name("dns"), real, true);
            }
            let real = self.egress(&a.end, &dns, &(8080, "TCP".into()));
            self.expect(|| name("more of dns"), real, !closed);
            let real = self.egress(&a.end, &istiod, &(15012, "TCP".into()));
            self.expect(|| name("istiod"), real, !closed || sidecar);
            let real = self.egress(&a.end, &istiod, &(8080, "TCP".into()));
            self.expect(|| name("more of istiod"), real, !closed);
            let real = self.cluster.knows(&a.end, "istio-system", "istiod.istio-system.svc");
            self.expect(|| name("istiod's host"), real, true);
            let api = self.cluster.knows(&a.end, "default", "kubernetes.default.svc.cluster.local");
            let scoped = closed && sidecar;
            self.expect(|| name("the Kubernetes API's host"), api, !scoped || a.token);
            let calls: Vec<&Edge> =
                wanted.edges.iter().filter(|edge| edge.from == a.end.what).collect();
            // Ports that a name makes open to every address.
            let mut wide: BTreeSet<Socket> = BTreeSet::new();
            if a.token {
                wide.extend([443, 6443].map(|number| (number, "TCP".to_owned())));
            }
            for call in &calls {
                let Some(callee) = wanted.outside.get(&call.callee) else { continue };
                // The proxy, or the program, speaks to the number that the host listens on.
                if list(&callee["addresses"]).iter().any(|address| !is_ip(&text(address))) {
                    wide.insert(call.socket.clone());
                }
            }
            let stranger = End::pod("stranger", "elsewhere", &[("app", "x")], Some("x"));
            let address = End::address("198.51.100.1");
            for socket in &sockets {
                for end in [&stranger, &address] {
                    let real = self.egress(&a.end, end, socket);
                    let open = !closed || wide.contains(socket) || socket.0 == 53;
                    self.expect(|| name(&format!("{} {socket:?}", end.what)), real, open);
                }
            }
            for (outside, about) in &wanted.outside {
                let addresses: Vec<String> = list(&about["addresses"]).iter().map(text).collect();
                let called: Vec<&&Edge> =
                    calls.iter().filter(|call| call.callee == *outside).collect();
                for address in &addresses {
                    if !is_ip(address) {
                        for Edge { socket, .. } in &called {
                            let real = self.egress(&a.end, &End::address("198.51.100.1"), socket);
                            self.expect(|| name(&format!("{address} {socket:?}")), real, true);
                        }
                        continue;
                    }
                    let undeclared = (UNDECLARED, "TCP".to_owned());
                    for socket in list(&about["ports"]).iter().map(socket).chain([undeclared]) {
                        let real = self.egress(&a.end, &End::address(address), &socket);
                        let declared = called.iter().any(|call| call.socket == socket);
                        let open = !closed || declared || wide.contains(&socket);
                        self.expect(|| name(&format!("{address} {socket:?}")), real, open);
                    }
                }
            }
        }
    }

    /// What each proxy knows of: the hosts that its pod calls, and the control plane.
    fn scopes(&mut self) {
        if self.cluster.tunnels || self.cluster.linkerd {
            return;
        }
        let wanted = self.wanted;
        let services: Vec<(String, String)> = self
            .cluster
            .of("Service")
            .map(|one| (text(&one["metadata"]["namespace"]), text(&one["metadata"]["name"])))
            .collect();
        let home: BTreeMap<&str, &str> =
            wanted
                .pods
                .iter()
                .map(|pod| (&*pod.component, &*pod.end.namespace))
                .chain(wanted.outside.iter().map(|(name, about)| {
                    (&**name, about["namespace"].as_str().expect("a namespace"))
                }))
                .collect();
        for a in wanted.pods.iter().filter(|pod| pod.end.meshed()) {
            let mut hosts: BTreeSet<(String, String)> = BTreeSet::new();
            let mut blind = false;
            for edge in wanted.edges.iter().filter(|edge| edge.from == a.end.what) {
                for name in [&edge.name, &edge.callee] {
                    hosts.insert((home[&*edge.callee].to_owned(), name.clone()));
                }
                let Some(about) = wanted.outside.get(&edge.callee) else { continue };
                let named = ["http", "https", "http2", "grpc", "tls"].contains(&&*edge.protocol);
                for address in list(&about["addresses"]).iter().map(text).filter(|a| !is_ip(a)) {
                    blind |= !named;
                    let known = self.cluster.knows(&a.end, &text(&about["namespace"]), &address);
                    if named {
                        self.expect(|| format!("scope: {} → {address}", a.end.what), known, true);
                    }
                }
            }
            if wanted.peers(a, a) {
                for name in [a.component.clone(), format!("{}-headless", a.component)] {
                    hosts.insert((a.end.namespace.clone(), name));
                }
            }
            for (namespace, name) in &services {
                let host = format!("{name}.{namespace}.svc.cluster.local");
                let real = self.cluster.knows(&a.end, namespace, &host);
                let open = !self.parts.egress || hosts.contains(&(namespace.clone(), name.clone()));
                self.expect(|| format!("scope: {} → {host}", a.end.what), real, open);
            }
            let real = self.cluster.lets_pass(&a.end);
            let open = !self.parts.egress || blind;
            self.expect(|| format!("scope: {} → what is unknown", a.end.what), real, open);
        }
    }
}

fn is_ip(address: &str) -> bool {
    address.parse::<std::net::IpAddr>().is_ok()
}

/// What of the policy is not as the declared calls want it.
fn differences(wanted: &Wanted, objects: &[Value], parts: Parts) -> Vec<String> {
    let mut judge = Judge { cluster: Cluster::new(objects), wanted, parts, wrong: Vec::new() };
    judge.pairs();
    judge.scraped();
    judge.sidecars_of_dapr();
    judge.surroundings();
    judge.scopes();
    judge.wrong
}

/// One app to be judged: its folder, and further arguments.
struct Case {
    folder: PathBuf,
    args: Vec<String>,
}

impl Case {
    fn name(&self) -> String {
        format!("{} {}", self.folder.display(), self.args.join(" "))
    }

    /// The manifests and what they should do; `None` where the mode refuses the app.
    fn read(&self, settings: &[&str]) -> Option<(Wanted, Objects)> {
        let run = |command: &str| {
            let mut weft = match self.folder.starts_with(repository("tests")) {
                true => cases::command(command, &self.folder),
                false => Weft::new(command).arg(self.folder.to_str().expect("a readable path")),
            };
            for arg in self.args.iter().map(String::as_str).chain(["--quiet"]) {
                weft = weft.arg(arg);
            }
            for setting in settings {
                weft = weft.arg("--set").arg(*setting);
            }
            weft.run()
        };
        let graph = run("graph --format json");
        let built = run("build");
        if graph.status != 0 || built.status != 0 {
            let said = graph.stderr + &built.stderr;
            let refused = ["not-in-this-mode", "split-not-by-replicas", "field-without-effect"];
            let elsewhere = ["gateway-without-class", "inexpressible-entry-rule"];
            let known = refused.iter().chain(&elsewhere).any(|code| said.contains(code));
            assert!(known, "{}: {said}", self.name());
            return None;
        }
        let graph: Value = serde_json::from_str(&graph.stdout).expect("JSON");
        let file = std::fs::read_to_string(self.folder.join("weft.yaml")).expect("an app");
        let account = &objects(&file).0[0]["gateway"]["serviceAccount"];
        let account = account.as_str().unwrap_or(ISTIO_ACCOUNT);
        let all = objects(&built.stdout);
        let mut wanted = Wanted::new(&graph, &all.0, account);
        let resolved: Value =
            serde_json::from_str(&run("config --format json").fine()).expect("JSON");
        wanted.let_scrapers_in(&resolved, &graph);
        Some((wanted, all))
    }
}

/// Every app model in both modes and in each of its environments.
fn models() -> Vec<Case> {
    let mut all = Vec::new();
    for folder in folders(&repository("app-models")) {
        let file = std::fs::read_to_string(folder.join("weft.yaml")).expect("a model");
        let environments = objects(&file).0[0]["environments"].as_object().cloned();
        let environments = environments.into_iter().flatten();
        let layers = environments.map(|(name, _)| vec![format!("--env={name}")]);
        for layer in std::iter::once(Vec::new()).chain(layers) {
            for mode in Governance::ALL.map(Governance::name) {
                let mut args = layer.clone();
                args.push(format!("--governance={mode}"));
                all.push(Case { folder: folder.clone(), args });
            }
        }
    }
    all
}

/// The cases that show what no model has.
fn small() -> Vec<Case> {
    cases::sound().into_iter().map(|folder| Case { folder, args: Vec::new() }).collect()
}

/// Whether plain text is refused where a whole policy is asked for.
fn strict(all: &Objects) -> bool {
    all.of("PeerAuthentication").count() > 0 || Cluster::new(&all.0).linkerd
}

const GATEWAY: &str = "gateway.namespace=entrance";

#[test]
fn exactly_the_declared_calls_are_open() {
    let mut judged = 0;
    let mut wrong = Vec::new();
    for case in models().into_iter().chain(small()) {
        let Some((wanted, all)) = case.read(&["policy=declared", GATEWAY]) else { continue };
        let parts = Parts { access: true, egress: true, strict: strict(&all) };
        let found = differences(&wanted, &all.0, parts);
        wrong.extend(found.iter().map(|found| format!("{}: {found}", case.name())));
        judged += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(judged > 60, "only {judged} apps were judged");
}

#[test]
fn each_part_of_the_policy_stands_alone() {
    let all = [
        ("policy.access=declared", Parts { access: true, egress: false, strict: false }),
        ("policy.egress=declared", Parts { access: false, egress: true, strict: false }),
    ];
    for case in models().into_iter().filter(|case| case.args.len() == 1) {
        for (setting, parts) in all {
            let (wanted, all) = match case.read(&["policy=null", setting, GATEWAY]) {
                Some(read) => read,
                None => continue,
            };
            let wrong = differences(&wanted, &all.0, parts);
            assert!(wrong.is_empty(), "{} {setting}:\n{}", case.name(), wrong.join("\n"));
        }
    }
}

#[test]
fn without_a_policy_nothing_is_closed() {
    for case in models().into_iter().filter(|case| case.args.len() == 1) {
        let Some((wanted, all)) = case.read(&["policy=null", GATEWAY]) else { continue };
        let parts = Parts { access: false, egress: false, strict: false };
        let wrong = differences(&wanted, &all.0, parts);
        assert!(wrong.is_empty(), "{}:\n{}", case.name(), wrong.join("\n"));
        for kind in
            ["NetworkPolicy", "AuthorizationPolicy", "PeerAuthentication", "Sidecar", "Server"]
        {
            assert_eq!(all.of(kind).count(), 0, "{}", case.name());
        }
    }
}

/// Every way to take one thing out of a policy, put one thing in, or move it: name and result.
fn mutations(objects: &[Value]) -> Vec<(String, Vec<Value>)> {
    const KINDS: [&str; 8] = [
        "NetworkPolicy",
        "AuthorizationPolicy",
        "Configuration",
        "PeerAuthentication",
        "Sidecar",
        "Server",
        "MeshTLSAuthentication",
        "NetworkAuthentication",
    ];
    let mut all = Vec::new();
    for (position, object) in objects.iter().enumerate() {
        if !KINDS.contains(&object["kind"].as_str().unwrap_or_default()) {
            continue;
        }
        let name = format!("{}/{}", text(&object["kind"]), text(&object["metadata"]["name"]));
        let mut without = objects.to_vec();
        without.remove(position);
        all.push((format!("without {name}"), without));
        let mut places = Vec::new();
        mutable(&object["spec"], "/spec", &mut places);
        for (place, change) in places {
            let mut changed = objects.to_vec();
            let whole = &mut changed[position];
            let title = format!("{change:?} at {name}{place}");
            let (parent, step) = place.rsplit_once('/').expect("a path");
            match change {
                Change::Remove => {
                    let list = whole.pointer_mut(parent).and_then(Value::as_array_mut);
                    let list = list.expect("a list");
                    list.remove(step.parse().expect("a position"));
                    if list.is_empty() {
                        // Nothing left means anyone or anything there, not nobody.
                        let (parent, step) = parent.rsplit_once('/').expect("a path");
                        let map = whole.pointer_mut(parent).and_then(Value::as_object_mut);
                        map.expect("a mapping").remove(step);
                    }
                }
                Change::Another => {
                    let value = whole.pointer_mut(&place).expect("a value");
                    *value = match &*value {
                        Value::Number(number) => json!(number.as_u64().expect("a number") + 1),
                        Value::String(text) if text == "TCP" => json!("SCTP"),
                        Value::String(text) if text == "STRICT" => json!("PERMISSIVE"),
                        Value::String(text) if text == "PERMISSIVE" => json!("STRICT"),
                        Value::String(text) if text == "REGISTRY_ONLY" => json!("ALLOW_ANY"),
                        other => json!(format!("{}x", text(other))),
                    };
                }
            }
            all.push((title, changed));
        }
    }
    all
}

#[derive(Clone, Copy, Debug)]
enum Change {
    Remove,
    Another,
}

/// Every place in a policy whose change means something.
fn mutable(value: &Value, place: &str, out: &mut Vec<(String, Change)>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map.iter().filter(|(key, _)| *key != "action") {
                let key = key.replace('~', "~0").replace('/', "~1");
                mutable(value, &format!("{place}/{key}"), out);
            }
        }
        Value::Array(list) => {
            for (position, value) in list.iter().enumerate() {
                let place = format!("{place}/{position}");
                out.push((place.clone(), Change::Remove));
                mutable(value, &place, out);
            }
        }
        _ => out.push((place.to_owned(), Change::Another)),
    }
}

#[test]
fn the_interpreter_notices_whatever_is_changed() {
    let case = |folder: &str, args: &[&str]| Case {
        folder: repository(folder),
        args: args.iter().map(|arg| (*arg).to_owned()).collect(),
    };
    let all = [
        case("app-models/bookinfo", &["--governance=istio"]),
        case("app-models/bookinfo", &["--governance=istio-ambient"]),
        case("app-models/bookinfo", &["--governance=linkerd"]),
        case("tests/cases/mode/linkerd/policy", &[]),
        case("tests/cases/mode/linkerd/outside-the-mesh", &[]),
        case("tests/cases/mode/linkerd/member-gateway", &[]),
        case("tests/cases/mode/linkerd/metrics-under-policy", &[]),
        case("tests/cases/mode/istio/policy", &[]),
        case("tests/cases/mode/istio-ambient/policy", &[]),
        case("tests/cases/mode/istio/outside-the-mesh", &[]),
        case("tests/cases/mode/istio/metrics-under-policy", &[]),
        case("tests/cases/mode/dapr/policy", &[]),
        case("tests/cases/mode/kubernetes/policy", &[]),
        case("tests/cases/mode/envoy/policy", &[]),
        case("tests/cases/mode/kubernetes/metrics-under-policy", &[]),
    ];
    let mut tried = 0;
    let mut unnoticed = Vec::new();
    for case in all {
        let (wanted, objects) = case.read(&["policy=declared", GATEWAY]).expect("an app");
        let parts = Parts { access: true, egress: true, strict: strict(&objects) };
        for (title, changed) in mutations(&objects.0) {
            let noticed = std::panic::catch_unwind(|| differences(&wanted, &changed, parts));
            let noticed = noticed.map_or(true, |wrong| !wrong.is_empty());
            if !noticed {
                unnoticed.push(format!("{}: {title}", case.name()));
            }
            tried += 1;
        }
    }
    assert!(unnoticed.is_empty(), "nobody notices:\n{}", unnoticed.join("\n"));
    assert!(tried > 300, "only {tried} changes were tried");
}

#[test]
fn a_gateway_that_nobody_knows_leaves_its_ports_open() {
    let app = "policy: declared\n\
               gateway: { kind: ingress, class: nginx }\n\
               components:\n\
               \x20 web:\n\
               \x20   image: example.com/web:1\n\
               \x20   ports: { http: 8080, tcp: 7000 }\n\
               \x20   expose: { http: {} }\n\
               \x20 bot: { image: 'example.com/bot:1', dependsOn: { web: { port: tcp } } }\n";
    let run = |command: &str| Weft::on(&format!("{command} --quiet"), app).run().fine();
    let graph: Value = serde_json::from_str(&run("graph --format json")).expect("JSON");
    let all = objects(&run("build"));
    let mut wanted = Wanted::new(&graph, &all.0, "");
    wanted.doors.values_mut().flatten().for_each(|door| *door = Door::Unknown);
    let parts = Parts { access: true, egress: true, strict: false };
    assert_eq!(differences(&wanted, &all.0, parts), Vec::<String>::new());
}
