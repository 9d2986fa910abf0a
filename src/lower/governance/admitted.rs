//! Who may call a component in a mesh that knows callers by their service accounts.

use std::collections::BTreeMap;

use crate::graph::{Component, ComponentId, Gate, Graph, Scrape};
use crate::lower::policy::{Callers, Scope, Socket, call_each_other, scraped, socket};
use crate::model::Scraper;
use crate::source::Place;

/// A service account, by which a mesh knows who calls: its namespace and its name.
pub(super) type Account = (String, String);

/// Who may call on one socket, and where that is written.
#[derive(Clone, Default)]
pub(super) struct Admitted {
    /// Callers.
    pub(super) callers: BTreeMap<Account, Place>,
    /// Gateways, readers of metrics, and pods that call each other.
    pub(super) direct: BTreeMap<Account, Place>,
    /// Callers outside the mesh have no identity.
    pub(super) unknown: Option<Place>,
    /// Anyone at all.
    pub(super) anyone: Option<Place>,
}

/// Who may call a component, or one of its versions, by socket; who a gateway is, the
/// mode knows. Only TCP goes by the proxy.
pub(super) fn admitted(
    graph: &Graph,
    callers: &Callers,
    id: ComponentId,
    scope: Scope,
    gate: fn(&Graph, Gate) -> Option<Account>,
) -> BTreeMap<Socket, Admitted> {
    let component = graph.component(id);
    let own = |component: &Component| -> Account {
        (component.namespace.to_string(), component.account.name.to_string())
    };
    let mut all: BTreeMap<Socket, Admitted> = BTreeMap::new();
    for (socket, callers) in callers.at(id, scope) {
        let admitted = all.entry(socket).or_default();
        for (caller, who) in callers {
            let caller = graph.component(*caller);
            let place = Place::Key(who.path.clone());
            match graph.meshed(caller) {
                true => drop(admitted.callers.entry(own(caller)).or_insert(place)),
                false => drop(admitted.unknown.get_or_insert(place)),
            }
        }
    }
    if scope.is_none() {
        for entry in &component.entries {
            let admitted = all.entry(socket(&component.ports[entry.port])).or_default();
            let place = Place::Key(entry.path.clone());
            match gate(graph, graph.gate(entry)) {
                Some(gateway) => drop(admitted.direct.entry(gateway).or_insert(place)),
                None => drop(admitted.anyone.get_or_insert(place)),
            }
        }
        if let Some((socket, from, place)) = scraper(component) {
            let admitted = all.entry(socket).or_default();
            match &from.service_account {
                Some(account) => {
                    let account = (from.namespace.to_string(), account.to_string());
                    admitted.direct.entry(account).or_insert(place);
                }
                None => _ = admitted.unknown.get_or_insert(place),
            }
        }
        if call_each_other(component) {
            for port in &component.ports {
                let place = Place::Key(component.path.clone());
                let admitted = all.entry(socket(port)).or_default();
                admitted.direct.entry(own(component)).or_insert(place);
            }
        }
    }
    all.retain(|(_, transport), _| *transport == "TCP");
    all
}

/// Who reads the numbers of a component through its proxy. A number that is not among its ports goes
/// past it.
pub(super) fn scraper(component: &Component) -> Option<(Socket, &Scraper, Place)> {
    let metrics = component.metrics.as_ref()?;
    let from = metrics.from.as_ref()?;
    let behind = matches!(metrics.at, Scrape::Port(_));
    let place = Place::Key(metrics.path.field("from"));
    behind.then(|| (scraped(component, metrics), from, place))
}
