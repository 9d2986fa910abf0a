use super::Finder;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::source::Place;

/// `reserved-user`: a container runs as the user of the mesh's proxy.
pub(super) static RESERVED_USER: Rule = Rule {
    code: "reserved-user",
    severity: Severity::Error,
    summary: "a container runs as the user of the mesh's proxy",
    explain: "What user or group 1337 sends is not redirected to Istio's proxy: it is how the proxy's own traffic gets out. The calls of a container with this id pass by the mesh, without its routes, its encryption and its policy (IST0144).",
    wrong: concat!(
        "governance: istio\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    securityContext: { runAsUser: 1337 }\n",
        "    expose: { http: { via: load-balancer } }\n",
    ),
    right: concat!(
        "governance: istio\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    securityContext: { runAsUser: 1000 }\n",
        "    expose: { http: { via: load-balancer } }\n",
    ),
};

/// In the mesh, the proxy's ids are the proxy's alone.
pub(super) fn check(find: &mut Finder<'_>) {
    let mode = find.graph.governance;
    let Some(proxy) = mode.proxy_user() else { return };
    for container in find.graph.containers() {
        let security = &container.security;
        let written = [("runAsUser", security.run_as_user), ("runAsGroup", security.run_as_group)];
        for (field, _) in written.into_iter().filter(|(_, id)| *id == Some(proxy)) {
            let title =
                format!("`{}` runs with the id of {}'s proxy", container.name, mode.title());
            let place = Place::Value(container.path.field("securityContext").field(field));
            let diagnostic =
                Diagnostic::new(&RESERVED_USER, title, place, "its calls would pass by the mesh")
                    .help("choose another id, such as 1000");
            find.report(diagnostic);
        }
    }
}
