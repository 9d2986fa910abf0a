use crate::diag::{Rule, Severity};

/// `param-without-value`: a parameter has neither a default nor a value.
pub static PARAM_WITHOUT_VALUE: Rule = Rule {
    code: "param-without-value",
    severity: Severity::Error,
    summary: "a parameter has neither a default nor a value",
    explain: "A parameter that is used needs a value: give it a `default`, or set it with `--set params.NAME=VALUE` or in an environment.",
    wrong: concat!(
        "params:\n",
        "  tag: { type: string }\n",
        "components:\n",
        "  web: { image: \"example.com/web:${params.tag}\" }\n",
    ),
    right: concat!(
        "params:\n",
        "  tag: { type: string, default: \"1\" }\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:${params.tag}\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
    ),
};
