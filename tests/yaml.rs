//! Text → spanned tree, through `weft::yaml` alone. What `emit` writes is in `yaml/emission.rs`.

mod emission;

use proptest::prelude::*;
use weft::yaml::{
    Document, FileId, MAX_ALIASED, MAX_DEPTH, Mapping, Node, Problem, ProblemKind, Span, Style,
    Value, parse,
};

const FILE: FileId = FileId(7);

fn good(text: &str) -> Document {
    let (document, problems) = parse(text, FILE);
    assert!(problems.is_empty(), "{text:?}: {problems:#?}");
    document.expect("a tree")
}

/// The problems of a text as `kind@bytes`, the form in which most tests look at them.
fn bad(text: &str) -> Vec<String> {
    let (_, problems) = parse(text, FILE);
    let show = |p: &Problem| format!("{:?}@{}", p.kind, slice(text, p.span));
    problems.iter().map(show).collect()
}

fn only(text: &str) -> Problem {
    let (_, mut problems) = parse(text, FILE);
    assert_eq!(problems.len(), 1, "{text:?}: {problems:#?}");
    problems.remove(0)
}

fn slice(text: &str, span: Span) -> &str {
    assert_eq!(span.file, FILE);
    text.get(span.start as usize..span.end as usize).expect("a span on character boundaries")
}

/// A tree as one line: scalars as written, with their text where the two differ.
fn outline(text: &str, node: &Node) -> String {
    match &node.value {
        Value::Scalar(scalar) => {
            let raw = slice(text, node.span);
            if *raw == *scalar.text { raw.to_owned() } else { format!("{raw}=>{:?}", scalar.text) }
        }
        Value::Sequence(items) => {
            let items: Vec<String> = items.iter().map(|item| outline(text, item)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Mapping(mapping) => {
            let entry =
                |e: &weft::yaml::Entry| format!("{}: {}", e.key.text, outline(text, &e.value));
            let entries: Vec<String> = mapping.iter().map(entry).collect();
            format!("{{{}}}", entries.join(", "))
        }
    }
}

fn tree(text: &str) -> String {
    outline(text, &good(text).root)
}

/// The value at a path of keys and positions, and its bytes.
fn raw<'t>(text: &'t str, path: &str) -> &'t str {
    let document = good(text);
    let mut node = &document.root;
    for step in path.split('.').filter(|step| !step.is_empty()) {
        node = match step.parse::<usize>() {
            Ok(position) => &node.items()[position],
            Err(_) => &node.get(step).expect("the key").value,
        };
    }
    slice(text, node.span)
}

fn place(text: &str, path: &str) -> usize {
    raw(text, path).as_ptr() as usize - text.as_ptr() as usize
}

// Trees and places.

#[test]
fn a_scalar_keeps_its_text_and_its_quotes() {
    let text = "a: 1.10\nb: 'it''s'\nc: \"\\u00e9\\t\"\nd: |\n  x\ne: >-\n  y\n  z\nf: on\n";
    let styles: Vec<(String, Style)> = good(text)
        .root
        .entries()
        .iter()
        .map(|e| e.value.scalar().map(|s| (s.text.to_string(), s.style)).expect("a scalar"))
        .collect();
    let expected = [
        ("1.10", Style::Plain),
        ("it's", Style::SingleQuoted),
        ("é\t", Style::DoubleQuoted),
        ("x\n", Style::Literal),
        ("y z", Style::Folded),
        ("on", Style::Plain),
    ];
    assert_eq!(styles, expected.map(|(text, style)| (text.to_owned(), style)));
}

#[test]
fn the_place_of_a_quoted_scalar_holds_its_quotes() {
    let text = "k: 'a'\n\"q\": \"b\" # c\n";
    assert_eq!(raw(text, "k"), "'a'");
    assert_eq!(raw(text, "q"), "\"b\"");
    assert_eq!(slice(text, good(text).root.get("q").expect("q").key.span), "\"q\"");
}

