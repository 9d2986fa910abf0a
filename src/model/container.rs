//! A container: what every program in a pod has, the component's own and those beside it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    EnvName, EnvValue, FileSource, ImageName, ImagePull, Name, PathName, Probes, Resources,
    SecurityContext, WrittenVolume,
};

/// What every container has.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Container {
    /// The container image.
    #[schemars(with = "Option<ImageName>", example = &"docker.io/istio/examples-bookinfo-reviews-v2:1.17.0")]
    pub image: Option<String>,
    /// When the image is pulled. Without it: what Kubernetes does for its tag.
    #[schemars(example = &"IfNotPresent")]
    pub image_pull: Option<ImagePull>,
    /// What to run instead of the image's entry point.
    #[schemars(example = ["sh", "-c", "exec serve"])]
    pub command: Option<Vec<String>>,
    /// The arguments of what is run.
    #[schemars(example = ["--port", "8080"])]
    pub args: Option<Vec<String>>,
    /// The directory to run in.
    #[schemars(example = &"/app")]
    pub working_dir: Option<PathName>,
    /// Environment variables of the container.
    pub env: Option<BTreeMap<EnvName, EnvValue>>,
    /// Files in the container, by their absolute path.
    pub files: Option<BTreeMap<PathName, FileSource>>,
    /// Directories in the container that are storage, by their absolute path.
    pub volumes: Option<BTreeMap<PathName, WrittenVolume>>,
    /// Processor and memory.
    pub resources: Option<Resources>,
    /// What the container may do. Without it: the restricted profile of the Pod Security Standards.
    pub security_context: Option<SecurityContext>,
}

impl Container {
    /// The names of the fields that are written.
    pub fn written(&self) -> impl Iterator<Item = &'static str> {
        let fields = [
            ("image", self.image.is_some()),
            ("imagePull", self.image_pull.is_some()),
            ("command", self.command.is_some()),
            ("args", self.args.is_some()),
            ("workingDir", self.working_dir.is_some()),
            ("env", self.env.is_some()),
            ("files", self.files.is_some()),
            ("volumes", self.volumes.is_some()),
            ("resources", self.resources.is_some()),
            ("securityContext", self.security_context.is_some()),
        ];
        fields.into_iter().filter(|(_, written)| *written).map(|(name, _)| name)
    }
}

/// A container that runs beside the component's own: it starts before, and stops after.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct Sidecar {
    /// What every container has.
    #[serde(flatten)]
    pub container: Container,
    /// How Kubernetes finds out whether it is well.
    pub probes: Option<Probes>,
}

/// A container that runs to its end before the component's own starts.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct InitContainer {
    /// Its name, by which a layer above changes it.
    #[schemars(example = &"migrate")]
    pub name: Name,
    /// What every container has.
    #[serde(flatten)]
    pub container: Container,
}
