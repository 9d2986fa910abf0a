//! Finding and reading app files, and the files that they name.

use std::io::Read;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, bail};

use crate::check::Checked;
use crate::diag::{Allows, Finding, Sink, arrange};
use crate::files::{Folder, LoadError};
use crate::graph::Graph;
use crate::lower::lower;
use crate::manifest::Set;
use crate::model::Governance;
use crate::parse::{self, Layers, Opened, Text};
use crate::render::render;
use crate::source::Sources;
use crate::yaml::Span;

/// The name that a folder's app file has.
pub(super) const APP_FILE: &str = "weft.yaml";
/// More than this is no app file, in bytes.
const LARGEST: u64 = 64 << 20;

/// An app file and the folder that it is complete in.
#[derive(Debug)]
pub(super) struct Input {
    name: String,
    bytes: Vec<u8>,
    /// Nothing for standard input.
    path: Option<PathBuf>,
    folder: PathBuf,
}

/// What became of an app.
pub(super) struct Outcome {
    /// The app, unless something is wrong with it.
    pub checked: Option<Checked>,
    /// Its objects, where they had to be made to find out.
    set: Option<Set>,
    /// What was found, allowed warnings left out.
    pub findings: Vec<Finding>,
    /// The texts that findings point into.
    pub sources: Sources,
    /// How many environments the file declares.
    pub(super) environments: usize,
}

/// The app file that `-f` or a positional path names, or the one that is found.
///
/// # Errors
/// If there is none, or it cannot be read.
pub(super) fn find(file: Option<&Path>, path: Option<&Path>) -> anyhow::Result<Input> {
    match (file, path) {
        (Some(_), Some(_)) => bail!("both -f and a path name the app; give one of them"),
        (Some(file), None) if file == Path::new("-") => stdin(),
        (None, Some(path)) if path == Path::new("-") => stdin(),
        (Some(path), None) | (None, Some(path)) => read(&within(path)),
        (None, None) => read(&discover()?),
    }
}

/// The app file of a folder; a file is itself.
fn within(path: &Path) -> PathBuf {
    let path = if path.is_dir() { path.join(APP_FILE) } else { path.to_owned() };
    // Readers of reports compare names with those of a diff, which has no `./`.
    path.strip_prefix(".").map(Path::to_owned).unwrap_or(path)
}

/// `weft.yaml` here or in a parent, up to the root of the repository.
fn discover() -> anyhow::Result<PathBuf> {
    let here = std::env::current_dir().context("cannot tell the current folder")?;
    let mut up = PathBuf::new();
    for folder in here.ancestors() {
        if folder.join(APP_FILE).is_file() {
            return Ok(up.join(APP_FILE));
        }
        if folder.join(".git").exists() {
            break;
        }
        up.push("..");
    }
    bail!("there is no {APP_FILE} here or above; name one with -f FILE, or give its folder")
}

fn stdin() -> anyhow::Result<Input> {
    let mut bytes = Vec::new();
    std::io::stdin()
        .lock()
        .take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .context("cannot read standard input")?;
    if bytes.len() as u64 > LARGEST {
        bail!("standard input has more than {} MiB; that is no app file", LARGEST >> 20);
    }
    Ok(Input { name: "<stdin>".into(), bytes, path: None, folder: PathBuf::from(".") })
}

/// Reads one app file.
///
/// # Errors
/// If it cannot be read, or is too large to be one.
pub(super) fn read(path: &Path) -> anyhow::Result<Input> {
    let shown = path.display();
    let meta = std::fs::metadata(path).with_context(|| format!("cannot read {shown}"))?;
    if !meta.is_file() {
        bail!("{shown} is not a file");
    }
    if meta.len() > LARGEST {
        bail!("{shown} has more than {} MiB; that is no app file", LARGEST >> 20);
    }
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {shown}"))?;
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder.to_owned(),
        _ => PathBuf::from("."),
    };
    Ok(Input { name: shown.to_string(), bytes, path: Some(path.to_owned()), folder })
}

