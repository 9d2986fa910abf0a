use super::Finder;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::model::Governance;
use crate::source::Place;

/// `unused-dapr-component`: nobody uses what Dapr offers.
pub(super) static UNUSED_DAPR_COMPONENT: Rule = Rule {
    code: "unused-dapr-component",
    severity: Severity::Warning,
    summary: "nobody uses what Dapr offers",
    explain: "What is declared under `dapr` is for the components that name it under `dependsOn`, and for no others. Without any there is nothing to make: an object without scopes would be for every app of the namespace.",
    wrong: concat!(
        "governance: dapr\n",
        "dapr: { components: { cart: { type: state.in-memory } } }\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
    ),
    right: concat!(
        "governance: dapr\n",
        "dapr: { components: { cart: { type: state.in-memory } } }\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    dependsOn: [cart]\n",
    ),
};

/// Everything under `dapr` has a user.
pub(super) fn check(find: &mut Finder<'_>) {
    let graph = find.graph;
    if graph.governance != Governance::Dapr {
        return;
    }
    for (block, users) in graph.dapr.blocks.iter().zip(graph.users()) {
        if !users.is_empty() {
            continue;
        }
        let title = format!("nobody uses `{}`", block.name);
        let place = Place::Key(block.path.clone());
        let label = "no component names it under `dependsOn`";
        let diagnostic = Diagnostic::new(&UNUSED_DAPR_COMPONENT, title, place, label)
            .help("add it to the `dependsOn` of the components that use it, or remove it");
        find.report(diagnostic);
    }
}
