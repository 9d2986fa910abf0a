//! What Linkerd can do with calls: what an HTTPRoute on a Service says, and annotations beside it.

use crate::traffic::capability::matrix::{Cell, EXACT, Feature, approximate, impossible};

const NO_MATCH: &str = "there is no such match in a route of Gateway API";
const NO_FILTER: &str = "its proxies have no such filter";

/// The column of the mode. Source: `outbound/index/http.rs` in
/// linkerd/linkerd2/policy-controller/k8s/index, which refuses a route for a filter that it does not
/// know; the pages on retries, timeouts and circuit breaking in Linkerd's reference.
pub(crate) fn cell(feature: Feature) -> Cell {
    match feature {
        Feature::HeaderAbsence
        | Feature::PathText
        | Feature::PathNegation
        | Feature::QueryAbsence => impossible(NO_MATCH),
        Feature::SeveralCookies => {
            impossible("all cookies are one header, and it has one condition")
        }
        Feature::Caller => {
            impossible("a route is for the callers of a whole namespace, whatever they are")
        }
        Feature::Limits => impossible("its proxies count failures, not connections or requests"),
        Feature::Ejection => approximate(
            "a pod is out after failures in a row, statuses of 500 and above; however many are out",
        ),
        Feature::Fault | Feature::Mirror | Feature::Rewrite => impossible(NO_FILTER),
        Feature::OutsideTls => impossible("its proxies put TLS around calls in the mesh alone"),
        Feature::Sctp => impossible("its proxies take TCP"),
        _ => EXACT,
    }
}
