//! The manual is true: its commands print what it shows, and its tables hold the whole grammar.
//!
//! In README.md, ```` ```yaml file=NAME ```` writes a file, `append=NAME` adds to one, `check` must
//! have nothing wrong with it, and ```` ```console ```` is a shell session: `$ ` before a command,
//! then all that it prints. `UPDATE_EXPECT=1` writes down what the commands print now.

#![allow(clippy::expect_used, reason = "a test that cannot go on has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, Stdio};

use expect_test::expect_file;
use serde_json::{Value, json};

use crate::support::{Weft, repository};

fn readme() -> String {
    std::fs::read_to_string(repository("README.md")).expect("a README.md")
}

#[test]
fn every_session_prints_what_the_readme_shows() {
    let folder = tempfile::TempDir::new().expect("a folder");
    let text = readme();
    let mut replayed = String::with_capacity(text.len());
    let mut lines = text.lines();
    let mut sessions = 0;
    while let Some(line) = lines.next() {
        replayed.push_str(line);
        replayed.push('\n');
        let Some(kind) = line.strip_prefix("```").filter(|kind| !kind.is_empty()) else { continue };
        let body: Vec<&str> = lines.by_ref().take_while(|line| !line.starts_with("```")).collect();
        if kind == "console" {
            replayed.push_str(&session(folder.path(), &body));
            sessions += 1;
        } else {
            let block: String = body.iter().map(|line| format!("{line}\n")).collect();
            let word = kind.strip_prefix("yaml ").unwrap_or_default();
            if let Some(name) = word.strip_prefix("file=") {
                std::fs::write(folder.path().join(name), &block).expect("a file");
            } else if let Some(name) = word.strip_prefix("append=") {
                let path = folder.path().join(name);
                let before = std::fs::read_to_string(&path).expect("the file before");
                std::fs::write(path, before + &block).expect("a file");
            }
            replayed.push_str(&block);
        }
        replayed.push_str("```\n");
    }
    assert!(sessions > 10, "{sessions}");
    expect_file![repository("README.md")].assert_eq(&replayed);
}

/// Runs the commands of one block in one shell, and yields the block as it should read.
fn session(folder: &Path, body: &[&str]) -> String {
    const MARK: &str = "@@ weft readme @@";
    let commands: Vec<&str> = body.iter().filter_map(|line| line.strip_prefix("$ ")).collect();
    assert!(!commands.is_empty(), "a session without a command: {body:?}");
    let mut script = String::from("exec 2>&1\n");
    for command in &commands {
        // The mark must not hide how the command ended from the next one.
        script += &format!("{command}\n{{ ended=$?; echo '{MARK}'; (exit $ended); }}\n");
    }
    let binary = Path::new(env!("CARGO_BIN_EXE_weft")).parent().expect("a folder");
    let path = std::env::var("PATH").unwrap_or_default();
    let output = Command::new("sh")
        .args(["-c", &script])
        .current_dir(folder)
        .env("PATH", format!("{}:{path}", binary.display()))
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::null())
        .output()
        .expect("a shell");
    let printed = String::from_utf8(output.stdout).expect("text");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.is_empty() && !printed.contains("panicked"), "{said}{printed}");
    let mut out = String::new();
    let mark = format!("{MARK}\n");
    let mut parts = printed.split(&mark);
    for command in commands {
        out += &format!("$ {command}\n{}", parts.next().expect("what the command printed"));
    }
    // Trailing blanks would be lost in any editor.
    out.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

#[test]
fn every_example_app_has_nothing_wrong_with_it() {
    let text = readme();
    let mut seen = 0;
    for block in text.split("\n```yaml check\n").skip(1) {
        let (app, _) = block.split_once("\n```").expect("the end of the block");
        let ended = Weft::on("check --deny warnings", &format!("{app}\n")).run();
        assert_eq!(ended.status, 0, "{}", ended.stdout);
        seen += 1;
    }
    assert!(seen > 2, "{seen}");
}

/// One table of fields: the definitions it belongs to, and field → example.
struct Fields {
    of: Vec<String>,
    rows: Vec<(String, String)>,
}

fn tables() -> Vec<Fields> {
    let text = readme();
    let mut out: Vec<Fields> = Vec::new();
    let mut open = false;
    for line in text.lines() {
        if let Some(names) = line.strip_prefix("<!-- fields of: ") {
            let names = names.strip_suffix(" -->").expect("the end of the comment");
            let of = names.split(", ").map(str::to_owned).collect();
            out.push(Fields { of, rows: Vec::new() });
            open = true;
        } else if line.starts_with('|') && open {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            let code = |cell: &str| cell.strip_prefix('`')?.strip_suffix('`').map(str::to_owned);
            let Some(field) = code(cells[0]) else { continue };
            assert_eq!(cells.len(), 4, "{line}");
            let example = code(cells[3]).unwrap_or_else(|| panic!("no example: {line}"));
            out.last_mut().expect("a table").rows.push((field, example));
        } else if !line.is_empty() {
            open = false;
        }
    }
    out
}

