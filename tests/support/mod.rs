//! The public door: the real binary in a folder of its own, text in and text out.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use serde_yaml::Deserializer;
use tempfile::TempDir;
use weft::parse::Opened;

/// One run of `weft`: files, arguments and standard input.
pub(crate) struct Weft {
    folder: TempDir,
    args: Vec<String>,
    stdin: Option<Vec<u8>>,
    env: Vec<(String, String)>,
}

/// How a run ended. Each part is asked for by its assertion, so that none is forgotten.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) status: i32,
}

impl Weft {
    /// `weft ARGS`, with the arguments split at blanks.
    pub(crate) fn new(args: &str) -> Self {
        Self {
            folder: TempDir::new().expect("a folder"),
            args: args.split_whitespace().map(str::to_owned).collect(),
            stdin: None,
            env: Vec::new(),
        }
    }

    /// `weft ARGS` on this app, to which the header of every app is added.
    pub(crate) fn on(args: &str, app: &str) -> Self {
        Self::new(args).file("weft.yaml", app_file(app))
    }

    /// One more argument, with whatever blanks it has.
    pub(crate) fn arg(mut self, arg: impl Into<String>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// A file in the folder of the run.
    pub(crate) fn file(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, content).expect("a file");
        self
    }

    pub(crate) fn stdin(mut self, text: impl Into<Vec<u8>>) -> Self {
        self.stdin = Some(text.into());
        self
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// Where a file of the run is.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    pub(crate) fn args(&mut self, args: &str) {
        self.args = args.split_whitespace().map(str::to_owned).collect();
    }

    /// Runs it. What weft prints is always text, and never that of a panic.
    pub(crate) fn run(&self) -> Ended {
        let mut command = Command::new(env!("CARGO_BIN_EXE_weft"));
        command.args(&self.args).current_dir(self.folder.path());
        let ours = |name: &OsStr| {
            let name = name.to_string_lossy();
            name.starts_with("WEFT_") || name.starts_with("CLICOLOR") || name == "NO_COLOR"
        };
        for (name, _) in std::env::vars_os().filter(|(name, _)| ours(name)) {
            command.env_remove(name);
        }
        command.env_remove("RUST_BACKTRACE").envs(self.env.iter().cloned());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.stdin(if self.stdin.is_some() { Stdio::piped() } else { Stdio::null() });
        let mut child = command.spawn().expect("weft starts");
        if let (Some(text), Some(mut pipe)) = (self.stdin.clone(), child.stdin.take()) {
            // weft may end before it has read everything; then writing fails, and may.
            std::thread::spawn(move || pipe.write_all(&text));
        }
        let output = child.wait_with_output().expect("weft ends");
        let ended = Ended {
            stdout: String::from_utf8(output.stdout).expect("stdout is text"),
            stderr: String::from_utf8(output.stderr).expect("stderr is text"),
            status: output.status.code().unwrap_or(-1),
        };
        assert!(!ended.stderr.contains("panicked"), "{ended:#?}");
        assert!((0..=2).contains(&ended.status), "{ended:#?}");
        ended
    }

    /// Every file below a folder of the run, by its path there.
    pub(crate) fn tree(&self, folder: &str) -> BTreeMap<String, Vec<u8>> {
        tree(&self.path(folder))
    }
}

impl Ended {
    /// It worked: nothing on stderr, and this is what is on stdout.
    pub(crate) fn fine(self) -> String {
        assert_eq!((self.status, &*self.stderr), (0, ""), "{}", self.stdout);
        self.stdout
    }

    /// The app is wrong: a report on stdout (`check`) and nothing on stderr.
    pub(crate) fn wrong(self) -> String {
        assert_eq!((self.status, &*self.stderr), (1, ""), "{}", self.stdout);
        self.stdout
    }

    /// Nothing came out but what is said on stderr, and this is the status.
    pub(crate) fn refused(self, status: i32) -> String {
        assert_eq!((self.status, &*self.stdout), (status, ""), "{}", self.stderr);
        self.stderr
    }

