//! Text ↔ spanned tree. Knows YAML and nothing of the model.
//!
//! [`parse`] keeps what a schema needs to decide what a scalar means: its text, its quotes and its
//! bytes. It resolves nothing: `on`, `1.10` and `012` are texts here, because no two readers of
//! YAML agree on them. [`emit`] writes what all of them read alike. [`block`] reads the narrow form
//! that our own templates write. [`layout`] lays an author's text out anew, comments and all.

mod block;
mod characters;
mod emit;
mod layout;
mod syntax;
mod tree;
mod typed;

use std::sync::Arc;

pub use block::{NotBlock, block};
pub use emit::{emit, quote};
pub use layout::{KeyOrder, layout};
pub use tree::{parse, parse_all};
pub use typed::{ambiguous, typed};

/// The number of a file in [`crate::source::Sources`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub struct FileId(pub u32);

/// Byte range in one file.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// Whether it holds no byte, as that of an absent value.
    pub const fn is_empty(self) -> bool {
        self.start == self.end
    }
}

/// A value and where it is written.
///
/// The span of a scalar holds its quotes or its block header, and ends with its last visible line.
/// That of a flow collection goes from bracket to bracket, that of a block collection from its
/// first key or `-` to the end of its last value. Anchors are outside. A value that is absent
/// (`key:`) is an empty span after the `:` or `-`. What an alias stands for keeps the span of the
/// anchored text.
#[derive(Clone, Debug)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// Where it is written.
    pub span: Span,
}

/// What a node holds.
#[derive(Clone, Debug)]
pub enum Value {
    /// A text that a schema has yet to read.
    Scalar(Scalar),
    /// A list.
    Sequence(Vec<Node>),
    /// Keys and values, in the order written.
    Mapping(Mapping),
}

/// A scalar: its text after escapes and folding, and how it was quoted.
#[derive(Clone, Debug)]
pub struct Scalar {
    /// The text. Shared, so that a clone of a tree copies no text.
    pub text: Arc<str>,
    /// The quotes.
    pub style: Style,
}

/// How a scalar is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Style {
    /// `text`
    Plain,
    /// `'text'`
    SingleQuoted,
    /// `"text"`
    DoubleQuoted,
    /// `|` and lines
    Literal,
    /// `>` and lines
    Folded,
}

/// One key with its value.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key.
    pub key: Key,
    /// The value.
    pub value: Node,
}

/// The key of an entry. Every key is text: `8080:` is the key `8080`.
#[derive(Clone, Debug)]
pub struct Key {
    /// The text, after escapes.
    pub text: Arc<str>,
    /// Where it is written, with its quotes. Of a key that is an alias, the alias.
    pub span: Span,
}

/// The entries of a mapping in the order written, with a lookup that stays fast in large ones.
#[derive(Clone, Debug, Default)]
pub struct Mapping {
    entries: Vec<Entry>,
    /// Positions of the entries in the order of their keys; empty in a small mapping.
    order: Box<[u32]>,
}

/// Up to this many entries a scan is as fast as a search, and the order costs nothing to build.
const SCANNED: usize = 16;

impl Mapping {
    /// A mapping of these entries. Of two equal keys, [`Mapping::get`] finds the first.
    pub fn new(entries: Vec<Entry>) -> Self {
        let mut order = Vec::new();
        if entries.len() > SCANNED {
            order.extend((0..).zip(&entries).map(|(at, _): (u32, _)| at));
            order.sort_by(|a, b| key_at(&entries, *a).cmp(key_at(&entries, *b)));
        }
        Self { entries, order: order.into_boxed_slice() }
    }

    /// The entry with this key: a scan in a small mapping, O(log n) in a large one.
    pub fn get(&self, key: &str) -> Option<&Entry> {
        if self.order.is_empty() {
            return self.entries.iter().find(|entry| *entry.key.text == *key);
        }
        let at = self.order.partition_point(|at| key_at(&self.entries, *at) < key);
        let entry = &self.entries[*self.order.get(at)? as usize];
        (*entry.key.text == *key).then_some(entry)
    }

    /// The entries in the order written.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entries in the order written.
    pub fn iter(&self) -> std::slice::Iter<'_, Entry> {
        self.entries.iter()
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Gives the entries back, to build another mapping.
    pub fn into_entries(self) -> Vec<Entry> {
        self.entries
    }

