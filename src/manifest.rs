//! Objects: identity, order of application, canonical YAML, and where each comes from.

use kube::core::{GroupVersionKind, TypeMeta};
use serde_json::Value;

use crate::source::{Path, Place};
use crate::yaml;

/// One Kubernetes object. Its canonical YAML is what it says: as a tree, the objects of a large app
/// would take ten times the memory.
#[derive(Debug)]
pub struct Object {
    yaml: Box<str>,
    /// Its type.
    pub kind: GroupVersionKind,
    /// Its name.
    pub name: String,
    /// Its namespace; none of what belongs to no namespace.
    pub namespace: Option<String>,
    /// The place in the app file that it comes from.
    pub origin: Path,
    /// Where single fields come from, by their path: `spec.http.1.route.0.weight`.
    pub trace: Vec<(String, Place)>,
    rank: usize,
    /// Whether it is applied before the workloads, should its kind not say when.
    early: bool,
    /// Whether another object differs from it by nothing but the namespace.
    ambiguous: bool,
    /// Whether another object of its name has a kind of the same name.
    namesake: bool,
}

/// Something wrong with a template of the author's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Flaw {
    /// Where in the template.
    pub at: yaml::Span,
    /// What is wrong.
    pub title: String,
    /// Why.
    pub label: String,
}

/// Every object of an application, in the order in which they are applied.
#[derive(Debug, Default)]
pub struct Set(Vec<Object>);

/// What a rendered text lacks to be an object.
#[derive(Debug)]
pub struct NotAnObject(pub String);

impl Object {
    /// An object of a component with this rank in the order of creation.
    ///
    /// # Errors
    /// If there is no type or no name in it.
    pub fn new(
        value: &Value,
        origin: Path,
        trace: Vec<(String, Place)>,
        rank: usize,
    ) -> Result<Self, NotAnObject> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let missing = |what: &str| NotAnObject(format!("the object has no {what}"));
        let types = TypeMeta {
            api_version: text(&value["apiVersion"]).ok_or_else(|| missing("apiVersion"))?,
            kind: text(&value["kind"]).ok_or_else(|| missing("kind"))?,
        };
        let kind =
            GroupVersionKind::try_from(&types).map_err(|error| NotAnObject(error.to_string()))?;
        let name = text(&value["metadata"]["name"]).ok_or_else(|| missing("name"))?;
        let namespace = text(&value["metadata"]["namespace"]);
        let mut yaml = String::new();
        yaml::emit(value, &mut yaml);
        let yaml = yaml.into_boxed_str();
        Ok(Self {
            yaml,
            kind,
            name,
            namespace,
            origin,
            trace,
            rank,
            early: false,
            ambiguous: false,
            namesake: false,
        })
    }

    /// The same object, applied before the workloads if nothing is known of its kind.
    #[must_use]
    pub fn early(self, early: bool) -> Self {
        Self { early, ..self }
    }

    /// The same object, which says something else.
    #[must_use]
    pub fn saying(self, value: &Value) -> Self {
        let mut yaml = String::new();
        yaml::emit(value, &mut yaml);
        Self { yaml: yaml.into_boxed_str(), ..self }
    }

    /// The wave in which it is applied: what others refer to comes first, and calls are routed only
    /// when there is something to route them to.
    fn wave(&self) -> usize {
        const WAVES: [&[&str]; 8] = [
            &["Namespace"],
            &["ServiceAccount"],
            &["ConfigMap", "PersistentVolumeClaim"],
            &["Service", "EndpointSlice", "ServiceEntry"],
            &["Gateway"],
            &[
                "DestinationRule",
                "NetworkPolicy",
                "AuthorizationPolicy",
                "PeerAuthentication",
                "Sidecar",
                "Component",
                "Configuration",
                "Resiliency",
                "Server",
                "MeshTLSAuthentication",
                "NetworkAuthentication",
            ],
            &[
                "Deployment",
                "StatefulSet",
                "DaemonSet",
                "Job",
                "CronJob",
                "HorizontalPodAutoscaler",
                "PodDisruptionBudget",
                "ServiceMonitor",
                "PodMonitor",
            ],
            &["VirtualService", "HTTPRoute", "TLSRoute", "TCPRoute", "Ingress"],
        ];
        let kind = self.kind.kind.as_str();
        /// The wave of policies.
        const POLICIES: usize = 5;
        let unknown = if self.early { POLICIES } else { WAVES.len() };
        WAVES.iter().position(|wave| wave.contains(&kind)).unwrap_or(unknown)
    }

    /// `Kind/name`, as on the command line; `Kind/namespace/name` where the short form could mean
    /// another object too.
    pub fn reference(&self) -> String {
        match self.namespace.as_ref().filter(|_| self.ambiguous) {
            Some(namespace) => format!("{}/{namespace}/{}", self.kind.kind, self.name),
            None => format!("{}/{}", self.kind.kind, self.name),
        }
    }

    /// The name of its file, where each object has one. It begins with the wave, so that readers
    /// which go by the alphabet (`kubectl apply -f DIR`) keep the order.
    pub fn file_name(&self) -> String {
        let group = match (self.kind.kind.as_str(), self.kind.group.as_str()) {
            // Two kinds of this name exist; an app has at most one of each.
            ("Gateway", "networking.istio.io") => "istio-gateway".into(),
            (kind, group) if self.namesake && !group.is_empty() => {
                format!("{}.{group}", kind.to_ascii_lowercase())
            }
            (kind, _) => kind.to_ascii_lowercase(),
        };
        let name = match self.namespace.as_ref().filter(|_| self.ambiguous) {
            Some(namespace) => format!("{namespace}.{}", self.name),
            None => self.name.clone(),
        };
        format!("{}-{group}-{name}.yaml", self.wave())
    }

    /// The object as canonical YAML.
    pub fn yaml(&self) -> &str {
        &self.yaml
    }

    /// The object as a tree, read anew each time.
    #[allow(
        clippy::expect_used,
        reason = "the reader reads all that the writer writes; tests show it"
    )]
    pub fn value(&self) -> Value {
        yaml::block(&self.yaml).expect("canonical YAML is read back")
    }

    /// The place that a field comes from: its own, or that of the nearest field around it that has
    /// one, or the object's.
    pub fn place_of(&self, field: &str) -> Place {
        let mut prefix = field;
        loop {
            if let Some((_, place)) = self.trace.iter().rev().find(|(known, _)| known == prefix) {
                return place.clone();
            }
            match prefix.rfind('.') {
                Some(at) => prefix = &prefix[..at],
                None => return Place::Key(self.origin.clone()),
            }
        }
    }

    /// The value of a field, by its path; list positions are numbers.
    pub fn field(&self, path: &str) -> Option<Value> {
        field(&self.value(), path).cloned()
    }
}