    /// The codes of a text report, in its order.
    pub(crate) fn codes(&self) -> Vec<String> {
        let report = format!("{}{}", self.stdout, self.stderr);
        let code = |line: &str| {
            let rest = line.strip_prefix("error[").or(line.strip_prefix("warning["))?;
            Some(rest.split_once(']')?.0.to_owned())
        };
        report.lines().filter_map(code).collect()
    }
}

/// An app file with the header that every one has.
pub(crate) fn app_file(app: &str) -> String {
    format!("apiVersion: weft/v1\nname: example\n{app}")
}

/// Opens other apps as the command line does, for an app that stands in this folder.
pub(crate) fn opener(folder: &Path) -> impl Fn(&str, &str) -> Result<Opened, String> {
    move |from, relative| {
        let beside = Path::new(from).parent().expect("a file");
        let path = folder.join(beside).join(relative);
        let path = if path.is_dir() { path.join("weft.yaml") } else { path };
        let path = path.canonicalize().map_err(|error| error.to_string())?;
        let name = path.to_string_lossy().into_owned();
        let bytes = std::fs::read(&path).map_err(|error| error.to_string())?;
        Ok(Opened { identity: name.clone(), name, bytes })
    }
}

/// The objects that an app compiles to, without a warning.
pub(crate) fn built(args: &str, app: &str) -> Objects {
    objects(&Weft::on(&format!("build {args}"), app).run().fine())
}

/// The objects of a stream, read by a reader that is not ours.
pub(crate) fn objects(stream: &str) -> Objects {
    use serde::Deserialize;
    let read = |document| Value::deserialize(document).expect("plain YAML");
    Objects(Deserializer::from_str(stream).map(read).collect())
}

/// What `kubectl apply` would read.
pub(crate) struct Objects(pub(crate) Vec<Value>);

impl Objects {
    /// The one object of this kind and name.
    pub(crate) fn get(&self, kind: &str, name: &str) -> &Value {
        let is = |object: &&Value| object["kind"] == kind && object["metadata"]["name"] == name;
        let found: Vec<&Value> = self.0.iter().filter(is).collect();
        assert_eq!(found.len(), 1, "{kind}/{name} among {:?}", self.names());
        found[0]
    }

    pub(crate) fn of<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        self.0.iter().filter(move |object| object["kind"] == kind)
    }

    /// `Kind/name` of each, in the order of application.
    pub(crate) fn names(&self) -> Vec<String> {
        let name = |object: &Value| {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            format!("{}/{}", text(&object["kind"]), text(&object["metadata"]["name"]))
        };
        self.0.iter().map(name).collect()
    }
}

/// The container of a workload.
pub(crate) fn container(workload: &Value) -> &Value {
    let spec = &workload["spec"];
    let spec = if workload["kind"] == "CronJob" { &spec["jobTemplate"]["spec"] } else { spec };
    &spec["template"]["spec"]["containers"][0]
}

/// The variables of a workload's container that are plain text.
pub(crate) fn texts(workload: &Value) -> BTreeMap<String, String> {
    let list = container(workload)["env"].as_array().cloned().unwrap_or_default();
    let pair = |variable: &Value| {
        Some((variable["name"].as_str()?.to_owned(), variable["value"].as_str()?.to_owned()))
    };
    list.iter().filter_map(pair).collect()
}

/// Every file below a folder, by its path there.
pub(crate) fn tree(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut out = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(at) = open.pop() {
        for entry in std::fs::read_dir(&at).into_iter().flatten() {
            let path = entry.expect("an entry").path();
            if path.is_dir() && !path.is_symlink() {
                open.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("below").to_string_lossy().into_owned();
                out.insert(name, std::fs::read(&path).unwrap_or_default());
            }
        }
    }
    out
}

/// The folders directly in this one, sorted.
pub(crate) fn folders(of: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(of).into_iter().flatten();
    let mut out: Vec<PathBuf> =
        entries.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_dir()).collect();
    out.sort();
    out
}

/// A path in the repository.
pub(crate) fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}
