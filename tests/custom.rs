//! A governance mode of the author's own: the example that comes with an app model, on cases and by
//! its documentation, and what is said of manifests and templates that are wrong.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use expect_test::{expect, expect_file};
use serde_json::Value;

use crate::cases;
use crate::support::{Ended, Weft, folders, objects, repository, tree};

const MODES: &str = "app-models/bookinfo/modes";

/// An app and a mode beside it, with one template for each component.
fn with(command: &str, manifest: &str, template: &str) -> Weft {
    let app = "governance: mesh\ncomponents:\n  web:\n    image: example.com/web:1\n    \
               ports: { http: 8080 }\n    expose: { http: { via: load-balancer } }\n";
    Weft::on(command, app)
        .file("modes/mesh/mode.yaml", manifest)
        .file("modes/mesh/map.yaml.j2", template)
}

const SOUND: &str = "apiVersion: weft/v1\ncapabilities: {}\ntemplates: { map: component }\n";
const MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ component.name }}\n  \
                   namespace: {{ component.namespace }}\n";

/// The report without the frame, a line for each diagnostic with where it is and its help.
fn told(ended: Ended) -> String {
    let mut out = String::new();
    for line in ended.stdout.lines() {
        let line = line.trim_end();
        let word = line.trim_start();
        if ["error[", "warning[", "-->", "= help"].iter().any(|start| word.starts_with(start)) {
            let _ = writeln!(out, "{word}");
        }
    }
    out
}

#[test]
fn every_case_of_the_example_builds_its_golden_manifests() {
    let modes = repository(MODES);
    let modes = modes.to_str().expect("a readable path");
    let all = folders(&repository("tests/cases/custom"));
    assert!(all.len() > 2, "{all:?}");
    for case in all {
        let ended = cases::command("build", &case).arg("--modes").arg(modes).run();
        assert_eq!(ended.status, 0, "{}\n{}", case.display(), ended.stderr);
        expect_file![case.join("expected.yaml")].assert_eq(&ended.stdout);
        let said = case.join("expected.stderr");
        if !ended.stderr.is_empty() || said.exists() {
            expect_file![said].assert_eq(&ended.stderr);
        }
    }
}

#[test]
fn an_app_finds_the_modes_beside_it() {
    let mut weft = Weft::new("build --governance cilium --set gateway.class=cilium");
    for (path, content) in tree(&repository("app-models/bookinfo")) {
        weft = weft.file(&path, content);
    }
    let built = objects(&weft.run().fine());
    let route = built.get("HTTPRoute", "reviews.mesh");
    assert_eq!(route["spec"]["parentRefs"][0]["kind"], "Service");
    assert_eq!(route["spec"]["rules"][1]["backendRefs"][0]["weight"], 30);
    // What the template does not say, weft does.
    assert_eq!(route["metadata"]["labels"]["app.kubernetes.io/part-of"], "bookinfo");
    // Routes come last, when there is something to route to.
    let names = built.names();
    let at = |name: &str| names.iter().position(|known| known == name).expect("there");
    assert!(at("Deployment/reviews-v3") < at("HTTPRoute/reviews.mesh"));
}

#[test]
fn objects_of_a_template_are_explained_patched_and_applied_in_order() {
    let modes = repository(MODES);
    let case = repository("tests/cases/custom/policy");
    let on = |command: &str| {
        cases::command(command, &case).arg("--modes").arg(modes.to_str().expect("a path")).run()
    };
    let text = on("explain CiliumNetworkPolicy/api").stdout;
    assert!(text.contains("components.api") && text.contains("weft.yaml:"), "{text}");
    let names = objects(&on("build").stdout).names();
    let at = |name: &str| names.iter().position(|known| known == name).expect("there");
    assert!(at("CiliumNetworkPolicy/db") < at("Deployment/web-v1"));
    assert!(!names.iter().any(|name| name.starts_with("NetworkPolicy/")), "{names:?}");

    let patched = with("build", SOUND, MAP).file(
        "weft.yaml",
        "apiVersion: weft/v1\nname: example\ngovernance: mesh\ncomponents:\n  web:\n    \
         image: example.com/web:1\npatches:\n  more:\n    target: { kind: ConfigMap, name: web }\n    \
         merge: { data: { mode: fast } }\n",
    );
    let ended = patched.run();
    let built = objects(&ended.stdout);
    assert_eq!(built.get("ConfigMap", "web")["data"]["mode"], "fast", "{}", ended.stderr);
}

