//! Whom an object selects by labels, and whom it names.

use std::collections::BTreeMap;

use serde_json::Value;

/// Labels, by key.
pub type Labels<'v> = Vec<(&'v str, &'v str)>;

/// What a selector looks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// Pods.
    Pods,
    /// Services.
    Services,
}

/// A selector of an object.
#[derive(Debug)]
pub struct Selector<'v> {
    /// Where it is in the object.
    pub field: &'static str,
    /// What it looks for.
    pub of: Of,
    /// The labels that must be there.
    pub labels: Labels<'v>,
}

/// Another object that this one names.
#[derive(Debug)]
pub struct Reference {
    /// Where it is in the object, by its dotted path.
    pub field: String,
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its namespace, where one is written.
    pub namespace: Option<String>,
}

fn labels<'v>(value: &'v Value, pointer: &str) -> Option<Labels<'v>> {
    let map = value.pointer(pointer)?.as_object()?;
    Some(map.iter().filter_map(|(key, value)| Some((&**key, value.as_str()?))).collect())
}

/// The labels of the pods that an object runs, and where they are in it.
pub fn pods(value: &Value) -> Option<(&'static str, Labels<'_>)> {
    let (pointer, field) = match value["kind"].as_str()? {
        "Deployment"
        | "StatefulSet"
        | "DaemonSet"
        | "ReplicaSet"
        | "Job"
        | "ReplicationController" => {
            ("/spec/template/metadata/labels", "spec.template.metadata.labels")
        }
        "CronJob" => (
            "/spec/jobTemplate/spec/template/metadata/labels",
            "spec.jobTemplate.spec.template.metadata.labels",
        ),
        "Pod" => ("/metadata/labels", "metadata.labels"),
        _ => return None,
    };
    Some((field, labels(value, pointer).unwrap_or_default()))
}

/// Whom an object selects; `None` where it selects all, nobody, or by more than equal labels.
pub fn selector(value: &Value) -> Option<Selector<'_>> {
    let (pointer, field, of) = match value["kind"].as_str()? {
        "Service" => ("/spec/selector", "spec.selector", Of::Pods),
        "NetworkPolicy" => ("/spec/podSelector/matchLabels", "spec.podSelector", Of::Pods),
        "PodDisruptionBudget"
        | "PodMonitor"
        | "AuthorizationPolicy"
        | "PeerAuthentication"
        | "RequestAuthentication"
        | "Telemetry"
        | "WasmPlugin" => ("/spec/selector/matchLabels", "spec.selector", Of::Pods),
        "Sidecar" | "EnvoyFilter" => {
            ("/spec/workloadSelector/labels", "spec.workloadSelector", Of::Pods)
        }
        "ServiceMonitor" => ("/spec/selector/matchLabels", "spec.selector", Of::Services),
        _ => return None,
    };
    let around = field.replace('.', "/");
    let more = value.pointer(&format!("/{around}/matchExpressions")).is_some();
    let elsewhere = value.pointer("/spec/namespaceSelector").is_some();
    let labels =
        labels(value, pointer).filter(|labels| !labels.is_empty() && !more && !elsewhere)?;
    Some(Selector { field, of, labels })
}

