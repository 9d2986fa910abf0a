//! What runs in a pod: a container, its files and its storage.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Call, ComponentId, Given};
use crate::model::{self, Access, Probes, Resources, SecurityContext, VolumeKind};
use crate::source::Path;

/// A container of a pod.
#[derive(Debug)]
pub struct Container {
    /// Its name.
    pub name: Arc<str>,
    /// Where its settings are written.
    pub path: Path,
    /// Its image.
    pub image: String,
    /// When the image is pulled.
    pub image_pull: Option<crate::model::ImagePull>,
    /// What to run; empty is the image's own.
    pub command: Vec<String>,
    /// Its arguments.
    pub args: Vec<String>,
    /// The directory to run in.
    pub working_dir: Option<String>,
    /// Variables that the author wrote, by name.
    pub env: BTreeMap<String, crate::model::EnvValue>,
    /// Files, by path.
    pub files: BTreeMap<String, File>,
    /// Storage, by path.
    pub volumes: BTreeMap<String, Volume>,
    /// Probes.
    pub probes: Probes,
    /// Processor and memory.
    pub resources: Resources,
    /// What it may do.
    pub security: SecurityContext,
}

/// The content of a file.
#[derive(Debug)]
pub enum File {
    /// Text that weft ships.
    Text(String),
    /// Bytes that weft ships.
    Bytes(Vec<u8>),
    /// A key of a Secret.
    Secret(String, String),
    /// A key of a ConfigMap.
    Config(String, String),
}

/// Storage behind a directory.
#[derive(Debug)]
pub struct Volume {
    /// What it is.
    pub source: Source,
    /// The name by which others mount it.
    pub name: Option<Arc<str>>,
    /// Whether the container can only read it.
    pub read_only: bool,
    /// The part that is mounted.
    pub sub_path: Option<String>,
}

/// What storage is.
#[derive(Debug)]
pub enum Source {
    /// Gone with the pod: what it is made of, and the most it may hold.
    Scratch(VolumeKind, Option<String>),
    /// A claim that the workload owns.
    Persistent {
        /// How much.
        size: String,
        /// The storage class.
        class: Option<String>,
        /// Who can mount it.
        access: Access,
    },
    /// A claim that exists.
    Claim(String),
    /// A named volume of the same pod.
    Shared(Arc<str>),
    /// A claim that another workload owns.
    Of(Lent),
}

/// A claim of another workload.
#[derive(Debug)]
pub struct Lent {
    /// The component that owns it.
    pub component: ComponentId,
    /// Position of its version.
    pub version: usize,
    /// The volume's name there.
    pub name: Arc<str>,
    /// The name of the workload that owns it.
    pub workload: String,
    /// Who can mount it.
    pub access: Access,
}

impl Container {
    /// Variables with a value: the author's, and those that the callees of these calls give.
    pub fn variables(&self, calls: &[Call]) -> Cow<'_, BTreeMap<String, model::EnvValue>> {
        let mut all = Cow::Borrowed(&self.env);
        for (name, given, _) in calls.iter().flat_map(|call| &call.env) {
            if let Given::Value(value) = given {
                all.to_mut().entry(name.clone()).or_insert_with(|| value.clone());
            }
        }
        all
    }

    /// Where the value of each variable is written.
    pub fn variable_places<'a>(&'a self, calls: &'a [Call]) -> BTreeMap<&'a str, Path> {
        let given = calls.iter().flat_map(|call| &call.env);
        let given = given.filter(|(_, what, _)| matches!(what, Given::Value(_)));
        let mut places: BTreeMap<&str, Path> =
            given.map(|(name, _, path)| (&**name, path.clone())).collect();
        let env = self.path.field("env");
        places.extend(self.env.keys().map(|name| (&**name, env.key(name))));
        places
    }
}
