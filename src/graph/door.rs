//! The shared entry: how connections come in, and by which certificate.

use std::collections::BTreeSet;

use super::{Component, Entry, Graph};
use crate::model::{GatewayTls, Host, TlsMode, Via};

/// How connections to an entry come in through the shared gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Door {
    /// As requests, on the gateway's port, and on its port for TLS where it has one.
    Requests,
    /// As TLS that the component ends itself, told apart by the server name they ask for.
    ServerName,
    /// On a port of the gateway that is this entry's alone.
    OwnPort(u16),
}

impl Graph {
    /// The TLS of the shared entry, if it is to have any.
    pub fn gateway_tls(&self) -> Option<&GatewayTls> {
        self.gateway.as_ref()?.tls.as_ref()
    }

    /// Whether the shared entry passes TLS on unopened.
    pub fn passes_tls(&self) -> bool {
        self.gateway_tls().is_some_and(|tls| tls.mode == Some(TlsMode::Passthrough))
    }

    /// The TLS that the shared entry ends itself.
    pub fn ended_tls(&self) -> Option<&GatewayTls> {
        self.gateway_tls().filter(|tls| tls.mode != Some(TlsMode::Passthrough))
    }

    /// The port on which the shared entry takes plain HTTP.
    pub fn plain_port(&self) -> u16 {
        self.gateway.as_ref().and_then(|gateway| gateway.port).unwrap_or(80)
    }

    /// The port on which the shared entry takes TLS.
    pub fn tls_port(&self) -> u16 {
        self.gateway_tls().and_then(|tls| tls.port).unwrap_or(443)
    }

    /// How connections to an entry come in; `None` where the shared gateway cannot carry them.
    pub fn door(&self, component: &Component, entry: &Entry) -> Option<Door> {
        let protocol = component.ports[entry.port].protocol;
        match entry.own_port {
            _ if entry.via != Via::Gateway => None,
            _ if protocol.is_http() => Some(Door::Requests),
            Some(port) if protocol.transport() == "TCP" => Some(Door::OwnPort(port)),
            None if protocol.hides_requests() && self.passes_tls() => Some(Door::ServerName),
            _ => None,
        }
    }

    /// Hosts that are served requests: those of the entries, and where one of them is a wildcard,
    /// also what it covers and has a certificate of its own.
    pub fn requested_hosts(&self) -> BTreeSet<&str> {
        let entries = self.entries_by(|door| door == Door::Requests);
        let mut hosts: BTreeSet<&str> =
            entries.flat_map(|(_, entry)| entry.hosts_or_any()).collect();
        let wild: Vec<&str> = hosts.iter().copied().filter(|host| host.starts_with('*')).collect();
        let own = self.ended_tls().into_iter().flat_map(|tls| tls.certificates.iter().flatten());
        let covered = own.map(|(host, _)| &**host);
        hosts.extend(covered.filter(|host| wild.iter().any(|wild| covers_host(wild, host))));
        hosts
    }

    /// Entries of the shared gateway that come in through a kind of door.
    pub fn entries_by(
        &self,
        wanted: impl Fn(Door) -> bool,
    ) -> impl Iterator<Item = (&Component, &Entry)> {
        self.own()
            .iter()
            .flat_map(|component| component.entries.iter().map(move |entry| (component, entry)))
            .filter(move |(component, entry)| self.door(component, entry).is_some_and(&wanted))
    }
}

impl Entry {
    /// The hosts, `*` where none is written.
    pub fn hosts_or_any(&self) -> impl Iterator<Item = &str> {
        let any = self.hosts.is_empty().then_some("*");
        any.into_iter().chain(self.hosts.iter().map(|host| &**host))
    }
}

/// The certificate that a host is served with: its own, that of a wildcard around it, the one for
/// all. As in TLS, a wildcard stands for one label. Yields the host under which it is written, if it
/// is not the one for all, and its Secret.
pub fn certificate<'a>(tls: &'a GatewayTls, host: &str) -> Option<(Option<&'a Host>, &'a str)> {
    let own = |host: &str| {
        let (host, secret) = tls.certificates.as_ref()?.get_key_value(host)?;
        Some((Some(host), &**secret))
    };
    let around = || own(&format!("*.{}", host.split_once('.')?.1));
    let all = || Some((None, &**tls.secret.as_ref()?));
    own(host).or_else(around).or_else(|| own("*")).or_else(all)
}

/// Whether calls to `host` are calls to `entry`, which may be a wildcard.
pub fn covers_host(entry: &str, host: &str) -> bool {
    match entry.strip_prefix('*') {
        Some(suffix) => suffix.is_empty() || (host.ends_with(suffix) && host != suffix),
        None => entry == host,
    }
}
