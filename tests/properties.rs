//! What holds for every app, shown on the cases, on the runnable apps, and on mutilated copies.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng};
use serde_json::Value;
use weft::check::Checked;
use weft::diag::Sink;
use weft::files::LoadError;
use weft::manifest::Set;
use weft::parse::Layers;
use weft::source::Sources;
use weft::yaml::{self, FileId, Node};

use crate::cases::sound;
use crate::support::{container, folders, objects, opener, repository};

/// A generator with a seed of its own, so that a failure is the same for everybody.
fn seeded(seed: u8) -> TestRng {
    TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32])
}

fn shuffle<T>(items: &mut [T], random: &mut TestRng) {
    for at in (1..items.len()).rev() {
        items.swap(at, random.next_u32() as usize % (at + 1));
    }
}

/// The tree as block YAML whose keys stand in another order, scalars as they were written.
fn shuffled(text: &str, node: &Node, depth: usize, random: &mut TestRng) -> String {
    let indent = "  ".repeat(depth);
    match &node.value {
        yaml::Value::Scalar(scalar) => match scalar.style {
            yaml::Style::Plain => {
                format!(" {}\n", &text[node.span.start as usize..node.span.end as usize])
            }
            _ => format!(" {}\n", serde_json::to_string(&*scalar.text).expect("JSON")),
        },
        yaml::Value::Sequence(items) if items.is_empty() => " []\n".into(),
        yaml::Value::Mapping(mapping) if mapping.is_empty() => " {}\n".into(),
        yaml::Value::Sequence(items) => items.iter().fold(String::from("\n"), |out, item| {
            out + &format!("{indent}-{}", shuffled(text, item, depth + 1, random))
        }),
        yaml::Value::Mapping(mapping) => {
            let mut entries: Vec<String> = mapping
                .iter()
                .map(|entry| {
                    let key = serde_json::to_string(&*entry.key.text).expect("JSON");
                    format!("{indent}{key}:{}", shuffled(text, &entry.value, depth + 1, random))
                })
                .collect();
            shuffle(&mut entries, random);
            format!("\n{}", entries.concat())
        }
    }
}

/// Every app that compiles: its folder and its text.
fn apps() -> Vec<(PathBuf, String)> {
    let models = folders(&repository("app-models"));
    let models = models.into_iter().filter(|folder| folder.join("weft.yaml").exists());
    let read = |folder: PathBuf| {
        let text = std::fs::read_to_string(folder.join("weft.yaml")).expect("an app");
        (folder, text)
    };
    sound().into_iter().chain(models).map(read).collect()
}

/// Compiles a text in place of the app of a folder, with the arguments of its case, in this
/// process: what the binary does with it is the business of other tests.
fn compiled(folder: &Path, app: &str) -> Checked {
    let args = std::fs::read_to_string(folder.join("args")).unwrap_or_default();
    let mut layers = Layers::default();
    let mut words = args.split_whitespace();
    while let (Some(option), Some(value)) = (words.next(), words.next()) {
        match option {
            "--env" => layers.environment = Some(value.to_owned()),
            "--set" => layers.settings.push(value.to_owned()),
            other => panic!("{}: {other}", folder.display()),
        }
    }
    let mut sources = Sources::default();
    let file = sources.add("weft.yaml", app);
    let mut sink = Sink::default();
    let load = |name: &str| {
        std::fs::read(folder.join(name)).map_err(|error| LoadError::Unreadable(error.to_string()))
    };
    let text = weft::parse::read(&sources, file);
    let compiled = weft::compile(&mut sources, &text, &layers, &load, &opener(folder), &mut sink);
    let findings = sink.resolve(&sources);
    let style = weft::diag::Style { color: false };
    compiled.unwrap_or_else(|_| {
        panic!("{}: {}\n{app}", folder.display(), weft::diag::text(&findings, &sources, style))
    })
}

fn rendered(checked: &Checked) -> Set {
    weft::render::render(weft::lower::lower(checked)).expect("renders")
}

/// The calls in the picture of an app.
fn calls(checked: &Checked) -> Vec<Value> {
    let mut graph = weft::export::json(checked.graph());
    let Value::Array(edges) = graph["edges"].take() else { panic!("no edges") };
    edges.into_iter().filter(|edge| edge["kind"] == "calls").collect()
}

