//! Binding names: `App` → `Graph`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::rule;
use super::traffic::TrafficBinder;
use super::{
    Account, Answer, Call, Component, ComponentId, Entry, File, Graph, LoadError, Loader,
    PathMatch, Port, Version, Volume,
};
use crate::diag::{Diagnostic, Sink, listing};
use crate::model::{
    self, App, Connection, Dependencies, Dependency, FileSource, GatewayKind, Governance, Kind,
    Name, Protocol, Via,
};
use crate::source::{Path, Place};

/// Binds every name of the app. Contents of files come through `load`. What cannot be bound is
/// reported and left out, so that the rules can go on to find what else is wrong.
pub fn build(app: App, load: Loader<'_>, sink: &mut Sink) -> Graph {
    let root = Path::root().field("components");
    let gateway_hosts: Vec<Arc<str>> = app
        .gateway
        .iter()
        .flat_map(|gateway| gateway.hosts.iter().flatten())
        .map(|host| host.0.clone())
        .collect();
    let mut components = Vec::with_capacity(app.components.len());
    let mut settings = Vec::with_capacity(app.components.len());
    for (name, component) in app.components {
        let path = root.key(&name);
        let (component, versions) = shell(name, component, path, &gateway_hosts, sink);
        components.push(component);
        settings.push(versions);
    }
    gateway_strays(app.gateway.as_ref(), sink);
    let names = answers(&components, &settings, sink);
    let mut binder = Binder { components: &components, names: &names, load, sink };
    let bound: Vec<Vec<Version>> = settings
        .into_iter()
        .enumerate()
        .map(|(position, versions)| binder.versions(ComponentId(position), versions))
        .collect();
    for (component, versions) in components.iter_mut().zip(bound) {
        component.versions = versions;
    }
    let mut callers = vec![Vec::new(); components.len()];
    for (position, component) in components.iter().enumerate() {
        for call in component.versions.iter().flat_map(|version| &version.calls) {
            let list: &mut Vec<ComponentId> = &mut callers[call.to.0];
            if list.last() != Some(&ComponentId(position)) {
                list.push(ComponentId(position));
            }
        }
    }
    Graph {
        namespace: app.namespace.map_or_else(|| app.name.0.clone(), |namespace| namespace.0),
        name: app.name.0,
        version: app.version.map(|version| version.to_string()),
        governance: app.governance.unwrap_or(Governance::Kubernetes),
        gateway: app.gateway,
        components,
        names,
        callers,
    }
}

/// Settings of the gateway that its kind has no use for. Where no kind is written, the file may be
/// meant for several modes, and each takes what it needs.
fn gateway_strays(gateway: Option<&model::Gateway>, sink: &mut Sink) {
    let Some((gateway, kind)) = gateway.and_then(|gateway| Some((gateway, gateway.kind?))) else {
        return;
    };
    let istio = kind == GatewayKind::Istio;
    let useless = [
        ("class", gateway.class.is_some() && istio),
        ("port", gateway.port.is_some() && kind == GatewayKind::Ingress),
        ("selector", gateway.selector.is_some() && !istio),
    ];
    let path = Path::root().field("gateway");
    for (field, _) in useless.into_iter().filter(|(_, useless)| *useless) {
        let title = format!("`{field}` has no effect on a gateway of kind `{}`", kind.name());
        let place = Place::Key(path.field(field));
        sink.report(
            Diagnostic::new(
                &rule::FIELD_WITHOUT_EFFECT,
                title,
                place,
                "nothing would come of this",
            )
            .also(Place::Value(path.field("kind")), "kind of the gateway")
            .help(format!("remove `{field}`")),
        );
    }
}

/// A version before its names are bound.
type Unbound = (Name, Path, model::Workload);

