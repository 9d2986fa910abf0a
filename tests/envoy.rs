//! What the mode `envoy` emits is what Envoy reads, and does what the file says.
//!
//! A real Envoy judges every bootstrap, and some run between programs on loopback: each pod has an
//! address of its own there, and what is rewritten on the way is told at [`pod`] alone.

mod pod;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use self::pod::{Answer, Envoy, Net, Program, ask, get};
use crate::cases;
use crate::support::{Objects, Weft, folders, objects, repository};

/// The program; `None` says what is missing.
fn envoy() -> Option<String> {
    match std::env::var("WEFT_ENVOY") {
        Ok(path) if !path.is_empty() => Some(path),
        _ => {
            let ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
            assert!(!ci, "CI must have Envoy (WEFT_ENVOY); run ./tests/run");
            println!("skipped: needs Envoy (WEFT_ENVOY; run ./tests/run)");
            None
        }
    }
}

/// Every app that compiles in the mode: all models in each of their environments, and all cases.
fn apps() -> Vec<(String, Objects)> {
    let mut runs: Vec<(String, Weft)> = Vec::new();
    for folder in folders(&repository("app-models")) {
        let file = std::fs::read_to_string(folder.join("weft.yaml")).expect("a model");
        let environments = objects(&file).0[0]["environments"].as_object().cloned();
        let names = environments.into_iter().flatten().map(|(name, _)| Some(name));
        for name in [None].into_iter().chain(names) {
            let mut weft = Weft::new("build --quiet").arg(folder.to_str().expect("a path"));
            if let Some(name) = &name {
                weft = weft.arg(format!("--env={name}"));
            }
            runs.push((format!("{} {name:?}", folder.display()), weft));
        }
    }
    for folder in cases::sound() {
        runs.push((folder.display().to_string(), cases::command("build --quiet", &folder)));
    }
    let built = runs.into_iter().filter_map(|(name, weft)| {
        // Gateways of Istio are no business of this mode.
        let settings = ["governance=envoy", "gateway.kind=null", "gateway.class=any"];
        let weft = settings.into_iter().fold(weft, |weft, setting| weft.arg("--set").arg(setting));
        let ended = weft.run();
        (ended.status == 0).then(|| (name, objects(&ended.stdout)))
    });
    built.collect()
}