/// The app files that paths name: a file is itself, a folder its `weft.yaml`, or else every
/// `weft.yaml` and `*.weft.yaml` below it. One that cannot be read keeps none of the others from
/// being checked.
pub(super) fn all(paths: &[PathBuf]) -> Vec<anyhow::Result<Input>> {
    if paths.is_empty() {
        return vec![find(None, None)];
    }
    let mut inputs = Vec::new();
    for path in paths {
        if path == Path::new("-") {
            inputs.push(stdin());
        } else if path.is_dir() && !path.join(APP_FILE).is_file() {
            match below(path) {
                Ok(files) => inputs.extend(files.iter().map(|file| read(file))),
                Err(error) => inputs.push(Err(error)),
            }
        } else {
            inputs.push(read(&within(path)));
        }
    }
    inputs
}

fn below(path: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    walk(path, &mut found)?;
    if found.is_empty() {
        bail!("there is no {APP_FILE} in {} or below", path.display());
    }
    found.sort();
    Ok(found)
}

/// Symbolic links are not followed, so a loop of them has no end to find.
fn walk(folder: &Path, found: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let entries =
        std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in entries {
        let entry = entry.with_context(|| format!("cannot read {}", folder.display()))?;
        let kind =
            entry.file_type().with_context(|| format!("cannot read {}", entry.path().display()))?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if kind.is_dir() && !name.starts_with('.') && name != "target" && name != "node_modules" {
            walk(&entry.path(), found)?;
        } else if kind.is_file() && (name == APP_FILE || name.ends_with(".weft.yaml")) {
            found.push(entry.path());
        }
    }
    Ok(())
}

impl Input {
    /// The name to print.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The bytes of the file.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The modes of the author's own beside it.
    pub(super) fn modes(&self) -> Vec<String> {
        Beside(&self.folder).modes(None)
    }

    /// Where the file is; `None` for standard input.
    pub(super) fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// The file as YAML. Without it: what is wrong with it, which is all in the outcome.
    pub(super) fn text(&self) -> Result<Text, Box<Outcome>> {
        let mut run = Run::start(self);
        let mut sink = Sink::default();
        match run.text.check(&run.sources, &mut sink) {
            Ok(()) => Ok(run.text),
            Err(_) => {
                run.findings = sink.resolve(&run.sources);
                let mut allows = run.allows();
                allows.apply(&mut run.findings, &run.sources);
                Err(Box::new(run.end((None, None))))
            }
        }
    }

    /// Compiles the app under these layers.
    ///
    /// # Errors
    /// A bug of weft.
    pub(super) fn compile(&self, layers: &Layers) -> anyhow::Result<Outcome> {
        let mut run = Run::start(self);
        let made = run.once(layers)?;
        let mut allows = run.allows();
        allows.apply(&mut run.findings, &run.sources);
        // Only one environment was asked about.
        run.findings.iter_mut().for_each(|finding| finding.environments.clear());
        Ok(run.end(made))
    }

    /// The app under these layers, without judging it; none where its shape is wrong.
    pub(super) fn bind(&self, layers: &Layers) -> (Option<Graph>, Outcome) {
        let mut run = Run::start(self);
        let mut sink = Sink::default();
        let beside = Beside(&self.folder);
        let graph = crate::bind(&mut run.sources, &run.text, layers, &beside, &open, &mut sink);
        run.findings = sink.resolve(&run.sources);
        (graph.ok(), run.end((None, None)))
    }

