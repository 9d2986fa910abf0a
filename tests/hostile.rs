//! Files that are wrong on purpose: each ends soon, with the right code and status, and leaves
//! nothing behind.

use std::fmt::Write;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Weft, app_file, built, objects, texts};

const WEB: &str = "components:\n  web:\n    image: example.com/web:1\n    ports: { http: 8080 }\n    \
                   expose: { http: { via: load-balancer } }\n";

/// Builds bytes to a folder that must not come to be, and returns what was said.
fn refused(bytes: impl AsRef<[u8]>) -> String {
    let weft = Weft::new("build -o out").file("weft.yaml", bytes.as_ref());
    let start = Instant::now();
    let ended = weft.run();
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    let said = ended.refused(1);
    assert!(!weft.path("out").exists(), "{said}");
    said
}

/// The first code that is reported.
fn code(bytes: impl AsRef<[u8]>) -> String {
    let said = refused(bytes);
    let end = said.find(']').unwrap_or_else(|| panic!("no code in {said}"));
    said[..end].trim_start_matches("error[").to_owned()
}

#[test]
fn a_file_with_nothing_in_it_is_empty() {
    for text in ["", "\n\n", "# only a comment\n", "---\n", "\u{feff}", "   "] {
        assert_eq!(code(text), "empty-file", "{text:?}");
    }
}

#[test]
fn a_file_is_a_mapping() {
    for text in ["web", "- web\n", "\"\"\n", "[]\n", "7\n", "~\n", "null\n"] {
        assert_eq!(code(text), "wrong-type", "{text:?}");
    }
}

#[test]
fn a_byte_order_mark_and_foreign_line_ends_change_nothing() {
    let plain = Weft::on("build", WEB).run().fine();
    let text = app_file(WEB);
    for text in [format!("\u{feff}{text}"), text.replace('\n', "\r\n"), text.replace('\n', "\r")] {
        assert_eq!(Weft::new("build").file("weft.yaml", text).run().fine(), plain);
    }
}