#[test]
fn the_place_of_a_block_scalar_goes_from_its_header_to_its_last_visible_line() {
    let text =
        "a: |+ # why\n  x\n\n  y\n\n\n# c\nb:\n- >2-\n   z\n-\n  |\n  w\nc: |\n\nd: &d |\n  v";
    assert_eq!(raw(text, "a"), "|+ # why\n  x\n\n  y");
    assert_eq!(raw(text, "b.0"), ">2-\n   z");
    assert_eq!(raw(text, "b.1"), "|\n  w");
    assert_eq!(raw(text, "c"), "|");
    assert_eq!(raw(text, "d"), "|\n  v");
}

#[test]
fn the_place_of_a_collection_leaves_out_what_surrounds_it() {
    let text =
        "a: &x\n  # above\n  b: 1\n  c: [ 2, {d: 3} ] # right\n\n# below\ne:\n- 4\n-\n- - 5\n";
    assert_eq!(raw(text, "a"), "b: 1\n  c: [ 2, {d: 3} ]");
    assert_eq!(raw(text, "a.c"), "[ 2, {d: 3} ]");
    assert_eq!(raw(text, "a.c.1"), "{d: 3}");
    assert_eq!(raw(text, "e"), "- 4\n-\n- - 5");
    assert_eq!(raw(text, "e.2"), "- 5");
    assert_eq!(raw(text, ""), text.trim_end());
}

#[test]
fn a_list_beside_its_key_begins_at_its_first_dash_whatever_is_between() {
    for text in ["a: # - c\n- x\n", "a:\n- x\n", "a: &l-!\n\n# -\n- x\n", "a:\n  - x\n"] {
        assert_eq!(raw(text, "a"), "- x", "{text:?}");
    }
}

#[test]
fn an_absent_value_is_null_right_after_what_announces_it() {
    let text = "a:\nb: # c\nd:\n  -\n  - # e\n  - x\nf: {g: , h, i:}\n? j\nk:";
    let announced = [
        ("a", "a:"),
        ("b", "\nb:"),
        ("d.0", "d:\n  -"),
        ("d.1", "-\n  -"),
        ("f.g", "{g:"),
        ("f.h", ", h"),
        ("f.i", "i:"),
        ("j", "? j"),
        ("k", "k:"),
    ];
    for (path, before) in announced {
        assert_eq!(raw(text, path), "", "{path}");
        assert!(text[..place(text, path)].ends_with(before), "{path}");
    }
    let root = good(text).root;
    assert!(
        root.entries().iter().filter(|e| e.value.scalar().is_some()).all(|e| e.value.is_null())
    );
}

#[test]
fn null_is_nothing_a_tilde_or_the_word_without_quotes() {
    let null = |text: &str| good(&format!("a: {text}\n")).root.get("a").expect("a").value.is_null();
    assert!(["", "~", "null", "Null", "NULL"].into_iter().all(null));
    assert!(!["nULL", "'~'", "\"\"", "'null'", "|", "[]", "{}", "none"].into_iter().any(null));
}

#[test]
fn a_byte_order_mark_is_accepted_and_counts() {
    let text = "\u{feff}a: é\nb: ü\n";
    assert_eq!((raw(text, "a"), raw(text, "b"), place(text, "b")), ("é", "ü", 12));
    assert_eq!(raw("\u{feff}|\n x\n", ""), "|\n x");
}

#[test]
fn windows_line_breaks_are_accepted_and_end_up_as_newlines() {
    let text = "a: 1\r\nb:\r\n  - |\r\n    x\r\n    y\r\n\r\nc: 'd\r\n  e'\r\n";
    assert_eq!(
        tree(text),
        "{a: 1, b: [|\r\n    x\r\n    y=>\"x\\ny\\n\"], c: 'd\r\n  e'=>\"d e\"}"
    );
}

#[test]
fn comments_are_kept_in_order_and_a_hash_in_a_scalar_is_none() {
    let text = "# one\na: '# no' #  two  \nb: x#no\nc: | # three\n  # no\n\n#four\nd:\n  # five\n";
    let comments = good(text).comments;
    let texts: Vec<&str> = comments.iter().map(|c| &*c.text).collect();
    assert_eq!(texts, ["one", "two", "three", "four", "five"]);
    assert_eq!(slice(text, comments[1].span), "#  two");
}