    /// Compiles the app as it is and in each of its environments, and reports what is wrong with
    /// any of them. An allow-comment is reported too if nothing needs it: none of them, in no mode,
    /// and neither under the settings nor without.
    ///
    /// # Errors
    /// A bug of weft.
    pub(super) fn compile_everywhere(&self, layers: &Layers) -> anyhow::Result<Outcome> {
        let mut run = Run::start(self);
        let made = run.everywhere(layers)?;
        let mut allows = run.allows();
        allows.apply(&mut run.findings, &run.sources);
        if !allows.unused().is_empty() {
            let found = std::mem::take(&mut run.findings);
            let own = Beside(&self.folder).modes(layers.modes.as_deref());
            for settings in elsewhere(&layers.settings, &own) {
                run.everywhere(&Layers { settings, ..layers.clone() })?;
            }
            let mut others = std::mem::replace(&mut run.findings, found);
            allows.apply(&mut others, &run.sources);
        }
        run.findings.extend(allows.unused());
        Ok(run.end(made))
    }
}

/// The other settings under which a warning can be what an allow-comment is for: every mode, with
/// what the command line sets and with what the file says in its place.
fn elsewhere(settings: &[String], own: &[String]) -> Vec<Vec<String>> {
    let mut bases = vec![settings];
    if !settings.is_empty() {
        bases.push(&[]);
    }
    let modes = |base: &[String]| {
        let all = Governance::ALL.map(Governance::name);
        let all = all.into_iter().chain(own.iter().map(String::as_str));
        let mode = |mode| base.iter().cloned().chain([format!("governance={mode}")]).collect();
        all.map(mode).collect::<Vec<_>>()
    };
    let as_written = (!settings.is_empty()).then(Vec::new);
    as_written.into_iter().chain(bases.into_iter().flat_map(modes)).collect()
}

/// The app and its objects, as far as they had to be made.
type Made = (Option<Checked>, Option<Set>);

impl Outcome {
    /// Every object of the app.
    ///
    /// # Errors
    /// A bug of weft.
    pub(super) fn manifests(&mut self, checked: &Checked) -> anyhow::Result<Set> {
        match self.set.take() {
            Some(set) => Ok(set),
            None => render(lower(checked)),
        }
    }
}

/// One app file on its way through one or more compilations.
struct Run<'i> {
    input: &'i Input,
    sources: Sources,
    text: Text,
    findings: Vec<Finding>,
    /// What `checks` allowed in any of the compilations, and where.
    allows: Vec<(&'static str, Span)>,
}

impl<'i> Run<'i> {
    fn start(input: &'i Input) -> Self {
        let mut sources = Sources::default();
        let file = sources.add_bytes(input.name.clone(), &input.bytes);
        let text = parse::read(&sources, file);
        Self { input, sources, text, findings: Vec::new(), allows: Vec::new() }
    }

    /// The app as it is and in each of its environments; what is made is that of the app as it is.
    fn everywhere(&mut self, layers: &Layers) -> anyhow::Result<Made> {
        let layers = Layers { environment: None, ..layers.clone() };
        let made = self.once(&layers)?;
        for environment in self.text.environments() {
            self.once(&Layers { environment: Some(environment), ..layers.clone() })?;
        }
        Ok(made)
    }

    fn once(&mut self, layers: &Layers) -> anyhow::Result<Made> {
        let mut sink = Sink::default();
        let beside = Beside(&self.input.folder);
        let checked =
            crate::compile(&mut self.sources, &self.text, layers, &beside, &open, &mut sink).ok();
        // What raw objects, patches and templates make is known only once everything is made.
        let made = match checked {
            Some(checked) if crate::can_fail(checked.graph()) => {
                match crate::manifests(&checked, &mut sink)? {
                    Ok(set) => (Some(checked), Some(set)),
                    Err(_) => (None, None),
                }
            }
            checked => (checked, None),
        };
        self.allows.extend(sink.allowed(&self.sources));
        let mut findings = sink.resolve(&self.sources);
        for finding in &mut findings {
            finding.environments.extend(layers.environment.clone());
        }
        self.findings.extend(findings);
        Ok(made)
    }

