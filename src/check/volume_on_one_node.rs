use super::Finder;
use std::collections::BTreeMap;

use crate::diag::{Diagnostic, Rule, Severity};
use crate::graph::{Component, Source, Version};
use crate::model::Kind;
use crate::source::{Path, Place};

/// `volume-on-one-node`: several pods mount a claim that one node at a time can mount.
pub(super) static VOLUME_ON_ONE_NODE: Rule = Rule {
    code: "volume-on-one-node",
    severity: Severity::Warning,
    summary: "several pods mount a claim that one node at a time can mount",
    explain: "A claim with `access: ReadWriteOnce` is mounted by one node at a time (`ReadWriteOncePod`: by one pod). Further pods wait for ever, unless all of them happen to run on that node. Where several pods need the same storage, it needs `ReadWriteMany` or `ReadOnlyMany`, and a storage class that offers it; where each needs its own, a statefulset.",
    wrong: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    replicas: 2\n",
        "    ports: { http: 8080 }\n",
        "    volumes: { /data: { size: 1Gi } }\n",
        "    expose: { http: { via: load-balancer } }\n",
    ),
    right: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    replicas: 2\n",
        "    ports: { http: 8080 }\n",
        "    volumes: { /data: { size: 1Gi, access: ReadWriteMany } }\n",
        "    expose: { http: { via: load-balancer } }\n",
    ),
};

/// Another workload that mounts a claim: its name, and where.
type Borrower<'g> = (&'g str, Path);

/// Claims for one node have one pod.
pub(super) fn check(find: &mut Finder<'_>) {
    let mut borrowers: BTreeMap<(usize, usize, &str), Vec<Borrower<'_>>> = BTreeMap::new();
    for version in find.graph.components.iter().flat_map(|component| &component.versions) {
        for container in version.containers() {
            for (path, volume) in &container.volumes {
                let Source::Of(lent) = &volume.source else { continue };
                let place = container.path.field("volumes").key(path);
                let claim = (lent.component.0, lent.version, &*lent.name);
                borrowers.entry(claim).or_default().push((&version.workload, place));
            }
        }
    }
    for (id, component) in find.graph.ids() {
        for (position, version) in component.versions.iter().enumerate() {
            let several = several(component, version);
            for container in version.containers() {
                for (path, volume) in &container.volumes {
                    let Source::Persistent { access, .. } = &volume.source else { continue };
                    let name = volume.name.as_deref().unwrap_or_default();
                    let others = borrowers.get(&(id.0, position, name)).map_or(&[][..], |o| o);
                    if access.is_shared() || (several.is_none() && others.is_empty()) {
                        continue;
                    }
                    let title = format!(
                        "several pods mount `{path}` of `{}`, which one node at a time can",
                        version.workload
                    );
                    let place = Place::Key(container.path.field("volumes").key(path));
                    let mut diagnostic =
                        Diagnostic::new(&VOLUME_ON_ONE_NODE, title, place, access.name());
                    if let Some((place, label)) = &several {
                        diagnostic = diagnostic.also(place.clone(), label.clone());
                    }
                    for (workload, path) in others {
                        let label = format!("`{workload}` mounts it too");
                        diagnostic = diagnostic.also(Place::Key(path.clone()), label);
                    }
                    find.report(diagnostic.help(match (component.kind, others) {
                        (Kind::Deployment, []) => "write `access: ReadWriteMany` and a class that offers it, or make it a statefulset",
                        _ => "write `access: ReadWriteMany` and a class that offers it",
                    }));
                }
            }
        }
    }
}

/// What makes several pods of a workload mount its claims, if anything does.
fn several(component: &Component, version: &Version) -> Option<(Place, String)> {
    match component.kind {
        // Each pod of a statefulset has claims of its own.
        Kind::StatefulSet | Kind::External => None,
        Kind::DaemonSet => {
            let kind = Place::Value(component.path.field("kind"));
            Some((kind, "a pod on every node".into()))
        }
        Kind::Deployment => {
            if let Some(autoscale) = version.autoscale.as_ref().filter(|scale| scale.max > 1) {
                let place = Place::Value(version.path.field("autoscale").field("max"));
                return Some((place, format!("up to {} pods", autoscale.max)));
            }
            let count = version.replicas.filter(|count| *count > 1)?;
            let place = Place::Value(version.path.field("replicas"));
            Some((place, format!("{count} pods")))
        }
        Kind::Job | Kind::CronJob => {
            let count = component.job.parallelism.filter(|count| *count > 1)?;
            let place = Place::Value(component.path.field("job").field("parallelism"));
            Some((place, format!("{count} pods at the same time")))
        }
    }
}
