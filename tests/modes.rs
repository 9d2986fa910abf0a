//! The capability matrix: what a cell says is what the compiler does.

use serde_json::{Value, json};
use weft::model::Governance;
use weft::traffic::{Feature, Grade, cell};

use crate::support::{Weft, repository};

/// The traffic that asks for one thing and nothing else; none where something else asks for it.
fn traffic(feature: Feature) -> Value {
    let rule = |condition: Value| json!({ "rules": [{ "match": condition, "to": "v2" }] });
    match feature {
        Feature::Split | Feature::StreamSplit => json!({ "split": { "v1": 90, "v2": 10 } }),
        Feature::Rules => rule(json!({ "headers": { "team": "books" } })),
        Feature::HeaderAbsence => rule(json!({ "headers": { "team": { "present": false } } })),
        Feature::SeveralCookies => rule(json!({ "cookies": { "a": "1", "b": "2" } })),
        Feature::PathText => rule(json!({ "path": { "startsWith": "/beta-" } })),
        Feature::PathNegation => rule(json!({ "path": { "not": "/beta" } })),
        Feature::QueryAbsence => rule(json!({ "query": { "debug": { "present": false } } })),
        Feature::Caller => rule(json!({ "caller": "web" })),
        Feature::Sticky => {
            json!({ "sticky": { "cookie": "canary" }, "split": { "v1": 90, "v2": 10 } })
        }
        Feature::Retries => json!({ "retries": { "attempts": 2 } }),
        Feature::Timeout => json!({ "timeout": "2s" }),
        Feature::Limits => json!({ "circuitBreaker": { "connections": 20 } }),
        Feature::Ejection => json!({ "circuitBreaker": { "eject": { "errors": 3 } } }),
        Feature::Fault => json!({ "fault": { "abort": { "status": 503, "percent": 1 } } }),
        Feature::Mirror => json!({ "mirror": { "to": "v2", "percent": 5 } }),
        Feature::Rewrite => json!({
            "rules": [{ "match": { "path": { "prefix": "/old" } }, "rewrite": { "prefix": "/new" } }]
        }),
        Feature::Mtls
        | Feature::Access
        | Feature::Egress
        | Feature::OutsideTls
        | Feature::Sctp
        | Feature::Invocation
        | Feature::BuildingBlocks => json!({}),
    }
}

/// An app that asks for one thing, with a fallback or without.
fn app(feature: Feature, mode: Governance, fallback: Option<&str>) -> String {
    let with = |mut value: Value| {
        if let Some(word) = fallback {
            value["fallback"] = json!(word);
        }
        value
    };
    let ports = match feature {
        Feature::StreamSplit => json!({ "tcp": 9000 }),
        Feature::Sctp => json!({ "data": { "port": 9000, "protocol": "sctp" } }),
        _ => json!({ "http": 9000 }),
    };
    let policy = match feature {
        // What Dapr's sidecars do not see has to be closed beside it.
        Feature::Mtls if mode == Governance::Dapr => {
            with(json!({ "mtls": "strict", "access": "declared" }))
        }
        Feature::Mtls => with(json!({ "mtls": "strict" })),
        Feature::Access => with(json!({ "access": "declared" })),
        Feature::Egress => with(json!({ "egress": "declared" })),
        _ => Value::Null,
    };
    let mut components = json!({
        "web": {
            "image": "example.com/web:1",
            "ports": { "http": 8080 },
            "expose": { "http": {} },
            "propagates": ["team", "cookie"],
            "dependsOn": ["api"],
        },
        "api": {
            "ports": ports,
            "versions": { "v1": { "image": "example.com/api:1" }, "v2": { "image": "example.com/api:2" } },
        },
    });
    if traffic(feature) != json!({}) || (fallback.is_some() && feature == Feature::Sctp) {
        components["api"]["traffic"] = with(traffic(feature));
    }
    if feature == Feature::OutsideTls {
        components["bank"] = json!({
            "kind": "external",
            "address": "bank.example.com",
            "ports": { "http": { "port": 443 } },
            "tls": {},
        });
        if fallback.is_some() {
            components["bank"]["traffic"] = with(json!({}));
        }
        components["web"]["dependsOn"] = json!(["api", "bank"]);
    }
    let mut dapr = json!({});
    if feature == Feature::Invocation {
        components["web"]["dependsOn"] = json!({ "api-v1": { "through": "dapr" } });
    }
    if feature == Feature::BuildingBlocks {
        components["web"]["dependsOn"] = json!(["api", "store"]);
        dapr["components"] = json!({ "store": { "type": "state.in-memory" } });
    }
    let gateway = json!({ "class": "istio" });
    let mut text = format!("governance: {}\ngateway: {gateway}\n", mode.name());
    if !policy.is_null() {
        text += &format!("policy: {policy}\n");
    }
    if feature.is_dapr() {
        text += &format!("dapr: {}\n", with(dapr));
    }
    text + &format!("components: {components}\n")
}

/// What the compiler says of an app: the codes of its errors and warnings.
fn codes(app: &str) -> Vec<String> {
    let ended = Weft::on("check --format json", app).run();
    let report: Value = serde_json::from_str(&ended.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}{}", ended.stdout, ended.stderr));
    let findings = report["diagnostics"].as_array().expect("findings");
    findings.iter().map(|one| one["code"].as_str().expect("a code").to_owned()).collect()
}

/// Whether a refusal says that the mode can come close.
fn offers_to_come_close(app: &str) -> bool {
    Weft::on("check", app).run().stdout.contains("write `fallback: approximate` to come close")
}

