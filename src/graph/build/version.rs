//! Binding what a version names: callees, ports, files.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::super::{
    Answer, Block, Call, Component, ComponentId, Front, Given, Port, Version, rule,
};
use super::shell::Unbound;
use super::volume::{Pod, Volumes};
use crate::diag::{Diagnostic, Sink, listing};
use crate::files::Loader;
use crate::model::{
    self, Callee, ConnectValue, Connection, Dependencies, Dependency, EnvName, EnvValue, Name,
    Variable,
};
use crate::source::{Path, Place};

/// Binds the names that versions use.
pub(super) struct Binder<'a> {
    pub(super) components: &'a [Component],
    pub(super) names: &'a BTreeMap<Arc<str>, Answer>,
    pub(super) fronts: &'a [Front],
    pub(super) volumes: &'a Volumes,
    pub(super) version_names: &'a [Vec<Arc<str>>],
    /// What Dapr offers to the app, by name.
    pub(super) blocks: &'a [Block],
    pub(super) load: Loader<'a>,
    pub(super) sink: &'a mut Sink,
}

impl<'a> Binder<'a> {
    /// The components of the same app, by name, and the position of the first of them: those of
    /// each app stand together.
    pub(super) fn siblings(&self, component: &Component) -> (usize, &'a [Component]) {
        let first = self.components.partition_point(|known| known.app < component.app);
        let behind = &self.components[first..];
        (first, &behind[..behind.partition_point(|known| known.app == component.app)])
    }

    /// The versions of one component, bound.
    pub(super) fn versions(&mut self, id: ComponentId, versions: Vec<Unbound>) -> Vec<Version> {
        let component = &self.components[id.0];
        versions
            .into_iter()
            .enumerate()
            .map(|(at, (name, path, settings))| {
                self.version((id.0, at), component, name, path, settings)
            })
            .collect()
    }

    fn version(
        &mut self,
        pod: Pod,
        component: &Component,
        name: Name,
        path: Path,
        settings: model::Workload,
    ) -> Version {
        let id = ComponentId(pod.0);
        // Without an image, what else is written of it says nothing.
        let imageless = settings.container.image.as_ref().is_none_or(String::is_empty);
        let settings = match imageless {
            true => {
                self.without_image(component, &name, &path);
                model::Workload::default()
            }
            false => settings,
        };
        let workload = component.workload_name(&name);
        let dependencies = match settings.depends_on.unwrap_or_default() {
            Dependencies::Map(map) => map,
            // The parser turns lists into mappings, so that layers add up by name.
            Dependencies::List(_) | Dependencies::None => BTreeMap::new(),
        };
        let (mut calls, mut blocks) = (Vec::new(), Vec::new());
        for (callee, dependency) in dependencies {
            match self.block(&path, &callee, &dependency) {
                Some(block) => blocks.push(block),
                None => {
                    let caller = &component.name;
                    calls.extend(self.call(Some(id), caller, &path, &callee, dependency));
                }
            }
        }
        once(&mut calls);
        self.neighbours(component, &path, settings.placement.as_ref());
        let start_after = self.start_after(component, &path, settings.start_after);
        let probes = settings.probes.unwrap_or_default();
        let own = component.name.clone();
        let container = self.container(pod, own, path.clone(), settings.container, probes);
        let sidecars = settings.sidecars.into_iter().flatten();
        let sidecars = sidecars
            .map(|(name, sidecar)| {
                let path = path.field("sidecars").key(&name);
                let probes = sidecar.probes.unwrap_or_default();
                self.companion(pod, "sidecar", name.0, path, sidecar.container, probes)
            })
            .collect();
        let init = settings.init_containers.into_iter().flatten().enumerate();
        let init = init
            .map(|(at, one)| {
                let path = path.field("initContainers").index(at);
                let probes = model::Probes::default();
                self.companion(pod, "init container", one.name.0, path, one.container, probes)
            })
            .collect();
        let labels = settings.labels.into_iter().flatten();
        let annotations = settings.annotations.into_iter().flatten();
        Version {
            name: name.0,
            workload,
            replicas: settings.replicas,
            autoscale: settings.autoscale,
            disruption: settings.disruption,
            placement: settings.placement.unwrap_or_default(),
            rollout: settings.rollout.unwrap_or_default(),
            container,
            sidecars,
            init,
            image_pull_secrets: settings.image_pull_secrets.unwrap_or_default(),
            calls,
            blocks,
            start_after,
            labels: labels.map(|(key, value)| (key.to_string(), value.to_string())).collect(),
            annotations: annotations.map(|(key, value)| (key.to_string(), value)).collect(),
            path,
        }
    }

