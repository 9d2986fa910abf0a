use crate::diag::{Rule, Severity};

/// `malformed-volume`: a volume that is nothing, or two things.
pub static MALFORMED_VOLUME: Rule = Rule {
    code: "malformed-volume",
    severity: Severity::Error,
    summary: "a volume that is nothing, or two things",
    explain: "A volume is a claim that the workload owns (`size`, with `class` and `access`), a claim that exists (`claim`), storage that is gone with the pod (`kind: scratch` or `kind: memory`, with `size` as its limit), or the volume of another container or component (`from`). Names of volumes are unique in a pod.",
    wrong: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    volumes: { /data: { size: 1Gi, claim: media } }\n",
        "    expose: { http: { via: load-balancer } }\n",
    ),
    right: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    volumes: { /data: { claim: media } }\n",
        "    expose: { http: { via: load-balancer } }\n",
    ),
};
