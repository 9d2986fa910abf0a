use super::Finder;
use std::collections::{BTreeMap, BTreeSet};

use crate::diag::{Diagnostic, Rule, Severity, did_you_mean};
use crate::graph::{ComponentId, Container, Graph};
use crate::model::EnvValue;
use crate::source::{Path, Place};

/// `unknown-host`: a program is told to call a host of the app that does not exist.
pub(super) static UNKNOWN_HOST: Rule = Rule {
    code: "unknown-host",
    severity: Severity::Warning,
    summary: "a program is told to call a host of the app that does not exist",
    explain: "A host name without dots, or with the app's namespace after its dot, is looked up among the Services of that namespace. weft looks at URLs and at `host:port` in variables and arguments: a host that no component, alias or version answers to is most often misspelt. Where it is a Service that others install, declare a component of `kind: external` with its address, so that it is part of the graph.",
    wrong: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "    dependsOn: [reviews]\n",
        "    env: { BACKEND: \"http://review:9080\" }\n",
        "  reviews:\n",
        "    image: example.com/reviews:1\n",
        "    ports: { http: 9080 }\n",
    ),
    right: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "    dependsOn: [reviews]\n",
        "    env: { BACKEND: \"http://reviews:9080\" }\n",
        "  reviews:\n",
        "    image: example.com/reviews:1\n",
        "    ports: { http: 9080 }\n",
    ),
};

/// Hosts in texts exist.
pub(super) fn check(find: &mut Finder<'_>) {
    let graph = find.graph;
    let hosts = Hosts::of(graph);
    for component in graph.own() {
        for container in component.versions.iter().flat_map(|version| version.containers()) {
            for mention in mentions(container) {
                let Answer::Nobody(name) = hosts.answer(&mention) else { continue };
                let title = format!(
                    "`{}` is told to call `{}`, which does not exist",
                    container.name, mention.host
                );
                let label = "no component, alias or version has this name";
                let place = Place::Value(mention.path.clone());
                let diagnostic = Diagnostic::new(&UNKNOWN_HOST, title, place, label);
                let near = did_you_mean(name, hosts.bare.keys().copied());
                let near = near.filter(|help| help.starts_with("did you mean"));
                let outside = "declare what is outside as a component of `kind: external`";
                find.report(diagnostic.help(near.unwrap_or_else(|| outside.into())));
            }
        }
    }
}

/// A host in a text of a container.
pub(super) struct Mention {
    /// The host, in lower case.
    pub(super) host: String,
    /// Where the text is written.
    pub(super) path: Path,
    /// The number after it, if there is one.
    port: Option<u16>,
    /// What makes it a host.
    form: Form,
}

/// What makes a piece of text a host.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// It stands in a URL, or under a name that says so.
    Sure,
    /// It is `text:number`, as images and settings are too.
    Pair,
    /// It is a word under a name that says so, as host names of one's own are too.
    Word,
}

/// Who answers a host.
pub(super) enum Answer<'m> {
    /// A component.
    Component(ComponentId),
    /// Nobody, though it is a host of the app: the name that was looked for.
    Nobody(&'m str),
    /// It is none of this app's, or no host.
    Outside,
}

/// Every host of the system.
pub(super) struct Hosts<'g> {
    /// Names without dots.
    bare: BTreeMap<&'g str, ComponentId>,
    /// Names of further Services, which weft makes.
    made: BTreeMap<String, ComponentId>,
    /// Where external components are.
    outside: BTreeMap<&'g str, ComponentId>,
    /// Names in each namespace, those of other apps too.
    spaces: BTreeMap<&'g str, BTreeMap<&'g str, ComponentId>>,
    /// The namespaces of this app.
    own: BTreeSet<&'g str>,
    /// The numbers that lead to each component.
    ports: Vec<BTreeSet<u16>>,
    /// Hosts by which the outside knows the app.
    public: BTreeSet<&'g str>,
}

