//! What to write instead, for people who know other files: the words of Compose and Kubernetes, near
//! misses of values, and an example of what a field takes.

use serde_json::Value as Json;

use super::shape::{At, Grammar, as_written};
use crate::yaml::{Node, Scalar, Style};

/// A field of other files, in small letters without `_` and `-`; a field that a place must have for
/// the advice to be about it; and the advice.
type Word = (&'static str, &'static str, &'static str);

/// Later advice for the same word is for other places.
const WORDS: &[Word] = &[
    ("affinity", "placement", "write `placement: { nodes: … }`, `apart` or `together`"),
    ("build", "image", "remove it, and name in `image` what was built and pushed before"),
    ("capadd", "securityContext", "write `securityContext: { capabilities: { add: … } }`"),
    ("capdrop", "securityContext", "write `securityContext: { capabilities: { drop: … } }`"),
    ("configmaps", "files", "write `files: { PATH: … }`, or `{ config: NAME/KEY }` under `env`"),
    ("configs", "files", "write `files: { PATH: … }`, or `{ config: NAME/KEY }` under `env`"),
    ("configs", "components", "write `files` in the component that reads them"),
    ("containername", "aliases", "rename the component, or add the name to `aliases`"),
    ("containerport", "target", "did you mean `target`?"),
    (
        "containers",
        "image",
        "write `image` in the component itself, and further ones under `sidecars`",
    ),
    ("cron", "schedule", "did you mean `schedule`?"),
    ("deploy", "replicas", "write `replicas`, `resources` and `placement` in the component itself"),
    ("entrypoint", "command", "did you mean `command`?"),
    ("environment", "env", "did you mean `env`?"),
    ("environment", "environments", "did you mean `environments`?"),
    ("envfile", "env", "write each variable under `env`, or `{ secret: NAME/KEY }`"),
    ("envfrom", "env", "write each variable under `env`, or `{ secret: NAME/KEY }`"),
    ("envvars", "env", "did you mean `env`?"),
    ("healthcheck", "probes", "write `probes: { readiness: … }`"),
    ("hostname", "aliases", "rename the component, or add the name to `aliases`"),
    ("httpget", "http", "write `http: /PATH`, with `port` beside it"),
    ("imagepullpolicy", "imagePull", "did you mean `imagePull`?"),
    (
        "imagepullsecrets",
        "imagePull",
        "add them to the service account in the cluster, or with `patches`",
    ),
    ("ingress", "expose", "write `expose: { PORT: … }`"),
    ("initialdelayseconds", "initialDelay", "write `initialDelay: 5s`, with a unit"),
    ("interval", "period", "did you mean `period`?"),
    ("lifecycle", "rollout", "write `rollout: { stop: { delay: 5s } }`"),
    ("links", "dependsOn", "did you mean `dependsOn`?"),
    ("livenessprobe", "probes", "write `probes: { liveness: … }`"),
    ("maxreplicas", "max", "did you mean `max`?"),
    ("metadata", "components", "write `name` and `components`, or put the object under `raw`"),
    ("minreplicas", "min", "did you mean `min`?"),
    ("networks", "image", "remove it: components reach each other, and `policy` closes the rest"),
    (
        "networks",
        "components",
        "remove it: components reach each other, and `policy` closes the rest",
    ),
    ("nodeselector", "placement", "write `placement: { nodes: … }`"),
    ("periodseconds", "period", "write `period: 10s`, with a unit"),
    ("poddisruptionbudget", "disruption", "did you mean `disruption`?"),
    ("privileged", "probes", "write `securityContext: { privileged: true }`"),
    ("profiles", "image", "write `environments` of the app"),
    ("published", "target", "did you mean `port`?"),
    ("pullpolicy", "imagePull", "did you mean `imagePull`?"),
    ("readinessprobe", "probes", "write `probes: { readiness: … }`"),
    ("readonly", "probes", "write `securityContext: { readOnlyRootFilesystem: true }`"),
    ("requests", "limits", "write `cpu` and `memory` beside `limits`"),
    ("restart", "image", "remove it: what stops is started again, and `kind: job` runs once"),
    ("restartpolicy", "image", "remove it: what stops is started again, and `kind: job` runs once"),
    ("retries", "failureThreshold", "did you mean `failureThreshold`?"),
    ("retries", "traffic", "write `traffic: { retries: { attempts: 2 } }`"),
    ("scale", "replicas", "did you mean `replicas`?"),
    ("secrets", "files", "write `{ secret: NAME/KEY }` under `env` or `files`"),
    ("secrets", "components", "write `{ secret: NAME/KEY }` under `env` or `files` of a component"),
    ("securityopt", "securityContext", "did you mean `securityContext`?"),
    ("serviceaccountname", "serviceAccount", "did you mean `serviceAccount`?"),
    ("services", "components", "did you mean `components`?"),
    ("spec", "components", "write `name` and `components`, or put the object under `raw`"),
    ("startperiod", "initialDelay", "write a `startup` probe beside this one, or `initialDelay`"),
    ("startupprobe", "probes", "write `probes: { startup: … }`"),
    ("stopgraceperiod", "rollout", "write `rollout: { stop: { timeout: 30s } }`"),
    ("strategy", "rollout", "write `rollout: { strategy: … }`"),
    ("targetport", "target", "did you mean `target`?"),
    ("tcpsocket", "tcp", "did you mean `tcp`?"),
    ("terminationgraceperiodseconds", "rollout", "write `rollout: { stop: { timeout: 30s } }`"),
    ("test", "exec", "did you mean `exec`?"),
    ("timeout", "image", "write `traffic: { timeout: 2s }`"),
    ("timeoutseconds", "timeout", "write `timeout: 2s`, with a unit"),
    ("tmpfs", "volumes", "write `volumes: { PATH: memory }`"),
    ("tolerations", "placement", "write `placement: { tolerations: … }`"),
    ("user", "securityContext", "write `securityContext: { runAsUser: NUMBER }`"),
    ("volumemounts", "volumes", "did you mean `volumes`?"),
    ("volumes", "components", "write `volumes: { PATH: { size: 1Gi } }` in the component"),
];

/// What to write instead of a field of other files, in a place that has the fields for which `has`
/// is true.
pub(super) fn instead(written: &str, has: impl Fn(&str) -> bool) -> Option<&'static str> {
    let plain = |c: &char| !matches!(c, '_' | '-');
    let small: String = written.chars().filter(plain).map(|c| c.to_ascii_lowercase()).collect();
    let fits = |(word, field, _): &&Word| *word == small && has(field);
    WORDS.iter().find(fits).map(|(.., advice)| *advice)
}

