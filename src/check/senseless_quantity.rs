use super::Finder;
use super::limit_below_request::amount;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::graph::{Container, Source};
use crate::source::{Path, Place};

/// `senseless-quantity`: an amount that no machine has, or that nothing fits into.
pub(super) static SENSELESS_QUANTITY: Rule = Rule {
    code: "senseless-quantity",
    severity: Severity::Error,
    summary: "an amount that no machine has, or that nothing fits into",
    explain: "`m` is a thousandth: `cpu: 100m` is a tenth of a processor, and `memory: 64m` is less than a byte. Processors are counted in ones (`2`) or thousandths (`500m`), never in `Mi`; bytes in `Mi` or `Gi`, because a plain `64` is 64 bytes.",
    wrong: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    resources: { memory: 64m }\n",
        "    expose: { http: { via: load-balancer } }\n",
    ),
    right: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    resources: { memory: 64Mi }\n",
        "    expose: { http: { via: load-balancer } }\n",
    ),
};

/// Amounts are such as machines have.
pub(super) fn check(find: &mut Finder<'_>) {
    for container in find.graph.containers() {
        for (quantity, path, cpu) in written(container) {
            let found = if cpu { processors(quantity) } else { bytes(quantity) };
            let Some((label, help)) = found else { continue };
            let what = if cpu { "processor time" } else { "bytes" };
            let title = format!("`{quantity}` is no sensible amount of {what}");
            let place = Place::Value(path);
            find.report(Diagnostic::new(&SENSELESS_QUANTITY, title, place, label).help(help));
        }
    }
}

/// Every amount of a container, with its place, and whether it is processor time.
fn written(container: &Container) -> Vec<(&str, Path, bool)> {
    let path = container.path.field("resources");
    let resources = &container.resources;
    let mut groups = vec![(path.clone(), &resources.cpu, &resources.memory)];
    if let Some(limits) = &resources.limits {
        groups.push((path.field("limits"), &limits.cpu, &limits.memory));
    }
    let mut out: Vec<(&str, Path, bool)> = Vec::new();
    for (path, cpu, memory) in groups {
        out.extend(cpu.as_ref().map(|cpu| (&**cpu, path.field("cpu"), true)));
        out.extend(memory.as_ref().map(|memory| (&**memory, path.field("memory"), false)));
    }
    for (target, volume) in &container.volumes {
        let path = container.path.field("volumes").key(target).field("size");
        match &volume.source {
            Source::Persistent { size, .. } | Source::Scratch(_, Some(size)) => {
                out.push((size, path, false));
            }
            _ => {}
        }
    }
    out
}

fn processors(quantity: &str) -> Option<(String, String)> {
    let digits = quantity.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = &quantity[digits.len()..];
    if !matches!(unit, "" | "m") && !unit.starts_with(['e', 'E']) {
        let label = format!("`{unit}` counts bytes");
        return Some((label, format!("write processors or thousandths of one: `{digits}m`")));
    }
    // The largest machines that clouds rent out have fewer.
    let cores = amount(quantity);
    (cores >= 1000.0).then(|| {
        let help = match unit {
            "" => format!("write `{quantity}m` for thousandths of a processor"),
            _ => "write less than 1000 processors".into(),
        };
        (format!("{cores} processors"), help)
    })
}

fn bytes(quantity: &str) -> Option<(String, String)> {
    // No program starts in less, and no file system is smaller.
    const LEAST: f64 = 65_536.0;
    let count = amount(quantity);
    let digits = quantity.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let label = match quantity.strip_suffix('m') {
        Some(_) => "thousandths of a byte".to_owned(),
        None => format!("{count} bytes"),
    };
    (count < LEAST).then(|| (label, format!("write `{digits}Mi`")))
}
