//! How calls come to a proxy where nothing catches what leaves a pod: in the mode `envoy`.
//!
//! A proxy beside a program sees the calls that are made to it, and no others. A program calls it
//! if its variables say so, or if the name that it calls leads to it within the pod. Where neither
//! can be had, the callee's own proxy takes the calls, at its door.

use std::collections::{BTreeMap, BTreeSet};

use super::capability::governed;
use crate::graph::{Call, Component, ComponentId, Given, Graph, Port, Rule, Scrape, Version};
use crate::model::{Connection, Governance, Kind, PortRef};

/// Where Kubernetes asks a proxy whether it is ready, unless the program listens there.
const READY: u16 = 15021;
/// The first number at which a callee's proxy takes calls.
const DOORS: u16 = 15006;
/// The first number at which a caller's proxy takes calls.
const CALLS: u16 = 15100;

/// How the calls of one version by one name come to a proxy.
#[derive(Clone, Debug)]
pub struct Capture {
    /// The way.
    pub way: Way,
    /// Why it is no better way, where it is none that is sure.
    pub why: Option<Why>,
    /// Whether the calls would have to come to a proxy and may not.
    pub lost: bool,
}

/// A way to a proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// The caller's variables say the address of its proxy, at this number of 127.0.0.1.
    Variables(u16),
    /// The name that is called leads to the caller's proxy, at this address.
    Hosts(String),
    /// The callee's own proxy takes the calls.
    Door,
    /// None: calls go to the callee as the program makes them.
    Past,
}

/// Why a caller's own proxy cannot be sure of the calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// The proxy would have to listen at the number that the caller's own program listens at, on
    /// all addresses, the proxy's among them.
    Clash(u16),
    /// The calls are no TCP.
    Transport,
    /// Each call is for one pod, which the caller has chosen.
    Headless,
    /// Nobody knows more of the callee than its name.
    Unknown,
    /// Nothing is asked of a proxy, and the callee is outside.
    Unasked,
    /// The name leads to other ports too, which no proxy can take.
    Beside,
}

/// Where a callee's own proxy takes the calls to one of its ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entrance {
    /// The number for calls to all versions.
    pub all: u16,
    /// The number for calls to the version of the pod alone, where versions have names.
    pub own: Option<u16>,
}

/// Whether the way of calls is weft's business.
fn concerns(graph: &Graph, component: &Component) -> bool {
    graph.governance == Governance::Envoy && graph.meshed(component) && component.given.is_none()
}

/// The numbers at which the programs of a component listen, as far as the file says.
fn listens(component: &Component) -> BTreeSet<u16> {
    let ports = component.ports.iter().filter(|port| port.protocol.transport() == "TCP");
    let mut out: BTreeSet<u16> = ports.map(|port| port.target).collect();
    if let Some(metrics) = &component.metrics
        && let Scrape::Container(number) = metrics.at
    {
        out.insert(number);
    }
    for container in component.versions.iter().flat_map(Version::containers) {
        let probes = &container.probes;
        let probes = [&probes.readiness, &probes.liveness, &probes.startup];
        for probe in probes.into_iter().flatten() {
            let wanted = probe.port.as_ref().or(probe.tcp.as_ref()).or(probe.grpc.as_ref());
            if let Some(PortRef::Number(number)) = wanted {
                out.insert(*number);
            }
        }
    }
    out
}

/// The first number from here on that is free; it is free no longer.
fn next(from: &mut u16, taken: &BTreeSet<u16>) -> u16 {
    while taken.contains(from) {
        *from += 1;
    }
    let number = *from;
    *from += 1;
    number
}

/// Where Kubernetes asks a component's proxies whether they are ready.
pub fn ready(component: &Component) -> u16 {
    next(&mut READY.clone(), &listens(component))
}

/// Where a component's own proxies take calls, by the position of the port. They do where the file
/// asks for a treatment of the calls, so that those are treated that no proxy of a caller sees:
/// from outside, from other apps, and from programs that call by a name of their own.
pub fn entrances(graph: &Graph, component: &Component) -> BTreeMap<usize, Entrance> {
    if !concerns(graph, component) || component.headless || component.kind.ends() {
        return BTreeMap::new();
    }
    let mut taken = listens(component);
    taken.insert(ready(component));
    let mut from = DOORS;
    let ports = component.service_ports().filter(|(_, port)| treated(component, port));
    let door = |(position, _): (usize, &Port)| {
        let all = next(&mut from, &taken);
        let own = component.versioned.then(|| next(&mut from, &taken));
        (position, Entrance { all, own })
    };
    ports.map(door).collect()
}

