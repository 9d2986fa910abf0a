//! What runs to its end: jobs, once or by the clock.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer};
use serde_json::json;

use super::schema::{EXPECTED, SHORT, with_short};
use super::{Duration, TimeZone, Wait};

/// When a cronjob runs.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// The cron expression.
    pub cron: String,
    /// The time zone of the expression; without it that of the cluster's controller.
    pub time_zone: Option<TimeZone>,
    /// What to do when the run before has not ended.
    pub concurrency: Option<Concurrency>,
    /// Whether no run begins.
    pub suspend: Option<bool>,
    /// How late a run may begin.
    pub starting_deadline: Option<Duration>,
    /// How many jobs that succeeded are kept.
    pub keep_succeeded: Option<u32>,
    /// How many jobs that failed are kept.
    pub keep_failed: Option<u32>,
}

/// What to do when a run is due and the one before has not ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Concurrency {
    /// Run both.
    Allow,
    /// Leave out the new one.
    Forbid,
    /// End the old one.
    Replace,
}

impl Concurrency {
    /// Kubernetes' name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Allow => "Allow",
            Self::Forbid => "Forbid",
            Self::Replace => "Replace",
        }
    }
}

/// How a job runs to its end.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct Job {
    /// How often a failed pod is tried again before the job has failed. Kubernetes' default is 6.
    #[schemars(range(max = 1000), example = 2)]
    pub retries: Option<u32>,
    /// How many pods must succeed. Without it: one.
    #[schemars(range(min = 1, max = 100_000), example = 5)]
    pub completions: Option<u32>,
    /// How many pods run at the same time. Without it: one.
    #[schemars(range(min = 1, max = 100_000), example = 2)]
    pub parallelism: Option<u32>,
    /// How long the whole job may take; then it has failed.
    #[schemars(example = &"1h")]
    pub timeout: Option<Duration>,
    /// How long the job is kept after its end. Without it: until somebody deletes it.
    #[schemars(with = "Option<Wait>", example = &"24h")]
    pub ttl: Option<Duration>,
    /// What becomes of a container that failed. Without it: `on-failure`.
    #[schemars(example = &"never")]
    pub restart: Option<Restart>,
    /// Whether each pod has a number of its own, from 0, in `JOB_COMPLETION_INDEX`.
    #[schemars(example = true)]
    pub indexed: Option<bool>,
}

/// What becomes of a container of a job that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Restart {
    /// Another pod takes its place; the failed one stays to be looked at.
    Never,
    /// It is started again in its pod.
    OnFailure,
}

impl Restart {
    /// Kubernetes' name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Never => "Never",
            Self::OnFailure => "OnFailure",
        }
    }
}

/// The long form of a schedule.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct LongSchedule {
    /// The cron expression: minute, hour, day of the month, month, day of the week; or a word such as `@daily`.
    #[schemars(example = &"0 3 * * *")]
    cron: String,
    /// The IANA time zone of the expression. Without it: that of the cluster's controller, mostly UTC.
    #[schemars(example = &"Europe/Berlin")]
    time_zone: Option<TimeZone>,
    /// What to do when the run before has not ended. Without it: `allow`.
    #[schemars(example = &"forbid")]
    concurrency: Option<Concurrency>,
    /// Whether no run begins until this is taken back. Without it: `false`.
    #[schemars(example = true)]
    suspend: Option<bool>,
    /// How late a run may begin before it is left out. Without it: any time.
    #[schemars(example = &"10m")]
    starting_deadline: Option<Duration>,
    /// How many jobs that succeeded are kept. Kubernetes' default is 3.
    #[schemars(range(max = 1000), example = 1)]
    keep_succeeded: Option<u32>,
    /// How many jobs that failed are kept. Kubernetes' default is 1.
    #[schemars(range(max = 1000), example = 5)]
    keep_failed: Option<u32>,
}

impl JsonSchema for Schedule {
    fn schema_name() -> Cow<'static, str> {
        "Schedule".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let short = json!({
            "type": "string", "examples": ["0 3 * * *"],
            SHORT: "cron",
            EXPECTED: "a cron expression in quotes, or a mapping with `cron`",
        });
        let description = "When a cronjob runs: a cron expression, or a mapping with more to say.";
        with_short::<LongSchedule>(generator, short, description)
    }
}

impl<'de> Deserialize<'de> for Schedule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Cron(String),
            Long(Box<LongSchedule>),
        }
        let long = match Form::deserialize(deserializer)? {
            Form::Long(long) => *long,
            Form::Cron(cron) => LongSchedule {
                cron,
                time_zone: None,
                concurrency: None,
                suspend: None,
                starting_deadline: None,
                keep_succeeded: None,
                keep_failed: None,
            },
        };
        Ok(Self {
            cron: long.cron,
            time_zone: long.time_zone,
            concurrency: long.concurrency,
            suspend: long.suspend,
            starting_deadline: long.starting_deadline,
            keep_succeeded: long.keep_succeeded,
            keep_failed: long.keep_failed,
        })
    }
}
