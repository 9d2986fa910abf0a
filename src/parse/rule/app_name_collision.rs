use crate::diag::{Rule, Severity};

/// `app-name-collision`: two apps of a system have the same name.
pub static APP_NAME_COLLISION: Rule = Rule {
    code: "app-name-collision",
    severity: Severity::Error,
    summary: "two apps of a system have the same name",
    explain: "A component of another app is called `APP/NAME`, so the names of all apps in a system must differ. They are also the names of their namespaces.",
    wrong: concat!(
        "# other/weft.yaml is the app `example`\n",
        "uses: [{ app: other }]\n",
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
