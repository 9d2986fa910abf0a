//! The examples of every rule do what they claim.

use std::process::Command;

use expect_test::expect;
use weft::diag::{Rule, Severity};

use crate::cases::usage;
use crate::support::{Ended, Weft, app_file};

/// Runs `weft check` on an example, whose first comment may ask for arguments or a special input.
fn check(example: &str) -> Ended {
    let first = example.lines().next().unwrap_or_default();
    let args = first.strip_prefix("# weft check ").unwrap_or_default();
    let mut weft = Weft::new("check");
    weft.args(&format!("check {args}"));
    if example.is_empty() {
        return weft.file("weft.yaml", "").run();
    }
    let text = app_file(example);
    let bytes = match first {
        "# the file is saved as ISO 8859-1" => {
            // Every text in ASCII is both, so there has to be a letter that is not.
            [b"# caf\xe9\n", text.as_bytes()].concat()
        }
        _ => text.into_bytes(),
    };
    if first == "# the file big.bin has 2 MiB" {
        weft = weft.file("big.bin", vec![b'x'; 2 << 20]);
    }
    if let Some(other) = first.strip_prefix("# other/weft.yaml is the app ") {
        // Its name in backticks, and then each further line of it.
        let mut quoted = other.split('`').skip(1).step_by(2);
        let name = quoted.next().expect("a name");
        let further: String = quoted.map(|line| format!("{line}\n")).collect();
        let app = format!(
            "apiVersion: weft/v1\nname: {name}\n{further}components:\n  \
             pay: {{ image: 'example.com/pay:1', ports: {{ http: 8080 }} }}\n"
        );
        weft = weft.file("other/weft.yaml", app);
    }
    if let Some(template) = first.strip_prefix("# modes/mesh has the template ") {
        // Each of its lines in backticks.
        let lines = template.split('`').skip(1).step_by(2);
        let template: String = lines.map(|line| format!("{line}\n")).collect();
        let manifest = "apiVersion: weft/v1\ncapabilities: {}\ntemplates: { map: component }\n";
        weft = weft.file("modes/mesh/mode.yaml", manifest).file("modes/mesh/map.yaml.j2", template);
    }
    weft.file("weft.yaml", bytes).run()
}

