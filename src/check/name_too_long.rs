use super::Finder;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::model::{Governance, Job, Kind, Via};
use crate::source::{Path, Place};

/// `name-too-long`: a name is too long for what is made of it.
pub(super) static NAME_TOO_LONG: Rule = Rule {
    code: "name-too-long",
    severity: Severity::Error,
    summary: "a name is too long for what is made of it",
    explain: "Services and the pods of a StatefulSet have names of at most 63 characters (RFC 1123), and weft adds to some of them: `-<version>` for versions, `-headless` for the pods of one, `-external` for load balancers, and Kubernetes adds eleven characters to the pods of a StatefulSet and to the jobs of a CronJob.",
    wrong: concat!(
        "components:\n",
        "  a-component-with-a-name-so-long-that-nothing-can-be-added:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
    ),
    right: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
    ),
};

/// The room for the number of a pod of an indexed job, which stands behind its name.
fn index(job: &Job) -> usize {
    let last = job.completions.unwrap_or(1).saturating_sub(1);
    if job.indexed == Some(true) { 1 + last.to_string().len() } else { 0 }
}

/// Names derived from a component's must still be DNS labels.
pub(super) fn check(find: &mut Finder<'_>) {
    const LONGEST: usize = 63;
    for component in &find.graph.components {
        let mut names: Vec<(String, &'static str, Path)> = Vec::new();
        for version in &component.versions {
            let (room, what) = match component.kind {
                // The label `controller-revision-hash` is the name, a dash and ten characters.
                Kind::StatefulSet => (11, "the revision label of its StatefulSet"),
                // Each of its jobs is the name, a dash and ten digits.
                Kind::CronJob => (11 + index(&component.job), "the jobs of its CronJob"),
                Kind::Job => (index(&component.job), "the pods of its Job"),
                _ => (0, "its workload"),
            };
            let name = format!("{}{}", version.workload, "x".repeat(room));
            names.push((name, what, version.path.clone()));
        }
        for (via, name) in component.blind_entries() {
            let what = if via == Via::NodePort { "its node port" } else { "its load balancer" };
            names.push((name, what, component.path.field("expose")));
        }
        if component.kind == Kind::StatefulSet {
            let name = component.headless_name();
            names.push((name, "the Service that names its pods", component.path.clone()));
        }
        if find.graph.governance == Governance::Envoy && component.kind != Kind::External {
            let versions =
                component.versions.iter().filter(|_| component.kind != Kind::StatefulSet);
            let what = "the Service that names the pods of a version";
            names.extend(versions.map(|v| (component.pods_name(v), what, v.path.clone())));
        }
        let dapr = find.graph.governance == Governance::Dapr && find.graph.meshed(component);
        for version in component.versions.iter().filter(|_| dapr) {
            let name = format!("{}-dapr", component.app_id(version));
            names.push((name, "the Service that Dapr gives it", version.path.clone()));
        }
        for (name, what, path) in names {
            if name.len() <= LONGEST {
                continue;
            }
            let title = format!("`{}` is too long a name for {what}", component.name);
            let label = format!("{} characters where at most {LONGEST} fit", name.len());
            let diagnostic = Diagnostic::new(&NAME_TOO_LONG, title, Place::Key(path), label)
                .help(format!("shorten the name by {} characters", name.len() - LONGEST));
            find.report(diagnostic);
        }
    }
}
