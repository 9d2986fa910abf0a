//! Limits of a host, and when its pods are taken out.

use crate::graph::Traffic;
use crate::lower::view::{Breaker, Limit, Trace};
use crate::model::{Duration, Percent};
use crate::source::Place;

/// The traffic policy of a host, in Istio's words.
pub(in crate::lower::governance) fn breaker(
    traffic: &Traffic,
    trace: &mut Trace,
) -> Option<Breaker> {
    let breaker = traffic.breaker.as_ref()?;
    let path = traffic.path.field("circuitBreaker");
    let eject = breaker.eject.clone().unwrap_or_default();
    let count = |value: Option<u32>| value.map(Limit::Count);
    let time = |value: &Option<Duration>| value.as_ref().map(|time| Limit::Time(time.proto()));
    let share = |value: Option<Percent>| value.map(|percent| Limit::Count(u32::from(percent.0)));
    let mut fields = |group: &str, below: Option<&'static str>, written: Vec<Written>| {
        let mut out = Vec::new();
        for (own, theirs, value) in written {
            let Some(value) = value else { continue };
            let path = below.map_or_else(|| path.clone(), |below| path.field(below));
            let field = format!("spec.trafficPolicy.{group}.{theirs}");
            trace.add(field, Place::Value(path.field(own)));
            out.push((theirs, value));
        }
        out
    };
    Some(Breaker {
        tcp: fields(
            "connectionPool.tcp",
            None,
            vec![
                ("connections", "maxConnections", count(breaker.connections)),
                ("connectTimeout", "connectTimeout", time(&breaker.connect_timeout)),
            ],
        ),
        http: fields(
            "connectionPool.http",
            None,
            vec![
                ("pending", "http1MaxPendingRequests", count(breaker.pending)),
                ("requests", "http2MaxRequests", count(breaker.requests)),
                (
                    "requestsPerConnection",
                    "maxRequestsPerConnection",
                    count(breaker.requests_per_connection),
                ),
                ("retries", "maxRetries", count(breaker.retries)),
            ],
        ),
        eject: fields(
            "outlierDetection",
            Some("eject"),
            vec![
                ("errors", "consecutive5xxErrors", count(eject.errors)),
                ("gatewayErrors", "consecutiveGatewayErrors", count(eject.gateway_errors)),
                ("interval", "interval", time(&eject.interval)),
                ("time", "baseEjectionTime", time(&eject.time)),
                ("percent", "maxEjectionPercent", share(eject.percent)),
                ("minHealthy", "minHealthPercent", share(eject.min_healthy)),
            ],
        ),
    })
}

/// A field in the file's words and in Istio's, and its value.
type Written = (&'static str, &'static str, Option<Limit>);
