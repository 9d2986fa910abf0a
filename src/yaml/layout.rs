//! The author's own text in a canonical layout: indentation, blank lines, blanks, the order of
//! keys. Comments stay with what they precede or trail, scalars keep their form, and the result is
//! handed out only if it reads as the same tree.

mod print;

use std::borrow::Cow;

use print::Printer;

use super::tree::{self, find_in_gap};
use super::{Comment, Document, Entry, FileId, Node, Span, Style, Value};

/// The order of keys in a mapping, by the path of keys to it; `None` keeps the author's. Items of
/// lists are `-` in a path. Keys that the order does not name come last, in the author's order.
pub type KeyOrder<'o> = &'o dyn Fn(&[&str]) -> Option<&'o [&'o str]>;

/// Lays a text out anew. It must be one that [`super::parse`] finds nothing wrong with.
///
/// A byte-order mark is left out, and every line break is like the first in the text. A collection
/// in brackets stays on its line; one over several lines becomes a block. A text with anchors keeps
/// the order of its keys, because an alias must follow its anchor.
///
/// # Errors
/// The place that has no canonical layout: `? key` over several lines, an anchor on a key, and
/// whatever would not read as the same tree.
pub fn layout(text: &str, file: FileId, order: KeyOrder<'_>) -> Result<String, Span> {
    let (plain, windows) = normal(text);
    let whole = Span { file, start: 0, end: 0 };
    let document = sound(&plain, file).ok_or(whole)?;
    let anchors = tree::anchors(&plain);
    let mut reader = Reader {
        text: &plain,
        file,
        comments: &document.comments,
        next: 0,
        order: if anchors == 0 { order } else { &|_| None },
        path: Vec::new(),
    };
    let root = reader.document(&document.root)?;
    let mut printer = Printer::default();
    printer.document(&root);
    let out = printer.out;
    let again = sound(&out, file).ok_or(whole)?;
    let kept = same(&document.root, &again.root)
        && texts(&document.comments) == texts(&again.comments)
        && tree::anchors(&out) == anchors;
    match kept {
        true if windows => Ok(out.replace('\n', "\r\n")),
        true => Ok(out),
        false => Err(whole),
    }
}

/// The text with line feeds alone and without a mark, and whether its lines end as on Windows.
fn normal(text: &str) -> (Cow<'_, str>, bool) {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if !text.contains('\r') {
        return (text.into(), false);
    }
    let windows = text.find('\n').is_some_and(|at| text[..at].ends_with('\r'));
    (text.replace("\r\n", "\n").replace('\r', "\n").into(), windows)
}

fn sound(text: &str, file: FileId) -> Option<Document> {
    let (document, problems) = super::parse(text, file);
    document.filter(|_| problems.is_empty())
}

/// Whether two trees say the same; the order of keys says nothing.
fn same(a: &Node, b: &Node) -> bool {
    match (&a.value, &b.value) {
        (Value::Scalar(a), Value::Scalar(b)) => {
            a.text == b.text && (a.style == Style::Plain) == (b.style == Style::Plain)
        }
        (Value::Sequence(a), Value::Sequence(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Mapping(a), Value::Mapping(b)) => {
            let kept = |entry: &Entry| {
                b.get(&entry.key.text).is_some_and(|other| same(&entry.value, &other.value))
            };
            a.len() == b.len() && a.iter().all(kept)
        }
        _ => false,
    }
}

/// The texts of comments, sorted: a comment moves with its key.
fn texts(comments: &[Comment]) -> Vec<&str> {
    let mut texts: Vec<&str> = comments.iter().map(|comment| &*comment.text).collect();
    texts.sort_unstable();
    texts
}

/// A comment on a line of its own, or a marker such as `---`.
struct Note<'t> {
    blank: bool,
    text: &'t str,
}

/// A comment behind something, and how far.
struct Beside<'t> {
    blanks: usize,
    text: &'t str,
}

