use super::Finder;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::graph::Component;
use crate::model::Kind;
use crate::source::Place;

/// `malformed-schedule`: a cronjob does not say when it runs, or not as Kubernetes reads it.
pub(super) static MALFORMED_SCHEDULE: Rule = Rule {
    code: "malformed-schedule",
    severity: Severity::Error,
    summary: "a cronjob does not say when it runs, or not as Kubernetes reads it",
    explain: "A schedule has five fields: minute (0 to 59), hour (0 to 23), day of the month (1 to 31), month (1 to 12, or `jan` to `dec`), day of the week (0 to 6 from Sunday, or `sun` to `sat`). Each is `*`, a number, a range `1-5`, a list `1,3`, with a step behind `/`. Or it is one word: `@hourly`, `@daily`, `@midnight`, `@weekly`, `@monthly`, `@yearly`, `@annually`. The time zone has a field of its own, `timeZone`.",
    wrong: concat!(
        "components:\n",
        "  report:\n",
        "    kind: cronjob\n",
        "    image: example.com/report:1\n",
        "    schedule: \"0 3 * * 7\"\n",
    ),
    right: concat!(
        "components:\n",
        "  report:\n",
        "    kind: cronjob\n",
        "    image: example.com/report:1\n",
        "    schedule: \"0 3 * * 0\"\n",
    ),
};

/// Cronjobs have a schedule that Kubernetes understands, and that comes to pass.
pub(super) fn check(find: &mut Finder<'_>) {
    for component in find.graph.components.iter().filter(|one| one.kind == Kind::CronJob) {
        let Some(fault) = fault(component) else { continue };
        let path = component.path.field("schedule");
        let place = match fault.field {
            Some(field) => Place::Value(path.field(field)),
            None => Place::Key(component.path.clone()),
        };
        let diagnostic = Diagnostic::new(&MALFORMED_SCHEDULE, fault.title, place, fault.label);
        find.report(diagnostic.help(fault.help));
    }
}

/// What is wrong, where below the schedule, and what to do about it.
struct Fault {
    title: String,
    field: Option<&'static str>,
    label: String,
    help: String,
}

fn fault(component: &Component) -> Option<Fault> {
    let name = &component.name;
    let Some(schedule) = &component.schedule else {
        return Some(Fault {
            title: format!("cronjob `{name}` has no schedule"),
            field: None,
            label: "when does it run?".into(),
            help: "add `schedule: \"0 3 * * *\"`, for every day at three".into(),
        });
    };
    if let Err((label, help)) = read(&schedule.cron) {
        let title = format!("Kubernetes cannot read the schedule of `{name}`");
        return Some(Fault { title, field: Some("cron"), label, help });
    }
    // Source: `validateTimeZone` in k8s.io/kubernetes/pkg/apis/batch/validation.
    let local = schedule.time_zone.as_ref().filter(|zone| zone.eq_ignore_ascii_case("local"));
    local.map(|_| Fault {
        title: format!("cronjob `{name}` has a time zone that is none"),
        field: Some("timeZone"),
        label: "Kubernetes does not know where it is".into(),
        help: "name a zone, such as `Europe/Berlin`".into(),
    })
}

