//! Values → text, read back by this reader and by PyYAML.

use std::io::Write;
use std::process::{Command, Stdio};

use proptest::prelude::*;
use serde_json::{Value as Json, json};
use weft::yaml::{Node, Value, emit, quote};

use super::good;

fn emitted(value: &Json) -> String {
    let mut out = String::new();
    emit(value, &mut out);
    out
}

/// A tree as JSON, with every scalar as a string.
fn strings(node: &Node) -> Json {
    match &node.value {
        Value::Scalar(scalar) => Json::String(scalar.text.to_string()),
        Value::Sequence(items) => items.iter().map(strings).collect(),
        Value::Mapping(mapping) => {
            mapping.iter().map(|e| (e.key.text.to_string(), strings(&e.value))).collect()
        }
    }
}

/// A string in every position that a manifest has.
fn everywhere(text: &str) -> Json {
    json!({"v": text, "l": [text, [text, text], {text: text}], "m": {text: {text: [text]}}, "z": text})
}

fn round_trip(texts: &[String]) {
    for text in texts {
        for value in [everywhere(text), json!(text), json!([text])] {
            let yaml = emitted(&value);
            assert_eq!(strings(&good(&yaml).root), value, "{yaml}");
            assert!(yaml.ends_with('\n'));
        }
    }
}

/// Strings that some reader takes for something else when they stand without quotes.
const MISREAD: &str = "y Y n N yes Yes YES no No NO on On ON off Off OFF true True TRUE false False FALSE \
    null Null NULL ~ 0 1 -1 +1 012 0o17 0777 09 0x1F 0X1f 0b11 1_000 1_0.5 1__0 1_ 1e3 1E3 1. .5 +.5 -.5 \
    1.5 .inf -.inf +.INF .nan .NaN 12:30 12:30:45 190:20:30 2024-01-01 2024-01-01T00:00:00Z = << - -- --- \
    ... ? : -a ?a :a !a !!str &a *a @a `a %a |a >a 'a' \"a\" {} [] {a [a ]a }a ,a #a 1.10 0.0 -0 1e1000 \
    9999999999999999999999 3scale 10.0.0.1 1:2 0. 1e 1k 10Mi 0777x";

fn nasty() -> Vec<String> {
    let mut texts: Vec<String> = MISREAD.split(' ').map(str::to_owned).collect();
    let more = [
        "",
        " ",
        "  ",
        "\n",
        "\n\n",
        "\t",
        "a ",
        " a",
        " a ",
        "\ta",
        "a\t",
        "a\tb",
        "a: b",
        "a:",
        "a :b",
        "a #b",
        "a# b",
        "# a",
        "http://x:80/?a=b&c=*",
        "key: value\nother: value",
        "a\nb",
        "a\nb\n",
        "a\nb\n\n\n",
        "a\n\nb",
        "\na",
        " a\nb",
        "\ta\nb",
        "a\n b",
        "a\n\tb",
        "a \nb",
        "a\t\nb",
        "a\n \nb",
        "a\n ",
        "a\n\t",
        "a\r\nb\r\n",
        "a\rb",
        "\r",
        "---\na",
        "a\n---\nb",
        "...\n",
        "# a\n# b\n",
        "#!/bin/sh\nset -e\n\techo\n",
        "- a\n- b",
        "a\u{85}b",
        "a\u{85}\nb",
        "\u{85}",
        "a\u{2028}b",
        "a\nb\u{2028}c",
        "a\u{2029}b",
        "\u{a0}a",
        "\u{feff}a",
        "a\u{feff}",
        "\u{fffe}",
        "\u{ffff}",
        "\u{7f}",
        "\u{9f}",
        "\u{1}",
        "\u{1b}[31m",
        "a\u{202e}b",
        "a\n\u{2066}b",
        "\u{200b}",
        "é",
        "日本語",
        "😀",
        "a\n😀\n",
        "\u{10ffff}",
        "\\",
        "\\n",
        "a\\",
        "\"",
        "'",
        "it's",
        "say \"hi\"",
        "'a",
        "\"a",
        "a, b",
        "a,b",
        "{a: b}",
        "[a]",
        "a]",
        "a}",
        "a*b",
        "a&b",
        "a!b",
        "a|b",
        "a>b",
        "a%b",
        "a@b",
        "a`b",
        "a=b",
        "a?b",
        "a -b",
        "a - b",
        "a ? b",
        "$(A)",
        "${A}",
        "{{ a }}",
        "%a",
        "_a",
        "/a",
        "/a/b_c.d-e:f",
        "A",
        "yesterday",
        "nullable",
        "trueish",
        "none",
        "Infinity",
        "NaN",
        "inf",
        "a  b",
        "a  \n  b",
        "x: |\n  y",
        "{\"a\": [1, \"b\"]}",
        "{\n  \"a\": 1\n}\n",
    ];
    texts.extend(more.map(str::to_owned));
    texts.extend([
        "a ".repeat(3000),
        "long ".repeat(300) + "end",
        "x".repeat(5000),
        "\"".repeat(1500),
    ]);
    texts.extend([format!("{}\nb\n", "a ".repeat(2000) + "c"), "é".repeat(600), "1".repeat(1100)]);
    texts
}