    fn without_image(&mut self, component: &Component, version: &str, path: &Path) {
        let known: Vec<&str> = self
            .components
            .iter()
            .map(|other| &*other.name)
            .filter(|other| *other != &*component.name)
            .collect();
        let title = match component.versioned {
            true => format!("version `{version}` of `{}` has no image", component.name),
            false => format!("`{}` has no image", component.name),
        };
        let help = crate::diag::did_you_mean(&component.name, known)
            .filter(|help| help.starts_with("did"))
            .unwrap_or_else(|| "add `image:`, or `kind: external` for an address outside".into());
        let place = Place::Key(path.clone());
        self.sink.report(
            Diagnostic::new(&rule::COMPONENT_WITHOUT_IMAGE, title, place, "nothing to run")
                .help(help),
        );
    }

    /// The call of a dependency of `caller`, which is written at `version`; `id` is the caller's, where
    /// it is a component.
    pub(super) fn call(
        &mut self,
        id: Option<ComponentId>,
        caller: &str,
        version: &Path,
        name: &Callee,
        dependency: Dependency,
    ) -> Option<Call> {
        let path = version.field("dependsOn").key(name);
        let place = Place::Key(path.clone());
        let Some(answer) = self.names.get(&**name) else {
            let title = format!("`{caller}` depends on `{name}`, which does not exist");
            let blocks = self.blocks.iter().map(|block| &*block.name);
            let known = self.names.keys().map(|name| &**name).chain(blocks);
            self.sink.report(
                Diagnostic::new(
                    &rule::UNKNOWN_COMPONENT,
                    title,
                    place,
                    "no component or alias has this name",
                )
                .suggest(name, known),
            );
            return None;
        };
        let callee = &self.components[answer.component.0];
        if Some(answer.component) == id {
            let title = format!("`{caller}` depends on itself");
            self.sink.report(
                Diagnostic::new(
                    &rule::SELF_DEPENDENCY,
                    title,
                    place,
                    "this is the component itself",
                )
                .help("remove it"),
            );
            return None;
        }
        let alias = name.name();
        let wanted = dependency.port.as_deref();
        let (port, number) = match answer.front {
            Some(front) => self.front_port(name, &self.fronts[front], &path, wanted, caller)?,
            None => {
                let port = self.port_of((callee, alias), &path, wanted, caller)?;
                (port, callee.number_under(alias, port))
            }
        };
        let env = self.variables(callee, alias, &path, dependency.env);
        let optional = dependency.optional.unwrap_or(false);
        let (version, name) = (answer.version, name.name().into());
        let through = dependency.through;
        let to = answer.component;
        Some(Call { to, name, version, port, number, optional, env, through, invoked: None, path })
    }

    /// The port of the author's Service that is called: where it leads, and its number.
    fn front_port(
        &mut self,
        name: &str,
        front: &Front,
        path: &Path,
        wanted: Option<&str>,
        caller: &str,
    ) -> Option<(usize, u16)> {
        let names: Vec<&str> = front.ports.iter().map(|port| &*port.name).collect();
        let declared = Place::Key(front.path.clone());
        let diagnostic = match (wanted, front.ports.as_slice()) {
            (_, []) => Diagnostic::new(
                &rule::DEPENDENCY_WITHOUT_PORT,
                format!("`{caller}` calls Service `{name}`, which leads to no port"),
                Place::Key(path.clone()),
                "cannot be called",
            )
            .also(declared, "no port of it leads to a port of the component")
            .help("give it a port whose `targetPort` the component listens on"),
            (None, [port]) => return Some((port.port, port.number)),
            (None, _) => Diagnostic::new(
                &rule::AMBIGUOUS_PORT,
                format!("`{name}` has several ports, and `{caller}` does not say which"),
                Place::Key(path.clone()),
                "which port?",
            )
            .also(declared, format!("there is {}", listing(&names)))
            .help(format!("write `{name}: {{ port: {} }}`", names[0])),
            (Some(wanted), ports) => match ports.iter().find(|port| &*port.name == wanted) {
                Some(port) => return Some((port.port, port.number)),
                None => Diagnostic::new(
                    &rule::UNKNOWN_PORT,
                    format!("Service `{name}` has no port `{wanted}` that leads anywhere"),
                    Place::Value(path.field("port")),
                    "no such port",
                )
                .suggest(wanted, names.iter().copied()),
            },
        };
        self.sink.report(diagnostic);
        None
    }

