use super::Finder;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::source::Place;

/// `latest-tag`: an image can change without the app changing.
pub(super) static LATEST_TAG: Rule = Rule {
    code: "latest-tag",
    severity: Severity::Warning,
    summary: "an image can change without the app changing",
    explain: "An image without a tag is `:latest`: whatever was pushed last when a node pulls it. Two pods of one version can then run different programs, and going back to an earlier build of the app does not bring the earlier program back. Write a tag that is not used again, or a digest.",
    wrong: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:latest\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
    ),
    right: concat!(
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1.4.0\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { via: load-balancer } }\n",
    ),
};

/// Images have a tag of their own, or a digest.
pub(super) fn check(find: &mut Finder<'_>) {
    for container in find.graph.containers() {
        let image = &*container.image;
        if image.is_empty() || image.contains('@') {
            continue;
        }
        // A colon before the last slash belongs to the registry's port.
        let name = image.rsplit('/').next().unwrap_or(image);
        let label = match name.split_once(':') {
            None => "no tag means `:latest`",
            Some((_, "latest")) => "whatever was pushed last",
            Some(_) => continue,
        };
        let title = format!("`{}` runs whatever image is the latest", container.name);
        let place = Place::Value(container.path.field("image"));
        let diagnostic = Diagnostic::new(&LATEST_TAG, title, place, label)
            .help("write the tag of a release, or a digest");
        find.report(diagnostic);
    }
}
