use crate::diag::{Rule, Severity};

/// `self-use`: an app uses itself.
pub static SELF_USE: Rule = Rule {
    code: "self-use",
    severity: Severity::Error,
    summary: "an app uses itself",
    explain: "An app knows its own components without `uses`, and calls them by their bare names.",
    wrong: concat!(
        "uses: [{ app: . }]\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
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