#[test]
fn envoy_accepts_every_bootstrap_with_its_routes() {
    let Some(envoy) = envoy() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let secret = certificate(folder.path());
    let mut judged: BTreeMap<String, String> = BTreeMap::new();
    let mut wrong = Vec::new();
    let mut seen = 0;
    for (name, all) in apps() {
        for map in all.of("ConfigMap").filter(|map| map["data"]["bootstrap.json"].is_string()) {
            seen += 1;
            let text = inlined(map, &secret).to_string();
            if let Some(first) = judged.insert(text.clone(), name.clone()) {
                // The same words were judged before.
                assert!(!first.is_empty());
                continue;
            }
            if let Some(said) = judge(&envoy, folder.path(), &text) {
                wrong.push(format!("{name} {}:\n{said}", map["metadata"]["name"]));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(seen > 40, "only {seen} bootstraps were seen");
}

#[test]
fn a_bootstrap_that_envoy_cannot_read_is_noticed() {
    let Some(envoy) = envoy() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let all = bookinfo(&[]);
    let map = all.get("ConfigMap", "productpage-v1-mesh");
    let sound = inlined(map, folder.path());
    assert_eq!(judge(&envoy, folder.path(), &sound.to_string()), None);
    let listener = "/static_resources/listeners/2/filter_chains/0/filters/0/typed_config";
    let breaks: [(&str, Value); 3] = [
        (
            "/route_config/virtual_hosts/0/routes/1/route/weighted_clusters/clusters/0/name",
            json!("x"),
        ),
        (
            "/route_config/virtual_hosts/0/routes/0/match/headers/0/string_match/safe_regex/regex",
            json!("(?=x)"),
        ),
        ("/codec_type", json!("SOME")),
    ];
    for (place, value) in breaks {
        let mut broken = sound.clone();
        *broken.pointer_mut(&format!("{listener}{place}")).expect(place) = value;
        assert!(judge(&envoy, folder.path(), &broken.to_string()).is_some(), "{place}");
    }
}

/// What Envoy says against a bootstrap.
fn judge(envoy: &str, folder: &Path, text: &str) -> Option<String> {
    let file = folder.join("judged.json");
    std::fs::write(&file, text).expect("a file");
    let ended = Command::new(envoy)
        .args(["--mode", "validate", "--disable-hot-restart", "-l", "warning", "-c"])
        .arg(&file)
        .output()
        .expect("Envoy starts");
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    let fine = ended.status.success() && !said.contains("[warning]");
    (!fine).then(|| said + &String::from_utf8_lossy(&ended.stdout))
}

/// A bootstrap with its files of routes in it, which Envoy does not open to judge it, and with
/// certificates that are there.
fn inlined(map: &Value, secret: &Path) -> Value {
    let data = |key: &str| -> Value {
        let text = map["data"][key].as_str().unwrap_or_else(|| panic!("no {key} in {map}"));
        serde_json::from_str(text).expect("JSON")
    };
    let mut bootstrap = data("bootstrap.json");
    let listeners = bootstrap["static_resources"]["listeners"].as_array_mut().expect("listeners");
    for listener in listeners {
        let config = &mut listener["filter_chains"][0]["filters"][0]["typed_config"];
        if config["rds"].is_null() {
            continue;
        }
        let path = &config["rds"]["config_source"]["path_config_source"]["path"];
        let key = path.as_str().expect("a path").rsplit('/').next().expect("a name").to_owned();
        let mut routes = data(&key)["resources"][0].clone();
        routes.as_object_mut().expect("routes").remove("@type");
        assert_eq!(routes["name"], config["rds"]["route_config_name"]);
        config["route_config"] = routes;
        config.as_object_mut().expect("a filter").remove("rds");
    }
    let mut text = bootstrap.to_string();
    for end in ["ca.crt", "tls.crt", "tls.key", "ca-certificates.crt"] {
        let there = secret.join(if end == "tls.key" { "key.pem" } else { "cert.pem" });
        let mut parts = text.split(end).map(str::to_owned).collect::<Vec<_>>();
        let last = parts.len() - 1;
        for part in &mut parts[..last] {
            let start = part.rfind('"').expect("a text") + 1;
            part.replace_range(start.., there.to_str().expect("a path"));
        }
        text = parts.concat();
    }
    serde_json::from_str(&text).expect("JSON")
}

/// A certificate and its key, in files of this folder.
fn certificate(folder: &Path) -> std::path::PathBuf {
    let args = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
                -subj /CN=test -keyout key.pem -out cert.pem";
    let made = Command::new("openssl")
        .args(args.split_whitespace())
        .current_dir(folder)
        .output()
        .expect("openssl starts");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    folder.to_owned()
}

/// BookInfo as it is, in this mode.
fn bookinfo(settings: &[&str]) -> Objects {
    let mut weft = Weft::new("build --governance envoy");
    weft = weft.arg(repository("app-models/bookinfo").to_str().expect("a path"));
    for setting in settings {
        weft = weft.arg("--set").arg(*setting);
    }
    objects(&weft.run().fine())
}

#[test]
fn routes_replace_no_pod_and_a_bootstrap_does() {
    let before = bookinfo(&[]);
    let digest = |all: &Objects, name: &str| {
        let template = &all.get("Deployment", name)["spec"]["template"];
        template["metadata"]["annotations"]["weft.dev/mesh"].clone()
    };
    let files = |all: &Objects| all.get("ConfigMap", "productpage-v1-mesh")["data"].clone();
    assert!(digest(&before, "productpage-v1").is_string());
    // Nothing is asked of a proxy beside these.
    assert_eq!(digest(&before, "details-v1"), Value::Null);
    let traffic = "components.reviews.traffic";
    let hot = ["split.v1=50", "split.v2=50", "timeout=2s", "retries.attempts=2", "mirror.to=v3"]
        .map(|setting| format!("{traffic}.{setting}"));
    let hot: Vec<&str> = hot.iter().map(String::as_str).collect();
    let after = bookinfo(&hot);
    assert_ne!(files(&before), files(&after));
    assert_eq!(files(&before)["bootstrap.json"], files(&after)["bootstrap.json"]);
    assert_eq!(digest(&before, "productpage-v1"), digest(&after, "productpage-v1"));
    let cold = format!("{traffic}.circuitBreaker.connections=7");
    let after = bookinfo(&[&cold]);
    assert_ne!(digest(&before, "productpage-v1"), digest(&after, "productpage-v1"));
}

/// How often each version answered.
fn counted(answers: &[Answer]) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for answer in answers {
        assert_eq!(answer.status, 200, "{answer:?}");
        *counts.entry(answer.body.split_whitespace().next().expect("a word")).or_default() += 1;
    }
    counts
}

/// Whether so many of 4,000 are 30 in 100. The bound is five standard deviations of what chance
/// does: less than one in a million runs is beyond it.
fn is_thirty_percent(count: usize) -> bool {
    (1_055..=1_345).contains(&count)
}

#[test]
fn bookinfo_runs_through_its_proxies() {
    let Some(envoy) = envoy() else { return };
    let all = bookinfo(&[]);
    let net = Net::new(&all);
    // Programs as those of BookInfo: each listens on 9080 on all addresses of its pod, and reviews
    // ask for ratings where their variables say.
    let program = |workload: &str, asks: Option<(String, u16)>| {
        let name = workload.to_owned();
        Program::start(net.address(workload), 9080, move |request| {
            let rest = asks.as_ref().map(|(host, port)| ask(host, *port, &get("/ratings/0", &[])));
            let rest = rest.map_or_else(String::new, |answer| answer.body);
            let host = request.header("host").unwrap_or_default();
            Answer::new(200, format!("{name} {host} {rest}"))
        })
    };
    let ratings = |workload: &str| Some(net.told(&all, workload, "RATINGS"));
    let _programs = [
        program("details-v1", None),
        program("ratings-v1", None),
        program("reviews-v1", None),
        program("reviews-v2", ratings("reviews-v2")),
        program("reviews-v3", ratings("reviews-v3")),
    ];
    let workloads = ["productpage-v1", "reviews-v1", "reviews-v2", "reviews-v3"];
    let proxies: Vec<Envoy> =
        workloads.iter().map(|name| Envoy::start(&envoy, &net, &all, name)).collect();

    // Where the variables of productpage lead.
    let (host, port) = net.told(&all, "productpage-v1", "REVIEWS");
    let request = get("/reviews/0", &[]);
    let answers: Vec<Answer> = pod::many(&host, port, &request, 4_000);
    let counts = counted(&answers);
    assert!(is_thirty_percent(counts["reviews-v1"]), "{counts:?}");
    assert_eq!(counts["reviews-v1"] + counts["reviews-v2"], 4_000, "{counts:?}");
    let second = answers.iter().find(|answer| answer.body.starts_with("reviews-v2"));
    let second = &second.expect("an answer of v2").body;
    assert_eq!(second, "reviews-v2 reviews:9080 ratings-v1 ratings:9080 ");
    let (host_of_details, port_of_details) = net.told(&all, "productpage-v1", "DETAILS");
    let details = ask(&host_of_details, port_of_details, &get("/details/0", &[]));
    assert_eq!(details.body, "details-v1 details:9080 ");

    // The rule, which is for whole values.
    for (user, third) in
        [("ann@gmail.com", 300), ("ann@gmail.com.evil.org", 0), ("ann@GMAIL.com", 0)]
    {
        let request = get("/reviews/0", &[("end-user", user)]);
        let answers = pod::many(&host, port, &request, 300);
        let counts = counted(&answers);
        assert_eq!(counts.get("reviews-v3").copied().unwrap_or(0), third, "{user}: {counts:?}");
    }

    // A program that knows the name alone comes to any pod of reviews, at its door. It splits in
    // the same way, and what it sends on does not come to a door again.
    let doors: Vec<(String, u16)> = net.behind(&all, "reviews", 9080);
    assert_eq!(doors.len(), 3, "{doors:?}");
    let mut answers = Vec::new();
    for (share, (host, port)) in [1_400, 1_300, 1_300].iter().zip(&doors) {
        answers.extend(pod::many(host, *port, &request, *share));
    }
    let counts = counted(&answers);
    assert!(is_thirty_percent(counts["reviews-v1"]), "{counts:?}");
    assert_eq!(counts["reviews-v1"] + counts["reviews-v2"], 4_000, "{counts:?}");
    let request_of_third = get("/reviews/0", &[("end-user", "ann@gmail.com")]);
    let answers = pod::many(&doors[0].0, doors[0].1, &request_of_third, 100);
    assert_eq!(counted(&answers), BTreeMap::from([("reviews-v3", 100)]));
    // A version's own name leads to that version.
    for (host, port) in net.behind(&all, "reviews-v1", 9080) {
        let answers = pod::many(&host, port, &request_of_third, 100);
        assert_eq!(counted(&answers), BTreeMap::from([("reviews-v1", 100)]));
    }

    // New weights are new routes, and nothing else: no pod is replaced, and no call is lost.
    let next = bookinfo(&[
        "components.reviews.traffic.split.v1=0",
        "components.reviews.traffic.split.v2=100",
    ]);
    for name in workloads {
        let template = |all: &Objects| all.get("Deployment", name)["spec"]["template"].clone();
        assert_eq!(template(&all), template(&next), "{name}");
    }
    let swapped = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let load = scope.spawn(|| {
            let end = Instant::now() + Duration::from_secs(20);
            let mut last = Vec::new();
            let mut tried = 0;
            // Until the second version answers alone, and a while longer.
            while Instant::now() < end && tried < 40_000 {
                let after = swapped.load(Ordering::SeqCst);
                let answers = pod::many(&host, port, &request, 500);
                tried += answers.len();
                let counts = counted(&answers);
                let alone = counts.get("reviews-v2") == Some(&500);
                last.push(alone && after);
                if last.ends_with(&[true, true]) {
                    return true;
                }
            }
            false
        });
        std::thread::sleep(Duration::from_millis(500));
        proxies[0].swap(&next);
        swapped.store(true, Ordering::SeqCst);
        assert!(load.join().expect("no call is lost"), "the new routes were not seen");
    });
}

