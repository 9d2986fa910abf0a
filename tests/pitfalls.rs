//! Known ways to break a mesh by hand, each shown to be impossible in what is built. The first
//! column of the table of pitfalls in the design notes has one test for each row.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::cases::sound;
use crate::support::{Objects, Weft, built, container, objects, repository};

/// Every golden stream under `cases/`, by the path of its case. That goldens are what is built is
/// the business of another test.
fn goldens(of: &str) -> Vec<(String, Objects)> {
    let root = repository("tests/cases");
    let cases = sound().into_iter().filter(|case| case.starts_with(root.join(of)));
    let read = |case: std::path::PathBuf| {
        let text = std::fs::read_to_string(case.join("expected.yaml")).expect("a golden");
        (case.strip_prefix(&root).expect("below").display().to_string(), objects(&text))
    };
    cases.map(read).collect()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Every route of a VirtualService, HTTP and TCP.
fn routes(service: &Value) -> impl Iterator<Item = &Value> {
    list(&service["spec"]["http"]).chain(list(&service["spec"]["tcp"]))
}

/// Every place that a route sends calls to, mirrors included.
fn destinations(route: &Value) -> Vec<&Value> {
    let mut out: Vec<&Value> = list(&route["route"]).map(|to| &to["destination"]).collect();
    out.extend(Some(&route["mirror"]).filter(|mirror| !mirror.is_null()));
    out
}

/// Whether every subset that a VirtualService names is defined by a DestinationRule of its host.
fn dangling(objects: &Objects) -> Vec<String> {
    let mut known: BTreeSet<(&str, &str)> = BTreeSet::new();
    for rule in objects.of("DestinationRule") {
        let host = text(&rule["spec"]["host"]);
        known.extend(list(&rule["spec"]["subsets"]).map(|subset| (host, text(&subset["name"]))));
    }
    let named = objects.of("VirtualService").flat_map(routes).flat_map(destinations);
    named
        .filter(|to| !to["subset"].is_null())
        .map(|to| (text(&to["host"]), text(&to["subset"])))
        .filter(|to| !known.contains(to))
        .map(|(host, subset)| format!("{host} {subset}"))
        .collect()
}

const WEB: &str = "  web:\n    image: example.com/web:1\n    ports: { http: 8080 }\n    \
                   expose: { http: {} }\n    dependsOn: [api]\n    propagates: [team]\n";

/// An istio app in which `web` calls `api`, whose two versions are treated like this.
fn versioned(traffic: &str) -> String {
    format!(
        "governance: istio\ncomponents:\n{WEB}  api:\n    ports: {{ http: 9090 }}\n    versions:\n\
         \x20     v1: {{ image: example.com/api:1 }}\n      v2: {{ image: example.com/api:2 }}\n    \
         traffic: {traffic}\n"
    )
}

/// The hosts of what runs outside the mesh: those of ServiceEntries, and of Services without pods.
fn outside(objects: &Objects) -> BTreeSet<String> {
    let named = objects.of("ServiceEntry").flat_map(|entry| list(&entry["spec"]["hosts"]));
    let services = objects
        .of("Service")
        .filter(|service| service["spec"]["selector"].is_null())
        .map(|service| {
            let part = |field: &str| text(&service["metadata"][field]);
            format!("{}.{}.svc.cluster.local", part("name"), part("namespace"))
        });
    named.map(|host| text(host).to_owned()).chain(services).collect()
}

#[test]
fn a_short_host_would_mean_another_service_elsewhere_so_every_host_is_written_in_full() {
    for (case, objects) in goldens("mode/istio") {
        let namespace = |object: &Value| text(&object["metadata"]["namespace"]).to_owned();
        let outside = outside(&objects);
        for object in objects.of("VirtualService") {
            let tail = format!(".{}.svc.cluster.local", namespace(object));
            let full = |host: &str| host.ends_with(&tail) || outside.contains(host);
            for to in routes(object).flat_map(destinations) {
                assert!(full(text(&to["host"])), "{case}: {to}");
                assert!(to["port"]["number"].is_u64(), "{case}: {to}");
            }
            if list(&object["spec"]["gateways"]).any(|gateway| gateway == "mesh") {
                for host in list(&object["spec"]["hosts"]) {
                    assert!(full(text(host)), "{case}: {host}");
                }
            }
            for gateway in list(&object["spec"]["gateways"]).filter(|gateway| *gateway != "mesh") {
                assert!(text(gateway).contains('/'), "{case}: {gateway}");
            }
        }
        for object in objects.of("DestinationRule") {
            let tail = format!(".{}.svc.cluster.local", namespace(object));
            let host = text(&object["spec"]["host"]);
            assert!(host.ends_with(&tail) || outside.contains(host), "{case}: {host}");
        }
    }
}

#[test]
fn a_subset_that_nothing_defines_would_be_503_so_every_declared_version_is_a_subset() {
    for (case, objects) in goldens("mode/istio") {
        assert_eq!(dangling(&objects), Vec::<String>::new(), "{case}");
    }
    let built = built("", &versioned("{ split: { v1: 100, v2: 0 } }"));
    let rule = built.get("DestinationRule", "api");
    let subsets: Vec<&str> = list(&rule["spec"]["subsets"]).map(|s| text(&s["name"])).collect();
    assert_eq!(subsets, ["v1", "v2"]);
}

#[test]
fn a_mirror_to_the_only_version_of_a_component_has_its_subset_too() {
    let app = "governance: istio\ncomponents:\n  web:\n    image: example.com/web:1\n    \
               ports: { http: 8080 }\n    expose: { http: {} }\n    \
               traffic: { mirror: { to: v1, percent: 5 } }\n";
    assert_eq!(dangling(&built("", app)), Vec::<String>::new());
}

#[test]
fn a_route_before_what_it_leads_to_would_be_503_so_routes_come_last() {
    for (case, objects) in goldens("") {
        let kinds: Vec<&str> = objects.0.iter().map(|object| text(&object["kind"])).collect();
        let route = |kind: &&str| {
            let routes = ["VirtualService", "HTTPRoute", "TLSRoute", "TCPRoute", "Ingress"];
            routes.contains(kind)
        };
        let first = kinds.iter().position(route).unwrap_or(kinds.len());
        assert!(kinds[first..].iter().all(route), "{case}: {kinds:?}");
        let of = |kind: &str| kinds.iter().rposition(|known| *known == kind);
        let first_other = kinds.iter().position(|kind| *kind != "Namespace");
        assert!(of("Namespace") < first_other, "{case}: {kinds:?}");
        let runs = ["Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob"];
        let workloads = kinds.iter().position(|kind| runs.contains(kind));
        for needed in ["ServiceAccount", "ConfigMap", "Service", "DestinationRule"] {
            assert!(of(needed) < workloads || of(needed).is_none(), "{case}: {kinds:?}");
        }
    }
}

#[test]
fn two_virtual_services_for_a_host_are_not_merged_so_there_is_one() {
    for (case, objects) in goldens("mode/istio") {
        let mut seen: BTreeMap<(String, String), usize> = BTreeMap::new();
        for object in objects.of("VirtualService") {
            for gateway in list(&object["spec"]["gateways"]) {
                for host in list(&object["spec"]["hosts"]) {
                    *seen.entry((text(gateway).into(), text(host).into())).or_default() += 1;
                }
            }
        }
        assert!(seen.values().all(|count| *count == 1), "{case}: {seen:?}");
    }
}

#[test]
fn a_service_governed_by_two_kinds_of_route_is_undefined_so_each_mode_has_one() {
    for (case, objects) in goldens("") {
        let mut governed: BTreeSet<(&str, u64)> = BTreeSet::new();
        for route in objects.of("HTTPRoute") {
            for parent in list(&route["spec"]["parentRefs"]) {
                let service = parent["kind"] == "Service";
                assert!(!service || objects.of("VirtualService").next().is_none(), "{case}");
                if service {
                    let port = parent["port"].as_u64().expect("a port");
                    let alone = governed.insert((text(&parent["name"]), port));
                    // Linkerd looks for the best match in all routes of a Service.
                    assert!(alone || case.starts_with("mode/linkerd"), "{case}: {parent}");
                }
            }
        }
        if case.starts_with("mode/kubernetes") {
            let meshed = |object: &&Value| text(&object["apiVersion"]).contains("istio.io");
            assert_eq!(objects.0.iter().find(meshed), None, "{case}");
        }
    }
}

#[test]
fn a_port_of_unknown_protocol_would_be_sniffed_so_each_states_its_own_twice() {
    const KNOWN: [&str; 11] =
        ["http", "https", "http2", "grpc", "tcp", "tls", "udp", "sctp", "mysql", "redis", "mongo"];
    for (case, objects) in goldens("") {
        for service in objects.of("Service") {
            for port in list(&service["spec"]["ports"]) {
                let name = text(&port["name"]);
                let prefix = name.split('-').next().unwrap_or_default();
                assert!(KNOWN.contains(&prefix), "{case}: {name}");
                let sniffed = port["protocol"] == "TCP" && port["appProtocol"].is_null();
                assert!(!sniffed, "{case}: {port}");
            }
        }
    }
}

#[test]
fn grpc_is_announced_as_h2c_which_every_implementation_knows() {
    let app = "gateway: { class: envoy }\ncomponents:\n  api:\n    image: example.com/api:1\n    \
               ports: { grpc: 9090, http2: 9091 }\n    expose: { grpc: {} }\n";
    let built = built("", app);
    for port in list(&built.get("Service", "api")["spec"]["ports"]) {
        assert_eq!(port["appProtocol"], "kubernetes.io/h2c", "{port}");
    }
}

#[test]
fn calls_are_never_shared_out_over_a_headless_service() {
    for (case, objects) in goldens("mode/istio") {
        let headless: Vec<&str> = objects
            .of("Service")
            .filter(|service| service["spec"]["clusterIP"] == "None")
            .map(|service| text(&service["metadata"]["name"]))
            .collect();
        for to in objects.of("VirtualService").flat_map(routes).flat_map(destinations) {
            let name = text(&to["host"]).split('.').next().unwrap_or_default();
            assert!(to["subset"].is_null() || !headless.contains(&name), "{case}: {to}");
        }
    }
}

#[test]
fn what_the_author_says_of_the_proxy_is_kept() {
    let app = "components:\n  web:\n    image: example.com/web:1\n    ports: { http: 8080 }\n    \
               expose: { http: { via: load-balancer } }\n    metrics: { port: 9102 }\n    \
               rollout: { stop: { delay: 5s } }\n    annotations:\n      \
               traffic.sidecar.istio.io/excludeInboundPorts: '9999'\n      \
               sidecar.istio.io/nativeSidecar: 'false'\n";
    let built = built("--governance istio", app);
    let pod = &built.get("Deployment", "web-v1")["spec"]["template"];
    let annotations = &pod["metadata"]["annotations"];
    assert_eq!(annotations["traffic.sidecar.istio.io/excludeInboundPorts"], "9999,9102");
    assert_eq!(annotations["sidecar.istio.io/nativeSidecar"], "false");
}

#[test]
fn a_stateful_set_cannot_be_a_version() {
    let app = "components:\n  db:\n    kind: statefulset\n    ports: { tcp: 5432 }\n    \
               expose: { tcp: { via: load-balancer } }\n    versions:\n      \
               v1: { image: example.com/db:1 }\n      v2: { image: example.com/db:2 }\n";
    let ended = Weft::on("check", app).run();
    assert_eq!((ended.status, ended.codes()), (1, vec!["versions-need-deployment".to_owned()]));
}

#[test]
fn a_rule_that_is_visible_where_its_subset_is_not_cannot_be_since_nothing_is_hidden() {
    for (case, objects) in goldens("mode/istio") {
        assert!(objects.0.iter().all(|object| object["spec"]["exportTo"].is_null()), "{case}");
    }
}

#[test]
fn a_new_version_gets_no_calls_by_merely_starting() {
    for split in ["{ v1: 100, v2: 0 }", "{ v1: 90, v2: 10 }"] {
        let built = built("", &versioned(&format!("{{ split: {split} }}")));
        let service = built.get("VirtualService", "api");
        let last = routes(service).last().expect("a default route");
        assert_eq!(last["match"], Value::Null);
        assert!(destinations(last).iter().all(|to| to["subset"].is_string()), "{last}");
        let weights: u64 =
            list(&last["route"]).map(|to| to["weight"].as_u64().unwrap_or(100)).sum();
        assert_eq!(weights, 100);
    }
}

#[test]
fn policy_of_a_subset_alone_stays_inactive_so_there_is_none_and_tls_is_left_to_the_mesh() {
    for (case, objects) in goldens("mode/istio") {
        for rule in objects.of("DestinationRule") {
            let policy = &rule["spec"]["trafficPolicy"];
            let tls = !policy["tls"].is_null();
            let host = text(&rule["spec"]["host"]);
            assert!(!tls || outside(&objects).contains(host), "{case}: {host}");
            for subset in list(&rule["spec"]["subsets"]) {
                assert!(subset["trafficPolicy"].is_null(), "{case}: {subset}");
            }
        }
    }
}

#[test]
fn two_retries_nobody_asked_for_would_write_twice_so_every_route_says_how_many() {
    for (case, objects) in goldens("mode/istio") {
        for route in objects.of("VirtualService").flat_map(|s| list(&s["spec"]["http"])) {
            let left_to_the_mesh = text(&route["name"]).contains("mesh")
                || (case.ends_with("retries-and-timeouts") && route["name"] == "rule-2");
            assert_eq!(route["retries"].is_null(), left_to_the_mesh, "{case}: {route}");
        }
    }
    let app = "governance: istio\ncomponents:\n  web:\n    image: example.com/web:1\n    \
               ports: { http: 8080 }\n    expose: { http: {} }\n    dependsOn: [log]\n  log:\n    \
               kind: statefulset\n    image: example.com/log:1\n    ports: { http: 80 }\n";
    let built = built("", app);
    let route = routes(built.get("VirtualService", "log")).next().expect("a route");
    assert_eq!(route["retries"]["attempts"], 0);
}

#[test]
fn a_path_prefix_ends_at_a_segment_in_every_implementation() {
    let app = |mode: &str| {
        format!(
            "{mode}components:\n  web:\n    image: example.com/web:1\n    ports: {{ http: 8080 }}\n    \
             expose: {{ http: {{ prefix: [/api/] }} }}\n"
        )
    };
    let istio = built("", &app("governance: istio\n"));
    let route = routes(istio.get("VirtualService", "example-entry")).next().expect("a route");
    let paths: Vec<String> = list(&route["match"]).map(|one| one["uri"].to_string()).collect();
    assert_eq!(paths, [r#"{"exact":"/api"}"#, r#"{"prefix":"/api/"}"#]);
    let gateway = built("", &app("gateway: { class: envoy }\n"));
    let rule = &gateway.get("HTTPRoute", "web")["spec"]["rules"][0];
    assert_eq!(rule["matches"][0]["path"]["value"], "/api");
    assert_eq!(rule["matches"][0]["path"]["type"], "PathPrefix");
}

#[test]
fn service_links_would_set_variables_like_ours_so_they_are_off() {
    for (case, objects) in goldens("") {
        for object in &objects.0 {
            let pod = &object["spec"]["template"]["spec"];
            if !pod["containers"].is_null() {
                assert_eq!(pod["enableServiceLinks"], false, "{case}");
            }
        }
    }
}

#[test]
fn a_token_nobody_needs_is_not_mounted_and_every_pod_has_an_identity_of_its_own() {
    for (case, objects) in goldens("") {
        for account in objects.of("ServiceAccount") {
            assert_eq!(account["automountServiceAccountToken"], false, "{case}");
        }
        for object in &objects.0 {
            let pod = &object["spec"]["template"]["spec"];
            let own = |account: &&Value| {
                account["metadata"]["name"] == pod["serviceAccountName"]
                    && account["metadata"]["namespace"] == object["metadata"]["namespace"]
            };
            if !pod["containers"].is_null() {
                assert_eq!(objects.of("ServiceAccount").filter(own).count(), 1, "{case}");
            }
        }
    }
}

#[test]
fn what_an_api_server_refuses_together_is_not_written_together() {
    for written in ["privileged: true", "capabilities: { add: [SYS_ADMIN] }"] {
        let app = format!(
            "components:\n  agent:\n    image: example.com/agent:1\n    \
             securityContext: {{ {written} }}\n"
        );
        let built = built("", &app);
        let security = &container(built.get("Deployment", "agent-v1"))["securityContext"];
        assert_ne!(security["allowPrivilegeEscalation"], false, "{written}");
    }
}

#[test]
fn a_pod_that_asks_for_root_is_not_told_that_root_is_refused() {
    let app = "components:\n  agent:\n    image: example.com/agent:1\n    \
               securityContext: { runAsUser: 0 }\n";
    let ended = Weft::on("build", app).run();
    if ended.status == 0 {
        let stream = objects(&ended.stdout);
        let pod = &stream.get("Deployment", "agent-v1")["spec"]["template"]["spec"];
        assert_ne!(pod["securityContext"]["runAsNonRoot"], true, "the kubelet refuses this pod");
    }
}

#[test]
fn the_sidecar_is_asked_for_once_and_by_label() {
    for (case, built) in goldens("mode/istio") {
        let app = repository("tests/cases").join(&case).join("weft.yaml");
        let app = objects(&std::fs::read_to_string(app).expect("an app"));
        for object in &built.0 {
            let meta = &object["spec"]["template"]["metadata"];
            if meta.is_object() {
                let component = meta["labels"]["app"].as_str().expect("a name");
                let outside = app.0[0]["components"][component]["governance"] == "none";
                let wanted = if outside { "false" } else { "true" };
                assert_eq!(meta["labels"]["sidecar.istio.io/inject"], wanted, "{case}");
                assert!(meta["annotations"]["sidecar.istio.io/inject"].is_null(), "{case}");
            }
            if object["kind"] == "Namespace" {
                assert!(object["metadata"]["labels"]["istio.io/rev"].is_null(), "{case}");
            }
        }
    }
}

#[test]
fn a_wildcard_entry_is_not_cut_off_where_another_entry_names_a_host() {
    let app = "governance: istio\ncomponents:\n  site:\n    image: example.com/site:1\n    \
               ports: { http: 8080 }\n    expose: { http: { hosts: ['*.example.com'] } }\n  \
               admin:\n    image: example.com/admin:1\n    ports: { http: 8080 }\n    \
               expose: { http: { hosts: [shop.example.com], prefix: [/admin] } }\n";
    let built = built("", app);
    let named = built
        .of("VirtualService")
        .find(|service| list(&service["spec"]["hosts"]).any(|host| host == "shop.example.com"))
        .expect("a service for the host");
    let hosts: Vec<&str> =
        routes(named).flat_map(destinations).map(|to| text(&to["host"])).collect();
    assert_eq!(hosts, ["admin.example.svc.cluster.local", "site.example.svc.cluster.local"]);
}

#[test]
fn several_versions_without_a_split_still_have_explicit_weights() {
    let app = "governance: istio\ngateway: { hosts: [shop.example.com] }\ncomponents:\n  web:\n    \
               image: example.com/web:1\n    ports: { http: 8080 }\n    expose: { http: {} }\n    \
               versions: { v1: { replicas: 3 }, v2: {} }\n";
    let built = built("", app);
    for service in ["web", "example-entry"] {
        let route = &built.get("VirtualService", service)["spec"]["http"][0]["route"];
        let weights: Vec<&Value> = list(route).map(|to| &to["weight"]).collect();
        assert_eq!(weights, [75, 25], "{service}");
    }
}

#[test]
fn retries_that_a_timeout_cuts_off_and_faults_everywhere_are_warned_of() {
    for (treatment, code) in [
        ("timeout: 1s, retries: { attempts: 2, perTry: 500ms }", "retries-beyond-timeout"),
        ("fault: { abort: { status: 503 } }", "fault-everywhere"),
    ] {
        let app = format!(
            "governance: istio\ngateway: {{ hosts: [shop.example.com] }}\ncomponents:\n  web:\n    \
             image: example.com/web:1\n    ports: {{ http: 8080 }}\n    expose: {{ http: {{}} }}\n    \
             traffic: {{ {treatment} }}\n"
        );
        let ended = Weft::on("check", &app).run();
        assert_eq!((ended.status, ended.codes()), (0, vec![code.to_owned()]));
    }
}

#[test]
fn versions_that_are_all_asleep_still_have_a_route() {
    let app = "governance: istio\ngateway: { hosts: [shop.example.com] }\ncomponents:\n  web:\n    \
               image: example.com/web:1\n    ports: { http: 8080 }\n    expose: { http: {} }\n    \
               versions: { v1: { replicas: 0 }, v2: { replicas: 0 } }\n";
    let route = &built("", app).get("VirtualService", "web")["spec"]["http"][0]["route"].clone();
    let weights: Vec<&Value> = list(route).map(|to| &to["weight"]).collect();
    assert_eq!(weights, [50, 50]);
}

#[test]
fn the_routes_of_the_entry_share_their_name_with_nobody() {
    let app = "governance: istio\ngateway: { hosts: [shop.example.com] }\ncomponents:\n  example:\n    \
               image: example.com/web:1\n    ports: { http: 8080 }\n    expose: { http: {} }\n    \
               versions: { entry: {} }\n";
    let ended = Weft::on("check", app).run();
    assert_eq!((ended.status, ended.codes()), (1, vec!["object-name-collision".to_owned()]));
}
