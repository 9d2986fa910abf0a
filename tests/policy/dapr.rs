//! Calls through sidecars of Dapr: on the wire all of them go to one port of the callee's sidecar, and
//! its Configuration says whose it takes.

use serde_json::Value;

use super::Judge;
use super::cluster::{End, Socket, list, text};
use super::wanted::Pod;

/// Where a sidecar takes the calls of others.
pub(super) fn internal() -> Socket {
    (50002, "TCP".to_owned())
}

/// The sidecar that annotations ask for: its app id and the name of its Configuration.
pub(super) fn sidecar(annotations: &Value) -> Option<(String, String)> {
    let of = |name: &str| text(&annotations[format!("dapr.io/{name}")]);
    (of("enabled") == "true").then(|| (of("app-id"), of("config")))
}

impl Judge<'_> {
    /// Who gets to whose sidecar, and whose calls it takes.
    pub(super) fn sidecars_of_dapr(&mut self) {
        let wanted = self.wanted;
        let socket = internal();
        for b in wanted.pods.iter().filter(|pod| pod.sidecar.is_some()) {
            for a in wanted.pods.iter().filter(|a| a.end.what != b.end.what) {
                let name = |layer: &str| format!("{layer}: {} → {}", a.end.what, b.end.what);
                let declared = wanted.declared(a, b, &socket);
                let into = self.ingress(&b.end, &a.end, &socket);
                self.expect(|| name("sidecar's ingress"), into, !self.parts.access || declared);
                let out = self.egress(&a.end, &b.end, &socket);
                self.expect(|| name("sidecar's egress"), out, !self.parts.egress || declared);
                let Some((id, _)) = &a.sidecar else { continue };
                let real = self.takes(b, &a.end.namespace, id);
                self.expect(|| name("app id"), real, !self.parts.access || declared);
            }
            for end in [
                End::address("198.51.100.1"),
                End::pod("neighbour", &b.end.namespace, &[("app", "neighbour")], None),
            ] {
                let real = self.ingress(&b.end, &end, &socket);
                let name = || format!("sidecar's ingress: {} → {}", end.what, b.end.what);
                self.expect(name, real, !self.parts.access);
            }
            let real = self.takes(b, "elsewhere", &b.component);
            self.expect(
                || format!("a stranger's app id → {}", b.end.what),
                real,
                !self.parts.access,
            );
        }
        for pod in &wanted.pods {
            let servers = [
                ("dapr-operator", 6500),
                ("dapr-placement-server", 50005),
                ("dapr-scheduler-server", 50006),
                ("dapr-sentry", 50001),
            ];
            for (app, number) in servers {
                let server = End::pod(app, "dapr-system", &[("app", app)], None);
                let real = self.egress(&pod.end, &server, &(number, "TCP".into()));
                let open = !self.parts.egress || pod.sidecar.is_some();
                self.expect(|| format!("egress: {} → {app}", pod.end.what), real, open);
                let real = self.egress(&pod.end, &server, &(9999, "TCP".into()));
                let name = || format!("egress: {} → more of {app}", pod.end.what);
                self.expect(name, real, !self.parts.egress);
                let stranger = End::pod("elsewhere", "elsewhere", &[("app", app)], None);
                let real = self.egress(&pod.end, &stranger, &(number, "TCP".into()));
                let name = || format!("egress: {} → {number} elsewhere", pod.end.what);
                self.expect(name, real, !self.parts.egress);
            }
        }
    }

    /// Whether a sidecar takes the calls of an app id. Source: dapr/pkg/acl.
    fn takes(&self, pod: &Pod, namespace: &str, id: &str) -> bool {
        let (_, name) = pod.sidecar.as_ref().expect("a sidecar");
        let own = self.cluster.of("Configuration").find(|one| {
            one["metadata"]["name"] == **name && one["metadata"]["namespace"] == *pod.end.namespace
        });
        let Some(control) = own.map(|one| &one["spec"]["accessControl"]) else { return true };
        if control.is_null() {
            return true;
        }
        assert_eq!(control["trustDomain"], "public", "the interpreter knows no other domain");
        let policy = list(&control["policies"]).iter().find(|policy| {
            policy["appId"] == *id
                && policy["namespace"] == *namespace
                && policy["trustDomain"] == "public"
        });
        let action = policy.map_or(&control["defaultAction"], |policy| &policy["defaultAction"]);
        match &*text(action) {
            "allow" => true,
            "deny" => false,
            other => panic!("the interpreter knows no action `{other}`"),
        }
    }
}