/// An app with a rule of every kind, and a caller whose proxy applies them.
const RULES: &str = r#"
governance: envoy
components:
  web:
    image: example.com/web:1
    ports: { http: 8080 }
    expose: { http: { via: load-balancer } }
    dependsOn: { api: { env: { API_HOST: host, API_PORT: port } } }
    propagates: [cookie, team, host]
  bot:
    image: example.com/bot:1
    expose: {}
    dependsOn: { api: { env: { API_HOST: host, API_PORT: port } } }
  api:
    image: example.com/api:1
    ports: { http: 9090 }
    probes: { readiness: { http: /ready, port: http } }
    versions: { v1: {}, v2: {}, v3: {}, v4: {} }
    traffic:
      rules:
        - { match: { caller: bot }, to: v4 }
        - { match: { path: /fault }, to: v1, fault: { abort: { status: 418 } } }
        - { match: { path: { prefix: /old } }, to: v1, rewrite: { prefix: /new, host: other.example.com } }
        - { match: { path: { startsWith: /text } }, to: v2 }
        - { match: { path: { prefix: /seg } }, to: v3 }
        - { match: { path: { regex: '/n/[0-9]+' } }, to: v4 }
        - { match: { path: { prefix: /in }, headers: { team: { not: { exact: books } } } }, to: v2 }
        - { match: { path: { prefix: /in } }, to: v3 }
        - { match: { path: { prefix: /like }, headers: { team: { not: { regex: 'b+' } } } }, to: v2 }
        - { match: { path: { prefix: /like } }, to: v3 }
        - { match: { path: { prefix: /gone }, headers: { team: { present: false } } }, to: v2 }
        - { match: { path: { prefix: /gone }, headers: { team: { prefix: bo } } }, to: v3 }
        - { match: { path: { prefix: /cake }, cookies: { a: '1', b: { prefix: x }, c: { not: { exact: '9' } } } }, to: v2 }
        - { match: { path: { prefix: /cake } }, to: v3 }
        - { match: { path: /ask, query: { q: { prefix: yes }, r: { present: false } } }, to: v2 }
        - { match: { path: /ask, query: { q: { not: { exact: 'no' } } } }, to: v3 }
        - { match: { path: /ask }, to: v4 }
        - { match: { method: PUT }, to: v2 }
        - { match: { path: { not: { prefix: /split } } }, to: v1 }
      split: { v1: 50, v2: 50, v3: 0, v4: 0 }
      sticky: { cookie: canary, rollout: spring }