/// Everything of a component that needs no other component.
fn shell(
    name: Name,
    component: model::Component,
    path: Path,
    gateway_hosts: &[Arc<str>],
    sink: &mut Sink,
) -> (Component, Vec<Unbound>) {
    let kind = component.kind.unwrap_or(Kind::Deployment);
    let ports: Vec<Port> = component
        .ports
        .into_iter()
        .flatten()
        .map(|(port_name, port)| Port {
            protocol: port
                .protocol
                .or_else(|| Protocol::named(&port_name))
                .unwrap_or(Protocol::Tcp),
            name: port_name.0,
            port: port.port,
            target: port.target.unwrap_or(port.port),
            internal: port.internal.unwrap_or(true),
        })
        .collect();
    if ports.is_empty() && component.traffic.is_some() && kind != Kind::External {
        let title = format!("`traffic` has no effect: nobody can call `{name}`");
        let place = Place::Key(path.field("traffic"));
        sink.report(
            Diagnostic::new(&rule::FIELD_WITHOUT_EFFECT, title, place, "there are no calls")
                .also(Place::Key(path.clone()), "has no ports")
                .help("add `ports:`, or remove `traffic`"),
        );
    }
    let versioned = component.versions.is_some();
    let mut versions: Vec<Unbound> = match component.versions {
        Some(versions) => {
            let root = path.field("versions");
            versions.into_iter().map(|(v, w)| (v.clone(), root.key(&v), w)).collect()
        }
        None => {
            let version = component.version.clone().unwrap_or(Name("v1".into()));
            vec![(version, path.clone(), component.workload)]
        }
    };
    let stray: Vec<&'static str> = match kind {
        Kind::External => {
            let mut stray: Vec<&'static str> =
                versions.iter().flat_map(|(.., settings)| settings.written()).collect();
            stray.extend(component.service_account.as_ref().map(|_| "serviceAccount"));
            stray.extend(component.expose.as_ref().map(|_| "expose"));
            stray.extend(component.version.as_ref().map(|_| "version"));
            stray.extend(component.traffic.as_ref().map(|_| "traffic"));
            stray.extend(versioned.then_some("versions"));
            versions.clear();
            stray
        }
        Kind::Job => versions
            .iter()
            .filter(|(.., settings)| settings.replicas.is_some())
            .map(|_| "replicas")
            .collect(),
        Kind::Deployment | Kind::StatefulSet => Vec::new(),
    };
    for field in stray {
        let title = format!("`{field}` has no effect on a component of kind `{}`", kind.name());
        sink.report(
            Diagnostic::new(
                &rule::FIELD_WITHOUT_EFFECT,
                title,
                Place::Key(path.field(field)),
                "nothing would come of this",
            )
            .also(Place::Value(path.field("kind")), format!("kind of `{name}`"))
            .help(format!("remove `{field}`")),
        );
    }
    let names: Vec<&str> = versions.iter().map(|(name, ..)| &**name).collect();
    let mut binder = TrafficBinder { component: &name, versions: &names, sink: &mut *sink };
    let traffic = binder.bind(component.traffic, &path.field("traffic"));
    let entries = component
        .expose
        .into_iter()
        .flatten()
        .filter_map(|(port, expose)| {
            entry(
                &name,
                &ports,
                &port,
                expose,
                &path.field("expose").key(&port),
                gateway_hosts,
                sink,
            )
        })
        .collect();
    let shell = Component {
        address: component.address.map(|address| address.0),
        account: account(component.service_account, &name),
        aliases: component.aliases.into_iter().flatten().map(|alias| alias.0).collect(),
        propagates: component
            .propagates
            .into_iter()
            .flatten()
            .map(|header| header.to_ascii_lowercase())
            .collect(),
        name: name.0,
        path,
        kind,
        ports,
        entries,
        versions: Vec::new(),
        versioned,
        traffic,
    };
    (shell, versions)
}

