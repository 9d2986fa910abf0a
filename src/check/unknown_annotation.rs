use super::Finder;
use super::deprecated_annotation::cure;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::source::Place;

/// `unknown-annotation`: an annotation in the name of Istio or Dapr that it does not read on pods.
pub(super) static UNKNOWN_ANNOTATION: Rule = Rule {
    code: "unknown-annotation",
    severity: Severity::Warning,
    summary: "an annotation in the name of Istio or Dapr that it does not read on pods",
    explain: "Annotations of a component go to its pods. Istio overlooks those that it does not know (IST0108) and those that belong to another kind of object (IST0107). weft knows what Istio 1.31 reads on pods, and what the injector of Dapr 1.18 does.",
    wrong: concat!(
        "governance: istio\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    annotations: { sidecar.istio.io/proxyCpu: 100m }\n",
        "    expose: { http: { via: load-balancer } }\n",
    ),
    right: concat!(
        "governance: istio\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    annotations: { sidecar.istio.io/proxyCPU: 100m }\n",
        "    expose: { http: { via: load-balancer } }\n",
    ),
};

/// What Istio reads on pods, by domain. Source: istio/api, annotation/annotations.yaml.
const ON_PODS: [(&str, &[&str]); 9] = [
    (
        "sidecar.istio.io",
        &[
            "agentLogLevel",
            "bootstrapOverride",
            "componentLogLevel",
            "interceptionMode",
            "logLevel",
            "nativeSidecar",
            "proxyCPU",
            "proxyCPULimit",
            "proxyImage",
            "proxyImageType",
            "proxyMemory",
            "proxyMemoryLimit",
            "rewriteAppHTTPProbers",
            "statsEvictionInterval",
            "statsFlushInterval",
            "statsHistogramBins",
            "statsHistogramBuckets",
            "status",
            "userVolume",
            "userVolumeMount",
        ],
    ),
    (
        "traffic.sidecar.istio.io",
        &[
            "excludeInboundPorts",
            "excludeInterfaces",
            "excludeOutboundIPRanges",
            "excludeOutboundPorts",
            "includeInboundPorts",
            "includeOutboundIPRanges",
            "includeOutboundPorts",
        ],
    ),
    (
        "readiness.status.sidecar.istio.io",
        &["applicationPorts", "failureThreshold", "initialDelaySeconds", "periodSeconds"],
    ),
    ("status.sidecar.istio.io", &["port"]),
    ("proxy.istio.io", &["config", "overrides"]),
    ("prometheus.istio.io", &["merge-metrics"]),
    ("inject.istio.io", &["templates"]),
    ("ambient.istio.io", &["bypass-inbound-capture", "dns-capture", "redirection"]),
    ("istio.io", &["reroute-virtual-interfaces", "rev"]),
];

/// What Dapr reads on pods, after `dapr.io/`. Source: dapr/pkg/injector/annotations.
const DAPR: [&str; 64] = [
    "actors-disseminate-timeout",
    "api-token-secret",
    "app-binding-options-timeout",
    "app-channel-address",
    "app-health-check-path",
    "app-health-probe-interval",
    "app-health-probe-timeout",
    "app-health-threshold",
    "app-id",
    "app-max-concurrency",
    "app-port",
    "app-protocol",
    "app-ssl",
    "app-token-secret",
    "block-shutdown-duration",
    "component-container",
    "config",
    "debug-port",
    "disable-builtin-k8s-secret-store",
    "disable-init-endpoints",
    "enable-api-logging",
    "enable-app-health-check",
    "enable-debug",
    "enable-metrics",
    "enable-native-sidecar",
    "enable-profiling",
    "enabled",
    "env",
    "env-from-secret",
    "graceful-shutdown-seconds",
    "grpc-port",
    "http-max-request-size",
    "http-read-buffer-size",
    "inject-pluggable-components",
    "internal-grpc-port",
    "log-as-json",
    "log-level",
    "max-body-size",
    "metrics-port",
    "placement-host-address",
    "pluggable-components",
    "pluggable-components-sockets-folder",
    "read-buffer-size",
    "scheduler-host-address",
    "sentry-request-jwt-audiences",
    "sidecar-cpu-limit",
    "sidecar-cpu-request",
    "sidecar-image",
    "sidecar-listen-addresses",
    "sidecar-liveness-probe-delay-seconds",
    "sidecar-liveness-probe-period-seconds",
    "sidecar-liveness-probe-threshold",
    "sidecar-liveness-probe-timeout-seconds",
    "sidecar-memory-limit",
    "sidecar-memory-request",
    "sidecar-readiness-probe-delay-seconds",
    "sidecar-readiness-probe-period-seconds",
    "sidecar-readiness-probe-threshold",
    "sidecar-readiness-probe-timeout-seconds",
    "sidecar-seccomp-profile-type",
    "sidecar-svc-annotations",
    "unix-domain-socket-path",
    "volume-mounts",
    "volume-mounts-rw",
];

