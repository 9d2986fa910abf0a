use super::Finder;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::graph::{Container, File};
use crate::model::{ConnectValue, EnvValue, Setting};
use crate::source::Place;

/// `plain-text-secret`: a secret stands in the manifests for everyone to read.
pub(super) static PLAIN_TEXT_SECRET: Rule = Rule {
    code: "plain-text-secret",
    severity: Severity::Warning,
    summary: "a secret stands in the manifests for everyone to read",
    explain: "Variables, those that `connect` gives to callers, arguments, files that weft ships and Secrets among raw objects are part of the manifests: whoever reads the repository, the build or the workload in the cluster reads them, and a parameter of type `secret` does not hide its value there either. Keep the value in a Secret of the cluster and refer to it with `{ secret: NAME/KEY }`. weft goes by names (`…PASSWORD`, `…PASSWD`, `…TOKEN`, `…SECRET`, `…SECRET_KEY`, `…API_KEY`, `…PRIVATE_KEY`, `…ENCRYPTION_KEY`, `…SIGNING_KEY`, `…PASSPHRASE`), by `user:password@` in URLs, and by how keys and tokens of well-known services begin. It never prints the value itself.",
    wrong: concat!(
        "components:\n",
        "  db:\n",
        "    image: example.com/db:1\n",
        "    env: { ROOT_PASSWORD: correct-horse }\n",
    ),
    right: concat!(
        "components:\n",
        "  db:\n",
        "    image: example.com/db:1\n",
        "    env: { ROOT_PASSWORD: { secret: db/root } }\n",
    ),
};

/// How the names of secrets end, without what is between their words.
const NAMES: [&str; 11] = [
    "PASSWORD",
    "PASSWD",
    "TOKEN",
    "SECRET",
    "SECRETKEY",
    "SECRETACCESSKEY",
    "APIKEY",
    "PRIVATEKEY",
    "ENCRYPTIONKEY",
    "SIGNINGKEY",
    "PASSPHRASE",
];

/// Secrets come from Secrets, and those from elsewhere.
pub(super) fn check(find: &mut Finder<'_>) {
    let graph = find.graph;
    for container in graph.containers() {
        for (what, place) in plain(container) {
            let title = format!("{what} of `{}` is in plain text", container.name);
            let diagnostic = Diagnostic::new(&PLAIN_TEXT_SECRET, title, place, "readable by all")
                .help("keep it in a Secret, and refer to it with `{ secret: NAME/KEY }`");
            find.report(diagnostic);
        }
    }
    for component in graph.own() {
        let connect = component.path.field("connect");
        for (name, value) in &component.connect {
            let ConnectValue::Text(text) = value else { continue };
            if !(named_secret(name) && literal(text)) && secret_in(text).is_none() {
                continue;
            }
            let title = format!("the secret in `{name}` of `{}` is in plain text", component.name);
            let place = Place::Key(connect.key(name));
            let diagnostic = Diagnostic::new(&PLAIN_TEXT_SECRET, title, place, "readable by all")
                .help("keep it in a Secret, and refer to it with `{ secret: NAME/KEY }`");
            find.report(diagnostic);
        }
    }
    for block in &graph.dapr.blocks {
        for (name, setting) in &block.metadata {
            let Setting::Text(text) = setting else { continue };
            if !(named_secret(name) && literal(text)) && secret_in(text).is_none() {
                continue;
            }
            let title = format!("the secret in `{name}` of `{}` is in plain text", block.name);
            let place = Place::Key(block.path.field("metadata").key(name));
            let diagnostic = Diagnostic::new(&PLAIN_TEXT_SECRET, title, place, "readable by all")
                .help("keep it in a Secret, and refer to it with `{ secret: NAME/KEY }`");
            find.report(diagnostic);
        }
    }
    for object in graph.raw.iter().filter(|object| object.kind == "Secret") {
        for field in ["data", "stringData"] {
            if object.value[field].as_object().is_none_or(serde_json::Map::is_empty) {
                continue;
            }
            let title = format!("the Secret `{}` is in plain text", object.name);
            let place = Place::Key(object.path.key(field));
            let diagnostic = Diagnostic::new(&PLAIN_TEXT_SECRET, title, place, "readable by all")
                .help("leave it to the cluster, or to a tool that keeps secrets");
            find.report(diagnostic);
        }
    }
}