#[test]
fn every_wrong_example_reports_its_code_and_no_other_error() {
    let mut bad = Vec::new();
    for rule in weft::rules() {
        let ended = check(rule.wrong);
        let codes = ended.codes();
        let severity = |code: &String| {
            weft::rules().iter().find(|rule| rule.code == code).map(|rule| rule.severity)
        };
        let errors: Vec<&String> = codes
            .iter()
            .filter(|code| *code != rule.code && severity(code) == Some(Severity::Error))
            .collect();
        let status = if usage(rule.code) { 2 } else { i32::from(rule.severity == Severity::Error) };
        if !codes.contains(&rule.code.to_owned()) || !errors.is_empty() || ended.status != status {
            bad.push(format!("{}: {}\n{}", rule.code, ended.status, ended.stdout));
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

#[test]
fn every_right_example_has_nothing_wrong_with_it() {
    let mut bad = Vec::new();
    for rule in weft::rules() {
        let ended = check(rule.right);
        if !ended.codes().is_empty() || ended.status != 0 {
            bad.push(format!("{}: {}\n{}", rule.code, ended.status, ended.stdout));
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

#[test]
fn every_rule_is_documented_in_the_house_style() {
    for Rule { code, summary, explain, .. } in weft::rules() {
        let kebab = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        assert!(code.chars().all(kebab), "{code}");
        assert!(!summary.ends_with('.') && summary.len() < 90, "{code}: {summary}");
        assert!(!summary.starts_with(char::is_uppercase) || summary.starts_with("YAML"), "{code}");
        assert!(explain.ends_with('.') || explain.ends_with(".)"), "{code}: {explain}");
        assert!(!explain.contains("  "), "{code}: {explain}");
    }
}

#[test]
fn codes_are_sorted_and_used_once() {
    let codes: Vec<&str> = weft::rules().iter().map(|rule| rule.code).collect();
    let mut sorted = codes.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(codes, sorted);
}

#[test]
fn explain_alone_lists_every_code_with_its_grade_and_what_it_is_about() {
    let text = Weft::new("explain").run().fine();
    let rules = weft::rules();
    assert_eq!(text.lines().count(), rules.len());
    for (line, rule) in text.lines().zip(rules) {
        let words: Vec<&str> = line.split_whitespace().take(2).collect();
        assert_eq!(words, [rule.code, rule.severity.word()]);
        assert!(line.ends_with(&format!("  {}", rule.summary)), "{line}");
    }
}

#[test]
fn explain_needs_no_app_to_explain_a_code() {
    let text = Weft::new("explain self-dependency").run().fine();
    expect![[r#"
        self-dependency (error, cannot be allowed)
        a component depends on itself

        Calls between the pods of one component are not calls between components, and
        nothing can start after itself. Under a policy, the pods of a statefulset reach
        each other.

        Wrong:
            components:
              web:
                image: example.com/web:1
                ports: { http: 8080 }
                expose: { http: { via: load-balancer } }
                dependsOn: [web]
              api:
                image: example.com/api:1
                ports: { http: 9090 }

        Right:
            components:
              web:
                image: example.com/web:1
                ports: { http: 8080 }
                expose: { http: { via: load-balancer } }
                dependsOn: [api]
              api:
                image: example.com/api:1
                ports: { http: 9090 }
    "#]]
    .assert_eq(&text);
}

#[test]
fn a_misspelt_code_is_offered_its_nearest_neighbour() {
    let text = Weft::new("explain self-dependancy").run().refused(2);
    expect![[r#"
        error: `self-dependancy` is no code; did you mean `self-dependency`? (there is no weft.yaml here or above; name one with -f FILE, or give its folder)
    "#]].assert_eq(&text);
}

#[test]
fn explain_leads_from_every_kind_of_traffic_to_its_line() {
    let app = "governance: istio\ngateway: { hosts: [shop.example.com] }\ncomponents:\n  web:\n    \
               ports: { http: 8080 }\n    expose: { http: {} }\n    dependsOn: [store]\n    versions:\n      \
               v1: { image: 'example.com/web:1' }\n      v2: { image: 'example.com/web:2' }\n    \
               traffic:\n      rules: [{ match: { path: { prefix: /a } }, rewrite: { prefix: /b } }]\n      \
               sticky: { cookie: canary }\n      split: { v1: 90, v2: 10 }\n      \
               circuitBreaker: { connections: 9, eject: { percent: 50 } }\n  \
               store:\n    ports: { mysql: 3306 }\n    \
               versions: { v1: { image: 'mysql:8' }, v2: { image: 'mysql:9' } }\n    \
               traffic: { rules: [{ match: { caller: web }, to: v2 }] }\n";
    for (field, origin) in [
        ("VirtualService/web:spec.http.0.rewrite", "web.traffic.rules[0].rewrite"),
        ("VirtualService/web:spec.http.0.match", "web.traffic.rules[0].match"),
        ("VirtualService/web:spec.http.3", "web.traffic.sticky"),
        ("VirtualService/web:spec.http.5.route.1.headers", "web.traffic.sticky"),
        ("VirtualService/web:spec.http.5.route.1.weight", "web.traffic.split.v2"),
        (
            "DestinationRule/web:spec.trafficPolicy.connectionPool.tcp.maxConnections",
            "web.traffic.circuitBreaker.connections",
        ),
        (
            "DestinationRule/web:spec.trafficPolicy.outlierDetection.maxEjectionPercent",
            "web.traffic.circuitBreaker.eject.percent",
        ),
        ("VirtualService/store:spec.tcp.0.match", "store.traffic.rules[0]"),
        ("VirtualService/store:spec.tcp.0.route.0", "store.traffic.rules[0].to"),
    ] {
        let text = Weft::on(&format!("explain {field}"), app).run().fine();
        let comes = format!("comes from components.{origin}\n");
        assert!(text.contains(&comes), "{field}: {text}");
    }
}

#[test]
fn explain_leads_from_a_field_of_a_manifest_to_its_line() {
    let app = "components:\n  web:\n    image: example.com/web:1\n    ports: { http: 8080 }\n    \
               replicas: 3\n    expose: { http: { via: load-balancer } }\n";
    let text = Weft::on("explain Deployment/web-v1:spec.replicas", app).run().fine();
    expect![[r#"
        weft.yaml:7:15
        Deployment/web-v1:spec.replicas = 3
        comes from components.web.replicas
          7 |     replicas: 3
    "#]]
    .assert_eq(&text);
    let text = Weft::on("explain web", app).run().fine();
    expect![[r#"
        web  deployment  weft.yaml:4:3
          port http: 8080 → 8080 http
          version v1: example.com/web:1
          makes ServiceAccount/web
          makes Service/web
          makes Service/web-external
          makes Deployment/web-v1
    "#]]
    .assert_eq(&text);
    let text = Weft::on("explain Deployment/wbe-v1", app).run().refused(2);
    expect![[r#"
        error: `Deployment/wbe-v1` is no code, component or object of this app; did you mean `Deployment/web-v1`?
    "#]].assert_eq(&text);
}

/// What `explain` says each field comes from.
fn origins(app: &str, fields: &[&str]) -> String {
    let mut out = String::new();
    for field in fields {
        let text = Weft::on(&format!("explain {field}"), app).run().fine();
        let line = text.lines().find(|line| line.starts_with("comes from ")).expect("an origin");
        out += &format!("{field} {line}\n");
    }
    out
}

#[test]
fn the_fields_of_jobs_and_cronjobs_have_origins() {
    let app = "
components:
  report:
    kind: cronjob
    image: example.com/report:1
    env: { LANG: de }
    schedule: { cron: '0 3 * * *', timeZone: Europe/Berlin, keepFailed: 2 }
    job: { retries: 1, restart: never }
  sweep: { kind: cronjob, image: 'example.com/sweep:1', schedule: '@daily' }
  resize: { kind: job, image: 'example.com/resize:1', job: { ttl: 1h } }
";
    let fields = [
        "CronJob/report:spec.schedule",
        "CronJob/report:spec.timeZone",
        "CronJob/report:spec.failedJobsHistoryLimit",
        "CronJob/report:spec.jobTemplate.spec.backoffLimit",
        "CronJob/report:spec.jobTemplate.spec.template.spec.restartPolicy",
        "CronJob/report:spec.jobTemplate.spec.template.spec.containers.0.env.0",
        "CronJob/sweep:spec.schedule",
        "Job/resize:spec.ttlSecondsAfterFinished",
    ];
    expect![[r#"
        CronJob/report:spec.schedule comes from components.report.schedule.cron
        CronJob/report:spec.timeZone comes from components.report.schedule.timeZone
        CronJob/report:spec.failedJobsHistoryLimit comes from components.report.schedule.keepFailed
        CronJob/report:spec.jobTemplate.spec.backoffLimit comes from components.report.job.retries
        CronJob/report:spec.jobTemplate.spec.template.spec.restartPolicy comes from components.report.job.restart
        CronJob/report:spec.jobTemplate.spec.template.spec.containers.0.env.0 comes from components.report.env.LANG
        CronJob/sweep:spec.schedule comes from components.sweep.schedule.cron
        Job/resize:spec.ttlSecondsAfterFinished comes from components.resize.job.ttl
    "#]].assert_eq(&origins(&app[1..], &fields));
}

#[test]
fn the_fields_of_sidecars_and_init_containers_have_origins() {
    let app = "
components:
  worker:
    image: example.com/worker:1
    volumes: { /data: { kind: scratch, name: data } }
    sidecars:
      log:
        image: example.com/log:1
        env: { LANG: de }
        volumes: { /in: { from: data } }
        probes: { liveness: { tcp: 9000 } }
    initContainers:
      - { name: fetch, image: 'example.com/fetch:1', command: [fetch], files: { /etc/x: { text: x } } }
";
    let fields = [
        "Deployment/worker-v1:spec.template.spec.initContainers.0.image",
        "Deployment/worker-v1:spec.template.spec.initContainers.0.restartPolicy",
        "Deployment/worker-v1:spec.template.spec.initContainers.0.env.0.value",
        "Deployment/worker-v1:spec.template.spec.initContainers.0.volumeMounts.0",
        "Deployment/worker-v1:spec.template.spec.initContainers.0.livenessProbe",
        "Deployment/worker-v1:spec.template.spec.initContainers.1.command.0",
        "Deployment/worker-v1:spec.template.spec.initContainers.1.volumeMounts.0",
        "ConfigMap/worker-v1-files:data",
    ];
    expect![[r#"
        Deployment/worker-v1:spec.template.spec.initContainers.0.image comes from components.worker.sidecars.log.image
        Deployment/worker-v1:spec.template.spec.initContainers.0.restartPolicy comes from components.worker.sidecars.log
        Deployment/worker-v1:spec.template.spec.initContainers.0.env.0.value comes from components.worker.sidecars.log.env.LANG
        Deployment/worker-v1:spec.template.spec.initContainers.0.volumeMounts.0 comes from components.worker.sidecars.log.volumes["/in"]
        Deployment/worker-v1:spec.template.spec.initContainers.0.livenessProbe comes from components.worker.sidecars.log.probes.liveness
        Deployment/worker-v1:spec.template.spec.initContainers.1.command.0 comes from components.worker.initContainers[0].command
        Deployment/worker-v1:spec.template.spec.initContainers.1.volumeMounts.0 comes from components.worker.initContainers[0].files["/etc/x"]
        ConfigMap/worker-v1-files:data comes from components.worker.initContainers[0].files
    "#]].assert_eq(&origins(&app[1..], &fields));
}

#[test]
fn explain_knows_how_a_component_is_operated() {
    let app = "components:\n  web:\n    image: example.com/web:1\n    ports: { http: 8080 }\n    \
               resources: { cpu: 100m }\n    autoscale: { min: 2, max: 9, cpu: 70 }\n    \
               disruption: { maxUnavailable: 50% }\n    placement: { spread: zone }\n    \
               rollout: { maxSurge: 2, stop: { delay: 5s } }\n    \
               expose: { http: { via: load-balancer } }\n";
    let pod = "Deployment/web-v1:spec.template.spec";
    let fields = [
        ("HorizontalPodAutoscaler/web-v1:spec.maxReplicas", "autoscale.max"),
        ("HorizontalPodAutoscaler/web-v1:spec.metrics.0", "autoscale.cpu"),
        ("PodDisruptionBudget/web-v1:spec.maxUnavailable", "disruption.maxUnavailable"),
        ("Deployment/web-v1:spec.strategy.rollingUpdate.maxSurge", "rollout.maxSurge"),
        (&format!("{pod}.topologySpreadConstraints.0.topologyKey"), "placement.spread"),
        (&format!("{pod}.terminationGracePeriodSeconds"), "rollout.stop"),
        (&format!("{pod}.containers.0.lifecycle.preStop.sleep.seconds"), "rollout.stop.delay"),
    ];
    for (field, origin) in fields {
        let text = Weft::on(&format!("explain {field}"), app).run().fine();
        let line = format!("comes from components.web.{origin}\n");
        assert!(text.contains(&line), "{field}:\n{text}");
    }
}

#[test]
fn help_and_version_are_no_failures() {
    for args in ["--help", "-h", "--version", "build --help", "check -h"] {
        Weft::new(args).run().fine();
    }
    let output = Command::new(env!("CARGO_BIN_EXE_weft")).output().expect("weft runs");
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn the_long_form_of_a_split_and_who_reads_metrics_have_origins() {
    let app = "
governance: istio
policy: declared
components:
  web:
    image: example.com/web:1
    ports: { http: 8080 }
    expose: { http: {} }
    versions: { v1: {}, v2: { image: 'example.com/web:2' } }
    traffic:
      rules: [{ match: { method: PUT }, split: { weights: { v1: 40, v2: 60 } } }]
      split: { weights: { v1: 90, v2: 10 } }
    # weft: allow caller-without-identity — Prometheus is outside the mesh
    metrics: { from: { namespace: monitoring } }
";
    let fields = [
        "VirtualService/web:spec.http.0.route.1.weight",
        "VirtualService/web:spec.http.1.route.1.weight",
        "NetworkPolicy/web:spec.ingress.1.from.0",
        "AuthorizationPolicy/web:spec.rules.0.from.1",
        "PeerAuthentication/web:spec.portLevelMtls.8080",
    ];
    expect![[r#"
        VirtualService/web:spec.http.0.route.1.weight comes from components.web.traffic.rules[0].split.weights.v2
        VirtualService/web:spec.http.1.route.1.weight comes from components.web.traffic.split.weights.v2
        NetworkPolicy/web:spec.ingress.1.from.0 comes from components.web.metrics.from.namespace
        AuthorizationPolicy/web:spec.rules.0.from.1 comes from components.web.metrics.from
        PeerAuthentication/web:spec.portLevelMtls.8080 comes from components.web.metrics.from
    "#]].assert_eq(&origins(app, &fields));
}
