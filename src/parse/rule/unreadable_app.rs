use crate::diag::{Rule, Severity};

/// `unreadable-app`: an app in `uses` cannot be read.
pub static UNREADABLE_APP: Rule = Rule {
    code: "unreadable-app",
    severity: Severity::Error,
    summary: "an app in `uses` cannot be read",
    explain: "Each entry of `uses` is the folder or the file of another app, relative to the folder of this file. That app is read too, so that a system of several files is one graph.",
    wrong: concat!(
        "uses: [{ app: ../payments }]\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
    ),
    right: concat!(
        "# other/weft.yaml is the app `payments`\n",
        "uses: [{ app: other }]\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "    dependsOn: [payments/pay]\n",
    ),
};