#[test]
fn the_order_in_which_an_app_is_written_reaches_no_byte_of_the_output() {
    for (seed, (folder, text)) in (0..=u8::MAX).cycle().zip(apps()) {
        let (document, problems) = yaml::parse(&text, FileId(0));
        assert!(problems.is_empty(), "{}", folder.display());
        let root = document.expect("a tree").root;
        let other = shuffled(&text, &root, 0, &mut seeded(seed));
        let expected = rendered(&compiled(&folder, &text)).yaml();
        assert_eq!(rendered(&compiled(&folder, &other)).yaml(), expected, "{}", folder.display());
    }
}

#[test]
fn no_edge_of_the_graph_is_lost_on_the_way_to_the_workload() {
    for (folder, text) in apps() {
        let checked = compiled(&folder, &text);
        let built = objects(&rendered(&checked).yaml());
        let graph = checked.graph();
        for edge in calls(&checked) {
            let text_of = |field: &str| edge[field].as_str().expect("a name").to_owned();
            let (from, to) = (text_of("from"), text_of("to"));
            // Another app's callers are that app's to build; its callees have the name after `/`.
            if text_of("component").contains('/') {
                continue;
            }
            let to = to.rsplit('/').next().expect("a name").to_owned();
            let is = |object: &&Value| {
                object["metadata"]["name"] == *from && container(object).is_object()
            };
            let workload = built.0.iter().find(is).expect("a workload");
            let (_, caller) = graph.find(&text_of("component")).expect("a component");
            let mut versions = caller.versions.iter();
            let version = versions.find(|version| version.workload == from).expect("a version");
            let call = version.calls.iter().find(|call| *call.name == *to).expect("a call");
            let env = container(workload)["env"].as_array();
            let env = env.into_iter().flatten();
            let known: Vec<&str> = env.filter_map(|one| one["name"].as_str()).collect();
            for (name, ..) in &call.env {
                assert!(known.contains(&&**name), "{}: {name} of {edge}", folder.display());
            }
        }
    }
}

#[test]
fn no_dependency_that_is_written_is_missing_from_the_graph() {
    for (folder, text) in apps() {
        let name = |edge: &Value, field: &str| edge[field].as_str().expect("a name").to_owned();
        let checked = compiled(&folder, &text);
        let mut edges: BTreeSet<(String, String)> = calls(&checked)
            .iter()
            .map(|edge| (name(edge, "component"), name(edge, "to")))
            .collect();
        // What Dapr offers is used, not called.
        let graph = checked.graph();
        for component in graph.own() {
            for (block, _) in component.versions.iter().flat_map(|version| &version.blocks) {
                let used = graph.dapr.blocks[*block].name.to_string();
                edges.insert((component.name.to_string(), used));
            }
        }
        let root = yaml::parse(&text, FileId(0)).0.expect("a tree").root;
        for component in root.get("components").expect("components").value.entries() {
            let Some(written) = component.value.get("dependsOn") else { continue };
            let owner = component.value.get("versionOf").and_then(|e| e.value.scalar());
            let name = owner.map_or(&component.key.text, |scalar| &scalar.text);
            let listed = written.value.items().iter().filter_map(Node::scalar).map(|s| &s.text);
            let keyed = written.value.entries().iter().map(|entry| &entry.key.text);
            for to in listed.chain(keyed) {
                let edge = (name.to_string(), to.to_string());
                assert!(edges.contains(&edge), "{}: {edge:?}", folder.display());
            }
        }
    }
}

#[test]
fn what_is_built_reads_back_and_prints_as_itself() {
    for case in sound() {
        let stream = std::fs::read_to_string(case.join("expected.yaml")).expect("a golden");
        let mut again = String::new();
        for object in objects(&stream).0 {
            again.push_str("---\n");
            yaml::emit(&object, &mut again);
        }
        assert_eq!(again, stream, "{}", case.display());
    }
}

