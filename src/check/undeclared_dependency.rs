use super::Finder;
use super::unknown_host::{Answer, Hosts, mentions};
use std::collections::BTreeSet;

use crate::diag::{Diagnostic, Rule, Severity};
use crate::graph::ComponentId;
use crate::source::Place;

/// `undeclared-dependency`: a program is told to call a component that it does not depend on.
pub(super) static UNDECLARED_DEPENDENCY: Rule = Rule {
    code: "undeclared-dependency",
    severity: Severity::Warning,
    summary: "a program is told to call a component that it does not depend on",
    explain: "The graph is what `dependsOn` says. A call that is only in a variable or an argument (a URL, `host:port`, or a name in `…_HOST`) is missing where the graph is used: who may call whom, the order of creation, what is reachable, whether headers get there, the drawing. Name the component under `dependsOn`; with `{ env: {} }` that sets no variables.",
    wrong: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "    dependsOn: [reviews]\n",
        "    env: { CACHE: \"redis://cache:6379\" }\n",
        "  reviews: { image: 'example.com/reviews:1', ports: { http: 9080 }, dependsOn: [cache] }\n",
        "  cache: { image: 'example.com/cache:1', ports: { redis: 6379 } }\n",
    ),
    right: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "    dependsOn: { reviews: {}, cache: { env: {} } }\n",
        "    env: { CACHE: \"redis://cache:6379\" }\n",
        "  reviews: { image: 'example.com/reviews:1', ports: { http: 9080 }, dependsOn: [cache] }\n",
        "  cache: { image: 'example.com/cache:1', ports: { redis: 6379 } }\n",
    ),
};

/// Calls in texts are calls of the graph.
pub(super) fn check(find: &mut Finder<'_>) {
    let graph = find.graph;
    let hosts = Hosts::of(graph);
    for (id, component) in graph.ids().take(graph.own().len()) {
        for version in &component.versions {
            let declared: BTreeSet<ComponentId> =
                version.calls.iter().map(|call| call.to).collect();
            for container in version.containers() {
                for mention in mentions(container) {
                    let Answer::Component(to) = hosts.answer(&mention) else { continue };
                    if to == id || declared.contains(&to) {
                        continue;
                    }
                    let callee = graph.component(to);
                    // By the name that is written, where that is one that can be depended on.
                    let name = match graph.names.contains_key(&*mention.host) {
                        true => mention.host.clone(),
                        false => graph.title(callee).into_owned(),
                    };
                    let who = match container.name == component.name {
                        true => "it".to_owned(),
                        false => format!("`{}`", component.name),
                    };
                    let title = format!(
                        "`{}` is told to call `{name}`, on which {who} does not depend",
                        container.name
                    );
                    let place = Place::Value(mention.path);
                    let label = format!("leads to `{}`", graph.title(callee));
                    let diagnostic = Diagnostic::new(&UNDECLARED_DEPENDENCY, title, place, label)
                        .help(format!("add `{name}` to `dependsOn` of `{}`", component.name));
                    find.report(diagnostic);
                }
            }
        }
    }
}
