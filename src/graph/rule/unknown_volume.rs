use crate::diag::{Rule, Severity};

/// `unknown-volume`: a volume that is not there to be mounted.
pub static UNKNOWN_VOLUME: Rule = Rule {
    code: "unknown-volume",
    severity: Severity::Error,
    summary: "a volume that is not there to be mounted",
    explain: "`from: NAME` mounts the volume with this `name` of the same pod, whichever container declares it; `from: COMPONENT/NAME` a claim of another component in the same namespace. What is gone with its pod, and what each pod of a statefulset has of its own, cannot be mounted by others.",
    wrong: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    volumes: { /data: { kind: scratch, name: data } }\n",
        "    sidecars: { backup: { image: 'example.com/backup:1', volumes: { /data: { from: dta } } } }\n",
        "    expose: { http: { via: load-balancer } }\n",
    ),
    right: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    volumes: { /data: { kind: scratch, name: data } }\n",
        "    sidecars: { backup: { image: 'example.com/backup:1', volumes: { /data: { from: data } } } }\n",
        "    expose: { http: { via: load-balancer } }\n",
    ),
};
