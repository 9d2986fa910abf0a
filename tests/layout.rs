//! The layout of app files: `weft fmt`, and the engine behind it on random and hostile texts.

use expect_test::expect;
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng};
use weft::yaml::{FileId, Node, Style, Value, layout, parse};

use crate::support::{Weft, folders, repository};

/// `weft fmt` of a text, by way of standard input.
fn fmt(text: &str) -> String {
    let out = Weft::new("fmt -").stdin(text).run().fine();
    let again = Weft::new("fmt -").stdin(&*out).run().fine();
    assert_eq!(again, out, "it is not at rest");
    out
}

#[test]
fn a_file_gets_its_canonical_layout_and_keeps_its_comments() {
    let text = "\u{feff}# yaml-language-server: $schema=x
# The shop.
components:
    web:   # the front
        traffic: {timeout: 5s}
        # what runs
        image:   'example.com/web:1'   # pinned
        ports: {http: 8080,
                # for machines
                grpc: 9090}   # both are open


        dependsOn:
        - db
        # - cache
        # end of web
    # the database
    db: {ports: {tcp: 5432}, image: \"example.com/db:1\"}


name: shop
apiVersion:    weft/v1 # the only one
# the end
";
    expect![[r##"
        # yaml-language-server: $schema=x
        apiVersion: weft/v1 # the only one

        name: shop
        # The shop.
        components:
          web:   # the front
            # what runs
            image: "example.com/web:1"   # pinned
            ports:   # both are open
              http: 8080
              # for machines
              grpc: 9090

            dependsOn:
              - db
            traffic: { timeout: 5s }
            # - cache
            # end of web
          # the database
          db: { image: "example.com/db:1", ports: { tcp: 5432 } }
        # the end
    "##]]
    .assert_eq(&fmt(text));
}

#[test]
fn scalars_over_several_lines_keep_what_they_say() {
    let text = "a:
      literal: |
          one
            two

          three
      kept: |+
          x


      indented: |2-
            y
      folded: >-   # why
          a
          b
      plain: one
         two

         three
      double: \"one \\
         two\\n
         three\"
      list:
      - |
        z
      - - a
        -   b: 1
            c: 2
      -
        # above
        d: 3
      - # beside
        e: 4
      nothing:
      nothing-either: # really
      last: |+
          w

";
    expect![[r#"
        a:
          literal: |
            one
              two

            three
          kept: |+
            x


          indented: |2-
                y
          folded: >-   # why
            a
            b
          plain: one
            two

            three
          double: "one \
            two\n
            three"
          list:
            - |
              z
            - - a
              - b: 1
                c: 2
            -
              # above
              d: 3
            - # beside
              e: 4
          nothing:
          nothing-either: # really
          last: |+
            w

    "#]]
    .assert_eq(&fmt(text));
}

#[test]
fn quotes_change_only_where_both_read_the_same() {
    let text = "a: 'x'\nb: 'it''s'\nc: '\\d'\nd: 'say \"x\"'\ne: \"x\"\n'f': ['1', \"2\", 3]\n";
    let expected =
        "a: \"x\"\nb: 'it''s'\nc: '\\d'\nd: 'say \"x\"'\ne: \"x\"\n\"f\": [\"1\", \"2\", 3]\n";
    assert_eq!(fmt(text), expected);
}

#[test]
fn anchors_stay_before_their_aliases_and_keep_the_order() {
    let text = "components:\n   web: {env: &e {B: 1, A: &a x}}\n   db:\n      env:   *e\n      args: [*a,   *a]\nname: x\nlist: &l\n- *e\nmap: &m\n   k: *a\n";
    let expected = "components:\n  web: { env: &e { B: 1, A: &a x } }\n  db:\n    env: *e\n    args: [*a, *a]\nname: x\nlist: &l\n  - *e\nmap: &m\n  k: *a\n";
    assert_eq!(fmt(text), expected);
}

#[test]
fn line_breaks_are_all_like_the_first() {
    assert_eq!(
        fmt("name:  x\r\nversion: |\r\n    a\r\n\r\n    b\nnamespace: y\n"),
        "name: x\r\nversion: |\r\n  a\r\n\r\n  b\r\nnamespace: y\r\n"
    );
    assert_eq!(fmt("name:  x\nversion: 1\r\n"), "name: x\nversion: 1\n");
    assert_eq!(fmt("name: x"), "name: x\n");
    assert_eq!(fmt("---\nname: x\n...\n# end\n"), "---\nname: x\n# end\n");
    assert_eq!(
        fmt("%YAML 1.2\n# c\n--- # d\n{name: x}\n"),
        "%YAML 1.2\n# c\n---\n# d\n{ name: x }\n"
    );
}

#[test]
fn files_are_written_in_place_and_only_if_they_change() {
    let mut weft = Weft::new("fmt --check a b")
        .file("a/weft.yaml", "name:   a\n")
        .file("b/weft.yaml", "name: b\n");
    assert_eq!(weft.run().wrong(), "a/weft.yaml\n");
    weft.args("fmt --diff a b");
    expect![[r#"
        --- a/a/weft.yaml
        +++ b/a/weft.yaml
        @@ -1 +1 @@
        -name:   a
        +name: a
    "#]]
    .assert_eq(&weft.run().wrong());
    assert_eq!(weft.tree("a")["weft.yaml"], b"name:   a\n");
    let age = |weft: &Weft| std::fs::metadata(weft.path("b/weft.yaml")).and_then(|m| m.modified());
    let before = age(&weft).expect("an age");
    weft.args("fmt a b");
    let ended = weft.run();
    assert_eq!((ended.status, &*ended.stdout), (0, ""));
    assert_eq!(ended.stderr, "a/weft.yaml: laid out anew\n");
    assert_eq!(weft.tree("a")["weft.yaml"], b"name: a\n");
    assert_eq!(weft.tree("").len(), 2, "nothing else is left behind");
    assert_eq!(age(&weft).expect("an age"), before);
    weft.args("fmt --check --diff a b");
    assert_eq!(weft.run().fine(), "");
}

#[cfg(unix)]
#[test]
fn a_link_stays_a_link_and_permissions_stay() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let weft = Weft::new("fmt weft.yaml").file("real.yaml", "name:  x\n");
    std::fs::set_permissions(weft.path("real.yaml"), PermissionsExt::from_mode(0o640))
        .expect("set");
    symlink("real.yaml", weft.path("weft.yaml")).expect("a link");
    assert_eq!(weft.run().status, 0);
    let meta = std::fs::symlink_metadata(weft.path("weft.yaml")).expect("a link");
    assert!(meta.is_symlink());
    let meta = std::fs::metadata(weft.path("real.yaml")).expect("a file");
    assert_eq!(meta.permissions().mode() & 0o777, 0o640);
    assert_eq!(std::fs::read(weft.path("real.yaml")).expect("a file"), b"name: x\n");
}

#[test]
fn what_is_no_sound_yaml_is_reported_and_left_alone() {
    for (text, code) in [
        ("a: [\n", "syntax-error"),
        ("a: 1\na: 2\n", "duplicate-key"),
        ("a: 1\n---\nb: 2\n", "several-documents"),
        ("a:\n\t- b\n", "syntax-error"),
        ("a: !!str 1\n", "unsupported-tag"),
        ("# nothing\n", "empty-file"),
        ("", "empty-file"),
    ] {
        let weft = Weft::new("fmt weft.yaml").file("weft.yaml", text);
        let said = weft.run().refused(1);
        assert!(said.starts_with(&format!("error[{code}]")), "{text:?}: {said}");
        assert_eq!(weft.tree("")["weft.yaml"], text.as_bytes());
        for option in ["--check", "--diff"] {
            let said = Weft::new(&format!("fmt {option}")).file("weft.yaml", text).run().refused(1);
            assert!(said.starts_with(&format!("error[{code}]")), "{text:?}: {said}");
        }
    }
    for text in ["? |\n  a\n: 1\n", "a:\n  &k b: 1\nc: *k\n"] {
        let weft = Weft::new("fmt weft.yaml").file("weft.yaml", text);
        let said = weft.run().refused(2);
        assert!(said.contains("nothing was written"), "{said}");
        assert_eq!(weft.tree("")["weft.yaml"], text.as_bytes());
    }
    Weft::new("fmt nowhere.yaml").run().refused(2);
}

#[test]
fn deep_and_wide_texts_are_laid_out_at_once() {
    let mut deep = String::new();
    (0..120).for_each(|depth| deep += &format!("{}k:\n", " ".repeat(depth)));
    let out = fmt(&format!("{deep}{}last: 1\n", " ".repeat(120)));
    assert!(out.ends_with(&format!("{}last: 1\n", "  ".repeat(120))));
    let brackets = format!("a: {}{}\n", "[".repeat(120), "]".repeat(120));
    assert_eq!(fmt(&brackets), brackets);
    let mut wide = String::from("components:\n");
    (0..20_000).for_each(|n| wide += &format!("    c{n}: {{image: a}} # {n}\n"));
    let started = std::time::Instant::now();
    let out = layout(&wide, FileId(0), &weft::model::order).expect("a layout");
    assert_eq!(out.lines().count(), 20_001);
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}

/// Whether two trees say the same, whatever the order of their keys.
fn same(a: &Node, b: &Node) -> bool {
    match (&a.value, &b.value) {
        (Value::Scalar(a), Value::Scalar(b)) => {
            a.text == b.text && (a.style == Style::Plain) == (b.style == Style::Plain)
        }
        (Value::Sequence(a), Value::Sequence(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Mapping(a), Value::Mapping(b)) => {
            let kept = |key: &str| Some(same(&a.get(key)?.value, &b.get(key)?.value));
            a.len() == b.len() && a.iter().all(|entry| kept(&entry.key.text) == Some(true))
        }
        _ => false,
    }
}

/// Random YAML, with a comment above or beside many of its keys, which are all different.
struct Author {
    random: TestRng,
    keys: usize,
    /// Each comment with the key it belongs to.
    comments: Vec<(String, usize)>,
}

impl Author {
    fn below(&mut self, limit: u32) -> usize {
        (self.random.next_u32() % limit) as usize
    }

    fn comment(&mut self, key: usize) -> String {
        let text = format!("# comment {} of {key}", self.comments.len());
        self.comments.push((text.clone(), key));
        text
    }

    fn mapping(&mut self, indent: usize, depth: usize) -> String {
        let mut out = String::new();
        for _ in 0..=self.below(4) {
            let key = self.keys;
            self.keys += 1;
            let pad = " ".repeat(indent);
            out += &"\n".repeat(self.below(5).saturating_sub(2));
            for _ in 0..self.below(5).saturating_sub(2) {
                out += &format!("{pad}{}\n", self.comment(key));
                out += &"\n".repeat(self.below(4).saturating_sub(2));
            }
            let quote = ["", "", "'", "\""][self.below(4)];
            out += &format!("{pad}{quote}k{key}{quote}:");
            out += &self.value(key, indent, depth);
        }
        out
    }

    fn beside(&mut self, key: usize) -> String {
        match self.below(3) {
            0 => format!("{}{}\n", " ".repeat(1 + self.below(4)), self.comment(key)),
            _ => "\n".into(),
        }
    }

    fn value(&mut self, key: usize, indent: usize, depth: usize) -> String {
        let step = 1 + self.below(4);
        let pad = " ".repeat(indent + step);
        let blanks = " ".repeat(1 + self.below(3));
        let choice = self.below(if depth < 4 { 14 } else { 9 });
        match choice {
            0 => self.beside(key),
            1 => format!("{blanks}plain: text{}", self.beside(key)).replace(": text", " text"),
            2 => format!("{blanks}'it''s #1'{}", self.beside(key)),
            3 => format!("{blanks}\"a\\tb # c\"{}", self.beside(key)),
            4 => format!("{blanks}{{a:   1,b: [x,  'y' ], c: {{}}}}{}", self.beside(key)),
            5 => format!("{blanks}one\n{pad}two\n\n{pad}three\n"),
            6 => {
                let header = ["|", "|-", "|+", ">", ">-", ">+"][self.below(6)];
                let end = "\n".repeat(self.below(3));
                format!(
                    "{blanks}{header}{}{pad}x # no\n{pad}   y\n\n{pad}z\n{end}",
                    self.beside(key)
                )
            }
            7 => format!("{blanks}|{step}\n{pad}  x\n{pad}y\n"),
            8 => format!("{}{pad}text\n", self.beside(key)),
            9 => {
                let (first, last) = (self.keys, self.keys + 1);
                self.keys += 2;
                let inner = self.comment(last);
                format!(
                    "{blanks}{{ k{first}: 1,\n{pad}{inner}\n{pad}k{last}: [a,\n{pad}b],\n{pad}}}\n"
                )
            }
            10 => {
                let dash = " ".repeat(indent + self.below(3));
                let mut out = self.beside(key);
                for _ in 0..=self.below(3) {
                    out += &format!("{dash}-");
                    out += &match self.below(3) {
                        0 => "  item\n".to_owned(),
                        1 => format!("   - a\n{dash}    - b\n"),
                        _ => {
                            let inner = self.mapping(dash.len() + 3, depth + 1);
                            let inner = inner.trim_start_matches('\n').to_owned();
                            match inner.trim_start().starts_with('#') {
                                true => format!("\n{inner}"),
                                false => format!("  {}", inner.trim_start()),
                            }
                        }
                    };
                }
                out
            }
            _ => {
                let beside = self.beside(key);
                beside + &self.mapping(indent + step, depth + 1)
            }
        }
    }
}

#[test]
fn random_files_rest_after_one_layout_say_the_same_and_keep_comments_at_their_keys() {
    let names: Vec<String> = (0..10_000).rev().map(|key| format!("k{key}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    for seed in 0..250u8 {
        let random = TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]);
        let mut author = Author { random, keys: 0, comments: Vec::new() };
        let text = author.mapping(0, 0);
        let (document, problems) = parse(&text, FileId(0));
        assert!(problems.is_empty(), "{seed}: {problems:?}\n{text}");
        let before = document.expect("a tree");
        // Half of them with the keys of each mapping turned round.
        let turn = |_: &[&str]| (seed % 2 == 0).then_some(&*names);
        let out =
            layout(&text, FileId(0), &turn).unwrap_or_else(|_| panic!("{seed}: no layout\n{text}"));
        let (document, problems) = parse(&out, FileId(0));
        assert!(problems.is_empty(), "{seed}: {problems:?}\n{out}");
        let after = document.expect("a tree");
        assert!(same(&before.root, &after.root), "{seed}\n{text}\n->\n{out}");
        let again = layout(&out, FileId(0), &turn).expect("a layout");
        assert_eq!(again, out, "{seed}: not at rest\n{text}");
        assert_eq!(after.comments.len(), author.comments.len(), "{seed}\n{out}");
        let lines: Vec<&str> = out.lines().collect();
        for (comment, key) in &author.comments {
            let at: Vec<usize> =
                (0..lines.len()).filter(|at| lines[*at].ends_with(&**comment)).collect();
            assert_eq!(at.len(), 1, "{seed}: {comment}\n{out}");
            let own = lines[at[0]].trim_start().starts_with('#');
            // What a blank line divides from the first key is about the file.
            if own && *key == 0 {
                continue;
            }
            let key = format!("k{key}");
            let named = |line: &str| {
                let line = line.trim_start_matches([' ', '-', '\'', '"']);
                line.strip_prefix(&key).is_some_and(|rest| rest.starts_with([':', '\'', '"']))
            };
            let close = match own {
                false => named(lines[at[0]]) || at[0] > 0 && named(lines[at[0] - 1]),
                true => {
                    let mut below = lines[at[0] + 1..].iter();
                    let next = below.find(|line| {
                        let line = line.trim_start();
                        !line.is_empty() && !line.starts_with('#')
                    });
                    next.is_some_and(|line| named(line))
                }
            };
            assert!(close, "{seed}: {comment} is no longer at {key}\n{text}\n->\n{out}");
        }
    }
}

#[test]
fn every_app_of_the_repository_keeps_its_meaning_and_rests() {
    let cases = crate::cases::sound().into_iter().chain(folders(&repository("app-models")));
    for folder in cases.chain(folders(&repository("tests/cases/err"))) {
        let Ok(text) = std::fs::read_to_string(folder.join("weft.yaml")) else { continue };
        let (Some(before), []) = (parse(&text, FileId(0)).0, &*parse(&text, FileId(0)).1) else {
            continue;
        };
        let out = layout(&text, FileId(0), &weft::model::order).expect("a layout");
        assert!(same(&before.root, &parse(&out, FileId(0)).0.expect("a tree").root));
        assert_eq!(layout(&out, FileId(0), &weft::model::order).expect("a layout"), out);
    }
}

#[test]
fn the_models_are_laid_out() {
    for folder in folders(&repository("app-models")) {
        let path = folder.join("weft.yaml");
        let text = std::fs::read_to_string(&path).expect("a model");
        let out = layout(&text, FileId(0), &weft::model::order).expect("a layout");
        assert!(out == text, "{}: see `weft fmt --diff`", path.display());
    }
}