/// One entry of a mapping or item of a list.
struct Part<'t> {
    above: Vec<Note<'t>>,
    /// Whether a blank line is above it.
    blank: bool,
    /// Nothing for an item.
    key: Option<Cow<'t, str>>,
    anchor: Option<&'t str>,
    /// Behind the key or `-`, where the value is on lines below.
    head: Option<Beside<'t>>,
    /// Between key and value.
    between: Vec<Note<'t>>,
    body: Body<'t>,
    /// Behind the value.
    beside: Option<Beside<'t>>,
}

enum Body<'t> {
    Nothing,
    Line(Cow<'t, str>),
    /// A plain or quoted scalar over several lines.
    Lines(Vec<&'t str>),
    /// `|` or `>`: its header, the columns that its lines are indented by beyond their parent, the
    /// lines without them, and whether blank lines at its end count.
    Block {
        header: &'t str,
        indent: usize,
        lines: Vec<&'t str>,
        keep: bool,
    },
    Parts {
        parts: Vec<Part<'t>>,
        foot: Vec<Note<'t>>,
    },
}

struct Root<'t> {
    /// What stays at the top whatever comes first.
    header: Vec<Note<'t>>,
    part: Part<'t>,
    foot: Vec<Note<'t>>,
}

/// Reads the tree in the order of the text, and hands each comment to the part that it belongs to.
struct Reader<'t, 'o> {
    text: &'t str,
    file: FileId,
    comments: &'t [Comment],
    /// The first comment that no part has yet.
    next: usize,
    order: KeyOrder<'o>,
    path: Vec<String>,
}

/// Where a node stands in the text, which for an alias is not where its value is written.
struct Extent {
    start: u32,
    end: u32,
    alias: bool,
}