fn account(account: Option<model::ServiceAccount>, component: &Name) -> Account {
    let account = account.unwrap_or_default();
    let name = account.name.map_or_else(|| component.0.clone(), |name| name.0);
    let annotations = account.annotations.into_iter().flatten();
    Account {
        // Every namespace has this one, and it is not ours to change.
        create: account.create.unwrap_or(&*name != "default"),
        token: account.token.unwrap_or(false),
        annotations: annotations.map(|(key, value)| (key.to_string(), value)).collect(),
        name,
    }
}

fn entry(
    component: &str,
    ports: &[Port],
    port: &str,
    expose: model::Expose,
    path: &Path,
    gateway_hosts: &[Arc<str>],
    sink: &mut Sink,
) -> Option<Entry> {
    let Some(position) = ports.iter().position(|known| &*known.name == port) else {
        let place = Place::Key(path.clone());
        if ports.is_empty() {
            let title = format!("`{component}` is exposed, but has no port");
            sink.report(
                Diagnostic::new(&rule::EXPOSED_WITHOUT_PORT, title, place, "nothing listens here")
                    .help(format!("add `ports: {{ {port}: 8080 }}` with the port it listens on")),
            );
        } else {
            let title = format!("`{component}` has no port `{port}` to expose");
            let known = ports.iter().map(|port| &*port.name);
            sink.report(
                Diagnostic::new(&rule::UNKNOWN_PORT, title, place, "no such port")
                    .suggest(port, known),
            );
        }
        return None;
    };
    let written = [
        ("hosts", expose.hosts.is_some()),
        ("exact", expose.exact.is_some()),
        ("prefix", expose.prefix.is_some()),
        ("startsWith", expose.starts_with.is_some()),
    ];
    if expose.via == Some(Via::LoadBalancer) {
        for (field, _) in written.into_iter().filter(|(_, written)| *written) {
            let title = format!("`{field}` has no effect at a load balancer");
            let place = Place::Key(path.field(field));
            sink.report(
                Diagnostic::new(&rule::FIELD_WITHOUT_EFFECT, title, place, "it sees no requests")
                    .also(Place::Value(path.field("via")), "passes everything on")
                    .help(format!("remove `{field}`, or expose the port through the gateway")),
            );
        }
    }
    let mut paths: Vec<PathMatch> = Vec::new();
    paths.extend(expose.exact.into_iter().flatten().map(|p| PathMatch::Exact(p.to_string())));
    paths.extend(expose.prefix.into_iter().flatten().map(|p| PathMatch::Prefix(segments(&p))));
    let texts = expose.starts_with.into_iter().flatten();
    paths.extend(texts.map(|p| PathMatch::StartsWith(p.to_string())));
    let hosts = expose.hosts.map(|hosts| hosts.into_iter().map(|host| host.0).collect());
    Some(Entry {
        port: position,
        via: expose.via.unwrap_or(Via::Gateway),
        hosts: hosts.unwrap_or_else(|| gateway_hosts.to_vec()),
        paths,
        path: path.clone(),
    })
}

/// `/api/` and `/api` are the same segments.
fn segments(path: &str) -> String {
    match path.trim_end_matches('/') {
        "" => "/".into(),
        trimmed => trimmed.into(),
    }
}

