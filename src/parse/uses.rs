//! The apps that an app uses: each is read once, however many others use it.

use std::collections::BTreeMap;

use super::{Layers, Text, parse, read, resolve, rule};
use crate::diag::{Diagnostic, Reported, Sink};
use crate::files::{LoadError, Loader};
use crate::model::App;
use crate::source::{Path, Place, Sources};
use crate::yaml::Node;

/// Another app's file.
#[derive(Debug)]
pub struct Opened {
    /// The name to print.
    pub name: String,
    /// What tells it from every other file, however it is reached.
    pub identity: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// Opens the app at a path that is relative to the file of this name, or says why it cannot.
pub type Opener<'a> = &'a dyn Fn(&str, &str) -> Result<Opened, String>;

/// An [`Opener`] for where there are no other apps.
///
/// # Errors
/// Always.
pub fn alone(_: &str, _: &str) -> Result<Opened, String> {
    Err("there are no other files here".into())
}

/// The app that was asked for, and all that it uses, directly or not.
#[derive(Debug)]
pub struct System {
    /// The app that was asked for comes first.
    pub apps: Vec<App>,
    /// The apps that each uses itself: their positions, and where that is written.
    pub uses: Vec<Vec<(usize, Path)>>,
}

/// Reads an app, and every app that it uses.
///
/// `layers` are those of the app that was asked for. Each other one gets the environment of the
/// same name if it declares one; of what is found in it, errors alone are reported, for a check of
/// its own says the rest.
///
/// # Errors
/// Everything that is wrong with text, shape and layers is in the sink.
pub fn system(
    sources: &mut Sources,
    text: &Text,
    layers: &Layers,
    load: Loader<'_>,
    open: Opener<'_>,
    sink: &mut Sink,
) -> Result<System, Reported> {
    let app = parse(sources, text, layers, load, sink)?;
    let mut names = BTreeMap::from([(app.name.0.clone(), 0)]);
    let mut files = BTreeMap::new();
    let mut shown = vec![sources.file(text.file).name.clone()];
    if app.uses.is_some() {
        // By its own name in its own folder; what came through a pipe has neither.
        let own = shown[0].rsplit('/').next().unwrap_or_default();
        files.extend(open(&shown[0], own).ok().map(|opened| (opened.identity, 0)));
    }
    let mut apps = vec![app];
    let mut uses: Vec<Vec<(usize, Path)>> = vec![Vec::new()];
    let mut at = 0;
    while at < apps.len() {
        let wanted = apps[at].uses.take().unwrap_or_default();
        for (index, used) in wanted.into_iter().enumerate() {
            let written = path(&apps, at).field("uses").index(index).field("app");
            let place = Place::Value(written.clone());
            let opened = match open(&shown[at], &used.app) {
                Ok(opened) => opened,
                Err(why) => {
                    let title = format!("cannot read the app at `{}`", used.app);
                    sink.report(
                        Diagnostic::new(&rule::UNREADABLE_APP, title, place, why)
                            .help("give its folder, or its file, relative to this file"),
                    );
                    continue;
                }
            };
            if let Some(known) = files.get(&opened.identity) {
                if *known == at {
                    let title = format!("`{}` uses itself", apps[at].name);
                    sink.report(
                        Diagnostic::new(&rule::SELF_USE, title, place, "this is the file itself")
                            .help("remove it; an app always knows its own components"),
                    );
                } else {
                    uses[at].push((*known, written));
                }
                continue;
            }
            let Some((tree, app)) = member(sources, &opened, layers, open, sink) else { continue };
            let name = app.name.0.clone();
            if let Some(other) = names.get(&name) {
                let title = format!("two apps are called `{name}`");
                let first = Place::Value(path(&apps, *other).field("name"));
                sink.report(
                    Diagnostic::new(&rule::APP_NAME_COLLISION, title, place, "one of them")
                        .also(first, "the other")
                        .help("give one of the two another `name`"),
                );
                continue;
            }
            let position = apps.len();
            files.insert(opened.identity, position);
            names.insert(name.clone(), position);
            sources.add_tree(name, tree);
            uses[at].push((position, written));
            apps.push(app);
            uses.push(Vec::new());
            shown.push(opened.name);
        }
        at += 1;
    }
    sink.checkpoint()?;
    Ok(System { apps, uses })
}

/// Where an app of the system is found.
fn path(apps: &[App], position: usize) -> Path {
    if position == 0 { Path::root() } else { Path::of_app(&apps[position].name) }
}

/// The tree of one of the other apps, and the app; `None` if there is anything wrong with it.
fn member(
    sources: &mut Sources,
    opened: &Opened,
    layers: &Layers,
    open: Opener<'_>,
    sink: &mut Sink,
) -> Option<(Node, App)> {
    let known = sources.files().find(|(_, file)| file.name == opened.name).map(|(id, _)| id);
    let file = known.unwrap_or_else(|| sources.add_bytes(opened.name.clone(), &opened.bytes));
    let text = read(sources, file);
    let environment = layers.environment.clone();
    let environment = environment.filter(|name| text.environments().contains(name));
    let mut own = Sink::default();
    let layers = Layers { environment, ..Layers::default() };
    // Its raw objects can be called, so they have to be known.
    let load = |relative: &str| {
        let opened = open(&opened.name, relative);
        opened.map(|opened| opened.bytes).map_err(LoadError::Unreadable)
    };
    let resolved = resolve(sources, &text, &layers, &load, &mut own);
    sink.take_errors(own);
    let (tree, app) = resolved.ok()?;
    Some((tree, app.ok()?))
}
