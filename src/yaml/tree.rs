//! The parser's events → a spanned tree. The only file that knows the parser's event types.
//!
//! The events' places need care: an absent value is at its `:`, a block scalar begins after its
//! header and ends after its blank lines, and a list that is not indented begins after its first
//! `-`. All three are found again in the gap between the last thing read and this one.

use std::borrow::Cow;
use std::collections::BTreeMap;

use granit_parser::{Event, Parser, ScalarStyle, StructureStyle};

use super::characters::{self, visible};
use super::syntax;
use super::{
    Comment, Document, Entry, FileId, Key, MAX_ALIASED, MAX_DEPTH, Mapping, Node, Problem,
    ProblemKind, Scalar, Span, Style, Value,
};

/// Reads one document.
///
/// Finds one syntax error at most, but every duplicate key, tag, merge key and key that is no
/// text. There is a tree whenever the text has one: of equal keys it holds the first, without tags
/// and merge keys.
pub fn parse(text: &str, file: FileId) -> (Option<Document>, Vec<Problem>) {
    if u32::try_from(text.len()).is_err() {
        let span = Span { file, start: 0, end: 0 };
        let message = "this file is larger than 4 GiB".to_owned();
        return (None, vec![Problem::new(ProblemKind::Syntax, message, span)]);
    }
    let (complete, mut builder, mut problems) = read(text, file, false);
    let root = builder.roots.drain(..).next();
    let root = root.filter(|root| complete && !(root.is_null() && root.span.is_empty()));
    if root.is_none() && problems.is_empty() {
        let span = Span { file, start: 0, end: 0 };
        let empty = Problem::new(ProblemKind::Empty, "there is nothing in this file".into(), span);
        problems.push(empty.help("an app file needs `apiVersion`, `name` and `components`"));
    }
    problems.sort_by_key(|problem| problem.span);
    let mut comments = builder.comments;
    comments.sort_by_key(|comment| comment.span);
    (root.map(|root| Document { root, comments }), problems)
}

/// Reads every document of a text, as [`parse`] reads one. Documents that say nothing are left out.
pub fn parse_all(text: &str, file: FileId) -> (Vec<Node>, Vec<Problem>) {
    if u32::try_from(text.len()).is_err() {
        let span = Span { file, start: 0, end: 0 };
        let message = "this file is larger than 4 GiB".to_owned();
        return (Vec::new(), vec![Problem::new(ProblemKind::Syntax, message, span)]);
    }
    let (_, builder, mut problems) = read(text, file, true);
    let roots: Vec<Node> = builder.roots.into_iter().filter(|root| !root.is_null()).collect();
    if roots.is_empty() && problems.is_empty() {
        let span = Span { file, start: 0, end: 0 };
        problems.push(Problem::new(
            ProblemKind::Empty,
            "there is nothing in this file".into(),
            span,
        ));
    }
    problems.sort_by_key(|problem| problem.span);
    (roots, problems)
}

/// Whether the text was read to its end, what was read, and what is wrong with it.
fn read(text: &str, file: FileId, many: bool) -> (bool, Builder<'_>, Vec<Problem>) {
    let mut problems = characters::forbidden(text, file);
    let mut builder = Builder::new(text, file, many);
    let complete = builder.read();
    // The parser stumbles over the characters that are reported already.
    let stumbled = |problem: &Problem| problem.kind == ProblemKind::Syntax;
    let known = !problems.is_empty();
    let found = std::mem::take(&mut builder.problems);
    problems.extend(found.into_iter().filter(|problem| !(known && stumbled(problem))));
    (complete, builder, problems)
}

/// A collection that is not closed yet.
struct Open {
    kind: Kind,
    start: u32,
    /// The bracket that opened it; none for block style.
    bracket: Option<char>,
    anchor: usize,
    /// Where the last thing inside it ends in the text.
    end: u32,
    measure: Measure,
}

enum Kind {
    Sequence(Vec<Node>),
    Mapping(Vec<Entry>, Pending),
}

/// What a mapping waits for.
enum Pending {
    Key,
    Value(Key),
    /// The value of a key that was reported: it is read and left out.
    Nothing,
}

/// What a copy of a node costs.
#[derive(Clone, Copy, Default)]
struct Measure {
    nodes: usize,
    height: usize,
}

struct Anchored {
    node: Node,
    measure: Measure,
}

struct Builder<'t> {
    text: &'t str,
    file: FileId,
    open: Vec<Open>,
    /// The roots of the documents.
    roots: Vec<Node>,
    documents: usize,
    /// Whether there may be several documents.
    many: bool,
    /// Where the last thing outside every collection ends: `---`, or the byte-order mark.
    end: u32,
    comments: Vec<Comment>,
    problems: Vec<Problem>,
    /// How often each anchor is used. Only these are kept for copies.
    uses: BTreeMap<usize, usize>,
    anchors: BTreeMap<usize, Option<Anchored>>,
    aliased: usize,
}

