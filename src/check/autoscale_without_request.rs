use super::Finder;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::source::Place;

/// `autoscale-without-request`: an autoscaler has nothing to measure against.
pub(super) static AUTOSCALE_WITHOUT_REQUEST: Rule = Rule {
    code: "autoscale-without-request",
    severity: Severity::Warning,
    summary: "an autoscaler has nothing to measure against",
    explain: "What an autoscaler aims for is a percentage of what the container has set aside: its request, or its limit where there is no request. Where there is neither, it cannot compute one, and the number of pods stays as it is.",
    wrong: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "    resources: { memory: 64Mi }\n",
        "    autoscale: { max: 5, cpu: 80 }\n",
    ),
    right: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "    resources: { cpu: 100m, memory: 64Mi }\n",
        "    autoscale: { max: 5, cpu: 80 }\n",
    ),
};

/// Each percentage is one of something.
pub(super) fn check(find: &mut Finder<'_>) {
    let graph = find.graph;
    for version in graph.components.iter().flat_map(|component| &component.versions) {
        let Some(autoscale) = &version.autoscale else { continue };
        let path = version.path.field("autoscale");
        let resources = &version.container.resources;
        let limits = resources.limits.as_ref();
        let cpu = resources.cpu.is_some() || limits.is_some_and(|limits| limits.cpu.is_some());
        let memory =
            resources.memory.is_some() || limits.is_some_and(|limits| limits.memory.is_some());
        let by_default = autoscale.cpu.is_none() && autoscale.memory.is_none();
        let aims = [
            ("cpu", autoscale.cpu.is_some() || by_default, cpu),
            ("memory", autoscale.memory.is_some(), memory),
        ];
        for (name, aimed, known) in aims {
            if !aimed || known {
                continue;
            }
            let title = format!("`{}` sets no `{name}` aside to measure against", version.workload);
            let (place, label) = match by_default {
                true => (Place::Key(path.clone()), "aims for 80 percent of the request".to_owned()),
                false => (Place::Value(path.field(name)), "percent of what?".into()),
            };
            let diagnostic = Diagnostic::new(&AUTOSCALE_WITHOUT_REQUEST, title, place, label)
                .help(format!("write what one pod needs under `resources: {{ {name}: … }}`"));
            find.report(diagnostic);
        }
    }
}
