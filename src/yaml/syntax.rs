//! What to say about a text that is not YAML, or not the part of YAML that app files use.

use granit_parser::{ErrorKind, ScanError};

use super::characters::visible;
use super::{FileId, MAX_DEPTH, Problem, ProblemKind, Span};

impl Problem {
    pub(super) fn new(kind: ProblemKind, message: String, span: Span) -> Self {
        Self { kind, message, span, related: Vec::new(), help: None }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(super) fn related(mut self, span: Span, text: &str) -> Self {
        self.related.push((span, text.to_owned()));
        self
    }
}

pub(super) fn too_deep(span: Span) -> Problem {
    let message = format!("more than {MAX_DEPTH} lists and mappings are inside each other here");
    Problem::new(ProblemKind::TooDeep, message, span).help("write a flatter file")
}

pub(super) fn tag(text: &str, span: Span) -> Problem {
    let tag = visible(&text[span.start as usize..span.end as usize]);
    Problem::new(ProblemKind::Tag, format!("tag `{tag}` has no meaning in an app file"), span)
        .help("remove the tag: the schema knows the type of each field")
}

pub(super) fn key_not_text(what: &str, span: Span) -> Problem {
    let message = format!("a key is text, and this is {what}");
    Problem::new(ProblemKind::KeyNotText, message, span).help("write a name, in quotes if need be")
}

pub(super) fn merge_key(span: Span) -> Problem {
    let message = "merge key `<<` has no meaning in an app file".to_owned();
    Problem::new(ProblemKind::MergeKey, message, span)
        .help("write the fields out, or put what components share under `defaults`")
}

/// The problem behind an error of the parser. `bracket` is the innermost open one.
pub(super) fn problem(
    error: &ScanError,
    text: &str,
    file: FileId,
    bracket: Option<(char, u32)>,
) -> Problem {
    let at = error.marker().byte_offset().unwrap_or(text.len());
    let here = character(text, file, at);
    let bracket = bracket.map(|(open, at)| (open, character(text, file, at as usize)));
    match error.kind() {
        ErrorKind::RecursionLimitExceeded => return too_deep(here),
        ErrorKind::UndeclaredTagHandle
        | ErrorKind::ExpectedTagBang
        | ErrorKind::InvalidGlobalTagCharacter
        | ErrorKind::InvalidTagTerminator
        | ErrorKind::MissingTagUri
        | ErrorKind::UnclosedVerbatimTag
        | ErrorKind::InvalidTagEscape
        | ErrorKind::InvalidTagUtf8LeadingByte
        | ErrorKind::InvalidTagUtf8TrailingByte
        | ErrorKind::InvalidTagUtf8 => return tag(text, word(text, here)),
        _ => {}
    }
    let (span, message, help) = explain(error.kind(), text, here, bracket);
    let mut problem = Problem::new(ProblemKind::Syntax, message, span);
    problem.help = Some(help.to_owned()).filter(|help| !help.is_empty());
    match bracket {
        Some((_, opened)) if is_about_bracket(error.kind()) && opened != span => {
            problem.related(opened, "opened here")
        }
        _ => problem,
    }
}

/// Where to point, what to say and what to do; an empty help where there is nothing to add.
fn explain(
    kind: &ErrorKind,
    text: &str,
    here: Span,
    bracket: Option<(char, Span)>,
) -> (Span, String, &'static str) {
    let slice = |span: Span| visible(&text[span.start as usize..span.end as usize]);
    let (message, help) = match kind {
        ErrorKind::BlockEntryInFlowCollection
        | ErrorKind::PlainScalarStartsWithDashFlowIndicator => {
            ("`-` does not start an item inside brackets".to_owned(), "separate the items with `,`")
        }
        kind if is_about_bracket(kind) => unclosed(bracket, &slice(here)),
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabAtBlockScalarStart
        | ErrorKind::TabInPlainScalar => {
            let message = "a tab cannot be used for indentation".to_owned();
            return (tab_near(text, here), message, "indent with spaces");
        }
        ErrorKind::UnknownAnchor => {
            let alias = word(text, here);
            let message = format!("no anchor above is named as alias `{}` says", slice(alias));
            return (alias, message, "if it is text that begins with `*`, put it in quotes");
        }
        ErrorKind::UnclosedQuotedScalar | ErrorKind::DocumentIndicatorInQuotedScalar => {
            (format!("quote `{}` is not closed", slice(here)), "close it where the text ends")
        }
        ErrorKind::InvalidQuotedScalarIndent => (
            "this line is inside quotes and is indented too little".to_owned(),
            "close the quotes, or indent the line",
        ),
        ErrorKind::InvalidTrailingSingleQuotedScalar
        | ErrorKind::InvalidTrailingDoubleQuotedScalar => {
            ("text follows a closing quote".to_owned(), "put the whole text in one pair of quotes")
        }
        ErrorKind::UnknownQuotedScalarEscape
        | ErrorKind::InvalidQuotedScalarHexEscape
        | ErrorKind::InvalidLowSurrogateHexEscape
        | ErrorKind::InvalidLowSurrogate
        | ErrorKind::MissingLowSurrogate
        | ErrorKind::UnpairedLowSurrogate
        | ErrorKind::InvalidUnicodeEscape => {
            let escape = bad_escape(text, here, kind);
            let message = format!("`{}` is no escape", slice(escape));
            return (escape, message, "write `\\\\` for a backslash, or use single quotes");
        }
        ErrorKind::MappingValueNotAllowed => (
            "`:` makes a key here, where none can stand".to_owned(),
            "put text that holds `: ` in quotes, or indent this line like its neighbours",
        ),
        ErrorKind::MappingKeyNotAllowed => {
            ("a key cannot stand here".to_owned(), "start a new line for it")
        }
        ErrorKind::SimpleKeyExpected
        | ErrorKind::InvalidSimpleKey
        | ErrorKind::ExpectedBlockMappingKey => no_key(line(text, here)),
        ErrorKind::ExpectedBlockSequenceEntry => (
            "a list goes on here, and this line is no item of it".to_owned(),
            "start the line with `- `, or indent it like the key it belongs beside",
        ),
        ErrorKind::BlockSequenceEntryNotAllowed => (
            "a list item cannot start here".to_owned(),
            "start a new line for the list, or put the text in quotes",
        ),
        ErrorKind::UnclosedFlowCollection { open } => {
            (format!("`{open}` is not closed"), "close it, or put the text in quotes")
        }
        ErrorKind::MisplacedFlowCollectionEnd => {
            (format!("`{}` closes nothing", slice(here)), "remove it, or put the text in quotes")
        }
        ErrorKind::MismatchedFlowCollectionEnd { open, close } => {
            (format!("`{close}` cannot close `{open}`"), "close what was opened last")
        }
        ErrorKind::UnexpectedCharacter { character } => {
            (format!("text cannot begin with `{}`", character.escape_default()), "put it in quotes")
        }
        ErrorKind::CommentNotSeparated => (
            "a comment begins right behind a value".to_owned(),
            "write a space before `#`, or put the text in quotes",
        ),
        ErrorKind::CommentInterceptedScalar => (
            "a comment stands inside a text of several lines".to_owned(),
            "move the comment, or put the text in quotes",
        ),
        ErrorKind::InvalidIndentation | ErrorKind::InvalidBlockScalarIndent => (
            "this line is not indented like the lines it belongs to".to_owned(),
            "indent it like them",
        ),
        ErrorKind::ZeroBlockScalarIndent | ErrorKind::InvalidBlockScalarHeader => (
            "only a line break can follow `|` or `>` and its signs".to_owned(),
            "start the text on the next line, or put it in quotes",
        ),
        ErrorKind::BomInsideDocument => {
            ("a byte-order mark stands inside the text".to_owned(), "remove it")
        }
        ErrorKind::ExpectedDocumentStart
            if text.trim_start_matches('\u{feff}').starts_with('%') =>
        {
            (
                "a directive is in force here, and no document has started".to_owned(),
                "remove the lines that begin with `%`, or write `---` after them",
            )
        }
        ErrorKind::ExpectedDocumentStart | ErrorKind::InvalidDocumentEnd => (
            "text follows the end of the document".to_owned(),
            "indent it like the lines it belongs to, or remove it",
        ),
        ErrorKind::MissingAnchorOrAliasName => {
            (format!("`{}` needs a name", slice(here)), "if it is text, put it in quotes")
        }
        ErrorKind::ExpectedNodeContent | ErrorKind::UnexpectedEndOfPlainScalar => {
            ("a value is expected here".to_owned(), "write one, or remove what asks for it")
        }
        // What is left are directives and limits, which the parser names well enough.
        kind => (kind.to_string().to_lowercase(), ""),
    };
    (here, message, help)
}

/// Whether an error is one of what stands between brackets.
fn is_about_bracket(kind: &ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::UnexpectedEofFlowSequence
            | ErrorKind::UnexpectedEofFlowMapping
            | ErrorKind::UnexpectedEofImplicitFlowMapping
            | ErrorKind::ExpectedFlowMappingSeparator
            | ErrorKind::ExpectedFlowSequenceSeparator
            | ErrorKind::InvalidFlowScalarIndent
            | ErrorKind::InvalidColonPlacement
            | ErrorKind::BlockEntryInFlowCollection
            | ErrorKind::PlainScalarStartsWithDashFlowIndicator
    )
}