/// Reading cannot go on; the reason is in the problems.
struct Stop;

impl<'t> Builder<'t> {
    fn new(text: &'t str, file: FileId, many: bool) -> Self {
        let end = if text.starts_with('\u{feff}') { 3 } else { 0 };
        Self {
            text,
            file,
            open: Vec::new(),
            roots: Vec::new(),
            documents: 0,
            many,
            end,
            comments: Vec::new(),
            problems: Vec::new(),
            uses: alias_uses(text),
            anchors: BTreeMap::new(),
            aliased: 0,
        }
    }

    /// Whether the first document was read to its end.
    fn read(&mut self) -> bool {
        let options = granit_parser::options! {
            emit_comments: true,
            max_buffered_comment_events: usize::MAX,
        };
        for event in Parser::new_from_str_with_options(self.text, options) {
            match event {
                Ok((event, span)) => {
                    if self.event(event, span).is_err() {
                        return self.documents > 1;
                    }
                }
                Err(error) => {
                    let brackets = self.open.iter().rev();
                    let bracket = brackets.filter_map(|open| Some((open.bracket?, open.start)));
                    let problem =
                        syntax::problem(&error, self.text, self.file, bracket.take(1).next());
                    self.problems.push(problem);
                    return false;
                }
            }
        }
        true
    }

    fn event(&mut self, event: Event<'_>, at: granit_parser::Span) -> Result<(), Stop> {
        let span = self.span(at);
        match event {
            Event::DocumentStart(explicit, _) => {
                self.documents += 1;
                if self.documents > 1 && !self.many {
                    let message = "a second document starts here".to_owned();
                    let problem = Problem::new(ProblemKind::SeveralDocuments, message, span)
                        .help("write one app per file");
                    self.problems.push(problem);
                    return Err(Stop);
                }
                if explicit {
                    self.end = span.end;
                }
                Ok(())
            }
            Event::Comment(comment, _) => {
                let blanks = comment.len() - comment.trim_end().len();
                let span =
                    Span { end: span.end - u32::try_from(blanks).unwrap_or_default(), ..span };
                self.comments.push(Comment { span, text: comment.trim().into() });
                Ok(())
            }
            Event::Scalar(text, style, anchor, _) => {
                self.tag(at);
                let node = self.scalar(text, style, span);
                let measure = Measure { nodes: 1, height: 0 };
                self.anchor(anchor, &node, measure);
                let end = node.span.end.max(self.last_end());
                self.place(node, measure, None, end)
            }
            Event::SequenceStart(style, anchor, _) => {
                self.tag(at);
                let start = match style {
                    StructureStyle::Block => self.first_dash(span.start),
                    StructureStyle::Flow => span.start,
                };
                self.start(Kind::Sequence(Vec::new()), start, anchor, span)
            }
            Event::MappingStart(_, anchor, _) => {
                self.tag(at);
                let kind = Kind::Mapping(Vec::new(), Pending::Key);
                self.start(kind, span.start, anchor, span)
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span),
            Event::Alias(id) => self.alias(id, span),
            _ => Ok(()),
        }
    }

    fn span(&self, at: granit_parser::Span) -> Span {
        let range = at.byte_range().unwrap_or_default();
        let byte = |at: usize| u32::try_from(at.min(self.text.len())).unwrap_or(u32::MAX);
        Span { file: self.file, start: byte(range.start), end: byte(range.end.max(range.start)) }
    }

    /// Where the last thing before this one ends.
    fn last_end(&self) -> u32 {
        self.open.last().map_or(self.end, |open| open.end)
    }

    fn scalar(&mut self, text: Cow<'_, str>, style: ScalarStyle, mut span: Span) -> Node {
        let style = match style {
            ScalarStyle::SingleQuoted => Style::SingleQuoted,
            ScalarStyle::DoubleQuoted => Style::DoubleQuoted,
            ScalarStyle::Literal => Style::Literal,
            ScalarStyle::Folded => Style::Folded,
            _ => Style::Plain,
        };
        let absent = style == Style::Plain && span.is_empty();
        if absent {
            span.start = self.after_indicator(span.start);
            span.end = span.start;
        } else if matches!(style, Style::Literal | Style::Folded) {
            span.start = find_in_gap(self.text, self.last_end(), span.start, b"|>");
            span.end = visible_end(self.text, span);
        }
        if text.contains('\0') {
            self.problems.push(characters::escaped_nul(self.text, span));
        }
        // The parser says `~` for what is not there.
        let text = if absent { "".into() } else { text.into() };
        Node { value: Value::Scalar(Scalar { text, style }), span }
    }