#[test]
fn a_thousand_comments_in_a_row_are_fine() {
    let text = format!("a:\n{}  b: 1\n{}", "  # c\n".repeat(1000), "# d\n".repeat(1000));
    assert_eq!(good(&text).comments.len(), 2000);
}

#[test]
fn one_leading_and_one_closing_mark_are_fine() {
    assert_eq!(tree("%YAML 1.2\n---\na: 1\n...\n"), "{a: 1}");
    assert_eq!(tree("# c\n--- # d\na: 1\n"), "{a: 1}");
    assert_eq!(tree("--- |\n x\n"), "|\n x=>\"x\\n\"");
}

#[test]
fn numbers_and_words_are_keys_by_their_text() {
    assert_eq!(tree("8080: a\ntrue: b\n1.10: c\n? d\n: e\n"), "{8080: a, true: b, 1.10: c, d: e}");
}

#[test]
fn a_large_mapping_finds_every_key() {
    let text: String = (0..1000).map(|i| format!("k{}: {i}\n", i * 7919 % 1000)).collect();
    let root = good(&text).root;
    for i in 0..1000 {
        let entry = root.get(&format!("k{}", i * 7919 % 1000)).expect("the key");
        assert_eq!(slice(&text, entry.value.span), i.to_string());
    }
    assert!(root.get("k1000").is_none() && root.get("").is_none() && root.get("z").is_none());
    let order: Vec<&str> = root.entries().iter().take(3).map(|e| &*e.key.text).collect();
    assert_eq!(order, ["k0", "k919", "k838"]);
}

#[test]
fn a_mapping_made_by_hand_finds_the_first_of_equal_keys() {
    let one = good("a: 1\nb: 2\n").root.entries().to_vec();
    let two = good("b: 3\nc: 4\n").root.entries().to_vec();
    for filler in [0, 40] {
        let fill = good(&(0..=filler).map(|i| format!("f{i}: {i}\n")).collect::<String>());
        let mapping =
            Mapping::new([one.clone(), two.clone(), fill.root.entries().to_vec()].concat());
        assert_eq!(mapping.get("b").and_then(|e| e.value.scalar()).map(|s| &*s.text), Some("2"));
        assert_eq!(mapping.get("c").and_then(|e| e.value.scalar()).map(|s| &*s.text), Some("4"));
        assert_eq!(mapping.len(), 5 + filler);
        assert_eq!(mapping.into_entries().len(), 5 + filler);
    }
}

// What is refused.

#[test]
fn a_tab_in_the_indentation_is_shown_as_such() {
    for text in ["a:\n\tb: 1\n", "a:\n  b: 1\n\tc: 2\n", "a:\n  - x\n \t - y\n", "a: |\n\tx\n"] {
        let problem = only(text);
        assert_eq!(problem.kind, ProblemKind::Syntax);
        assert_eq!(slice(text, problem.span), "\t", "{text:?}");
        assert_eq!(problem.message, "a tab cannot be used for indentation");
        assert_eq!(problem.help.as_deref(), Some("indent with spaces"));
    }
}

#[test]
fn syntax_errors_say_what_and_where() {
    let cases = [
        ("a: [1\nb: 2\n", ":", "`,` or `]` is missing before this"),
        ("a: {b: 1\n", "{", "`{` is not closed"),
        ("a: [1, , 2]\n", ",", "a value is missing before this `,`"),
        ("a: [1}\n", "[", "`}` cannot close `[`"),
        ("a: b]\nc: ]\n", "]", "`]` closes nothing"),
        ("a: 'x\nb: 2\n", "'", "quote `'` is not closed"),
        ("a: 'x' y\n", "y", "text follows a closing quote"),
        ("a: \"\\\\ \\q\"\n", "\\q", "`\\q` is no escape"),
        ("a: \"\\x1\"\n", "\\x1", "`\\x1` is no escape"),
        ("a: b: c\n", ":", "`:` makes a key here, where none can stand"),
        ("a: 1\nb\nc: 2\n", "b", "a key and a `:` are expected here"),
        ("a:\n    b: 1\n  c: 2\n", "c", "this key is indented like none above it"),
        ("a: 1\n- b\n", "b", "a list item cannot stand among keys"),
        ("- a\nb: 1\n", "b", "a list goes on here, and this line is no item of it"),
        ("a: - b\n", "-", "a list item cannot start here"),
        ("a: @x\n", "@", "text cannot begin with `@`"),
        ("a: \"x\"#c\n", "#", "a comment begins right behind a value"),
        (
            "a: *.example.com\n",
            "*.example.com",
            "no anchor above is named as alias `*.example.com` says",
        ),
    ];
    for (text, at, message) in cases {
        let problem = only(text);
        assert_eq!(problem.kind, ProblemKind::Syntax, "{text:?}");
        assert_eq!((slice(text, problem.span), &*problem.message), (at, message), "{text:?}");
        assert!(problem.help.is_some(), "{text:?}");
        assert!(parse(text, FILE).0.is_none(), "{text:?}");
    }
}

