use std::collections::BTreeSet;

use super::Finder;
use super::call_past_the_sidecar::reason;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::model::Governance;
use crate::source::Place;

/// `unreachable-through-dapr`: a program calls its sidecar, which cannot do what is asked.
pub(super) static UNREACHABLE_THROUGH_DAPR: Rule = Rule {
    code: "unreachable-through-dapr",
    severity: Severity::Error,
    summary: "a program calls its sidecar, which cannot do what is asked",
    explain: "A call with `through: dapr` needs a sidecar at both ends, an app id that stands for one workload, and the one port of the callee that Dapr brings calls to. What Dapr offers under `dapr` needs a sidecar too. Where versions are declared, each is an app id of its own, `<component>-<version>`: two workloads of one app id would take each other's calls. The component's own name is then no app id, unless its split sends all calls to one version.",
    wrong: concat!(
        "governance: dapr\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    governance: none\n",
        "    dependsOn: { api: { through: dapr } }\n",
        "  api:\n",
        "    image: example.com/api:1\n",
        "    ports: { http: 8080 }\n",
    ),
    right: concat!(
        "governance: dapr\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    dependsOn: { api: { through: dapr } }\n",
        "  api:\n",
        "    image: example.com/api:1\n",
        "    ports: { http: 8080 }\n",
    ),
};

/// What programs ask of sidecars.
pub(super) fn check(find: &mut Finder<'_>) {
    let graph = find.graph;
    if graph.governance != Governance::Dapr {
        return;
    }
    let mut seen = BTreeSet::new();
    for caller in graph.own() {
        for version in &caller.versions {
            for call in version.calls.iter().filter(|call| call.through.is_some()) {
                let Some(obstacle) = graph.past_sidecars(caller, call) else { continue };
                if !seen.insert(call.path.clone()) {
                    continue;
                }
                let callee = graph.component(call.to);
                let title =
                    format!("`{}` cannot call `{}` through Dapr", caller.name, graph.title(callee));
                let (label, help) = reason(graph, caller, callee, call, obstacle);
                let place = Place::Key(call.path.field("through"));
                let diagnostic = Diagnostic::new(&UNREACHABLE_THROUGH_DAPR, title, place, label)
                    .also(Place::Key(callee.path.clone()), "called");
                find.report(diagnostic.help(help));
            }
            if graph.meshed(caller) {
                continue;
            }
            for (block, path) in &version.blocks {
                if !seen.insert(path.clone()) {
                    continue;
                }
                let block = &graph.dapr.blocks[*block];
                let title = format!("`{}` cannot use `{}`", caller.name, block.name);
                let place = Place::Key(path.clone());
                let label = "there is no sidecar to ask";
                let exempt = Place::Value(caller.path.field("governance"));
                let diagnostic = Diagnostic::new(&UNREACHABLE_THROUGH_DAPR, title, place, label)
                    .also(exempt, "keeps it without one")
                    .help(format!("remove `governance: none` from `{}`", caller.name));
                find.report(diagnostic);
            }
        }
    }
}