    /// The place of an absent value: right after its `:` or `-`.
    fn after_indicator(&self, at: u32) -> u32 {
        match self.open.last() {
            Some(Open { kind: Kind::Sequence(items), bracket: None, start, end, .. }) => {
                let from = if items.is_empty() { *start } else { *end };
                let dash = find_in_gap(self.text, from, at, b"-");
                if dash < at { dash + 1 } else { at }
            }
            Some(Open { kind: Kind::Mapping(_, Pending::Key), .. }) => at,
            _ if self.text[at as usize..].starts_with(':') => at + 1,
            Some(Open { end, .. }) if find_in_gap(self.text, *end, at, b":") == at => *end,
            _ => at,
        }
    }

    /// The `-` of a block list, which the parser places there only if the list is indented.
    fn first_dash(&self, at: u32) -> u32 {
        match self.open.last() {
            Some(Open { kind: Kind::Mapping(_, pending), end, .. })
                if !matches!(pending, Pending::Key) =>
            {
                find_in_gap(self.text, *end, at, b"-")
            }
            _ => at,
        }
    }

    fn start(&mut self, kind: Kind, start: u32, anchor: usize, span: Span) -> Result<(), Stop> {
        if self.open.len() >= MAX_DEPTH {
            self.problems.push(syntax::too_deep(span));
            return Err(Stop);
        }
        let bracket = self.text[span.start as usize..span.end as usize].chars().next();
        let measure = Measure { nodes: 1, height: 1 };
        self.open.push(Open { kind, start, bracket, anchor, end: start, measure });
        Ok(())
    }

    fn close(&mut self, span: Span) -> Result<(), Stop> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let end = if open.bracket.is_some() { span.end } else { open.end };
        let value = match open.kind {
            Kind::Sequence(items) => Value::Sequence(items),
            Kind::Mapping(entries, _) => Value::Mapping(self.without_repeated(entries)),
        };
        let span = Span { file: self.file, start: open.start, end };
        let node = Node { value, span };
        self.anchor(open.anchor, &node, open.measure);
        self.place(node, open.measure, None, end)
    }

    fn without_repeated(&mut self, entries: Vec<Entry>) -> Mapping {
        let mapping = Mapping::new(entries);
        let repeated = mapping.repeated();
        if repeated.is_empty() {
            return mapping;
        }
        let problems = repeated.iter().map(|(first, entry)| {
            let message = format!("key `{}` is written twice", visible(&first.key.text));
            Problem::new(ProblemKind::DuplicateKey, message, entry.key.span)
                .related(first.key.span, "first written here")
                .help("remove or rename one of the two")
        });
        self.problems.extend(problems);
        let mut dropped: Vec<Span> = repeated.iter().map(|(_, entry)| entry.key.span).collect();
        dropped.sort_unstable();
        let mut entries = mapping.into_entries();
        entries.retain(|entry| dropped.binary_search(&entry.key.span).is_err());
        Mapping::new(entries)
    }

    /// Puts a finished node where it belongs. `alias` is the place of the alias it came from, and
    /// `end` where it ends in the text.
    fn place(
        &mut self,
        node: Node,
        measure: Measure,
        alias: Option<Span>,
        end: u32,
    ) -> Result<(), Stop> {
        let Some(open) = self.open.last_mut() else {
            self.end = end;
            self.roots.push(node);
            return Ok(());
        };
        open.end = end;
        open.measure.nodes += measure.nodes;
        open.measure.height = open.measure.height.max(measure.height + 1);
        match &mut open.kind {
            Kind::Sequence(items) => items.push(node),
            Kind::Mapping(entries, pending) => {
                *pending = match std::mem::replace(pending, Pending::Key) {
                    Pending::Key => match key(node, alias) {
                        Ok(key) => Pending::Value(key),
                        Err(problem) => {
                            self.problems.push(*problem);
                            Pending::Nothing
                        }
                    },
                    Pending::Value(key) => {
                        entries.push(Entry { key, value: node });
                        Pending::Key
                    }
                    Pending::Nothing => Pending::Key,
                };
            }
        }
        Ok(())
    }

    fn tag(&mut self, at: granit_parser::Span) {
        let Some(tag) = at.tag_span() else { return };
        let span = self.span(tag);
        self.problems.push(syntax::tag(self.text, span));
    }

    /// Keeps a copy of an anchored node that an alias will ask for, unless its copies are too many.
    fn anchor(&mut self, id: usize, node: &Node, measure: Measure) {
        let Some(uses) = self.uses.get(&id) else { return };
        self.aliased = self.aliased.saturating_add(measure.nodes.saturating_mul(*uses));
        let affordable = self.aliased <= MAX_ALIASED;
        self.anchors.insert(id, affordable.then(|| Anchored { node: node.clone(), measure }));
    }

    fn alias(&mut self, id: usize, span: Span) -> Result<(), Stop> {
        let problem = match self.anchors.get(&id) {
            Some(Some(anchored)) if self.open.len() + anchored.measure.height > MAX_DEPTH => {
                syntax::too_deep(span)
            }
            Some(Some(Anchored { node, measure })) => {
                let (node, measure) = (node.clone(), *measure);
                return self.place(node, measure, Some(span), span.end);
            }
            Some(None) => {
                let message =
                    format!("the aliases of this file stand for more than {MAX_ALIASED} values");
                Problem::new(ProblemKind::AliasExpansion, message, span)
                    .help("write the values out, or split the file")
            }
            None => {
                let name = &self.text[span.start as usize..span.end as usize];
                let message = format!("`{}` stands for something that contains it", visible(name));
                let problem = Problem::new(ProblemKind::AliasExpansion, message, span)
                    .help("write the value out");
                let open = self.open.iter().find(|open| open.anchor == id);
                match open {
                    Some(open) => {
                        let start =
                            Span { file: self.file, start: open.start, end: open.start + 1 };
                        problem.related(start, "the anchored value starts here")
                    }
                    None => problem,
                }
            }
        };
        self.problems.push(problem);
        Err(Stop)
    }
}

