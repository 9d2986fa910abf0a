//! Writing manifests: whole or not at all, and never over a file that weft did not write.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde_json::{Value, json};

use crate::manifest::Set;
use crate::source::fingerprint;

/// Lists what weft wrote to a folder, so that it knows what it may replace.
const INDEX: &str = ".weft-index";
/// First line of a single file that weft wrote.
const MARK: &str = "# written by weft; change the app file instead\n";

/// Writes one file.
///
/// # Errors
/// If there is a file already that weft did not write, or it cannot be written.
pub(super) fn file(path: &Path, text: &str) -> anyhow::Result<()> {
    let shown = path.display();
    let yaml = !text.starts_with('{');
    if let Ok(meta) = std::fs::symlink_metadata(path) {
        let ours = meta.is_file()
            && std::fs::read_to_string(path).is_ok_and(|old| match yaml {
                true => old.starts_with(MARK),
                false => is_ours(&old),
            });
        if !ours {
            bail!("{shown} exists and was not written by weft; nothing was written");
        }
    }
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    if !folder.is_dir() {
        bail!("cannot write {shown}: there is no folder {}", folder.display());
    }
    let mut temporary = tempfile::NamedTempFile::new_in(folder)
        .with_context(|| format!("cannot write to {}", folder.display()))?;
    use std::io::Write;
    if yaml {
        temporary.write_all(MARK.as_bytes())?;
    }
    temporary.write_all(text.as_bytes()).with_context(|| format!("cannot write {shown}"))?;
    readable(temporary.path())?;
    temporary.persist(path).with_context(|| format!("cannot write {shown}"))?;
    Ok(())
}

/// Puts another text into a file of the author's, whole or not at all: its permissions and a link to
/// it stay what they are.
///
/// # Errors
/// If it cannot be written.
pub(super) fn replace(path: &Path, text: &str) -> anyhow::Result<()> {
    use std::io::Write;
    let shown = path.display();
    let target = path.canonicalize().with_context(|| format!("cannot write {shown}"))?;
    let meta = target.metadata().with_context(|| format!("cannot write {shown}"))?;
    if meta.permissions().readonly() {
        bail!("cannot write {shown}: it is read-only");
    }
    let folder = target.parent().unwrap_or(Path::new("."));
    let mut temporary = tempfile::NamedTempFile::new_in(folder)
        .with_context(|| format!("cannot write to {}", folder.display()))?;
    temporary.write_all(text.as_bytes()).with_context(|| format!("cannot write {shown}"))?;
    std::fs::set_permissions(temporary.path(), meta.permissions())
        .with_context(|| format!("cannot write {shown}"))?;
    temporary.persist(&target).with_context(|| format!("cannot write {shown}"))?;
    Ok(())
}

/// Whether a text in JSON is a schema of weft's, or a list of nothing but objects that it manages.
fn is_ours(text: &str) -> bool {
    let Ok(list) = serde_json::from_str::<Value>(text) else { return false };
    if list["$schema"].is_string() {
        return list["title"].as_str().is_some_and(|title| title.starts_with("weft.yaml"));
    }
    let ours =
        |object: &Value| object["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "weft";
    list["items"].as_array().is_some_and(|items| !items.is_empty() && items.iter().all(ours))
}

/// Temporary files are private; manifests are for everybody who may read the folder.
fn readable(path: &Path) -> anyhow::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o644))
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// One file for each object, and with `kustomization` a list of them in the order of application.
pub(super) fn files(set: &Set, kustomization: bool) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    let mut names = Vec::new();
    for object in set.objects() {
        names.push(object.file_name());
        files.insert(object.file_name(), object.yaml().to_owned());
    }
    if kustomization {
        let list = json!({
            "apiVersion": "kustomize.config.k8s.io/v1beta1",
            "kind": "Kustomization",
            // Otherwise kustomize would sort by kind, and our order has its reasons.
            "sortOptions": { "order": "fifo" },
            "resources": names,
        });
        let mut text = String::new();
        crate::yaml::emit(&list, &mut text);
        files.insert("kustomization.yaml".into(), text);
    }
    files
}

