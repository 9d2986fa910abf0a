use crate::diag::{Rule, Severity};

/// `rule-with-two-targets`: a traffic rule has both `to` and `split`.
pub static RULE_WITH_TWO_TARGETS: Rule = Rule {
    code: "rule-with-two-targets",
    severity: Severity::Error,
    summary: "a traffic rule has both `to` and `split`",
    explain: "`to` sends every matching call to one version, `split` shares them out. A rule does one of the two.",
    wrong: concat!(
        "governance: istio\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { prefix: [/] } }\n",
        "    versions: { v1: {}, v2: { image: example.com/web:2 } }\n",
        "    traffic:\n",
        "      rules: [{ to: v1, split: { v1: 50, v2: 50 } }]\n",
    ),
    right: concat!(
        "governance: istio\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { prefix: [/] } }\n",
        "    versions: { v1: {}, v2: { image: example.com/web:2 } }\n",
        "    traffic:\n",
        "      rules: [{ match: { headers: { team: books } }, to: v2 }]\n",
        "      split: { v1: 50, v2: 50 }\n",
    ),
};
