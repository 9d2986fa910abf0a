use super::Finder;
use std::collections::BTreeMap;

use crate::diag::{Diagnostic, Rule, Severity};
use crate::source::Place;

/// `env-set-twice`: an environment variable is set twice.
pub(super) static ENV_SET_TWICE: Rule = Rule {
    code: "env-set-twice",
    severity: Severity::Error,
    summary: "an environment variable is set twice",
    explain: "A dependency tells its caller where to call through variables: those named under its `env`, or else `<NAME>_HOST` and `<NAME>_PORT`. If the component sets the same variable itself, or two dependencies do, one of the two would be lost.",
    wrong: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "    dependsOn: [api]\n",
        "    env: { API_HOST: localhost }\n",
        "  api:\n",
        "    image: example.com/api:1\n",
        "    ports: { http: 9090 }\n",
    ),
    right: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "    dependsOn: { api: { env: { BACKEND: address } } }\n",
        "    env: { API_HOST: localhost }\n",
        "  api:\n",
        "    image: example.com/api:1\n",
        "    ports: { http: 9090 }\n",
    ),
};

/// Variables of the author and of every dependency are told apart.
pub(super) fn check(find: &mut Finder<'_>) {
    let graph = find.graph;
    for version in graph.components.iter().flat_map(|component| &component.versions) {
        let mut set: BTreeMap<&str, (Place, String)> = BTreeMap::new();
        for name in version.container.env.keys() {
            let place = Place::Key(version.path.field("env").key(name));
            set.insert(name, (place, "set here".into()));
        }
        for call in &version.calls {
            for (name, _, path) in &call.env {
                let whose = format!("set by the dependency on `{}`", call.name);
                let place = Place::Key(path.clone());
                let Some((first, what)) = set.get(name.as_str()) else {
                    set.insert(name, (place, whose));
                    continue;
                };
                let title = format!("`{name}` is set twice");
                let diagnostic = Diagnostic::new(&ENV_SET_TWICE, title, place, whose)
                    .also(first.clone(), what.clone())
                    .help(format!(
                        "name the variables of `{}` under its `env`, or remove the other",
                        call.name
                    ));
                find.report(diagnostic);
            }
        }
    }
}
