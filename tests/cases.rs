//! `cases/**`: a folder is a test, and everything that is printed is its golden.
//!
//! - `ok/NAME`, `mode/MODE/NAME`: `weft.yaml` and what else the app needs → `expected.yaml`, the
//!   manifests, and `expected.stderr`, if there is something to say.
//! - `err/CODE`: `weft.yaml` → `expected.txt`, the report of `weft check`.
//!
//! A file `args` holds further arguments. `UPDATE_EXPECT=1` rewrites goldens.

use std::path::{Path, PathBuf};

use expect_test::{expect, expect_file};

use crate::support::{Weft, folders, repository, tree};

/// The files that are no input.
const GOLDENS: [&str; 4] = ["args", "expected.yaml", "expected.stderr", "expected.txt"];

fn weft(command: &str, case: &Path) -> Weft {
    let args = std::fs::read_to_string(case.join("args")).unwrap_or_default();
    let mut weft = Weft::new(&format!("{command} {args}"));
    for (path, content) in tree(case) {
        if !GOLDENS.contains(&&*path) {
            weft = weft.file(&path, content);
        }
    }
    weft
}

fn name(path: &Path) -> String {
    path.file_name().expect("a name").to_string_lossy().into_owned()
}

/// The cases that must compile.
pub(crate) fn sound() -> Vec<PathBuf> {
    let mut cases = folders(&repository("tests/cases/ok"));
    for mode in folders(&repository("tests/cases/mode")) {
        cases.extend(folders(&mode));
    }
    assert!(cases.len() > 30, "{cases:?}");
    cases
}

/// A command on the files of a case, with the arguments of the case.
pub(crate) fn command(command: &str, case: &Path) -> Weft {
    weft(command, case)
}

/// `weft build` on the files of a case.
pub(crate) fn build(case: &Path) -> Weft {
    weft("build", case)
}

/// Whether a code is about what was typed, not about the app: status 2.
pub(crate) fn usage(code: &str) -> bool {
    ["unknown-environment", "unknown-path"].contains(&code)
}

/// Compares all before it fails, so that one run names every case that differs.
#[derive(Default)]
struct Goldens(Vec<(PathBuf, String)>);

impl Goldens {
    fn expect(&mut self, golden: PathBuf, actual: String) {
        let known = std::fs::read_to_string(&golden).unwrap_or_default();
        if known != actual || !golden.exists() {
            self.0.push((golden, actual));
        }
    }

    fn assert(self) {
        for (golden, _) in &self.0 {
            println!("differs: {}", golden.display());
        }
        for (golden, actual) in self.0 {
            expect_file![golden].assert_eq(&actual);
        }
    }
}

#[test]
fn every_sound_case_builds_its_golden_manifests() {
    let mut goldens = Goldens::default();
    for case in sound() {
        let ended = build(&case).run();
        assert_eq!(ended.status, 0, "{}\n{}", case.display(), ended.stderr);
        goldens.expect(case.join("expected.yaml"), ended.stdout);
        let said = case.join("expected.stderr");
        if !ended.stderr.is_empty() || said.exists() {
            goldens.expect(said, ended.stderr);
        }
    }
    goldens.assert();
}

#[test]
fn every_failing_case_prints_its_golden_report() {
    let mut goldens = Goldens::default();
    for case in folders(&repository("tests/cases/err")) {
        let ended = weft("check", &case).run();
        let code = name(&case);
        assert!(ended.codes().contains(&code), "{code} is not in\n{}", ended.stdout);
        let errors = ended.stdout.contains("error[");
        let status = if usage(&code) { 2 } else { i32::from(errors) };
        assert_eq!((ended.status, &*ended.stderr), (status, ""), "{code}");
        goldens.expect(case.join("expected.txt"), ended.stdout);
    }
    goldens.assert();
}

#[test]
fn every_rule_has_a_failing_case_and_every_failing_case_a_rule() {
    let codes: Vec<&str> = weft::rules().iter().map(|rule| rule.code).collect();
    let cases: Vec<String> =
        folders(&repository("tests/cases/err")).iter().map(|c| name(c)).collect();
    assert_eq!(codes, cases);
}

#[test]
fn the_modes_of_the_cases_are_modes() {
    let modes: Vec<String> =
        folders(&repository("tests/cases/mode")).iter().map(|mode| name(mode)).collect();
    for mode in &modes {
        assert!(weft::model::Governance::ALL.iter().any(|known| known.name() == mode), "{mode}");
    }
    expect![[r#"["dapr", "envoy", "istio", "istio-ambient", "kubernetes", "linkerd"]"#]]
        .assert_eq(&format!("{modes:?}"));
}

#[test]
fn nested_and_flat_versions_are_the_same_app() {
    let of = |name: &str| build(&repository("tests/cases/mode/istio").join(name)).run().fine();
    assert_eq!(of("versions-nested"), of("versions-flat"));
}