impl<'t> Reader<'t, '_> {
    fn document(&mut self, root: &'t Node) -> Result<Root<'t>, Span> {
        let start = root.span.start;
        let mut lead = self.markers(start);
        let comments = self.take(start);
        lead.extend(comments.into_iter().map(|comment| (comment.span.start, self.note(comment))));
        lead.sort_by_key(|(at, _)| *at);
        let mut header: Vec<Note<'t>> = lead.into_iter().map(|(_, note)| note).collect();
        // What a blank line divides from the first key is about the file, as is what editors read.
        let divided = |at: usize| header.get(at).map_or(self.blank_above(start), |note| note.blank);
        let stays =
            |at: &usize| !header[*at].text.starts_with('#') || is_for_editors(header[*at].text);
        let top = (0..header.len()).rev().find(|at| divided(at + 1) || stays(at));
        let above = header.split_off(top.map_or(0, |at| at + 1));
        let anchor = self.anchor(0, start, root)?;
        let limit = u32::try_from(self.text.len()).unwrap_or(u32::MAX);
        let mut part = self.value(root, Vec::new(), start, limit, None)?;
        part.anchor = anchor;
        match &mut part.body {
            Body::Parts { parts, .. } if !parts.is_empty() => {
                // The order may have moved the first; its comments were not read with it.
                let first = root.entries().first().map(|entry| self.key(entry)).transpose()?;
                let place = parts.iter().position(|part| part.key == first).unwrap_or_default();
                parts[place].blank = self.blank_above(start);
                parts[place].above = above;
            }
            _ => header.extend(above),
        }
        let foot = self.take(limit).into_iter().map(|comment| self.note(comment)).collect();
        Ok(Root { header, part, foot })
    }

    /// Directives and `---` before the root.
    fn markers(&self, end: u32) -> Vec<(u32, Note<'t>)> {
        let mut out = Vec::new();
        let mut at = 0;
        for line in self.text[..end as usize].split_inclusive('\n') {
            if line.starts_with("---") || line.starts_with('%') {
                let text =
                    if line.starts_with('%') { line.split(" #").next() } else { Some("---") };
                let text = text.unwrap_or_default().trim_end();
                out.push((at, Note { blank: self.blank_above(at), text }));
            }
            at += u32::try_from(line.len()).unwrap_or_default();
        }
        out
    }

    /// The comments up to here that no part has yet.
    fn take(&mut self, until: u32) -> Vec<&'t Comment> {
        let rest = &self.comments[self.next..];
        let count = rest.partition_point(|comment| comment.span.start < until);
        self.next += count;
        rest[..count].iter().collect()
    }

    fn raw(&self, span: Span) -> &'t str {
        &self.text[span.start as usize..span.end as usize]
    }

    fn note(&self, comment: &Comment) -> Note<'t> {
        Note { blank: self.blank_above(comment.span.start), text: self.raw(comment.span) }
    }

    fn line_start(&self, at: u32) -> usize {
        self.text[..at as usize].rfind('\n').map_or(0, |at| at + 1)
    }

    fn column(&self, at: u32) -> usize {
        at as usize - self.line_start(at)
    }

    /// Whether the line above the one of this place is blank.
    fn blank_above(&self, at: u32) -> bool {
        let above = self.text[..self.line_start(at)].strip_suffix('\n');
        above.is_some_and(|above| above.rsplit('\n').next().unwrap_or_default().trim().is_empty())
    }

    fn same_line(&self, from: u32, to: u32) -> bool {
        from <= to && !self.text[from as usize..to as usize].contains('\n')
    }

    /// The next comment, where it stands behind something that ends here.
    fn beside(&mut self, end: u32, limit: u32) -> Option<Beside<'t>> {
        let comment = self.comments.get(self.next)?;
        let start = comment.span.start;
        if start >= limit || start < end || !self.same_line(end, start) {
            return None;
        }
        self.next += 1;
        let before = &self.text[..start as usize];
        let blanks = before.len() - before.trim_end_matches(' ').len();
        Some(Beside { blanks: blanks.max(1), text: self.raw(comment.span) })
    }

    fn extent(&self, node: &Node, from: u32, limit: u32) -> Extent {
        if node.span.start >= from {
            return Extent { start: node.span.start, end: node.span.end, alias: false };
        }
        let start = find_in_gap(self.text, from, limit, b"*");
        let rest = &self.text[start as usize..];
        let ends = |c: char| c.is_whitespace() || ",[]{}".contains(c);
        let length = rest.find(ends).unwrap_or(rest.len());
        Extent { start, end: start + u32::try_from(length).unwrap_or_default(), alias: true }
    }

    /// The anchor between a key or `-` and its value.
    fn anchor(&self, from: u32, start: u32, node: &Node) -> Result<Option<&'t str>, Span> {
        let mut to = start;
        if node.span.is_empty() {
            let rest = &self.text[start as usize..];
            let length = rest.find('\n').unwrap_or(rest.len());
            to += u32::try_from(length).unwrap_or_default();
        }
        let at = find_in_gap(self.text, from, to, b"&");
        // An absent value may stand before another that has the anchor.
        let own = self.text[start.min(at) as usize..at as usize].trim().is_empty();
        if at >= to || !own && node.span.is_empty() {
            return Ok(None);
        }
        let block = !node.span.is_empty() && self.is_block(node);
        if block && self.same_line(at, start) {
            // It belongs to the first key.
            return Err(Span { file: self.file, start: at, end: start });
        }
        let rest = &self.text[at as usize..];
        let ends = |c: char| c.is_whitespace() || ",[]{}".contains(c);
        Ok(Some(&rest[..rest.find(ends).unwrap_or(rest.len())]))
    }

    /// Whether this is a collection without brackets.
    fn is_block(&self, node: &Node) -> bool {
        let bracket = self.text[node.span.start as usize..].starts_with(['{', '[']);
        !matches!(node.value, Value::Scalar(_)) && !bracket
    }

    /// A key as it is printed, without its colon.
    fn key(&self, entry: &Entry) -> Result<Cow<'t, str>, Span> {
        const LONGEST: usize = 1000;
        let raw = self.raw(entry.key.span);
        if raw.contains('\n') || raw.len() > LONGEST {
            return Err(entry.key.span);
        }
        // The name of an alias may end in a colon.
        Ok(if raw.starts_with('*') { format!("{raw} ").into() } else { requote(raw) })
    }

    /// A value with everything between it and `from`, the end of its key or `-`. `column` is that
    /// of the collection it is in.
    fn value(
        &mut self,
        node: &'t Node,
        above: Vec<Note<'t>>,
        from: u32,
        limit: u32,
        column: Option<usize>,
    ) -> Result<Part<'t>, Span> {
        let Extent { start, end, alias } = self.extent(node, from, limit);
        let anchor = if alias { None } else { self.anchor(from, start, node)? };
        let mut head = None;
        let mut between: Vec<Note<'t>> = Vec::new();
        if !node.span.is_empty() || alias {
            head = self.beside(from, start);
            between = self.take(start).into_iter().map(|comment| self.note(comment)).collect();
        }
        let raw = &self.text[start as usize..end as usize];
        let mut beside = None;
        let body = match &node.value {
            _ if alias => Body::Line(raw.into()),
            Value::Scalar(_) if node.span.is_empty() => Body::Nothing,
            Value::Scalar(scalar) => match scalar.style {
                Style::Literal | Style::Folded => {
                    let header_end = self.text[start as usize..].find('\n');
                    let header_end = header_end.map_or(end, |at| start + at as u32);
                    head = self.beside(start, header_end + 1).or(head);
                    self.block_scalar(start, end, column.unwrap_or_default())
                }
                style if raw.contains('\n') => Body::Lines(
                    raw.split('\n')
                        .map(|line| match style {
                            // A blank at the end may be escaped.
                            Style::DoubleQuoted => line.trim_start_matches([' ', '\t']),
                            _ => line.trim_matches([' ', '\t']),
                        })
                        .collect(),
                ),
                _ => Body::Line(requote(raw)),
            },
            _ if self.is_block(node) || raw.contains('\n') => {
                let empty = node.entries().is_empty() && node.items().is_empty();
                let block = self.is_block(node);
                let inner = if block { limit } else { end - 1 };
                let own = self.column(start);
                let lead = if empty { Vec::new() } else { std::mem::take(&mut between) };
                let (parts, foot) =
                    self.parts(node, lead, start, inner, block.then_some(own), column)?;
                if empty {
                    between.extend(foot);
                    Body::Line(if raw.starts_with('{') { "{}".into() } else { "[]".into() })
                } else if block {
                    Body::Parts { parts, foot }
                } else {
                    let mut foot = foot;
                    let closing = self.beside(end, limit);
                    match (&head, closing) {
                        (None, closing) => head = closing,
                        (Some(_), Some(Beside { text, .. })) => {
                            foot.push(Note { blank: false, text });
                        }
                        _ => {}
                    }
                    Body::Parts { parts, foot }
                }
            }
            _ => Body::Line(self.inline(node, start)?.into()),
        };
        if !matches!(body, Body::Parts { .. } | Body::Block { .. }) {
            beside = self.beside(end, limit);
        }
        Ok(Part { above, blank: false, key: None, anchor, head, between, body, beside })
    }

    fn block_scalar(&self, start: u32, end: u32, column: usize) -> Body<'t> {
        let raw = &self.text[start as usize..end as usize];
        let (first, rest) = raw.split_once('\n').unwrap_or((raw, ""));
        let header = first.split([' ', '\t']).next().unwrap_or_default();
        let mut lines: Vec<&'t str> =
            if rest.is_empty() { Vec::new() } else { rest.split('\n').collect() };
        let keep = header.contains('+');
        if keep {
            let after = &self.text[end as usize..];
            let blank = after.split('\n').skip(1).take_while(|line| line.trim().is_empty());
            let mut blank: Vec<&'t str> = blank.collect();
            // What follows the last line break is no line.
            if after.trim().is_empty() {
                blank.pop();
            }
            lines.extend(blank);
        }
        let digit = header.chars().find_map(|c| c.to_digit(10)).map(|digit| digit as usize);
        let indented = |line: &&str| line.len() - line.trim_start_matches(' ').len();
        let first = lines.iter().find(|line| !line.trim().is_empty()).map(indented);
        let strip = digit.map_or(first.unwrap_or_default(), |digit| column + digit);
        let lines = lines.into_iter().map(|line| line.get(strip..).unwrap_or_default()).collect();
        Body::Block { header, indent: digit.unwrap_or(2), lines, keep }
    }

    /// The parts of a collection that goes over lines, and the comments at its end. `column` is its
    /// own where it is a block, `outer` that of the collection around it.
    fn parts(
        &mut self,
        node: &'t Node,
        lead: Vec<Note<'t>>,
        start: u32,
        limit: u32,
        column: Option<usize>,
        outer: Option<usize>,
    ) -> Result<(Vec<Part<'t>>, Vec<Note<'t>>), Span> {
        let mut parts = Vec::new();
        let mut above = lead;
        // Where the last thing ended; a bracket is one byte.
        let mut end = if column.is_some() { start } else { start + 1 };
        match &node.value {
            Value::Mapping(mapping) => {
                let entries = mapping.entries();
                for (position, entry) in entries.iter().enumerate() {
                    let next = entries.get(position + 1).map_or(limit, |next| next.key.span.start);
                    above.extend(self.notes(entry.key.span.start));
                    let first = entry.key.span.start;
                    self.refuse_key_anchor(end, first)?;
                    self.path.push(entry.key.text.to_string());
                    let apart = position > 0 || !above.is_empty();
                    let notes = std::mem::take(&mut above);
                    let from = entry.key.span.end;
                    let mut part =
                        self.value(&entry.value, notes, from, next, column.or(Some(0)))?;
                    self.path.pop();
                    part.key = Some(self.key(entry)?);
                    part.blank = apart && self.starts_line(first) && self.blank_above(first);
                    end = self.extent(&entry.value, from, next).end;
                    parts.push(part);
                }
                self.sort(&mut parts);
            }
            Value::Sequence(items) => {
                for (position, item) in items.iter().enumerate() {
                    let first = match column {
                        Some(_) if position == 0 => start,
                        Some(_) => find_in_gap(self.text, end, limit, b"-"),
                        None => self.extent(item, end, limit).start,
                    };
                    let from = if column.is_some() { first + 1 } else { end };
                    end = self.extent(item, from, limit).end;
                    let next = match (items.get(position + 1), column) {
                        (None, _) => limit,
                        (Some(_), Some(_)) => find_in_gap(self.text, end, limit, b"-"),
                        (Some(next), None) => self.extent(next, end, limit).start,
                    };
                    above.extend(self.notes(first));
                    self.path.push("-".into());
                    let apart = position > 0 || !above.is_empty();
                    let notes = std::mem::take(&mut above);
                    let mut part = self.value(item, notes, from, next, column.or(Some(0)))?;
                    self.path.pop();
                    part.blank = apart && self.starts_line(first) && self.blank_above(first);
                    parts.push(part);
                }
            }
            Value::Scalar(_) => {}
        }
        let mut foot = above;
        while let Some(comment) = self.comments.get(self.next) {
            let at = comment.span.start;
            let inside = match column {
                // A list may be at the column of the mapping around it.
                Some(own) => self.column(at) >= own && outer.is_none_or(|o| self.column(at) > o),
                None => true,
            };
            if at >= limit || !inside {
                break;
            }
            self.next += 1;
            foot.push(self.note(comment));
        }
        Ok((parts, foot))
    }

    fn notes(&mut self, until: u32) -> Vec<Note<'t>> {
        self.take(until).into_iter().map(|comment| self.note(comment)).collect()
    }

    fn starts_line(&self, at: u32) -> bool {
        self.text[self.line_start(at)..at as usize].trim().is_empty()
    }

    fn refuse_key_anchor(&self, end: u32, key: u32) -> Result<(), Span> {
        let at = find_in_gap(self.text, end, key, b"&");
        if at < key { Err(Span { file: self.file, start: at, end: key }) } else { Ok(()) }
    }

    /// Where a key stands in the order of this place.
    fn rank(&self, key: &str) -> usize {
        let path: Vec<&str> = self.path.iter().map(String::as_str).collect();
        let order = (self.order)(&path).unwrap_or_default();
        let name = key.trim_matches(['"', '\'']);
        order.iter().position(|known| *known == name).unwrap_or(order.len())
    }

    fn sort(&self, parts: &mut [Part<'t>]) {
        parts.sort_by_cached_key(|part| self.rank(part.key.as_deref().unwrap_or_default()));
    }

    /// A collection in brackets on one line.
    fn inline(&mut self, node: &'t Node, start: u32) -> Result<String, Span> {
        let mut end = start;
        match &node.value {
            Value::Mapping(mapping) => {
                // A pair in a list has no braces of its own.
                end += u32::from(self.text[start as usize..].starts_with('{'));
                let mut entries = Vec::with_capacity(mapping.len());
                for entry in mapping {
                    self.refuse_key_anchor(end, entry.key.span.start)?;
                    let key = self.key(entry)?;
                    self.path.push(entry.key.text.to_string());
                    let from = entry.key.span.end;
                    let value = self.element(&entry.value, from, node.span.end)?;
                    self.path.pop();
                    end = self.extent(&entry.value, from, node.span.end).end;
                    let text = match value.is_empty() {
                        true => key.trim_end().to_owned(),
                        false => format!("{key}: {value}"),
                    };
                    entries.push((self.rank(&key), text));
                }
                entries.sort_by_key(|(rank, _)| *rank);
                let entries: Vec<String> = entries.into_iter().map(|(_, text)| text).collect();
                Ok(match entries.is_empty() {
                    true => "{}".into(),
                    false => format!("{{ {} }}", entries.join(", ")),
                })
            }
            Value::Sequence(list) => {
                end += 1;
                let mut items = Vec::with_capacity(list.len());
                self.path.push("-".into());
                for item in list {
                    items.push(self.element(item, end, node.span.end)?);
                    end = self.extent(item, end, node.span.end).end;
                }
                self.path.pop();
                Ok(format!("[{}]", items.join(", ")))
            }
            Value::Scalar(_) => Ok(requote(self.raw(node.span)).into_owned()),
        }
    }

    fn element(&mut self, node: &'t Node, from: u32, limit: u32) -> Result<String, Span> {
        let Extent { start, end, alias } = self.extent(node, from, limit);
        if alias {
            return Ok(self.text[start as usize..end as usize].to_owned());
        }
        let text = if node.span.is_empty() { String::new() } else { self.inline(node, start)? };
        let at = find_in_gap(self.text, from, start, b"&");
        if at >= start {
            return Ok(text);
        }
        Ok(format!("{} {text}", self.text[at as usize..start as usize].trim()))
    }
}

/// Whether a comment tells an editor how to read the file.
fn is_for_editors(comment: &str) -> bool {
    let text = comment.trim_start_matches(['#', ' ']);
    ["yaml-language-server:", "$schema:", "vim:", "-*-"].iter().any(|word| text.starts_with(word))
}

/// Double quotes where they read the same as single ones.
fn requote(raw: &str) -> Cow<'_, str> {
    let inner = raw.strip_prefix('\'').and_then(|raw| raw.strip_suffix('\''));
    match inner.filter(|inner| !inner.contains(['\'', '"', '\\', '\t'])) {
        Some(inner) => format!("\"{inner}\"").into(),
        None => raw.into(),
    }
}
