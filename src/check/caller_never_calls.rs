use super::Finder;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::source::Place;

/// `caller-never-calls`: a rule is for a component that never calls.
pub(super) static CALLER_NEVER_CALLS: Rule = Rule {
    code: "caller-never-calls",
    severity: Severity::Error,
    summary: "a rule is for a component that never calls",
    explain: "A rule with `caller` matches the calls of that component alone. If the component has no `dependsOn` that leads here, there are none, and the rule never matches.",
    wrong: concat!(
        "governance: istio\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { prefix: [/] } }\n",
        "    dependsOn: [api]\n",
        "  api:\n",
        "    image: example.com/api:1\n",
        "    ports: { http: 9090 }\n",
        "    versions: { v1: {}, v2: { image: example.com/api:2 } }\n",
        "    traffic:\n",
        "      rules: [{ match: { caller: batch }, to: v2 }]\n",
        "      split: { v1: 100, v2: 0 }\n",
        "  batch: { image: example.com/batch:1 }\n",
    ),
    right: concat!(
        "governance: istio\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { prefix: [/] } }\n",
        "    dependsOn: [api]\n",
        "  api:\n",
        "    image: example.com/api:1\n",
        "    ports: { http: 9090 }\n",
        "    versions: { v1: {}, v2: { image: example.com/api:2 } }\n",
        "    traffic:\n",
        "      rules: [{ match: { caller: batch }, to: v2 }]\n",
        "      split: { v1: 100, v2: 0 }\n",
        "  batch: { image: example.com/batch:1, dependsOn: [api] }\n",
    ),
};

/// Every caller that a rule names does call. A component always reaches itself.
pub(super) fn check(find: &mut Finder<'_>) {
    // The call may be there, under a name that was misspelt.
    if find.partial {
        return;
    }
    let graph = find.graph;
    for (id, component) in graph.ids() {
        // In the order of the components, so it can be searched.
        let callers = &graph.callers[id.0];
        for (caller, path) in component.traffic.rules.iter().flat_map(|rule| &rule.callers) {
            if *caller == id || callers.binary_search(caller).is_ok() {
                continue;
            }
            let caller = graph.component(*caller);
            let title = format!("`{}` never calls `{}`", caller.name, component.name);
            let place = Place::Value(path.clone());
            let diagnostic =
                Diagnostic::new(&CALLER_NEVER_CALLS, title, place, "this rule never matches")
                    .also(Place::Key(caller.path.clone()), "no `dependsOn` leads to it")
                    .help(format!(
                        "add `{}` to the `dependsOn` of `{}`, or remove the caller",
                        component.name, caller.name
                    ));
            find.report(diagnostic);
        }
    }
}
