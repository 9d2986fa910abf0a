//! Texts, file ids and symbolic places.
//!
//! A stage points at a [`Place`]: a path into the application as weft understood it
//! (`components.reviews.traffic.split.v1`), or a byte range where no such path exists yet.
//! Places become bytes only in [`Sources::resolve`], that is, only for what is printed.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, OnceLock};

use crate::yaml::{FileId, Node, Span, Value};

/// One step of a [`Path`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// A field that the grammar fixes, such as `components`.
    Field(&'static str),
    /// A name that the author chose, such as `reviews`.
    Key(Arc<str>),
    /// A position in a list, from zero.
    Index(usize),
}

impl Step {
    /// The step as the text of a mapping key; `None` for a list position.
    pub fn key(&self) -> Option<&str> {
        match self {
            Self::Field(name) => Some(name),
            Self::Key(name) => Some(name),
            Self::Index(_) => None,
        }
    }
}

/// A path into the resolved application file. Cloning is one reference count.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Path(Option<Arc<(Path, Step)>>);

impl Path {
    /// The whole file.
    pub const fn root() -> Self {
        Self(None)
    }

    /// The first step of every path into another app; no field has this name.
    const APPS: &'static str = "<apps>";

    /// The whole file of another app, by that app's name.
    #[must_use]
    pub fn of_app(name: &str) -> Self {
        Self::root().field(Self::APPS).key(name)
    }

    /// Whether the path leads into another app than the one that was asked for.
    pub fn elsewhere(&self) -> bool {
        let mut at = self;
        while let Some(parent) = at.parent() {
            if parent.0.is_none() {
                return matches!(&at.0, Some(link) if link.1 == Step::Field(Self::APPS));
            }
            at = parent;
        }
        false
    }

    /// This path and one more step.
    #[must_use]
    pub fn then(&self, step: Step) -> Self {
        Self(Some(Arc::new((self.clone(), step))))
    }

    /// This path and a field of the grammar.
    #[must_use]
    pub fn field(&self, name: &'static str) -> Self {
        self.then(Step::Field(name))
    }

    /// This path and a name that the author chose.
    #[must_use]
    pub fn key(&self, name: &str) -> Self {
        self.then(Step::Key(name.into()))
    }

    /// This path and a position in a list.
    #[must_use]
    pub fn index(&self, position: usize) -> Self {
        self.then(Step::Index(position))
    }

    /// The path without its last step; `None` at the root.
    pub fn parent(&self) -> Option<&Path> {
        self.0.as_ref().map(|link| &link.0)
    }

