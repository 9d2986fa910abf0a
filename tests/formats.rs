//! The reports for people and for programs, and how a check ends.

use std::collections::BTreeSet;

use expect_test::expect;
use serde_json::Value;

use crate::support::{Weft, app_file};

const FINE: &str = "components:\n  web:\n    image: example.com/web:1\n    ports: { http: 8080 }\n    \
                    expose: { http: { via: load-balancer } }\n";
/// One warning.
const WARNED: &str =
    "components:\n  web:\n    image: example.com/web:1\n    ports: { http: 8080 }\n";
/// Two errors in one line, and a cause with two parties.
const WRONG: &str = "components:\n  web:\n    image: example.com/web:1\n    image: 100%, \"a:b\"\n    \
                     replicas: many\n";

fn json(args: &str, app: &str) -> (i32, Value) {
    let ended = Weft::on(args, app).run();
    assert_eq!(ended.stderr, "");
    (ended.status, serde_json::from_str(&ended.stdout).expect("JSON"))
}

#[test]
fn a_sound_app_takes_one_line() {
    let said = Weft::on("check", FINE).run().fine();
    expect![[r#"
        ok  weft.yaml  1 component, 1 workload
    "#]]
    .assert_eq(&said);
    let app = format!("{FINE}environments: {{ a: {{}}, b: {{}} }}\n");
    let said = Weft::on("check", &app).run().fine();
    expect![[r#"
        ok  weft.yaml  1 component, 1 workload, 2 environments
    "#]]
    .assert_eq(&said);
    assert_eq!(Weft::on("check -q", FINE).run().fine(), "");
}

#[test]
fn a_warning_is_no_failure_unless_it_is_denied() {
    let ended = Weft::on("check", WARNED).run();
    assert_eq!((ended.status, ended.codes()), (0, vec!["unreachable-component".to_owned()]));
    assert!(ended.stdout.ends_with("\n1 warning\n"), "{}", ended.stdout);
    let report = Weft::on("check --deny warnings", WARNED).run().wrong();
    assert!(report.ends_with("\n1 warning\n"), "{report}");
    assert_eq!(Weft::on("check -q", WARNED).run().fine(), "");
    Weft::on("check --deny errors", WARNED).run().refused(2);

    let ended = Weft::on("build", WARNED).run();
    assert_eq!((ended.status, ended.codes().len()), (0, 1));
    assert!(!ended.stdout.is_empty());
    let said = Weft::on("build --deny warnings", WARNED).run().refused(1);
    assert!(said.ends_with("weft.yaml: 1 warning; nothing was written\n"), "{said}");
    let quiet = Weft::on("build -q", WARNED).run().fine();
    assert_eq!(quiet, ended.stdout);
}

#[test]
fn what_is_denied_is_shown_even_when_quiet() {
    let ended = Weft::on("check -q --deny warnings", WARNED).run();
    assert_eq!((ended.status, ended.codes()), (1, vec!["unreachable-component".to_owned()]));
}

#[test]
fn an_error_is_shown_even_when_quiet() {
    let ended = Weft::on("check -q", WRONG).run();
    assert_eq!((ended.status, ended.codes().len()), (1, 2));
}

#[test]
fn colour_is_for_terminals_and_for_those_who_ask() {
    let plain = Weft::on("check", WRONG).run().wrong();
    assert!(!plain.contains('\u{1b}'));
    assert_eq!(Weft::on("check --color never", WRONG).run().wrong(), plain);
    assert!(Weft::on("check --color always", WRONG).run().wrong().contains('\u{1b}'));
    let asked = Weft::on("check --color always", WRONG).env("NO_COLOR", "1").run().wrong();
    assert!(asked.contains('\u{1b}'));
}

#[test]
fn json_holds_what_the_text_says() {
    let (status, report) = json("check --format json", WRONG);
    assert_eq!(status, 1);
    assert_eq!((&report["schema"], &report["errors"]), (&"weft.check/v1".into(), &2.into()));
    let first = &report["diagnostics"][0];
    assert_eq!(first["code"], "duplicate-key");
    assert_eq!((&first["place"]["line"], &first["place"]["column"]), (&6.into(), &5.into()));
    assert_eq!(first["place"]["endColumn"], 10);
    assert_eq!(first["related"][0]["line"], 5);
    assert!(first["help"].is_string());
    let (status, report) = json("check --format json", FINE);
    assert_eq!((status, report["diagnostics"].as_array().map(Vec::len)), (0, Some(0)));
}

#[test]
fn github_reads_one_command_a_line() {
    let report = Weft::on("check --format github", WRONG).run().wrong();
    expect![[r#"
        ::error file=weft.yaml,line=6,endLine=6,col=5,endColumn=10,title=duplicate-key::key `image` is written twice: here (help: remove or rename one of the two)
        ::error file=weft.yaml,line=7,endLine=7,col=15,endColumn=19,title=wrong-type::`replicas` must be a whole number: this is `many` (help: write for example `replicas: 3`)
    "#]].assert_eq(&report);
}

#[test]
fn github_is_told_of_no_line_that_would_end_a_command() {
    let app = format!("{FINE}    description: x\n\"a:b,c%d\\ne\": x\n");
    let report = Weft::on("check --format github", &app).run().wrong();
    assert!(
        report.lines().all(|line| line.starts_with("::error file=weft.yaml,line=")),
        "{report}"
    );
    assert!(report.contains("c%25d"), "{report}");
}

/// What SARIF 2.1.0 requires: sections 3.13, 3.14, 3.18, 3.19, 3.27, 3.28, 3.29, 3.30, 3.49.
fn conforms(log: &Value) {
    assert_eq!(log["version"], "2.1.0");
    for run in log["runs"].as_array().expect("runs") {
        let driver = &run["tool"]["driver"];
        assert!(driver["name"].is_string());
        let rules: Vec<&str> = driver["rules"]
            .as_array()
            .expect("rules")
            .iter()
            .map(|rule| rule["id"].as_str().expect("an id"))
            .collect();
        let unique: BTreeSet<&&str> = rules.iter().collect();
        assert_eq!(unique.len(), rules.len());
        assert!(
            ["utf16CodeUnits", "unicodeCodePoints"]
                .contains(&run["columnKind"].as_str().unwrap_or("utf16CodeUnits"))
        );
        for result in run["results"].as_array().expect("results") {
            assert!(result["message"]["text"].as_str().is_some_and(|text| !text.is_empty()));
            assert!(rules.contains(&result["ruleId"].as_str().expect("a rule")));
            assert!(
                ["none", "note", "warning", "error"]
                    .contains(&result["level"].as_str().expect("a level"))
            );
            let related = result["relatedLocations"].as_array().into_iter().flatten();
            let locations = result["locations"].as_array().expect("locations").iter();
            for location in locations.chain(related) {
                let place = &location["physicalLocation"];
                let uri = place["artifactLocation"]["uri"].as_str().expect("a uri");
                assert!(!uri.contains(' ') && !uri.starts_with("--"), "{uri}");
                let at = |name: &str| place["region"][name].as_u64().expect("a number");
                assert!(at("startLine") >= 1 && at("startColumn") >= 1);
                let ordered =
                    (at("startLine"), at("startColumn")) <= (at("endLine"), at("endColumn"));
                assert!(ordered, "{place}");
            }
        }
    }
}

#[test]
fn sarif_is_as_its_standard_requires() {
    for app in [WRONG, WARNED, FINE, "", "a: b: c"] {
        let (_, log) = json("check --format sarif", app);
        conforms(&log);
        let driver = &log["runs"][0]["tool"]["driver"];
        assert_eq!(driver["rules"].as_array().map(Vec::len), Some(weft::rules().len()));
    }
    let ended = Weft::new("check --format sarif").file("weft.yaml", "").run();
    conforms(&serde_json::from_str(&ended.stdout).expect("JSON"));
}

#[test]
fn sarif_counts_columns_in_characters() {
    let (_, log) = json(
        "check --format sarif",
        "components: { web: { env: { A: é🦀 }, image: a, replicas: x } }\n",
    );
    let region = &log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"];
    assert_eq!((&region["startColumn"], &region["endColumn"]), (&58.into(), &59.into()));
}

#[test]
fn gitlab_tells_its_issues_apart_by_fingerprint() {
    let app = "components:\n  web:\n    image: a\n    resources: { memory: 1MB }\n  api:\n    image: a\n    \
               resources: { memory: 1MB }\n";
    let (status, issues) = json("check --format gitlab", app);
    let issues = issues.as_array().expect("a list");
    assert_eq!((status, issues.len()), (1, 2));
    for issue in issues {
        for field in ["description", "check_name", "fingerprint", "severity"] {
            assert!(issue[field].is_string(), "{issue}");
        }
        assert_eq!(issue["location"]["path"], "weft.yaml");
        assert!(issue["location"]["lines"]["begin"].is_u64());
    }
    assert_ne!(issues[0]["fingerprint"], issues[1]["fingerprint"]);
}

#[test]
fn an_allowed_warning_is_silent_and_an_unused_or_bad_allowance_is_not() {
    let on_line = |comment: &str| WARNED.replace("  web:", &format!("  web: {comment}"));
    let above = |comment: &str| WARNED.replace("  web:", &format!("  {comment}\n  web:"));
    let allowed = "# weft: allow unreachable-component — called by hand";
    for app in [on_line(allowed), above(allowed), on_line(&allowed.replace('—', "-"))] {
        let said = Weft::on("check --deny warnings", &app).run().fine();
        assert_eq!(said, "ok  weft.yaml  1 component, 1 workload\n");
    }
    let codes = |app: &str| Weft::on("check", app).run().codes();
    let without_reason = on_line("# weft: allow unreachable-component");
    assert_eq!(codes(&without_reason), ["malformed-allow"]);
    // It stands in for a warning, never for an error.
    let denied = format!("checks: {{ unreachable-component: deny }}\n{without_reason}");
    assert_eq!(codes(&denied), ["unreachable-component", "malformed-allow"]);
    let of_nothing = on_line("# weft: allow dead-version — the canary ends in May");
    assert_eq!(codes(&of_nothing), ["unreachable-component", "unused-allow"]);
    let unknown = on_line("# weft: allow unreachable-componnet — why");
    assert_eq!(codes(&unknown), ["malformed-allow"]);
    let of_error = format!("{FINE}    replicas: many # weft: allow wrong-type — I know better\n");
    assert_eq!(codes(&of_error), ["wrong-type", "malformed-allow"]);
    // In a value it is no comment.
    let text = format!("{FINE}    env: {{ A: \"# weft: allow dead-version\" }}\n");
    assert_eq!(codes(&text), Vec::<String>::new());
}

#[test]
fn an_allowance_that_one_environment_needs_is_used() {
    let app = "components:\n  web:\n    image: example.com/web:1\n    ports: { http: 8080 }\n    \
               dependsOn: [api]\n    expose: { http: { via: load-balancer } }\n  \
               api: # weft: allow unreachable-component — prod is fed by a cron job\n    \
               image: example.com/api:1\n    ports: { http: 8080 }\n\
               environments: { prod: { components: { web: { dependsOn: null } } } }\n";
    let said = Weft::on("check", app).run();
    assert_eq!((said.status, said.codes()), (0, vec![]), "{}", said.stdout);
}

#[test]
fn a_fault_in_one_environment_is_found_without_naming_it() {
    let app = format!(
        "{FINE}environments: {{ prod: {{ components: {{ web: {{ replicas: -1 }} }} }} }}\n"
    );
    assert_eq!(Weft::on("check", &app).run().codes(), ["out-of-range"]);
}

#[test]
fn several_apps_are_checked_at_once() {
    let weft = |args: &str| {
        Weft::new(args)
            .file("a/weft.yaml", app_file(FINE))
            .file("b/deep/weft.yaml", app_file(WARNED))
            .file("b/other.weft.yaml", app_file(WRONG))
            .file("b/node_modules/weft.yaml", "not looked at")
            .file("b/.hidden/weft.yaml", "not looked at")
    };
    let said = weft("check a a/weft.yaml").run().fine();
    expect![[r#"
        ok  a/weft.yaml  1 component, 1 workload
        ok  a/weft.yaml  1 component, 1 workload
    "#]]
    .assert_eq(&said);
    let ended = weft("check .").run();
    let codes = ["duplicate-key", "wrong-type", "unreachable-component"];
    let mut found = ended.codes();
    found.sort();
    let mut codes = codes.map(str::to_owned).to_vec();
    codes.sort();
    assert_eq!((ended.status, found), (1, codes), "{}", ended.stdout);
    for name in ["b/deep/weft.yaml:4:3", "b/other.weft.yaml:6:5"] {
        assert!(ended.stdout.contains(name), "{name} is not in {}", ended.stdout);
    }
    let ended = weft("check nowhere a").run();
    assert_eq!(ended.status, 2, "what cannot be read is a failure of the run");
    assert!(
        ended.stdout.starts_with("ok  a/weft.yaml"),
        "and keeps nothing else from being checked"
    );
}

#[test]
fn the_app_is_found_from_a_folder_below_it_up_to_the_repository() {
    let weft = Weft::on("check", FINE).file("src/deep/x", "");
    let deep = |weft: &Weft, from: &str| {
        std::process::Command::new(env!("CARGO_BIN_EXE_weft"))
            .arg("check")
            .current_dir(weft.path(from))
            .output()
            .expect("weft runs")
    };
    assert_eq!(deep(&weft, "src/deep").status.code(), Some(0));
    let weft = weft.file("src/.git/HEAD", "");
    assert_eq!(deep(&weft, "src/deep").status.code(), Some(2));
}

#[test]
fn set_takes_only_what_the_grammar_and_the_file_have() {
    let set = |setting: &str| {
        let ended = Weft::on("check", FINE).arg("--set").arg(setting).run();
        (ended.status, ended.codes())
    };
    for fine in ["components.web.replicas=3", "components.web.env.NEW=on", "governance=kubernetes"]
    {
        assert_eq!(set(fine), (0, vec![]), "{fine}");
    }
    for (wrong, code) in [
        ("components.wbe.replicas=3", "unknown-path"),
        ("components.web.ports.grpc=3", "unknown-path"),
        ("params.tag=2", "unknown-path"),
        ("replicas", "unknown-path"),
        ("=3", "unknown-path"),
        ("components..web=3", "unknown-path"),
        ("components.web.replicsa=3", "unknown-field"),
        ("components.web.replicas=three", "wrong-type"),
        ("components.web.replicas=-1", "out-of-range"),
        ("governance=consul", "unknown-value"),
        ("components.web.args=x", "unknown-path"),
        ("components.web.args.0=x", "unknown-path"),
        ("components.web.traffic.rules.0.to=v2", "unknown-path"),
        ("name=other", "unknown-field"),
        ("environments.prod.namespace=x", "unknown-field"),
    ] {
        assert_eq!(set(wrong), (2, vec![code.to_owned()]), "{wrong}");
    }
    let (status, codes) = set("components.web.image=");
    assert_eq!(
        (status, codes),
        (2, vec!["malformed-value".to_owned()]),
        "nothing is the empty text"
    );
    let (status, codes) = set("components.web.image=null");
    assert_eq!((status, codes), (1, vec!["component-without-image".to_owned()]), "`null` deletes");
}

#[test]
fn usage_that_makes_no_sense_is_status_two() {
    for args in ["", "nonsense", "build --nonsense", "check --format xml", "build -q -v"] {
        let said = Weft::on(args, FINE).run().refused(2);
        assert!(said.contains("Usage") || said.contains("error"), "{args}: {said}");
    }
}

#[test]
fn drawings_say_which_port_stands_behind_a_balancer() {
    let app = "components:\n  web:\n    image: example.com/web:1\n    \
               ports: { http: 8080, grpc: 9090 }\n    \
               expose: { http: { via: load-balancer }, grpc: { via: node-port } }\n";
    let drawn = |format: &str| Weft::on(&format!("graph --format {format}"), app).run().fine();
    expect![[r#"
        flowchart LR
          n-web["web"]
          outside((outside))
          outside -->|"node port, grpc"| n-web
          outside -->|"load balancer, http"| n-web
    "#]]
    .assert_eq(&drawn("mermaid"));
    assert!(drawn("dot").contains("[label=\"load balancer, http\"]"), "{}", drawn("dot"));
}
