//! What can be wrong with an object that the author writes.

mod foreign_namespace;
mod malformed_object;
mod unknown_placeholder;

use crate::diag::Rule;

pub use foreign_namespace::FOREIGN_NAMESPACE;
pub use malformed_object::MALFORMED_OBJECT;
pub use unknown_placeholder::UNKNOWN_PLACEHOLDER;

/// Every rule of this stage.
pub static RULES: &[&Rule] = &[&FOREIGN_NAMESPACE, &MALFORMED_OBJECT, &UNKNOWN_PLACEHOLDER];
