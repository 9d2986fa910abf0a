//! Binding storage: what is declared, and who mounts it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::{Component, ComponentId, Lent, Source, Volume, rule};
use super::shell::Unbound;
use super::version::Binder;
use crate::diag::{Diagnostic, Rule, Sink, listing};
use crate::model::{self, Access, Kind};
use crate::source::{Path, Place};

/// A version of a component: the positions of both.
pub(super) type Pod = (usize, usize);

/// The named volumes of one pod.
type Stores = BTreeMap<Arc<str>, Store>;

/// A named volume.
struct Store {
    /// What it is, if it outlives the pod.
    kept: Option<Kept>,
    path: Path,
}

enum Kept {
    /// A claim that the workload owns.
    Owned(Access),
    /// A claim that exists already.
    Existing(String),
}

/// Every named volume of the application.
pub(super) struct Volumes {
    /// Of each version of each component.
    pods: Vec<Vec<Stores>>,
    /// What `from: NAME/…` can begin with in each app: components with one version, and workloads.
    owners: Vec<BTreeMap<Arc<str>, Pod>>,
}

impl Volumes {
    /// The volumes as they are declared. Two of one name in a pod are reported.
    pub(super) fn read(
        apps: usize,
        components: &[Component],
        settings: &[Vec<Unbound>],
        sink: &mut Sink,
    ) -> Self {
        let mut owners = vec![BTreeMap::new(); apps];
        let mut pods = Vec::with_capacity(components.len());
        for (position, (component, versions)) in components.iter().zip(settings).enumerate() {
            for (index, (version, ..)) in versions.iter().enumerate() {
                let workload = component.workload_name(version).into();
                owners[component.app].entry(workload).or_insert((position, index));
            }
            pods.push(versions.iter().map(|version| stores(version, sink)).collect());
        }
        for (position, (component, versions)) in components.iter().zip(settings).enumerate() {
            if versions.len() == 1 {
                owners[component.app].insert(component.name.clone(), (position, 0));
            }
        }
        Self { pods, owners }
    }

    fn of(&self, (component, version): Pod) -> &Stores {
        &self.pods[component][version]
    }
}

/// The named volumes of all containers of one version.
fn stores((_, path, settings): &Unbound, sink: &mut Sink) -> Stores {
    let sidecars = settings
        .sidecars
        .iter()
        .flatten()
        .map(|(name, sidecar)| (path.field("sidecars").key(name), &sidecar.container));
    let init = settings.init_containers.iter().flatten().enumerate();
    let init = init.map(|(at, one)| (path.field("initContainers").index(at), &one.container));
    let own = std::iter::once((path.clone(), &settings.container));
    let mut stores = Stores::new();
    for (path, container) in own.chain(sidecars).chain(init) {
        for (target, model::WrittenVolume(volume)) in container.volumes.iter().flatten() {
            let Some(name) = &volume.name else { continue };
            let path = path.field("volumes").key(target);
            if let Some(first) = stores.get(&**name) {
                let title = format!("two volumes of one pod are called `{name}`");
                let place = Place::Value(path.field("name"));
                sink.report(
                    Diagnostic::new(&rule::MALFORMED_VOLUME, title, place, "which of the two?")
                        .also(Place::Value(first.path.field("name")), "the other")
                        .help(format!("rename one, or mount the first with `from: {name}`")),
                );
                continue;
            }
            let kept = match (&volume.claim, volume.kind) {
                (Some(claim), _) => Some(Kept::Existing(claim.to_string())),
                (None, None) => Some(Kept::Owned(volume.access.unwrap_or_default())),
                (None, Some(_)) => None,
            };
            stores.insert(name.0.clone(), Store { kept, path });
        }
    }
    stores
}

