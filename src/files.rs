//! The files of an app beside its app file. Knows no disk: whoever compiles an app says how they are
//! read.

mod path_outside_app;
mod unreadable_file;

use crate::diag::{Diagnostic, Rule, Sink};
use crate::source::Place;

pub use path_outside_app::PATH_OUTSIDE_APP;
pub use unreadable_file::UNREADABLE_FILE;

/// Every rule of this module.
pub static RULES: &[&Rule] = &[&PATH_OUTSIDE_APP, &UNREADABLE_FILE];

/// Reads a file of the app's folder, by its path relative to the app file.
pub type Loader<'a> = &'a dyn Fn(&str) -> Result<Vec<u8>, LoadError>;

/// Why a file could not be read.
#[derive(Debug)]
pub enum LoadError {
    /// The path, or a symbolic link on it, leaves the app's folder.
    Outside,
    /// What the system said.
    Unreadable(String),
}

/// The bytes of a file, or a report of why there are none at the place that names it.
pub fn read(load: Loader<'_>, relative: &str, place: Place, sink: &mut Sink) -> Option<Vec<u8>> {
    let diagnostic = match load(relative) {
        Ok(bytes) => return Some(bytes),
        Err(LoadError::Outside) => Diagnostic::new(
            &PATH_OUTSIDE_APP,
            format!("`{relative}` leaves the folder of the app file"),
            place,
            "outside the app",
        )
        .help("copy the file into the app's folder, so that the app is complete by itself"),
        Err(LoadError::Unreadable(why)) => {
            Diagnostic::new(&UNREADABLE_FILE, format!("cannot read `{relative}`"), place, why)
                .help("the path is relative to the app file")
        }
    };
    sink.report(diagnostic);
    None
}