/// One field of an expression: its name, its least and greatest number, and words for some of them.
struct Field(&'static str, usize, usize, &'static [&'static str]);

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const FIELDS: [Field; 5] = [
    Field("minute", 0, 59, &[]),
    Field("hour", 0, 23, &[]),
    Field("day of the month", 1, 31, &[]),
    Field("month", 1, 12, &MONTHS),
    Field("day of the week", 0, 6, &DAYS),
];
/// Days of each month, in a leap year.
const LENGTHS: [usize; 12] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const WORDS: [&str; 7] =
    ["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"];

/// Reads a cron expression as `ParseStandard` of github.com/robfig/cron/v3 does, which is what
/// Kubernetes uses; or says what is wrong with it and what to do.
fn read(cron: &str) -> Result<(), (String, String)> {
    if cron.contains("TZ") {
        let label = "Kubernetes takes no time zone here";
        return Err((label.into(), "write it as `schedule: { cron: …, timeZone: … }`".into()));
    }
    if cron.starts_with('@') {
        return match WORDS.contains(&cron) {
            true => Ok(()),
            false => Err((
                "no such word".into(),
                crate::diag::did_you_mean(cron, WORDS).unwrap_or_default(),
            )),
        };
    }
    let parts: Vec<&str> = cron.split_whitespace().collect();
    if parts.len() != FIELDS.len() {
        let label = match parts.len() {
            1 => "one field where five are needed".to_owned(),
            count => format!("{count} fields where five are needed"),
        };
        let help = "write minute, hour, day of the month, month, day of the week: `\"0 3 * * *\"`";
        return Err((label, help.into()));
    }
    let mut sets: Vec<Vec<usize>> = Vec::with_capacity(FIELDS.len());
    for (text, field) in parts.iter().zip(&FIELDS) {
        let mut numbers = Vec::new();
        for item in text.split(',') {
            numbers.extend(field.numbers(item)?);
        }
        sets.push(numbers);
    }
    // A day of the week is an alternative to the day of the month, not a further condition.
    let any_day = ["*", "?"].iter().any(|any| parts[2].starts_with(any));
    let any_weekday = ["*", "?"].iter().any(|any| parts[4].starts_with(any));
    let exists = |month: &usize| sets[2].iter().any(|day| *day <= LENGTHS[month - 1]);
    if !any_day && any_weekday && !sets[3].iter().any(exists) {
        let label = "there is no such day in any year";
        return Err((label.into(), "choose a day that the month has".into()));
    }
    Ok(())
}

impl Field {
    /// The numbers of one item: `*`, `n`, `n-m`, each perhaps with `/step`.
    fn numbers(&self, item: &str) -> Result<Vec<usize>, (String, String)> {
        let Self(name, least, greatest, words) = self;
        let what = match words {
            [] => format!("a {name} is a number from {least} to {greatest}"),
            [first, .., last] => {
                format!("a {name} is a number from {least} to {greatest}, or `{first}` to `{last}`")
            }
            [_] => unreachable!("no field has one word"),
        };
        let wrong = |text: &str| (format!("`{text}` is no {name}"), what.clone());
        let number = |text: &str| {
            let lower = text.to_ascii_lowercase();
            let word = words.iter().position(|word| *word == lower).map(|at| at + least);
            let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            let number = word.or_else(|| plain.then(|| text.parse().ok()).flatten());
            number.filter(|number| (*least..=*greatest).contains(number)).ok_or_else(|| wrong(text))
        };
        let (range, step) = match item.split_once('/') {
            Some((range, step)) => (range, Some(step)),
            None => (item, None),
        };
        let (from, to) = match range.split_once('-') {
            Some((from, to)) => (number(from)?, number(to)?),
            None if range == "*" || range == "?" => (*least, *greatest),
            // `5/10` begins at five and goes on to the end.
            None if step.is_some() => (number(range)?, *greatest),
            None => (number(range)?, number(range)?),
        };
        if from > to {
            let label = format!("`{range}` ends before it begins");
            return Err((label, format!("write two ranges: `{from}-{greatest},{least}-{to}`")));
        }
        let plain = |step: &&str| !step.is_empty() && step.bytes().all(|b| b.is_ascii_digit());
        let step = match step {
            None => 1,
            Some(text) => match Some(text).filter(plain).and_then(|step| step.parse().ok()) {
                Some(step) if step > 0 => step,
                _ => {
                    let label = format!("`{text}` is no step");
                    return Err((label, "give a number of at least 1 behind `/`".into()));
                }
            },
        };
        Ok((from..=to).step_by(step).collect())
    }
}