impl Binder<'_> {
    /// A volume of a container of `pod`, written at `path`; nothing if it is none.
    pub(super) fn volume(
        &mut self,
        pod: Pod,
        written: model::Volume,
        path: &Path,
    ) -> Option<Volume> {
        if let Some(diagnostic) = fault(&written, path) {
            self.sink.report(diagnostic);
            return None;
        }
        let source = match (written.kind, written.claim, written.from, written.size) {
            (Some(kind), _, _, size) => Source::Scratch(kind, size.map(|size| size.to_string())),
            (_, Some(claim), ..) => Source::Claim(claim.to_string()),
            (_, _, Some(from), _) => match self.lent(pod, &from, &path.field("from")) {
                Ok(source) => source,
                Err(diagnostic) => {
                    self.sink.report(*diagnostic);
                    return None;
                }
            },
            (.., size) => Source::Persistent {
                size: size?.to_string(),
                class: written.class,
                access: written.access.unwrap_or_default(),
            },
        };
        Some(Volume {
            source,
            name: written.name.map(|name| name.0),
            read_only: written.read_only.unwrap_or(false),
            sub_path: written.sub_path.map(|path| path.to_string()),
        })
    }

    /// What `from` means in a pod.
    fn lent(&self, pod: Pod, from: &str, path: &Path) -> Result<Source, Box<Diagnostic>> {
        let place = || Place::Value(path.clone());
        let Some((owner, name)) = from.split_once('/') else {
            let known = self.volumes.of(pod);
            return match known.get_key_value(from) {
                Some((name, _)) => Ok(Source::Shared(name.clone())),
                None => Err(Box::new(unknown(from, known, "this pod", place()))),
            };
        };
        let app = self.components[pod.0].app;
        let Some(position) = self.volumes.owners[app].get(owner).copied() else {
            return Err(Box::new(self.unknown_owner(app, owner, name, place())));
        };
        let known = self.volumes.of(position);
        let component = &self.components[position.0];
        let Some((name, store)) = known.get_key_value(name) else {
            return Err(Box::new(unknown(name, known, &format!("`{owner}`"), place())));
        };
        if position == pod {
            return Ok(Source::Shared(name.clone()));
        }
        let elsewhere = component.namespace != self.components[pod.0].namespace;
        let why = match &store.kept {
            _ if elsewhere => "it is in another namespace",
            None => "it is gone with its pod",
            Some(Kept::Owned(_)) if component.kind == Kind::StatefulSet => {
                "each pod of a statefulset has its own"
            }
            Some(Kept::Existing(claim)) => return Ok(Source::Claim(claim.clone())),
            Some(Kept::Owned(access)) => {
                return Ok(Source::Of(Lent {
                    component: ComponentId(position.0),
                    version: position.1,
                    name: name.clone(),
                    workload: component.workload_name(&self.version_names[position.0][position.1]),
                    access: *access,
                }));
            }
        };
        let title = format!("volume `{name}` of `{owner}` cannot be mounted here");
        Err(Box::new(
            Diagnostic::new(&rule::UNKNOWN_VOLUME, title, place(), "not to be had")
                .also(Place::Key(store.path.clone()), why)
                .help("mount a volume with `size` or `claim` of a workload whose pods share it"),
        ))
    }

    fn unknown_owner(&self, app: usize, owner: &str, name: &str, place: Place) -> Diagnostic {
        let is = |known: &Component| known.app == app && *known.name == *owner;
        let position = self.components.iter().position(is);
        let versions = position.map(|position| self.version_names[position].as_slice());
        if let Some([first, ..]) = versions {
            let title = format!("`{owner}` has several versions, each with its own volumes");
            return Diagnostic::new(&rule::UNKNOWN_VOLUME, title, place, "of which version?")
                .help(format!("name the version: `from: {owner}-{first}/{name}`"));
        }
        let title = format!("there is no `{owner}` to mount `{name}` of");
        let known = self.volumes.owners[app].keys().map(|known| &**known);
        Diagnostic::new(&rule::UNKNOWN_COMPONENT, title, place, "no component has this name")
            .suggest(owner, known)
    }
}

fn unknown(name: &str, known: &Stores, whose: &str, place: Place) -> Diagnostic {
    let title = format!("there is no volume `{name}` in {whose}");
    let label = "no volume has this name";
    let diagnostic = Diagnostic::new(&rule::UNKNOWN_VOLUME, title, place, label);
    match known.is_empty() {
        true => diagnostic.help(format!("give the volume that is meant `name: {name}`")),
        false => diagnostic.suggest(name, known.keys().map(|known| &**known)),
    }
}

/// Fields that contradict each other, or say nothing.
fn fault(volume: &model::Volume, path: &Path) -> Option<Diagnostic> {
    let ways = [
        ("kind", volume.kind.is_some(), &["class", "access"][..]),
        ("claim", volume.claim.is_some(), &["class", "access", "size"]),
        ("from", volume.from.is_some(), &["class", "access", "size", "name"]),
    ];
    let given: Vec<_> = ways.into_iter().filter(|(_, given, _)| *given).collect();
    let rule: &'static Rule = &rule::MALFORMED_VOLUME;
    let (way, strays) = match given.as_slice() {
        [] if volume.size.is_some() => return None,
        [] => {
            let place = Place::Key(path.clone());
            let title = "a volume does not say what it is";
            return Some(
                Diagnostic::new(rule, title, place, "where is it kept?")
                    .help("give `size`, `claim`, `from` or `kind`, or write `scratch`"),
            );
        }
        [(way, _, strays)] => (*way, *strays),
        several => {
            let names: Vec<&str> = several.iter().map(|(name, ..)| *name).collect();
            let title = format!("a volume is one thing, not {}", listing(&names));
            let place = Place::Key(path.field(names[0]));
            return Some(
                Diagnostic::new(rule, title, place, "this")
                    .also(Place::Key(path.field(names[1])), "or this")
                    .help("keep one of them"),
            );
        }
    };
    let written = [
        ("class", volume.class.is_some()),
        ("access", volume.access.is_some()),
        ("size", volume.size.is_some()),
        ("name", volume.name.is_some()),
    ];
    let stray = written.iter().find(|(field, written)| *written && strays.contains(field))?.0;
    let title = format!("`{stray}` has no effect on a volume with `{way}`");
    Some(
        Diagnostic::new(rule, title, Place::Key(path.field(stray)), "nothing would come of this")
            .also(Place::Key(path.field(way)), "says what it is")
            .help(format!("remove `{stray}`")),
    )
}
