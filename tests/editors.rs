//! What editors and shells get: schemas that know the app, a canonical layout, the resolved file.

use std::path::Path;

use expect_test::expect;
use jsonschema::Validator;
use serde::Deserialize;
use serde_json::Value;
use serde_yaml::Deserializer;
use weft::diag::Sink;
use weft::files::LoadError;
use weft::parse::Layers;
use weft::source::Sources;
use weft::yaml::{self, FileId};

use crate::cases::sound;
use crate::support::{Weft, folders, repository};

fn schema(args: &str, app: &[u8]) -> Value {
    let printed = Weft::new(&format!("schema {args}")).file("weft.yaml", app).run().fine();
    serde_json::from_str(&printed).expect("JSON")
}

fn validator(schema: &Value) -> Validator {
    jsonschema::validator_for(schema).expect("a schema")
}

/// What a validator says of an app that a reader which is not ours has read.
fn complaints(validator: &Validator, app: &str) -> Vec<String> {
    let value = Value::deserialize(Deserializer::from_str(app)).expect("YAML");
    let say =
        |error: jsonschema::ValidationError<'_>| format!("{} at {}", error, error.instance_path());
    validator.iter_errors(&value).map(say).collect()
}

const SHOP: &str = "apiVersion: weft/v1
name: shop
params: { tag: { type: string, default: '1' }, canary: { type: string, default: v2 } }
components:
  web:
    image: example.com/web:${params.tag}
    ports: { http: 8080 }
    dependsOn: { api: { port: grpc }, store: {} }
    startAfter: [api]
    expose: { http: { via: load-balancer } }
    probes: { readiness: { http: /, port: http } }
  api:
    ports: { http: 8080, grpc: 9090 }
    aliases: [store]
    versions:
      v1: { image: 'example.com/api:1' }
      v2: { image: 'example.com/api:2', probes: { liveness: { tcp: 9090 } } }
    traffic:
      split: { v1: 90, v2: 10 }
      rules: [{ match: { headers: { a: b } }, to: v2 }, { split: { v1: 50, v2: 50 } }]
      mirror: { to: '${params.canary}' }
  back-v1: { versionOf: back, image: 'example.com/back:1', dependsOn: [api-v2, web] }
environments:
  prod: { components: { api: { traffic: { split: { v1: 0, v3: 100 } }, versions: { v3: {} } } } }
";

#[test]
fn every_app_satisfies_the_schema_and_its_own_project_schema() {
    let models = folders(&repository("app-models"));
    let plain = validator(&schema("", b""));
    for folder in sound().into_iter().chain(models) {
        let Ok(app) = std::fs::read_to_string(folder.join("weft.yaml")) else { continue };
        let project = schema("--project", app.as_bytes());
        assert_eq!(complaints(&validator(&project), &app), [""; 0], "{}", folder.display());
        if !app.contains("${params.") {
            assert_eq!(complaints(&plain, &app), [""; 0], "{}", folder.display());
        }
    }
}

#[test]
fn the_project_schema_refuses_what_the_app_has_not() {
    let project = schema("--project", SHOP.as_bytes());
    jsonschema::meta::validate(&project).expect("a valid schema");
    let (project, plain) = (validator(&project), validator(&schema("", b"")));
    assert_eq!(complaints(&project, SHOP), [""; 0]);
    for (right, wrong) in [
        ("[api]", "[apy]"),
        ("{ api: { port: grpc }", "{ apy: { port: grpc }"),
        ("port: grpc", "port: grcp"),
        ("store: {}", "store: { port: http2 }"),
        ("[api-v2,", "[api-v4,"),
        ("port: http }", "port: htpt }"),
        ("{ http: { via", "{ htpt: { via"),
        ("to: v2", "to: v22"),
        ("to: '${params.canary}'", "to: '${params.canray}'"),
        ("split: { v1: 90, v2: 10 }", "split: { v1: 90, v9: 10 }"),
        ("split: { v1: 50,", "split: { v7: 50,"),
        ("v3: 100", "v4: 100"),
        ("web:${params.tag}", "web:${params.tga}"),
        ("versionOf: back", "versionOf: 3 back"),
        ("{ v1: 0,", "{ v0: 0,"),
        ("split: { v1: 90, v2: 10 }", "split: { weights: { v1: 90, v9: 10 } }"),
    ] {
        assert_eq!(SHOP.matches(right).count(), 1, "{right}");
        let app = SHOP.replace(right, wrong);
        assert_ne!(complaints(&project, &app), [""; 0], "{wrong}");
        if !wrong.contains("params") && !wrong.contains("3 back") {
            assert!(complaints(&plain, &app).iter().all(|c| c.contains("params")), "{wrong}");
        }
    }
    // A name of another component's, a number, and what the grammar allows beside names.
    for (right, fine) in [
        ("port: http }", "port: 8080 }"),
        ("tcp: 9090", "tcp: grpc"),
        ("split: { v1: 90, v2: 10 }", "split: { weights: { v1: 90, v2: 10 }, fallback: drop }"),
        ("8080, grpc", "8081, grpc"),
        ("8080, grpc: 9090", "'${params.tag}', grpc: 9090"),
        ("[api-v2, web]", "[store, api, back]"),
        ("v3: {}", "v3: { replicas: null }"),
        ("aliases: [store]", "aliases: [store, bazaar]"),
    ] {
        let app = SHOP.replace(right, fine);
        assert_ne!(app, SHOP, "{right}");
        assert_eq!(complaints(&project, &app), [""; 0], "{fine}");
    }
}

