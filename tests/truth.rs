//! The app models mean what their originals mean.
//!
//! The corpus holds the manifests and Compose files that the authors of these apps wrote, and a
//! comparison by meaning: names of helpers, labels and objects are resolved, never compared as
//! text. What it calls core must be equal, without exception.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::support::{Weft, objects, repository};

/// What is compared. `-` is the model without an environment; `closed` leaves out the entry, which
/// upstream keeps in a file of its own and does not apply in that exercise.
const CASES: &str = "
    MODEL              ENVIRONMENT                 TRUTH                                 ENTRY

    bookinfo-upstream  -                           bookinfo--gateway                     open
    bookinfo-upstream  all-v1                      bookinfo--all-v1                      open
    bookinfo-upstream  reviews-80-20               bookinfo--reviews-80-20               open
    bookinfo-upstream  reviews-90-10               bookinfo--reviews-90-10               open
    bookinfo-upstream  reviews-50-v3               bookinfo--reviews-50-v3               open
    bookinfo-upstream  reviews-v2-v3               bookinfo--reviews-v2-v3               open
    bookinfo-upstream  reviews-v3                  bookinfo--reviews-v3                  open
    bookinfo-upstream  reviews-test-v2             bookinfo--reviews-test-v2             open
    bookinfo-upstream  reviews-jason-v2-v3         bookinfo--reviews-jason-v2-v3         open
    bookinfo-upstream  ratings-test-abort          bookinfo--ratings-test-abort          open
    bookinfo-upstream  ratings-test-delay          bookinfo--ratings-test-delay          open
    bookinfo-upstream  fault-injection-details-v1  bookinfo--fault-injection-details-v1  open
    bookinfo-upstream  ingress                     bookinfo--ingress                     open
    bookinfo-upstream  -                           bookinfo                              closed
    bookinfo-upstream  -                           bookinfo--psa                         closed
    bookinfo-upstream  details-v2                  bookinfo--details-v2                  closed
    bookinfo-upstream  ratings-mongo               bookinfo--ratings-mongo               closed
    bookinfo-upstream  ratings-mysql               bookinfo--ratings-mysql               closed

    bookinfo-ambient   -                           bookinfo--ambient-route-all-v1        open
    bookinfo-ambient   reviews-90-10               bookinfo--ambient-route-reviews-90-10 open
    bookinfo-ambient   reviews-50-v3               bookinfo--ambient-route-reviews-50-v3 open
    bookinfo-ambient   reviews-v3                  bookinfo--ambient-route-reviews-v3    open

    online-boutique    -                           online-boutique                       open
    online-boutique    network-policies            online-boutique--network-policies     open
    online-boutique    authz-sidecars              online-boutique--authz-sidecars       open
    online-boutique    istio                       online-boutique--istio                open

    emojivoto          -                           emojivoto                             open
    emojivoto          linkerd                     emojivoto                             open
    emojivoto          linkerd-policy              emojivoto--policy                     open

    voting-app         -                           voting-app                            open

    booksapp           -                           booksapp                              open

    hotel-reservation  -                           hotel-reservation                     open

    n8n                -                           compose-n8n-postgres-worker           open

    elastic-stack      -                           compose-elasticsearch-logstash-kibana open

    wordpress          -                           compose-wordpress-mysql               open

    distributed-calculator  -                      dapr-distributed-calculator           open

    hello-dapr         -                           dapr-hello-kubernetes                 open
";

