//! The policies as a cluster reads them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// A number and a transport.
pub(super) type Socket = (u16, String);

/// One end of a connection.
#[derive(Clone, Debug)]
pub(super) struct End {
    pub(super) what: String,
    pub(super) namespace: String,
    pub(super) labels: BTreeMap<String, String>,
    /// Nothing but an address: no pod.
    pub(super) address: Option<String>,
    /// Who it is in the mesh; `None` has no proxy.
    pub(super) identity: Option<String>,
}

impl End {
    pub(super) fn pod(
        what: &str,
        namespace: &str,
        labels: &[(&str, &str)],
        account: Option<&str>,
    ) -> Self {
        Self {
            what: what.into(),
            namespace: namespace.into(),
            labels: labels.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect(),
            address: None,
            identity: account.map(|account| identity(namespace, account)),
        }
    }

    pub(super) fn address(address: &str) -> Self {
        let mut end = Self::pod(address, "", &[], None);
        end.address = Some(address.into());
        end
    }

    pub(super) fn meshed(&self) -> bool {
        self.identity.is_some()
    }
}

pub(super) fn identity(namespace: &str, account: &str) -> String {
    format!("cluster.local/ns/{namespace}/sa/{account}")
}

pub(super) fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

pub(super) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

pub(super) fn selects(selector: &Value, labels: &BTreeMap<String, String>) -> bool {
    let unknown = selector["matchExpressions"].is_array();
    assert!(!unknown, "the interpreter does not know matchExpressions");
    matches(&selector["matchLabels"], labels)
}

pub(super) fn matches(wanted: &Value, labels: &BTreeMap<String, String>) -> bool {
    wanted.as_object().into_iter().flatten().all(|(k, v)| labels.get(k) == Some(&text(v)))
}

/// What is emitted, as the cluster would see it.
pub(super) struct Cluster<'a> {
    pub(super) objects: &'a [Value],
    /// Whether calls between pods of the mesh go through tunnels.
    pub(super) tunnels: bool,
    /// Whether the mesh is Linkerd.
    pub(super) linkerd: bool,
}

impl<'a> Cluster<'a> {
    pub(super) fn of(&self, kind: &'static str) -> impl Iterator<Item = &'a Value> {
        self.objects.iter().filter(move |object| object["kind"] == kind)
    }

    /// Whether the NetworkPolicies of one end let it talk with the other. Source: NetworkPolicySpec
    /// in the Kubernetes API reference.
    pub(super) fn network(
        &self,
        pod: &End,
        other: &End,
        socket: &Socket,
        way: &str,
        side: &str,
    ) -> bool {
        let mut isolated = false;
        for policy in self.of("NetworkPolicy") {
            let spec = &policy["spec"];
            let here = text(&policy["metadata"]["namespace"]) == pod.namespace
                && list(&spec["policyTypes"]).contains(&json!(way))
                && selects(&spec["podSelector"], &pod.labels);
            if !here {
                continue;
            }
            isolated = true;
            let open = list(&spec[way.to_ascii_lowercase()]).iter().any(|rule| {
                let ports = list(&rule["ports"]);
                let peers = list(&rule[side]);
                let on = |port: &Value| {
                    let transport = port["protocol"].as_str().unwrap_or("TCP");
                    transport == socket.1 && port["port"] == socket.0
                };
                (ports.is_empty() || ports.iter().any(on))
                    && (peers.is_empty() || peers.iter().any(|peer| is(peer, policy, other)))
            });
            if open {
                return true;
            }
        }
        !isolated
    }

    /// Whether the proxy of a pod accepts a call. Source: AuthorizationPolicy in Istio's reference.
    pub(super) fn authorized(&self, pod: &End, caller: Option<&String>, socket: &Socket) -> bool {
        if !pod.meshed() || socket.1 != "TCP" {
            return true;
        }
        if self.linkerd {
            return self.accepted(pod, caller, socket.0);
        }
        let mut guarded = false;
        for policy in self.of("AuthorizationPolicy") {
            let spec = &policy["spec"];
            assert_eq!(spec["action"], "ALLOW", "the interpreter knows no other action");
            let here = text(&policy["metadata"]["namespace"]) == pod.namespace
                && spec["targetRefs"].is_null()
                && selects(&spec["selector"], &pod.labels);
            if !here {
                continue;
            }
            guarded = true;
            if accepts(spec, caller, socket.0) {
                return true;
            }
        }
        !guarded
    }

    /// Whether the waypoint of a Service accepts a call to one of its ports.
    pub(super) fn admitted(&self, service: &Value, caller: Option<&String>, number: u16) -> bool {
        let own = |target: &Value| {
            target["kind"] == "Service"
                && target["group"] == ""
                && target["name"] == service["metadata"]["name"]
        };
        let mut about = self.of("AuthorizationPolicy").filter(|policy| {
            policy["metadata"]["namespace"] == service["metadata"]["namespace"]
                && list(&policy["spec"]["targetRefs"]).iter().any(own)
        });
        let mut guarded = false;
        about.any(|policy| {
            guarded = true;
            accepts(&policy["spec"], caller, number)
        }) || !guarded
    }

    pub(super) fn new(objects: &'a [Value]) -> Self {
        let ambient = |labels: &Value| labels["istio.io/dataplane-mode"] == "ambient";
        let tunnels = objects.iter().any(|one| {
            ambient(&one["metadata"]["labels"])
                || ambient(&one["spec"]["template"]["metadata"]["labels"])
        });
        Self { objects, tunnels, linkerd: super::linkerd::is_linkerd(objects) }
    }

    /// The waypoints by which a pod is called on a port: each with the Service and its number.
    pub(super) fn waypoints(&self, pod: &End, socket: &Socket) -> Vec<(End, &'a Value, u16)> {
        let mut found = Vec::new();
        for service in self.of("Service") {
            let labels = &service["metadata"]["labels"];
            let Some(name) = labels["istio.io/use-waypoint"].as_str() else { continue };
            let here = text(&service["metadata"]["namespace"]) == pod.namespace
                && matches(&service["spec"]["selector"], &pod.labels);
            let named = [("gateway.networking.k8s.io/gateway-name", name)];
            let end = End::pod(name, &pod.namespace, &named, Some(name));
            for port in list(&service["spec"]["ports"]).iter().filter(|_| here) {
                if port["targetPort"] == socket.0 && port["protocol"] == *socket.1 {
                    let number = port["port"].as_u64().expect("a number") as u16;
                    found.push((end.clone(), service, number));
                }
            }
        }
        found
    }

    /// Whether a pod accepts plain text on a port. The narrowest policy decides.
    pub(super) fn plain(&self, pod: &End, number: u16) -> bool {
        if !pod.meshed() {
            return true;
        }
        if self.linkerd {
            return self.accepted(pod, None, number);
        }
        let mut mode = "PERMISSIVE".to_owned();
        let mut rank = 0;
        for policy in self.of("PeerAuthentication") {
            let spec = &policy["spec"];
            let own = spec["selector"].is_object();
            let here = text(&policy["metadata"]["namespace"]) == pod.namespace
                && (!own || selects(&spec["selector"], &pod.labels));
            let port = &spec["portLevelMtls"][number.to_string()]["mode"];
            let found = match (here, own, port.as_str()) {
                (false, ..) => continue,
                (_, true, Some(port)) => (3, port.to_owned()),
                (_, true, None) => (2, text(&spec["mtls"]["mode"])),
                (_, false, _) => (1, text(&spec["mtls"]["mode"])),
            };
            assert_ne!(found.0, rank, "two policies of one rank: {}", pod.what);
            if found.0 > rank {
                (rank, mode) = found;
            }
        }
        mode != "STRICT"
    }

    /// The scope of a pod's proxy, if there is one.
    pub(super) fn sidecar(&self, pod: &End) -> Option<&'a Value> {
        let scopes: Vec<&Value> = self
            .of("Sidecar")
            .filter(|scope| {
                text(&scope["metadata"]["namespace"]) == pod.namespace
                    && matches(&scope["spec"]["workloadSelector"]["labels"], &pod.labels)
            })
            .collect();
        assert!(scopes.len() < 2, "{} has two scopes", pod.what);
        scopes.first().copied().filter(|_| pod.meshed())
    }

