use super::Finder;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::model::Matcher;
use crate::source::Place;

/// `unreliable-header`: a rule looks at a header that proxies write.
pub(super) static UNRELIABLE_HEADER: Rule = Rule {
    code: "unreliable-header",
    severity: Severity::Warning,
    summary: "a rule looks at a header that proxies write",
    explain: "Proxies set `x-request-id` and the headers that begin with `x-envoy-` themselves, and remove what comes from outside, so a rule that looks at them goes by what the proxy wrote and not by what the caller sent. Hosts arrive in lower case, so a condition on `host` with a capital letter never holds.",
    wrong: concat!(
        "governance: istio\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { prefix: [/] } }\n",
        "    versions: { v1: {}, v2: { image: example.com/web:2 } }\n",
        "    traffic:\n",
        "      rules: [{ match: { headers: { x-request-id: { prefix: test- } } }, to: v2 }]\n",
        "      split: { v1: 100, v2: 0 }\n",
    ),
    right: concat!(
        "governance: istio\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { prefix: [/] } }\n",
        "    versions: { v1: {}, v2: { image: example.com/web:2 } }\n",
        "    traffic:\n",
        "      rules: [{ match: { headers: { x-test-id: { prefix: test- } } }, to: v2 }]\n",
        "      split: { v1: 100, v2: 0 }\n",
    ),
};

/// Headers in rules are those that callers send.
pub(super) fn check(find: &mut Finder<'_>) {
    for rule in find.graph.components.iter().flat_map(|component| &component.traffic.rules) {
        let root = rule.path.field("match").field("headers");
        for (name, matcher) in rule.matches.headers.iter().flatten() {
            let header = name.to_ascii_lowercase();
            let (title, label, help) = if header == "x-request-id" || header.starts_with("x-envoy-")
            {
                let title = format!("proxies write the header `{header}` themselves");
                (title, "not what the caller sent", "use a header of your own")
            } else if header == "host" && capital(matcher) {
                let title = "a host arrives in lower case".to_owned();
                (title, "never so", "write it in lower case")
            } else {
                continue;
            };
            let place = Place::Key(root.key(name));
            find.report(Diagnostic::new(&UNRELIABLE_HEADER, title, place, label).help(help));
        }
    }
}

fn capital(matcher: &Matcher) -> bool {
    match matcher.positive() {
        Matcher::Exact(text) | Matcher::Prefix(text) => {
            text.chars().any(|c| c.is_ascii_uppercase())
        }
        _ => false,
    }
}