/// What Istio reads on objects other than pods, and which.
const ELSEWHERE: [(&str, &str); 12] = [
    ("alpha.istio.io/canonical-serviceaccounts", "Services"),
    ("alpha.istio.io/kubernetes-serviceaccounts", "Services"),
    ("ambient.istio.io/waypoint-inbound-binding", "Gateways"),
    ("gateway.istio.io/name-override", "Gateways"),
    ("gateway.istio.io/service-account", "Gateways"),
    ("istio.io/dry-run", "AuthorizationPolicies"),
    ("istio.io/use-waypoint-canary-weight", "Services and Namespaces"),
    ("networking.istio.io/exportTo", "Services"),
    ("networking.istio.io/service-type", "Gateways"),
    ("networking.istio.io/traffic-distribution", "Services and Namespaces"),
    ("topology.istio.io/controlPlaneClusters", "Namespaces"),
    ("traffic.istio.io/nodeSelector", "Services"),
];

/// Annotations with the name of Istio or Dapr are those that it reads on pods.
pub(super) fn check(find: &mut Finder<'_>) {
    let graph = find.graph;
    for component in graph.own() {
        for version in &component.versions {
            for name in version.annotations.keys() {
                let Some((domain, key)) = name.split_once('/') else { continue };
                if domain == "dapr.io" && !DAPR.contains(&key) {
                    let title = format!("Dapr does not know the annotation `{name}`");
                    let place = Place::Key(version.path.field("annotations").key(name));
                    let all: Vec<String> =
                        DAPR.iter().map(|key| format!("dapr.io/{key}")).collect();
                    let known = all.iter().map(String::as_str);
                    let diagnostic =
                        Diagnostic::new(&UNKNOWN_ANNOTATION, title, place, "has no effect")
                            .suggest(name, known);
                    find.report(diagnostic);
                    continue;
                }
                // What the analyser and the gateways' controller read is on any object.
                let any = ["galley.istio.io", "gateway.istio.io/controller-version"];
                let any = any.contains(&domain) || any.contains(&name.as_str());
                if any
                    || cure(name).is_some()
                    || !(domain == "istio.io" || domain.ends_with(".istio.io"))
                {
                    continue;
                }
                let known = ON_PODS.iter().find(|(known, _)| *known == domain);
                if known.is_some_and(|(_, keys)| keys.contains(&key)) {
                    continue;
                }
                let place = Place::Key(version.path.field("annotations").key(name));
                let elsewhere = ELSEWHERE.iter().find(|(known, _)| known == name);
                let diagnostic = match elsewhere {
                    Some((_, kind)) => {
                        let title = format!("Istio does not read `{name}` on pods");
                        let label = format!("read on {kind} only");
                        Diagnostic::new(&UNKNOWN_ANNOTATION, title, place, label).help("remove it")
                    }
                    None => {
                        let title = format!("Istio does not know the annotation `{name}`");
                        let all: Vec<String> = ON_PODS
                            .iter()
                            .filter(|(known, _)| *known == domain || keys_like(key, known))
                            .flat_map(|(domain, keys)| {
                                keys.iter().map(move |key| format!("{domain}/{key}"))
                            })
                            .collect();
                        let known = all.iter().map(String::as_str);
                        Diagnostic::new(&UNKNOWN_ANNOTATION, title, place, "has no effect")
                            .suggest(name, known)
                    }
                };
                find.report(diagnostic);
            }
        }
    }
}

/// Whether a domain has exactly this key, so that the domain may be what is misspelt.
fn keys_like(key: &str, domain: &str) -> bool {
    let keys = ON_PODS.iter().find(|(known, _)| *known == domain);
    keys.is_some_and(|(_, keys)| keys.contains(&key))
}