fn unclosed(bracket: Option<(char, Span)>, here: &str) -> (String, &'static str) {
    if here == "," {
        return ("a value is missing before this `,`".to_owned(), "write it, or remove the `,`");
    }
    let close = |open| if open == '[' { ']' } else { '}' };
    let message = bracket.map_or_else(
        || "a bracket is not closed".to_owned(),
        |(open, _)| format!("`,` or `{}` is missing before this", close(open)),
    );
    (message, "separate items with `,`, and close the bracket after the last")
}

/// What is wrong with a line that stands among keys and is none of them.
fn no_key(line: &str) -> (String, &'static str) {
    if line.starts_with("- ") || line == "-" {
        let message = "a list item cannot stand among keys".to_owned();
        return (message, "put the list under a key, indented like the key or deeper");
    }
    if line.contains(": ") || line.ends_with(':') {
        let message = "this key is indented like none above it".to_owned();
        return (message, "indent it like the keys that it belongs beside");
    }
    let message = "a key and a `:` are expected here".to_owned();
    (message, "write `key: value`, or indent the line deeper if it goes on with the text above")
}

/// The line of a place, without its indentation and line break.
fn line(text: &str, here: Span) -> &str {
    let (before, after) = text.split_at(here.start as usize);
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    let end = after.find('\n').map_or(text.len(), |at| before.len() + at);
    text[start..end].trim()
}

