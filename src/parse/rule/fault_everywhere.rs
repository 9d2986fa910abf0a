use crate::diag::{Rule, Severity};

/// `fault-everywhere`: a fault is injected in every environment.
pub static FAULT_EVERYWHERE: Rule = Rule {
    code: "fault-everywhere",
    severity: Severity::Warning,
    summary: "a fault is injected in every environment",
    explain: "Faults are for trying out what callers do. In the app itself they reach production too; in an environment of their own they are there only when asked for.",
    wrong: concat!(
        "governance: istio\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { prefix: [/] } }\n",
        "    traffic: { fault: { abort: { status: 503, percent: 10 } } }\n",
    ),
    right: concat!(
        "governance: istio\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { prefix: [/] } }\n",
        "environments:\n",
        "  chaos: { components: { web: { traffic: { fault: { abort: { status: 503, percent: 10 } } } } } }\n",
    ),
};
