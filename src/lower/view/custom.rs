//! Objects that a template of the author's makes.

use std::sync::Arc;

use serde::{Serialize, Serializer};

use super::{Pairs, given};

pub use crate::source::Template;

/// What becomes the objects of one template: any number of them.
#[derive(Debug)]
pub struct Custom {
    /// The template.
    pub template: Arc<Template>,
    /// What it is rendered for, in words.
    pub about: String,
    /// Whether objects of a kind that weft does not know are applied before the workloads.
    pub early: bool,
    /// Labels that each object gets which the template does not give it.
    pub labels: Pairs,
    /// What the template is given.
    pub given: given::Given,
}

impl Serialize for Custom {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.given.serialize(serializer)
    }
}