#[test]
fn json_and_yaml_say_the_same() {
    for (folder, text) in apps() {
        let set = rendered(&compiled(&folder, &text));
        let list: Value = serde_json::from_str(&set.json().expect("JSON")).expect("JSON");
        let stream = objects(&set.yaml());
        assert_eq!(list["items"].as_array().expect("a list"), &stream.0, "{}", folder.display());
    }
}

/// Compiles bytes, in the app as it is and in an environment.
fn compile(bytes: &[u8]) {
    for environment in [None, Some("prod".to_owned())] {
        let mut sources = Sources::default();
        let file = sources.add_bytes("weft.yaml", bytes);
        let mut sink = Sink::default();
        let load = |_: &str| Err(LoadError::Outside);
        let layers = Layers {
            environment,
            settings: vec!["components.web.replicas=2".into()],
            ..Default::default()
        };
        let text = weft::parse::read(&sources, file);
        let compiled =
            weft::compile(&mut sources, &text, &layers, &load, &weft::parse::alone, &mut sink);
        let findings = sink.resolve(&sources);
        assert!(compiled.is_ok() || !findings.is_empty(), "it failed in silence");
        if let Ok(compiled) = compiled {
            let set = weft::render::render(weft::lower::lower(&compiled)).expect("renders");
            assert!(!set.objects().is_empty());
        }
        let style = weft::diag::Style { color: false };
        let _ = weft::diag::text(&findings, &sources, style);
        let _ = weft::diag::sarif(&findings, &sources, &weft::rules());
    }
}

