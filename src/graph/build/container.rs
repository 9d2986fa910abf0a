//! Binding what a container names: files and storage.

use std::sync::Arc;

use super::super::{Container, File, rule};
use super::version::Binder;
use super::volume::Pod;
use crate::diag::Diagnostic;
use crate::files;
use crate::model::{self, FileSource, Probes};
use crate::source::{Path, Place};

impl Binder<'_> {
    /// A container that stands beside or before the component's own.
    pub(super) fn companion(
        &mut self,
        pod: Pod,
        what: &str,
        name: Arc<str>,
        path: Path,
        settings: model::Container,
        probes: Probes,
    ) -> Container {
        let owner = &self.components[pod.0].name;
        if settings.image.as_ref().is_none_or(String::is_empty) {
            let title = format!("{what} `{name}` of `{owner}` has no image");
            let place = Place::Key(path.clone());
            self.sink.report(
                Diagnostic::new(&rule::COMPONENT_WITHOUT_IMAGE, title, place, "nothing to run")
                    .help("add `image:`"),
            );
        }
        if settings.security_context.as_ref().is_some_and(|context| context.fs_group.is_some()) {
            let title = format!("`fsGroup` has no effect on {what} `{name}`");
            let place = Place::Key(path.field("securityContext").field("fsGroup"));
            self.sink.report(
                Diagnostic::new(&rule::FIELD_WITHOUT_EFFECT, title, place, "volumes are the pod's")
                    .help(format!("move it to the `securityContext` of `{owner}`")),
            );
        }
        self.container(pod, name, path, settings, probes)
    }

    /// A container, whose settings are written at `path`.
    pub(super) fn container(
        &mut self,
        pod: Pod,
        name: Arc<str>,
        path: Path,
        settings: model::Container,
        probes: Probes,
    ) -> Container {
        let files = settings
            .files
            .into_iter()
            .flatten()
            .filter_map(|(target, source)| {
                let place = path.field("files").key(&target);
                Some((target.to_string(), self.file(source, &place)?))
            })
            .collect();
        let volumes = settings
            .volumes
            .into_iter()
            .flatten()
            .filter_map(|(target, model::WrittenVolume(volume))| {
                let place = path.field("volumes").key(&target);
                Some((target.to_string(), self.volume(pod, volume, &place)?))
            })
            .collect();
        Container {
            name,
            image: settings.image.unwrap_or_default(),
            image_pull: settings.image_pull,
            command: settings.command.unwrap_or_default(),
            args: settings.args.unwrap_or_default(),
            working_dir: settings.working_dir.map(|dir| dir.to_string()),
            env: settings.env.into_iter().flatten().map(|(k, v)| (k.to_string(), v)).collect(),
            files,
            volumes,
            probes,
            resources: settings.resources.unwrap_or_default(),
            security: settings.security_context.unwrap_or_default(),
            path,
        }
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
        let bytes = files::read(self.load, &relative, place, self.sink)?;
        Some(match String::from_utf8(bytes) {
            Ok(text) => File::Text(text),
            Err(error) => File::Bytes(error.into_bytes()),
        })
    }
}