/// Every mapping of the grammar with its fields, those of deltas left out.
fn grammar() -> BTreeMap<String, Value> {
    let schema = weft::model::schema();
    let defs = schema["$defs"].as_object().expect("definitions").iter();
    let defs = defs.filter(|(name, _)| !name.ends_with("Delta"));
    let mut out: BTreeMap<String, Value> =
        defs.map(|(name, def)| (name.clone(), def.clone())).collect();
    out.insert("App".into(), schema.clone());
    out.retain(|_, def| def["properties"].is_object());
    out
}

#[test]
fn the_tables_hold_every_field_of_the_grammar_and_no_other() {
    let mut documented: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for table in tables() {
        for name in table.of {
            let fields = documented.entry(name.clone()).or_default();
            for (field, _) in &table.rows {
                assert!(fields.insert(field.clone()), "`{field}` of {name} is there twice");
            }
        }
    }
    let real: BTreeMap<String, BTreeSet<String>> = grammar()
        .into_iter()
        .map(|(name, def)| {
            let fields = def["properties"].as_object().expect("fields").keys().cloned();
            (name, fields.collect())
        })
        .collect();
    assert_eq!(documented, real);
}

#[test]
fn every_example_in_a_table_fits_its_field() {
    use serde::Deserialize;
    let schema = weft::model::schema();
    let grammar = grammar();
    let mut bad = Vec::new();
    for table in tables() {
        for name in &table.of {
            for (field, example) in &table.rows {
                let mut def = json!({ "$defs": schema["$defs"] });
                def["allOf"] = json!([grammar[name]["properties"][field]]);
                let validator = jsonschema::options()
                    .with_pattern_options(jsonschema::PatternOptions::regex())
                    .build(&def)
                    .expect("a schema");
                let value = serde_yaml::Deserializer::from_str(example);
                let value = Value::deserialize(value).expect("YAML");
                let wrong: Vec<String> =
                    validator.iter_errors(&value).map(|error| error.to_string()).collect();
                if !wrong.is_empty() {
                    bad.push(format!("{name}.{field}: {example}: {}", wrong.join("; ")));
                }
            }
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

#[test]
fn every_word_that_a_field_can_be_is_in_the_readme() {
    fn words(schema: &Value, out: &mut BTreeSet<String>) {
        match schema {
            Value::Object(object) => {
                let values = object.get("enum").and_then(Value::as_array);
                let values = values.into_iter().flatten().filter_map(Value::as_str);
                out.extend(values.map(str::to_owned));
                object.values().for_each(|value| words(value, out));
            }
            Value::Array(items) => items.iter().for_each(|item| words(item, out)),
            _ => {}
        }
    }
    let mut all = BTreeSet::new();
    words(&weft::model::schema(), &mut all);
    let text = readme();
    let missing: Vec<String> =
        all.into_iter().filter(|word| !text.contains(&format!("`{word}`"))).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn every_command_option_and_format_of_the_help_is_in_the_readme() {
    let text = readme();
    let mut missing = Vec::new();
    let help = Weft::new("--help").run().fine();
    let (_, commands) = help.split_once("Commands:\n").expect("the commands");
    let commands = commands.lines().take_while(|line| !line.is_empty());
    let command = |line: &str| line.split_whitespace().next().map(|name| format!("{name} --help"));
    for args in commands.filter_map(command).chain(["--help".to_owned()]) {
        let help = Weft::new(&args).run().fine();
        for word in help.split(|c: char| c.is_whitespace() || ",[]<>".contains(c)) {
            let option = word.len() > 2 && word.starts_with("--");
            if option && !["--help", "--version"].contains(&word) {
                // `--output` has a short form that every example uses.
                let known = match word {
                    "--output" => "`-o PATH`",
                    "--file" => "`-f FILE`",
                    "--quiet" => "`-q`",
                    "--verbose" => "`-v`",
                    word => word,
                };
                if !text.contains(known) {
                    missing.push(format!("{args}: {word}"));
                }
            }
        }
    }
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn the_first_example_is_as_short_as_it_says() {
    let text = readme();
    let (_, rest) = text.split_once("```yaml file=weft.yaml\n").expect("the first example");
    let (app, _) = rest.split_once("```").expect("its end");
    assert!(app.lines().count() <= 21, "{}", app.lines().count());
    let ended = Weft::new("check").file("weft.yaml", app).run();
    assert_eq!(ended.status, 0, "{}", ended.stdout);
}