    fn port_of(
        &mut self,
        (callee, name): (&Component, &str),
        path: &Path,
        wanted: Option<&str>,
        caller: &str,
    ) -> Option<usize> {
        let declared = Place::Key(callee.path.clone());
        let under = callee.alias(name).and_then(|alias| alias.ports.as_ref());
        let named = |port: &usize| under.is_none_or(|ports| ports.contains_key(port));
        let open: Vec<(usize, &Port)> =
            callee.internal_ports().filter(|(port, _)| named(port)).collect();
        let names: Vec<&str> = open.iter().map(|(_, port)| &*port.name).collect();
        let diagnostic = match (wanted, open.as_slice()) {
            (_, []) => Diagnostic::new(
                &rule::DEPENDENCY_WITHOUT_PORT,
                format!("`{caller}` calls `{}`, which opens no port", callee.name),
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
                    "`{}` has several ports, and `{caller}` does not say which it calls",
                    callee.name
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

    /// The variables of a call: those that the caller names, or else where to call, and what the
    /// callee gives.
    fn variables(
        &mut self,
        callee: &Component,
        name: &str,
        path: &Path,
        written: Option<BTreeMap<EnvName, Variable>>,
    ) -> Vec<(String, Given, Path)> {
        let mut env = Vec::new();
        let Some(written) = written else {
            let stem = name.to_ascii_uppercase().replace('-', "_");
            for (end, what) in [("HOST", Connection::Host), ("PORT", Connection::Port)] {
                let variable = format!("{stem}_{end}");
                if !callee.connect.contains_key(&*variable) {
                    env.push((variable, Given::Connection(what), path.clone()));
                }
            }
            let root = callee.path.field("connect");
            let connect = callee.connect.iter();
            env.extend(
                connect.map(|(name, value)| (name.to_string(), given(value), root.key(name))),
            );
            return env;
        };
        for (variable, what) in written {
            let path = path.field("env").key(&variable);
            let given = match what {
                Variable::Connection(what) => Given::Connection(what),
                Variable::Given(wanted) => match callee.connect.get(&*wanted) {
                    Some(value) => given(value),
                    None => {
                        self.not_given(callee, &wanted, path);
                        continue;
                    }
                },
            };
            env.push((variable.to_string(), given, path));
        }
        env
    }

    fn not_given(&mut self, callee: &Component, wanted: &str, path: Path) {
        let title = format!("`{}` gives no `{wanted}`", callee.name);
        let words = Connection::ALL.map(Connection::name);
        let known = words.into_iter().chain(callee.connect.keys().map(|name| &**name));
        let place = Place::Value(path);
        let diagnostic =
            Diagnostic::new(&rule::UNKNOWN_CONNECTION, title, place, "not under its `connect`");
        self.sink.report(diagnostic.suggest(wanted, known));
    }

    fn start_after(
        &mut self,
        component: &Component,
        path: &Path,
        names: Option<Vec<Name>>,
    ) -> Vec<(ComponentId, Path)> {
        let mut out = Vec::new();
        let (first, own) = self.siblings(component);
        for (index, name) in names.into_iter().flatten().enumerate() {
            let place = path.field("startAfter").index(index);
            match own.binary_search_by(|known| (*known.name).cmp(&*name)) {
                Ok(position) if *own[position].name == *component.name => {
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
                Ok(position) => out.push((ComponentId(first + position), place)),
                Err(_) => {
                    let title =
                        format!("`{}` starts after `{name}`, which does not exist", component.name);
                    let known = own.iter().map(|known| &*known.name);
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
}

/// Who calls a component by two names gets what it gives once.
fn once(calls: &mut [Call]) {
    let mut seen = BTreeSet::new();
    for call in calls {
        call.env.retain(|(name, given, path)| {
            matches!(given, Given::Connection(_)) || seen.insert((name.clone(), path.clone()))
        });
    }
}

fn given(value: &ConnectValue) -> Given {
    match value {
        ConnectValue::Connection(what) => Given::Connection(*what),
        ConnectValue::Text(text) => Given::Value(EnvValue::Text(text.clone())),
        ConnectValue::Secret(key) => Given::Value(EnvValue::Secret(key.clone())),
        ConnectValue::Config(key) => Given::Value(EnvValue::Config(key.clone())),
    }
}

fn path_end(path: &Path) -> String {
    path.steps().last().and_then(|step| step.key()).unwrap_or_default().to_owned()
}