#[test]
fn each_broken_text_has_its_code() {
    let app = app_file(WEB);
    let cases: [(&str, Vec<u8>); 14] = [
        ("syntax-error", app.replace("    ", "\t").into_bytes()),
        ("syntax-error", b"a: 'never closed".to_vec()),
        ("syntax-error", b"a: [b".to_vec()),
        ("not-utf8", [app.as_bytes(), b"# \xff\xfe\n"].concat()),
        ("not-utf8", format!("\u{feff}{app}").encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("forbidden-character", app.replace("web:1", "web\0:1").into_bytes()),
        ("forbidden-character", app.replace("example.com/web:1", "\"web\\0\"").into_bytes()),
        ("forbidden-character", app.replace("web:1", "web\u{202e}:1").into_bytes()),
        ("forbidden-character", app.replace("  web:\n", "  \"web\u{2066}\":\n").into_bytes()),
        ("several-documents", format!("{app}---\n{app}").into_bytes()),
        ("merge-key", format!("{app}    env: {{ <<: {{ A: b }} }}\n").into_bytes()),
        ("unsupported-tag", app.replace("example.com", "!env example.com").into_bytes()),
        ("key-not-text", format!("{app}    env: {{ [a]: b }}\n").into_bytes()),
        ("duplicate-key", format!("{app}    image: example.com/web:2\n").into_bytes()),
    ];
    for (expected, bytes) in cases {
        let said = refused(&bytes);
        assert!(said.contains(&format!("error[{expected}]")), "{expected} is not in\n{said}");
    }
}

#[test]
fn a_harmless_alias_is_its_anchor() {
    let app = format!("{WEB}    env: &env {{ A: b }}\n  api:\n    image: a:1\n    env: *env\n");
    let objects = built("", &app);
    for workload in ["web-v1", "api-v1"] {
        assert_eq!(texts(objects.get("Deployment", workload))["A"], "b");
    }
}

#[test]
fn aliases_of_aliases_do_not_explode() {
    let mut bomb = String::from("a0: &a0 [lol]\n");
    for level in 1..40 {
        let _ = writeln!(bomb, "a{level}: &a{level} [*a{}, *a{}]", level - 1, level - 1);
    }
    assert_eq!(code(&bomb), "alias-expansion");
    assert_eq!(code("components: &all\n  web: *all\n"), "alias-expansion");
}

#[test]
fn nesting_ends_at_a_depth_that_no_app_needs() {
    const DEEP: usize = 100_000;
    let blocks: String = (0..2_000).fold(String::new(), |mut text, depth| {
        let _ = writeln!(text, "{}a:", " ".repeat(depth));
        text
    });
    for text in [
        format!("components: {}", "[".repeat(DEEP)),
        format!("components: {}", "{a: ".repeat(DEEP)),
        format!("components:\n{}a\n", "- ".repeat(DEEP)),
        format!("{}\n", "? ".repeat(DEEP)),
        blocks,
    ] {
        assert_eq!(code(&text), "nesting-too-deep", "{:.40}", text);
    }
}

#[test]
fn a_value_of_many_megabytes_is_only_long() {
    let app = app_file(&WEB.replace("8080", &"9".repeat(20_000_000)));
    let said = refused(&app);
    assert!(said.starts_with("error[out-of-range]"), "{:.200}", said);
    assert!(said.len() < 10_000, "{} bytes of report", said.len());
}

#[test]
fn very_many_keys_take_time_in_proportion() {
    let keys = |count: usize| {
        let mut app = app_file(WEB);
        app.push_str("    env:\n");
        (0..count).for_each(|at| {
            let _ = writeln!(app, "      K{at}: v");
        });
        app
    };
    let time = |count: usize| {
        let weft = Weft::new("build").file("weft.yaml", keys(count));
        let start = Instant::now();
        weft.run().fine();
        start.elapsed()
    };
    let (few, many) = (time(2_000), time(20_000));
    // Ten times the keys may not take a hundred times as long; a busy machine must not fail this.
    assert!(many < few * 40 + Duration::from_secs(2), "{few:?}, {many:?}");
}

#[test]
fn a_hundred_thousand_mappings_where_there_may_be_few_end_soon() {
    let mut app = String::from("apiVersion: weft/v1\nname: [");
    (0..100_000).for_each(|at| {
        let _ = write!(app, "{{K{at}: v}},");
    });
    app.push_str("]\n");
    assert_eq!(code(&app), "missing-field");
}

#[test]
fn numbers_beyond_every_range_are_out_of_range() {
    for number in ["-1", "100001", "4294967296", "18446744073709551616", "99999999999999999999999"]
    {
        assert_eq!(code(app_file(&format!("{WEB}    replicas: {number}\n"))), "out-of-range");
    }
    for text in ["3.0", "0x10", "0o17", "1_000", "1e3", "+3", "007", "\"3\"", "~", ".inf", ".nan"] {
        let found = code(app_file(&format!("{WEB}    replicas: {text}\n")));
        assert_eq!(found, "wrong-type", "{text}");
    }
}

#[cfg(unix)]
#[test]
fn a_path_cannot_leave_the_folder_of_the_app() {
    use std::os::unix::fs::symlink;
    let app = |path: &str| format!("{WEB}    files: {{ /a: {{ file: '{path}' }} }}\n");
    let codes = |path: &str| {
        let weft = Weft::on("build", &app(path)).file("conf/web.conf", "fine");
        symlink("/etc/passwd", weft.path("link")).expect("a link");
        symlink("..", weft.path("conf/up")).expect("a link");
        symlink("loop", weft.path("loop")).expect("a link");
        let ended = weft.run();
        assert!(ended.stdout.is_empty() || ended.status == 0, "{path}");
        (ended.status, ended.codes())
    };
    assert_eq!(codes("conf/web.conf"), (0, vec![]));
    assert_eq!(codes("./conf/web.conf"), (0, vec![]));
    assert_eq!(codes("conf/up/conf/web.conf"), (0, vec![]));
    let outside = (1, vec!["path-outside-app".to_owned()]);
    for path in ["/etc/passwd", "../weft.yaml", "conf/../../x", "link", "conf/../weft.yaml"] {
        assert_eq!(codes(path), outside, "{path}");
    }
    let unreadable = (1, vec!["unreadable-file".to_owned()]);
    for path in ["conf", ".", "loop", "nothing", "conf/web.conf/x"] {
        assert_eq!(codes(path), unreadable, "{path}");
    }
}

#[cfg(unix)]
#[test]
fn links_that_lead_round_in_a_circle_are_walked_once() {
    let weft = Weft::new("check .").file("apps/one/weft.yaml", app_file(WEB));
    std::os::unix::fs::symlink("..", weft.path("apps/again")).expect("a link");
    assert_eq!(weft.run().fine().lines().count(), 1);
}

#[test]
fn what_is_no_readable_file_is_no_fault_of_the_app() {
    for args in ["build", "check", "graph", "build nowhere", "check nowhere", "build -f nowhere"] {
        let said = Weft::new(args).file("folder/x", "").run().refused(2);
        assert!(said.starts_with("error: "), "{args}: {said}");
    }
    let said = Weft::new("build -f folder").file("folder/x", "").run().refused(2);
    assert!(said.contains("weft.yaml"), "{said}");
    let said = Weft::new("check folder").file("folder/x", "").run().refused(2);
    assert!(said.contains("folder"), "{said}");
    let said = Weft::on("build -f weft.yaml .", WEB).run().refused(2);
    assert!(said.contains("give one of them"), "{said}");
}

#[test]
fn standard_input_is_an_app_too() {
    let plain = Weft::on("build", WEB).run().fine();
    for args in ["build -f -", "build -"] {
        assert_eq!(Weft::new(args).stdin(app_file(WEB)).run().fine(), plain);
    }
    let said = Weft::new("build -f -").stdin("").run().refused(1);
    assert!(said.contains("<stdin>:1:1"), "{said}");
}

/// Texts that some reader or other takes for something else than text.
const CONFUSING: &[&str] = &[
    "on",
    "off",
    "On",
    "OFF",
    "yes",
    "no",
    "Yes",
    "NO",
    "y",
    "n",
    "Y",
    "N",
    "true",
    "True",
    "FALSE",
    "0o17",
    "017",
    "012",
    "0x1F",
    "0b11",
    "1_000",
    "12:30:45",
    "1:20",
    "190:20:30",
    "1e3",
    "1E3",
    "1.0",
    "1.",
    ".5",
    "+1",
    "-1",
    "-.5",
    "685_230.15",
    ".inf",
    "-.INF",
    ".nan",
    ".NaN",
    "=",
    "<<",
    "~",
    "null",
    "Null",
    "NULL",
    "2001-12-14",
    "2001-12-14t21:59:43.10-05:00",
    "1.10",
    "0",
    "00",
    "-0",
    "0.0",
    "1e400",
    "9223372036854775808",
    "a b",
    "a: b",
    "- a",
    "# a",
    "a #b",
    "a:",
    ":a",
    "!a",
    "&a",
    "*a",
    "|",
    ">",
    "%a",
    "@a",
    "`a",
    "[a]",
    "{a}",
    "'a'",
    "\"a\"",
    "\\n",
    "a\\tb",
    "?",
    "? a",
    "---",
    "...",
    "é",
    "日本",
    "🦀",
    " a ",
    "a\nb",
    "a\n",
    "\n",
    "\ta",
    "a\t",
    "$(A)",
    "$$",
    "",
];

#[test]
fn confusing_texts_reach_the_container_as_they_are_written() {
    let mut app = format!("{WEB}    env:\n");
    for (at, text) in CONFUSING.iter().enumerate() {
        // The author writes what can stand plain without quotes, and the rest in JSON's.
        let plain = text.bytes().all(|c| c.is_ascii_alphanumeric() || b"._:+-=<~".contains(&c));
        let shown =
            match plain && !text.is_empty() && !text.ends_with(':') && !text.starts_with(':') {
                true if !["---", "...", "~", "null", "Null", "NULL"].contains(text) => {
                    (*text).to_owned()
                }
                _ => serde_json::to_string(text).expect("JSON"),
            };
        let _ = writeln!(app, "      E{at}: {shown}");
    }
    let stream = Weft::on("build --quiet", &app).run().fine();
    let stream_objects = objects(&stream);
    let env = texts(stream_objects.get("Deployment", "web-v1"));
    for (at, text) in CONFUSING.iter().enumerate() {
        assert_eq!(env.get(&format!("E{at}")).map(String::as_str), Some(*text));
    }
    read_by_pyyaml(&stream);
}

/// PyYAML reads YAML 1.1, as many tools do; it must see the same strings.
fn read_by_pyyaml(stream: &str) {
    const SCRIPT: &str = "import json, sys, yaml\n\
        for o in yaml.safe_load_all(sys.stdin.buffer):\n\
        \x20   if o['kind'] == 'Deployment':\n\
        \x20       env = o['spec']['template']['spec']['containers'][0]['env']\n\
        \x20       print(json.dumps([v['value'] for v in sorted(env, key=lambda v: int(v['name'][1:]))]))\n";
    let python = std::env::var("WEFT_PYTHON").unwrap_or_else(|_| "python3".into());
    let there = Command::new(&python).args(["-c", "import yaml"]).output();
    if !there.is_ok_and(|output| output.status.success()) {
        assert!(!std::env::var("CI").is_ok_and(|ci| ci == "true"), "CI must have PyYAML");
        println!("skipped: needs PyYAML");
        return;
    }
    let mut child = Command::new(&python)
        .args(["-c", SCRIPT])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python starts");
    child.stdin.take().expect("a pipe").write_all(stream.as_bytes()).expect("python reads");
    let output = child.wait_with_output().expect("python ends");
    let read: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(read, CONFUSING);
}

#[test]
fn a_second_build_changes_nothing_and_a_smaller_app_takes_its_own_files_away() {
    let two = format!("{WEB}  worker:\n    image: example.com/worker:1\n");
    let weft = Weft::on("build -o out", &two).file("out/README.md", "mine");
    assert_eq!(weft.run().fine(), "");
    let first = weft.tree("out");
    assert!(first.contains_key("6-deployment-worker-v1.yaml"), "{:?}", first.keys());
    assert_eq!(weft.run().fine(), "");
    assert_eq!(weft.tree("out"), first);
    let weft = weft.file("weft.yaml", app_file(WEB));
    assert_eq!(weft.run().fine(), "");
    let after = weft.tree("out");
    assert!(!after.contains_key("6-deployment-worker-v1.yaml"), "{:?}", after.keys());
    assert_eq!(after["README.md"], b"mine");
    // Beside its manifests it keeps one list of them, and nothing half done.
    assert_eq!(after.keys().filter(|name| name.starts_with('.')).count(), 1);
}

#[test]
fn a_folder_of_files_says_what_the_stream_says() {
    let weft = Weft::on("build -o out", WEB);
    weft.run().fine();
    let stream = objects(&Weft::on("build", WEB).run().fine());
    let files = weft.tree("out");
    let manifests = files.iter().filter(|(name, _)| name.ends_with(".yaml"));
    let texts: Vec<String> =
        manifests.map(|(_, text)| String::from_utf8(text.clone()).expect("text")).collect();
    let mut names: Vec<String> = texts.iter().flat_map(|text| objects(text).names()).collect();
    let mut expected = stream.names();
    names.sort();
    expected.sort();
    assert_eq!(names, expected);
}

#[test]
fn a_file_of_somebody_else_is_never_touched() {
    for (args, foreign) in [
        ("build -o out", "out/3-service-web.yaml"),
        ("build -o out.yaml", "out.yaml"),
        ("build -o out.json --format json", "out.json"),
        ("build -o file", "file"),
    ] {
        let weft = Weft::on(args, WEB).file(foreign, "mine");
        let before = weft.tree("");
        let said = weft.run().refused(2);
        assert!(said.contains("nothing was written") || said.contains("not a folder"), "{said}");
        assert_eq!(weft.tree(""), before, "{args}");
    }
}

#[test]
fn a_file_changed_by_hand_is_not_lost() {
    let weft = Weft::on("build -o out", WEB);
    weft.run().fine();
    let weft = weft.file("out/3-service-web.yaml", "kind: Service # mended at 3 a.m.\n");
    let before = weft.tree("out");
    let said = weft.run().refused(2);
    assert!(said.contains("was changed since weft wrote it"), "{said}");
    assert_eq!(weft.tree("out"), before);
}

#[test]
fn a_single_file_is_replaced_as_a_whole() {
    for (args, name) in
        [("build -o out.yaml", "out.yaml"), ("build --format json -o out.json", "out.json")]
    {
        let weft = Weft::on(args, WEB);
        assert_eq!(weft.run().fine(), "");
        let first = weft.tree("");
        assert_eq!(weft.run().fine(), "");
        assert_eq!(weft.tree(""), first);
        let weft = weft.file("weft.yaml", "nonsense");
        weft.run().refused(1);
        assert_eq!(weft.tree("")[name], first[name], "{args}");
    }
}

#[test]
fn a_folder_that_cannot_be_made_leaves_nothing_behind() {
    let weft = Weft::on("build -o weft.yaml/out", WEB);
    let before = weft.tree("");
    weft.run().refused(2);
    assert_eq!(weft.tree(""), before);
    let weft = Weft::on("build --format kustomize", WEB);
    assert!(weft.run().refused(2).contains("-o DIR"));
    let weft = Weft::on("build --format json -o folder", WEB);
    assert!(weft.run().refused(2).contains("-o FILE.json"));
}

#[test]
fn kustomize_lists_every_file_in_the_order_of_application() {
    let weft = Weft::on("build --format kustomize -o out", WEB);
    weft.run().fine();
    let files = weft.tree("out");
    let list = objects(&String::from_utf8_lossy(&files["kustomization.yaml"]));
    let resources: Vec<String> = list.0[0]["resources"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|name| String::from_utf8_lossy(&files[name.as_str().expect("a name")]).into_owned())
        .flat_map(|text| objects(&text).names())
        .collect();
    assert_eq!(resources, objects(&Weft::on("build", WEB).run().fine()).names());
}

#[test]
fn objects_that_differ_by_their_namespace_alone_get_files_of_their_own() {
    let app = "components:\n  a: { image: 'example.com/a:1', namespace: one, serviceAccount: x }\n  \
               b: { image: 'example.com/b:1', namespace: two, serviceAccount: x }\n";
    let weft = Weft::on("build -o out -q", app);
    weft.run().fine();
    let files = weft.tree("out");
    for name in ["1-serviceaccount-one.x.yaml", "1-serviceaccount-two.x.yaml"] {
        assert!(files.contains_key(name), "{:?}", files.keys());
    }
    let said = Weft::on("explain ServiceAccount/two/x", app).run().fine();
    assert!(said.starts_with("weft.yaml:5:"), "{said}");
}