/// Who answers each DNS name of the namespace. Two claims on one name are an error.
fn answers(
    components: &[Component],
    versions: &[Vec<Unbound>],
    sink: &mut Sink,
) -> BTreeMap<Arc<str>, Answer> {
    let mut names: BTreeMap<Arc<str>, (Answer, Place, String)> = BTreeMap::new();
    let mut claim = |name: Arc<str>, answer: Answer, place: Place, what: String| {
        if let Some((_, first, as_what)) = names.get(&name) {
            let title = format!("two components claim the name `{name}`");
            sink.report(
                Diagnostic::new(&rule::ALIAS_COLLISION, title, place, what)
                    .also(first.clone(), as_what.clone())
                    .help("give one of them another name"),
            );
            return;
        }
        names.insert(name, (answer, place, what));
    };
    for (position, component) in components.iter().enumerate() {
        let answer = Answer { component: ComponentId(position), version: None };
        let place = Place::Key(component.path.clone());
        claim(component.name.clone(), answer, place, "this component".into());
    }
    for (position, (component, versions)) in components.iter().zip(versions).enumerate() {
        let id = ComponentId(position);
        for (index, alias) in component.aliases.iter().enumerate() {
            let place = Place::Value(component.path.field("aliases").index(index));
            let answer = Answer { component: id, version: None };
            claim(alias.clone(), answer, place, format!("an alias of `{}`", component.name));
        }
        if !component.versioned || component.ports.is_empty() {
            continue;
        }
        for (index, (version, path, _)) in versions.iter().enumerate() {
            let answer = Answer { component: id, version: Some(index) };
            let what = format!("version `{version}` of `{}` answers by this name", component.name);
            let name = format!("{}-{version}", component.name).into();
            claim(name, answer, Place::Key(path.clone()), what);
        }
    }
    names.into_iter().map(|(name, (answer, ..))| (name, answer)).collect()
}

struct Binder<'a> {
    components: &'a [Component],
    names: &'a BTreeMap<Arc<str>, Answer>,
    load: Loader<'a>,
    sink: &'a mut Sink,
}

