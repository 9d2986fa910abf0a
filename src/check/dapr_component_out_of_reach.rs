use super::Finder;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::model::Governance;
use crate::source::Place;

/// `dapr-component-out-of-reach`: the policy keeps sidecars from what stands behind a Dapr component.
pub(super) static DAPR_COMPONENT_OUT_OF_REACH: Rule = Rule {
    code: "dapr-component-out-of-reach",
    severity: Severity::Warning,
    summary: "the policy keeps sidecars from what stands behind a Dapr component",
    explain: "A state store or a broker is reached from the pods of those that use it, by their sidecars. `egress: declared` closes these pods to all that is not declared. Name the component that stands behind it under `dependsOn` of the Dapr component, one of `kind: external` if it is outside; what its `metadata` says is Dapr's affair.",
    wrong: concat!(
        "governance: dapr\n",
        "policy: { egress: declared }\n",
        "dapr: { components: { cart: { type: state.redis, metadata: { redisHost: 'redis:6379' } } } }\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    dependsOn: [cart]\n",
    ),
    right: concat!(
        "governance: dapr\n",
        "policy: { egress: declared }\n",
        "dapr:\n",
        "  components:\n",
        "    cart: { type: state.redis, metadata: { redisHost: 'redis:6379' }, dependsOn: [redis] }\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    dependsOn: [cart]\n",
        "  redis:\n",
        "    image: docker.io/library/redis:7\n",
        "    ports: { redis: 6379 }\n",
    ),
};

/// Types that need nobody else. Source: Dapr's component specifications.
const ALONE: [&str; 8] = [
    "bindings.cron",
    "bindings.localstorage",
    "crypto.dapr.jwks",
    "crypto.dapr.localstorage",
    "pubsub.in-memory",
    "secretstores.local.env",
    "secretstores.local.file",
    "state.in-memory",
];

/// What is closed off needs its dependencies declared.
pub(super) fn check(find: &mut Finder<'_>) {
    let graph = find.graph;
    if graph.governance != Governance::Dapr || !graph.policy.egress {
        return;
    }
    for (block, users) in graph.dapr.blocks.iter().zip(graph.users()) {
        // What asks the Kubernetes API needs a token, and with it comes the way there.
        let alone = ALONE.contains(&&*block.kind) || block.kind.ends_with(".kubernetes");
        if alone || !block.calls.is_empty() || users.is_empty() {
            continue;
        }
        let title = format!("sidecars cannot reach what stands behind `{}`", block.name);
        let place = Place::Key(block.path.clone());
        let label = "declares nothing that it needs";
        let diagnostic = Diagnostic::new(&DAPR_COMPONENT_OUT_OF_REACH, title, place, label)
            .also(graph.policy.place("egress"), "closes everything that is not declared")
            .help("name it under `dependsOn`, as a component of `kind: external` if it is outside");
        find.report(diagnostic);
    }
}
