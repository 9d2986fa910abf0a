//! The characters that no app file holds: they cannot be seen, or they reorder what is seen.

use super::{FileId, Problem, ProblemKind, Span};

/// After this many a file is not text at all, and more of them say nothing new.
const REPORTED: usize = 20;

/// Every forbidden character of a text, as far as they are worth reporting.
pub(super) fn forbidden(text: &str, file: FileId) -> Vec<Problem> {
    let suspects = text.bytes().enumerate().filter(|(_, byte)| may_start_forbidden(*byte));
    let found = suspects.filter_map(|(at, _)| {
        let character = text.get(at..)?.chars().next().filter(|c| is_forbidden(*c))?;
        let start = u32::try_from(at).ok()?;
        let end = u32::try_from(at + character.len_utf8()).ok()?;
        Some(problem(character, Span { file, start, end }))
    });
    found.take(REPORTED).collect()
}

/// Whether this character must not stand in a text, though an escape may name it.
pub(super) fn is_forbidden(character: char) -> bool {
    match character {
        '\t' | '\n' | '\r' | '\u{85}' => false,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' => true,
        character => is_bidirectional_control(character),
    }
}

/// A text as a message can hold it: the start of a long one, with nothing that misleads.
pub(super) fn visible(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut out = String::new();
    for (position, character) in text.chars().enumerate() {
        if position == LONGEST {
            out.push('…');
            break;
        }
        if character.is_control() || is_forbidden(character) {
            out.extend(character.escape_unicode());
        } else {
            out.push(character);
        }
    }
    out
}

fn is_bidirectional_control(character: char) -> bool {
    matches!(
        character,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}

/// Whether a forbidden character may have this first byte in UTF-8. Nearly no byte of a file does.
fn may_start_forbidden(byte: u8) -> bool {
    match byte {
        b'\t' | b'\n' | b'\r' => false,
        byte => byte < b' ' || matches!(byte, 0x7f | 0xc2 | 0xd8 | 0xe2),
    }
}

fn problem(character: char, span: Span) -> Problem {
    let code = u32::from(character);
    let message = if is_bidirectional_control(character) {
        format!("U+{code:04X} changes the direction in which text is shown")
    } else {
        format!("U+{code:04X} is a control character")
    };
    let problem = Problem::new(ProblemKind::ForbiddenCharacter, message, span);
    if character == '\0' {
        return problem.help("remove it");
    }
    problem.help(format!("remove it, or write it in double quotes as `\\u{code:04x}`"))
}

/// Where an escape in a double-quoted scalar gives NUL, which no string in Kubernetes can hold.
pub(super) fn escaped_nul(text: &str, scalar: Span) -> Problem {
    let raw = &text[scalar.start as usize..scalar.end as usize];
    let mut span = scalar;
    let mut from = 0;
    while let Some(at) = raw[from..].find('\\').map(|at| from + at) {
        let digits = match raw.as_bytes().get(at + 1) {
            Some(b'x') => 2,
            Some(b'u') => 4,
            Some(b'U') => 8,
            _ => 0,
        };
        let escape = raw.get(at..at + 2 + digits).unwrap_or_default();
        let zero =
            if digits == 0 { escape == "\\0" } else { escape[2..].bytes().all(|b| b == b'0') };
        if zero && !escape.is_empty() {
            span.start = scalar.start + u32::try_from(at).unwrap_or_default();
            span.end = span.start + u32::try_from(escape.len()).unwrap_or_default();
            break;
        }
        // A backslash and the character after it, which may be a backslash too.
        from = at + 1 + raw[at + 1..].chars().next().map_or(0, char::len_utf8);
    }
    let message = "this escape gives NUL, which no string in Kubernetes can hold".to_owned();
    Problem::new(ProblemKind::ForbiddenCharacter, message, span).help("remove it")
}
