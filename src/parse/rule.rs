//! What can be wrong before the file has a meaning: its text, its shape, its layers.

mod alias_expansion;
mod ambiguous_scalar;
mod app_name_collision;
mod duplicate_key;
mod empty_file;
mod fault_everywhere;
mod forbidden_character;
mod key_not_text;
mod malformed_value;
mod merge_key;
mod missing_field;
mod nesting_too_deep;
mod not_utf8;
mod out_of_range;
mod param_type_mismatch;
mod param_without_value;
mod self_use;
mod several_documents;
mod syntax_error;
mod unknown_environment;
mod unknown_field;
mod unknown_param;
mod unknown_path;
mod unknown_value;
mod unreadable_app;
mod unresolved_reference;
mod unsupported_tag;
mod unused_param;
mod version_of_nothing;
mod wrong_type;

use crate::diag::Rule;

pub use alias_expansion::ALIAS_EXPANSION;
pub use ambiguous_scalar::AMBIGUOUS_SCALAR;
pub use app_name_collision::APP_NAME_COLLISION;
pub use duplicate_key::DUPLICATE_KEY;
pub use empty_file::EMPTY_FILE;
pub use fault_everywhere::FAULT_EVERYWHERE;
pub use forbidden_character::FORBIDDEN_CHARACTER;
pub use key_not_text::KEY_NOT_TEXT;
pub use malformed_value::MALFORMED_VALUE;
pub use merge_key::MERGE_KEY;
pub use missing_field::MISSING_FIELD;
pub use nesting_too_deep::NESTING_TOO_DEEP;
pub use not_utf8::NOT_UTF8;
pub use out_of_range::OUT_OF_RANGE;
pub use param_type_mismatch::PARAM_TYPE_MISMATCH;
pub use param_without_value::PARAM_WITHOUT_VALUE;
pub use self_use::SELF_USE;
pub use several_documents::SEVERAL_DOCUMENTS;
pub use syntax_error::SYNTAX_ERROR;
pub use unknown_environment::UNKNOWN_ENVIRONMENT;
pub use unknown_field::UNKNOWN_FIELD;
pub use unknown_param::UNKNOWN_PARAM;
pub use unknown_path::UNKNOWN_PATH;
pub use unknown_value::UNKNOWN_VALUE;
pub use unreadable_app::UNREADABLE_APP;
pub use unresolved_reference::UNRESOLVED_REFERENCE;
pub use unsupported_tag::UNSUPPORTED_TAG;
pub use unused_param::UNUSED_PARAM;
pub use version_of_nothing::VERSION_OF_NOTHING;
pub use wrong_type::WRONG_TYPE;

/// Every rule of this stage.
pub static RULES: &[&Rule] = &[
    &ALIAS_EXPANSION,
    &AMBIGUOUS_SCALAR,
    &APP_NAME_COLLISION,
    &DUPLICATE_KEY,
    &EMPTY_FILE,
    &FAULT_EVERYWHERE,
    &FORBIDDEN_CHARACTER,
    &KEY_NOT_TEXT,
    &MALFORMED_VALUE,
    &MERGE_KEY,
    &MISSING_FIELD,
    &NESTING_TOO_DEEP,
    &NOT_UTF8,
    &OUT_OF_RANGE,
    &PARAM_TYPE_MISMATCH,
    &PARAM_WITHOUT_VALUE,
    &SELF_USE,
    &SEVERAL_DOCUMENTS,
    &SYNTAX_ERROR,
    &UNKNOWN_ENVIRONMENT,
    &UNKNOWN_FIELD,
    &UNKNOWN_PARAM,
    &UNKNOWN_PATH,
    &UNKNOWN_VALUE,
    &UNREADABLE_APP,
    &UNRESOLVED_REFERENCE,
    &UNSUPPORTED_TAG,
    &UNUSED_PARAM,
    &VERSION_OF_NOTHING,
    &WRONG_TYPE,
];
