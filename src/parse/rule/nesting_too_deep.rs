use crate::diag::{Rule, Severity};

/// `nesting-too-deep`: values are nested more than 128 deep.
pub static NESTING_TOO_DEEP: Rule = Rule {
    code: "nesting-too-deep",
    severity: Severity::Error,
    summary: "values are nested more than 128 deep",
    explain: "Nothing in the grammar needs more than a dozen levels; deeper nesting is a mistake or an attack.",
    wrong: "components: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]\n",
    right: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
    ),
};
