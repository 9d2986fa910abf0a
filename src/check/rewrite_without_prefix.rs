use super::Finder;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::model::Matcher;
use crate::source::Place;

/// `rewrite-without-prefix`: a rewrite has no prefix to replace, or two paths to put in.
pub(super) static REWRITE_WITHOUT_PREFIX: Rule = Rule {
    code: "rewrite-without-prefix",
    severity: Severity::Error,
    summary: "a rewrite has no prefix to replace, or two paths to put in",
    explain: "`rewrite: { prefix: … }` puts another text in place of the prefix that the rule matches, so the rule must match one: `match: { path: { prefix: … } }`. To replace the whole path, whatever it is, write `rewrite: { path: … }`; a path can be replaced in one of the two ways.",
    wrong: concat!(
        "governance: istio\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { prefix: [/] } }\n",
        "    traffic:\n",
        "      rules: [{ match: { path: /old }, rewrite: { prefix: /new } }]\n",
    ),
    right: concat!(
        "governance: istio\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { prefix: [/] } }\n",
        "    traffic:\n",
        "      rules: [{ match: { path: { prefix: /old } }, rewrite: { prefix: /new } }]\n",
    ),
};

/// A prefix is replaced only where a prefix is matched.
pub(super) fn check(find: &mut Finder<'_>) {
    for rule in find.graph.components.iter().flat_map(|component| &component.traffic.rules) {
        let Some(rewrite) = &rule.rewrite else { continue };
        if rewrite.prefix.is_none() {
            continue;
        }
        let path = rule.path.field("rewrite");
        let place = Place::Key(path.field("prefix"));
        let diagnostic = if rewrite.path.is_some() {
            Diagnostic::new(
                &REWRITE_WITHOUT_PREFIX,
                "a rewrite has both `path` and `prefix`",
                place,
                "replaces a part of the path",
            )
            .also(Place::Key(path.field("path")), "replaces all of it")
            .help("keep one of the two")
        } else if matches!(rule.matches.path, Some(Matcher::Prefix(_))) {
            continue;
        } else {
            Diagnostic::new(
                &REWRITE_WITHOUT_PREFIX,
                "a rewrite replaces a prefix, but its rule matches none",
                place,
                "in place of what?",
            )
            .help("add `path: { prefix: … }` to the `match`, or use `rewrite: { path: … }`")
        };
        find.report(diagnostic);
    }
}