/// Whether the file asks for something that a proxy does with the calls to a port.
pub fn treated(component: &Component, port: &Port) -> bool {
    let traffic = &component.traffic;
    match port.protocol {
        protocol if protocol.is_http() => governed(component),
        protocol if protocol.is_stream() => {
            traffic.split.is_some()
                || traffic.breaker.is_some()
                || traffic.rules.iter().any(|rule| rule.for_callers() && of_streams(rule))
        }
        // What TLS hides goes to any version, but not without limit.
        protocol => protocol.hides_requests() && traffic.breaker.is_some(),
    }
}

/// Whether a rule is for connections as well as for requests.
fn of_streams(rule: &Rule) -> bool {
    !rule.matches.sees_requests() && rule.to.is_some()
}

/// Whether a rule of a component is for the calls of this caller to this port, so that another's
/// proxy, which does not know who calls, cannot apply it.
pub fn singled_out(component: &Component, port: &Port, caller: ComponentId) -> bool {
    let applies = |rule: &&Rule| port.protocol.is_http() || of_streams(rule);
    let mut rules = component.traffic.rules.iter().filter(applies);
    rules.any(|rule| rule.callers.iter().any(|(known, _)| *known == caller))
}

/// The host that a call is made to, as far as the caller knows it.
pub fn called_host(graph: &Graph, call: &Call) -> String {
    let callee = graph.component(call.to);
    match callee.outside_hosts().next() {
        Some((address, _)) => address.to_string(),
        None => format!("{}.{}", call.name, callee.namespace),
    }
}

/// How the calls of a version come to a proxy, in the order of its calls. Nothing of a component
/// that has no proxies.
pub fn captures(graph: &Graph, caller: ComponentId, version: &Version) -> Vec<Capture> {
    let component = graph.component(caller);
    if !concerns(graph, component) {
        return Vec::new();
    }
    let own = listens(component);
    let mut taken = own.clone();
    taken.insert(ready(component));
    taken.extend(
        entrances(graph, component).values().flat_map(|door| [Some(door.all), door.own]).flatten(),
    );
    // A name leads somewhere else for all of its ports or for none.
    let mut names: BTreeMap<String, Option<Why>> = BTreeMap::new();
    for call in &version.calls {
        let hindrance = unseen(graph, call)
            .or_else(|| taken.contains(&call.number).then_some(Why::Clash(call.number)));
        let known = names.entry(called_host(graph, call)).or_default();
        *known = known.take().or(hindrance);
    }
    let led = |host: &String| names.get(host).is_some_and(Option::is_none);
    let addresses: BTreeMap<&String, String> = names
        .keys()
        .filter(|host| led(host))
        .zip(2..)
        .map(|(host, at)| (host, loopback(at)))
        .collect();
    let mut from = CALLS;
    let capture = |call: &Call| {
        let callee = graph.component(call.to);
        let port = &callee.ports[call.port];
        let asked = treated(callee, port) || callee.tls.is_some();
        if let Some(why) = unseen(graph, call) {
            return Capture { way: Way::Past, why: Some(why), lost: asked };
        }
        let told = told(call).filter(|_| !port.protocol.hides_requests() && !by_host(callee));
        let number = told.map(|_| next(&mut from, &taken));
        let host = called_host(graph, call);
        let sure = |way| Capture { way, why: None, lost: false };
        if let (Some(Told::ByAuthor), Some(number)) = (told, number) {
            return sure(Way::Variables(number));
        }
        if let Some(address) = addresses.get(&host) {
            return sure(Way::Hosts(address.clone()));
        }
        let why = match names.get(&host).cloned().flatten() {
            Some(why @ Why::Clash(_)) => Some(why),
            _ => Some(Why::Beside),
        };
        let door = entrances(graph, callee).contains_key(&call.port) && !fronted(graph, call);
        let lost = asked && (!door || singled_out(callee, port, caller));
        let way = match (number, door) {
            // The program may read them; if it does not, the door is still there.
            (Some(number), _) => Way::Variables(number),
            (None, true) => Way::Door,
            (None, false) => Way::Past,
        };
        Capture { way, why, lost }
    };
    version.calls.iter().map(capture).collect()
}