#[test]
fn bytes_changed_at_random_never_make_it_panic() {
    const TOKENS: &[&str] = &[
        "\n",
        " ",
        "  ",
        ":",
        ": ",
        "- ",
        "{",
        "}",
        "[",
        "]",
        ",",
        "#",
        "&a ",
        "*a",
        "!t ",
        "|",
        ">",
        "'",
        "\"",
        "~",
        "null",
        "<<: ",
        "\t",
        "\r",
        "\0",
        "\u{feff}",
        "é",
        "\\",
        "%",
        "---\n",
        "0",
        "-1",
        "99999999999999999999",
        "${params.x}",
        "$(A)",
        "components:",
        "versions:",
        "traffic:",
        "split:",
        "dependsOn:",
        "web",
        "v1",
        "*",
        "/",
    ];
    let broken = folders(&repository("tests/cases/err"));
    let texts: Vec<Vec<u8>> = apps()
        .into_iter()
        .map(|(folder, _)| folder)
        .chain(broken)
        .map(|folder| std::fs::read(folder.join("weft.yaml")).expect("an app"))
        .filter(|text| text.len() < 10_000)
        .collect();
    let mut random = seeded(7);
    for round in 0..400 {
        let mut bytes = texts[round % texts.len()].clone();
        for _ in 0..=random.next_u32() % 4 {
            let at = random.next_u32() as usize % (bytes.len() + 1);
            let end = (at + random.next_u32() as usize % 12).min(bytes.len());
            match random.next_u32() % 4 {
                0 => drop(bytes.drain(at..end)),
                1 if at < bytes.len() => bytes[at] = (random.next_u32() % 256) as u8,
                2 => {
                    let copy = bytes[at..end].to_vec();
                    let to = random.next_u32() as usize % (bytes.len() + 1);
                    bytes.splice(to..to, copy);
                }
                _ => {
                    let token = TOKENS[random.next_u32() as usize % TOKENS.len()];
                    bytes.splice(at..at, token.bytes());
                }
            }
        }
        let shown = String::from_utf8_lossy(&bytes).into_owned();
        let result = std::panic::catch_unwind(|| compile(&bytes));
        assert!(result.is_ok(), "round {round} panicked:\n{shown}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_text_that_is_allowed_reaches_the_container_unchanged(text in "\\PC{0,40}") {
        let mut sources = Sources::default();
        let app = format!(
            "apiVersion: weft/v1\nname: x\ncomponents:\n  web:\n    image: a\n    env: {{ A: {} }}\n",
            serde_json::to_string(&text).expect("JSON").replace("${", "$${")
        );
        let file = sources.add("weft.yaml", app);
        let mut sink = Sink::default();
        let load = |_: &str| Err(LoadError::Outside);
        let read = weft::parse::read(&sources, file);
        let compiled = weft::compile(&mut sources, &read, &Layers::default(), &load, &weft::parse::alone, &mut sink);
        if let Ok(compiled) = compiled {
            let set = weft::render::render(weft::lower::lower(&compiled)).expect("renders");
            let stream = objects(&set.yaml());
            let env = &container(stream.get("Deployment", "web-v1"))["env"][0]["value"];
            let expected = if text.contains("${params.") { text } else { text.replace("${", "$${") };
            prop_assert_eq!(env.as_str(), Some(&*expected));
        }
    }
}

/// A tree as JSON, each scalar as readers of YAML take it.
fn as_json(node: &Node) -> Value {
    match &node.value {
        yaml::Value::Mapping(mapping) => {
            mapping.iter().map(|e| (e.key.text.to_string(), as_json(&e.value))).collect()
        }
        yaml::Value::Sequence(items) => items.iter().map(as_json).collect(),
        yaml::Value::Scalar(scalar) if scalar.style == yaml::Style::Plain => {
            serde_json::from_str(&scalar.text).unwrap_or_else(|_| (*scalar.text).into())
        }
        yaml::Value::Scalar(scalar) => (*scalar.text).into(),
    }
}

/// Puts something else into one place of a value, chosen at random.
fn mutilated(value: &mut Value, random: &mut TestRng) {
    let stop = random.next_u32().is_multiple_of(4);
    let count = match value {
        Value::Object(map) => map.len(),
        Value::Array(items) => items.len(),
        _ => 0,
    };
    if count > 0 && !stop {
        let at = random.next_u32() as usize % count;
        let inner = match value {
            Value::Object(map) => map.values_mut().nth(at),
            Value::Array(items) => items.get_mut(at),
            _ => None,
        };
        return mutilated(inner.expect("one of them"), random);
    }
    let others = [
        Value::Null,
        true.into(),
        "".into(),
        "x y".into(),
        "a".repeat(600).into(),
        (-1).into(),
        70_000.into(),
        Value::Array(Vec::new()),
        serde_json::json!({}),
        serde_json::json!(["X"]),
        serde_json::json!({ "X": 1 }),
    ];
    match value {
        Value::Object(map) if count > 0 && random.next_u32().is_multiple_of(2) => {
            let at = random.next_u32() as usize % count;
            let key = map.keys().nth(at).expect("a key").clone();
            let inner = map.remove(&key).expect("its value");
            if random.next_u32().is_multiple_of(2) {
                map.insert(key + "X", inner);
            }
        }
        value => *value = others[random.next_u32() as usize % others.len()].clone(),
    }
}

#[test]
fn what_weft_accepts_its_schema_accepts() {
    const TIMES: usize = 60;
    let schema = weft::model::published();
    let schema = jsonschema::validator_for(&schema).expect("a schema");
    let mut accepted = 0;
    for (seed, (folder, text)) in (100..=u8::MAX).cycle().zip(apps()) {
        let (document, _) = yaml::parse(&text, FileId(0));
        let whole = as_json(&document.expect("a tree").root);
        let mut random = seeded(seed);
        for time in 0..TIMES {
            let mut value = whole.clone();
            if time > 0 {
                mutilated(&mut value, &mut random);
            }
            let mut sources = Sources::default();
            let file = sources.add("weft.yaml", value.to_string());
            let text = weft::parse::read(&sources, file);
            let mut sink = Sink::default();
            let load =
                |name: &str| std::fs::read(folder.join(name)).map_err(|_| LoadError::Outside);
            let fine =
                weft::parse::parse(&mut sources, &text, &Layers::default(), &load, &mut sink)
                    .is_ok();
            // Some cases are complete only with the arguments beside them.
            let complete = !folder.join("args").exists();
            assert!(fine || time > 0 || !complete, "{}", folder.display());
            accepted += usize::from(fine);
            // What stands for a parameter has a form of its own, which the schema of the app knows.
            if fine && !value.to_string().contains("${params.") {
                let fault = schema.iter_errors(&value).next();
                assert!(fault.is_none(), "{}: {fault:?}\n{value}", folder.display());
            }
        }
    }
    assert!(accepted > 0);
}
