//! What can be wrong once raw objects and patches meet what weft makes.

mod dangling_reference;
mod faulty_template;
mod inapplicable_patch;
mod patch_changes_identity;
mod patch_without_effect;
mod patch_without_target;
mod selector_overlap;
mod selects_nobody;

use crate::diag::Rule;

pub use dangling_reference::DANGLING_REFERENCE;
pub use faulty_template::FAULTY_TEMPLATE;
pub use inapplicable_patch::INAPPLICABLE_PATCH;
pub use patch_changes_identity::PATCH_CHANGES_IDENTITY;
pub use patch_without_effect::PATCH_WITHOUT_EFFECT;
pub use patch_without_target::PATCH_WITHOUT_TARGET;
pub use selector_overlap::SELECTOR_OVERLAP;
pub use selects_nobody::SELECTS_NOBODY;

/// Every rule of this stage.
pub static RULES: &[&Rule] = &[
    &DANGLING_REFERENCE,
    &FAULTY_TEMPLATE,
    &INAPPLICABLE_PATCH,
    &PATCH_CHANGES_IDENTITY,
    &PATCH_WITHOUT_EFFECT,
    &PATCH_WITHOUT_TARGET,
    &SELECTOR_OVERLAP,
    &SELECTS_NOBODY,
];
