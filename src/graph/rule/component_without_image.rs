use crate::diag::{Rule, Severity};

/// `component-without-image`: a component has nothing to run.
pub static COMPONENT_WITHOUT_IMAGE: Rule = Rule {
    code: "component-without-image",
    severity: Severity::Error,
    summary: "a component has nothing to run",
    explain: "Every component runs an image, unless it is `kind: external`. With `versions`, each needs one: its own, or the component's. A name that only an environment mentions, without an image, is most likely misspelt.",
    wrong: concat!(
        "components:\n",
        "  web:\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
    ),
    right: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
    ),
};
