//! What `checks` and allow-comments make of a warning.

use serde_json::Value;

use crate::support::Weft;

const APP: &str = "
components:
  web:
    image: example.com/web:1
    ports: { http: 8080 }
";

fn with(checks: &str) -> String {
    format!("checks: {checks}{APP}")
}

#[test]
fn a_denied_warning_is_an_error_in_every_format_and_nothing_is_written() {
    let app = with("{ unreachable-component: deny }");
    let text = Weft::on("check", &app).run().wrong();
    assert!(text.starts_with("error[unreachable-component]"), "{text}");
    assert!(text.ends_with("1 error\n"), "{text}");
    let json: Value =
        serde_json::from_str(&Weft::on("check --format json", &app).run().wrong()).expect("JSON");
    assert_eq!((&json["errors"], &json["warnings"]), (&1.into(), &0.into()));
    assert_eq!(json["diagnostics"][0]["severity"], "error");
    let sarif: Value =
        serde_json::from_str(&Weft::on("check --format sarif", &app).run().wrong()).expect("JSON");
    assert_eq!(sarif["runs"][0]["results"][0]["level"], "error");
    let github = Weft::on("check --format github", &app).run().wrong();
    assert!(github.starts_with("::error "), "{github}");
    let gitlab: Value =
        serde_json::from_str(&Weft::on("check --format gitlab", &app).run().wrong()).expect("JSON");
    assert_eq!(gitlab[0]["severity"], "major");
    let said = Weft::on("build", &app).run().refused(1);
    assert!(said.ends_with("1 error; nothing was written\n"), "{said}");
}

#[test]
fn an_allowed_warning_is_silent_in_every_format() {
    let app = with("{ unreachable-component: { allow: the batch cluster calls it } }");
    let line = Weft::on("check --deny warnings", &app).run().fine();
    assert_eq!(line, "ok  weft.yaml  1 component, 1 workload\n");
    for format in ["json", "sarif", "github", "gitlab"] {
        let report = Weft::on(&format!("check --format {format}"), &app).run().fine();
        assert!(!report.contains("nothing leads to `web`"), "{report}");
    }
    assert!(Weft::on("build", &app).run().fine().contains("kind: Deployment"));
}

#[test]
fn an_allowance_that_one_environment_needs_is_needed() {
    let app = "
checks: { fault-everywhere: { allow: REASON } }
components:
  web:
    image: example.com/web:1
    ports: { http: 8080 }
    expose: { http: { via: load-balancer } }
environments:
  alone: { components: { web: { expose: { http: null } } } }
";
    let unused = Weft::on("check", app).run().fine();
    assert!(unused.contains("warning[unused-allow]: `fault-everywhere`"), "{unused}");
    let needed = app.replace("fault-everywhere", "unreachable-component");
    let line = Weft::on("check", &needed).run().fine();
    assert!(line.starts_with("ok "), "{line}");
    // Asked about one environment alone, nobody knows what the others need.
    let one = Weft::on("check --env alone", app).run().fine();
    assert!(!one.contains("unused-allow") && one.contains("unreachable-component"), "{one}");
}

#[test]
fn an_environment_can_be_stricter_than_the_app() {
    let app = format!(
        "{}environments:\n  prod: {{ checks: {{ unreachable-component: deny }} }}\n",
        with("{ unreachable-component: { allow: not wired up yet } }")
    );
    assert!(Weft::on("build", &app).run().fine().contains("kind: Deployment"));
    let said = Weft::on("build --env prod", &app).run().refused(1);
    assert!(said.starts_with("error[unreachable-component]"), "{said}");
    let both = Weft::on("check", &app).run().wrong();
    assert!(both.contains("in environment `prod`"), "{both}");
}

#[test]
fn a_comment_in_place_allows_what_the_app_denies() {
    let app = with("{ unreachable-component: deny }")
        .replace("  web:", "  web: # weft: allow unreachable-component — called by hand");
    assert!(Weft::on("check", &app).run().fine().starts_with("ok "));
    assert!(Weft::on("build", &app).run().fine().contains("kind: Deployment"));
}

#[test]
fn an_allowance_for_another_mode_or_for_what_the_command_line_sets_is_needed() {
    // Plain Services cannot split like this, which only `fallback` and a warning make of it.
    let app = "
governance: istio
gateway: { class: istio }
components:
  web:
    image: example.com/web:1
    ports: { http: 8080 }
    expose: { http: { via: load-balancer } }
    dependsOn: [api]
  api:
    image: example.com/api:1
    ports: { http: 8080 }
    versions: { v1: {}, v2: { image: 'example.com/api:2' } }
    traffic:
      # weft: allow approximated-traffic — half and half will do without a mesh
      split: { weights: { v1: 60, v2: 40 }, fallback: drop }
";
    for args in ["check", "check --governance kubernetes", "check --governance istio"] {
        let line = Weft::on(args, app).run().fine();
        assert!(line.starts_with("ok "), "{args}: {line}");
    }
    let set = "check --set components.web.dependsOn.api.port=http";
    assert!(Weft::on(set, app).run().fine().starts_with("ok "));
    // A value that the command line replaces can be what a comment of the file is about.
    let latest = "
components:
  web:
    image: example.com/web:latest # weft: allow latest-tag — a local build
    ports: { http: 8080 }
    expose: { http: { via: load-balancer } }
";
    let set = "check --set components.web.image=example.com/web:1";
    for args in ["check", set] {
        assert!(Weft::on(args, latest).run().fine().starts_with("ok "), "{args}");
    }
    let never = latest.replace("allow latest-tag", "allow dead-version");
    for args in ["check", set, "check --governance istio"] {
        assert!(Weft::on(args, &never).run().codes().contains(&"unused-allow".into()), "{args}");
    }
    // Nor is an entry of `checks` unused for that.
    let entry = format!("checks: {{ latest-tag: {{ allow: local builds }} }}{latest}")
        .replace(" # weft: allow latest-tag — a local build", "");
    assert!(Weft::on(set, &entry).run().fine().starts_with("ok "));
}