#[test]
fn an_open_bracket_is_shown_beside_the_place_where_it_hurts() {
    let text = "a:\n  - [1, {b: 2\n  c: 3}]\n";
    let problem = only(text);
    let related: Vec<&str> = problem.related.iter().map(|(span, _)| slice(text, *span)).collect();
    assert_eq!(related, ["{"]);
}

#[test]
fn a_file_without_content_is_empty() {
    for text in ["", " \n\n", "# c\n", "---\n", "---\n# c\n...\n", "\u{feff}", "\u{feff}# c"] {
        assert_eq!(bad(text), ["Empty@"], "{text:?}");
    }
    assert!(good("null").root.is_null());
}

#[test]
fn a_second_document_is_refused_at_its_mark() {
    let cases = [
        ("a: 1\n---\nb: 2\n---\nc: 3\n", 5),
        ("---\na: 1\n---\n", 9),
        ("a: 1\n...\n---\nb: 2\n", 9),
    ];
    for (text, at) in cases {
        let problem = only(text);
        assert_eq!((problem.kind, problem.span.start), (ProblemKind::SeveralDocuments, at));
        assert_eq!(slice(text, problem.span), "---");
        assert_eq!(outline(text, &parse(text, FILE).0.expect("a tree").root), "{a: 1}");
    }
    assert_eq!(bad("---\n---\na: 1\n"), ["SeveralDocuments@---"]);
}

#[test]
fn characters_that_mislead_are_refused_wherever_they_are() {
    let text =
        "a: x\u{202e}y\n# \u{2066}\nb: \"\u{7f}\"\nc: |\n  \u{9b}\n\"\u{200f}\": 1\nd: \u{61c}\n";
    let expected = ["\u{202e}", "\u{2066}", "\u{7f}", "\u{9b}", "\u{200f}", "\u{61c}"];
    assert_eq!(bad(text), expected.map(|c| format!("ForbiddenCharacter@{c}")));
    let problem = only("a: \u{202e}\n");
    assert_eq!(problem.message, "U+202E changes the direction in which text is shown");
    assert_eq!(
        problem.help.as_deref(),
        Some("remove it, or write it in double quotes as `\\u202e`")
    );
    assert_eq!(only("a: \u{1}\n").message, "U+0001 is a control character");
    assert_eq!(bad("a: 1\0\nb: [\n").len(), 1);
    assert_eq!(bad(&"\u{8}".repeat(100_000)).len(), 20);
    good("a: \"\u{85}\u{200d}é日\u{1f600}\t\"\nb: \u{c0}\u{e9}\u{2028}\n");
}

#[test]
fn an_escape_may_name_any_character_but_nul() {
    let text = "a: \"\\u202e\\x07\\e\\N\\U0001F600\\ud83d\\ude00\"\n";
    let text_of_a = good(text).root.get("a").and_then(|e| e.value.scalar().cloned()).expect("a");
    assert_eq!(&*text_of_a.text, "\u{202e}\u{7}\u{1b}\u{85}😀😀");
    let text = "a: \"\\\\0\\\\\\0\"\n\"\\x00\": [\"\\u0000\", '\\0', \"\\U00000000\"]\n";
    let expected = ["\\0", "\\x00", "\\u0000", "\\U00000000"];
    assert_eq!(bad(text), expected.map(|escape| format!("ForbiddenCharacter@{escape}")));
}

