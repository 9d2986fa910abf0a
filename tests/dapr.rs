//! What the dapr mode says of names, secrets and what other modes have no word for.

use crate::support::Weft;

/// What is said of an app: codes, each with the line that it is about.
fn said(app: &str) -> String {
    let ended = Weft::on("check", app).run();
    ended.stdout + &ended.stderr
}

#[test]
fn a_name_has_to_leave_room_for_what_dapr_adds() {
    let app = |name: &str| {
        format!("governance: dapr\ncomponents:\n  {name}: {{ image: 'example.com/web:1' }}\n")
    };
    assert!(!said(&app(&"a".repeat(58))).contains("error["));
    let found = said(&app(&"a".repeat(59)));
    assert!(found.contains("is too long a name for the Service that Dapr gives it"), "{found}");
    let plain = app(&"a".repeat(59)).replace("dapr", "kubernetes");
    assert!(!said(&plain).contains("error["));
}

#[test]
fn the_service_that_dapr_makes_has_its_name_to_itself() {
    let app = "governance: dapr\ncomponents:\n\
               \x20 web: { image: 'example.com/web:1' }\n\
               \x20 web-dapr: { image: 'example.com/web:1', ports: { http: 80 } }\n";
    let found = said(app);
    assert!(found.contains("error[object-name-collision]"), "{found}");
    assert!(found.contains("two objects would be Service `web-dapr`"), "{found}");
}

#[test]
fn a_program_does_not_listen_where_its_sidecar_does() {
    let app = "governance: dapr\ncomponents:\n\
               \x20 web: { image: 'example.com/web:1', ports: { http: 3500, tcp: { port: 1, target: 50002 } } }\n\
               \x20 bot: { image: 'example.com/bot:1', dependsOn: { web: { port: http } } }\n";
    let found = said(app);
    assert_eq!(found.matches("error[reserved-port]").count(), 2, "{found}");
    assert!(found.contains("`web` listens on 50002, as the proxy of Dapr does"), "{found}");
    let bare = said(&app.replace("web: {", "web: { governance: none,"));
    assert!(!bare.contains("reserved-port"), "{bare}");
}

const OFFERED: &str = "governance: dapr
dapr:
  components:
    carts: { type: state.redis, metadata: { redisPassword: { secret: redis/password } }, secretStore: vault }
    vault: { type: secretstores.hashicorp.vault }
components:
  web: { image: 'example.com/web:1', dependsOn: [carts] }
";

#[test]
fn names_of_what_dapr_offers_are_bound() {
    assert!(said(OFFERED).contains("ok "), "{}", said(OFFERED));
    let with = |from: &str, to: &str| said(&OFFERED.replace(from, to));
    let found = with("dependsOn: [carts]", "dependsOn: [cart, carts]");
    assert!(found.contains("`web` depends on `cart`, which does not exist"), "{found}");
    assert!(found.contains("did you mean `carts`"), "{found}");
    let found = with("secretStore: vault", "secretStore: valut");
    assert!(found.contains("takes secrets from `valut`, which does not exist"), "{found}");
    assert!(found.contains("did you mean `vault`"), "{found}");
    let found = with("secretStore: vault", "secretStore: carts");
    assert!(found.contains("takes secrets from `carts`, which is no secret store"), "{found}");
    let found = with("{ secret: redis/password }", "hunter2");
    assert!(found.contains("`secretStore` has no effect"), "{found}");
    let found = with("{ secret: redis/password } }, secretStore: vault", "hunter2 }");
    assert!(found.contains("warning[plain-text-secret]"), "{found}");
    let found = with("type: state.redis", "type: statestore.redis");
    assert!(found.contains("a type of Dapr's, such as `state.redis`"), "{found}");
    let found = with("dependsOn: [carts]", "dependsOn: { carts: { port: http, env: {} } }");
    assert!(found.contains("`port` has no effect on the use of `carts`"), "{found}");
    assert!(found.contains("`env` has no effect on the use of `carts`"), "{found}");
    let found = with("web: {", "vault: { image: 'example.com/v:1' }\n  web: {");
    assert!(found.contains("are both called `vault`"), "{found}");
    let found = with("secretStore: vault }", "secretStore: vault, dependsOn: { redsi: {} } }");
    assert!(found.contains("`carts` depends on `redsi`, which does not exist"), "{found}");
    let found = with(
        "secretStore: vault }",
        "secretStore: vault, dependsOn: { web: { through: dapr, optional: true } } }",
    );
    assert!(found.contains("`web`, which opens no port"), "{found}");
    for field in ["through", "optional"] {
        let what = format!("`{field}` has no effect on what stands behind `carts`");
        assert!(found.contains(&what), "{found}");
    }
    let found =
        with("dependsOn: [carts]", "dependsOn: [carts], annotations: { dapr.io/log-levl: x }");
    assert!(found.contains("did you mean `dapr.io/log-level`"), "{found}");
}

#[test]
fn other_modes_say_that_they_have_no_such_sidecar() {
    let app = "dapr: { components: { carts: { type: state.in-memory } } }\ncomponents:\n\
               \x20 web: { image: 'example.com/web:1', dependsOn: { carts: {}, api: { through: dapr } } }\n\
               \x20 api: { image: 'example.com/api:1', ports: { http: 80 } }\n";
    for mode in weft::model::Governance::ALL.map(weft::model::Governance::name) {
        let app = format!("governance: {mode}\n{app}");
        let found = said(&app);
        let dropped = said(&app.replace("dapr: {", "dapr: { fallback: drop,"));
        if mode == "dapr" {
            assert!(!found.contains("error[") && !dropped.contains("warning["), "{found}{dropped}");
            continue;
        }
        assert_eq!(found.matches("error[not-in-this-mode]").count(), 2, "{mode}: {found}");
        assert!(found.contains("use dapr, or write `fallback: drop` under `dapr`"), "{found}");
        assert_eq!(dropped.matches("warning[approximated-traffic]").count(), 2, "{dropped}");
        assert!(dropped.contains("0 of 100 of these calls arrive"), "{dropped}");
    }
}

#[test]
fn strict_encryption_needs_closed_ports() {
    let app = "governance: dapr\npolicy: { mtls: strict }\ncomponents:\n\
               \x20 web: { image: 'example.com/web:1' }\n";
    let found = said(app);
    assert!(found.contains("Dapr cannot refuse plain text on the ports of programs"), "{found}");
    let closed = app.replace("mtls: strict", "mtls: strict, access: declared");
    assert!(said(&closed).contains("ok "), "{}", said(&closed));
    let open = app.replace("strict", "permissive");
    assert!(said(&open).contains("ok "), "{}", said(&open));
}

#[test]
fn drawings_show_what_dapr_offers_and_to_whom() {
    let draw =
        |format: &str| Weft::on(&format!("graph --format {format} --quiet"), OFFERED).run().fine();
    assert!(draw("text").contains("  uses carts\n"), "{}", draw("text"));
    assert!(draw("text").contains("carts  state.redis of Dapr\n"), "{}", draw("text"));
    assert!(draw("mermaid").contains("n-web -->|uses| n-carts"), "{}", draw("mermaid"));
    assert!(draw("dot").contains("\"web\" -> \"carts\" [label=\"uses\"]"), "{}", draw("dot"));
    let graph: serde_json::Value = serde_json::from_str(&draw("json")).expect("JSON");
    assert_eq!(graph["offered"][0]["to"], serde_json::json!(["web-v1"]), "{graph}");
}
