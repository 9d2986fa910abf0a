//! The proxies that weft itself puts beside programs.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{ImageName, ImagePull, Resources};

/// The proxies of the governance mode `envoy`. Every other mode brings its own, and reads none of
/// this.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("minProperties" = 1))]
pub struct Envoy {
    /// Their image, with `/usr/local/bin/envoy` in it. Without it: the release that weft is tested
    /// with.
    #[schemars(with = "Option<ImageName>", example = &"registry.example.com/envoy:distroless-v1.40.0")]
    pub image: Option<String>,
    /// When the image is pulled. Without it: what Kubernetes does for its tag.
    #[schemars(example = &"IfNotPresent")]
    pub image_pull: Option<ImagePull>,
    /// Processor and memory of each. What is not written stays as weft has it: 50m and 96Mi set
    /// aside, and at most 256Mi of memory.
    pub resources: Option<Resources>,
}