/// How often each anchor is used, by the parser's number for it.
///
/// An anchored node is inside others that may be anchored too, so a copy of each could take 128
/// times the memory of the tree. Knowing the uses first, only what the budget allows is copied.
fn alias_uses(text: &str) -> BTreeMap<usize, usize> {
    let mut uses = BTreeMap::new();
    if text.contains('&') && text.contains('*') {
        let options = granit_parser::options! { emit_comments: false };
        for event in Parser::new_from_str_with_options(text, options) {
            match event {
                Ok((Event::Alias(id), _)) => *uses.entry(id).or_default() += 1,
                Ok(_) => {}
                Err(_) => break,
            }
        }
    }
    uses
}

/// How many nodes of a text have an anchor.
pub(super) fn anchors(text: &str) -> usize {
    if !text.contains('&') {
        return 0;
    }
    let options = granit_parser::options! { emit_comments: false };
    let anchor = |event: Event<'_>| match event {
        Event::Scalar(_, _, anchor, _)
        | Event::SequenceStart(_, anchor, _)
        | Event::MappingStart(_, anchor, _) => anchor,
        _ => 0,
    };
    let events = Parser::new_from_str_with_options(text, options).map_while(Result::ok);
    events.filter(|(event, _)| anchor(event.clone()) > 0).count()
}

/// Reads a node as the key of an entry.
fn key(node: Node, alias: Option<Span>) -> Result<Key, Box<Problem>> {
    let span = alias.unwrap_or(node.span);
    let Value::Scalar(scalar) = node.value else {
        return Err(Box::new(syntax::key_not_text("a list or a mapping", span)));
    };
    if scalar.is_null() {
        return Err(Box::new(syntax::key_not_text("null", span)));
    }
    if scalar.style == Style::Plain && *scalar.text == *"<<" {
        return Err(Box::new(syntax::merge_key(span)));
    }
    Ok(Key { text: scalar.text, span })
}

/// The first of the `wanted` bytes between `from` and `to`, past white space, comments, anchors,
/// tags and indicators; `to` where there is none.
pub(super) fn find_in_gap(text: &str, from: u32, to: u32, wanted: &[u8]) -> u32 {
    let bytes = &text.as_bytes()[..to as usize];
    let mut at = from as usize;
    while let Some(byte) = bytes.get(at) {
        if wanted.contains(byte) {
            return u32::try_from(at).unwrap_or(to);
        }
        let rest = &bytes[at..];
        let length = match byte {
            b'#' => rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')),
            b'&' | b'!' => rest.iter().position(u8::is_ascii_whitespace),
            _ => Some(1),
        };
        at += length.unwrap_or(rest.len());
    }
    to
}

/// The end of the last line of a block scalar that is not blank.
fn visible_end(text: &str, span: Span) -> u32 {
    let mut rest = &text[span.start as usize..span.end as usize];
    while let Some((before, last)) = rest.rsplit_once('\n') {
        if !last.trim().is_empty() {
            break;
        }
        rest = before;
    }
    let rest = rest.strip_suffix('\r').unwrap_or(rest);
    span.start + u32::try_from(rest.len()).unwrap_or_default()
}
