use super::Finder;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::source::Place;

/// `weights-not-100`: shares do not come to 100.
pub(super) static WEIGHTS_NOT_100: Rule = Rule {
    code: "weights-not-100",
    severity: Severity::Error,
    summary: "shares do not come to 100",
    explain: "A split is written in percent, so that a reader sees the share without arithmetic and a step of a rollout moves only the calls it means to move.",
    wrong: concat!(
        "governance: istio\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { prefix: [/] } }\n",
        "    versions: { v1: {}, v2: { image: example.com/web:2 } }\n",
        "    traffic: { split: { v1: 30, v2: 60 } }\n",
    ),
    right: concat!(
        "governance: istio\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { prefix: [/] } }\n",
        "    versions: { v1: {}, v2: { image: example.com/web:2 } }\n",
        "    traffic: { split: { v1: 30, v2: 70 } }\n",
    ),
};

/// Every split comes to exactly 100.
pub(super) fn check(find: &mut Finder<'_>) {
    for component in &find.graph.components {
        let traffic = &component.traffic;
        let whole = traffic.split.iter().map(|split| (split, (&traffic.path, &traffic.weights)));
        let rules = traffic
            .rules
            .iter()
            .filter_map(|rule| Some((rule.to.as_ref()?, (&rule.path, &rule.weights))));
        for (split, (path, weights)) in whole.chain(rules) {
            let total: u32 = split.iter().map(|share| u32::from(share.percent)).sum();
            if total == 100 {
                continue;
            }
            let path = path.field("split");
            let title = format!("shares of `{}` come to {total}, not 100", component.name);
            let mut diagnostic = Diagnostic::new(
                &WEIGHTS_NOT_100,
                title,
                Place::Key(path),
                format!("{total} in all"),
            );
            for share in split {
                let place = Place::Value(weights.key(&component.versions[share.version].name));
                diagnostic = diagnostic.also(place, share.percent.to_string());
            }
            let help = match hundred(split.iter().map(|share| share.percent), total) {
                Some(shares) => {
                    let named = split.iter().zip(shares);
                    let text: Vec<String> = named
                        .map(|(share, percent)| {
                            format!("{}: {percent}", component.versions[share.version].name)
                        })
                        .collect();
                    format!("the same proportions are `split: {{ {} }}`", text.join(", "))
                }
                None => "give some version a share".into(),
            };
            find.report(diagnostic.help(help));
        }
    }
}

/// The same proportions, coming to 100; the rounding goes to the greatest share.
fn hundred(shares: impl Iterator<Item = u8>, total: u32) -> Option<Vec<u32>> {
    if total == 0 {
        return None;
    }
    let mut scaled: Vec<u32> = shares.map(|share| u32::from(share) * 100 / total).collect();
    let sum: u32 = scaled.iter().sum();
    let greatest =
        scaled.iter().enumerate().max_by_key(|(at, share)| (**share, usize::MAX - at))?.0;
    scaled[greatest] += 100 - sum;
    Some(scaled)
}
