//! The form that templates and the emitter write: read back as YAML reads it, and as nothing else.

use proptest::prelude::*;
use serde_json::{Value, json};
use weft::yaml::{self, FileId, Node, Style, block, emit};

/// Any object: nested, with keys and texts that mean something to YAML.
fn object() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        any::<String>(),
        "[-:#{}&*!|>'\"%@`\\\\,? \n\r\t\u{85}\u{2028}a0]{0,8}",
        proptest::sample::select(vec![
            "", "null", "true", "on", "0x1", "1e3", "- a", "a: b", "---"
        ])
        .prop_map(str::to_owned),
    ];
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        text.clone().prop_map(Value::from),
    ];
    let any = scalar.prop_recursive(4, 48, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::btree_map(text.clone(), inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    });
    proptest::collection::btree_map("[a-z]{1,6}", any, 1..5)
        .prop_map(|map| Value::Object(map.into_iter().collect()))
}

/// The value as a template writes it; the cursor is in `column` already.
fn written(value: &Value, column: usize, out: &mut String) {
    let indent = |out: &mut String| out.push_str(&" ".repeat(column));
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (position, (key, value)) in map.iter().enumerate() {
                if position > 0 {
                    indent(out);
                }
                out.push_str(&Value::from(&**key).to_string());
                out.push(':');
                match value {
                    Value::Object(inner) if !inner.is_empty() => {
                        out.push('\n');
                        out.push_str(&" ".repeat(column + 2));
                        written(value, column + 2, out);
                    }
                    // A list may stand in the column of its key.
                    Value::Array(items) if !items.is_empty() => {
                        let column = column + 2 * (items.len() % 2);
                        out.push('\n');
                        out.push_str(&" ".repeat(column));
                        written(value, column, out);
                    }
                    scalar => {
                        out.push(' ');
                        written(scalar, column, out);
                    }
                }
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (position, item) in items.iter().enumerate() {
                if position > 0 {
                    indent(out);
                }
                out.push_str("- ");
                written(item, column + 2, out);
            }
        }
        scalar => {
            out.push_str(&scalar.to_string());
            out.push('\n');
        }
    }
}

/// What all of YAML takes a text for: a plain scalar is a literal or a word.
fn as_yaml(node: &Node) -> Value {
    match &node.value {
        yaml::Value::Mapping(mapping) => Value::Object(
            mapping.iter().map(|e| (e.key.text.to_string(), as_yaml(&e.value))).collect(),
        ),
        yaml::Value::Sequence(items) => Value::Array(items.iter().map(as_yaml).collect()),
        yaml::Value::Scalar(scalar) if scalar.style != Style::Plain => (*scalar.text).into(),
        yaml::Value::Scalar(scalar) if scalar.text.is_empty() => Value::Null,
        yaml::Value::Scalar(scalar) => {
            serde_json::from_str(&scalar.text).unwrap_or_else(|_| (*scalar.text).into())
        }
    }
}

proptest! {
    #[test]
    fn whatever_texts_a_value_holds_it_is_read_back_as_it_was(value in object()) {
        let mut text = String::new();
        written(&value, 0, &mut text);
        prop_assert_eq!(block(&text), Ok(value), "{}", text);
    }

    #[test]
    fn what_is_emitted_is_read_back_as_it_was(value in object()) {
        let mut text = String::new();
        emit(&value, &mut text);
        prop_assert_eq!(block(&text), Ok(value), "{}", text);
    }

    #[test]
    fn what_is_read_is_what_yaml_reads(text in "([ -]{0,4}(a|b|\"c d\"|1|null|a b|\\|-?)(:|: x|: \\|[+-]?| |)[ \n]){1,8}") {
        if let Ok(value) = block(&text) {
            let (document, problems) = yaml::parse(&text, FileId(0));
            prop_assert!(problems.is_empty(), "{}\n{:?}", text, problems);
            prop_assert_eq!(as_yaml(&document.expect("a tree").root), value, "{}", text);
        }
    }
}

#[test]
fn words_numbers_and_empty_collections_need_no_quotes() {
    let text = "apiVersion: apps/v1\nspec:\n  a: -1\n  b: 0.5\n\n  c: {}\n  d: []\n  e:\n  f:\n  - x: \
                null\n    z: true\n  - - 1\n    - Memory\n  g.h/i: 18446744073709551615\n";
    let expected = json!({
        "apiVersion": "apps/v1",
        "spec": {
            "a": -1, "b": 0.5, "c": {}, "d": [], "e": null,
            "f": [{ "x": null, "z": true }, [1, "Memory"]],
            "g.h/i": 18_446_744_073_709_551_615_u64,
        },
    });
    assert_eq!(block(text), Ok(expected));
}

#[test]
fn what_no_template_writes_is_refused_at_its_line() {
    for (text, line) in [
        ("", 0),
        ("a: b\n c: d\n", 2),
        ("a:\n    b: c\n  d: e\n", 3),
        ("- a\nb: c\n", 2),
        ("a: b\n- c\n", 2),
        ("a: b\na: c\n", 2),
        ("a: b: c\n", 1),
        ("a: b:\n", 1),
        ("a: \"b\" c\n", 1),
        ("a: \"b\n", 1),
        ("a: \"b\\x\"\n", 1),
        ("a: \"b\tc\"\n", 1),
        ("a: 'b'\n", 1),
        ("a: [b]\n", 1),
        ("a: {b: c}\n", 1),
        ("a: &b c\n", 1),
        ("a: *b\n", 1),
        ("a: !b c\n", 1),
        ("a: >\n  b\n", 1),
        ("a: |\nb: c\n", 1),
        ("a: |\n   b\n  c\n", 3),
        ("a: |\n  b\n \n  c\n", 4),
        ("a: |\n  b\rc\n", 2),
        ("a: b # c\n", 1),
        ("# a\nb: c\n", 1),
        ("---\na: b\n", 1),
        ("a: on\n", 1),
        ("a: 0x10\n", 1),
        ("a: 010\n", 1),
        ("a: 1_000\n", 1),
        ("1: a\n", 1),
        ("a: b\r\n", 1),
        ("\ta: b\n", 1),
        ("a: b\nc\n", 2),
    ] {
        let error = block(text).expect_err(text);
        assert_eq!(error.line, line, "{text:?}: {}", error.message);
    }
}

#[test]
fn nesting_ends_at_a_depth_that_no_template_has() {
    let deep = "- ".repeat(100_000) + "a\n";
    assert!(block(&deep).is_err());
    assert!(block(&("- ".repeat(100) + "a\n")).is_ok());
}
