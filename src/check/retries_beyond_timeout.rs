use super::Finder;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::model::{Duration, Retries};
use crate::source::Place;

/// `retries-beyond-timeout`: the timeout ends a call before its retries.
pub(super) static RETRIES_BEYOND_TIMEOUT: Rule = Rule {
    code: "retries-beyond-timeout",
    severity: Severity::Warning,
    summary: "the timeout ends a call before its retries",
    explain: "The timeout is for the call with all its tries. If it is shorter than the tries together, the last of them never happen.",
    wrong: concat!(
        "governance: istio\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { prefix: [/] } }\n",
        "    traffic: { timeout: 1s, retries: { attempts: 3, perTry: 500ms } }\n",
    ),
    right: concat!(
        "governance: istio\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { prefix: [/] } }\n",
        "    traffic: { timeout: 2s, retries: { attempts: 3, perTry: 500ms } }\n",
    ),
};

/// Tries fit into the timeout, for the component and for each rule.
pub(super) fn check(find: &mut Finder<'_>) {
    for component in &find.graph.components {
        let traffic = &component.traffic;
        let whole = (traffic.retries.as_ref(), traffic.timeout.as_ref(), &traffic.path);
        // A rule that changes neither repeats what is said of the component.
        let own = traffic.rules.iter().filter(|r| r.retries.is_some() || r.timeout.is_some());
        let rules = own.map(|rule| {
            let retries = rule.retries.as_ref().or(traffic.retries.as_ref());
            (retries, rule.timeout.as_ref().or(traffic.timeout.as_ref()), &rule.path)
        });
        for (retries, timeout, path) in std::iter::once(whole).chain(rules) {
            let Some((needed, timeout)) = beyond(retries, timeout) else { continue };
            let title =
                format!("the timeout of `{}` ends its calls before their retries", component.name);
            let label = format!("{timeout} for all tries, which can take {needed} ms");
            let place = Place::Key(path.clone());
            let diagnostic = Diagnostic::new(&RETRIES_BEYOND_TIMEOUT, title, place, label)
                .help("raise the timeout, or lower `attempts` or `perTry`");
            find.report(diagnostic);
        }
    }
}

/// What all tries need, in milliseconds, if the timeout is shorter.
fn beyond<'t>(
    retries: Option<&Retries>,
    timeout: Option<&'t Duration>,
) -> Option<(u64, &'t Duration)> {
    let (Some(Retries::Policy(policy)), Some(timeout)) = (retries, timeout) else { return None };
    let needed = policy.per_try.as_ref()?.millis().saturating_mul(u64::from(policy.attempts) + 1);
    (needed > timeout.millis()).then_some((needed, timeout))
}