/// Every object that this one names where nothing but that object will do.
pub fn references(value: &Value) -> Vec<Reference> {
    let mut out = Vec::new();
    let spec = &value["spec"];
    match value["kind"].as_str().unwrap_or_default() {
        "HorizontalPodAutoscaler" | "ScaledObject" => {
            object(&spec["scaleTargetRef"], "spec.scaleTargetRef", "Deployment", &mut out);
        }
        "VerticalPodAutoscaler" => {
            object(&spec["targetRef"], "spec.targetRef", "Deployment", &mut out)
        }
        "Ingress" => {
            let default = "spec.defaultBackend.service";
            object(&spec["defaultBackend"]["service"], default, "Service", &mut out);
            each(&spec["rules"], "spec.rules", |rule, field| {
                each(&rule["http"]["paths"], &format!("{field}.http.paths"), |path, field| {
                    let field = format!("{field}.backend.service");
                    object(&path["backend"]["service"], &field, "Service", &mut out);
                });
            });
        }
        "HTTPRoute" | "GRPCRoute" | "TCPRoute" | "TLSRoute" | "UDPRoute" => {
            each(&spec["parentRefs"], "spec.parentRefs", |parent, field| {
                object(parent, field, "Gateway", &mut out);
            });
            each(&spec["rules"], "spec.rules", |rule, field| {
                each(&rule["backendRefs"], &format!("{field}.backendRefs"), |backend, field| {
                    object(backend, field, "Service", &mut out);
                });
            });
        }
        "VirtualService" => {
            for protocol in ["http", "tcp", "tls"] {
                each(&spec[protocol], &format!("spec.{protocol}"), |route, field| {
                    host(&route["mirror"]["host"], &format!("{field}.mirror.host"), &mut out);
                    each(&route["route"], &format!("{field}.route"), |to, field| {
                        let field = format!("{field}.destination.host");
                        host(&to["destination"]["host"], &field, &mut out);
                    });
                });
            }
            each(&spec["gateways"], "spec.gateways", |gateway, field| {
                let Some(name) = gateway.as_str().filter(|name| *name != "mesh") else { return };
                let (namespace, name) = match name.split_once('/') {
                    Some((namespace, name)) => (Some(namespace.to_owned()), name),
                    None => (None, name),
                };
                let (field, kind, name) = (field.to_owned(), "Gateway".into(), name.to_owned());
                out.push(Reference { field, kind, name, namespace });
            });
        }
        "DestinationRule" => host(&spec["host"], "spec.host", &mut out),
        "RoleBinding" => {
            let role = &value["roleRef"];
            if role["kind"] == "Role" {
                object(role, "roleRef", "Role", &mut out);
            }
            each(&value["subjects"], "subjects", |subject, field| {
                // Every namespace has the account `default`.
                if subject["kind"] == "ServiceAccount" && subject["name"] != "default" {
                    object(subject, field, "ServiceAccount", &mut out);
                }
            });
        }
        _ => {}
    }
    out
}

fn each(list: &Value, field: &str, mut visit: impl FnMut(&Value, &str)) {
    for (at, item) in list.as_array().into_iter().flatten().enumerate() {
        visit(item, &format!("{field}.{at}"));
    }
}

fn object(value: &Value, field: &str, kind: &str, out: &mut Vec<Reference>) {
    let text = |key: &str| value[key].as_str().map(str::to_owned);
    let Some(name) = text("name") else { return };
    out.push(Reference {
        field: format!("{field}.name"),
        kind: text("kind").unwrap_or_else(|| kind.to_owned()),
        name,
        namespace: text("namespace"),
    });
}

fn host(value: &Value, field: &str, out: &mut Vec<Reference>) {
    let Some((name, namespace)) = value.as_str().and_then(service_name) else { return };
    let (name, namespace) = (name.to_owned(), namespace.map(str::to_owned));
    out.push(Reference { field: field.to_owned(), kind: "Service".into(), name, namespace });
}

/// The Service that a host stands for, and its namespace where the host says it; `None` for a host
/// outside.
pub fn service_name(host: &str) -> Option<(&str, Option<&str>)> {
    let short = host.strip_suffix(".cluster.local").unwrap_or(host);
    match short.strip_suffix(".svc") {
        Some(full) => full.split_once('.').map(|(name, namespace)| (name, Some(namespace))),
        None if host.contains(['.', '*']) => None,
        None => Some((host, None)),
    }
}

/// Finds what has certain labels without looking at everything.
#[derive(Debug, Default)]
pub struct Index<'v> {
    by_label: BTreeMap<(&'v str, &'v str, &'v str), Vec<usize>>,
    all: Vec<(&'v str, Labels<'v>)>,
}

impl<'v> Index<'v> {
    /// Adds something in a namespace with these labels, and yields its number.
    pub fn add(&mut self, namespace: &'v str, labels: Labels<'v>) -> usize {
        let number = self.all.len();
        for (key, value) in &labels {
            self.by_label.entry((namespace, key, value)).or_default().push(number);
        }
        self.all.push((namespace, labels));
        number
    }

    /// Everything in a namespace that has all of these labels; the rarest of them decides how long
    /// it takes.
    pub fn matching(&self, namespace: &str, wanted: &[(&str, &str)]) -> Vec<usize> {
        let lists = wanted.iter().map(|(key, value)| self.by_label.get(&(namespace, *key, *value)));
        let Some(lists) = lists.collect::<Option<Vec<_>>>() else { return Vec::new() };
        let Some(rarest) = lists.into_iter().min_by_key(|list| list.len()) else {
            return Vec::new();
        };
        let has = |number: &usize| wanted.iter().all(|pair| self.all[*number].1.contains(pair));
        rarest.iter().copied().filter(has).collect()
    }
}