"#;

/// A method, a path, headers, and which version is to answer what.
type Call = (&'static str, &'static str, &'static [(&'static str, &'static str)], &'static str);

const CALLS: &[Call] = &[
    ("GET", "/old/x?y=1", &[], "v1 /new/x?y=1 other.example.com"),
    ("GET", "/old", &[], "v1 /new other.example.com"),
    ("GET", "/older", &[], "v1 /older api:9090"),
    ("GET", "/textile", &[], "v2 /textile api:9090"),
    ("GET", "/seg/x", &[], "v3 /seg/x api:9090"),
    ("GET", "/segment", &[], "v1 /segment api:9090"),
    ("GET", "/n/17?x", &[], "v4 /n/17?x api:9090"),
    ("GET", "/n/17/x", &[], "v1 /n/17/x api:9090"),
    ("GET", "/in", &[("team", "books")], "v3 /in api:9090"),
    ("GET", "/in", &[("Team", "cooks")], "v2 /in api:9090"),
    ("GET", "/in", &[], "v2 /in api:9090"),
    ("GET", "/like", &[("team", "bb")], "v3 /like api:9090"),
    ("GET", "/like", &[("team", "")], "v2 /like api:9090"),
    ("GET", "/like", &[("team", "cb")], "v2 /like api:9090"),
    ("GET", "/like", &[], "v2 /like api:9090"),
    ("GET", "/gone", &[], "v2 /gone api:9090"),
    ("GET", "/gone", &[("team", "books")], "v3 /gone api:9090"),
    ("GET", "/gone", &[("team", "cooks")], "v1 /gone api:9090"),
    ("GET", "/cake", &[("cookie", "z=0; a=1; b=xyz")], "v2 /cake api:9090"),
    ("GET", "/cake", &[("cookie", "b=x;a=1; c=8")], "v2 /cake api:9090"),
    ("GET", "/cake", &[("cookie", "a=1; b=x; c=9")], "v3 /cake api:9090"),
    ("GET", "/cake", &[("cookie", "a=12; b=x")], "v3 /cake api:9090"),
    ("GET", "/cake", &[], "v3 /cake api:9090"),
    ("GET", "/ask?q=yesterday", &[], "v2 /ask?q=yesterday api:9090"),
    ("GET", "/ask?q=yes&r", &[], "v3 /ask?q=yes&r api:9090"),
    ("GET", "/ask?q=yes&r=1", &[], "v3 /ask?q=yes&r=1 api:9090"),
    ("GET", "/ask?q=no", &[], "v4 /ask?q=no api:9090"),
    ("GET", "/ask?p=1&q=no&s=2", &[], "v4 /ask?p=1&q=no&s=2 api:9090"),
    ("GET", "/ask?p=q=no", &[], "v3 /ask?p=q=no api:9090"),
    ("GET", "/ask", &[], "v3 /ask api:9090"),
    ("PUT", "/split", &[], "v2 /split api:9090"),
    ("GET", "/splitter?x=/split", &[], "v1 /splitter?x=/split api:9090"),
    ("GET", "/split", &[("cookie", "canary=spring-v1")], "v1 /split api:9090"),
    ("GET", "/split", &[("cookie", "x=1; canary=spring-v2")], "v2 /split api:9090"),
];

