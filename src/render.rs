//! Views → objects, through the templates.
//!
//! A template's text is JSON-escaped value by value and read back by our own reader, so a value can
//! never leave its scalar; the object is printed once, by `manifest`.

use std::sync::OnceLock;

use anyhow::{Context, anyhow, bail};
use include_dir::{Dir, include_dir};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value as Input};
use serde_json::Value;

use crate::lower::view::View;
use crate::manifest::{Object, Set};
use crate::yaml::{self, FileId, Node, Style};

static TEMPLATES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/templates");
const SUFFIX: &str = ".yaml.j2";

/// Renders every view and puts the objects into the order of application.
///
/// # Errors
/// A fault in a template, which is a bug of weft.
pub fn render(views: Vec<View>) -> anyhow::Result<Set> {
    let environment = environment()?;
    let mut objects = Vec::with_capacity(views.len());
    let mut text = String::new();
    for view in views {
        let name = view.body.template();
        let template = environment.get_template(name)?;
        text.clear();
        text.push_str(
            &template
                .render(Input::from(Serde(&view.body)))
                .map_err(|error| anyhow!("{error:#}"))
                .with_context(|| format!("template `{name}` failed; this is a bug of weft"))?,
        );
        let value = read_back(&text)
            .with_context(|| format!("template `{name}` made no object; this is a bug of weft"))?;
        let object = Object::new(value, view.origin, view.trace.0, view.rank)
            .map_err(|error| anyhow!("template `{name}`: {}; this is a bug of weft", error.0))?;
        objects.push(object);
    }
    Set::new(objects).map_err(|error| anyhow!("{}; this is a bug of weft", error.0))
}

fn environment() -> anyhow::Result<&'static Environment<'static>> {
    static ENVIRONMENT: OnceLock<Result<Environment<'static>, String>> = OnceLock::new();
    let made = ENVIRONMENT.get_or_init(|| build().map_err(|error| format!("{error:#}")));
    made.as_ref().map_err(|message| anyhow!("{message}; this is a bug of weft"))
}

fn build() -> anyhow::Result<Environment<'static>> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Json);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?;
    environment.set_syntax(syntax);
    environment.set_debug(true);
    for folder in TEMPLATES.dirs() {
        for file in folder.files() {
            let path = file.path().to_str().context("a template's name is not text")?;
            let Some(name) = path.strip_suffix(SUFFIX) else { continue };
            let source = file.contents_utf8().context("a template is not text")?;
            refuse_breakouts(source).with_context(|| format!("template `{name}`"))?;
            environment.add_template(name, source)?;
        }
    }
    Ok(environment)
}

/// An interpolation is a whole scalar or a whole key, and nothing is exempt from escaping:
/// otherwise a quote would end up inside the text, or a value outside its scalar.
///
/// # Errors
/// At the first interpolation that is neither.
pub fn refuse_breakouts(source: &str) -> anyhow::Result<()> {
    for (number, line) in source.lines().enumerate() {
        let number = number + 1;
        if line.contains("safe") || line.contains("autoescape") {
            bail!("line {number}: `safe` and `autoescape` would switch escaping off");
        }
        let bare = line.trim_start().trim_start_matches("- ");
        let mut rest = bare;
        while let Some(at) = rest.find("{{") {
            let before = &rest[..at];
            let end = rest[at..].find("}}").map(|end| at + end + 2);
            let Some(end) = end else { bail!("line {number}: an interpolation has no end") };
            let after = &rest[end..];
            let opens = before.is_empty() || before == ": " || before.ends_with(": ");
            let closes = after.is_empty() || after == ":" || after.starts_with(": ");
            if !opens || !closes {
                bail!("line {number}: an interpolation must be a whole scalar or a whole key");
            }
            rest = after;
        }
    }
    Ok(())
}

fn read_back(text: &str) -> anyhow::Result<Value> {
    let (document, problems) = yaml::parse(text, FileId(0));
    if let Some(problem) = problems.first() {
        bail!("{}", problem.message);
    }
    let document = document.context("nothing was rendered")?;
    Ok(value(&document.root))
}

/// Reads what a template wrote: strings are quoted there, so a plain scalar is a literal.
fn value(node: &Node) -> Value {
    match &node.value {
        yaml::Value::Mapping(mapping) => Value::Object(
            mapping.iter().map(|entry| (entry.key.text.to_string(), value(&entry.value))).collect(),
        ),
        yaml::Value::Sequence(items) => Value::Array(items.iter().map(value).collect()),
        yaml::Value::Scalar(scalar) if scalar.style != Style::Plain => {
            Value::String(scalar.text.to_string())
        }
        yaml::Value::Scalar(scalar) => match &*scalar.text {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            "" | "null" => Value::Null,
            text => match text.parse::<i64>() {
                Ok(number) => number.into(),
                Err(_) => Value::String(text.to_owned()),
            },
        },
    }
}
