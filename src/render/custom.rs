//! Views of a mode of the author's own → any number of objects each. What is wrong with a template
//! of theirs is their mistake, and is told by its line.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use minijinja::value::Serde;
use minijinja::{Environment, Error, Value as Input};
use serde_json::{Map, Value};

use super::{bare, breakout};
use crate::lower::view::{Body, Custom, Template, View};
use crate::manifest::{Flaw, Object};
use crate::yaml::{self, NotBlock, Span};

/// What is wrong with the author's templates.
#[derive(Debug)]
pub struct Flaws(pub Vec<Flaw>);

impl fmt::Display for Flaws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let titles = self.0.iter().map(|flaw| format!("{}: {}", flaw.title, flaw.label));
        f.write_str(&titles.collect::<Vec<_>>().join("; "))
    }
}

impl std::error::Error for Flaws {}

/// Renders views of the author's templates, and adds what they make to the objects that are there.
///
/// # Errors
/// [`Flaws`], if anything is wrong with a template.
pub(super) fn render(views: Vec<View>, objects: &mut Vec<Object>) -> anyhow::Result<()> {
    if views.is_empty() {
        return Ok(());
    }
    let mut environment = bare()?;
    let mut flaws = BTreeSet::new();
    let all = views.iter().filter_map(custom);
    let templates: BTreeMap<&str, &Template> =
        all.map(|custom| (&*custom.template.name, &*custom.template)).collect();
    for template in templates.values() {
        if let Some((line, why)) = breakout(&template.text) {
            let title = "a value could leave its place".to_owned();
            flaws.insert(flaw(template, line, title, why.into()));
        } else if let Err(error) = environment.add_template(&template.name, &template.text) {
            flaws.insert(failure(template, "this is no template".into(), &error));
        }
    }
    let mut made = Vec::new();
    if flaws.is_empty() {
        let mut told = BTreeSet::new();
        for view in &views {
            match of_view(&environment, view) {
                Ok(more) => made.extend(more.into_iter().map(|object| (view, object))),
                // The same line fails for every component, and is worth one word.
                Err(flaw) => {
                    if told.insert((flaw.at, flaw.label.clone())) {
                        flaws.insert(flaw);
                    }
                }
            }
        }
    }
    let mut taken: BTreeSet<_> = objects.iter().map(identity).collect();
    for (view, object) in &made {
        let Some(custom) = custom(view) else { continue };
        if !taken.insert(identity(object)) {
            let title = format!("a second {} would be made", object.reference());
            let label = format!("makes it for {}, and it is there already", custom.about);
            flaws.insert(flaw(&custom.template, 1, title, label));
        }
    }
    if !flaws.is_empty() {
        return Err(Flaws(flaws.into_iter().collect()).into());
    }
    objects.extend(made.into_iter().map(|(_, object)| object));
    Ok(())
}

fn custom(view: &View) -> Option<&Custom> {
    match &view.body {
        Body::Custom(custom) => Some(custom),
        _ => None,
    }
}

/// What tells an object from every other.
fn identity(object: &Object) -> (String, String, Option<String>, String) {
    let kind = &object.kind;
    (kind.group.clone(), kind.kind.clone(), object.namespace.clone(), object.name.clone())
}

/// The objects of one view.
fn of_view(environment: &Environment<'_>, view: &View) -> Result<Vec<Object>, Flaw> {
    let Some(custom) = custom(view) else { return Ok(Vec::new()) };
    let Custom { template, about, early, labels, .. } = custom;
    let text = environment
        .get_template(&template.name)
        .and_then(|found| found.render(Input::from(Serde(&view.body))))
        .map_err(|error| failure(template, format!("it cannot be rendered for {about}"), &error))?;
    let mut objects = Vec::new();
    for (start, document) in documents(&text) {
        let no_object =
            |why: String| flaw(template, 1, format!("what it makes of {about} is no object"), why);
        let mut value = yaml::block(&document).map_err(|NotBlock { line, message }| {
            let shown = document.lines().nth(line.saturating_sub(1)).unwrap_or_default().trim();
            no_object(format!("line {} of that, `{shown}`: {message}", start + line))
        })?;
        label(&mut value, labels).ok_or_else(|| no_object("its labels are no mapping".into()))?;
        let trace = view.trace.0.clone();
        let object = Object::new(&value, view.origin.clone(), trace, view.rank)
            .map_err(|error| no_object(error.0))?;
        objects.push(object.early(*early));
    }
    Ok(objects)
}

/// The documents of a stream that are not blank, each with the number of lines before it.
fn documents(text: &str) -> Vec<(usize, String)> {
    let mut out = vec![(0, String::new())];
    for (number, line) in text.lines().enumerate() {
        if line.trim_end() == "---" {
            out.push((number + 1, String::new()));
        } else if let Some((_, document)) = out.last_mut() {
            document.push_str(line);
            document.push('\n');
        }
    }
    out.retain(|(_, document)| !document.trim().is_empty());
    out
}

/// Gives an object the labels that it has not got. `None` if it has something else in their place.
fn label(object: &mut Value, labels: &[(String, String)]) -> Option<()> {
    let Some(meta) = object.get_mut("metadata").and_then(Value::as_object_mut) else {
        return Some(());
    };
    let own = meta.entry("labels").or_insert(Value::Null);
    if own.is_null() {
        *own = Value::Object(Map::new());
    }
    let own = own.as_object_mut()?;
    for (name, value) in labels {
        own.entry(name).or_insert_with(|| value.as_str().into());
    }
    Some(())
}

/// What the template engine says is wrong.
fn failure(template: &Template, title: String, error: &Error) -> Flaw {
    let why = match error.detail() {
        Some(detail) => detail.to_owned(),
        None => error.kind().to_string(),
    };
    flaw(template, error.line().unwrap_or(1), title, why)
}

fn flaw(template: &Template, line: usize, title: String, label: String) -> Flaw {
    let lines = template.text.split_inclusive('\n').take(line.saturating_sub(1));
    let before: usize = lines.map(str::len).sum();
    let own = template.text[before..].lines().next().unwrap_or_default();
    let blank = own.len() - own.trim_start().len();
    let byte = |at: usize| u32::try_from(before + at).unwrap_or(u32::MAX);
    let (start, end) = (byte(blank), byte(own.trim_end().len().max(blank)));
    Flaw { at: Span { file: template.file, start, end }, title, label }
}