impl<'g> Hosts<'g> {
    /// The hosts of a system.
    pub(super) fn of(graph: &'g Graph) -> Self {
        let mut hosts = Self {
            bare: BTreeMap::new(),
            made: BTreeMap::new(),
            outside: BTreeMap::new(),
            spaces: BTreeMap::new(),
            own: graph.namespaces().into_keys().collect(),
            ports: Vec::with_capacity(graph.components.len()),
            public: BTreeSet::new(),
        };
        for (name, answer) in &graph.names {
            // A slash is in the names of other apps' components, which are called otherwise.
            if !name.contains('/') {
                hosts.bare.insert(name, answer.component);
                let namespace = &*graph.component(answer.component).namespace;
                hosts.spaces.entry(namespace).or_default().insert(name, answer.component);
            }
        }
        for (id, component) in graph.ids() {
            let space = hosts.spaces.entry(&*component.namespace).or_default();
            space.extend(component.dns_names().map(|name| (&**name, id)));
            let ports = component.ports.iter().flat_map(|port| [port.port, port.target]);
            hosts.ports.push(ports.collect());
            if component.app == 0 {
                hosts.made.insert(component.headless_name(), id);
                hosts.made.insert(component.balancer_name(), id);
            }
            for (address, _) in &component.addresses {
                hosts.outside.insert(address, id);
                // It may be a Service that others put into a namespace of the app.
                let mut labels = address.split('.');
                if let (Some(name), Some(space), Some("svc")) =
                    (labels.next(), labels.next(), labels.next())
                {
                    hosts.spaces.entry(space).or_default().insert(name, id);
                    if space == &*graph.namespace {
                        hosts.bare.entry(name).or_insert(id);
                    }
                }
            }
            hosts
                .public
                .extend(component.entries.iter().flat_map(|entry| &entry.hosts).map(|h| &**h));
        }
        hosts
    }

    /// Who answers a host that a text mentions.
    pub(super) fn answer<'m>(&self, mention: &'m Mention) -> Answer<'m> {
        let host = &*mention.host;
        let mut labels = host.split('.');
        let name = labels.next().unwrap_or_default();
        if let Some(id) = self.outside.get(host) {
            return Answer::Component(*id);
        }
        let (found, ours) = match (labels.next(), labels.next()) {
            (None, _) => {
                let found = self.bare.get(host).or_else(|| self.made.get(host));
                (found, !["localhost", "kubernetes"].contains(&host))
            }
            (Some(space), None | Some("svc")) => {
                let found = self.spaces.get(space).and_then(|names| names.get(name));
                let made = || self.made.get(name).filter(|_| self.own.contains(space));
                (found.or_else(made), self.own.contains(space) && name != "kubernetes")
            }
            _ => (None, false),
        };
        match (found, mention.form) {
            (Some(id), Form::Pair) => {
                let leads = |port| self.ports[id.0].contains(&port);
                match mention.port.is_some_and(leads) {
                    true => Answer::Component(*id),
                    false => Answer::Outside,
                }
            }
            (Some(id), _) => Answer::Component(*id),
            (None, Form::Sure) if ours && !self.public.contains(host) => Answer::Nobody(name),
            (None, _) => Answer::Outside,
        }
    }
}

/// Every host in the variables and words of a container.
pub(super) fn mentions(container: &Container) -> Vec<Mention> {
    let mut scan = Scan { found: Vec::new() };
    for (name, value) in &container.env {
        if let EnvValue::Text(text) = value {
            scan.text(name, text, &container.path.field("env").key(name));
        }
    }
    for (field, words) in [("command", &container.command), ("args", &container.args)] {
        let mut flag = "";
        for (position, word) in words.iter().enumerate() {
            scan.text(flag, word, &container.path.field(field).index(position));
            flag = if word.starts_with('-') && !word.contains('=') { word } else { "" };
        }
    }
    scan.found
}

/// Looks for hosts in texts.
struct Scan {
    found: Vec<Mention>,
}

