//! The order in which fields are written: what a thing is, then what it needs, then how it runs.

/// The order of the app's fields, and of an environment's.
const APP: &[&str] = &[
    "apiVersion",
    "name",
    "version",
    "description",
    "namespace",
    "governance",
    "uses",
    "params",
    "defaults",
    "gateway",
    "dapr",
    "envoy",
    "components",
    "environments",
    "policy",
    "raw",
    "patches",
    "checks",
];

/// The order of the fields of a component, a version, and `defaults`.
const COMPONENT: &[&str] = &[
    "versionOf",
    "version",
    "namespace",
    "governance",
    "kind",
    "address",
    "tls",
    "image",
    "imagePull",
    "imagePullSecrets",
    "command",
    "args",
    "workingDir",
    "replicas",
    "autoscale",
    "ports",
    "aliases",
    "headless",
    "dependsOn",
    "startAfter",
    "connect",
    "expose",
    "env",
    "files",
    "volumes",
    "probes",
    "resources",
    "securityContext",
    "serviceAccount",
    "sidecars",
    "initContainers",
    "labels",
    "annotations",
    "placement",
    "disruption",
    "rollout",
    "terminationGracePeriod",
    "schedule",
    "job",
    "metrics",
    "propagates",
    "versions",
    "traffic",
];

/// The order of the fields of the mapping at this path of an app file, where it has one.
pub fn order(path: &[&str]) -> Option<&'static [&'static str]> {
    match path {
        [] | ["environments", _] => Some(APP),
        ["environments", _, within @ ..] | within => match within {
            ["defaults"] | ["components", _] | ["components", _, "versions", _] => Some(COMPONENT),
            _ => None,
        },
    }
}
