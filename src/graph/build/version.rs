//! Binding what a version names: callees, ports, files.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::{
    Answer, Call, Component, ComponentId, File, LoadError, Loader, Port, Version, Volume, rule,
};
use super::shell::Unbound;
use crate::diag::{Diagnostic, Sink, listing};
use crate::model::{self, Callee, Connection, Dependencies, Dependency, FileSource, Kind, Name};
use crate::source::{Path, Place};

/// Binds the names that versions use.
pub(super) struct Binder<'a> {
    pub(super) components: &'a [Component],
    pub(super) names: &'a BTreeMap<Arc<str>, Answer>,
    pub(super) load: Loader<'a>,
    pub(super) sink: &'a mut Sink,
}

impl Binder<'_> {
    /// The versions of one component, bound.
    pub(super) fn versions(&mut self, id: ComponentId, versions: Vec<Unbound>) -> Vec<Version> {
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
        name: &Callee,
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
                let stem = name.name().to_ascii_uppercase().replace('-', "_");
                vec![
                    (format!("{stem}_HOST"), Connection::Host, path.clone()),
                    (format!("{stem}_PORT"), Connection::Port, path.clone()),
                ]
            }
        };
        let optional = dependency.optional.unwrap_or(false);
        let (version, name) = (answer.version, name.name().into());
        Some(Call { to: answer.component, name, version, port, optional, env, path })
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