#[test]
fn the_project_schema_helps_while_the_app_is_wrong_and_not_where_it_is_no_yaml() {
    let project = schema("--project", b"components: { a/b: {}, web: { dependsOn: [nobody] } }");
    assert_eq!(project["$defs"]["app.components"]["enum"], serde_json::json!(["web"]));
    let said = Weft::new("schema --project").file("weft.yaml", "a: [").run().refused(1);
    assert!(said.starts_with("error[syntax-error]"), "{said}");
    let project = schema("--project", b"uses: [{ app: ../pay }]\ncomponents: { web: {} }");
    let names =
        validator(&serde_json::json!({ "$ref": "#/$defs/app.callees", "$defs": project["$defs"] }));
    assert!(names.is_valid(&"web".into()) && names.is_valid(&"pay/api".into()));
    assert!(!names.is_valid(&"wbe".into()));
    Weft::new("schema weft.yaml").file("weft.yaml", SHOP).run().refused(2);
}

#[test]
fn the_schema_that_is_printed_is_the_one_of_the_repository() {
    let committed = std::fs::read_to_string(repository("schemas/weft.schema.json"));
    assert!(Weft::new("schema").run().fine() == committed.expect("the schema"));
}

#[test]
fn a_schema_is_written_over_a_schema_and_over_nothing_else() {
    let mut weft = Weft::new("schema --project -o a.json").file("weft.yaml", SHOP);
    weft.run().fine();
    weft.args("schema -o a.json");
    weft.run().fine();
    weft.args("schema -o weft.yaml");
    let said = weft.run().refused(2);
    assert!(said.contains("was not written by weft"), "{said}");
}

/// The resolved file of an app under layers, and what the app compiles to; nothing where it does
/// not compile.
fn resolved(folder: &Path, app: &str, layers: &Layers) -> Option<(String, String)> {
    let mut sources = Sources::default();
    let file = sources.add("weft.yaml", app);
    let mut sink = Sink::default();
    let load = |name: &str| {
        std::fs::read(folder.join(name)).map_err(|error| LoadError::Unreadable(error.to_string()))
    };
    let text = weft::parse::read(&sources, file);
    let checked = weft::compile(
        &mut sources,
        &text,
        layers,
        &load,
        &crate::support::opener(folder),
        &mut sink,
    )
    .ok()?;
    let manifests = weft::render::render(weft::lower::lower(&checked)).expect("renders").yaml();
    let mut resolved = String::new();
    yaml::emit(&weft::parse::resolved(&sources).expect("an app"), &mut resolved);
    let resolved = yaml::layout(&resolved, FileId(0), &weft::model::order).expect("a layout");
    Some((resolved, manifests))
}