/// What must differ, and a fact that shows it: the comparison is able to fail.
const CONTROLS: &str = "
    MODEL              ENVIRONMENT                 TRUTH                                 FACT

    bookinfo-upstream  reviews-80-20               bookinfo--reviews-90-10               route/reviews/http/rule0/backends
    bookinfo-upstream  reviews-jason-v2-v3         bookinfo--reviews-test-v2             route/reviews/http/rule1/backends
    bookinfo-upstream  ratings-test-delay          bookinfo--ratings-test-abort          route/ratings/http/rule0/fault
    bookinfo-upstream  -                           bookinfo                              exposure/*
    bookinfo-upstream  -                           bookinfo--details-v2                  workload/details-v2
    bookinfo-ambient   reviews-50-v3               bookinfo--ambient-route-reviews-v3    route/reviews/http/rule0/backends
    online-boutique    -                           emojivoto                             edge/web->emoji-svc
    online-boutique    -                           online-boutique--network-policies     network/adservice->cartservice:7070
    online-boutique    network-policies            online-boutique--authz-sidecars       authz/adservice->cartservice:7070
    online-boutique    network-policies            online-boutique--authz-sidecars       sidecar_egress/frontend
    hello-dapr         -                           dapr-distributed-calculator           dapr/configurations/appconfig
    distributed-calculator  -                      dapr-hello-kubernetes                 dapr/components/statestore/metadata/redisHost
";

/// What differs and is meant to, fact by fact.
///
/// `authz-sidecars`: upstream's NetworkPolicies let every pod call anyone, and `frontend` be called
/// by anyone, because it has a load balancer; of the proxies alone upstream asks more. Ours close
/// the callers' side too, so a pod that does not declare `frontend` cannot call it.
///
/// `istio`: a port has one entry in a weft file, so the load balancer beside the gateway is left
/// out. The three hosts of Google are for profilers that are switched off, or for what no component
/// declares to call; and a wildcard is no address.
///
/// `emojivoto` under Linkerd: upstream's `appProtocol: grpc` is a word that Linkerd does not know, and
/// takes for bytes. Of its policy, upstream lets everyone read the numbers of `emoji` and `voting` and
/// call `web`, and opens the proxies' own port; ours lets in who is declared: Prometheus, and
/// `vote-bot`.
const DIFFERENCES: &str = "
    MODEL              ENVIRONMENT                 TRUTH                                 FACT

    online-boutique    authz-sidecars              online-boutique--authz-sidecars       network/adservice->frontend:8080
    online-boutique    authz-sidecars              online-boutique--authz-sidecars       network/cartservice->frontend:8080
    online-boutique    authz-sidecars              online-boutique--authz-sidecars       network/checkoutservice->frontend:8080
    online-boutique    authz-sidecars              online-boutique--authz-sidecars       network/currencyservice->frontend:8080
    online-boutique    authz-sidecars              online-boutique--authz-sidecars       network/emailservice->frontend:8080
    online-boutique    authz-sidecars              online-boutique--authz-sidecars       network/paymentservice->frontend:8080
    online-boutique    authz-sidecars              online-boutique--authz-sidecars       network/productcatalogservice->frontend:8080
    online-boutique    authz-sidecars              online-boutique--authz-sidecars       network/recommendationservice->frontend:8080
    online-boutique    authz-sidecars              online-boutique--authz-sidecars       network/redis-cart->frontend:8080
    online-boutique    authz-sidecars              online-boutique--authz-sidecars       network/shippingservice->frontend:8080

    online-boutique    istio                       online-boutique--istio                service/frontend-external
    online-boutique    istio                       online-boutique--istio                exposure/*->frontend:8080
    online-boutique    istio                       online-boutique--istio                external/metadata.google.internal
    online-boutique    istio                       online-boutique--istio                external/*.googleapis.com
    online-boutique    istio                       online-boutique--istio                external/accounts.google.com

    emojivoto          linkerd                     emojivoto                             service/emoji-svc/port/8080/app
    emojivoto          linkerd                     emojivoto                             service/voting-svc/port/8080/app
    emojivoto          linkerd-policy              emojivoto--policy                     service/emoji-svc/port/8080/app
    emojivoto          linkerd-policy              emojivoto--policy                     service/voting-svc/port/8080/app
    emojivoto          linkerd-policy              emojivoto--policy                     authz/vote-bot->emoji:8801
    emojivoto          linkerd-policy              emojivoto--policy                     authz/voting->emoji:8801
    emojivoto          linkerd-policy              emojivoto--policy                     authz/web->emoji:8801
    emojivoto          linkerd-policy              emojivoto--policy                     authz/outside->emoji:8801
    emojivoto          linkerd-policy              emojivoto--policy                     authz/emoji->voting:8801
    emojivoto          linkerd-policy              emojivoto--policy                     authz/vote-bot->voting:8801
    emojivoto          linkerd-policy              emojivoto--policy                     authz/web->voting:8801
    emojivoto          linkerd-policy              emojivoto--policy                     authz/outside->voting:8801
    emojivoto          linkerd-policy              emojivoto--policy                     authz/emoji->web:8080
    emojivoto          linkerd-policy              emojivoto--policy                     authz/voting->web:8080
    emojivoto          linkerd-policy              emojivoto--policy                     authz/outside->web:8080
    emojivoto          linkerd-policy              emojivoto--policy                     authz/emoji->vote-bot:0
    emojivoto          linkerd-policy              emojivoto--policy                     authz/voting->vote-bot:0
    emojivoto          linkerd-policy              emojivoto--policy                     authz/web->vote-bot:0
    emojivoto          linkerd-policy              emojivoto--policy                     authz/outside->vote-bot:0
";

/// Variables that a model takes from a connection to build another one of, beside the original's.
const CONNECTION_ENV: &str = "MONGODB_HOST,MONGODB_PORT";

#[test]
fn every_model_means_what_its_original_means() {
    let Some(judge) = Judge::find() else { return };
    let different: Vec<String> = rows(CASES)
        .into_iter()
        .filter_map(|[model, environment, truth, entry]| {
            let closed = match entry {
                "open" => false,
                "closed" => true,
                other => panic!("an entry is open or closed, not {other}"),
            };
            let verdict = judge.compare(model, environment, truth, closed);
            let title = format!("{model}, environment {environment}, against {truth}");
            let meant: BTreeSet<&str> = rows(DIFFERENCES)
                .into_iter()
                .filter(|[m, e, t, _]| (*m, *e, *t) == (model, environment, truth))
                .map(|[.., fact]| fact)
                .collect();
            assert_eq!(verdict.equal, verdict.differences().is_empty(), "{}", verdict.report);
            let as_meant = verdict.differences() == meant;
            (!as_meant).then(|| format!("{title}:\n{}", verdict.report))
        })
        .collect();
    assert!(different.is_empty(), "{}", different.join("\n"));
}

#[test]
fn bookinfo_is_the_same_application_in_every_mode() {
    let Some(judge) = Judge::find() else { return };
    for mode in weft::model::Governance::ALL {
        let governance = format!("--governance={}", mode.name());
        let verdict =
            judge.compare_with(&[&governance], "bookinfo-upstream", "-", "bookinfo", true);
        assert!(verdict.equal, "{}:\n{}", mode.name(), verdict.report);
    }
}

/// Apps of which the mode `envoy` changes where calls go, and nothing else: what variables say,
/// where Services lead, and routes, which are in files of Envoy's, where the comparison cannot look.
const PROXIED: &str = "
    MODEL              ENVIRONMENT                 TRUTH                                 CHANGED

    bookinfo-ambient   -                           bookinfo--ambient-route-all-v1        yes
    online-boutique    -                           online-boutique                       yes
    emojivoto          -                           emojivoto                             yes
    voting-app         -                           voting-app                            no
    booksapp           -                           booksapp                              yes
    hotel-reservation  -                           hotel-reservation                     no
    n8n                -                           compose-n8n-postgres-worker           yes
    elastic-stack      -                           compose-elasticsearch-logstash-kibana no
    wordpress          -                           compose-wordpress-mysql               no
";

#[test]
fn proxies_beside_programs_change_nothing_but_where_calls_go() {
    let Some(judge) = Judge::find() else { return };
    for [model, environment, truth, changed] in rows(PROXIED) {
        let arguments = ["--governance=envoy", "--quiet"];
        let verdict = judge.compare_with(&arguments, model, environment, truth, false);
        let report = &verdict.report;
        assert_eq!(verdict.equal, changed == "no", "{model}:\n{report}");
        for fact in verdict.differences() {
            let after = report.split(fact).nth(1).expect("the fact");
            let got = after.lines().find_map(|line| line.trim().strip_prefix("got:"));
            let got = got.map(str::trim).unwrap_or_default();
            let number = got.trim_matches('"').parse::<u16>().is_ok_and(|at| at >= 15_000);
            let told = fact.contains("/env/") && (got.contains("127.0.0.1") || number);
            let door = fact.ends_with("/target") && (number || got == "\"http\"");
            let route = fact.starts_with("route/") && report.contains(&format!("MISSING   {fact}"));
            assert!(told || door || route, "{model}: {fact} is {got}\n{report}");
        }
    }
}

#[test]
fn the_comparison_can_fail() {
    let Some(judge) = Judge::find() else { return };
    for [model, environment, truth, fact] in rows(CONTROLS) {
        let verdict = judge.compare(model, environment, truth, false);
        assert!(!verdict.equal, "{model}, environment {environment}, equals {truth}");
        assert!(verdict.report.contains(fact), "{fact} is not in:\n{}", verdict.report);
    }
}

#[test]
fn no_environment_is_left_out() {
    for model in models() {
        let compared: BTreeSet<String> = rows(CASES)
            .into_iter()
            .filter(|[of, ..]| *of == model)
            .map(|[_, environment, ..]| environment.to_owned())
            .collect();
        let file = std::fs::read_to_string(folder(model).join("weft.yaml")).expect("a model");
        let declared = objects(&file).0[0]["environments"].as_object().cloned();
        let mut all: BTreeSet<String> =
            declared.into_iter().flatten().map(|(name, _)| name).collect();
        all.insert("-".into());
        assert_eq!(compared, all, "the environments of {model}");
    }
}

#[test]
fn no_model_has_a_warning() {
    for model in models() {
        let said = Weft::new("check --deny warnings").arg(path(&folder(model))).run().fine();
        assert!(said.starts_with("ok "), "{model}: {said}");
    }
}

/// The rows of a table below its header.
fn rows(table: &'static str) -> Vec<[&'static str; 4]> {
    let cells = |line: &'static str| -> Vec<&str> { line.split_whitespace().collect() };
    let rows = table.lines().map(cells).filter(|cells| !cells.is_empty()).skip(1);
    rows.map(|cells| cells.try_into().expect("four columns")).collect()
}

fn models() -> BTreeSet<&'static str> {
    rows(CASES).into_iter().map(|[model, ..]| model).collect()
}

fn folder(model: &str) -> PathBuf {
    repository("app-models").join(model)
}

fn path(path: &Path) -> &str {
    path.to_str().expect("a readable path")
}

/// The corpus, and the Python that runs its comparison.
struct Judge {
    corpus: PathBuf,
    python: String,
}

struct Verdict {
    equal: bool,
    report: String,
}

impl Verdict {
    /// The facts that differ, by name.
    fn differences(&self) -> BTreeSet<&str> {
        let lines = self.report.lines().filter_map(|line| line.split_once(char::is_whitespace));
        let stated = lines.filter(|(word, _)| ["MISSING", "DIFFERENT", "EXTRA"].contains(word));
        stated.map(|(_, fact)| fact.trim()).collect()
    }
}

/// The policies of Linkerd once more, in the older words that the comparison reads: each
/// AuthorizationPolicy for a Server as the ServerAuthorization that says the same.
fn server_authorizations(manifests: &str) -> String {
    let all = objects(manifests);
    let named = |kind: &str, name: &Value| {
        let mut known = all.0.iter().filter(|one| one["kind"] == *kind);
        known.find(|one| one["metadata"]["name"] == *name).expect("what a policy names").clone()
    };
    let policies = all.0.iter().filter(|one| {
        one["apiVersion"] == "policy.linkerd.io/v1alpha1"
            && one["kind"] == "AuthorizationPolicy"
            && one["spec"]["targetRef"]["kind"] == "Server"
    });
    let same = policies.map(|policy| {
        let required = &policy["spec"]["requiredAuthenticationRefs"][0];
        let client = match required["kind"].as_str().expect("a kind") {
            "MeshTLSAuthentication" => {
                let known = named("MeshTLSAuthentication", &required["name"]);
                json!({ "meshTLS": { "serviceAccounts": known["spec"]["identityRefs"] } })
            }
            _ => json!({ "unauthenticated": true }),
        };
        json!({
            "apiVersion": "policy.linkerd.io/v1beta1",
            "kind": "ServerAuthorization",
            "metadata": policy["metadata"],
            "spec": { "server": { "name": policy["spec"]["targetRef"]["name"] }, "client": client },
        })
    });
    same.map(|one| format!("---\n{one}\n")).collect()
}

impl Judge {
    fn find() -> Option<Self> {
        let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        let corpus = match variable("WEFT_CORPUS") {
            Some(corpus) => PathBuf::from(corpus),
            None => repository("../shared/corpus"),
        };
        let python = variable("WEFT_PYTHON").unwrap_or_else(|| "python3".into());
        let has_yaml = Command::new(&python).args(["-c", "import yaml"]).output();
        let missing = if !corpus.join("compare.py").is_file() {
            "the corpus of app manifests (WEFT_CORPUS)"
        } else if !has_yaml.is_ok_and(|ended| ended.status.success()) {
            "Python with PyYAML (WEFT_PYTHON)"
        } else {
            return Some(Self { corpus, python });
        };
        assert!(variable("CI").as_deref() != Some("true"), "CI must have {missing}");
        println!("skipped: needs {missing}");
        None
    }

    /// Compares what a model compiles to, and who calls whom in it, with a truth.
    fn compare(&self, model: &str, environment: &str, truth: &str, closed: bool) -> Verdict {
        self.compare_with(&[], model, environment, truth, closed)
    }

    /// The same with more arguments.
    fn compare_with(
        &self,
        more: &[&str],
        model: &str,
        environment: &str,
        truth: &str,
        closed: bool,
    ) -> Verdict {
        let weft = |command: &str| {
            let mut run = Weft::new(command).arg(path(&folder(model)));
            for arg in more {
                run = run.arg(*arg);
            }
            if environment != "-" {
                run = run.arg("--env").arg(environment);
            }
            if closed {
                // Without its entry nothing leads to the page, and weft says so on stderr.
                run = run.arg("--quiet").arg("--set").arg("components.productpage.expose=null");
            }
            run.run().fine()
        };
        let manifests = weft("build");
        let manifests = format!("{manifests}{}", server_authorizations(&manifests));
        let graph = weft("graph --format json");
        let mode = &objects(&graph).0[0]["governance"];
        let mode = mode.as_str().expect("a mode");
        // It looks for proxies among the containers of every pod. Those of the mode `envoy` are
        // sidecars of Kubernetes' own kind, and pods that need none have none.
        let seen = if mode == "envoy" { Vec::new() } else { vec!["--mode", mode] };

        let room = tempfile::tempdir().expect("a folder");
        let file = |name: &str, text: &str| {
            let place = room.path().join(name);
            std::fs::write(&place, text).expect("a file");
            place
        };
        let compared = Command::new(&self.python)
            .arg(self.corpus.join("compare.py"))
            .args(seen)
            .args(["--allow-env", CONNECTION_ENV])
            .arg("--edges")
            .arg(file("graph.json", &graph))
            .arg(self.corpus.join("truth").join(truth).with_extension("json"))
            .arg(file("manifests.yaml", &manifests))
            .output()
            .expect("Python starts");
        let report = String::from_utf8_lossy(&compared.stdout).into_owned();
        let equal = match compared.status.code() {
            Some(0) => true,
            Some(1) if report.contains(": DIFFERS, ") => false,
            _ => panic!("{truth}: {report}{}", String::from_utf8_lossy(&compared.stderr)),
        };
        Verdict { equal, report }
    }
}