#[test]
fn an_unknown_mode_is_told_with_the_nearest_of_those_that_there_are() {
    let of = |mode: &str| {
        let app =
            format!("governance: {mode}\ncomponents:\n  web: {{ image: 'example.com/web:1' }}\n");
        told(Weft::on("check", &app).file("modes/mesh/mode.yaml", SOUND).run())
    };
    expect![[r#"
        error[unknown-value]: `governance` cannot be `mesch`
        --> weft.yaml:3:13
        = help: did you mean `mesh`?
    "#]]
    .assert_eq(&of("mesch"));
    assert!(of("istoi").contains("did you mean `istio`?"));
    // A folder that is elsewhere.
    let app = "governance: mesh\ncomponents:\n  web: { image: 'example.com/web:1' }\n";
    let elsewhere = Weft::on("check --modes other", app).file("modes/mesh/mode.yaml", SOUND);
    assert!(told(elsewhere.run()).contains("error[unknown-value]"));
}

#[test]
fn what_is_wrong_with_a_manifest_is_told_by_its_place() {
    let of = |manifest: &str| told(with("check", manifest, MAP).run());
    expect![[r#"
        error[unknown-field]: `capabilities` has no field `spilt`
        --> modes/mesh/mode.yaml:2:17
        = help: did you mean `split`?
    "#]]
    .assert_eq(&of(
        "apiVersion: weft/v1\ncapabilities: { spilt: exact }\ntemplates: { map: component }\n",
    ));
    expect![[r#"
        error[missing-field]: the mode has no `templates`
        --> modes/mesh/mode.yaml:1:1
        = help: add `templates:`
        error[unknown-field]: the mode has no field `proxy`
        --> modes/mesh/mode.yaml:3:1
        = help: there is `apiVersion`, `appProtocols`, `capabilities`, `controlPlane`, `gatewayApi`, `gatewayClass`, `identities`, `marks`, `needs`, `networkPolicies`, `proxies`, `proxyPorts` and 4 more
    "#]]
    .assert_eq(&of("apiVersion: weft/v1\ncapabilities: {}\nproxy: true\n"));
    // Only shares can be had roughly: they follow the pods.
    expect![[r#"
        error[unknown-field]: `timeout` has no field `approximate`
        --> modes/mesh/mode.yaml:2:28
        = help: there is `impossible`
    "#]]
    .assert_eq(&of(
        "apiVersion: weft/v1\ncapabilities: { timeout: { approximate: rounded } }\ntemplates: { map: component }\n",
    ));
    expect![[r#"
        error[unreadable-file]: cannot read `modes/mesh/mop.yaml.j2`
        --> modes/mesh/mode.yaml:3:14
        = help: the path is relative to the app file
    "#]]
    .assert_eq(&of("apiVersion: weft/v1\ncapabilities: {}\ntemplates: { mop: component }\n"));
}

#[test]
fn what_is_wrong_with_a_template_is_told_by_its_line() {
    let of = |template: &str| told(with("check", SOUND, template).run());
    expect![[r#"
        error[faulty-template]: it cannot be rendered for `web`
        --> modes/mesh/map.yaml.j2:4:3
        = help: docs/modes.md says what a template is given and may hold
    "#]]
    .assert_eq(&of("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ component.nmae.x }}\n"));
    for (template, line) in [
        ("kind: X\nname: pre-{{ component.name }}\n", 2),
        ("kind: X\nname: {{ component.name|safe }}\n", 2),
        ("kind: X\n{% if component.name %}\n", 2),
        ("kind: X\nmetadata:\n  name: x\n", 1),
        ("apiVersion: v1\nkind: X\nmetadata:\n  name: web: web\n", 1),
    ] {
        let text = of(template);
        assert!(text.contains("error[faulty-template]"), "{template}\n{text}");
        assert!(text.contains(&format!("map.yaml.j2:{line}:")), "{template}\n{text}");
    }
    // An object that weft makes itself.
    let service = "apiVersion: v1\nkind: Service\nmetadata:\n  name: web\n  namespace: example\n";
    assert!(of(service).contains("a second Service/web would be made"), "{}", of(service));
}

#[test]
fn what_the_manifest_leaves_out_is_refused_and_no_template_sees_it() {
    let app = |fallback: &str| {
        format!(
            "governance: mesh\ncomponents:\n  web:\n    image: example.com/web:1\n    \
             dependsOn: [api]\n  api:\n    image: example.com/api:1\n    ports: {{ http: 80 }}\n    \
             traffic: {{ timeout: 2s{fallback} }}\n"
        )
    };
    let template = "{% for route in component.routes %}\n{% for step in route.steps %}\n\
                    {% if step.timeout %}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  \
                    name: {{ component.name }}\n{% endif %}\n{% endfor %}\n{% endfor %}\n";
    let run = |app: String, manifest: &str| {
        Weft::on("build", &app)
            .file("modes/mesh/mode.yaml", manifest)
            .file("modes/mesh/map.yaml.j2", template)
            .run()
    };
    let refused = run(app(""), SOUND);
    assert_eq!(refused.codes(), ["not-in-this-mode"], "{}", refused.stderr);
    assert!(refused.stderr.contains("`mode.yaml` of mesh does not list it"), "{}", refused.stderr);
    let dropped = run(app(", fallback: drop"), SOUND);
    assert_eq!(dropped.codes(), ["approximated-traffic"]);
    assert!(!dropped.stdout.contains("ConfigMap"));
    let able = "apiVersion: weft/v1\ntitle: Mesh\ncapabilities: { timeout: exact }\ntemplates: { map: component }\n";
    assert!(run(app(""), able).fine().contains("kind: ConfigMap"));
    // Of the modes that can, this one is named too.
    let elsewhere = run(app("").replace("governance: mesh\n", ""), able);
    assert!(elsewhere.stderr.contains("mesh"), "{}", elsewhere.stderr);
}

#[test]
fn facts_of_a_manifest_reach_the_objects() {
    let manifest = "apiVersion: weft/v1\ncapabilities: { access: exact, egress: exact }\n\
        appProtocols: { http: http1 }\ntunnel: 4143\n\
        controlPlane: { namespace: mesh-system, pods: { app: control }, port: 8080 }\n\
        marks:\n  namespace: { labels: { mesh: enabled } }\n  pods: { annotations: { proxy: 'yes' } }\n  \
        outside: { labels: { proxy: none } }\ntemplates: {}\n";
    let app = "governance: mesh\npolicy: { access: declared, egress: declared }\ncomponents:\n  web:\n    \
        image: example.com/web:1\n    ports: { http: 8080 }\n    expose: { http: { via: load-balancer } }\n    \
        dependsOn: [api]\n  api: { image: 'example.com/api:1', ports: { http: 80 } }\n  \
        old: { image: 'example.com/old:1', governance: none, dependsOn: [api] }\n";
    let run =
        |manifest: &str| Weft::on("build -q", app).file("modes/mesh/mode.yaml", manifest).run();
    let built = objects(&run(manifest).stdout);
    assert_eq!(built.get("Namespace", "example")["metadata"]["labels"]["mesh"], "enabled");
    let pod = |name: &str| built.get("Deployment", name)["spec"]["template"]["metadata"].clone();
    assert_eq!(pod("web-v1")["annotations"]["proxy"], "yes");
    assert_eq!(pod("old-v1")["labels"]["proxy"], "none");
    assert_eq!(built.get("Service", "api")["spec"]["ports"][0]["appProtocol"], "http1");
    let policy = &built.get("NetworkPolicy", "api")["spec"];
    let ports: Vec<&Value> = policy["ingress"]
        .as_array()
        .expect("rules")
        .iter()
        .map(|rule| &rule["ports"][0]["port"])
        .collect();
    assert_eq!(ports, [4143, 80], "callers in the mesh come by the tunnel, the other does not");
    let egress = policy["egress"].to_string();
    assert!(egress.contains("mesh-system") && egress.contains("8080"), "{egress}");
    // Without such marks nobody can be kept out.
    let bare = run(&manifest.replace("outside: { labels: { proxy: none } }", "outside:"));
    let bare = if bare.codes().is_empty() { run(SOUND) } else { bare };
    assert_ne!(bare.status, 0);
}

#[test]
fn a_mode_lies_in_the_folder_of_its_app() {
    let weft = with("check", SOUND, MAP);
    let outside = tempfile::TempDir::new().expect("a folder");
    std::fs::write(outside.path().join("map.yaml.j2"), MAP).expect("a file");
    let link = weft.path("modes/mesh/map.yaml.j2");
    std::fs::remove_file(&link).expect("it was there");
    #[cfg(unix)]
    std::os::unix::fs::symlink(outside.path().join("map.yaml.j2"), &link).expect("a link");
    let text = told(weft.run());
    assert!(text.contains("error[path-outside-app]"), "{text}");
}

#[test]
fn the_schema_of_manifests_is_fresh() {
    let printed = Weft::new("schema --mode").run().fine();
    expect_file![repository("schemas/mode.schema.json")].assert_eq(&printed);
    let schema: Value = serde_json::from_str(&printed).expect("JSON");
    let listed = &schema["$defs"]["Capabilities"]["properties"];
    for feature in weft::traffic::Feature::ALL {
        assert!(listed[feature.name()].is_object(), "{}", feature.name());
    }
}

/// A table of the fields of each struct that templates are given, from their own documentation.
fn tables() -> String {
    let path = repository("src/lower/view/given.rs");
    let text = std::fs::read_to_string(path).expect("the views");
    let mut out = String::new();
    let mut said = String::new();
    let mut names: BTreeMap<&str, String> = BTreeMap::new();
    for line in text.lines() {
        let line = line.trim();
        if let Some(more) = line.strip_prefix("/// ") {
            if !said.is_empty() {
                said.push(' ');
            }
            said.push_str(more);
        } else if let Some(name) = line.strip_prefix("pub struct ") {
            let name = name.trim_end_matches(" {");
            let _ = writeln!(
                out,
                "\n#### {name}\n\n{said}\n\n| Field | Type | Meaning |\n|---|---|---|"
            );
            names.insert(name, said.clone());
            said.clear();
        } else if let Some(field) = line.strip_prefix("pub ") {
            let (name, of) = field.trim_end_matches(',').split_once(": ").expect("a field");
            let of = of.replace("&'static str", "text").replace("String", "text");
            let of = of.replace("Pairs", "pairs").replace("u16", "number").replace("u32", "number");
            let of =
                of.replace("u8", "number").replace("u64", "number").replace("bool", "yes or no");
            let of = match of.strip_prefix("Option<") {
                Some(inner) => format!("{}, or none", inner.trim_end_matches('>')),
                None => of,
            };
            let of = match of.strip_prefix("Vec<") {
                Some(inner) => format!("list of {}", inner.replacen('>', "", 1)),
                None => of,
            };
            let _ = writeln!(out, "| `{name}` | {of} | {said} |");
            said.clear();
        }
    }
    assert!(names.len() > 20, "{names:?}");
    out
}

#[test]
fn the_documentation_has_every_field_that_templates_are_given() {
    const START: &str = "<!-- what templates are given, made from src/lower/view/given.rs -->\n";
    let path = repository("docs/modes.md");
    let text = std::fs::read_to_string(&path).expect("the documentation");
    let (before, _) = text.split_once(START).expect("the mark");
    expect_file![path].assert_eq(&format!("{before}{START}{}", tables()));
}

#[test]
fn the_documentation_has_every_field_of_a_manifest() {
    let text = std::fs::read_to_string(repository("docs/modes.md")).expect("the documentation");
    let schema = weft::model::mode_schema(&weft::traffic::features());
    let fields = schema["properties"].as_object().expect("fields");
    for field in fields.keys() {
        assert!(text.contains(&format!("| `{field}` |")), "{field} is missing in docs/modes.md");
    }
}
