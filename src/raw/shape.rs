//! What Kubernetes' own kinds look like, as its API types tell.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// One thing that is wrong with the shape of an object.
#[derive(Debug)]
pub struct Fault {
    /// The field, by its dotted path.
    pub field: String,
    /// What is wrong.
    pub title: String,
    /// What there is to say at the field.
    pub label: String,
}

/// Reads a value as a type and writes it again.
type Reread = fn(&Value) -> Result<Value, (String, String)>;

fn reread<T: DeserializeOwned + Serialize>(value: &Value) -> Result<Value, (String, String)> {
    match serde_path_to_error::deserialize::<_, T>(value) {
        Ok(typed) => {
            serde_json::to_value(typed).map_err(|error| (String::new(), error.to_string()))
        }
        Err(error) => Err((error.path().to_string(), error.inner().to_string())),
    }
}

/// `k8s_openapi::api` has every kind but this one, which lives beside it.
mod beside {
    pub(super) use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
}

macro_rules! kinds {
    ($($version:literal { $($kind:ident = $group:ident::$module:ident),* $(,)? })*) => {
        /// Every kind whose shape is known: version, kind, how it is read.
        const KINDS: &[(&str, &str, Reread)] = &[
            $($(($version, stringify!($kind), reread::<k8s_openapi::api::$group::$module::$kind>),)*)*
            (
                "apiextensions.k8s.io/v1",
                "CustomResourceDefinition",
                reread::<beside::CustomResourceDefinition>,
            ),
        ];
    };
}

kinds! {
    "v1" {
        ConfigMap = core::v1, Endpoints = core::v1, LimitRange = core::v1, Namespace = core::v1,
        PersistentVolume = core::v1, PersistentVolumeClaim = core::v1, Pod = core::v1,
        PodTemplate = core::v1, ReplicationController = core::v1, ResourceQuota = core::v1,
        Secret = core::v1, Service = core::v1, ServiceAccount = core::v1,
    }
    "apps/v1" {
        DaemonSet = apps::v1, Deployment = apps::v1, ReplicaSet = apps::v1, StatefulSet = apps::v1,
    }
    "batch/v1" { CronJob = batch::v1, Job = batch::v1 }
    "autoscaling/v1" { HorizontalPodAutoscaler = autoscaling::v1 }
    "autoscaling/v2" { HorizontalPodAutoscaler = autoscaling::v2 }
    "policy/v1" { PodDisruptionBudget = policy::v1 }
    "networking.k8s.io/v1" {
        Ingress = networking::v1, IngressClass = networking::v1, NetworkPolicy = networking::v1,
    }
    "rbac.authorization.k8s.io/v1" {
        ClusterRole = rbac::v1, ClusterRoleBinding = rbac::v1, Role = rbac::v1,
        RoleBinding = rbac::v1,
    }
    "storage.k8s.io/v1" { StorageClass = storage::v1 }
    "scheduling.k8s.io/v1" { PriorityClass = scheduling::v1 }
    "discovery.k8s.io/v1" { EndpointSlice = discovery::v1 }
}

/// The groups of which every kind that one would apply is in [`KINDS`].
const WHOLE: [&str; 6] = ["", "apps", "batch", "autoscaling", "policy", "extensions"];

/// Kinds of the whole cluster: group and kind.
/// Source: `kubectl api-resources --namespaced=false`, with what is often installed beside it.
const CLUSTER: [(&str, &[&str]); 12] = [
    ("", &["Namespace", "Node", "PersistentVolume"]),
    (
        "admissionregistration.k8s.io",
        &[
            "MutatingWebhookConfiguration",
            "ValidatingWebhookConfiguration",
            "ValidatingAdmissionPolicy",
            "ValidatingAdmissionPolicyBinding",
            "MutatingAdmissionPolicy",
            "MutatingAdmissionPolicyBinding",
        ],
    ),
    ("apiextensions.k8s.io", &["CustomResourceDefinition"]),
    ("apiregistration.k8s.io", &["APIService"]),
    ("certificates.k8s.io", &["CertificateSigningRequest", "ClusterTrustBundle"]),
    ("flowcontrol.apiserver.k8s.io", &["FlowSchema", "PriorityLevelConfiguration"]),
    ("networking.k8s.io", &["IngressClass", "IPAddress", "ServiceCIDR"]),
    ("node.k8s.io", &["RuntimeClass"]),
    ("rbac.authorization.k8s.io", &["ClusterRole", "ClusterRoleBinding"]),
    ("scheduling.k8s.io", &["PriorityClass"]),
    (
        "storage.k8s.io",
        &["CSIDriver", "CSINode", "StorageClass", "VolumeAttachment", "VolumeAttributesClass"],
    ),
    ("gateway.networking.k8s.io", &["GatewayClass"]),
];

