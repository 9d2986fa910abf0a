//! What editors and shells get: schemas that know the app, a canonical layout, the resolved file.

use jsonschema::Validator;
use serde::Deserialize;
use serde_json::Value;
use serde_yaml::Deserializer;

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