#[test]
fn an_alias_stands_for_the_anchored_value_and_shows_its_place() {
    let text = "a: &x {b: 1}\nc: *x\nd: [*x, &y z, *y]\n? &k e\n: 1\nf: {*k : 2}\ng: &x 3\nh: *x\n";
    assert_eq!(
        tree(text),
        "{a: {b: 1}, c: {b: 1}, d: [{b: 1}, z, z], e: 1, f: {e: 2}, g: 3, h: 3}"
    );
    assert_eq!(place(text, "c"), 6);
    assert_eq!(raw(text, "d"), "[*x, &y z, *y]");
    let document = good(text);
    let key = &document.root.get("f").expect("f").value.entries()[0].key;
    assert_eq!(slice(text, key.span), "*k");
}

#[test]
fn an_alias_without_an_anchor_above_is_refused() {
    assert_eq!(bad("a: *x\nb: &x 1\n"), ["Syntax@*x"]);
}

#[test]
fn an_alias_for_what_contains_it_is_refused() {
    assert_eq!(bad("a: &x [1, {b: *x}]\n"), ["AliasExpansion@*x"]);
    assert_eq!(bad("&x a: *x\n").len(), 0);
    assert_eq!(bad("&x\na: *x\n"), ["AliasExpansion@*x"]);
}

#[test]
fn an_alias_bomb_is_refused_at_once() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for i in 1..40 {
        let uses = vec![format!("*a{}", i - 1); 9].join(", ");
        text.push_str(&format!("a{i}: &a{i} [{uses}]\n"));
    }
    let problems = bad(&text);
    assert_eq!(problems.len(), 1);
    assert!(problems[0].starts_with("AliasExpansion@*a"), "{problems:?}");
}

#[test]
fn aliases_may_stand_for_many_values_but_not_for_more_than_the_limit() {
    let list = |items: usize| format!("a: &a [{}]\n", "x,".repeat(items));
    let uses = |uses: usize| (0..uses).map(|i| format!("b{i}: *a\n")).collect::<String>();
    good(&(list(MAX_ALIASED / 10 - 1) + &uses(10)));
    assert_eq!(bad(&(list(MAX_ALIASED / 10 - 1) + &uses(11))), ["AliasExpansion@*a"]);
    // Anchors alone cost nothing, nor does the text behind an alias.
    good(&list(MAX_ALIASED * 2));
    let shared = good(&format!("a: &a {}\nb:\n{}", "x".repeat(100_000), "- *a\n".repeat(20_000)));
    assert_eq!(shared.root.get("b").expect("b").value.items().len(), 20_000);
}

#[test]
fn anchors_inside_anchors_do_not_multiply_the_tree() {
    let depth = 120;
    let opening: String = (0..depth).map(|i| format!("&a{i} [")).collect();
    let text = format!("[{opening}{}{}, *a0]", "x,".repeat(50_000), "]".repeat(depth));
    good(&text);
}

#[test]
fn a_merge_key_is_refused_and_a_quoted_one_is_a_key() {
    let text = "b: &b {x: 1}\na:\n  <<: *b\n  \"<<\": 2\n  y: 3\n";
    let problem = only(text);
    assert_eq!((problem.kind, slice(text, problem.span)), (ProblemKind::MergeKey, "<<"));
    assert!(problem.help.is_some_and(|help| help.contains("`defaults`")));
    let document = parse(text, FILE).0.expect("a tree");
    assert_eq!(outline(text, &document.root), "{b: {x: 1}, a: {<<: 2, y: 3}}");
}

#[test]
fn every_tag_is_refused() {
    let text = "a: !!str 1\nb: ! x\nc: !z\n  - 1\n!t d: !<tag:x,1:y> {}\n";
    assert_eq!(bad(text), ["Tag@!!str", "Tag@!", "Tag@!z", "Tag@!t", "Tag@!<tag:x,1:y>"]);
    let document = parse(text, FILE).0.expect("a tree");
    assert_eq!(outline(text, &document.root), "{a: 1, b: x, c: [1], d: {}}");
    assert_eq!(bad("a: !e!x 1\n"), ["Tag@!e!x"]);
}