/// Units as people write them, and ours.
const UNITS: [(&[&str], &[&str]); 15] = [
    (&["ms", "msec", "millis", "millisecond", "milliseconds"], &["ms"]),
    (&["s", "sec", "secs", "second", "seconds", ""], &["s"]),
    (&["m", "min", "mins", "minute", "minutes"], &["m"]),
    (&["h", "hr", "hrs", "hour", "hours"], &["h"]),
    (&["d", "day", "days"], &["d"]),
    (&["m", "millicore", "millicores", "mcpu"], &["m"]),
    (&["core", "cores", "cpu", "cpus", "vcpu", "b", "byte", "bytes"], &[""]),
    (&["k", "kb"], &["k", "Ki"]),
    (&["mb", "m"], &["M", "Mi"]),
    (&["gb", "g"], &["G", "Gi"]),
    (&["tb", "t"], &["T", "Ti"]),
    (&["kib", "ki"], &["Ki"]),
    (&["mib", "mi"], &["Mi"]),
    (&["gib", "gi"], &["Gi"]),
    (&["tib", "ti"], &["Ti"]),
];

/// What a text may have been meant to be, the likeliest first. What belongs together stands together.
fn meant(text: &str) -> Vec<Vec<String>> {
    let small = text.to_ascii_lowercase();
    let mut out = match &*small {
        "yes" | "on" => vec![vec!["true".to_owned()]],
        "no" | "off" => vec![vec!["false".to_owned()]],
        _ => Vec::new(),
    };
    let digits = small.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(small.len());
    let (number, unit) = (&small[..digits], small[digits..].trim());
    if !number.is_empty() {
        let known = UNITS.iter().filter(|(theirs, _)| theirs.contains(&unit));
        out.extend(
            known.map(|(_, ours)| ours.iter().map(|our| format!("{number}{our}")).collect()),
        );
    }
    out.extend([vec![small.replace(['_', ' '], "-")], vec![small]]);
    out
}

