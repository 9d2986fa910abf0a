//! What can be wrong with names: they lead nowhere, to themselves, or to two things.

mod alias_collision;
mod ambiguous_port;
mod component_without_image;
mod dependency_without_port;
mod exposed_without_port;
mod field_without_effect;
mod malformed_volume;
mod rule_with_two_targets;
mod self_dependency;
mod unknown_component;
mod unknown_connection;
mod unknown_port;
mod unknown_version;
mod unknown_volume;

use crate::diag::Rule;

pub use alias_collision::ALIAS_COLLISION;
pub use ambiguous_port::AMBIGUOUS_PORT;
pub use component_without_image::COMPONENT_WITHOUT_IMAGE;
pub use dependency_without_port::DEPENDENCY_WITHOUT_PORT;
pub use exposed_without_port::EXPOSED_WITHOUT_PORT;
pub use field_without_effect::FIELD_WITHOUT_EFFECT;
pub use malformed_volume::MALFORMED_VOLUME;
pub use rule_with_two_targets::RULE_WITH_TWO_TARGETS;
pub use self_dependency::SELF_DEPENDENCY;
pub use unknown_component::UNKNOWN_COMPONENT;
pub use unknown_connection::UNKNOWN_CONNECTION;
pub use unknown_port::UNKNOWN_PORT;
pub use unknown_version::UNKNOWN_VERSION;
pub use unknown_volume::UNKNOWN_VOLUME;

/// Every rule of this stage.
pub static RULES: &[&Rule] = &[
    &ALIAS_COLLISION,
    &AMBIGUOUS_PORT,
    &COMPONENT_WITHOUT_IMAGE,
    &DEPENDENCY_WITHOUT_PORT,
    &EXPOSED_WITHOUT_PORT,
    &FIELD_WITHOUT_EFFECT,
    &MALFORMED_VOLUME,
    &RULE_WITH_TWO_TARGETS,
    &SELF_DEPENDENCY,
    &UNKNOWN_COMPONENT,
    &UNKNOWN_CONNECTION,
    &UNKNOWN_PORT,
    &UNKNOWN_VERSION,
    &UNKNOWN_VOLUME,
];
