use super::Finder;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::model::{Amount, Duration, Kind};
use crate::source::Place;

/// `malformed-rollout`: a rollout that cannot go on.
pub(super) static MALFORMED_ROLLOUT: Rule = Rule {
    code: "malformed-rollout",
    severity: Severity::Error,
    summary: "a rollout that cannot go on",
    explain: "Where no pod may be missing and none may be there beyond the wanted number, no pod can be replaced; of a daemonset only one of the two can be allowed. And where a new pod counts only after `minReady`, the rollout has made no progress until then, so its `deadline` must be longer; without one it is ten minutes.",
    wrong: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "    rollout: { maxSurge: 0, maxUnavailable: 0 }\n",
    ),
    right: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "    rollout: { maxSurge: 1, maxUnavailable: 0 }\n",
    ),
};

/// How long a deployment may make no progress where the file does not say, in seconds.
/// Source: `SetDefaults_Deployment` in k8s.io/kubernetes.
const DEADLINE: u64 = 600;

/// Pods can be replaced, and in time.
pub(super) fn check(find: &mut Finder<'_>) {
    for component in &find.graph.components {
        for version in &component.versions {
            let rollout = &version.rollout;
            let path = version.path.field("rollout");
            let none = |amount: Option<Amount>| amount.is_some_and(Amount::is_none);
            if none(rollout.max_surge) && none(rollout.max_unavailable) {
                let title = format!("no pod of `{}` can be replaced", version.workload);
                let diagnostic = Diagnostic::new(
                    &MALFORMED_ROLLOUT,
                    title,
                    Place::Value(path.field("maxUnavailable")),
                    "none may be missing",
                )
                .also(Place::Value(path.field("maxSurge")), "and none may be there beyond")
                .help("allow one of the two");
                find.report(diagnostic);
            }
            let some = |amount: Option<Amount>| amount.is_some_and(|amount| !amount.is_none());
            let both = some(rollout.max_surge) && some(rollout.max_unavailable);
            if component.kind == Kind::DaemonSet && both {
                let title =
                    format!("a node has one pod of `{}` missing, or one beyond", version.workload);
                let place = Place::Value(path.field("maxUnavailable"));
                let diagnostic = Diagnostic::new(&MALFORMED_ROLLOUT, title, place, "either this")
                    .also(Place::Value(path.field("maxSurge")), "or this")
                    .help("write one of the two");
                find.report(diagnostic);
            }
            let deadline = rollout.deadline.as_ref().map_or(DEADLINE, Duration::seconds);
            let ready = rollout.min_ready.as_ref().map_or(0, Duration::seconds);
            if component.kind == Kind::Deployment && ready >= deadline {
                let title = format!("each rollout of `{}` would count as failed", version.workload);
                let place = Place::Value(path.field("minReady"));
                let label = "a new pod counts after this time";
                let mut diagnostic = Diagnostic::new(&MALFORMED_ROLLOUT, title, place, label);
                if rollout.deadline.is_some() {
                    let place = Place::Value(path.field("deadline"));
                    diagnostic = diagnostic.also(place, "and this is all the time there is");
                }
                find.report(diagnostic.help("make `deadline` longer than `minReady`"));
            }
        }
    }
}