impl Grammar {
    /// How to write a scalar that a place refuses, where it is nearly right. Whatever is proposed,
    /// the place takes.
    pub(super) fn nearly(&self, node: &Node, at: At) -> Option<String> {
        let (place, scalar) = (at?, node.scalar()?);
        if node.is_null() || scalar.text.len() > 40 || !as_written(node, scalar) {
            return None;
        }
        let fits = |text: &str| {
            let plain = Scalar { text: text.into(), style: Style::Plain };
            self.accepts_scalar(&self.scalar(&plain, false, at), place)
        };
        if scalar.style != Style::Plain && fits(&scalar.text) {
            return Some("remove the quotes".into());
        }
        meant(&scalar.text).into_iter().find_map(|together| {
            let fitting: Vec<String> = together
                .into_iter()
                .filter(|text| *text != *scalar.text && fits(text))
                .map(|text| format!("`{text}`"))
                .collect();
            (!fitting.is_empty()).then(|| format!("did you mean {}?", fitting.join(" or ")))
        })
    }

    /// An example of what the field at a path takes, as it would be written.
    pub(super) fn example(&self, path: &[String]) -> Option<String> {
        let mut place = &self.schema;
        for step in path {
            let inside = self.resolved(place);
            let named = &inside["properties"][step];
            let ways = [named, &inside["additionalProperties"], &inside["items"]];
            place = ways.into_iter().find(|way| way.is_object())?;
        }
        let example = flow(&self.example_of(place, 3)?);
        let name = path.last().filter(|step| step.parse::<usize>().is_err());
        Some(match name {
            Some(name) => format!("{name}: {example}"),
            None => example,
        })
    }

    fn resolved<'s>(&'s self, place: &'s Json) -> &'s Json {
        match place["$ref"].as_str() {
            Some(target) => &self.schema["$defs"][target.trim_start_matches("#/$defs/")],
            None => place,
        }
    }

    /// The example that a place has, or one that is made of those inside it.
    fn example_of(&self, place: &Json, depth: usize) -> Option<Json> {
        let target = self.resolved(place);
        let own = [place, target].into_iter().find_map(|one| one["examples"].get(0));
        if own.is_some() || depth == 0 {
            return own.cloned();
        }
        let inside = |place: &Json| self.example_of(place, depth - 1);
        if target["items"].is_object() {
            return Some(Json::Array(vec![inside(&target["items"])?]));
        }
        let named =
            |(name, value): (String, Json)| Json::Object([(name, value)].into_iter().collect());
        if target["additionalProperties"].is_object() {
            let example = inside(&target["additionalProperties"])?;
            return Some(named(("NAME".into(), example)));
        }
        let fields = target["properties"].as_object()?;
        let required = target["required"].as_array().into_iter().flatten().filter_map(Json::as_str);
        let wanted: Vec<&str> =
            required.chain(fields.contains_key("image").then_some("image")).collect();
        let field = |(name, field): (&String, &Json)| Some((name.clone(), inside(field)?));
        if !wanted.is_empty() {
            let wanted = fields.iter().filter(|(name, _)| wanted.contains(&name.as_str()));
            return wanted.map(field).collect::<Option<serde_json::Map<_, _>>>().map(Json::Object);
        }
        fields.iter().find_map(field).map(named)
    }
}

/// JSON as people write it on one line.
fn flow(value: &Json) -> String {
    match value {
        Json::Object(fields) => {
            let field = |(name, value): (&String, &Json)| format!("{name}: {}", flow(value));
            let fields: Vec<String> = fields.iter().map(field).collect();
            format!("{{ {} }}", fields.join(", "))
        }
        Json::Array(items) => {
            let items: Vec<String> = items.iter().map(flow).collect();
            format!("[{}]", items.join(", "))
        }
        Json::String(text) => {
            let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@".contains(c);
            let first = text.trim_start_matches(['-', '/']);
            let word = first.starts_with(|c: char| c.is_ascii_alphabetic()) && !text.ends_with(':');
            match word && text.chars().all(plain) {
                true => text.clone(),
                false => value.to_string(),
            }
        }
        other => other.to_string(),
    }
}