impl Binder<'_> {
    fn versions(&mut self, id: ComponentId, versions: Vec<Unbound>) -> Vec<Version> {
        let component = &self.components[id.0];
        versions
            .into_iter()
            .map(|(name, path, settings)| self.version(id, component, name, path, settings))
            .collect()
    }

    fn version(
        &mut self,
        id: ComponentId,
        component: &Component,
        name: Name,
        path: Path,
        settings: model::Workload,
    ) -> Version {
        let Some(image) = settings.image.filter(|image| !image.is_empty()) else {
            let known: Vec<&str> = self
                .components
                .iter()
                .map(|other| &*other.name)
                .filter(|other| *other != &*component.name)
                .collect();
            let title = match component.versioned {
                true => format!("version `{name}` of `{}` has no image", component.name),
                false => format!("`{}` has no image", component.name),
            };
            let help = crate::diag::did_you_mean(&component.name, known)
                .filter(|help| help.starts_with("did"))
                .unwrap_or_else(|| {
                    "add `image:`, or `kind: external` for an address outside".into()
                });
            let place = Place::Key(path.clone());
            self.sink.report(
                Diagnostic::new(&rule::COMPONENT_WITHOUT_IMAGE, title, place, "nothing to run")
                    .help(help),
            );
            return self.bound(
                id,
                component,
                name,
                path,
                String::new(),
                model::Workload::default(),
            );
        };
        let settings = model::Workload { image: None, ..settings };
        self.bound(id, component, name, path, image, settings)
    }

    fn bound(
        &mut self,
        id: ComponentId,
        component: &Component,
        name: Name,
        path: Path,
        image: String,
        settings: model::Workload,
    ) -> Version {
        let workload = match component.kind {
            Kind::Deployment => format!("{}-{name}", component.name),
            _ => component.name.to_string(),
        };
        let calls = match settings.depends_on.unwrap_or_default() {
            Dependencies::Map(map) => map
                .into_iter()
                .filter_map(|(callee, dependency)| {
                    self.call(id, component, &path, &callee, dependency)
                })
                .collect(),
            // The parser turns lists into mappings, so that layers add up by name.
            Dependencies::List(_) | Dependencies::None => Vec::new(),
        };
        let start_after = self.start_after(component, &path, settings.start_after);
        let files = settings
            .files
            .into_iter()
            .flatten()
            .filter_map(|(target, source)| {
                let place = path.field("files").key(&target);
                Some((target.to_string(), self.file(source, &place)?))
            })
            .collect();
        let volumes = settings.volumes.into_iter().flatten().map(|(target, volume)| {
            let volume = match volume {
                model::Volume::Scratch(medium) => Volume::Scratch(medium),
                model::Volume::Claim(name) => Volume::Claim(name),
                model::Volume::Persistent { size, class, access } => {
                    Volume::Persistent { size: size.to_string(), class, access }
                }
            };
            (target.to_string(), volume)
        });
        let labels = settings.labels.into_iter().flatten();
        let annotations = settings.annotations.into_iter().flatten();
        Version {
            name: name.0,
            workload,
            replicas: settings.replicas,
            image,
            image_pull: settings.image_pull,
            command: settings.command.unwrap_or_default(),
            args: settings.args.unwrap_or_default(),
            working_dir: settings.working_dir.map(|dir| dir.to_string()),
            env: settings.env.into_iter().flatten().map(|(k, v)| (k.to_string(), v)).collect(),
            calls,
            start_after,
            files,
            volumes: volumes.collect(),
            probes: settings.probes.unwrap_or_default(),
            resources: settings.resources.unwrap_or_default(),
            security: settings.security_context.unwrap_or_default(),
            labels: labels.map(|(key, value)| (key.to_string(), value.to_string())).collect(),
            annotations: annotations.map(|(key, value)| (key.to_string(), value)).collect(),
            path,
        }
    }

    fn call(
        &mut self,
        id: ComponentId,
        caller: &Component,
        version: &Path,
        name: &Name,
        dependency: Dependency,
    ) -> Option<Call> {
        let path = version.field("dependsOn").key(name);
        let place = Place::Key(path.clone());
        let Some(answer) = self.names.get(&**name) else {
            let title = format!("`{}` depends on `{name}`, which does not exist", caller.name);
            self.sink.report(
                Diagnostic::new(
                    &rule::UNKNOWN_COMPONENT,
                    title,
                    place,
                    "no component or alias has this name",
                )
                .suggest(name, self.names.keys().map(|name| &**name)),
            );
            return None;
        };
        let callee = &self.components[answer.component.0];
        if answer.component == id {
            let title = format!("`{}` depends on itself", caller.name);
            self.sink.report(
                Diagnostic::new(
                    &rule::SELF_DEPENDENCY,
                    title,
                    place,
                    "this is the component itself",
                )
                .help("remove it; a component always reaches itself"),
            );
            return None;
        }
        let port = self.port_of(callee, &path, dependency.port.as_deref(), caller)?;
        let env = match dependency.env {
            Some(env) => env
                .into_iter()
                .map(|(variable, what)| {
                    let path = path.field("env").key(&variable);
                    (variable.to_string(), what, path)
                })
                .collect(),
            None => {
                let stem = name.to_ascii_uppercase().replace('-', "_");
                vec![
                    (format!("{stem}_HOST"), Connection::Host, path.clone()),
                    (format!("{stem}_PORT"), Connection::Port, path.clone()),
                ]
            }
        };
        let optional = dependency.optional.unwrap_or(false);
        Some(Call { to: answer.component, name: name.0.clone(), port, optional, env, path })
    }

    fn port_of(
        &mut self,
        callee: &Component,
        path: &Path,
        wanted: Option<&str>,
        caller: &Component,
    ) -> Option<usize> {
        let declared = Place::Key(callee.path.clone());
        let open: Vec<(usize, &Port)> = callee.internal_ports().collect();
        let names: Vec<&str> = open.iter().map(|(_, port)| &*port.name).collect();
        let diagnostic = match (wanted, open.as_slice()) {
            (_, []) => Diagnostic::new(
                &rule::DEPENDENCY_WITHOUT_PORT,
                format!("`{}` calls `{}`, which opens no port", caller.name, callee.name),
                Place::Key(path.clone()),
                "cannot be called",
            )
            .also(declared, "no port that components can call")
            .help(format!(
                "add `ports:` to `{}`, or use `startAfter` for order alone",
                callee.name
            )),
            (None, [(position, _)]) => return Some(*position),
            (None, _) => Diagnostic::new(
                &rule::AMBIGUOUS_PORT,
                format!(
                    "`{}` has several ports, and `{}` does not say which it calls",
                    callee.name, caller.name
                ),
                Place::Key(path.clone()),
                "which port?",
            )
            .also(Place::Key(callee.path.field("ports")), format!("there is {}", listing(&names)))
            .help(format!("write `{}: {{ port: {} }}`", path_end(path), names[0])),
            (Some(wanted), _) => match open.iter().find(|(_, port)| &*port.name == wanted) {
                Some((position, _)) => return Some(*position),
                None => Diagnostic::new(
                    &rule::UNKNOWN_PORT,
                    format!("`{}` opens no port `{wanted}`", callee.name),
                    Place::Value(path.field("port")),
                    "no such port",
                )
                .suggest(wanted, names.iter().copied()),
            },
        };
        self.sink.report(diagnostic);
        None
    }

    fn start_after(
        &mut self,
        component: &Component,
        path: &Path,
        names: Option<Vec<Name>>,
    ) -> Vec<(ComponentId, Path)> {
        let mut out = Vec::new();
        for (index, name) in names.into_iter().flatten().enumerate() {
            let place = path.field("startAfter").index(index);
            let position = self.components.binary_search_by(|known| (*known.name).cmp(&*name));
            match position {
                Ok(position) if *self.components[position].name == *component.name => {
                    let title = format!("`{}` starts after itself", component.name);
                    self.sink.report(
                        Diagnostic::new(
                            &rule::SELF_DEPENDENCY,
                            title,
                            Place::Value(place),
                            "this is the component itself",
                        )
                        .help("remove it"),
                    );
                }
                Ok(position) => out.push((ComponentId(position), place)),
                Err(_) => {
                    let title =
                        format!("`{}` starts after `{name}`, which does not exist", component.name);
                    let known = self.components.iter().map(|known| &*known.name);
                    self.sink.report(
                        Diagnostic::new(
                            &rule::UNKNOWN_COMPONENT,
                            title,
                            Place::Value(place),
                            "no component has this name",
                        )
                        .suggest(&name, known),
                    );
                }
            }
        }
        out
    }

    fn file(&mut self, source: FileSource, path: &Path) -> Option<File> {
        let key_of = |reference: &str| {
            let (name, key) = reference.split_once('/').unwrap_or((reference, ""));
            (name.to_owned(), key.to_owned())
        };
        let relative = match source {
            FileSource::Text(text) => return Some(File::Text(text)),
            FileSource::Secret(reference) => {
                let (name, key) = key_of(&reference);
                return Some(File::Secret(name, key));
            }
            FileSource::Config(reference) => {
                let (name, key) = key_of(&reference);
                return Some(File::Config(name, key));
            }
            FileSource::File(relative) => relative,
        };
        let place = Place::Value(path.field("file"));
        let diagnostic = match (self.load)(&relative) {
            Ok(bytes) => {
                return Some(match String::from_utf8(bytes) {
                    Ok(text) => File::Text(text),
                    Err(error) => File::Bytes(error.into_bytes()),
                });
            }
            Err(LoadError::Outside) => Diagnostic::new(
                &rule::PATH_OUTSIDE_APP,
                format!("`{relative}` leaves the folder of the app file"),
                place,
                "outside the app",
            )
            .help("copy the file into the app's folder, so that the app is complete by itself"),
            Err(LoadError::Unreadable(why)) => Diagnostic::new(
                &rule::UNREADABLE_FILE,
                format!("cannot read `{relative}`"),
                place,
                why,
            )
            .help("the path is relative to the app file"),
        };
        self.sink.report(diagnostic);
        None
    }
}

fn path_end(path: &Path) -> String {
    path.steps().last().and_then(|step| step.key()).unwrap_or_default().to_owned()
}
