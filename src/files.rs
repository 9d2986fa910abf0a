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

/// Where the files of an app come from.
pub type Loader<'a> = &'a dyn Folder;

/// The folder of an app, and that of the modes it can have.
pub trait Folder {
    /// Reads a file of the app's folder, by its path relative to the app file.
    ///
    /// # Errors
    /// If it cannot be read, or is none of the app's.
    fn read(&self, relative: &str) -> Result<Vec<u8>, LoadError>;

    /// The names of the modes that there are, sorted. They are in the folder `from`, or in `modes`
    /// beside the app file.
    fn modes(&self, _from: Option<&str>) -> Vec<String> {
        Vec::new()
    }

    /// Reads a file of the folder of modes, by its path there, and names it as reports do.
    ///
    /// # Errors
    /// If it cannot be read, or is none of that folder's.
    fn read_mode(
        &self,
        _from: Option<&str>,
        relative: &str,
    ) -> (String, Result<Vec<u8>, LoadError>) {
        (relative.to_owned(), Err(LoadError::Unreadable("there are no modes here".into())))
    }
}

/// A folder of which only single files are known has no modes.
impl<F: Fn(&str) -> Result<Vec<u8>, LoadError>> Folder for F {
    fn read(&self, relative: &str) -> Result<Vec<u8>, LoadError> {
        self(relative)
    }
}

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
    accept(load.read(relative), relative, place, sink)
}

/// What came of reading a file: its bytes, or a report of why there are none.
pub fn accept(
    loaded: Result<Vec<u8>, LoadError>,
    relative: &str,
    place: Place,
    sink: &mut Sink,
) -> Option<Vec<u8>> {
    let diagnostic = match loaded {
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
