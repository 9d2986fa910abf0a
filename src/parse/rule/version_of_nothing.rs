use crate::diag::{Rule, Severity};

/// `version-of-nothing`: `versionOf` does not lead to a component.
pub static VERSION_OF_NOTHING: Rule = Rule {
    code: "version-of-nothing",
    severity: Severity::Error,
    summary: "`versionOf` does not lead to a component",
    explain: "In the flat form `reviews-v1: { versionOf: reviews, version: v1 }` the entry becomes version `v1` of component `reviews`. Its own name must be `<component>-<version>`, and the component is either declared beside it or made of its versions alone.",
    wrong: concat!(
        "components:\n",
        "  one: { versionOf: reviews, version: v1, image: example.com/r:1 }\n",
    ),
    right: concat!(
        "components:\n",
        "  reviews: { ports: { http: 9080 }, expose: { http: { via: load-balancer } } }\n",
        "  reviews-v1: { versionOf: reviews, version: v1, image: example.com/r:1 }\n",
        "  reviews-v2: { versionOf: reviews, version: v2, image: example.com/r:2 }\n",
    ),
};
