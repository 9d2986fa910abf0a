//! House rules as code.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use expect_test::expect_file;
use serde_json::Value;

use crate::support::repository;

fn files(root: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![root.to_owned()];
    while let Some(at) = open.pop() {
        for entry in std::fs::read_dir(&at).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Every source file: the module at the top that it belongs to, its path, its text.
fn sources() -> Vec<(String, String, String)> {
    let root = repository("src");
    let read = |path: PathBuf| {
        let name = path.strip_prefix(&root).expect("below").to_string_lossy().into_owned();
        let module = name.split(['/', '.']).next().unwrap_or_default().to_owned();
        (module, name, std::fs::read_to_string(&path).expect("text"))
    };
    files(&root, ".rs").into_iter().map(read).collect()
}

/// The lines of a text that are code.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.trim_start().starts_with("//"))
}

/// Every `name` in `crate::name`, with what follows it.
fn imports(text: &str) -> Vec<String> {
    let joined: Vec<&str> = code(text).collect();
    let joined = joined.join("\n");
    let mut out = Vec::new();
    for (at, _) in joined.match_indices("crate::") {
        let rest = &joined[at + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let end = group.find(';').unwrap_or(group.len());
            let mut depth = 0;
            let mut word = String::new();
            for c in group[..end].chars() {
                match c {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    ',' if depth == 0 => out.push(std::mem::take(&mut word)),
                    c if depth == 0 && (c.is_alphanumeric() || c == '_' || c == ':') => {
                        word.push(c)
                    }
                    _ => {}
                }
                if depth < 0 {
                    break;
                }
            }
            out.push(word);
        } else {
            let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'));
            out.push(rest[..end.unwrap_or(rest.len())].to_owned());
        }
    }
    out.retain(|import| !import.is_empty());
    out
}

/// The modules in the order of `lib.rs`, each with those above it that it does without.
const MODULES: [(&str, &[&str]); 16] = [
    ("yaml", &[]),
    ("source", &[]),
    ("diag", &[]),
    ("files", &["yaml"]),
    ("model", &["yaml", "source", "diag", "files"]),
    ("raw", &["yaml", "files"]),
    ("parse", &["raw"]),
    ("graph", &["parse"]),
    ("traffic", &["yaml", "diag", "files", "raw", "parse"]),
    ("check", &["yaml", "files", "parse"]),
    ("lower", &["yaml", "diag", "files", "raw", "parse"]),
    ("manifest", &["diag", "files", "model", "raw", "parse", "graph", "traffic", "check", "lower"]),
    ("render", &["source", "diag", "files", "model", "raw", "parse", "graph", "traffic", "check"]),
    ("amend", &["yaml", "files", "parse", "traffic", "lower", "render"]),
    (
        "export",
        &["yaml", "diag", "files", "raw", "parse", "check", "lower", "manifest", "render", "amend"],
    ),
    ("cli", &[]),
];

#[test]
fn a_module_uses_only_modules_above_it_and_of_those_only_what_its_job_needs() {
    let lib = std::fs::read_to_string(repository("src/lib.rs")).expect("lib.rs");
    let declared: Vec<&str> =
        lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    assert_eq!(declared, MODULES.map(|(name, _)| name));
    let mut bad = Vec::new();
    for (module, name, text) in sources() {
        let Some(position) = MODULES.iter().position(|(known, _)| *known == module) else {
            continue;
        };
        let (_, without) = MODULES[position];
        for import in imports(&text) {
            let used = import.split("::").next().unwrap_or_default();
            if used == module {
                continue;
            }
            let above = MODULES[..position].iter().any(|(known, _)| *known == used);
            // What `lib.rs` itself offers is made of everything, so it is for `cli` alone.
            if (!above && module != "cli") || without.contains(&used) {
                bad.push(format!("src/{name} uses crate::{import}"));
            }
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

#[test]
fn nothing_past_the_graph_reads_the_app_as_written() {
    for (module, name, text) in sources() {
        if ["parse", "graph", "model", "lib"].contains(&&*module) {
            continue;
        }
        for word in ["model::App", "model::Component", "model::Workload", "model::Defaults"] {
            assert!(code(&text).all(|line| !line.contains(word)), "src/{name} uses {word}");
        }
        assert!(!imports(&text).iter().any(|import| import == "model::App"), "src/{name}");
    }
}

#[test]
fn each_foreign_crate_has_one_owner() {
    const OWNERS: [(&str, &[&str]); 17] = [
        ("annotate_snippets", &["diag"]),
        ("granit_parser", &["yaml"]),
        ("schemars", &["model"]),
        ("jsonschema", &["parse"]),
        ("petgraph", &["graph"]),
        ("minijinja", &["render"]),
        ("include_dir", &["render"]),
        ("kube", &["manifest"]),
        ("json_patch", &["amend"]),
        ("serde_path_to_error", &["raw"]),
        ("clap", &["cli"]),
        ("clap_complete", &["cli"]),
        ("tempfile", &["cli"]),
        ("similar", &["cli"]),
        ("strsim", &["diag"]),
        ("regex", &["traffic", "lower"]),
        ("serde_yaml", &[]),
    ];
    const EVERYWHERE: [&str; 4] = ["serde", "serde_json", "anyhow", "k8s_openapi"];
    let manifest = std::fs::read_to_string(repository("Cargo.toml")).expect("Cargo.toml");
    let start = manifest.find("[dependencies]").expect("dependencies");
    let end = manifest.find("[dev-dependencies]").expect("dev-dependencies");
    let named: BTreeSet<String> = manifest[start..end]
        .lines()
        .filter_map(|line| Some(line.split_once(" = ")?.0.trim().replace('-', "_")))
        .collect();
    let known: BTreeSet<String> =
        OWNERS.iter().map(|(name, _)| *name).chain(EVERYWHERE).map(str::to_owned).collect();
    assert_eq!(named, known, "each dependency has an owner, or is for everybody");
    for (module, name, text) in sources() {
        for (owned, owners) in OWNERS {
            let path = format!("{owned}::");
            let used = code(&text).any(|line| {
                let mut at = line.match_indices(&path).map(|(at, _)| at);
                at.any(|at| {
                    !line[..at].ends_with(|c: char| c.is_alphanumeric() || "_:".contains(c))
                })
            });
            assert!(!used || owners.contains(&&*module), "src/{name} uses {owned}");
        }
    }
}

#[test]
fn no_file_is_longer_than_eight_hundred_lines_and_none_is_left_unfinished() {
    let words =
        ["dbg!", "todo!", "unimplemented!", "FIXME", "XXX", "HACK"].map(|word| word.to_owned());
    let all = files(&repository("src"), ".rs").into_iter();
    for path in all.chain(files(&repository("tests"), ".rs")) {
        let text = std::fs::read_to_string(&path).expect("text");
        let lines = text.lines().count();
        assert!(lines <= 800, "{} has {lines} lines", path.display());
        if path.ends_with("tests/tidy.rs") {
            continue;
        }
        for word in &words {
            assert!(!text.contains(word), "{} has {word}", path.display());
        }
        assert!(text.ends_with('\n') && !text.contains("\r\n"), "{}", path.display());
    }
}

#[test]
fn every_file_of_the_library_says_what_it_is() {
    for (_, name, text) in sources() {
        let one_rule = name.contains("/rule/") || name.starts_with("check/");
        assert!(one_rule || text.starts_with("//! "), "src/{name} has no doc");
    }
}

/// Every template, by its name.
fn templates() -> Vec<(String, String)> {
    let root = repository("templates");
    let read = |path: PathBuf| {
        let name = path.strip_prefix(&root).expect("below").to_string_lossy().into_owned();
        (
            name.trim_end_matches(".yaml.j2").to_owned(),
            std::fs::read_to_string(&path).expect("text"),
        )
    };
    files(&root, "").into_iter().map(read).collect()
}

#[test]
fn every_template_is_of_a_view_or_part_of_another() {
    let view = std::fs::read_to_string(repository("src/lower/view.rs")).expect("views");
    let names: Vec<&str> = view
        .lines()
        .filter_map(|line| line.trim().strip_prefix("Self::")?.split_once("(_) => \""))
        .map(|(_, name)| name.trim_end_matches(['"', ',']))
        .collect();
    let all = templates();
    let included =
        |name: &str| all.iter().any(|(_, text)| text.contains(&format!("include \"{name}\"")));
    let whole: Vec<&str> =
        all.iter().map(|(name, _)| &**name).filter(|name| !included(name)).collect();
    let unique: BTreeSet<&str> = names.iter().copied().collect();
    assert_eq!(unique.len(), names.len(), "one template for each view");
    assert_eq!(unique, whole.into_iter().collect());
}

#[test]
fn templates_hold_for_if_and_fields_alone() {
    for (name, text) in templates() {
        weft::render::refuse_breakouts(&text).unwrap_or_else(|error| panic!("{name}: {error:#}"));
        let mut rest = &*text;
        while let Some(at) = rest.find("{%") {
            let end = rest.find("%}").expect("an end");
            let inside = rest[at + 2..end].trim_matches(['-', ' ']);
            let word = inside.split(' ').next().unwrap_or_default();
            let allowed = ["for", "endfor", "if", "else", "elif", "endif", "include"];
            assert!(allowed.contains(&word), "{name}: {inside}");
            assert!(!inside.contains(['|', '+', '~', '(', '*']), "{name}: {inside}");
            rest = &rest[end + 2..];
        }
        for field in text.split("{{").skip(1) {
            let field = field.split("}}").next().unwrap_or_default().trim();
            let plain = |c: char| c.is_alphanumeric() || "._[]".contains(c);
            assert!(field.chars().all(plain), "{name}: {{{{ {field} }}}}");
        }
        let tags = text.split('{').filter(|part| part.starts_with(['{', '%']));
        for tag in tags.map(|tag| tag.split('}').next().unwrap_or_default()) {
            let asks = tag.contains("governance") || tag.contains("mode");
            assert!(!asks, "{name} asks for the mode: {tag}");
        }
    }
}

#[test]
fn a_template_from_which_a_value_could_break_out_is_refused() {
    for bad in [
        "name: \"{{ name }}\"",
        "name: '{{ name }}'",
        "name: pre-{{ name }}",
        "name: {{ name }}-post",
        "name: {{ a }}{{ b }}",
        "name: {{ a }} {{ b }}",
        "name: {{ name|safe }}",
        "{% autoescape false %}",
        "- a{{ name }}",
        "image: {{ image }}:{{ tag }}",
        "name: {{ name",
        "# {{ name }}",
        "a: |\n  {{ name }} x",
        "args: [{{ a }}, {{ b }}]",
        "name: {{ name }} # {{ other }}",
    ] {
        assert!(weft::render::refuse_breakouts(bad).is_err(), "{bad}");
    }
    for good in ["name: {{ name }}", "- {{ item }}", "{{ key }}: {{ value }}", "- name: {{ name }}"]
    {
        weft::render::refuse_breakouts(good).unwrap_or_else(|error| panic!("{good}: {error}"));
    }
}

#[test]
fn the_schema_is_fresh() {
    let mut schema = serde_json::to_string_pretty(&weft::model::published()).expect("JSON");
    schema.push('\n');
    expect_file![repository("schemas/weft.schema.json")].assert_eq(&schema);
}

/// Calls `visit` with every schema in this one and its path.
fn each_schema(schema: &Value, path: &str, visit: &mut impl FnMut(&str, &Value)) {
    visit(path, schema);
    for group in ["properties", "$defs", "patternProperties"] {
        for (name, inner) in schema[group].as_object().into_iter().flatten() {
            each_schema(inner, &format!("{path}/{name}"), visit);
        }
    }
    for group in ["items", "additionalProperties", "propertyNames"] {
        if schema[group].is_object() {
            each_schema(&schema[group], &format!("{path}/{group}"), visit);
        }
    }
}

#[test]
fn every_property_in_the_schema_is_described() {
    let schema = weft::model::schema();
    let mut bare = Vec::new();
    each_schema(&schema, "", &mut |path, schema| {
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            if property["description"].as_str().is_none_or(|text| text.trim().is_empty()) {
                bare.push(format!("{path}/{name}"));
            }
        }
    });
    assert!(bare.is_empty(), "{}", bare.join("\n"));
}

#[test]
fn every_field_has_its_place_in_the_order() {
    let schema = weft::model::schema();
    for (place, path) in [("", vec![]), ("/$defs/Component", vec!["components", "web"])] {
        let order = weft::model::order(&path).expect("an order");
        let fields = schema.pointer(&format!("{place}/properties")).expect("fields");
        for field in fields.as_object().expect("fields").keys() {
            assert!(order.contains(&&**field), "`{field}` is missing in src/model/order.rs");
        }
    }
}

#[test]
fn every_place_that_refers_to_names_says_to_which() {
    let kinds = ["component", "callee", "version", "port", "callee-port"];
    each_schema(&weft::model::schema(), "", &mut |path, schema| {
        let names = &schema[weft::model::NAMES];
        assert!(names.is_null() || kinds.iter().any(|kind| names == kind), "{path}: {names}");
    });
}

#[test]
fn the_schema_offers_no_alternatives_that_a_message_could_not_explain() {
    let schema = weft::model::schema();
    each_schema(&schema, "", &mut |path, schema| {
        for keyword in ["oneOf", "anyOf", "allOf"] {
            assert!(schema.get(keyword).is_none(), "{path} has {keyword}");
        }
        let reference = schema["$ref"].as_str().unwrap_or("#/$defs/App");
        assert!(reference.starts_with("#/$defs/"), "{path}: {reference}");
    });
}

#[test]
fn every_object_in_the_schema_is_closed() {
    let schema = weft::model::schema();
    each_schema(&schema, "", &mut |path, schema| {
        if schema["properties"].is_object() {
            // A short form has keys of the author's own, and their values a form all the same.
            let short = schema["x-short"].is_string() && schema["propertyNames"].is_object();
            let values = &schema["additionalProperties"];
            assert!(*values == false || (short && values.is_object()), "{path} is open");
        }
    });
}
