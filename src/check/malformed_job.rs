use super::Finder;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::source::Place;

/// `malformed-job`: the settings of a job contradict each other.
pub(super) static MALFORMED_JOB: Rule = Rule {
    code: "malformed-job",
    severity: Severity::Error,
    summary: "the settings of a job contradict each other",
    explain: "The pods of an indexed job are numbered from 0 to one less than `completions`, so there must be `completions`.",
    wrong: concat!(
        "components:\n",
        "  resize:\n",
        "    kind: job\n",
        "    image: example.com/resize:1\n",
        "    job: { indexed: true, parallelism: 3 }\n",
    ),
    right: concat!(
        "components:\n",
        "  resize:\n",
        "    kind: job\n",
        "    image: example.com/resize:1\n",
        "    job: { indexed: true, completions: 9, parallelism: 3 }\n",
    ),
};

/// What an API server would refuse.
/// Source: `validateJobSpec` in k8s.io/kubernetes/pkg/apis/batch/validation.
pub(super) fn check(find: &mut Finder<'_>) {
    for component in find.graph.components.iter().filter(|one| one.kind.ends()) {
        if component.job.indexed != Some(true) || component.job.completions.is_some() {
            continue;
        }
        let title = format!("`{}` is indexed, but has no `completions`", component.name);
        let place = Place::Value(component.path.field("job").field("indexed"));
        let diagnostic = Diagnostic::new(&MALFORMED_JOB, title, place, "up to which number?")
            .help("add `completions:`");
        find.report(diagnostic);
    }
}
