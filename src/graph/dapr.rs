//! What Dapr adds to the graph: app ids, calls that go through sidecars, and what sidecars offer.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Call, Component, Given, Graph, Version};
use crate::model::{
    BlockType, Connection, Duration, Fallback, Governance, Kind, Name, Protocol, Setting,
    SettingName, Tracing,
};
use crate::source::Path;

/// Where a sidecar takes the calls of its own program: HTTP, then gRPC.
/// Source: `SidecarHTTPPort` and `SidecarAPIGRPCPort` in dapr/pkg/injector/patcher.
pub const SIDECAR_PORTS: [u16; 2] = [3500, 50001];

/// What the file says of Dapr, with its names bound.
#[derive(Debug)]
pub struct Dapr {
    /// The name of the sidecars' Configuration, or the first part of it.
    pub configuration: Arc<str>,
    /// Where traces go.
    pub tracing: Option<Tracing>,
    /// What sidecars offer, by name.
    pub blocks: Vec<Block>,
    /// What to do in a mode without Dapr.
    pub fallback: Option<Fallback>,
    /// Where it is written.
    pub path: Path,
}

/// Something that sidecars offer to programs: a component, in Dapr's words.
#[derive(Clone, Debug)]
pub struct Block {
    /// Its name.
    pub name: Arc<str>,
    /// Where it is written.
    pub path: Path,
    /// What it is, in Dapr's words.
    pub kind: BlockType,
    /// The version of that.
    pub version: Option<Name>,
    /// Its settings, by name.
    pub metadata: Vec<(SettingName, Setting)>,
    /// The secret store of the app that its secrets are in, by its position; `None` is Kubernetes.
    pub secret_store: Option<usize>,
    /// Whether a sidecar starts without it.
    pub ignore_errors: bool,
    /// How long a sidecar waits for it.
    pub init_timeout: Option<Duration>,
    /// What stands behind it.
    pub calls: Vec<Call>,
}

/// Why a call does not go through sidecars.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// The caller has no sidecar.
    CallerAlone,
    /// The callee has no app id.
    NoAppId,
    /// Dapr does not carry this protocol.
    Protocol,
    /// Dapr brings calls to another port of the callee, if any.
    OtherPort,
    /// Each version of the callee is an app id of its own.
    Versions,
    /// Nobody says that the program calls its sidecar.
    Unsaid,
}

/// What stands in the way of a call through sidecars, but for whether the program makes it so; or the
/// version of the callee whose app id is called.
///
/// # Errors
/// The first thing that stands in the way.
pub(super) fn passage(
    caller: &Component,
    callee: &Component,
    call: &Call,
) -> Result<usize, Obstacle> {
    if !has_sidecar(caller) {
        return Err(Obstacle::CallerAlone);
    }
    // Source: the operator of Dapr names the pods of these two kinds, and of no other.
    if !has_sidecar(callee) || !matches!(callee.kind, Kind::Deployment | Kind::StatefulSet) {
        return Err(Obstacle::NoAppId);
    }
    if !carried(callee.ports[call.port].protocol) {
        return Err(Obstacle::Protocol);
    }
    if callee.app_port != Some(call.port) {
        return Err(Obstacle::OtherPort);
    }
    let whole = callee.traffic.split.iter().flatten().find(|share| share.percent == 100);
    let only = (callee.versions.len() == 1).then_some(0);
    let version = call.version.or(only).or(whole.map(|share| share.version));
    version.ok_or(Obstacle::Versions)
}

/// Whether a component could have a sidecar of Dapr.
fn has_sidecar(component: &Component) -> bool {
    component.kind != Kind::External && !component.outside_mesh && component.given.is_none()
}

/// Whether Dapr carries a protocol. Source: the values of `dapr.io/app-protocol`.
const fn carried(protocol: Protocol) -> bool {
    protocol.is_http() || matches!(protocol, Protocol::Https)
}

/// The port that Dapr brings calls to: the only one that speaks what it carries, or of several the
/// only one that is called through sidecars.
pub(super) fn app_port(component: &Component, called: &BTreeSet<usize>) -> Option<usize> {
    let mut ports = (0..component.ports.len()).filter(|at| carried(component.ports[*at].protocol));
    match (ports.next(), ports.next()) {
        (Some(only), None) => Some(only),
        (None, _) => None,
        _ if called.len() == 1 => called.first().copied(),
        _ => None,
    }
}

/// Whether a program calls its sidecar in the place of the callee: it says so, or all that it knows
/// of the callee is a URL, which then is one of the sidecar.
pub(super) fn calls_sidecar(callee: &Component, call: &Call) -> bool {
    let mut told = call.env.iter().filter_map(|(_, given, _)| match given {
        Given::Connection(what) => Some(*what),
        Given::Value(_) => None,
    });
    let by_url = told.next() == Some(Connection::Url) && told.all(|what| what == Connection::Url);
    // A pod of a headless name is the caller's own choice.
    let plain = callee.ports[call.port].protocol == Protocol::Http && !callee.headless;
    call.through.is_some() || (by_url && plain)
}

impl Graph {
    /// Why a call goes past the sidecars of both ends; `None` where it goes through them, or where
    /// there are none.
    pub fn past_sidecars(&self, caller: &Component, call: &Call) -> Option<Obstacle> {
        if self.governance != Governance::Dapr || call.invoked.is_some() {
            return None;
        }
        let way = passage(caller, self.component(call.to), call);
        Some(way.err().unwrap_or(Obstacle::Unsaid))
    }

    /// Whether sidecars call a component by themselves: with messages, or with what a binding brings.
    pub fn is_set_going(&self, component: &Component) -> bool {
        let mut used = component.versions.iter().flat_map(|version| &version.blocks);
        self.governance == Governance::Dapr
            && component.app == 0
            && used.any(|(block, _)| {
                let kind = &*self.dapr.blocks[*block].kind;
                kind.starts_with("pubsub.") || kind.starts_with("bindings.")
            })
    }

    /// Who uses what sidecars offer, in the order of [`Dapr::blocks`]: each version that says so, or
    /// that needs it for the secrets of what it uses, and where it says so. Linear in the uses.
    pub fn users(&self) -> Vec<Vec<(&Component, &Version, &Path)>> {
        let mut users = vec![Vec::new(); self.dapr.blocks.len()];
        for component in self.own().iter().filter(|component| self.meshed(component)) {
            for version in &component.versions {
                for (block, path) in with_stores(&self.dapr.blocks, &version.blocks) {
                    users[block].push((component, version, path));
                }
            }
        }
        users
    }
}

/// What is used, with the secret stores that it needs, each once.
pub(super) fn with_stores<'p>(
    blocks: &[Block],
    used: &'p [(usize, Path)],
) -> BTreeMap<usize, &'p Path> {
    let mut all = BTreeMap::new();
    for (block, path) in used {
        let mut next = Some(*block);
        while let Some(at) = next.filter(|at| !all.contains_key(at)) {
            all.insert(at, path);
            next = blocks[at].secret_store;
        }
    }
    all
}

impl Component {
    /// The app id of a version: the component's name, or where versions are declared the name under
    /// which the version answers. Two workloads of one app id would take each other's calls.
    pub fn app_id(&self, version: &Version) -> String {
        match self.versioned {
            true => self.version_name(version),
            false => self.name.to_string(),
        }
    }

    /// The app id of a version, as a component in this namespace calls it.
    pub fn app_id_from(&self, namespace: &str, version: &Version) -> String {
        let own = self.app_id(version);
        match *self.namespace == *namespace {
            true => own,
            false => format!("{own}.{}", self.namespace),
        }
    }
}
