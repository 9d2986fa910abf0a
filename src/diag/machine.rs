//! The reports for programs: JSON, SARIF 2.1.0, GitHub annotations, GitLab Code Quality.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Finding, Rule, Severity, Spot};
use crate::source::Sources;

fn spot(spot: &Spot, sources: &Sources) -> Value {
    let start = sources.position(spot.span.file, spot.span.start);
    let end = sources.position(spot.span.file, spot.span.end);
    json!({
        "file": sources.file(spot.span.file).name,
        "line": start.line,
        "column": start.column,
        "endLine": end.line,
        "endColumn": end.column,
        "message": spot.text,
    })
}

/// One JSON document, `weft.check/v1`: what the text report says, as data.
pub fn json(findings: &[Finding], sources: &Sources) -> String {
    let count = |severity| findings.iter().filter(|f| f.severity == severity).count();
    let diagnostics: Vec<Value> = findings
        .iter()
        .map(|finding| {
            json!({
                "code": finding.rule.code,
                "severity": finding.severity.word(),
                "message": finding.title,
                "place": spot(&finding.labels[0], sources),
                "related": finding.labels[1..].iter().map(|label| spot(label, sources)).collect::<Vec<_>>(),
                "help": finding.help,
                "environments": finding.environments,
            })
        })
        .collect();
    pretty(&json!({
        "schema": "weft.check/v1",
        "errors": count(Severity::Error),
        "warnings": count(Severity::Warning),
        "diagnostics": diagnostics,
    }))
}

/// SARIF 2.1.0, as code-scanning services read it.
pub fn sarif(findings: &[Finding], sources: &Sources, rules: &[&'static Rule]) -> String {
    let location = |label: &Spot| {
        let place = spot(label, sources);
        json!({
            "physicalLocation": {
                "artifactLocation": { "uri": uri(&place["file"]) },
                "region": {
                    "startLine": place["line"],
                    "startColumn": place["column"],
                    "endLine": place["endLine"],
                    "endColumn": place["endColumn"],
                },
            },
            "message": { "text": label.text },
        })
    };
    let described: Vec<Value> = rules
        .iter()
        .map(|rule| {
            json!({
                "id": rule.code,
                "shortDescription": { "text": rule.summary },
                "fullDescription": { "text": rule.explain },
                "defaultConfiguration": { "level": rule.severity.word() },
            })
        })
        .collect();
    let results: Vec<Value> = findings
        .iter()
        .map(|finding| {
            json!({
                "ruleId": finding.rule.code,
                "level": finding.severity.word(),
                "message": { "text": sentence(finding) },
                "locations": [location(&finding.labels[0])],
                "relatedLocations": finding.labels[1..].iter().map(location).collect::<Vec<_>>(),
            })
        })
        .collect();
    pretty(&json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "weft",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": described,
            } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    }))
}

/// SARIF wants a URI: only what cannot stand in one is escaped.
fn uri(name: &Value) -> String {
    let escape = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' | b'~' => {
            (byte as char).to_string()
        }
        other => format!("%{other:02X}"),
    };
    name.as_str().unwrap_or_default().bytes().map(escape).collect()
}

/// GitHub workflow commands, one line for each finding.
pub fn github(findings: &[Finding], sources: &Sources) -> String {
    let mut out = String::new();
    for finding in findings {
        let span = finding.span();
        let start = sources.position(span.file, span.start);
        let end = sources.position(span.file, span.end);
        // A column on a range of several lines is refused by the annotation reader.
        let columns = if start.line == end.line {
            format!(",col={},endColumn={}", start.column, end.column)
        } else {
            String::new()
        };
        out.push_str(&format!(
            "::{} file={},line={},endLine={}{columns},title={}::{}\n",
            finding.severity.word(),
            property(&sources.file(span.file).name),
            start.line,
            end.line,
            property(finding.rule.code),
            message(&sentence(finding)),
        ));
    }
    out
}

fn message(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}

/// GitLab Code Quality: a list of issues with a fingerprint each.
pub fn gitlab(findings: &[Finding], sources: &Sources) -> String {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let issues: Vec<Value> = findings
        .iter()
        .map(|finding| {
            let place = spot(&finding.labels[0], sources);
            // Lines move when others change; the count tells equal findings of one file apart.
            let same = format!("{}\0{}\0{}", finding.rule.code, place["file"], finding.title);
            let nth = seen.entry(same.clone()).or_default();
            *nth += 1;
            let identity = format!("{same}\0{nth}");
            json!({
                "description": sentence(finding),
                "check_name": finding.rule.code,
                "fingerprint": format!("{:016x}", crate::source::fingerprint(identity.as_bytes())),
                "severity": match finding.severity {
                    Severity::Error => "major",
                    Severity::Warning => "minor",
                },
                "location": {
                    "path": place["file"],
                    "lines": { "begin": place["line"], "end": place["endLine"] },
                },
            })
        })
        .collect();
    pretty(&Value::Array(issues))
}

/// Title, label and help as one text, for readers that show no snippet.
fn sentence(finding: &Finding) -> String {
    let mut text = finding.title.clone();
    if !finding.labels[0].text.is_empty() {
        text = format!("{text}: {}", finding.labels[0].text);
    }
    if let Some(help) = &finding.help {
        text = format!("{text} (help: {help})");
    }
    if !finding.environments.is_empty() {
        text = format!("{text} [environment {}]", finding.environments.join(", "));
    }
    text
}

fn pretty(value: &Value) -> String {
    // Printing a value that was just built cannot fail.
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text
}
