use super::Finder;
use std::collections::BTreeMap;

use crate::diag::{Diagnostic, Rule, Severity};
use crate::graph::Container;
use crate::model::Governance;
use crate::source::Place;

/// `duplicate-container`: two containers of a pod have one name.
pub(super) static DUPLICATE_CONTAINER: Rule = Rule {
    code: "duplicate-container",
    severity: Severity::Error,
    summary: "two containers of a pod have one name",
    explain: "Containers of a pod are told apart by their names. The component's own has the component's name; each sidecar and each init container needs another.",
    wrong: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "    sidecars: { web: { image: 'example.com/proxy:1' } }\n",
    ),
    right: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "    sidecars: { proxy: { image: 'example.com/proxy:1' } }\n",
    ),
};

/// Names of containers are unique in their pod.
pub(super) fn check(find: &mut Finder<'_>) {
    for version in find.graph.components.iter().flat_map(|component| &component.versions) {
        let mut names: BTreeMap<&str, &Container> = BTreeMap::new();
        for container in version.containers() {
            if find.graph.governance == Governance::Envoy && *container.name == *"weft-proxy" {
                let title = format!("`{}` has a container of the proxy's name", version.workload);
                let place = Place::Key(container.path.clone());
                let label = "the proxy of this mode is called `weft-proxy`";
                let diagnostic = Diagnostic::new(&DUPLICATE_CONTAINER, title, place, label);
                find.report(diagnostic.help("rename it"));
            }
            let Some(first) = names.get(&*container.name) else {
                names.insert(&container.name, container);
                continue;
            };
            let title =
                format!("two containers of `{}` are called `{}`", version.workload, container.name);
            let place = Place::Key(container.path.clone());
            let diagnostic = Diagnostic::new(&DUPLICATE_CONTAINER, title, place, "the second")
                .also(Place::Key(first.path.clone()), "the first")
                .help("rename one of them");
            find.report(diagnostic);
        }
    }
}
