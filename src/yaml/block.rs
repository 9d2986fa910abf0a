//! The little YAML that our own templates write → values.
//!
//! A template decides the form: a mapping or list in block style, a scalar on each line. A user's
//! text stands in it as a JSON string, which has no line break and ends at its own quote. So one
//! pass over the lines reads it, at a tenth of the cost of all of YAML. What is not of that form is
//! refused rather than guessed at, and every text that is read here reads the same as YAML.

use serde_json::{Map, Number, Value};

use super::MAX_DEPTH;

/// What is wrong with a text that is not of this form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotBlock {
    /// The line, from one.
    pub line: usize,
    /// What is wrong with it.
    pub message: &'static str,
}

/// Reads one value: mappings and lists in block style; as scalars and keys JSON strings and plain
/// words, as scalars also JSON's other literals, `{}` and `[]`.
///
/// # Errors
/// At the first line that is anything else.
pub fn block(text: &str) -> Result<Value, NotBlock> {
    let mut lines = Lines { text, line: 0, column: 0, rest: "" };
    lines.next();
    let value = lines.node(0, 0)?;
    if lines.line > 0 {
        return Err(lines.wrong("this line is not indented like one above it"));
    }
    Ok(value)
}

/// A cursor over the lines that are not blank.
struct Lines<'t> {
    /// What is behind the current line.
    text: &'t str,
    /// The number of the current line, from one; 0 at the end.
    line: usize,
    /// Where `rest` begins in its line.
    column: usize,
    /// What is not read of the current line.
    rest: &'t str,
}

impl<'t> Lines<'t> {
    /// Goes to the next line that is not blank.
    fn next(&mut self) {
        let mut number = self.line;
        while !self.text.is_empty() {
            let (line, text) = self.text.split_once('\n').unwrap_or((self.text, ""));
            self.text = text;
            number += 1;
            let rest = line.trim_start_matches(' ');
            if !rest.is_empty() {
                (self.line, self.column, self.rest) = (number, line.len() - rest.len(), rest);
                return;
            }
        }
        (self.line, self.column, self.rest) = (0, 0, "");
    }

    fn wrong(&self, message: &'static str) -> NotBlock {
        NotBlock { line: self.line, message }
    }

    /// Goes past a `-` and its blanks, if there is one.
    fn dash(&mut self) -> bool {
        let Some(rest) = self.rest.strip_prefix("- ") else { return false };
        let rest = rest.trim_start_matches(' ');
        self.column += self.rest.len() - rest.len();
        self.rest = rest;
        true
    }

    /// The value that begins here, in this column.
    fn node(&mut self, column: usize, depth: usize) -> Result<Value, NotBlock> {
        if self.line == 0 || self.column != column {
            return Err(self.wrong("a value must stand here"));
        }
        if depth > MAX_DEPTH {
            return Err(self.wrong("too many lists and mappings are inside each other"));
        }
        if self.rest.starts_with("- ") {
            return self.list(column, depth);
        }
        let (text, quoted, after) = token(self.rest).map_err(|message| self.wrong(message))?;
        if after.starts_with(':') {
            return self.mapping(column, depth);
        }
        let value = scalar(text, quoted, after).map_err(|message| self.wrong(message))?;
        self.next();
        Ok(value)
    }

    fn list(&mut self, column: usize, depth: usize) -> Result<Value, NotBlock> {
        let mut items = Vec::new();
        while self.line > 0 && self.column == column && self.dash() {
            items.push(self.node(self.column, depth + 1)?);
        }
        Ok(Value::Array(items))
    }

    fn mapping(&mut self, column: usize, depth: usize) -> Result<Value, NotBlock> {
        let mut map = Map::new();
        while self.line > 0 && self.column == column {
            let (key, quoted, after) = token(self.rest).map_err(|message| self.wrong(message))?;
            let Some(after) = after.strip_prefix(':') else {
                return Err(self.wrong("a key must stand here, and `:` after it"));
            };
            let key = string(key, quoted).map_err(|message| self.wrong(message))?;
            if map.contains_key(&key) {
                return Err(self.wrong("this key is there already"));
            }
            let value = if let Some(after) = after.strip_prefix(' ') {
                let (text, quoted, rest) = token(after).map_err(|message| self.wrong(message))?;
                let value = scalar(text, quoted, rest).map_err(|message| self.wrong(message))?;
                self.next();
                value
            } else if after.is_empty() {
                self.next();
                // The items of a list may stand in the column of their key.
                let list = self.column == column && self.rest.starts_with("- ");
                if self.line > 0 && (self.column > column || list) {
                    self.node(self.column, depth + 1)?
                } else {
                    Value::Null
                }
            } else {
                return Err(self.wrong("a blank must follow `:`"));
            };
            map.insert(key, value);
        }
        Ok(Value::Object(map))
    }
}

/// The scalar or key at the start of a text, its quotes included, whether it has quotes, and what
/// follows it.
fn token(text: &str) -> Result<(&str, bool, &str), &'static str> {
    let bytes = text.as_bytes();
    if bytes.first() != Some(&b'"') {
        let end = bytes.iter().position(|byte| !is_plain(*byte)).unwrap_or(bytes.len());
        let end = if end == 0 && (text == "{}" || text == "[]") { 2 } else { end };
        let (word, rest) = text.split_at(end);
        return if end == 0 {
            Err("neither a word nor a text in quotes")
        } else {
            Ok((word, false, rest))
        };
    }
    let mut at = 1;
    loop {
        match bytes.get(at) {
            Some(b'"') => {
                let (text, rest) = text.split_at(at + 1);
                return Ok((text, true, rest));
            }
            Some(b'\\') => at += 2,
            Some(_) => at += 1,
            None => return Err("a quote is not closed"),
        }
    }
}

/// The bytes of words and numbers that every reader of YAML takes for themselves anywhere in them.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'/' | b'-')
}

/// A text in JSON quotes, or a word.
fn string(token: &str, quoted: bool) -> Result<String, &'static str> {
    if !quoted {
        let word = token.starts_with(|first: char| first.is_ascii_alphabetic());
        return match word && !super::emit::is_word_of_yaml(token) {
            true => Ok(token.to_owned()),
            false => Err("a word that some reader takes for something else; put it in quotes"),
        };
    }
    let inside = &token[1..token.len() - 1];
    if inside.bytes().all(|byte| byte >= b' ' && byte != b'\\') {
        return Ok(inside.to_owned());
    }
    serde_json::from_str(token).map_err(|_| "not a JSON string")
}

/// What stands for a scalar, with nothing behind it.
fn scalar(token: &str, quoted: bool, after: &str) -> Result<Value, &'static str> {
    if !after.is_empty() {
        return Err("something follows a scalar");
    }
    match token {
        "null" => Ok(Value::Null),
        "true" => Ok(Value::Bool(true)),
        "false" => Ok(Value::Bool(false)),
        "{}" => Ok(Value::Object(Map::new())),
        "[]" => Ok(Value::Array(Vec::new())),
        _ if token.starts_with(|first: char| first == '-' || first.is_ascii_digit()) => token
            .parse::<Number>()
            .map(Value::Number)
            .map_err(|_| "neither a number nor a text in quotes"),
        _ => string(token, quoted).map(Value::String),
    }
}