#[test]
fn every_cell_is_what_the_compiler_does() {
    let mut wrong = Vec::new();
    for mode in Governance::ALL {
        for feature in Feature::ALL {
            let name = format!("{} in {}", feature.name(), mode.name());
            let said = codes(&app(feature, mode, None));
            let refused = said.iter().any(|code| code == "not-in-this-mode");
            // It can do it roughly, and does where the file allows that.
            let roughly = match refused {
                true => offers_to_come_close(&app(feature, mode, None)),
                false => said.iter().any(|code| code == "split-not-by-replicas"),
            };
            let real = match (refused, roughly) {
                (_, true) => Grade::Approximate,
                (true, false) => Grade::Impossible,
                (false, false) => Grade::Exact,
            };
            let mut known =
                vec!["approximated-traffic", "fault-everywhere", "sticky-behind-the-entry"];
            if mode == Governance::Dapr {
                known.extend(["call-past-the-sidecar", "caller-without-identity"]);
            }
            if mode == Governance::Linkerd {
                // This gateway is not in its mesh.
                known.push("caller-without-identity");
            }
            let other = said.iter().find(|code| {
                let asked = ["not-in-this-mode", "split-not-by-replicas"];
                !known.iter().chain(&asked).any(|known| known == code)
            });
            if let Some(code) = other {
                wrong.push(format!("{name} is judged by {code}"));
            }
            if real != cell(mode, feature).grade {
                wrong.push(format!("{name} is {real:?}: {said:?}"));
            }
            if real == Grade::Exact {
                continue;
            }
            let word = if real == Grade::Impossible { "drop" } else { "approximate" };
            let said = codes(&app(feature, mode, Some(word)));
            let stated = said.iter().any(|code| code == "approximated-traffic");
            let refused = said
                .iter()
                .any(|code| code == "not-in-this-mode" || code == "split-not-by-replicas");
            if !stated || refused {
                wrong.push(format!("{name} with `fallback: {word}`: {said:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn whatever_a_mode_cannot_do_names_the_modes_that_can() {
    for mode in Governance::ALL {
        for feature in
            Feature::ALL.into_iter().filter(|one| cell(mode, *one).grade == Grade::Impossible)
        {
            let text = Weft::on("check", &app(feature, mode, None)).run().stdout;
            let able =
                Governance::ALL.into_iter().filter(|one| cell(*one, feature).grade == Grade::Exact);
            let able: Vec<&str> = able.map(Governance::name).collect();
            let help = text.lines().filter(|line| line.contains("= help:"));
            let named = |line: &str| match able.is_empty() {
                true => line.contains("no mode can"),
                false => able.iter().any(|one| line.contains(one)),
            };
            assert!(help.clone().any(named), "{} in {}:\n{text}", feature.name(), mode.name());
        }
    }
}

#[test]
fn the_rows_of_an_app_are_those_that_it_asks_for() {
    let folder = repository("app-models/bookinfo");
    let run = |more: &str| {
        let command = format!("modes --app --format json{more}");
        let text = Weft::new(&command).arg(folder.to_str().expect("a readable path")).run().fine();
        serde_json::from_str::<Value>(&text).expect("JSON")
    };
    let all = run("");
    let of = |mode: &str| -> Vec<(String, String)> {
        let rows = all["modes"][mode].as_array().expect("rows").iter();
        rows.map(|row| (row["feature"].to_string(), row["grade"].to_string())).collect()
    };
    let rows = |rules: &str, split: &str| {
        [("rules", rules), ("split", split)]
            .map(|(feature, grade)| (format!("\"{feature}\""), format!("\"{grade}\"")))
            .to_vec()
    };
    assert_eq!(of("kubernetes"), rows("impossible", "approximate"));
    assert_eq!(of("istio"), rows("exact", "exact"));
    // Which mode the app is in changes nothing of what the others can.
    assert_eq!(run(" --governance kubernetes")["modes"], all["modes"]);
}

#[test]
fn a_switch_says_what_it_changes() {
    let app = "governance: istio\n\
               policy: declared\n\
               components:\n\
               \x20 web: { image: 'example.com/web:1', ports: { http: 80 }, dependsOn: [api] }\n\
               \x20 api:\n\
               \x20   ports: { http: 80 }\n\
               \x20   versions: { v1: { image: 'example.com/api:1' }, v2: { image: 'example.com/api:2' } }\n\
               \x20   traffic: { split: { v1: 70, v2: 30 }, retries: { attempts: 2 } }\n";
    let text = Weft::on("modes --app", app).run().fine();
    let (_, change) = text.split_once("istio → kubernetes\n").expect("the change");
    let change = change.split("\n\n").next().expect("a part");
    assert!(change.contains("✓ → ✗  secure calls between components  ("), "{change}");
    assert!(change.contains("✓ → ≈  share requests out among versions"), "{change}");
    assert!(change.contains("v1 50.0 %, v2 50.0 %"), "{change}");
    assert!(change.contains("✓ → ✗  try a failed call again"), "{change}");
    assert!(change.contains("0 of 100 failed calls are tried again"), "{change}");
    assert!(change.contains("an error: the file allows no fallback"), "{change}");
}

#[test]
fn a_waypoint_treats_no_calls_to_the_outside_and_weft_says_so() {
    let app = "governance: istio-ambient\n\
               components:\n\
               \x20 web: { image: 'example.com/web:1', dependsOn: [bank] }\n\
               \x20 bank:\n\
               \x20   kind: external\n\
               \x20   address: bank.example.com\n\
               \x20   ports: { http: 80 }\n\
               \x20   traffic: { timeout: 2s }\n";
    let said = Weft::on("check", app).run().stdout;
    let wanted =
        "error[not-in-this-mode]: Istio without sidecars cannot end a call that takes too long";
    assert!(said.contains(wanted), "{said}");
    assert!(said.contains("not before the outside"), "{said}");
}
