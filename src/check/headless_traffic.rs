use super::Finder;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::source::Place;

/// `headless-traffic`: calls are to be shared out where the caller chooses the pod.
pub(super) static HEADLESS_TRAFFIC: Rule = Rule {
    code: "headless-traffic",
    severity: Severity::Error,
    summary: "calls are to be shared out where the caller chooses the pod",
    explain: "A headless name leads to each pod by itself: the caller asks for all addresses and takes one of them. Neither a Service nor a mesh chooses between versions then, so shares, rules and copies come to nothing.",
    wrong: concat!(
        "governance: istio\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { prefix: [/] } }\n",
        "    headless: true\n",
        "    versions: { v1: {}, v2: { image: example.com/web:2 } }\n",
        "    traffic: { split: { v1: 90, v2: 10 } }\n",
    ),
    right: concat!(
        "governance: istio\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { prefix: [/] } }\n",
        "    versions: { v1: {}, v2: { image: example.com/web:2 } }\n",
        "    traffic: { split: { v1: 90, v2: 10 } }\n",
    ),
};

/// What is shared out has one address.
pub(super) fn check(find: &mut Finder<'_>) {
    for component in &find.graph.components {
        let traffic = &component.traffic;
        let shared = [
            ("rules", !traffic.rules.is_empty()),
            ("split", traffic.split.is_some()),
            ("mirror", traffic.mirror.is_some()),
        ];
        let own = component.headless.then(|| (&component.name, component.path.field("headless")));
        let aliases = component.aliases.iter().filter(|alias| alias.headless);
        // One that is headless because the component is has been named with it.
        let aliases = aliases.filter(|_| !component.headless);
        let aliases = aliases.map(|alias| (&alias.name, alias.path.field("headless")));
        for (name, headless) in own.into_iter().chain(aliases) {
            for (field, _) in shared.iter().filter(|(_, written)| *written) {
                let title = format!("`{field}` cannot share out the calls to `{name}`");
                let place = Place::Key(traffic.path.field(field));
                let diagnostic =
                    Diagnostic::new(&HEADLESS_TRAFFIC, title, place, "nobody is there to do it")
                        .also(Place::Key(headless.clone()), "each caller chooses the pod")
                        .help(format!("remove `headless`, or `{field}`"));
                find.report(diagnostic);
            }
        }
    }
}