#[test]
fn rules_are_matched_as_the_file_says() {
    let Some(envoy) = envoy() else { return };
    let all = objects(&Weft::on("build --quiet", RULES).run().fine());
    let net = Net::new(&all);
    let program = |version: &'static str| {
        Program::start(net.address(&format!("api-{version}")), 9090, move |request| {
            let host = request.header("host").unwrap_or_default();
            Answer::new(200, format!("{version} {} {host}", request.path))
        })
    };
    let _programs = ["v1", "v2", "v3", "v4"].map(program);
    let _proxies = ["web-v1", "bot-v1"].map(|name| Envoy::start(&envoy, &net, &all, name));
    let (host, port) = net.told(&all, "web-v1", "API");
    let mut wrong = Vec::new();
    for (method, path, headers, wanted) in CALLS {
        let answer = ask(&host, port, &pod::request(method, path, headers));
        if (answer.status, &*answer.body) != (200, wanted) {
            wrong.push(format!("{method} {path} {headers:?}: {answer:?}, not {wanted}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(ask(&host, port, &get("/fault", &[])).status, 418);
    let (own, number) = net.told(&all, "bot-v1", "API");
    assert_eq!(ask(&own, number, &get("/fault", &[])).body, "v4 /fault api:9090");
    // The answer notes the version, so that the next call goes there.
    for _ in 0..50 {
        let first = ask(&host, port, &get("/split", &[]));
        let cookie = first.headers.iter().find(|(name, _)| name == "set-cookie");
        let (_, cookie) = cookie.expect("a cookie");
        let (pair, rest) = cookie.split_once("; ").expect("a cookie with its fields");
        assert_eq!(rest, "Path=/; HttpOnly; SameSite=Lax");
        let again = ask(&host, port, &get("/split", &[("cookie", pair)]));
        assert_eq!(again.body, first.body);
    }
}

#[test]
fn failures_are_treated_as_the_file_says() {
    let Some(envoy) = envoy() else { return };
    let app = r#"
governance: envoy
components:
  web:
    image: example.com/web:1
    ports: { http: 8080 }
    expose: { http: { via: load-balancer } }
    dependsOn:
      api: { env: { API_HOST: host, API_PORT: port } }
      plain: { env: { PLAIN_HOST: host, PLAIN_PORT: port } }
      store: { env: { STORE_HOST: host, STORE_PORT: port } }
  api:
    image: example.com/api:1
    ports: { http: 9090 }
    versions: { v1: { replicas: 2 }, shadow: {} }
    traffic:
      split: { v1: 100, shadow: 0 }
      retries: { attempts: 3, on: ['503'] }
      mirror: { to: shadow }
      rules: [{ match: { path: /slow }, timeout: 300ms }]
  plain: { image: 'example.com/plain:1', ports: { http: 9090 }, replicas: 2 }
  store:
    image: example.com/store:1
    ports: { tcp: 7000 }
    versions: { v1: {}, v2: {} }
    traffic: { split: { v1: 30, v2: 70 } }
"#;
    let all = objects(&Weft::on("build --quiet", app).run().fine());
    let net = Net::new(&all);
    // Two pods of a version, of which one fails; Envoy is told of both, as name servers would.
    let failing = |name: &str| {
        let place = net.second(name);
        Program::start(place, 9090, |_| Answer::new(503, "failing".into()))
    };
    let sound = |name: &str| {
        Program::start(net.address(name), 9090, |request| {
            if request.path == "/slow" {
                std::thread::sleep(Duration::from_millis(1_500));
            }
            Answer::new(200, "fine".into())
        })
    };
    let _pods = ["api-v1", "plain-v1"].map(|name| (failing(name), sound(name)));
    let copies = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let seen = copies.clone();
    let _shadow = Program::start(net.address("api-shadow"), 9090, move |request| {
        let host = request.header("host").unwrap_or_default().to_owned();
        seen.lock().expect("no panic").push(host);
        Answer::new(500, "nobody reads this".into())
    });
    let _stores =
        ["store-v1", "store-v2"].map(|name| Program::greet(net.address(name), 7000, name));
    let _proxy = Envoy::start(&envoy, &net, &all, "web-v1");
    let (host, port) = net.told(&all, "web-v1", "API");
    for answer in pod::many(&host, port, &get("/", &[]), 200) {
        assert_eq!((answer.status, &*answer.body), (200, "fine"));
    }
    let late = Instant::now();
    assert_eq!(ask(&host, port, &get("/slow", &[])).status, 504);
    assert!(late.elapsed() < Duration::from_millis(1_400));
    let end = Instant::now() + Duration::from_secs(5);
    while copies.lock().expect("no panic").len() < 200 && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(20));
    }
    let copies = copies.lock().expect("no panic").clone();
    assert!(copies.len() >= 200, "{} copies", copies.len());
    assert!(copies.iter().all(|host| host == "api:9090"), "{copies:?}");
    // What the file does not ask for is not done.
    let (host, port) = net.told(&all, "web-v1", "PLAIN");
    let failed = pod::many(&host, port, &get("/", &[]), 200);
    let failed = failed.iter().filter(|answer| answer.status == 503).count();
    assert!((40..=160).contains(&failed), "{failed} of 200 failed");
    let (host, port) = net.told(&all, "web-v1", "STORE");
    let first = (0..1_000).filter(|_| pod::greeting(&host, port) == "store-v1").count();
    assert!((225..=375).contains(&first), "{first} of 1,000 connections came to v1");
}