/// Whether a kind is known to belong to the whole cluster.
pub(super) fn is_of_the_cluster(group: &str, kind: &str) -> bool {
    CLUSTER.iter().any(|(known, kinds)| *known == group && kinds.contains(&kind))
}

fn known(api_version: &str, kind: &str) -> Option<Reread> {
    let is = |entry: &&(&str, &str, Reread)| entry.0 == api_version && entry.1 == kind;
    KINDS.iter().find(is).map(|entry| entry.2)
}

/// Whether this is a kind of Kubernetes itself, whose lists merge by name.
pub fn is_built_in(api_version: &str, kind: &str) -> bool {
    known(api_version, kind).is_some()
}

/// `Some` where a group of Kubernetes has no such kind; with the version that has it, if one does.
pub(super) fn other_version(api_version: &str, kind: &str) -> Option<Option<&'static str>> {
    /// Kinds that nobody applies but that exist.
    const RARE: [&str; 5] = ["Binding", "ComponentStatus", "ControllerRevision", "Event", "Node"];
    let group = api_version.rsplit_once('/').map_or("", |(group, _)| group);
    if !WHOLE.contains(&group) || is_built_in(api_version, kind) || RARE.contains(&kind) {
        return None;
    }
    Some(KINDS.iter().rev().find(|entry| entry.1 == kind).map(|entry| entry.0))
}

/// The kinds of a version.
pub(super) fn kinds_of(api_version: &str) -> impl Iterator<Item = &'static str> {
    KINDS.iter().filter(move |entry| entry.0 == api_version).map(|entry| entry.1)
}

/// What is wrong with the shape of an object, as far as its kind is Kubernetes' own: values of the
/// wrong type (the first only, since reading ends there), and fields that do not exist.
pub fn faults(value: &Value) -> Vec<Fault> {
    let text = |field: &str| value[field].as_str().unwrap_or_default();
    let Some(reread) = known(text("apiVersion"), text("kind")) else { return Vec::new() };
    let mut plain = value.clone();
    quantities_as_text(&mut plain);
    match reread(&plain) {
        Ok(known) => {
            let mut out = Vec::new();
            lost(&plain, &known, String::new(), text("kind"), &mut out);
            out
        }
        Err((field, why)) => {
            let field = field.replace('[', ".").replace(']', "");
            let field = field.trim_start_matches('.').to_owned();
            let title = match &*field {
                "" => format!("Kubernetes cannot read this {}", text("kind")),
                field => format!("Kubernetes cannot read `{field}` of this {}", text("kind")),
            };
            vec![Fault { field, title, label: why.replace('"', "`") }]
        }
    }
}

/// Kubernetes takes numbers for quantities; the types take texts alone.
fn quantities_as_text(value: &mut Value) {
    const MAPS: [&str; 10] = [
        "limits",
        "requests",
        "hard",
        "capacity",
        "default",
        "defaultRequest",
        "max",
        "min",
        "maxLimitRequestRatio",
        "overhead",
    ];
    const ALONE: [&str; 3] = ["sizeLimit", "divisor", "averageValue"];
    match value {
        Value::Object(map) => {
            for (key, value) in map.iter_mut() {
                if let (true, Value::Object(inner)) = (MAPS.contains(&&**key), &mut *value) {
                    inner.values_mut().for_each(number_as_text);
                }
                if ALONE.contains(&&**key) {
                    number_as_text(value);
                }
                quantities_as_text(value);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(quantities_as_text),
        _ => {}
    }
}

fn number_as_text(value: &mut Value) {
    if value.is_number() {
        *value = Value::String(value.to_string());
    }
}

/// Fields that reading and writing lose: no field of the type takes them.
fn lost(before: &Value, after: &Value, path: String, kind: &str, out: &mut Vec<Fault>) {
    let step = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => {
            for (key, value) in before {
                match after.get(key) {
                    Some(after) => lost(value, after, step(key), kind, out),
                    None if value.is_null() || value.as_array().is_some_and(Vec::is_empty) => {}
                    None => out.push(Fault {
                        field: step(key),
                        title: match &*path {
                            "" => format!("a {kind} has no field `{key}`"),
                            path => format!("`{path}` of a {kind} has no field `{key}`"),
                        },
                        label: "Kubernetes would drop it".into(),
                    }),
                }
            }
        }
        (Value::Array(before), Value::Array(after)) => {
            for (at, (before, after)) in before.iter().zip(after).enumerate() {
                lost(before, after, step(&at.to_string()), kind, out);
            }
        }
        _ => {}
    }
}
