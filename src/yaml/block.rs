//! The little YAML that we write ourselves, with templates and with [`super::emit`] → values.
//!
//! Its form is fixed: mappings and lists in block style, a scalar on each line. In a template, a
//! user's text stands as a JSON string, which has no line break and ends at its own quote. So one
//! pass over the lines reads it, at a tenth of the cost of all of YAML. What is not of that form is
//! refused rather than guessed at, and every text that is read here reads the same as YAML.

use serde_json::{Map, Number, Value};

use super::MAX_DEPTH;
use super::emit::{is_literal, is_plain};

/// What is wrong with a text that is not of this form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotBlock {
    /// The line, from one.
    pub line: usize,
    /// What is wrong with it.
    pub message: &'static str,
}

/// Reads one value: mappings and lists in block style; as scalars and keys JSON strings and plain
/// texts, as scalars also JSON's other literals, `{}`, `[]` and literal blocks. A text is plain
/// where [`super::emit`] writes it so.
///
/// # Errors
/// At the first line that is anything else.
pub fn block(text: &str) -> Result<Value, NotBlock> {
    let mut lines = Lines { text, line: 0, column: 0, rest: "" };
    lines.next();
    let value = lines.node(0, 0, 0)?;
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

    /// The value that begins here, in this column; that of what it belongs to is `parent`.
    fn node(&mut self, column: usize, parent: usize, depth: usize) -> Result<Value, NotBlock> {
        if self.line == 0 || self.column != column {
            return Err(self.wrong("a value must stand here"));
        }
        if depth > MAX_DEPTH {
            return Err(self.wrong("too many lists and mappings are inside each other"));
        }
        if self.rest.starts_with("- ") {
            return self.list(column, depth);
        }
        if self.rest.starts_with("? ") || key(self.rest).is_some() {
            return self.mapping(column, depth);
        }
        self.scalar(parent, self.rest)
    }

    fn list(&mut self, column: usize, depth: usize) -> Result<Value, NotBlock> {
        let mut items = Vec::new();
        while self.line > 0 && self.column == column && self.dash() {
            items.push(self.node(self.column, column, depth + 1)?);
        }
        Ok(Value::Array(items))
    }

    fn mapping(&mut self, column: usize, depth: usize) -> Result<Value, NotBlock> {
        let mut map = Map::new();
        while self.line > 0 && self.column == column {
            let line = self.line;
            let (key, after) = self.key()?;
            let key = string(key).ok_or_else(|| self.wrong("this key needs quotes"))?;
            let value = match after.strip_prefix(' ') {
                Some(after) => self.scalar(column, after)?,
                None => {
                    self.next();
                    // The items of a list may stand in the column of their key.
                    let list = self.column == column && self.rest.starts_with("- ");
                    if self.line > 0 && (self.column > column || list) {
                        self.node(self.column, column, depth + 1)?
                    } else {
                        Value::Null
                    }
                }
            };
            if map.insert(key, value).is_some() {
                return Err(NotBlock { line, message: "this key is there already" });
            }
        }
        Ok(Value::Object(map))
    }

    /// The key that begins here, and what follows its `:`. A long one has a line of its own.
    fn key(&mut self) -> Result<(&'t str, &'t str), NotBlock> {
        let missing = "a key must stand here, and `:` after it";
        let Some(long) = self.rest.strip_prefix("? ") else {
            return key(self.rest).ok_or_else(|| self.wrong(missing));
        };
        let column = self.column;
        self.next();
        let after = self.rest.strip_prefix(':').filter(|_| self.column == column);
        Ok((long, after.ok_or_else(|| self.wrong(missing))?))
    }

    /// The scalar that is all of `text`; what it belongs to is in column `parent`.
    fn scalar(&mut self, parent: usize, text: &'t str) -> Result<Value, NotBlock> {
        let value = match text {
            "null" => Value::Null,
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            "{}" => Value::Object(Map::new()),
            "[]" => Value::Array(Vec::new()),
            "|" | "|-" | "|+" => return self.literal(parent, text),
            _ if text.starts_with(|first: char| first == '-' || first.is_ascii_digit()) => {
                let number = text.parse::<Number>();
                Value::Number(
                    number.map_err(|_| self.wrong("this is no number; put it in quotes"))?,
                )
            }
            _ => Value::String(string(text).ok_or_else(|| self.wrong("this text needs quotes"))?),
        };
        self.next();
        Ok(value)
    }

    /// The lines below, as far as they are indented deeper than `parent`.
    fn literal(&mut self, parent: usize, header: &str) -> Result<Value, NotBlock> {
        let mut indentation = None;
        let mut out = String::new();
        while !self.text.is_empty() {
            let (line, text) = self.text.split_once('\n').unwrap_or((self.text, ""));
            if !line.is_empty() {
                let own = line.len() - line.trim_start_matches(' ').len();
                let wanted = *indentation.get_or_insert(own.max(parent + 1));
                if own < wanted {
                    break;
                }
                out.push_str(&line[wanted..]);
            }
            out.push('\n');
            self.text = text;
            self.line += 1;
        }
        if header != "|+" {
            out.truncate(out.trim_end_matches('\n').len() + usize::from(header == "|"));
        }
        if !is_literal(&out) && !is_literal(&format!("{out}\n")) {
            return Err(self.wrong("these lines are not what they seem; put them in quotes"));
        }
        self.next();
        Ok(Value::String(out))
    }
}

/// The key that begins a text, its quotes included, and what follows its `:`.
fn key(text: &str) -> Option<(&str, &str)> {
    let bytes = text.as_bytes();
    let end = match bytes.first()? {
        b'"' => closing(bytes)? + 1,
        _ => (1..bytes.len())
            .find(|at| bytes[*at] == b':' && matches!(bytes.get(at + 1), None | Some(b' ')))?,
    };
    let (key, after) = text.split_at(end);
    let after = after.strip_prefix(':')?;
    (after.is_empty() || after.starts_with(' ')).then_some((key, after))
}

/// Where the quote closes that a text begins with.
fn closing(bytes: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// A text in JSON quotes, or one that needs none.
fn string(text: &str) -> Option<String> {
    let Some(inside) = text.strip_prefix('"') else {
        return is_plain(text).then(|| text.to_owned());
    };
    let plain = inside.bytes().position(|byte| matches!(byte, b'"' | b'\\' | 0..b' '));
    match plain {
        Some(at) if at + 1 == inside.len() && inside.ends_with('"') => {
            Some(inside[..at].to_owned())
        }
        _ => serde_json::from_str(text).ok(),
    }
}
