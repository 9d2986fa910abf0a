use super::Finder;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::source::Place;
use crate::traffic::{entrances, governed, singled_out};

/// `calls-past-the-mesh`: calls from a component outside the mesh pass by the traffic of the callee.
pub(super) static CALLS_PAST_THE_MESH: Rule = Rule {
    code: "calls-past-the-mesh",
    severity: Severity::Warning,
    summary: "calls from a component outside the mesh pass by the traffic of the callee",
    explain: "Rules, splits, retries, timeouts, faults and mirrors are carried out by the proxy of the caller. A component with `governance: none` has no proxy, so its calls go to any version of the callee, by the number of its pods, and nothing else is done with them.",
    wrong: concat!(
        "governance: istio\n",
        "components:\n",
        "  cron:\n",
        "    image: example.com/cron:1\n",
        "    governance: none\n",
        "    dependsOn: [api]\n",
        "  api:\n",
        "    image: example.com/api:1\n",
        "    ports: { http: 9090 }\n",
        "    traffic: { timeout: 2s }\n",
    ),
    right: concat!(
        "governance: istio\n",
        "components:\n",
        "  cron:\n",
        "    image: example.com/cron:1\n",
        "    dependsOn: [api]\n",
        "  api:\n",
        "    image: example.com/api:1\n",
        "    ports: { http: 9090 }\n",
        "    traffic: { timeout: 2s }\n",
    ),
};

/// Callers without a proxy.
pub(super) fn check(find: &mut Finder<'_>) {
    let graph = find.graph;
    for (caller, call) in graph.calls_past_the_mesh() {
        let callee = graph.component(call.to);
        if !governed(callee) {
            continue;
        }
        // The callee's own proxies take them, if it has some, and know no callers.
        let taken = entrances(graph, callee).contains_key(&call.port);
        let own = graph.find(&caller.name).map(|(id, _)| id);
        let named = own.is_some_and(|id| singled_out(callee, &callee.ports[call.port], id));
        if taken && !named {
            continue;
        }
        let title = format!("`{}` calls `{}` past its traffic", caller.name, callee.name);
        let label = "comes from outside the mesh, and goes to any version by its pods";
        let exempt = Place::Value(caller.path.field("governance"));
        let diagnostic =
            Diagnostic::new(&CALLS_PAST_THE_MESH, title, Place::Key(call.path.clone()), label)
                .also(Place::Key(callee.traffic.path.clone()), "is not applied to these calls")
                .also(exempt, format!("`{}` has no proxy", caller.name))
                .help(format!(
                    "remove `governance: none` from `{}`, or the traffic of `{}`",
                    caller.name, callee.name
                ));
        find.report(diagnostic);
    }
}