#[test]
fn nasty_strings_read_back_as_themselves() {
    round_trip(&nasty());
}

/// Reads documents with PyYAML; `None` where there is none.
fn pyyaml(documents: &[String]) -> Option<Vec<Json>> {
    const READ: &str = "import sys, json\ntry:\n  import yaml\nexcept ImportError:\n  sys.exit(3)\n\
        out = []\nfor text in json.load(sys.stdin):\n  try:\n    value = yaml.safe_load(text); json.dumps(value)\n\
        \x20 except Exception as e:\n    value = 'ERROR ' + repr(e)\n  out.append(value)\njson.dump(out, sys.stdout)";
    let python = std::env::var("WEFT_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let mut child = Command::new(python)
        .args(["-c", READ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .ok()?;
    let input = serde_json::to_vec(documents).expect("JSON");
    let mut stdin = child.stdin.take().expect("a pipe");
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().ok()?;
    writer.join().expect("the writer");
    (output.status.code() == Some(0)).then(|| serde_json::from_slice(&output.stdout).expect("JSON"))
}

#[test]
fn pyyaml_reads_back_what_was_written() {
    let mut values: Vec<Json> = nasty().iter().map(|text| everywhere(text)).collect();
    values.extend(nasty().iter().map(|text| json!(text)));
    values.extend([
        json!([0, -1, 1.5, 1e30, -2.5e-7, 1e300, 123_456_789_012_u64, u64::MAX, i64::MIN, 0.1, 100.0]),
        json!({"a": true, "b": false, "c": null, "d": [], "e": {}, "f": [[], {}, [[1]], [{"a": [1]}]]}),
        json!([]), json!({}), json!(null), json!(1.0e-10), json!([{"a": 1, "b": [1, {"c": 2}]}, [[1, 2], [3]]]),
    ]);
    let documents: Vec<String> = values.iter().map(emitted).collect();
    let Some(read) = pyyaml(&documents) else {
        println!("skipped: needs PyYAML");
        return;
    };
    for ((value, read), document) in values.iter().zip(&read).zip(&documents) {
        assert_eq!(value, read, "{document}");
    }
}

#[test]
fn what_a_reader_could_take_for_something_else_is_quoted() {
    for text in MISREAD.split(' ') {
        assert!(quote(text).starts_with('"'), "{text}: {}", quote(text));
    }
}

#[test]
fn what_no_reader_misreads_is_plain() {
    for text in [
        "reviews",
        "v1",
        "istio.io/rev",
        "/api/v1",
        "docker.io/a/b:1.2",
        "a=b",
        "Prefix",
        "app.kubernetes.io/name",
        "RUN a -b $C",
        "nodes",
        "yesterday",
        "_x",
        "a b",
        "sha256:00ff",
        "http://x:80/y?z=1",
    ] {
        assert_eq!(quote(text), text);
        assert!(matches!(quote(text), std::borrow::Cow::Borrowed(_)));
    }
    for text in ["", "a: b", "a ", "1", "é", "a\nb", "\u{202e}", "a #b"] {
        let quoted = quote(text).into_owned();
        assert!(
            quoted.starts_with('"') && !quoted.contains('\n') && quoted.is_ascii() == (text != "é")
        );
        assert_eq!(strings(&good(&quoted).root), json!(text));
    }
}

#[test]
fn the_form_is_the_one_that_kubectl_prints() {
    let value: Json = serde_json::from_str(
        r#"{"apiVersion": "v1", "args": ["-c", "a: b"], "config": {"x.conf": "a\n\n  b\n", "y": "c\nd", "z": "e\nf\n\n"},
            "empty": {"list": [], "map": {}, "none": null, "text": ""}, "items": [{"name": "a", "ports": [{"port": 80}]}, [1, [2]], {}],
            "on": "yes", "ready": true, "weight": 1e30}"#,
    )
    .expect("JSON");
    let expected = "\
apiVersion: v1
args:
- \"-c\"
- \"a: b\"
config:
  x.conf: |
    a

      b
  \"y\": |-
    c
    d
  z: |+
    e
    f

empty:
  list: []
  map: {}
  none: null
  text: \"\"
items:
- name: a
  ports:
  - port: 80
- - 1
  - - 2
- {}
\"on\": \"yes\"
ready: true
weight: 1.0e+30
";
    assert_eq!(emitted(&value), expected);
}

#[test]
fn a_key_too_long_for_its_colon_is_written_with_a_question_mark() {
    let key = "k".repeat(2000);
    let value = json!([{"a": {&key: {"b": 1}, "c": 2}}]);
    let yaml = emitted(&value);
    assert!(
        yaml.starts_with(&format!("- a:\n    c: 2\n    ? {key}\n    :\n      b: 1\n")),
        "{}",
        &yaml[..40]
    );
    assert_eq!(strings(&good(&yaml).root), json!([{"a": {&key: {"b": "1"}, "c": "2"}}]));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_string_reads_back_as_itself(text in "(?s)(.|[-a:#&*!|>'\"%@ \t\r\n\\\\0~=<]){0,30}") {
        round_trip(&[text.replace('\0', "")]);
    }
}
