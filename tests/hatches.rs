//! Raw objects and patches: what goes in comes out, and every field knows its line.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{Weft, built, objects};

const APP: &str = "
components:
  web:
    image: example.com/web:1
    ports: { http: 8080 }
    expose: { http: { via: load-balancer } }
    dependsOn: [api]
  api:
    image: example.com/api:1
    ports: { http: 9090 }
";

fn with(more: &str) -> String {
    format!("{APP}{more}")
}

/// A value as it might stand in somebody's custom resource.
fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1000i32..1000).prop_map(|number| Value::from(f64::from(number) / 8.0)),
        prop::sample::select(vec![
            "on",
            "y",
            "1_000",
            "012",
            "null",
            "",
            "~",
            "1e3",
            "0x1f",
            "2024-01-01",
            "a: b",
            "- x",
            "$${app.name}"
        ])
        .prop_map(Value::from),
        "[ -~]{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z][a-zA-Z0-9.]{0,8}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// What a text is once our own escapes are taken for what they mean.
fn unescaped(value: &Value) -> Value {
    match value {
        Value::String(text) => text.replace("$${app.", "${app.").into(),
        Value::Array(items) => items.iter().map(unescaped).collect(),
        Value::Object(map) => {
            map.iter().map(|(key, value)| (key.clone(), unescaped(value))).collect()
        }
        other => other.clone(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_raw_object_comes_out_as_it_went_in(spec in any_value()) {
        let mut object = json!({
            "apiVersion": "example.com/v1", "kind": "Thing",
            "metadata": { "name": "thing" }, "spec": spec,
        });
        // JSON is YAML, in which every text is in quotes.
        let text = serde_json::to_string(&object).expect("JSON");
        let out = Weft::on("build", &with("raw: { thing: { file: thing.yaml } }"))
            .file("thing.yaml", text)
            .run()
            .fine();
        object = unescaped(&object);
        object["metadata"] = json!({
            "name": "thing", "namespace": "example",
            "labels": {
                "app.kubernetes.io/managed-by": "weft", "app.kubernetes.io/part-of": "example",
            },
        });
        let out = objects(&out);
        prop_assert_eq!(out.get("Thing", "thing"), &object);
    }
}

#[test]
fn a_plain_scalar_of_a_raw_object_is_what_yaml_says() {
    let out = built(
        "",
        &with(
            "raw:
  thing:
    object:
      apiVersion: example.com/v1
      kind: Thing
      metadata: { name: thing }
      spec: { a: 1, b: '1', c: 1.5, d: true, e: 'true', f: ~, g: 0x10, h: text, i: -3, j: 1e2, k: 7.0.1 }
",
        ),
    );
    let spec = &out.get("Thing", "thing")["spec"];
    let wanted = json!({
        "a": 1, "b": "1", "c": 1.5, "d": true, "e": "true", "f": null, "g": 16, "h": "text",
        "i": -3, "j": 100.0, "k": "7.0.1",
    });
    assert_eq!(spec, &wanted);
}

#[test]
fn an_object_of_the_whole_cluster_gets_no_namespace() {
    let object = |more: &str| {
        with(&format!(
            "raw:\n  thing:\n    {more}\n    object: {{ apiVersion: example.com/v1, kind: Thing, metadata: {{ name: thing }} }}\n"
        ))
    };
    let namespace =
        |app: &str| built("", app).get("Thing", "thing")["metadata"]["namespace"].clone();
    assert_eq!(namespace(&object("")), "example");
    assert_eq!(namespace(&object("scope: cluster")), Value::Null);
    let defined = object("") + "
  definition:
    object:
      apiVersion: apiextensions.k8s.io/v1
      kind: CustomResourceDefinition
      metadata: { name: things.example.com }
      spec:
        group: example.com
        scope: Cluster
        names: { kind: Thing, plural: things }
        versions: [{ name: v1, served: true, storage: true, schema: { openAPIV3Schema: { type: object } } }]
";
    let out = built("", &defined);
    assert_eq!(out.get("Thing", "thing")["metadata"]["namespace"], Value::Null);
    // What defines comes before what is defined.
    let names = out.names();
    let at = |name: &str| names.iter().position(|known| known == name).expect("there");
    assert!(at("CustomResourceDefinition/things.example.com") < at("Thing/thing"), "{names:?}");
}

const SERVICE: &str = "raw:
  admin:
    object:
      apiVersion: v1
      kind: Service
      metadata: { name: admin }
      spec: { selector: { app: api }, ports: [{ name: http, port: 80, targetPort: 9090 }] }
  cache:
    file: cache.yaml
";
const CACHE: &str = "
apiVersion: v1
kind: Pod
metadata: { name: cache, labels: { run: cache } }
spec: { containers: [{ name: cache, image: 'example.com/cache:1' }] }
---
apiVersion: v1
kind: Service
metadata: { name: cache }
spec: { selector: { run: cache }, ports: [{ name: redis, port: 6379 }] }
";

#[test]
fn a_raw_service_can_be_called_by_its_name() {
    let app = with(SERVICE).replace(
        "    dependsOn: [api]",
        "    dependsOn: { admin: {}, cache: { env: { CACHE: url } } }",
    );
    let run = |args: &str| Weft::on(args, &app).file("cache.yaml", CACHE).run();
    let out = objects(&run("build").fine());
    let texts = crate::support::texts(out.get("Deployment", "web-v1"));
    assert_eq!((&*texts["ADMIN_HOST"], &*texts["ADMIN_PORT"]), ("admin", "80"));
    assert_eq!(texts["CACHE"], "redis://cache:6379");
    // The call is one of `api`, so nothing leads nowhere.
    assert!(run("check").fine().starts_with("ok "));
    let drawn = run("graph").fine();
    assert!(drawn.contains("cache"), "{drawn}");
    let wrong = app.replace("dependsOn: { admin:", "dependsOn: { admni:");
    let said = Weft::on("check", &wrong).file("cache.yaml", CACHE).run().wrong();
    assert!(said.contains("did you mean `admin`?"), "{said}");
}

#[test]
fn a_component_that_a_raw_object_leads_to_is_reachable() {
    let unreachable = |raw: &str| {
        let app = with(raw).replace("    dependsOn: [api]\n", "");
        Weft::on("check", &app).run().codes()
    };
    assert_eq!(unreachable(""), ["unreachable-component"]);
    let route = "raw:
  route:
    object:
      apiVersion: networking.k8s.io/v1
      kind: Ingress
      metadata: { name: route }
      spec: { defaultBackend: { service: { name: api, port: { number: 9090 } } } }
";
    assert_eq!(unreachable(route), [""; 0]);
    let config = "raw:
  config:
    object:
      apiVersion: v1
      kind: ConfigMap
      metadata: { name: config }
      data: { upstream: '${component.api.host}' }
";
    assert_eq!(unreachable(config), [""; 0]);
}

#[test]
fn a_raw_object_cannot_take_the_name_or_the_labels_of_what_weft_makes() {
    let taken = "raw:
  taken:
    object: { apiVersion: apps/v1, kind: Deployment, metadata: { name: web-v1, labels: { LABELS } }, spec: { selector: { matchLabels: { a: b } }, template: { metadata: { labels: { a: b } }, spec: { containers: [{ name: a, image: 'a:1' }] } } } }
";
    let app = with(&taken.replace("LABELS", ""));
    let ended = Weft::on("check", &app).run();
    let said = ended.stdout.clone();
    assert!(ended.codes().contains(&"object-name-collision".to_owned()), "{said}");
    assert!(said.contains("what weft makes of this") && said.contains("a raw object"), "{said}");
    let app = with(&taken.replace("LABELS", "app.kubernetes.io/part-of: other"));
    let ended = Weft::on("check", &app).run();
    assert!(ended.codes().contains(&"reserved-label".to_owned()), "{}", ended.stdout);
}

#[test]
fn a_field_of_a_raw_object_or_patch_leads_to_its_line() {
    let app = "
components:
  web: { image: 'example.com/web:1', ports: { http: 8080 }, expose: { http: { via: load-balancer } }, env: { A: '1' } }
raw:
  settings: { file: conf/settings.yaml }
patches:
  more:
    target: { kind: Deployment }
    merge:
      spec:
        template:
          spec:
            containers:
            - name: web
              env: [{ name: B, value: two }]
    json:
    - { op: add, path: /spec/template/spec/containers/0/env/0, value: { name: C, value: three } }
";
    let file = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings }\ndata:\n  a: b\n";
    let explain = |what: &str| {
        Weft::on("explain", app).arg(what).file("conf/settings.yaml", file).run().fine()
    };
    let said = explain("ConfigMap/settings:data.a");
    assert!(said.starts_with("conf/settings.yaml:5:6\n"), "{said}");
    // The step put an item before the others, which keep their lines.
    let env = "Deployment/web-v1:spec.template.spec.containers.0.env";
    for (item, value, line) in [(0, "three", 19), (1, "\"1\"", 5), (2, "two", 17)] {
        let said = explain(&format!("{env}.{item}.value"));
        assert!(said.starts_with(&format!("weft.yaml:{line}:")), "{item}: {said}");
        assert!(said.contains(&format!("value = {value}")), "{said}");
    }
}

#[test]
fn a_patch_that_makes_what_kubernetes_would_not_take_is_an_error() {
    let app = with(
        "patches:
  wrong: { target: { kind: Deployment, name: api-v1 }, merge: { spec: { revisionHistoryLimt: 3 } } }
",
    );
    let said = Weft::on("check", &app).run().wrong();
    assert!(
        said.contains("error[malformed-object]: `spec` of a Deployment has no field"),
        "{said}"
    );
    assert!(said.contains("weft.yaml:14:"), "{said}");
}

#[test]
fn lists_of_foreign_kinds_are_replaced_and_named_items_merge_or_go() {
    let app = with(
        "raw:
  thing:
    object: { apiVersion: example.com/v1, kind: Thing, metadata: { name: thing }, spec: { containers: [{ name: a }, { name: b }] } }
patches:
  foreign: { target: { kind: Thing }, merge: { spec: { containers: [{ name: c }] } } }
  known:
    target: { kind: Service, name: api }
    merge: { spec: { ports: [{ port: 9090, name: http-renamed }, { port: 9091, name: http-more, targetPort: 9090 }] } }
",
    );
    let app = app.replace("    ports: { http: 9090 }", "    ports: { http: 9090, debug: 9999 }");
    let app = app.replace("dependsOn: [api]", "dependsOn: { api: { port: http } }");
    let app = app.replace("  known:", "  a-debug:\n    target: { kind: Service, name: api }\n    merge: { spec: { ports: [{ port: 9999, $patch: delete }] } }\n  known:");
    let stdout = Weft::on("build --quiet", &app).run().fine();
    let out = objects(&stdout);
    assert_eq!(out.get("Thing", "thing")["spec"]["containers"], json!([{ "name": "c" }]));
    let ports = out.get("Service", "api")["spec"]["ports"].as_array().expect("ports").clone();
    let names: Vec<&str> = ports.iter().filter_map(|port| port["name"].as_str()).collect();
    assert_eq!(names, ["http-renamed", "http-more"]);
    assert_eq!(ports[0]["protocol"], "TCP");
}

#[test]
fn an_environment_adds_replaces_and_deletes_raw_objects_and_patches() {
    let app = with(
        "raw:
  settings:
    object: { apiVersion: v1, kind: ConfigMap, metadata: { name: settings }, data: { mode: fast, extra: x } }
patches:
  history: { target: { kind: Deployment, name: api-v1 }, merge: { spec: { revisionHistoryLimit: 3 } } }
environments:
  bare: { raw: { settings: null }, patches: { history: null } }
  slow:
    raw: { settings: { object: { apiVersion: v1, kind: ConfigMap, metadata: { name: settings }, data: { mode: slow } } } }
    patches:
      links: { target: { kind: Deployment, name: api-v1 }, merge: { spec: { template: { spec: { enableServiceLinks: null } } } } }
",
    );
    let build =
        |args: &str| objects(&Weft::on(&format!("build --quiet {args}"), &app).run().fine());
    let bare = build("--env bare");
    assert_eq!(bare.of("ConfigMap").count(), 0);
    assert_eq!(bare.get("Deployment", "api-v1")["spec"].get("revisionHistoryLimit"), None);
    let slow = build("--env slow");
    assert_eq!(slow.get("ConfigMap", "settings")["data"], json!({ "mode": "slow" }));
    let spec = &slow.get("Deployment", "api-v1")["spec"];
    assert_eq!(spec["revisionHistoryLimit"], 3);
    // A null in a patch means something, also where an environment brings it.
    assert_eq!(spec["template"]["spec"].get("enableServiceLinks"), None);
}

#[test]
fn the_resolved_app_has_its_raw_objects_in_it_and_is_the_same_app() {
    let app = with(
        "params: { size: { type: int, default: '3' } }\nraw: { things: { file: things.yaml } }\n",
    );
    let file = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\ndata: { on: 'on', text: '$${app.name} $${params.size}' }\n---\napiVersion: example.com/v1\nkind: Thing\nmetadata: { name: b }\nspec: { size: '${params.size}', f: 1.5, none: ~ }\n";
    let run = |args: &str| Weft::on(args, &app).file("things.yaml", file).run().fine();
    let resolved = run("config");
    assert!(!resolved.contains("things.yaml"), "{resolved}");
    let again = Weft::new("build").file("weft.yaml", &resolved).run().fine();
    assert_eq!(again, run("build"), "{resolved}");
    assert_eq!(objects(&again).get("Thing", "b")["spec"]["size"], 3);
}

#[test]
fn a_closed_app_lets_calls_to_raw_services_through() {
    let app =
        with(SERVICE).replace("    dependsOn: [api]", "    dependsOn: { admin: {}, cache: {} }");
    let app = format!("policy: declared\n{app}");
    let out = Weft::on("build", &app).file("cache.yaml", CACHE).run();
    let out = objects(&out.stdout);
    let rules = out
        .of("NetworkPolicy")
        .filter(|policy| policy["spec"]["podSelector"]["matchLabels"]["app"] == "web")
        .flat_map(|policy| policy["spec"]["egress"].as_array().cloned().unwrap_or_default());
    let to: Vec<(Value, Value)> = rules
        .map(|rule| {
            let labels = &rule["to"][0]["podSelector"]["matchLabels"];
            (labels.clone(), rule["ports"][0]["port"].clone())
        })
        .collect();
    // A policy sees connections as they arrive: at the port of the pods.
    assert!(to.contains(&(json!({ "run": "cache" }), 6379.into())), "{to:?}");
    let api = to.iter().any(|(labels, port)| labels["app"] == "api" && *port == 9090);
    assert!(api, "{to:?}");
}

#[test]
fn a_parameter_that_only_a_raw_file_uses_is_used() {
    let app = |raw: &str, environments: &str| {
        let params = "params: { size: { type: int, default: '3' } }";
        with(&format!("{params}\nraw: {raw}\nenvironments: {environments}\n"))
    };
    let file =
        "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\ndata: { a: 'x${params.size}' }\n";
    let named = "{ things: { file: things.yaml } }";
    let check = |app: &str| Weft::on("check", app).file("things.yaml", file).run().codes();
    assert_eq!(check(&app(named, "{}")), [""; 0]);
    assert_eq!(check(&app("{}", &format!("{{ more: {{ raw: {named} }} }}"))), [""; 0]);
    assert_eq!(check(&app("{}", "{}")), ["unused-param"]);
}

#[test]
fn a_quantity_may_be_a_number_as_kubernetes_takes_it() {
    let out = built(
        "",
        &with(
            "raw:
  quota:
    object:
      apiVersion: v1
      kind: ResourceQuota
      metadata: { name: quota }
      spec: { hard: { pods: 20, requests.cpu: 4 } }
",
        ),
    );
    let hard = &out.get("ResourceQuota", "quota")["spec"]["hard"];
    assert_eq!(hard, &json!({ "pods": 20, "requests.cpu": 4 }));
}
