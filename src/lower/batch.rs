//! Jobs, once or by the clock.

use super::pod::Pod;
use super::view::{Body, CronJob, Job, JobSpec, Meta, Trace};
use crate::graph::Component;
use crate::model::{Concurrency, Duration, Restart};
use crate::source::Place;

/// The Job or CronJob of a component; `trace` gets where its own fields come from.
pub(super) fn lower(component: &Component, meta: Meta, pod: Pod, trace: &mut Trace) -> Body {
    let written = &component.job;
    let job = JobSpec {
        retries: written.retries,
        completions: written.completions,
        parallelism: written.parallelism,
        deadline: written.timeout.as_ref().map(Duration::seconds),
        ttl: written.ttl.as_ref().map(Duration::seconds),
        indexed: written.indexed == Some(true),
    };
    let root = if component.schedule.is_some() { "spec.jobTemplate.spec" } else { "spec" };
    let path = component.path.field("job");
    for (field, from, there) in [
        ("backoffLimit", "retries", job.retries.is_some()),
        ("completions", "completions", job.completions.is_some()),
        ("parallelism", "parallelism", job.parallelism.is_some()),
        ("activeDeadlineSeconds", "timeout", job.deadline.is_some()),
        ("ttlSecondsAfterFinished", "ttl", job.ttl.is_some()),
        ("completionMode", "indexed", job.indexed),
        ("template.spec.restartPolicy", "restart", written.restart.is_some()),
    ] {
        if there {
            trace.add(format!("{root}.{field}"), Place::Value(path.field(from)));
        }
    }
    let Some(schedule) = &component.schedule else { return Body::Job(Job { meta, job, pod }) };
    let path = component.path.field("schedule");
    // Of the short form, the field is the whole.
    for (field, from, there) in [
        ("schedule", "cron", true),
        ("timeZone", "timeZone", schedule.time_zone.is_some()),
        ("concurrencyPolicy", "concurrency", schedule.concurrency.is_some()),
        ("suspend", "suspend", schedule.suspend.is_some()),
        ("startingDeadlineSeconds", "startingDeadline", schedule.starting_deadline.is_some()),
        ("successfulJobsHistoryLimit", "keepSucceeded", schedule.keep_succeeded.is_some()),
        ("failedJobsHistoryLimit", "keepFailed", schedule.keep_failed.is_some()),
    ] {
        if there {
            trace.add(format!("spec.{field}"), Place::Value(path.field(from)));
        }
    }
    Body::CronJob(CronJob {
        meta,
        cron: schedule.cron.clone(),
        time_zone: schedule.time_zone.as_ref().map(|zone| zone.to_string()),
        concurrency: schedule.concurrency.map(Concurrency::name),
        suspend: schedule.suspend,
        starting_deadline: schedule.starting_deadline.as_ref().map(Duration::seconds),
        keep_succeeded: schedule.keep_succeeded,
        keep_failed: schedule.keep_failed,
        job,
        pod,
    })
}

/// What becomes of a job's containers that fail.
pub(super) fn restart(component: &Component) -> &'static str {
    component.job.restart.unwrap_or(Restart::OnFailure).name()
}