    /// What the file allows. A comment that is none is among the findings.
    fn allows(&mut self) -> Allows {
        let mut sink = Sink::default();
        let comments = self.text.comments();
        let mut allows = Allows::read(comments, &self.sources, &crate::rules(), &mut sink);
        self.findings.extend(sink.resolve(&self.sources));
        allows.add(self.allows.drain(..));
        allows
    }

    fn end(self, (checked, set): Made) -> Outcome {
        let Self { sources, text, mut findings, .. } = self;
        arrange(&mut findings);
        Outcome { checked, set, findings, sources, environments: text.environments().len() }
    }
}

/// Opens the app at a path that is relative to the folder of another app's file.
fn open(from: &str, relative: &str) -> Result<Opened, String> {
    let folder = Path::new(from).parent().unwrap_or(Path::new(""));
    let path = within(&tidy(&folder.join(relative)));
    let input = read(&path).map_err(|error| error.root_cause().to_string().to_lowercase())?;
    let identity = path.canonicalize().map_err(|error| error.to_string().to_lowercase())?;
    let identity = identity.to_string_lossy().into_owned();
    Ok(Opened { name: input.name, identity, bytes: input.bytes })
}

/// The path without detours: `a/../b` is `b`, as people write it.
fn tidy(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for step in path.components() {
        let named = matches!(out.components().next_back(), Some(Component::Normal(_)));
        match step {
            Component::CurDir => {}
            Component::ParentDir if named => _ = out.pop(),
            step => out.push(step),
        }
    }
    if out.as_os_str().is_empty() { PathBuf::from(".") } else { out }
}

/// What is beside an app file.
struct Beside<'i>(&'i Path);

impl Beside<'_> {
    /// The folder of modes, and what to call it.
    fn modes_at(&self, from: Option<&str>) -> PathBuf {
        match from {
            Some(from) => PathBuf::from(from),
            None => tidy(&self.0.join("modes")),
        }
    }
}

impl Folder for Beside<'_> {
    fn read(&self, relative: &str) -> Result<Vec<u8>, LoadError> {
        load(self.0, relative)
    }

    fn modes(&self, from: Option<&str>) -> Vec<String> {
        let entries = std::fs::read_dir(self.modes_at(from)).into_iter().flatten().flatten();
        let modes = entries.filter(|entry| entry.path().join("mode.yaml").is_file());
        let mut names: Vec<String> =
            modes.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.sort();
        names
    }

    fn read_mode(
        &self,
        from: Option<&str>,
        relative: &str,
    ) -> (String, Result<Vec<u8>, LoadError>) {
        let shown = self.modes_at(from).join(relative).display().to_string();
        let loaded = match from {
            Some(from) => load(Path::new(from), relative),
            // The app is complete in its folder, and so are the modes that it comes with.
            None => load(self.0, &format!("modes/{relative}")),
        };
        (shown, loaded)
    }
}

/// Reads a file of the app. What the name leads to must lie in the app's folder, links resolved.
fn load(folder: &Path, relative: &str) -> Result<Vec<u8>, LoadError> {
    /// A ConfigMap holds 1 MiB; the rule that says so needs to see only that there is more.
    const MOST: u64 = 8 << 20;
    let unreadable =
        |error: std::io::Error| LoadError::Unreadable(error.to_string().to_lowercase());
    let path = Path::new(relative);
    let climbs =
        path.components().any(|step| !matches!(step, Component::Normal(_) | Component::CurDir));
    if climbs {
        return Err(LoadError::Outside);
    }
    let folder = folder.canonicalize().map_err(unreadable)?;
    let target = folder.join(path).canonicalize().map_err(unreadable)?;
    if !target.starts_with(&folder) {
        return Err(LoadError::Outside);
    }
    if !target.is_file() {
        return Err(LoadError::Unreadable("it is not a regular file".into()));
    }
    let mut bytes = Vec::new();
    let file = std::fs::File::open(&target).map_err(unreadable)?;
    file.take(MOST).read_to_end(&mut bytes).map_err(unreadable)?;
    Ok(bytes)
}
