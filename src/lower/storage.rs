//! What the containers of a pod mount, and what must be there for it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::slug;
use super::view::{Claim, Trace};
use crate::graph::{Component, Container, File, Source, Version, Volume};
use crate::model::{Kind, VolumeKind};
use crate::source::{Path, Place};

/// A volume of the pod, with exactly one kind of content.
#[derive(Debug, Default, Serialize)]
pub struct PodVolume {
    name: String,
    scratch: bool,
    memory: bool,
    limit: Option<String>,
    claim: Option<String>,
    config_map: Option<String>,
    secret: Option<String>,
}

impl PodVolume {
    /// A volume with the files of a ConfigMap.
    pub(super) fn config_map(name: &str, config_map: String) -> Self {
        Self { name: name.into(), config_map: Some(config_map), ..Self::default() }
    }

    /// A volume with the files of a Secret.
    pub(super) fn secret(name: &str, secret: String) -> Self {
        Self { name: name.into(), secret: Some(secret), ..Self::default() }
    }
}

/// Where a volume appears in the container.
#[derive(Debug, Serialize)]
pub struct Mount {
    volume: String,
    path: String,
    sub_path: Option<String>,
    read_only: bool,
}

impl Mount {
    /// A whole volume, to read.
    pub(super) fn folder(volume: &str, path: String) -> Self {
        Self { volume: volume.into(), path, sub_path: None, read_only: true }
    }
}

/// What a pod needs beside itself.
#[derive(Default)]
pub(super) struct Needs {
    /// Files that weft ships, by the key in their ConfigMap.
    pub files: BTreeMap<String, Result<String, Vec<u8>>>,
    /// Claims: volume name, the storage, and where it is written.
    pub claims: Vec<(String, Claim, Path)>,
}

/// The name of the ConfigMap with a workload's files.
pub(super) fn files_name(version: &Version) -> String {
    format!("{}-files", version.workload)
}

/// The name of the claim behind a volume of a workload that shares it among its pods.
pub(super) fn claim_name(workload: &str, volume: &str) -> String {
    format!("{workload}-{volume}")
}

/// The name that a volume with a name has in its pod.
fn named(name: &str) -> String {
    format!("storage-{name}")
}

/// The volumes of a pod, gathered container by container.
#[derive(Default)]
pub(super) struct Storage {
    /// Volumes of which there can be several mounts, by name.
    sources: BTreeMap<String, PodVolume>,
    volumes: Vec<PodVolume>,
    needs: Needs,
}

impl Storage {
    /// The mounts of one container, whose fields are at `at` in the pod template.
    pub(super) fn mount(
        &mut self,
        component: &Component,
        version: &Version,
        container: &Container,
        at: &str,
        trace: &mut Trace,
    ) -> Vec<Mount> {
        let mut mounts = Vec::new();
        for (path, file) in &container.files {
            let (volume, key) = self.source(component, version, container, path, file);
            let place = Place::Key(container.path.field("files").key(path));
            trace.add(format!("{at}.volumeMounts.{}", mounts.len()), place);
            mounts.push(Mount {
                volume: volume.name.clone(),
                path: path.clone(),
                sub_path: Some(key),
                read_only: true,
            });
            self.sources.entry(volume.name.clone()).or_insert(volume);
        }
        for (path, volume) in &container.volumes {
            let place = container.path.field("volumes").key(path);
            trace.add(format!("{at}.volumeMounts.{}", mounts.len()), Place::Key(place.clone()));
            let own = container.name == component.name;
            let name = match (&volume.source, &volume.name) {
                (Source::Of(lent), _) => {
                    format!("shared-{}", slug(&format!("{}/{}", lent.workload, lent.name)))
                }
                (Source::Shared(name), _) | (_, Some(name)) => named(name),
                (_, None) if own => format!("volume-{}", slug(path)),
                // Paths repeat from container to container.
                (_, None) => format!("volume-{}", slug(&format!("{}:{path}", container.name))),
            };
            mounts.push(Mount {
                volume: name.clone(),
                path: path.clone(),
                sub_path: volume.sub_path.clone(),
                read_only: volume.read_only,
            });
            self.volume(component, version, name, volume, place);
        }
        mounts
    }

    /// The volumes, and what they need.
    pub(super) fn finish(self) -> (Vec<PodVolume>, Needs) {
        (self.sources.into_values().chain(self.volumes).collect(), self.needs)
    }

    /// The volume that holds a file, and the file's key in it.
    fn source(
        &mut self,
        component: &Component,
        version: &Version,
        container: &Container,
        path: &str,
        file: &File,
    ) -> (PodVolume, String) {
        let shipped = match file {
            File::Text(text) => Ok(text.clone()),
            File::Bytes(bytes) => Err(bytes.clone()),
            File::Secret(name, key) => {
                let secret = Some(name.clone());
                let named = format!("secret-{}", slug(name));
                return (PodVolume { name: named, secret, ..PodVolume::default() }, key.clone());
            }
            File::Config(name, key) => {
                let config_map = Some(name.clone());
                let named = format!("config-{}", slug(name));
                return (
                    PodVolume { name: named, config_map, ..PodVolume::default() },
                    key.clone(),
                );
            }
        };
        // Paths repeat from container to container.
        let key = match container.name == component.name {
            true => slug(path),
            false => format!("{}.{}", container.name, slug(path)),
        };
        self.needs.files.insert(key.clone(), shipped);
        let config_map = Some(files_name(version));
        (PodVolume { name: "files".into(), config_map, ..PodVolume::default() }, key)
    }

    fn volume(
        &mut self,
        component: &Component,
        version: &Version,
        name: String,
        volume: &Volume,
        place: Path,
    ) {
        let mut entry = PodVolume { name: name.clone(), ..PodVolume::default() };
        match &volume.source {
            // Its container declares it.
            Source::Shared(_) => return,
            Source::Scratch(kind, limit) => {
                entry.scratch = true;
                entry.memory = *kind == VolumeKind::Memory;
                entry.limit = limit.clone();
            }
            Source::Claim(claim) => entry.claim = Some(claim.clone()),
            Source::Of(lent) => {
                entry.claim = Some(claim_name(&lent.workload, &named(&lent.name)));
                self.sources.entry(name).or_insert(entry);
                return;
            }
            Source::Persistent { size, class, access } => {
                let claim =
                    Claim { size: size.clone(), class: class.clone(), access: access.name() };
                self.needs.claims.push((name.clone(), claim, place));
                if component.kind == Kind::StatefulSet {
                    // Each pod has its own, made from the template of the same name.
                    return;
                }
                entry.claim = Some(claim_name(&version.workload, &name));
            }
        }
        self.volumes.push(entry);
    }
}