#[test]
fn the_resolved_file_is_the_same_app_in_every_environment_and_mode() {
    let models = folders(&repository("app-models"));
    let mut compared = 0;
    for folder in sound().into_iter().chain(models) {
        let Ok(app) = std::fs::read_to_string(folder.join("weft.yaml")) else { continue };
        let root = yaml::parse(&app, FileId(0)).0.expect("a tree").root;
        let declared = root.get("environments").map(|entry| entry.value.entries());
        let declared = declared.into_iter().flatten().map(|entry| Some(entry.key.text.to_string()));
        for environment in std::iter::once(None).chain(declared) {
            for mode in weft::model::Governance::ALL.map(weft::model::Governance::name) {
                let settings = vec![format!("governance={mode}")];
                let layers =
                    Layers { environment: environment.clone(), settings, ..Layers::default() };
                let Some((file, manifests)) = resolved(&folder, &app, &layers) else { continue };
                let what = format!("{} {environment:?} {mode}", folder.display());
                let again = resolved(&folder, &file, &Layers::default());
                let (file_again, manifests_again) =
                    again.unwrap_or_else(|| panic!("{what}\n{file}"));
                assert!(manifests_again == manifests, "{what}\n{file}");
                assert_eq!(file_again, file, "{what}");
                for gone in ["\nenvironments:", "\nparams:", "\ndefaults:"] {
                    assert!(!file.contains(gone), "{what}\n{file}");
                }
                compared += 1;
            }
        }
    }
    assert!(compared > 80, "{compared}");
}

#[test]
fn every_sound_case_means_the_same_when_it_is_resolved() {
    for case in sound().into_iter().filter(|case| !case.join("expected.stderr").exists()) {
        // There the other app uses this one in turn, by the name of its folder.
        if case.ends_with("ok/uses") || case.ends_with("dapr/calls-from-another-app") {
            continue;
        }
        let mut weft = crate::cases::build(&case);
        let expected = weft.run().fine();
        let args = std::fs::read_to_string(case.join("args")).unwrap_or_default();
        weft.args(&format!("config {args} -o resolved.yaml"));
        weft.run().fine();
        weft.args("build -f resolved.yaml");
        // Comments are gone, and with them what they allowed.
        let ended = weft.run();
        assert!(ended.status == 0 && ended.stdout == expected, "{}", case.display());
    }
}

#[test]
fn config_prints_what_an_environment_makes_of_the_app() {
    let app = "params: { tag: { type: string, default: '1.10' }, pods: { type: int, default: 2 } }
defaults: { env: { LEVEL: info }, resources: { cpu: 100m } }
components:
  web:
    env: { PORT: 8080, ON: 'true', LITERAL: '$${params.tag}' }
    traffic: { split: { v1: 90, v2: 10 } }
    versions: { v1: {}, v2: { image: 'example.com/web:2', replicas: '${params.pods}' } }
    expose: { http: { via: load-balancer } }
    image: example.com/web:${params.tag}
    ports: { http: 8080 }
environments:
  prod: { governance: istio, components: { web: { env: { LEVEL: null } } } }
";
    let text = Weft::on("config -e prod --set params.tag=3 --governance kubernetes", app);
    let said = text.run().refused(1);
    assert!(said.contains("error[split-not-by-replicas]"), "{said}");
    let app = &app
        .replace("    expose: { http: { via: load-balancer } }\n", "    expose: { http: {} }\n");
    let app = &format!("gateway: {{ hosts: ['*'] }}\n{app}");
    let text = Weft::on("config -e prod --set params.tag=3", app).run().fine();
    expect![[r#"
        apiVersion: weft/v1
        name: example
        governance: istio
        gateway:
          hosts:
            - "*"
        components:
          web:
            image: example.com/web:3
            ports:
              http: 8080
            expose:
              http: {}
            env:
              LEVEL: info
              LITERAL: "$${params.tag}"
              "ON": "true"
              PORT: "8080"
            resources:
              cpu: "100m"
            versions:
              v1:
                image: example.com/web:3
                env:
                  LEVEL: info
                  LITERAL: "$${params.tag}"
                  "ON": "true"
                  PORT: "8080"
                resources:
                  cpu: "100m"
              v2:
                image: example.com/web:2
                replicas: 2
                env:
                  LEVEL: info
                  LITERAL: "$${params.tag}"
                  "ON": "true"
                  PORT: "8080"
                resources:
                  cpu: "100m"
            traffic:
              split:
                v1: 90
                v2: 10
    "#]]
    .assert_eq(&text);
    let json = Weft::on("config -e prod --set params.tag=3 --format json", app).run().fine();
    let json: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json, Value::deserialize(Deserializer::from_str(&text)).expect("YAML"));
}