impl Scan {
    /// The hosts in a text under this name; the text may be a list, or a script.
    fn text(&mut self, name: &str, text: &str, path: &Path) {
        for chunk in text.split(|c: char| c.is_whitespace() || c == ';' || c == '|') {
            let mut in_url = false;
            for part in chunk.split(',') {
                let part = part.trim_matches(|c: char| "\"'`()[]<>&".contains(c));
                if let Some((before, rest)) = part.split_once("://") {
                    in_url = self.url(before, rest, path);
                } else if in_url {
                    // `mongodb://a:1,b:2/db` has several hosts.
                    let end = part.find(['/', '?', '#']).unwrap_or(part.len());
                    self.host(&part[..end], Form::Sure, path);
                } else {
                    let (name, value) = part.rsplit_once('=').unwrap_or((name, part));
                    self.bare(name, value, path);
                }
            }
        }
    }

    /// The host of a URL; whether there can be one.
    fn url(&mut self, before: &str, rest: &str, path: &Path) -> bool {
        // Schemes whose URLs name a host of the network; what others name is their own affair.
        const SCHEMES: &str = "http https ws wss grpc grpcs h2c tcp udp tls ssl mongodb redis \
            rediss amqp amqps mysql mariadb postgres postgresql nats kafka memcached memcache \
            ldap ldaps smtp smtps imap imaps ftp sftp ssh mqtt mqtts zookeeper zk consul etcd \
            clickhouse cassandra sqlserver mssql couchdb elasticsearch opensearch neo4j bolt otlp \
            zipkin jaeger thrift stomp statsd influxdb";
        let other = |c: char| !(c.is_ascii_alphanumeric() || "+-.".contains(c));
        let scheme = before.rsplit(other).next().unwrap_or_default().to_ascii_lowercase();
        let scheme = scheme.split('+').next().unwrap_or_default();
        let end = rest.find(['/', '?', '#', '"', '\'']).unwrap_or(rest.len());
        let authority = &rest[..end];
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        let known = SCHEMES.split_whitespace().any(|known| known == scheme);
        if known {
            self.host(host, Form::Sure, path);
        }
        known
    }

    /// `host:port`, or a host where its name says that it is one.
    fn bare(&mut self, name: &str, value: &str, path: &Path) {
        const ADDRESSES: &str = "HOST HOSTS ADDR ADDRS ADDRESS ADDRESSES URL URLS URI URIS \
            ENDPOINT ENDPOINTS SERVER SERVERS BROKER BROKERS UPSTREAM UPSTREAMS BACKEND BACKENDS";
        let name = name.to_ascii_uppercase();
        let pair = value.contains(':');
        let host = name.ends_with("HOST") || name.ends_with("HOSTNAME");
        if !(pair || host) {
            return;
        }
        let words = || name.split(|c: char| !c.is_ascii_alphanumeric());
        if words().any(|word| word == "IMAGE") {
            return;
        }
        let address =
            |word: &str| ADDRESSES.split_whitespace().any(|ending| word.ends_with(ending));
        let form = match pair {
            true if words().any(address) => Form::Sure,
            true => Form::Pair,
            false => Form::Word,
        };
        self.host(value, form, path);
    }

    /// Takes `host` or `host:port`, if it has the form of one.
    fn host(&mut self, text: &str, form: Form, path: &Path) {
        let (host, port) = match text.split_once(':') {
            None => (text, None),
            Some((host, port)) => match port.parse::<u16>() {
                Ok(port) if port > 0 => (host, Some(port)),
                _ => return,
            },
        };
        let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
        let label = |label: &str| {
            let edge = label.starts_with('-') || label.ends_with('-') || label.is_empty();
            !edge && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        };
        // What begins with a digit is an address, a time or a number.
        if host.starts_with(|c: char| c.is_ascii_alphabetic()) && host.split('.').all(label) {
            self.found.push(Mention { host, path: path.clone(), port, form });
        }
    }
}