/// What is secret in a container's texts, and where. The names of variables are shown, never their
/// values.
fn plain(container: &Container) -> Vec<(String, Place)> {
    let mut out = Vec::new();
    let env = container.path.field("env");
    for (name, value) in &container.env {
        let EnvValue::Text(text) = value else { continue };
        if (named_secret(name) && literal(text)) || secret_in(text).is_some() {
            out.push((format!("the secret in `{name}`"), Place::Key(env.key(name))));
        }
    }
    for (field, words) in [("command", &container.command), ("args", &container.args)] {
        for (position, word) in words.iter().enumerate() {
            let flag = word.split_once('=').filter(|(name, text)| {
                let plain = name.starts_with('-') && !name.contains(char::is_whitespace);
                plain && named_secret(name) && literal(text)
            });
            let before = position.checked_sub(1).and_then(|before| words.get(before));
            let after = before.is_some_and(|name| {
                name.starts_with("--") && !name.contains('=') && named_secret(name)
            });
            let after = after && !word.starts_with('-') && literal(word);
            let place = Place::Value(container.path.field(field).index(position));
            if flag.is_some() || after {
                out.push(("the secret in an argument".into(), place));
            } else if let Some(what) = secret_in(word) {
                out.push((format!("{what} in an argument"), place));
            }
        }
    }
    for (path, file) in &container.files {
        let File::Text(text) = file else { continue };
        if let Some(what) = secret_in(text) {
            let place = Place::Key(container.path.field("files").key(path));
            out.push((format!("{what} in the file `{path}`"), place));
        }
    }
    out
}

/// Whether a variable or flag of this name holds a secret. `…_FILE` and the like end differently.
fn named_secret(name: &str) -> bool {
    let name: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| letter.to_ascii_uppercase())
        .collect();
    NAMES.iter().any(|ending| name.ends_with(ending))
}

/// Whether a value is the secret itself: neither empty, nor a switch, a path or a reference.
fn literal(text: &str) -> bool {
    let switch = ["true", "false", "yes", "no", "on", "off", "0", "1", "null", "none"];
    let elsewhere = text.starts_with('/') || text.contains("$(") || text.contains("${");
    !text.is_empty() && !elsewhere && !switch.contains(&text.to_ascii_lowercase().as_str())
}

/// What kind of secret a text holds, whatever its name.
fn secret_in(text: &str) -> Option<&'static str> {
    if text.contains("-----BEGIN ") && text.contains("PRIVATE KEY-----") {
        return Some("the private key");
    }
    if text.match_indices("://").any(|(at, mark)| password_in_url(&text[at + mark.len()..])) {
        return Some("the password in a URL");
    }
    let word = |c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-');
    text.split(word).any(token).then_some("the token")
}

/// Whether what follows `://` begins with `user:password@`.
fn password_in_url(rest: &str) -> bool {
    let ends = |c: char| c.is_whitespace() || "/?#\"'`<>".contains(c);
    let authority = &rest[..rest.find(ends).unwrap_or(rest.len())];
    let user = authority.rsplit_once('@').and_then(|(user, _)| user.split_once(':'));
    // A reference, a shell's variable and a template's field are filled in elsewhere.
    user.is_some_and(|(_, password)| !password.is_empty() && !password.contains(['$', '{', '*']))
}

/// Whether a word is a key or token of a well-known service, by the form that it gives them.
fn token(word: &str) -> bool {
    const FORMS: [(&str, usize); 12] = [
        ("ghp_", 36),
        ("gho_", 36),
        ("ghu_", 36),
        ("ghs_", 36),
        ("ghr_", 36),
        ("github_pat_", 22),
        ("glpat-", 20),
        ("xoxa-", 10),
        ("xoxb-", 10),
        ("xoxp-", 10),
        ("xoxr-", 10),
        ("xoxs-", 10),
    ];
    let amazon = word.strip_prefix("AKIA").is_some_and(|rest| {
        rest.len() == 16 && rest.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    });
    let fits = |(start, least): (&str, usize)| {
        word.strip_prefix(start).is_some_and(|rest| rest.len() >= least)
    };
    amazon || FORMS.into_iter().any(fits)
}
