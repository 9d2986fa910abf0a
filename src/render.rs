//! Views → objects, through the templates.
//!
//! Each value is put into a template's text as a JSON string, and the text is read back as the narrow
//! form of YAML that templates write, so a value can never leave its scalar; the object is printed
//! once, by `manifest`.

mod custom;

use std::fmt::Write as _;
use std::sync::OnceLock;

use anyhow::{Context, anyhow, bail};
use include_dir::{Dir, include_dir};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::value::ValueKind;
use minijinja::{
    AutoEscape, Environment, Error, ErrorKind, Output, UndefinedBehavior, Value as Input,
};

use crate::lower::view::{Body, View};
use crate::manifest::{Object, Set};
use crate::yaml::{self, NotBlock};

pub use custom::Flaws;

static TEMPLATES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/templates");
const SUFFIX: &str = ".yaml.j2";

/// How many threads render, where there is enough to do for them. A constant, so that the machine
/// has no say in anything; more than it has processors do no harm.
const WORKERS: usize = 4;
/// So few objects take less time than a thread takes to start.
const WORTH_A_THREAD: usize = 128;

/// Renders every view and puts the objects into the order of application. Each object is finished
/// before the next is begun, and several threads share the work: the order of the views and of the
/// objects is the same however many there are.
///
/// # Errors
/// A fault in a template, which is a bug of weft; in one of the author's, the error is [`Flaws`].
pub fn render(views: Vec<View>) -> anyhow::Result<Set> {
    let environment = environment()?;
    let custom = |view: &View| matches!(view.body, Body::Custom(_));
    let (own, views): (Vec<View>, Vec<View>) = match views.iter().any(custom) {
        true => views.into_iter().partition(custom),
        false => (Vec::new(), views),
    };
    let all = |views: Vec<View>| -> anyhow::Result<Vec<Object>> {
        views.into_iter().map(|view| object(environment, view)).collect()
    };
    let workers = (views.len() / WORTH_A_THREAD).clamp(1, WORKERS);
    let share = views.len().div_ceil(workers).max(1);
    let mut objects = Vec::with_capacity(views.len());
    std::thread::scope(|scope| {
        let mut views = views;
        let mut started = Vec::new();
        while views.len() > share {
            let last = views.split_off(views.len() - share);
            started.push(scope.spawn(move || all(last)));
        }
        objects.extend(all(views)?);
        for thread in started.into_iter().rev() {
            let rendered = thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            objects.extend(rendered?);
        }
        anyhow::Ok(())
    })?;
    custom::render(own, &mut objects)?;
    Set::new(objects).map_err(|error| anyhow!("{}; this is a bug of weft", error.0))
}

fn object(environment: &Environment<'_>, view: View) -> anyhow::Result<Object> {
    let name = view.body.template();
    let template = environment.get_template(name)?;
    let text = template
        .render(Input::from(Serde(&view.body)))
        .map_err(|error| anyhow!("{error:#}"))
        .with_context(|| format!("template `{name}` failed; this is a bug of weft"))?;
    let value = yaml::block(&text).map_err(|NotBlock { line, message }| {
        anyhow!("template `{name}` made no object (line {line}: {message}); this is a bug of weft")
    })?;
    Object::new(&value, view.origin, view.trace.0, view.rank)
        .map_err(|error| anyhow!("template `{name}`: {}; this is a bug of weft", error.0))
}

fn environment() -> anyhow::Result<&'static Environment<'static>> {
    static ENVIRONMENT: OnceLock<Result<Environment<'static>, String>> = OnceLock::new();
    let made = ENVIRONMENT.get_or_init(|| build().map_err(|error| format!("{error:#}")));
    made.as_ref().map_err(|message| anyhow!("{message}; this is a bug of weft"))
}

fn build() -> anyhow::Result<Environment<'static>> {
    let mut environment = bare()?;
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

/// What holds for every template: a value never leaves its scalar, and what is not there is an error.
fn bare<'t>() -> anyhow::Result<Environment<'t>> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Json);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?;
    environment.set_syntax(syntax);
    environment.set_debug(true);
    environment.set_formatter(|out, _, value| scalar(out, value));
    Ok(environment)
}

/// An interpolation is a whole scalar or a whole key, and nothing is exempt from escaping:
/// otherwise a quote would end up inside the text, or a value outside its scalar.
///
/// # Errors
/// At the first interpolation that is neither.
pub fn refuse_breakouts(source: &str) -> anyhow::Result<()> {
    match breakout(source) {
        Some((number, why)) => bail!("line {number}: {why}"),
        None => Ok(()),
    }
}

/// The line of the first interpolation that is neither, and why.
fn breakout(source: &str) -> Option<(usize, &'static str)> {
    for (number, line) in source.lines().enumerate() {
        let number = number + 1;
        if line.contains("safe") || line.contains("autoescape") {
            return Some((number, "`safe` and `autoescape` would switch escaping off"));
        }
        let bare = line.trim_start().trim_start_matches("- ");
        let mut rest = bare;
        while let Some(at) = rest.find("{{") {
            let before = &rest[..at];
            let end = rest[at..].find("}}").map(|end| at + end + 2);
            let Some(end) = end else { return Some((number, "an interpolation has no end")) };
            let after = &rest[end..];
            let opens = before.is_empty() || before == ": " || before.ends_with(": ");
            let closes = after.is_empty() || after == ":" || after.starts_with(": ");
            if !opens || !closes {
                return Some((number, "an interpolation must be a whole scalar or a whole key"));
            }
            rest = after;
        }
    }
    None
}

/// Writes a field: a string as JSON writes it, and of other values only those that are scalars. An
/// own formatter, as the one of the template engine builds a text for each value first.
fn scalar(out: &mut Output<'_>, value: &Input) -> Result<(), Error> {
    match value.kind() {
        ValueKind::String => quoted(out, value.as_str().unwrap_or_default())?,
        // The engine's own words for these begin with a capital letter.
        ValueKind::Bool => out.write_str(if value.is_true() { "true" } else { "false" })?,
        ValueKind::Number => write!(out, "{value}")?,
        ValueKind::None => out.write_str("null")?,
        kind => {
            let message = format!("a scalar is wanted, and this is {kind}");
            return Err(Error::new(ErrorKind::InvalidOperation, message));
        }
    }
    Ok(())
}

/// Writes a JSON string: it ends at its own quote and holds no line break, whatever the text.
fn quoted(out: &mut Output<'_>, text: &str) -> std::fmt::Result {
    out.write_char('"')?;
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|byte| matches!(byte, b'"' | b'\\' | 0..b' ')) {
        let (before, after) = rest.split_at(at);
        out.write_str(before)?;
        write!(out, "\\u{:04x}", after.as_bytes()[0])?;
        rest = &after[1..];
    }
    out.write_str(rest)?;
    out.write_char('"')
}
