use super::Finder;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::source::Place;

/// `limit-below-request`: a container may use less than is set aside for it.
pub(super) static LIMIT_BELOW_REQUEST: Rule = Rule {
    code: "limit-below-request",
    severity: Severity::Error,
    summary: "a container may use less than is set aside for it",
    explain: "Kubernetes refuses a pod whose limit is below its request. Raise the limit, or set less aside.",
    wrong: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    resources: { cpu: 500m, limits: { cpu: 200m } }\n",
        "    expose: { http: { via: load-balancer } }\n",
    ),
    right: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    resources: { cpu: 500m, limits: { cpu: 1 } }\n",
        "    expose: { http: { via: load-balancer } }\n",
    ),
};

/// Limits are at least what is set aside.
pub(super) fn check(find: &mut Finder<'_>) {
    for container in find.graph.containers() {
        let resources = &container.resources;
        let Some(limits) = &resources.limits else { continue };
        let named =
            [("cpu", &resources.cpu, &limits.cpu), ("memory", &resources.memory, &limits.memory)];
        for (name, request, limit) in named {
            let (Some(request), Some(limit)) = (request, limit) else { continue };
            if amount(limit) >= amount(request) {
                continue;
            }
            let path = container.path.field("resources");
            let title = format!("the {name} limit of `{}` is below its request", container.name);
            let place = Place::Value(path.field("limits").field(name));
            let diagnostic = Diagnostic::new(&LIMIT_BELOW_REQUEST, title, place, "at most this")
                .also(Place::Value(path.field(name)), "this is set aside")
                .help("raise the limit, or set less aside");
            find.report(diagnostic);
        }
    }
}

/// What a quantity stands for. Its form was checked before; source of the units:
/// k8s.io/apimachinery/pkg/api/resource.
pub(super) fn amount(quantity: &str) -> f64 {
    const UNITS: [(&str, f64); 12] = [
        ("Ki", 1024.0),
        ("Mi", 1_048_576.0),
        ("Gi", 1_073_741_824.0),
        ("Ti", 1_099_511_627_776.0),
        ("Pi", 1_125_899_906_842_624.0),
        ("m", 0.001),
        ("k", 1e3),
        ("M", 1e6),
        ("G", 1e9),
        ("T", 1e12),
        ("P", 1e15),
        ("", 1.0),
    ];
    UNITS
        .iter()
        .find_map(|(unit, factor)| Some(quantity.strip_suffix(unit)?.parse::<f64>().ok()? * factor))
        .unwrap_or(0.0)
}
