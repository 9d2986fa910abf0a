use super::Finder;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::model::Match;
use crate::source::Place;
use crate::traffic::{Expressions, covers, expressions};

/// `shadowed-rule`: a rule can never match.
pub(super) static SHADOWED_RULE: Rule = Rule {
    code: "shadowed-rule",
    severity: Severity::Error,
    summary: "a rule can never match",
    explain: "Rules are tried in order and the first that matches decides. A rule behind one that matches everything it could match is never reached. Put the narrower rule first.",
    wrong: concat!(
        "governance: istio\n",
        "components:\n",
        "  web:\n",
        "    image: example.com/web:1\n",
        "    ports: { http: 8080 }\n",
        "    expose: { http: { prefix: [/] } }\n",
        "    versions: { v1: {}, v2: { image: example.com/web:2 } }\n",
        "    traffic:\n",
        "      rules:\n",
        "        - { match: { headers: { team: { prefix: b } } }, to: v1 }\n",
        "        - { match: { headers: { team: books } }, to: v2 }\n",
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
        "      rules:\n",
        "        - { match: { headers: { team: books } }, to: v2 }\n",
        "        - { match: { headers: { team: { prefix: b } } }, to: v1 }\n",
        "      split: { v1: 100, v2: 0 }\n",
        "    propagates: [team]\n",
    ),
};

/// Rules hidden behind an earlier one.
pub(super) fn check(find: &mut Finder<'_>) {
    for component in &find.graph.components {
        let rules = &component.traffic.rules;
        let compiled = expressions(rules.iter().map(|rule| &rule.matches));
        if let (Some(_), Some(catch)) =
            (&component.traffic.split, rules.iter().position(|rule| takes_all(&rule.matches)))
        {
            let title = format!("the split of `{}` can never apply", component.name);
            let place = Place::Key(component.traffic.path.field("split"));
            let all = Place::Value(rules[catch].path.clone());
            let diagnostic = Diagnostic::new(&SHADOWED_RULE, title, place, "never reached")
                .also(all, format!("rule {} takes every call", catch + 1))
                .help("remove the split, or give the rule a `match`");
            find.report(diagnostic);
        }
        for (position, rule) in rules.iter().enumerate() {
            // A list of rules is written by hand and short; the first that hides is enough.
            let hiding = rules[..position]
                .iter()
                .position(|earlier| covers(&earlier.matches, &rule.matches, &compiled));
            let Some(earlier) = hiding else { continue };
            let title = format!("rule {} of `{}` can never match", position + 1, component.name);
            let diagnostic = Diagnostic::new(
                &SHADOWED_RULE,
                title,
                Place::Value(rule.path.clone()),
                "never reached",
            )
            .also(
                Place::Value(rules[earlier].path.clone()),
                format!("rule {} takes every call it could match", earlier + 1),
            )
            .help("put the narrower rule first, or remove it");
            find.report(diagnostic);
        }
    }
}

fn takes_all(matches: &Match) -> bool {
    covers(matches, &Match::default(), &Expressions::new())
}
