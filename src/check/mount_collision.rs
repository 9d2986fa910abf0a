use super::Finder;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::source::Place;

/// `mount-collision`: a file and a volume claim the same path.
pub(super) static MOUNT_COLLISION: Rule = Rule {
    code: "mount-collision",
    severity: Severity::Error,
    summary: "a file and a volume claim the same path",
    explain: "One path inside the container is one thing.",
    wrong: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "    files: { /data: { text: x } }\n",
        "    volumes: { /data: scratch }\n",
    ),
    right: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
        "    files: { /data/x: { text: x } }\n",
        "    volumes: { /data: scratch }\n",
    ),
};

/// Files and volumes have paths of their own.
pub(super) fn check(find: &mut Finder<'_>) {
    for container in find.graph.containers() {
        for path in container.files.keys().filter(|path| container.volumes.contains_key(*path)) {
            let title = format!("`{path}` is both a file and a volume");
            let file = Place::Key(container.path.field("files").key(path));
            let volume = Place::Key(container.path.field("volumes").key(path));
            let diagnostic = Diagnostic::new(&MOUNT_COLLISION, title, file, "a file")
                .also(volume, "a volume")
                .help("move one of them");
            find.report(diagnostic);
        }
    }
}