    /// Whether a pod's proxy knows a host of a namespace.
    pub(super) fn knows(&self, pod: &End, namespace: &str, host: &str) -> bool {
        let Some(scope) = self.sidecar(pod) else { return true };
        let known = list(&scope["spec"]["egress"]).iter().flat_map(|one| list(&one["hosts"]));
        known.map(text).any(|known| {
            let (home, name) = known.split_once('/').expect("NAMESPACE/HOST");
            let home = if home == "." { &pod.namespace } else { home };
            home == namespace && (name == "*" || name == host)
        })
    }

    /// Whether a pod's proxy lets calls through to what it does not know.
    pub(super) fn lets_pass(&self, pod: &End) -> bool {
        self.sidecar(pod)
            .is_none_or(|scope| scope["spec"]["outboundTrafficPolicy"]["mode"] != "REGISTRY_ONLY")
    }
}

/// Whether a peer of a NetworkPolicy is this end.
pub(super) fn is(peer: &Value, policy: &Value, end: &End) -> bool {
    if let Some(block) = peer["ipBlock"]["cidr"].as_str() {
        let (address, bits) = block.split_once('/').expect("ADDRESS/BITS");
        let whole = if address.contains(':') { "128" } else { "32" };
        // Only single addresses are ever meant; any other range is nobody.
        return bits == whole && end.address.as_deref() == Some(address);
    }
    if end.address.is_some() {
        return false;
    }
    let namespace = BTreeMap::from([("kubernetes.io/metadata.name".into(), end.namespace.clone())]);
    let there = match peer["namespaceSelector"].is_object() {
        true => selects(&peer["namespaceSelector"], &namespace),
        false => text(&policy["metadata"]["namespace"]) == end.namespace,
    };
    there && (!peer["podSelector"].is_object() || selects(&peer["podSelector"], &end.labels))
}

/// Whether a policy that lets calls in accepts this one.
fn accepts(spec: &Value, caller: Option<&String>, number: u16) -> bool {
    let source = |from: &Value| {
        let source = &from["source"];
        let known = caller.is_some_and(|caller| {
            list(&source["principals"]).iter().any(|one| text(one) == *caller)
        });
        known || (source["notPrincipals"] == json!(["*"]) && caller.is_none())
    };
    let on = |to: &Value| {
        let ports = list(&to["operation"]["ports"]);
        ports.is_empty() || ports.contains(&json!(number.to_string()))
    };
    list(&spec["rules"]).iter().any(|rule| {
        (rule["from"].is_null() || list(&rule["from"]).iter().any(source))
            && (rule["to"].is_null() || list(&rule["to"]).iter().any(on))
    })
}