#[test]
fn every_key_that_is_no_text_is_refused() {
    let text = "? [a]\n: 1\n~: 2\n'~': 3\nnull: 4\n{b: 5}: 6\nc: {: 7}\n";
    let expected = ["[a]", "~", "null", "{b: 5}", ""].map(|key| format!("KeyNotText@{key}"));
    assert_eq!(bad(text), expected);
    let document = parse(text, FILE).0.expect("a tree");
    assert_eq!(outline(text, &document.root), "{~: 3, c: {}}");
}

#[test]
fn every_duplicate_key_is_reported_with_the_first() {
    let text = "a: 1\nb: {c: 1, 'c': 2}\na: 3\n\"\\x61\": 4\n";
    let (document, problems) = parse(text, FILE);
    let found: Vec<(&str, u32)> =
        problems.iter().map(|p| (slice(text, p.span), p.related[0].0.start)).collect();
    assert_eq!(found, [("'c'", 9), ("a", 0), ("\"\\x61\"", 0)]);
    assert!(problems.iter().all(|p| p.kind == ProblemKind::DuplicateKey));
    assert_eq!(problems[0].related[0].1, "first written here");
    assert_eq!(outline(text, &document.expect("a tree").root), "{a: 1, b: {c: 1}}");
}

#[test]
fn a_message_shows_the_start_of_a_long_key_and_nothing_that_misleads() {
    let key = "k\\u202e\\n".to_owned() + &"é".repeat(100_000);
    let text = format!("? &k \"{key}\"\n: 1\n{}", "*k : 2\n".repeat(1000));
    let (_, problems) = parse(&text, FILE);
    assert_eq!(problems.len(), 1000);
    let message = format!("key `k\\u{{202e}}\\u{{a}}{}…` is written twice", "é".repeat(57));
    assert!(problems.iter().all(|problem| problem.message == message), "{}", problems[0].message);
}

#[test]
fn all_sorts_of_problems_are_found_in_one_run() {
    let text = "a: !x 1\na: 2\n<<: {}\n? []\n: \u{202e}\n";
    let kinds: Vec<ProblemKind> = parse(text, FILE).1.iter().map(|p| p.kind).collect();
    assert_eq!(
        kinds,
        [
            ProblemKind::Tag,
            ProblemKind::DuplicateKey,
            ProblemKind::MergeKey,
            ProblemKind::KeyNotText,
            ProblemKind::ForbiddenCharacter
        ]
    );
}

#[test]
fn messages_follow_the_house_style() {
    for text in ["a: [", "a: 1\na: 2", "~: 1", "", "a: !x", "a: 1\n---\n", "a: \u{1}", "a: &a [*a]"]
    {
        let problem = only(text);
        let first = problem.message.chars().next().expect("a message");
        assert!(!first.is_lowercase() || !problem.message.ends_with('.'), "{}", problem.message);
        assert!(
            first.is_lowercase() || problem.message.starts_with(['`', 'U']),
            "{}",
            problem.message
        );
    }
}

// Size and hostility.

#[test]
fn deep_nesting_is_refused_at_once() {
    for (open, value) in [("[", ""), ("- ", "x"), ("{a: ", ""), ("? ", "x"), ("[{a: ", "")] {
        let text = open.repeat(100_000) + value;
        let problem = only(&text);
        assert_eq!(problem.kind, ProblemKind::TooDeep, "{open}");
    }
    let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    good(&deep(MAX_DEPTH));
    assert_eq!(only(&deep(MAX_DEPTH + 1)).kind, ProblemKind::TooDeep);
    let half = MAX_DEPTH / 2;
    let twice = |inner: usize| {
        format!("a: &a {}\nb: {}*a{}\n", deep(half), "[".repeat(inner), "]".repeat(inner))
    };
    good(&twice(half - 1));
    assert_eq!(only(&twice(half)).kind, ProblemKind::TooDeep);
}