    /// Every entry whose key an earlier one has, with that earlier one, in the order written.
    fn repeated(&self) -> Vec<(&Entry, &Entry)> {
        if self.order.is_empty() {
            let first = |entry: &Entry| self.entries.iter().find(|e| e.key.text == entry.key.text);
            let pairs = self.entries.iter().filter_map(|entry| Some((first(entry)?, entry)));
            return pairs.filter(|(first, entry)| !std::ptr::eq(*first, *entry)).collect();
        }
        let mut repeated = Vec::new();
        for equal in
            self.order.chunk_by(|a, b| key_at(&self.entries, *a) == key_at(&self.entries, *b))
        {
            repeated.extend(equal[1..].iter().map(|at| (*at, equal[0])));
        }
        repeated.sort_unstable();
        let entry = |at: u32| &self.entries[at as usize];
        repeated.into_iter().map(|(at, first)| (entry(first), entry(at))).collect()
    }
}

fn key_at(entries: &[Entry], at: u32) -> &str {
    &entries[at as usize].key.text
}

impl<'a> IntoIterator for &'a Mapping {
    type Item = &'a Entry;
    type IntoIter = std::slice::Iter<'a, Entry>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl IntoIterator for Mapping {
    type Item = Entry;
    type IntoIter = std::vec::IntoIter<Entry>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}

impl Node {
    /// The entry with this key; `None` also where this is no mapping.
    pub fn get(&self, key: &str) -> Option<&Entry> {
        match &self.value {
            Value::Mapping(mapping) => mapping.get(key),
            _ => None,
        }
    }

    /// The entries of a mapping; none where this is no mapping.
    pub fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Mapping(mapping) => mapping.entries(),
            _ => &[],
        }
    }

    /// The items of a list; none where this is no list.
    pub fn items(&self) -> &[Node] {
        match &self.value {
            Value::Sequence(items) => items,
            _ => &[],
        }
    }

    /// The scalar, where this is one.
    pub fn scalar(&self) -> Option<&Scalar> {
        match &self.value {
            Value::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// Whether this is YAML's null: nothing, `~` or `null`, without quotes.
    pub fn is_null(&self) -> bool {
        self.scalar().is_some_and(Scalar::is_null)
    }
}

impl Scalar {
    /// Whether this is YAML's null: nothing, `~` or `null`, without quotes.
    pub fn is_null(&self) -> bool {
        self.style == Style::Plain && matches!(&*self.text, "" | "~" | "null" | "Null" | "NULL")
    }
}

/// A comment.
#[derive(Clone, Debug)]
pub struct Comment {
    /// Where it is written, with its `#`.
    pub span: Span,
    /// Its text, trimmed, without the `#`.
    pub text: Arc<str>,
}

/// One YAML document.
#[derive(Clone, Debug)]
pub struct Document {
    /// The tree.
    pub root: Node,
    /// The comments, in order of appearance.
    pub comments: Vec<Comment>,
}

/// One thing that is wrong with a text as YAML, or as the part of YAML that app files use.
#[derive(Clone, Debug)]
pub struct Problem {
    /// What sort of thing.
    pub kind: ProblemKind,
    /// What is wrong.
    pub message: String,
    /// Where.
    pub span: Span,
    /// The other parties, each with what there is to say about it.
    pub related: Vec<(Span, String)>,
    /// What to do.
    pub help: Option<String>,
}

/// The sorts of [`Problem`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ProblemKind {
    /// Not YAML.
    Syntax,
    /// A key that the same mapping has already.
    DuplicateKey,
    /// A second document in one file.
    SeveralDocuments,
    /// No document.
    Empty,
    /// Deeper than [`MAX_DEPTH`].
    TooDeep,
    /// Aliases that stand for more than [`MAX_ALIASED`] nodes, or for themselves.
    AliasExpansion,
    /// A tag, such as `!!str`.
    Tag,
    /// A merge key: `<<`.
    MergeKey,
    /// A key that is null, a list or a mapping.
    KeyNotText,
    /// A character that is invisible, misleading or refused by Kubernetes.
    ForbiddenCharacter,
}

/// How many collections may be inside each other. Every walk of a tree may recurse.
pub const MAX_DEPTH: usize = 128;

/// How many nodes the aliases of one file may stand for together.
pub const MAX_ALIASED: usize = 100_000;
