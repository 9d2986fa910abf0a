//! What we print satisfies its real consumers: an API server with the real CRDs, and Istio.
//!
//! `tests/run` prepares them and says where they are; without it these tests say what they need.

#![allow(clippy::disallowed_methods, reason = "tests start programs and read files")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use weft::model::Governance;

/// The path or value that `tests/run` puts into the environment; `None` prints what is missing.
fn needs(key: &str) -> Option<String> {
    match std::env::var(key) {
        Ok(value) if !value.is_empty() => Some(value),
        _ if std::env::var("CI").is_ok_and(|ci| ci == "true") => {
            panic!("CI must have {key}; run ./tests/run")
        }
        _ => {
            println!("skipped: needs {key} (run ./tests/run)");
            None
        }
    }
}

/// One application under one mode, compiled into a namespace of its own.
struct Stream {
    name: String,
    namespace: String,
    text: String,
}

fn weft(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_weft")).args(args).output().expect("weft runs")
}

fn folders(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for entry in entries.flatten().filter(|entry| entry.path().is_dir()) {
            open.push(entry.path());
        }
        if folder.join("weft.yaml").is_file() {
            found.push(folder);
        }
    }
    found.sort();
    found
}

/// The arguments that a case wants beside its folder.
fn case_args(folder: &Path) -> Vec<String> {
    std::fs::read_to_string(folder.join("args"))
        .map(|text| text.split_whitespace().map(str::to_owned).collect())
        .unwrap_or_default()
}

/// Every golden case as it is, every app model in both modes and in each of its environments.
fn streams() -> Vec<Stream> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut wanted: Vec<(PathBuf, Vec<String>)> = Vec::new();
    for cases in ["tests/cases/ok", "tests/cases/mode"] {
        for folder in folders(&root.join(cases)) {
            let args = case_args(&folder);
            wanted.push((folder, args));
        }
    }
    // The example of a mode of the author's own, on its cases and on every model.
    let modes = format!("--modes={}", root.join("app-models/bookinfo/modes").display());
    for folder in folders(&root.join("tests/cases/custom")) {
        let mut args = case_args(&folder);
        args.push(modes.clone());
        wanted.push((folder, args));
    }
    for folder in folders(&root.join("app-models")) {
        wanted.push((folder.clone(), vec!["--governance=cilium".into(), modes.clone()]));
        let text =
            std::fs::read_to_string(folder.join("weft.yaml")).expect("the model is readable");
        let environments = environments(&text);
        let environments = environments.iter().map(|name| vec![format!("--env={name}")]);
        for layer in std::iter::once(Vec::new()).chain(environments) {
            for mode in Governance::ALL.map(Governance::name) {
                let mut args = layer.clone();
                args.push(format!("--governance={mode}"));
                wanted.push((folder.clone(), args));
            }
        }
    }
    let mut out = Vec::new();
    for (position, (folder, args)) in wanted.into_iter().enumerate() {
        let namespace = format!("case-{position}");
        let path = folder.to_str().expect("a readable path");
        let set = format!("--set=namespace={namespace}");
        let mut all = vec!["build", path, "--quiet", &set];
        all.extend(args.iter().map(String::as_str));
        let built = weft(&all);
        let name = folder.strip_prefix(root).unwrap_or(&folder).display();
        let name = format!("{name} {}", args.join(" "));
        if !built.status.success() {
            // A mode may refuse what one environment asks of it; that it says so is another test's
            // matter. That each model has something in either mode is asserted below.
            let stderr = String::from_utf8_lossy(&built.stderr);
            let refused = ["not-in-this-mode", "split-not-by-replicas", "field-without-effect"];
            let refused = refused.iter().any(|code| stderr.contains(code));
            assert!(
                refused && name.starts_with("app-models"),
                "{name} does not compile:\n{stderr}"
            );
            continue;
        }
        let mut text = String::from_utf8(built.stdout).expect("manifests are UTF-8");
        // A port of every node is one for the whole cluster, and here each model is there in every
        // mode and in all of its environments.
        let again = |arg: &String| {
            let mode = arg.strip_prefix("--governance=");
            mode.is_some_and(|mode| mode != "kubernetes") || arg.starts_with("--env=")
        };
        if args.iter().any(again) {
            let picked = |line: &&str| line.trim_start().starts_with("nodePort: ");
            text =
                text.lines().filter(|line| !picked(line)).flat_map(|line| [line, "\n"]).collect();
        }
        out.push(Stream { name, namespace, text });
    }
    for folder in folders(&root.join("app-models")) {
        let model = folder.strip_prefix(root).unwrap_or(&folder).display().to_string();
        for mode in Governance::ALL.map(Governance::name) {
            let accepted = |stream: &&Stream| {
                stream.name.starts_with(&format!("{model} ")) && stream.name.ends_with(mode)
            };
            assert!(out.iter().any(|stream| accepted(&stream)), "{model} has nothing for {mode}");
        }
    }
    out
}

