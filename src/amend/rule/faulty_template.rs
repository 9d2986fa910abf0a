use crate::diag::{Rule, Severity};

/// `faulty-template`: a template of a mode of the author's own makes no objects.
pub static FAULTY_TEMPLATE: Rule = Rule {
    code: "faulty-template",
    severity: Severity::Error,
    summary: "a template of a mode of your own makes no objects",
    explain: "A template of `modes/NAME` names a field that there is not, lets a value leave its scalar, or makes something that is no object, or one that is there already. What holds for weft's own templates holds for those of others: an interpolation is a whole scalar or a whole key, so that no value can change the structure around it. docs/modes.md says what templates are given.",
    wrong: concat!(
        "# modes/mesh has the template `apiVersion: v1` `kind: ConfigMap` `metadata:` `  name: {{ component.nmae }}`\n",
        "governance: mesh\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
    ),
    right: concat!(
        "# modes/mesh has the template `apiVersion: v1` `kind: ConfigMap` `metadata:` `  name: {{ component.name }}`\n",
        "governance: mesh\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
    ),
};