    /// The steps, outermost first.
    pub fn steps(&self) -> Vec<&Step> {
        let mut steps = Vec::new();
        let mut at = self;
        while let Some(link) = &at.0 {
            steps.push(&link.1);
            at = &link.0;
        }
        steps.reverse();
        steps
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.steps().into_iter().enumerate() {
            let dot = if position == 0 { "" } else { "." };
            match step {
                Step::Index(index) => write!(f, "[{index}]")?,
                step => {
                    let key = step.key().unwrap_or_default();
                    if key.contains(['.', '/', ' ']) {
                        write!(f, "[\"{key}\"]")?;
                    } else {
                        write!(f, "{dot}{key}")?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// Where a statement about the input points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Bytes of one file.
    Bytes(Span),
    /// The key at the end of a path (or the list item, where the path ends in a position).
    Key(Path),
    /// The value at the end of a path.
    Value(Path),
}

/// One text that was read.
#[derive(Debug)]
pub struct File {
    /// The name to print: a path as the user gave it, `<stdin>`, or `--set …`.
    pub name: String,
    /// The text, as read.
    pub text: String,
    /// Where the bytes stop being UTF-8, if they do.
    pub invalid: Option<u32>,
    /// Whether this is no file, but was typed on the command line.
    pub typed: bool,
    lines: OnceLock<Vec<u32>>,
}

/// A position for people: line and column from one, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line, from one.
    pub line: usize,
    /// Column in characters, from one.
    pub column: usize,
}

/// A text that is carried out after all places are resolved: a template of the author's.
#[derive(Debug)]
pub struct Template {
    /// The file that it is.
    pub file: FileId,
    /// What reports call the file.
    pub name: String,
    /// What it says.
    pub text: Arc<str>,
}

/// Every text of one run, and the resolved tree that paths lead into.
#[derive(Debug, Default)]
pub struct Sources {
    files: Vec<File>,
    tree: Option<Node>,
    used: BTreeMap<Arc<str>, Node>,
}

impl Sources {
    /// Adds a text and names it.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> FileId {
        let id = FileId(u32::try_from(self.files.len()).unwrap_or(u32::MAX));
        let (name, text) = (name.into(), text.into());
        self.files.push(File { name, text, invalid: None, typed: false, lines: OnceLock::new() });
        id
    }

    /// Adds the text of a `--set`, unless it is there already.
    pub fn add_setting(&mut self, setting: &str) -> FileId {
        let name = format!("--set {setting}");
        if let Some((id, _)) = self.files().find(|(_, file)| file.typed && file.name == name) {
            return id;
        }
        let id = self.add(name, setting);
        self.files[id.0 as usize].typed = true;
        id
    }

    /// Adds a file of the app, unless it is there already: several environments may name it.
    pub fn add_once(&mut self, name: String, text: String) -> FileId {
        let known = self.files().find(|(_, file)| !file.typed && file.name == name);
        known.map(|(id, _)| id).unwrap_or_else(|| self.add(name, text))
    }

    /// Adds bytes that should be text. What is not UTF-8 is kept in a readable form, and the place
    /// is remembered.
    pub fn add_bytes(&mut self, name: impl Into<String>, bytes: &[u8]) -> FileId {
        match std::str::from_utf8(bytes) {
            Ok(text) => self.add(name, text),
            Err(error) => {
                let id = self.add(name, String::from_utf8_lossy(bytes));
                let offset = u32::try_from(error.valid_up_to()).unwrap_or(u32::MAX);
                self.files[id.0 as usize].invalid = Some(offset);
                id
            }
        }
    }

    /// Takes over the files of another run, and makes spans into them point here.
    pub fn adopt<'s>(&mut self, other: Sources, spans: impl IntoIterator<Item = &'s mut Span>) {
        let offset = u32::try_from(self.files.len()).unwrap_or(u32::MAX);
        self.files.extend(other.files);
        spans.into_iter().for_each(|span| span.file.0 += offset);
    }

    /// The file behind an id.
    pub fn file(&self, id: FileId) -> &File {
        &self.files[id.0 as usize]
    }

    /// Every file with its id, in the order in which they were added.
    pub fn files(&self) -> impl Iterator<Item = (FileId, &File)> {
        (0..).map(FileId).zip(&self.files)
    }

    /// Sets the tree that paths lead into. Its nodes carry their own places, so a value that an
    /// environment or `--set` supplied resolves to where that was written.
    pub fn set_tree(&mut self, tree: Node) {
        self.tree = Some(tree);
    }

    /// Adds the tree of another app, which the paths of [`Path::of_app`] lead into.
    pub fn add_tree(&mut self, app: Arc<str>, tree: Node) {
        self.used.insert(app, tree);
    }

    /// The tree that paths lead into, once there is one.
    pub fn tree(&self) -> Option<&Node> {
        self.tree.as_ref()
    }

    /// The bytes of a place. A path that leads nowhere (a default, say) gives its nearest
    /// ancestor; without a tree, the start of the first file.
    pub fn resolve(&self, place: &Place) -> Span {
        let (path, wants_key) = match place {
            Place::Bytes(span) => return *span,
            Place::Key(path) => (path, true),
            Place::Value(path) => (path, false),
        };
        let steps = path.steps();
        let (tree, steps) = match steps.as_slice() {
            [Step::Field(Path::APPS), Step::Key(app), steps @ ..] => (self.used.get(app), steps),
            steps => (self.tree.as_ref(), steps),
        };
        let Some(tree) = tree else { return Span { file: FileId(0), start: 0, end: 0 } };
        follow(tree, steps, wants_key)
    }

    /// Line and column of a byte offset.
    pub fn position(&self, file: FileId, offset: u32) -> Position {
        let file = self.file(file);
        let starts = file.line_starts();
        let line = starts.partition_point(|start| *start <= offset).max(1);
        let start = starts[line - 1] as usize;
        let end = (offset as usize).min(file.text.len());
        let before = file.text.get(start..end).unwrap_or_default();
        Position { line, column: before.trim_start_matches('\u{feff}').chars().count() + 1 }
    }
}

/// The bytes that `path` leads to in `tree`; the nearest ancestor where it leads nowhere.
pub fn resolve_in(tree: &Node, path: &Path, wants_key: bool) -> Span {
    follow(tree, &path.steps(), wants_key)
}

fn follow(tree: &Node, steps: &[&Step], wants_key: bool) -> Span {
    let mut node = tree;
    // The root of a file is the whole file, which is no useful place: its first key is.
    let mut span = match &tree.value {
        Value::Mapping(_) => tree.entries().first().map_or(tree.span, |entry| entry.key.span),
        _ => tree.span,
    };
    for step in steps {
        match step {
            Step::Index(index) => match node.items().get(*index) {
                Some(item) => {
                    node = item;
                    span = item.span;
                }
                None => return span,
            },
            step => match step.key().and_then(|key| node.get(key)) {
                Some(entry) => {
                    node = &entry.value;
                    // A mapping written over many lines is best shown by its key.
                    let block = matches!(node.value, Value::Mapping(_) | Value::Sequence(_));
                    let empty = node.span.start == node.span.end;
                    span = if wants_key || block || empty { entry.key.span } else { node.span };
                }
                None => return span,
            },
        }
    }
    span
}

impl File {
    /// Byte offset at which each line starts.
    pub fn line_starts(&self) -> &[u32] {
        self.lines.get_or_init(|| {
            let breaks = self.text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
            std::iter::once(0)
                .chain(breaks.map(|(at, _)| u32::try_from(at + 1).unwrap_or(u32::MAX)))
                .collect()
        })
    }

    /// The text of one line, without its line break; lines count from one.
    pub fn line(&self, line: usize) -> &str {
        let starts = self.line_starts();
        let from = starts.get(line - 1).map_or(self.text.len(), |at| *at as usize);
        let to = starts.get(line).map_or(self.text.len(), |at| *at as usize);
        self.text[from..to].trim_end_matches(['\n', '\r'])
    }
}

/// FNV-1a over 64 bits: a stable fingerprint for change detection, not for security.
/// Source: <https://datatracker.ietf.org/doc/draft-eastlake-fnv/>.
pub fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