fn environments(text: &str) -> Vec<String> {
    let file: serde_yaml::Value = serde_yaml::from_str(text).expect("the model is YAML");
    let declared = file.get("environments").and_then(|declared| declared.as_mapping());
    let names = declared.into_iter().flat_map(|declared| declared.keys());
    names.filter_map(|name| name.as_str().map(str::to_owned)).collect()
}

fn objects(text: &str) -> Vec<Value> {
    use serde::Deserialize;
    serde_yaml::Deserializer::from_str(text)
        .map(|document| Value::deserialize(document).expect("each document is YAML"))
        .filter(|document| !document.is_null())
        .collect()
}

fn pipe(program: &str, args: &[&str], input: &str) -> Output {
    use std::io::Write;
    let mut child = Command::new(program)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdin = child.stdin.take().expect("stdin is a pipe");
    let input = input.to_owned();
    let feeder = std::thread::spawn(move || drop(stdin.write_all(input.as_bytes())));
    let output = child.wait_with_output().expect("the program ends");
    feeder.join().expect("the input was written");
    output
}

#[test]
fn an_api_server_accepts_everything_strictly_and_a_second_time_changes_nothing() {
    let (Some(kubectl), Some(_)) = (needs("WEFT_KUBECTL"), needs("WEFT_KUBECONFIG")) else {
        return;
    };
    let apply = |text: &str| {
        let args = [
            "apply",
            "--server-side",
            "--field-manager=weft-test",
            "--validate=strict",
            "--warnings-as-errors",
            "-o",
            "json",
            "-f",
            "-",
        ];
        pipe(&kubectl, &args, text)
    };
    let stable = |output: &Output| -> String {
        let text = String::from_utf8_lossy(&output.stdout);
        let lines = text.lines().filter(|line| !line.contains("\"resourceVersion\""));
        lines.collect::<Vec<_>>().join("\n")
    };
    for stream in streams() {
        let name = &stream.name;
        let first = apply(&stream.text);
        let stderr = String::from_utf8_lossy(&first.stderr);
        assert!(first.status.success(), "{name} is refused:\n{stderr}");
        let second = apply(&stream.text);
        assert!(second.status.success(), "{name} is refused the second time");
        assert_eq!(stable(&first), stable(&second), "{name}: a second apply changes something");
    }
}

