//! What Istio without sidecars can do with calls: what an HTTPRoute of the standard channel says and a
//! waypoint follows.

use crate::traffic::capability::matrix::{Cell, EXACT, Feature, impossible};

const NO_MATCH: &str = "there is no such match in a route of Gateway API";

/// The column of the mode. Source: the reference of Gateway API, and `convertHTTPRoute` in
/// istio.io/istio/pilot.
pub(crate) fn cell(feature: Feature) -> Cell {
    match feature {
        Feature::HeaderAbsence
        | Feature::PathText
        | Feature::PathNegation
        | Feature::QueryAbsence => impossible(NO_MATCH),
        Feature::SeveralCookies => {
            impossible("all cookies are one header, and it has one condition")
        }
        // Source: `sourceLabels` in istio.io/istio/pilot/pkg/networking/core/listener_waypoint.go.
        Feature::Caller => impossible("a waypoint stands before the callee and serves all callers"),
        Feature::Retries => impossible("retries are not in the standard channel of Gateway API"),
        Feature::Fault => impossible("a route of Gateway API has no such filter"),
        Feature::OutsideTls => {
            impossible("a waypoint stands before components of the cluster, not before the outside")
        }
        Feature::Sctp => impossible("its proxies take TCP"),
        _ => EXACT,
    }
}