#[test]
fn many_keys_many_duplicates_and_many_aliases_come_to_an_end() {
    let keys: String = (0..300_000).map(|i| format!("k{i}: 1\n")).collect();
    assert_eq!(good(&keys).root.entries().len(), 300_000);
    let same = "k: 1\n".repeat(20_000);
    assert_eq!(bad(&same).len(), 19_999);
    let small = "- {a: 1, a: 2}\n".repeat(5_000);
    assert_eq!(bad(&small).len(), 5_000);
    let anchors: String = (0..5_000).map(|i| format!("- &a{i} x\n- *a{i}\n")).collect();
    good(&anchors);
    let comments = "# c\n".repeat(20_000) + "a: 1\n";
    good(&comments);
    let gaps = format!("a:\n{}", "-\n\n# - c\n\n".repeat(10_000));
    good(&gaps);
    let flow = format!("a: [{}]\n", "{b: },".repeat(10_000));
    good(&flow);
}

#[test]
fn a_long_scalar_is_read_in_one_piece() {
    let length = 5_000_000;
    for (before, after) in [("a: ", "\n"), ("a: '", "'\n"), ("a: \"", "\"\n"), ("a: |-\n  ", "\n")]
    {
        let text = format!("{before}{}{after}", "x".repeat(length));
        let document = good(&text);
        let scalar = document.root.entries()[0].value.scalar().expect("a scalar").clone();
        assert_eq!(scalar.text.len(), length);
    }
}

const SAMPLES: [&str; 6] = [
    "a: 1\nb:\n  - x # c\n  - {c: [1, \"q\\n\"], d: 'e'}\n  -\nf: |+\n  g\n\n# h\ni: >-\n  j\n",
    "a: &x [1]\nb: *x\n? k\n: v\n<<: *x\n!t c: ! d\n",
    "%YAML 1.2\n---\na: \"\\u00e9\\0\"\n...\n---\nb\n",
    "\u{feff}a:\r\n- b\r\n- - c\r\n  - |2\r\n    d\r\n",
    "- # c\n- k: v\n  l:\n  - m\n-\n\t\n",
    "{a, b: , ? c : d, [e]: f, \"g\":h}\n",
];

fn sane(text: &str) {
    fn walk(text: &str, node: &Node, depth: usize) {
        slice(text, node.span);
        assert!(depth <= MAX_DEPTH);
        for entry in node.entries() {
            slice(text, entry.key.span);
            let found = node.get(&entry.key.text).expect("the key");
            assert_eq!(found.key.span, entry.key.span);
            walk(text, &entry.value, depth + 1);
        }
        node.items().iter().for_each(|item| walk(text, item, depth + 1));
    }
    let (document, problems) = parse(text, FILE);
    assert!(document.is_some() || !problems.is_empty());
    assert!(problems.iter().filter(|p| p.kind == ProblemKind::Syntax).count() <= 1);
    for problem in &problems {
        slice(text, problem.span);
        for (span, _) in &problem.related {
            slice(text, *span);
        }
    }
    if let Some(document) = &document {
        walk(text, &document.root, 0);
        for comment in &document.comments {
            assert!(slice(text, comment.span).starts_with('#'));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_the_reader_panic(text in "(?s).{0,60}") {
        sane(&text);
    }

    #[test]
    fn no_heap_of_signs_makes_the_reader_panic(text in "[-a:#&*!|>'\"%@\\[\\]{},? \t\r\n\\\\0é~<\u{feff}\u{85}]{0,40}") {
        sane(&text);
    }

    #[test]
    fn no_mutation_makes_the_reader_panic(
        sample in 0..SAMPLES.len(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0..3usize, "[-a:#&*!|>'\"\\[\\]{},? \t\n\\\\0]{0,3}"), 1..6),
    ) {
        let mut text: Vec<char> = SAMPLES[sample].chars().collect();
        for (at, removed, added) in edits {
            let at = at.index(text.len() + 1);
            let end = (at + removed).min(text.len());
            text.splice(at..end, added.chars());
        }
        sane(&text.into_iter().collect::<String>());
    }
}