/// The first escape that YAML does not have in the double-quoted text that begins here.
fn bad_escape(text: &str, here: Span, kind: &ErrorKind) -> Span {
    let letters = matches!(kind, ErrorKind::UnknownQuotedScalarEscape);
    let mut at = here.start as usize;
    while let Some(found) = text[at..].find('\\') {
        let start = at + found;
        let rest = &text[start + 1..];
        let Some(letter) = rest.chars().next() else { break };
        let digits = match letter {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            '0' | 'a' | 'b' | 't' | '\t' | 'n' | 'v' | 'f' | 'r' | 'e' | ' ' | '"' | '/' | '\\'
            | 'N' | '_' | 'L' | 'P' | '\n' | '\r' => {
                at = start + 2;
                continue;
            }
            letter => return span(here.file, start, start + 1 + letter.len_utf8()),
        };
        let hexadecimal =
            rest[1..].chars().take(digits).take_while(char::is_ascii_hexdigit).count();
        let end = start + 2 + hexadecimal;
        let code = u32::from_str_radix(&text[start + 2..end], 16).ok();
        // Half of a pair is an error, unless the error is another one: then this pair is whole.
        if hexadecimal < digits || (!letters && code.and_then(char::from_u32).is_none()) {
            return span(here.file, start, end);
        }
        at = end;
    }
    here
}

/// The character at a byte; nothing at a line break or the end.
fn character(text: &str, file: FileId, at: usize) -> Span {
    let mut start = at.min(text.len());
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    let visible = text[start..].chars().next().filter(|c| !matches!(c, '\n' | '\r'));
    span(file, start, start + visible.map_or(0, char::len_utf8))
}

/// What begins here, up to white space or a bracket.
fn word(text: &str, here: Span) -> Span {
    let start = here.start as usize;
    let ends = |c: char| c.is_whitespace() || matches!(c, ',' | '[' | ']' | '{' | '}');
    let length = text[start..].find(ends).unwrap_or(text.len() - start);
    span(here.file, start, start + length)
}

/// The tab that the parser stumbled over: before this place on its line, or in the indentation of
/// the lines below, as the parser often points at the token before.
fn tab_near(text: &str, here: Span) -> Span {
    let at = here.start as usize;
    let line = text[..at].rfind('\n').map_or(0, |at| at + 1);
    let end = text.len().min(at + 1);
    let before = text.as_bytes()[line..end].iter().rposition(|byte| *byte == b'\t');
    let mut lines = text[line..].match_indices('\n').map(|(at, _)| line + at + 1);
    let below = lines.find_map(|start| {
        let rest = &text[start..];
        let indentation = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        Some(start + rest[..indentation].find('\t')?)
    });
    before.map(|at| line + at).or(below).map_or(here, |tab| span(here.file, tab, tab + 1))
}

fn span(file: FileId, start: usize, end: usize) -> Span {
    let byte = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Span { file, start: byte(start), end: byte(end) }
}