#[test]
fn a_folder_of_manifests_is_applied_in_the_order_of_its_file_names() {
    let (Some(kubectl), Some(_)) = (needs("WEFT_KUBECTL"), needs("WEFT_KUBECONFIG")) else {
        return;
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = folder.path().join("out");
    let out = out.to_str().expect("a readable path");
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("app-models/bookinfo");
    let model = model.to_str().expect("a readable path");
    let built = weft(&["build", model, "--set=namespace=case-folder", "-o", out]);
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let args = ["apply", "--server-side", "--validate=strict", "-f", out];
    let applied = pipe(&kubectl, &args, "");
    assert!(applied.status.success(), "{}", String::from_utf8_lossy(&applied.stderr));
}

#[test]
fn an_api_server_refuses_a_misspelt_field() {
    let (Some(kubectl), Some(_)) = (needs("WEFT_KUBECTL"), needs("WEFT_KUBECONFIG")) else {
        return;
    };
    let text = "apiVersion: v1\nkind: Service\nmetadata: { name: wrong, namespace: default }\n\
                spec: { selektor: { app: web }, ports: [{ port: 80 }] }\n";
    let args = ["apply", "--server-side", "--validate=strict", "-f", "-"];
    let output = pipe(&kubectl, &args, text);
    assert!(!output.status.success(), "strict validation is not on");
}

#[test]
fn istio_finds_nothing_to_say() {
    let (Some(istioctl), Some(analyze)) = (needs("WEFT_ISTIOCTL"), needs("WEFT_ISTIO_ANALYZE"))
    else {
        return;
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    // What Istio thinks of an app outside its mesh is of no interest.
    for stream in streams().into_iter().filter(|stream| stream.text.contains("sidecar.istio.io/")) {
        let file = folder.path().join(format!("{}.yaml", stream.namespace));
        std::fs::write(&file, &stream.text).expect("the stream is written");
        let path = file.to_str().expect("a readable path").to_owned();
        let arguments: [&[&str]; 2] =
            [&["validate", "-f", &path], &["analyze", "--use-kube=false", &path]];
        for arguments in arguments {
            let output = pipe(&istioctl, arguments, "");
            let said = String::from_utf8_lossy(&output.stdout).into_owned()
                + &String::from_utf8_lossy(&output.stderr);
            let quiet = output.status.success() && !said.contains("[IST");
            assert!(quiet, "{}: istioctl {}:\n{said}", stream.name, arguments[0]);
        }
        files.insert(path, stream.name);
    }
    let paths: Vec<&str> = files.keys().map(String::as_str).collect();
    let output = pipe(&analyze, &paths, "");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut said = Vec::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let message: Value = serde_json::from_str(line).expect("one JSON message a line");
        let name = message["file"].as_str().and_then(|file| files.get(file));
        // The pods of a gateway are not the app's: the stand-in has those of the default one.
        let gateway = message["code"] == "IST0101"
            && message["resource"].as_str().is_some_and(|of| of.starts_with("Gateway "));
        if !gateway {
            said.push(format!("{name:?}: {line}"));
        }
    }
    assert!(said.is_empty(), "Istio's analyzers say:\n{}", said.join("\n"));
}

/// Decodes into the typed struct and back: what the type does not have is lost on the way.
fn survives<T: serde::Serialize + serde::de::DeserializeOwned>(
    object: &Value,
) -> Result<(), String> {
    let typed: T = serde_json::from_value(object.clone()).map_err(|error| error.to_string())?;
    let back = serde_json::to_value(typed).map_err(|error| error.to_string())?;
    lost(object, &back, "")
}

fn lost(before: &Value, after: &Value, path: &str) -> Result<(), String> {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => {
            before.iter().try_for_each(|(key, value)| {
                let path = format!("{path}.{key}");
                match after.get(key) {
                    Some(other) => lost(value, other, &path),
                    None => Err(format!("{path} is lost")),
                }
            })
        }
        (Value::Array(before), Value::Array(after)) if before.len() == after.len() => {
            let mut pairs = before.iter().zip(after).enumerate();
            pairs.try_for_each(|(i, (a, b))| lost(a, b, &format!("{path}.{i}")))
        }
        (a, b) if a == b => Ok(()),
        (a, b) => Err(format!("{path} was {a}, is {b}")),
    }
}

