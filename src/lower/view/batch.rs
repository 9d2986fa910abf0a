//! What runs to its end.

use serde::Serialize;

use super::Meta;
use crate::lower::pod::Pod;

/// Pods that run to their end, once.
#[derive(Debug, Serialize)]
pub struct Job {
    /// Name and labels.
    pub meta: Meta,
    /// How they run.
    pub job: JobSpec,
    /// The pods.
    pub pod: Pod,
}

/// How a job runs; what is absent is left to Kubernetes. Times are in seconds.
#[derive(Debug, Serialize)]
pub struct JobSpec {
    /// Failed pods before the job has failed.
    pub retries: Option<u32>,
    /// Pods that must succeed.
    pub completions: Option<u32>,
    /// Pods at the same time.
    pub parallelism: Option<u32>,
    /// The longest that the job may take.
    pub deadline: Option<u64>,
    /// How long it is kept after its end.
    pub ttl: Option<u64>,
    /// Whether each pod has a number.
    pub indexed: bool,
}

/// Jobs by the clock; what is absent is left to Kubernetes.
#[derive(Debug, Serialize)]
pub struct CronJob {
    /// Name and labels.
    pub meta: Meta,
    /// The cron expression.
    pub cron: String,
    /// Its time zone.
    pub time_zone: Option<String>,
    /// What to do when the job before has not ended.
    pub concurrency: Option<&'static str>,
    /// Whether no job begins.
    pub suspend: Option<bool>,
    /// How late a job may begin, in seconds.
    pub starting_deadline: Option<u64>,
    /// Jobs that succeeded and are kept.
    pub keep_succeeded: Option<u32>,
    /// Jobs that failed and are kept.
    pub keep_failed: Option<u32>,
    /// How each job runs.
    pub job: JobSpec,
    /// The pods of each job.
    pub pod: Pod,
}