/// Makes a folder hold exactly these files of weft's; files of others stay as they are.
///
/// # Errors
/// Before anything is changed, if a file is in the way that weft did not write, or that was changed
/// since. If a step fails later, the steps before it are taken back.
pub(super) fn folder(
    path: &Path,
    app: &str,
    files: &BTreeMap<String, String>,
) -> anyhow::Result<()> {
    let shown = path.display();
    let existed = path.is_dir();
    if !existed && std::fs::symlink_metadata(path).is_ok() {
        bail!("{shown} exists and is not a folder; nothing was written");
    }
    let (owner, old) = index(path)?;
    if owner.as_deref().is_some_and(|owner| owner != app) {
        bail!(
            "{shown} holds the manifests of `{}`; give `{app}` a folder of its own (nothing was written)",
            owner.unwrap_or_default()
        );
    }
    for name in files.keys().chain(old.keys()) {
        let target = path.join(name);
        let Ok(meta) = std::fs::symlink_metadata(&target) else { continue };
        let Some(written) = old.get(name) else {
            bail!("{} was not written by weft; nothing was written", target.display());
        };
        let same =
            meta.is_file() && std::fs::read(&target).is_ok_and(|bytes| hex(&bytes) == *written);
        if !same {
            bail!(
                "{} was changed since weft wrote it; move it away, then build again (nothing was written)",
                target.display()
            );
        }
    }
    std::fs::create_dir_all(path).with_context(|| format!("cannot create {shown}"))?;
    let result = exchange(path, app, files, &old);
    if result.is_err() && !existed {
        // Only if it is empty, which it is if every step was taken back.
        let _ = std::fs::remove_dir(path);
    }
    result
}

fn exchange(
    path: &Path,
    app: &str,
    files: &BTreeMap<String, String>,
    old: &BTreeMap<String, String>,
) -> anyhow::Result<()> {
    let staged = tempfile::Builder::new()
        .prefix(".weft-")
        .tempdir_in(path)
        .with_context(|| format!("cannot write to {}", path.display()))?;
    let (fresh, aside) = (staged.path().join("new"), staged.path().join("old"));
    std::fs::create_dir(&fresh)?;
    std::fs::create_dir(&aside)?;
    let index: BTreeMap<&str, String> =
        files.iter().map(|(name, text)| (name.as_str(), hex(text.as_bytes()))).collect();
    let index = json!({ "schema": "weft.output/v1", "app": app, "files": index });
    let index = serde_json::to_string_pretty(&index)? + "\n";
    let mut all: BTreeMap<&str, &str> =
        files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    all.insert(INDEX, &index);
    for (name, text) in &all {
        let target = fresh.join(name);
        std::fs::write(&target, text)
            .with_context(|| format!("cannot write {}", path.join(name).display()))?;
    }
    let mut taken: Vec<PathBuf> = Vec::new();
    let mut placed: Vec<PathBuf> = Vec::new();
    let steps = || -> std::io::Result<()> {
        for name in old.keys().map(String::as_str).chain([INDEX]) {
            let target = path.join(name);
            if target.exists() {
                std::fs::rename(&target, aside.join(name))?;
                taken.push(name.into());
            }
        }
        for name in all.keys() {
            std::fs::rename(fresh.join(name), path.join(name))?;
            placed.push(name.into());
        }
        Ok(())
    };
    let mut steps = steps;
    let result = steps();
    if let Err(error) = result {
        for name in placed.iter().rev() {
            let _ = std::fs::remove_file(path.join(name));
        }
        for name in taken.iter().rev() {
            let _ = std::fs::rename(aside.join(name), path.join(name));
        }
        return Err(error).with_context(|| format!("cannot write to {}", path.display()));
    }
    Ok(())
}

/// What weft wrote to a folder before: the app, and its files with a fingerprint of each.
fn index(path: &Path) -> anyhow::Result<(Option<String>, BTreeMap<String, String>)> {
    let file = path.join(INDEX);
    let text = match std::fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok((None, BTreeMap::new()));
        }
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", file.display())),
    };
    let parsed: Value = serde_json::from_str(&text).unwrap_or_default();
    let Some(files) = parsed["files"].as_object() else {
        bail!("{} is not an index of weft's; move it away (nothing was written)", file.display());
    };
    let plain = |name: &str| !name.contains('/') && !name.contains('\\') && name != "..";
    let files = files
        .iter()
        .filter(|(name, _)| plain(name))
        .map(|(name, digest)| (name.clone(), digest.as_str().unwrap_or_default().to_owned()))
        .collect();
    Ok((parsed["app"].as_str().map(str::to_owned), files))
}

fn hex(bytes: &[u8]) -> String {
    format!("{:016x}", fingerprint(bytes))
}