/// Walks a dotted path. Keys may contain dots themselves, so the longest key that fits is taken.
fn field<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    if path.is_empty() {
        return Some(value);
    }
    if let Value::Array(items) = value {
        let (index, rest) = path.split_once('.').unwrap_or((path, ""));
        return field(items.get(index.parse::<usize>().ok()?)?, rest);
    }
    let object = value.as_object()?;
    let ends = path.match_indices('.').map(|(at, _)| at).chain([path.len()]);
    let mut ends: Vec<usize> = ends.collect();
    ends.reverse();
    ends.into_iter().find_map(|end| {
        let rest = path.get(end + 1..).unwrap_or_default();
        field(object.get(&path[..end])?, rest)
    })
}

impl Set {
    /// Sorts objects into the order of application.
    ///
    /// # Errors
    /// If two objects have the same kind, namespace and name: one of them would be lost.
    pub fn new(mut objects: Vec<Object>) -> Result<Self, NotAnObject> {
        objects.sort_by(|a, b| {
            let key = |object: &Object| (object.wave(), object.rank);
            key(a)
                .cmp(&key(b))
                .then_with(|| a.kind.kind.cmp(&b.kind.kind))
                .then_with(|| a.name.cmp(&b.name))
                .then_with(|| a.namespace.cmp(&b.namespace))
        });
        let mut by_name: Vec<usize> = (0..objects.len()).collect();
        let name = |at: usize| (&objects[at].kind.kind, &objects[at].kind.group, &objects[at].name);
        by_name.sort_by_key(|at| (name(*at), &objects[*at].namespace));
        let same: Vec<(usize, usize)> = by_name
            .windows(2)
            .map(|pair| (pair[0], pair[1]))
            .filter(|(a, b)| name(*a) == name(*b))
            .collect();
        let kind = |at: usize| (&objects[at].kind.kind, &objects[at].name, &objects[at].namespace);
        by_name.sort_by_key(|at| (kind(*at), &objects[*at].kind.group));
        let namesakes: Vec<(usize, usize)> = by_name
            .windows(2)
            .map(|pair| (pair[0], pair[1]))
            .filter(|(a, b)| {
                kind(*a) == kind(*b) && objects[*a].kind.group != objects[*b].kind.group
            })
            .collect();
        for (a, b) in namesakes {
            objects[a].namesake = true;
            objects[b].namesake = true;
        }
        for (a, b) in same {
            if objects[a].namespace == objects[b].namespace {
                return Err(NotAnObject(format!("{} is there twice", objects[a].reference())));
            }
            objects[a].ambiguous = true;
            objects[b].ambiguous = true;
        }
        Ok(Self(objects))
    }

    /// The objects, to change them and make another set.
    pub fn into_objects(self) -> Vec<Object> {
        self.0
    }

    /// The objects, in the order of application.
    pub fn objects(&self) -> &[Object] {
        &self.0
    }

    /// One multi-document stream.
    pub fn yaml(&self) -> String {
        const START: &str = "---\n";
        let length = self.0.iter().map(|object| START.len() + object.yaml.len()).sum();
        let mut out = String::with_capacity(length);
        for object in &self.0 {
            out.push_str(START);
            out.push_str(&object.yaml);
        }
        out
    }

    /// One `v1` List, as `kubectl apply` takes it.
    ///
    /// # Errors
    /// Never: a value prints itself.
    pub fn json(&self) -> serde_json::Result<String> {
        let items: Vec<Value> = self.0.iter().map(Object::value).collect();
        let list = serde_json::json!({ "apiVersion": "v1", "kind": "List", "items": items });
        Ok(serde_json::to_string_pretty(&list)? + "\n")
    }
}
