//! How versions are operated: what their kind can use of it, and the components that it names.

use super::super::{Component, rule};
use super::version::Binder;
use crate::diag::{Diagnostic, Sink};
use crate::model::{Kind, Placement, Strategy, Workload};
use crate::source::{Path, Place};

/// Reports what a kind of component cannot use of how a version is operated.
pub(super) fn strays(name: &str, kind: Kind, path: &Path, settings: &Workload, sink: &mut Sink) {
    let mut stray: Vec<(Path, String, String)> = Vec::new();
    let mut of_kind = |field: Path, what: &str| {
        let title = format!("`{what}` has no effect on a component of kind `{}`", kind.name());
        stray.push((field, title, format!("remove `{what}`")));
    };
    if settings.autoscale.is_some() && !kind.uses("autoscale") {
        of_kind(path.field("autoscale"), "autoscale");
    }
    if settings.disruption.is_some() && !kind.uses("disruption") {
        of_kind(path.field("disruption"), "disruption");
    }
    if let Some(rollout) = &settings.rollout {
        let root = path.field("rollout");
        for field in rollout.written() {
            if !kind.uses(field) {
                of_kind(root.field(field), field);
            }
        }
        let strange =
            |strategy: &Strategy| kind.uses("strategy") && !kind.rolls_by(strategy.name());
        if let Some(strategy) = rollout.strategy.filter(strange) {
            of_kind(root.field("strategy"), strategy.name());
        }
        let written = [
            ("maxSurge", rollout.max_surge.is_some()),
            ("maxUnavailable", rollout.max_unavailable.is_some()),
            ("partition", rollout.partition.is_some()),
        ];
        let other = rollout.strategy.filter(|strategy| *strategy != Strategy::Rolling);
        for (field, _) in written.into_iter().filter(|(_, written)| *written) {
            let Some(strategy) = other else { continue };
            let title = format!("`{field}` has no effect with the strategy `{}`", strategy.name());
            stray.push((root.field(field), title, format!("remove `{field}`, or roll")));
        }
    }
    for (field, title, help) in stray {
        let place = Place::Key(field);
        let diagnostic = Diagnostic::new(
            &rule::FIELD_WITHOUT_EFFECT,
            title,
            place,
            "nothing would come of this",
        );
        sink.report(diagnostic.also(Place::Key(path.clone()), format!("of `{name}`")).help(help));
    }
}

impl Binder<'_> {
    /// Looks at the components that a placement names.
    pub(super) fn neighbours(
        &mut self,
        component: &Component,
        version: &Path,
        placement: Option<&Placement>,
    ) {
        let Some(placement) = placement else { return };
        let path = version.field("placement");
        let groups = [("together", &placement.together), ("apart", &placement.apart)];
        let (_, own) = self.siblings(component);
        for (field, names) in groups {
            for name in names.iter().flat_map(|names| names.keys()) {
                let place = Place::Key(path.field(field).key(name));
                let known = own.binary_search_by(|known| (*known.name).cmp(name));
                let diagnostic = match known.map(|position| &own[position]) {
                    Ok(known) if known.name == component.name => Diagnostic::new(
                        &rule::SELF_DEPENDENCY,
                        format!("`{}` is placed by itself", component.name),
                        place,
                        "this is the component itself",
                    )
                    .help("use `spread` for the pods of one component"),
                    Ok(known) if known.kind == Kind::External => Diagnostic::new(
                        &rule::FIELD_WITHOUT_EFFECT,
                        format!("`{name}` has no pods to be placed by"),
                        place,
                        "outside the cluster",
                    )
                    .also(Place::Key(known.path.clone()), "an external component")
                    .help("remove it"),
                    Ok(_) => continue,
                    Err(_) => Diagnostic::new(
                        &rule::UNKNOWN_COMPONENT,
                        format!("`{}` is placed by `{name}`, which does not exist", component.name),
                        place,
                        "no component has this name",
                    )
                    .suggest(name, own.iter().map(|known| &*known.name)),
                };
                self.sink.report(diagnostic);
            }
        }
    }
}
