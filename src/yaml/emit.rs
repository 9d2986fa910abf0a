//! Values → YAML that every reader of YAML 1.1 and 1.2 reads alike.
//!
//! Readers disagree on what a plain scalar is: `on`, `012`, `1_000`, `12:30:45` and `2024-01-01`
//! each change type in at least one of them. So a string is plain only where none could take it
//! for anything else, a literal block only where no line break or indentation can be misread, and
//! double-quoted otherwise. The rule was measured against five readers.

use std::borrow::Cow;
use std::fmt::Write;

use serde_json::{Map, Number, Value};

use super::characters::is_forbidden;

/// The longest key that readers accept before its `:`, with room to spare; longer ones need `?`.
const LONGEST_SIMPLE_KEY: usize = 1000;

/// Appends one document in block style, ending in a newline: indentation of two spaces, lists at
/// the column of their key, keys in the order of the map.
pub fn emit(value: &Value, out: &mut String) {
    match value {
        Value::Object(map) if !map.is_empty() => mapping(map, 0, out),
        Value::Array(items) if !items.is_empty() => sequence(items, 0, out),
        value => {
            scalar(value, 0, out);
            out.push('\n');
        }
    }
}

/// How [`emit`] writes a string on a single line: plain or in double quotes.
pub fn quote(text: &str) -> Cow<'_, str> {
    if is_plain(text) {
        return Cow::Borrowed(text);
    }
    let mut quoted = String::with_capacity(text.len() + 2);
    double_quoted(text, &mut quoted);
    Cow::Owned(quoted)
}

/// Writes the entries; the cursor is at `column` already.
fn mapping(map: &Map<String, Value>, column: usize, out: &mut String) {
    for (position, (key, value)) in map.iter().enumerate() {
        if position > 0 {
            indent(column, out);
        }
        let start = out.len();
        single_line(key, out);
        if out.len() - start > LONGEST_SIMPLE_KEY {
            out.insert_str(start, "? ");
            out.push('\n');
            indent(column, out);
        }
        out.push(':');
        match value {
            Value::Object(map) if !map.is_empty() => {
                out.push('\n');
                indent(column + 2, out);
                mapping(map, column + 2, out);
            }
            Value::Array(items) if !items.is_empty() => {
                out.push('\n');
                indent(column, out);
                sequence(items, column, out);
            }
            value => {
                out.push(' ');
                scalar(value, column, out);
                out.push('\n');
            }
        }
    }
}

/// Writes the items; the cursor is at `column` already.
fn sequence(items: &[Value], column: usize, out: &mut String) {
    for (position, item) in items.iter().enumerate() {
        if position > 0 {
            indent(column, out);
        }
        out.push_str("- ");
        match item {
            Value::Object(map) if !map.is_empty() => mapping(map, column + 2, out),
            Value::Array(items) if !items.is_empty() => sequence(items, column + 2, out),
            item => {
                scalar(item, column, out);
                out.push('\n');
            }
        }
    }
}

/// Writes what fits behind a key or `-` at `column`, without the last line break.
fn scalar(value: &Value, column: usize, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(value) => number(value, out),
        Value::String(text) if is_literal(text) => literal(text, column + 2, out),
        Value::String(text) => single_line(text, out),
        Value::Array(_) => out.push_str("[]"),
        Value::Object(_) => out.push_str("{}"),
    }
}

fn single_line(text: &str, out: &mut String) {
    if is_plain(text) {
        out.push_str(text);
    } else {
        double_quoted(text, out);
    }
}

/// YAML 1.1 takes `1e30` for a string: a float needs a point, and its exponent a sign.
fn number(value: &Number, out: &mut String) {
    let text = value.to_string();
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else {
        out.push_str(&text);
        return;
    };
    out.push_str(mantissa);
    if !mantissa.contains('.') {
        out.push_str(".0");
    }
    out.push('e');
    if !exponent.starts_with(['+', '-']) {
        out.push('+');
    }
    out.push_str(exponent);
}

/// Whether no reader takes this for anything but this text, without quotes.
pub(super) fn is_plain(text: &str) -> bool {
    let bytes = text.as_bytes();
    let starts = bytes.first().is_some_and(|b| b.is_ascii_alphabetic() || matches!(b, b'/' | b'_'));
    starts
        && !text.ends_with([':', ' '])
        && bytes.iter().all(|byte| PLAIN[usize::from(*byte)])
        && !text.contains(": ")
        && !is_word_of_yaml(text)
}

/// The bytes of `A-Z a-z 0-9 _ . / : @ = + ( ) , ; ? $ ~ * -` and space.
const PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        plain[byte] = (byte as u8).is_ascii_alphanumeric();
        byte += 1;
    }
    let others = b"_./:@=+(),;?$~* -";
    let mut at = 0;
    while at < others.len() {
        plain[others[at] as usize] = true;
        at += 1;
    }
    plain
};

/// Whether some reader takes this word for a boolean or null.
fn is_word_of_yaml(text: &str) -> bool {
    const WORDS: [&str; 9] = ["y", "n", "on", "no", "yes", "off", "true", "null", "false"];
    text.len() <= 5 && WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// Whether this text can be written line by line.
///
/// A first line that is blank or indented would be taken for the indentation of the block, a tab
/// there is refused by Go, and blanks before a line break are lost on people and editors.
pub(super) fn is_literal(text: &str) -> bool {
    text.contains('\n')
        && !text.starts_with([' ', '\t', '\n'])
        && !text.ends_with([' ', '\t'])
        && !text.contains(" \n")
        && !text.contains("\t\n")
        && !text.chars().any(|c| !matches!(c, '\n' | '\t') && needs_escape(c))
}

fn literal(text: &str, column: usize, out: &mut String) {
    out.push('|');
    let body = match text.strip_suffix('\n') {
        None => {
            out.push('-');
            text
        }
        Some(body) => {
            if body.ends_with('\n') {
                out.push('+');
            }
            body
        }
    };
    for line in body.split('\n') {
        out.push('\n');
        if !line.is_empty() {
            indent(column, out);
            out.push_str(line);
        }
    }
}

/// Whether a character is invisible, breaks lines in some readers, or is refused by some.
fn needs_escape(character: char) -> bool {
    is_forbidden(character)
        || matches!(
            character,
            '\t' | '\n'
                | '\r'
                | '\u{85}'
                | '\u{a0}'
                | '\u{2028}'
                | '\u{2029}'
                | '\u{feff}'
                | '\u{fffe}'
                | '\u{ffff}'
        )
}

fn double_quoted(text: &str, out: &mut String) {
    out.push('"');
    let mut rest = text;
    while let Some(at) = rest.find(|c| matches!(c, '"' | '\\') || needs_escape(c)) {
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        let mut characters = after.chars();
        match characters.next() {
            Some('\n') => out.push_str("\\n"),
            Some('\t') => out.push_str("\\t"),
            Some('\r') => out.push_str("\\r"),
            Some(character @ ('"' | '\\')) => out.extend(['\\', character]),
            // Writing to a string cannot fail.
            Some(character) => drop(write!(out, "\\u{:04x}", u32::from(character))),
            None => {}
        }
        rest = characters.as_str();
    }
    out.push_str(rest);
    out.push('"');
}

fn indent(columns: usize, out: &mut String) {
    const SPACES: &str = "                                ";
    let mut left = columns;
    while left > 0 {
        let now = left.min(SPACES.len());
        out.push_str(&SPACES[..now]);
        left -= now;
    }
}
