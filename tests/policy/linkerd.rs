//! What proxies of Linkerd accept, and the port by which they reach each other.
//!
//! Source: the page on authorization policy in Linkerd's reference.

use serde_json::Value;

use super::Judge;
use super::cluster::{Cluster, End, Socket, list, matches, selects, text};
use super::wanted::{Door, Pod};

/// Where proxies take connections of other proxies.
fn tunnel() -> Socket {
    (4143, "TCP".to_owned())
}

/// Whether the pods of a workload have a proxy of Linkerd.
pub(super) fn injected(template: &Value) -> bool {
    template["metadata"]["annotations"]["linkerd.io/inject"] == "enabled"
}

/// Whether the mesh is Linkerd.
pub(super) fn is_linkerd(objects: &[Value]) -> bool {
    objects.iter().any(|object| injected(template(object)))
}

fn template(object: &Value) -> &Value {
    match &object["spec"]["jobTemplate"] {
        Value::Null => &object["spec"]["template"],
        job => &job["spec"]["template"],
    }
}

/// What a port accepts where nothing more is said, from a caller with this identity or none.
fn by_default(policy: &str, known: bool) -> bool {
    match policy {
        "deny" => false,
        "all-authenticated" => known,
        "all-unauthenticated" => true,
        other => panic!("the interpreter does not know {other}"),
    }
}

impl<'a> Cluster<'a> {
    /// The policy of one port of a pod. There must not be two: Linkerd would take either.
    pub(super) fn server(&self, pod: &End, number: u16) -> Option<&'a Value> {
        let own: Vec<&Value> = self
            .of("Server")
            .filter(|server| {
                text(&server["metadata"]["namespace"]) == pod.namespace
                    && server["spec"]["port"] == number
                    && selects(&server["spec"]["podSelector"], &pod.labels)
            })
            .collect();
        assert!(own.len() < 2, "{} has two policies for {number}", pod.what);
        own.first().copied()
    }

    /// Whether the proxy of a pod accepts a call.
    pub(super) fn accepted(&self, pod: &End, caller: Option<&String>, number: u16) -> bool {
        let Some(server) = self.server(pod, number) else {
            let own = self.objects.iter().map(template).find(|template| {
                injected(template) && matches(&template["metadata"]["labels"], &pod.labels)
            });
            let own = own.unwrap_or_else(|| panic!("no pods like {}", pod.what));
            let policy =
                &own["metadata"]["annotations"]["config.linkerd.io/default-inbound-policy"];
            return by_default(policy.as_str().unwrap_or("all-unauthenticated"), caller.is_some());
        };
        let spoken = ["HTTP/1", "HTTP/2", "gRPC", "opaque"];
        assert!(spoken.contains(&&*text(&server["spec"]["proxyProtocol"])), "{server}");
        let about = self.of("AuthorizationPolicy").filter(|policy| {
            let target = &policy["spec"]["targetRef"];
            policy["metadata"]["namespace"] == server["metadata"]["namespace"]
                && target["group"] == "policy.linkerd.io"
                && target["kind"] == "Server"
                && target["name"] == server["metadata"]["name"]
        });
        let mut about = about.map(|policy| {
            let required = list(&policy["spec"]["requiredAuthenticationRefs"]);
            assert!(!required.is_empty(), "everyone is meant to be let in: {policy}");
            required.iter().all(|one| {
                let named = |object: &&Value| {
                    one["group"] == "policy.linkerd.io"
                        && object["metadata"]["namespace"] == policy["metadata"]["namespace"]
                        && object["metadata"]["name"] == one["name"]
                };
                match &*text(&one["kind"]) {
                    "MeshTLSAuthentication" => self
                        .of("MeshTLSAuthentication")
                        .find(named)
                        .is_some_and(|known| is_among(&known["spec"]["identityRefs"], caller)),
                    "NetworkAuthentication" => self
                        .of("NetworkAuthentication")
                        .find(named)
                        .is_some_and(|known| is_everyone(&known["spec"]["networks"])),
                    other => panic!("the interpreter does not know {other}"),
                }
            })
        });
        by_default(&text(&server["spec"]["accessPolicy"]), caller.is_some())
            || about.any(|accepted| accepted)
    }
}

fn is_among(identities: &Value, caller: Option<&String>) -> bool {
    let same = |one: &Value| {
        assert_eq!(one["kind"], "ServiceAccount");
        let identity = super::cluster::identity(&text(&one["namespace"]), &text(&one["name"]));
        caller == Some(&identity)
    };
    list(identities).iter().any(same)
}

fn is_everyone(networks: &Value) -> bool {
    let has = |range: &str| list(networks).iter().any(|network| network["cidr"] == *range);
    has("0.0.0.0/0") && has("::/0")
}

impl Judge<'_> {
    /// The port of the proxies between two pods: open where any call goes on, as it is for all.
    pub(super) fn beside(&mut self, a: &Pod, b: &Pod) {
        if !self.cluster.linkerd {
            return;
        }
        let wanted = self.wanted;
        let both = a.end.meshed() && b.end.meshed();
        let tcp = || b.sockets.iter().filter(|on| on.1 == "TCP");
        let calls = both && tcp().any(|on| wanted.declared(a, b, on));
        let all = b.end.meshed() && tcp().any(|on| wanted.open_to_all(b, on));
        let name = |layer: &str| format!("{layer} of the proxies: {} → {}", a.end.what, b.end.what);
        let into = self.ingress(&b.end, &a.end, &tunnel());
        self.expect(|| name("ingress"), into, !self.parts.access || calls || all);
        let out = self.egress(&a.end, &b.end, &tunnel());
        self.expect(|| name("egress"), out, !self.parts.egress || calls);
        if self.parts.access && b.end.meshed() {
            for on in tcp() {
                let real = self.cluster.server(&b.end, on.0).is_some();
                self.expect(|| format!("the policy of {} {on:?}", b.end.what), real, true);
            }
        }
    }

    /// The port of the proxies, for somebody who is no pod of the app.
    pub(super) fn beside_strangers(&mut self, end: &End, b: &Pod) {
        if !self.cluster.linkerd {
            return;
        }
        let known = |door: &Door| match door {
            Door::Gateway(own) | Door::Scraper(own) => own.what == end.what && end.meshed(),
            Door::Balancer | Door::Unknown => false,
        };
        let some = b.end.meshed()
            && b.sockets.iter().filter(|on| on.1 == "TCP").any(|on| {
                self.wanted.open_to_all(b, on) || self.wanted.doors(b, on).into_iter().any(known)
            });
        let into = self.ingress(&b.end, end, &tunnel());
        let name = || format!("ingress of the proxies: {} → {}", end.what, b.end.what);
        self.expect(name, into, !self.parts.access || some);
    }

    /// The control plane of Linkerd, as a pod reaches it.
    pub(super) fn control_plane_of_linkerd(&mut self, a: &Pod) {
        let open = !self.parts.egress || a.end.meshed();
        for (part, numbers) in [("destination", &[8086, 8090][..]), ("identity", &[8080])] {
            let labels = [("linkerd.io/control-plane-component", part)];
            let end = End::pod(part, "linkerd", &labels, Some(part));
            for number in numbers {
                let real = self.egress(&a.end, &end, &(*number, "TCP".into()));
                self.expect(|| format!("egress: {} → {part} {number}", a.end.what), real, open);
            }
            let real = self.egress(&a.end, &end, &(super::UNDECLARED, "TCP".into()));
            let more = || format!("egress: {} → more of {part}", a.end.what);
            self.expect(more, real, !self.parts.egress);
        }
    }
}
