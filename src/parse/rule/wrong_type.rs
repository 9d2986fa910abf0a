use crate::diag::{Rule, Severity};

/// `wrong-type`: a value of the wrong type.
pub static WRONG_TYPE: Rule = Rule {
    code: "wrong-type",
    severity: Severity::Error,
    summary: "a value of the wrong type",
    explain: "The field decides how a value is read: a text field keeps `1.10` and `on` as written, a number field takes decimal whole numbers only, and a switch only `true` or `false`. Nothing is converted by guessing.",
    wrong: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    replicas: three\n",
    ),
    right: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    replicas: 3\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
    ),
};
