//! Parts in their order → the laid-out text.

use super::{Beside, Body, Note, Part, Root};

#[derive(Default)]
pub(super) struct Printer {
    /// What is printed so far.
    pub(super) out: String,
    /// Whether a blank line would become part of the scalar above.
    keep: bool,
}

impl Printer {
    pub(super) fn document(&mut self, root: &Root<'_>) {
        self.notes(&root.header, 0, true);
        match &root.part.body {
            Body::Parts { parts, foot } => {
                if let Some(anchor) = root.part.anchor {
                    self.line(0, anchor);
                }
                self.parts(parts, 0, !root.header.is_empty());
                self.notes(foot, 0, false);
            }
            _ => {
                self.body(&root.part, 0);
                // A key or `-` would have put a blank before it.
                let blank = self.out.find("\n ").map_or(0, |at| at + 1);
                let first = if self.out.starts_with(' ') { 0 } else { blank };
                if self.out[first..].starts_with(' ') {
                    self.out.remove(first);
                }
            }
        }
        self.notes(&root.foot, 0, false);
    }

    fn blank(&mut self) {
        if !self.keep && !self.out.is_empty() {
            self.out.push('\n');
        }
    }

    fn indent(&mut self, columns: usize) {
        self.out.extend(std::iter::repeat_n(' ', columns));
    }

    fn line(&mut self, columns: usize, text: &str) {
        if !text.is_empty() {
            self.indent(columns);
            self.out.push_str(text);
        }
        self.out.push('\n');
    }

    fn notes(&mut self, notes: &[Note<'_>], columns: usize, first: bool) {
        for (position, note) in notes.iter().enumerate() {
            if note.blank && !(first && position == 0) {
                self.blank();
            }
            self.line(columns, note.text);
            self.keep = false;
        }
    }

    /// Prints parts on lines of their own. `apart`: whether a blank line may precede the first.
    fn parts(&mut self, parts: &[Part<'_>], columns: usize, apart: bool) {
        for (position, part) in parts.iter().enumerate() {
            let first = position == 0 && !apart;
            self.notes(&part.above, columns, first);
            if part.blank && !(first && part.above.is_empty()) {
                self.blank();
            }
            self.indent(columns);
            self.part(part, columns);
        }
    }

    /// Prints a part at the cursor.
    fn part(&mut self, part: &Part<'_>, columns: usize) {
        match &part.key {
            Some(key) => {
                self.out.push_str(key);
                self.out.push(':');
            }
            None => self.out.push('-'),
        }
        self.keep = false;
        self.body(part, columns);
    }

    fn beside(&mut self, beside: &Option<Beside<'_>>) {
        if let Some(Beside { blanks, text }) = beside {
            self.indent(*blanks);
            self.out.push_str(text);
        }
    }

    /// Prints what is behind a key or `-` at `columns`, to the end of its last line.
    fn body(&mut self, part: &Part<'_>, columns: usize) {
        let inner = columns + 2;
        if let Some(anchor) = part.anchor {
            self.out.push(' ');
            self.out.push_str(anchor);
        }
        let below = part.head.is_some() || !part.between.is_empty();
        match &part.body {
            Body::Parts { parts, foot } => {
                let compact = part.key.is_none() && part.anchor.is_none() && !below;
                match parts.first() {
                    // `- name: x`, with its other entries below the first.
                    Some(first) if compact && first.above.is_empty() => {
                        self.out.push(' ');
                        self.part(first, inner);
                        self.parts(&parts[1..], inner, true);
                    }
                    _ => {
                        self.beside(&part.head);
                        self.out.push('\n');
                        self.notes(&part.between, inner, true);
                        self.parts(parts, inner, false);
                    }
                }
                self.notes(foot, inner, false);
                return;
            }
            Body::Block { header, indent, lines, keep } => {
                if part.between.is_empty() {
                    self.out.push(' ');
                } else {
                    self.out.push('\n');
                    self.notes(&part.between, inner, true);
                    self.indent(inner);
                }
                self.out.push_str(header);
                self.beside(&part.head);
                self.out.push('\n');
                for line in lines {
                    self.line(columns + indent, line);
                }
                self.keep = *keep;
                return;
            }
            _ if below => {
                self.beside(&part.head);
                self.out.push('\n');
                self.notes(&part.between, inner, true);
                self.indent(inner);
            }
            Body::Nothing => {}
            _ => self.out.push(' '),
        }
        match &part.body {
            Body::Line(text) => self.out.push_str(text),
            Body::Lines(lines) => {
                for (position, line) in lines.iter().enumerate() {
                    if position > 0 {
                        self.out.push('\n');
                        self.indent(if line.is_empty() { 0 } else { inner });
                    }
                    self.out.push_str(line);
                }
            }
            _ => {}
        }
        self.beside(&part.beside);
        self.out.push('\n');
    }
}
