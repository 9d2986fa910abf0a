use super::Finder;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::model::Fallback;
use crate::source::Place;
use crate::traffic::{fewest, native};

/// `approximated-traffic`: a fallback changes what the file asks for.
pub(super) static APPROXIMATED_TRAFFIC: Rule = Rule {
    code: "approximated-traffic",
    severity: Severity::Warning,
    summary: "a fallback changes what the file asks for",
    explain: "The file asks for something that the mode cannot do exactly, and allows a fallback. The message states in numbers what happens instead, so that nobody has to guess.",
    wrong: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "    dependsOn: [api]\n",
        "  api:\n",
        "    image: example.com/api:1\n",
        "    ports: { http: 9090 }\n",
        "    versions: { v1: {}, v2: { image: example.com/api:2 } }\n",
        "    traffic:\n",
        "      fallback: approximate\n",
        "      split: { v1: 30, v2: 70 }\n",
    ),
    right: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "    dependsOn: [api]\n",
        "  api:\n",
        "    image: example.com/api:1\n",
        "    ports: { http: 9090 }\n",
        "    versions: { v1: { replicas: 3 }, v2: { image: example.com/api:2, replicas: 7 } }\n",
        "    traffic:\n",
        "      split: { v1: 30, v2: 70 }\n",
    ),
};

/// What a fallback leaves out or bends.
pub(super) fn check(find: &mut Finder<'_>) {
    let graph = find.graph;
    for lack in find.lacks {
        if lack.fallback.is_none() {
            continue;
        }
        let fate = if lack.close { "approximated" } else { "left out" };
        let title = format!("{} cannot {}: {fate}", lack.who, lack.what);
        let diagnostic = Diagnostic::new(
            &APPROXIMATED_TRAFFIC,
            title,
            Place::Key(lack.path.clone()),
            lack.instead.clone(),
        );
        find.report(diagnostic);
    }
    for (id, component) in graph.ids() {
        let Some(native) = native(graph, id) else { continue };
        if native.real.error < 1e-9 {
            continue;
        }
        let fate = match component.traffic.split_fallback {
            Some(Fallback::Approximate) => "approximated",
            Some(Fallback::Drop) => "left to the replicas",
            None => continue,
        };
        let parts: Vec<String> = component
            .versions
            .iter()
            .zip(native.real.shares.iter().zip(&native.wanted))
            .zip(&native.real.replicas)
            .map(|((version, (share, wanted)), pods)| {
                format!(
                    "{} {share:.1} % instead of {wanted} % ({pods} {})",
                    version.name,
                    if *pods == 1 { "pod" } else { "pods" }
                )
            })
            .collect();
        let title = format!("the split of `{}` is {fate}: {}", component.name, parts.join(", "));
        let place = Place::Key(component.traffic.path.field("split"));
        let label = format!("off by up to {:.1} points", native.real.error);
        let exact = fewest(&native.wanted, 0.0).replicas;
        let counts: Vec<String> = component
            .versions
            .iter()
            .zip(exact)
            .map(|(version, count)| format!("{} {count}", version.name))
            .collect();
        let help = format!("for the exact split set replicas to {}", counts.join(", "));
        find.report(Diagnostic::new(&APPROXIMATED_TRAFFIC, title, place, label).help(help));
    }
}