/// An address that only the pod itself reaches.
fn loopback(at: usize) -> String {
    format!("127.0.{}.{}", at / 250, at % 250)
}

/// Why no proxy of the caller can take a call, whatever its program does.
fn unseen(graph: &Graph, call: &Call) -> Option<Why> {
    let callee = graph.component(call.to);
    let port = &callee.ports[call.port];
    let alias = callee.alias(&call.name).is_some_and(|alias| alias.headless);
    let outside = callee.kind == Kind::External;
    if port.protocol.transport() != "TCP" {
        Some(Why::Transport)
    } else if callee.headless || alias {
        Some(Why::Headless)
    } else if callee.given.is_some() {
        Some(Why::Unknown)
    } else if outside && callee.tls.is_none() && !treated(callee, port) {
        Some(Why::Unasked)
    } else {
        None
    }
}

/// Who chose the variables that say where to call.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    /// The file names them, so the program reads them.
    ByAuthor,
    /// They are those that every caller gets.
    ByDefault,
}

/// Whether variables say where to call, host and number.
fn told(call: &Call) -> Option<Told> {
    let given = call.env.iter().filter_map(|(_, given, path)| match given {
        Given::Connection(what) => Some((*what, *path != call.path)),
        Given::Value(_) => None,
    });
    let given: Vec<(Connection, bool)> = given.collect();
    let whole = |named: bool| {
        let has =
            |wanted| given.iter().any(|(what, by_name)| *what == wanted && (*by_name || !named));
        has(Connection::Address)
            || has(Connection::Url)
            || has(Connection::Host) && has(Connection::Port)
    };
    match (whole(true), whole(false)) {
        (true, _) => Some(Told::ByAuthor),
        (false, true) => Some(Told::ByDefault),
        (false, false) => None,
    }
}

/// Whether rules look at the host that is called, which is the proxy's where variables say so.
fn by_host(callee: &Component) -> bool {
    let headers =
        callee.traffic.rules.iter().flat_map(|rule| rule.matches.headers.iter().flatten());
    let mut names = headers.map(|(name, _)| name);
    names.any(|name| name.eq_ignore_ascii_case("host") || **name == *":authority")
}

/// Whether the called name is a Service of the author's, which knows of no door.
fn fronted(graph: &Graph, call: &Call) -> bool {
    let answer = graph.names.get(&*call.name);
    answer.is_some_and(|answer| answer.component == call.to && answer.front.is_some())
}

/// How the calls come to a proxy, in words.
pub fn described(graph: &Graph, caller: &Component, call: &Call, capture: &Capture) -> String {
    let callee = graph.component(call.to);
    let door = entrances(graph, callee).contains_key(&call.port);
    let reason = match &capture.why {
        Some(Why::Clash(number)) => format!("`{}` itself listens on {number}", caller.name),
        Some(Why::Transport) => "a proxy takes TCP alone".into(),
        Some(Why::Headless) => "the caller chooses the pod".into(),
        Some(Why::Unknown) => "nobody knows its pods".into(),
        Some(Why::Unasked) => "nothing is asked of a proxy".into(),
        Some(Why::Beside) => format!("`{}` has ports that no proxy takes", call.name),
        None => String::new(),
    };
    match &capture.way {
        Way::Variables(number) => {
            let names =
                call.env.iter().filter(|(_, given, _)| matches!(given, Given::Connection(_)));
            let names: Vec<&str> = names.map(|(name, ..)| &**name).collect();
            let verb = if names.len() == 1 { "leads" } else { "lead" };
            let told = format!("{} {verb} to its proxy at 127.0.0.1:{number}", names.join(", "));
            match (&capture.why, door) {
                (None, _) => told,
                (Some(_), true) => format!(
                    "{told}; calls by name come to the proxy of `{}`, as {reason}",
                    callee.name
                ),
                (Some(_), false) => format!("{told}; calls by name go straight, as {reason}"),
            }
        }
        Way::Hosts(address) => {
            let outside = callee.outside_hosts().next();
            let host = outside.map_or(&*call.name, |(address, _)| &**address);
            format!("`{host}` leads to its proxy at {address}:{}", call.number)
        }
        Way::Door => format!("come to the proxy of `{}`, as {reason}", callee.name),
        Way::Past => format!("go straight, as {reason}"),
    }
}
