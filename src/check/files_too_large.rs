use super::Finder;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::graph::File;
use crate::source::Place;

/// `files-too-large`: the files of a component do not fit into a ConfigMap.
pub(super) static FILES_TOO_LARGE: Rule = Rule {
    code: "files-too-large",
    severity: Severity::Error,
    summary: "the files of a component do not fit into a ConfigMap",
    explain: "Files that weft ships travel in a ConfigMap, and Kubernetes limits its data to 1 MiB. Larger data belongs into the image or a volume.",
    wrong: concat!(
        "# the file big.bin has 2 MiB\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "    files: { /var/lib/big.bin: { file: big.bin } }\n",
    ),
    right: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "    files: { /etc/web.conf: { text: \"port = 8080\" } }\n",
    ),
};

/// What Kubernetes accepts in one ConfigMap, in bytes.
/// Source: `MaxSecretSize` in k8s.io/kubernetes/pkg/apis/core/types.go, used for ConfigMaps too.
const LIMIT: usize = 1024 * 1024;

/// Shipped files fit into one ConfigMap for each workload.
pub(super) fn check(find: &mut Finder<'_>) {
    for version in find.graph.components.iter().flat_map(|component| &component.versions) {
        let size = |file: &File| match file {
            File::Text(text) => text.len(),
            File::Bytes(bytes) => bytes.len(),
            File::Secret(..) | File::Config(..) => 0,
        };
        let total: usize =
            version.containers().flat_map(|container| container.files.values()).map(size).sum();
        if total > LIMIT {
            let title = format!("the files of `{}` have {total} bytes", version.workload);
            let place = Place::Key(version.path.field("files"));
            let label = format!("at most {LIMIT} bytes fit");
            let diagnostic = Diagnostic::new(&FILES_TOO_LARGE, title, place, label)
                .help("put large data into the image, or into a volume");
            find.report(diagnostic);
        }
    }
}