#[test]
fn every_object_decodes_without_loss_into_its_type() {
    use k8s_openapi::api::{
        apps, autoscaling, batch, core, discovery, networking, policy, scheduling,
    };
    let mut seen = BTreeMap::<String, usize>::new();
    for stream in streams() {
        for object in objects(&stream.text) {
            let kind = object["kind"].as_str().unwrap_or_default().to_owned();
            let group = object["apiVersion"].as_str().unwrap_or_default().to_owned();
            let result = match (group.as_str(), kind.as_str()) {
                ("v1", "Namespace") => survives::<core::v1::Namespace>(&object),
                ("v1", "ServiceAccount") => survives::<core::v1::ServiceAccount>(&object),
                ("v1", "ConfigMap") => survives::<core::v1::ConfigMap>(&object),
                ("v1", "PersistentVolumeClaim") => {
                    survives::<core::v1::PersistentVolumeClaim>(&object)
                }
                ("v1", "Service") => survives::<core::v1::Service>(&object),
                ("v1", "ResourceQuota") => survives::<core::v1::ResourceQuota>(&object),
                ("scheduling.k8s.io/v1", _) => survives::<scheduling::v1::PriorityClass>(&object),
                ("apps/v1", "Deployment") => survives::<apps::v1::Deployment>(&object),
                ("apps/v1", "StatefulSet") => survives::<apps::v1::StatefulSet>(&object),
                ("apps/v1", "DaemonSet") => survives::<apps::v1::DaemonSet>(&object),
                ("batch/v1", "CronJob") => survives::<batch::v1::CronJob>(&object),
                ("batch/v1", "Job") => survives::<batch::v1::Job>(&object),
                ("autoscaling/v2", _) => {
                    survives::<autoscaling::v2::HorizontalPodAutoscaler>(&object)
                }
                ("policy/v1", _) => survives::<policy::v1::PodDisruptionBudget>(&object),
                ("discovery.k8s.io/v1", _) => survives::<discovery::v1::EndpointSlice>(&object),
                ("networking.k8s.io/v1", "Ingress") => survives::<networking::v1::Ingress>(&object),
                ("networking.k8s.io/v1", _) => survives::<networking::v1::NetworkPolicy>(&object),
                // Custom resources have no such type; the API server above holds their schema.
                (group, _)
                    if [
                        "istio.io",
                        "gateway",
                        "monitoring.coreos.com",
                        "linkerd.io",
                        "dapr.io",
                        "cilium.io",
                    ]
                    .iter()
                    .any(|known| group.contains(known)) =>
                {
                    Ok(())
                }
                (group, kind) => Err(format!("{group} {kind} has no type here")),
            };
            if let Err(why) = result {
                panic!("{}: {kind}/{}: {why}", stream.name, object["metadata"]["name"]);
            }
            *seen.entry(kind).or_default() += 1;
        }
    }
    assert!(seen.len() >= 5, "only {seen:?} were seen");
}

#[test]
fn every_traced_field_is_in_its_object() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut traced = 0;
    let mut all = folders(&root.join("app-models"));
    all.extend(folders(&root.join("tests/cases/ok")));
    all.extend(folders(&root.join("tests/cases/mode")));
    for folder in all {
        let text =
            std::fs::read_to_string(folder.join("weft.yaml")).expect("the model is readable");
        for mode in Governance::ALL.map(Governance::name) {
            let mut sources = weft::source::Sources::default();
            let file = sources.add("weft.yaml", text.clone());
            let layers = weft::parse::Layers {
                settings: vec![format!("governance={mode}")],
                ..Default::default()
            };
            let load = |path: &str| {
                std::fs::read(folder.join(path))
                    .map_err(|error| weft::files::LoadError::Unreadable(error.to_string()))
            };
            let mut sink = weft::diag::Sink::default();
            let text = weft::parse::read(&sources, file);
            let checked = weft::compile(
                &mut sources,
                &text,
                &layers,
                &load,
                &crate::support::opener(&folder),
                &mut sink,
            );
            let Ok(checked) = checked else { continue };
            let set = weft::render::render(weft::lower::lower(&checked)).expect("renders");
            for object in set.objects() {
                for (field, _) in &object.trace {
                    let there = object.field(field).is_some();
                    assert!(there, "{}: {} has no {field}", folder.display(), object.reference());
                    traced += 1;
                }
            }
        }
    }
    assert!(traced > 50, "only {traced} fields were traced");
}
