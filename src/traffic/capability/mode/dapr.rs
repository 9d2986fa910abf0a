//! What sidecars of Dapr can do with calls.

use crate::traffic::capability::matrix::{Cell, EXACT, Feature, approximate, impossible};

const APP_ID: &str = "a call is for the app id that it names, and nothing tells calls to it apart";
const NOTHING: &str = "Dapr has nothing of the kind";

/// The column of the mode. Source: Dapr's reference of Resiliency and Configuration.
pub(crate) fn cell(feature: Feature) -> Cell {
    match feature {
        Feature::Split | Feature::StreamSplit => approximate(
            "calls that name no version pass by its sidecars, and their share follows the pods",
        ),
        Feature::Ejection => approximate(
            "its breaker refuses all calls of a caller to one method, whichever pod failed, and counts answers of 400 and above",
        ),
        Feature::Retries
        | Feature::Timeout
        | Feature::Mtls
        | Feature::Access
        | Feature::Egress
        | Feature::Sctp
        | Feature::Invocation
        | Feature::BuildingBlocks => EXACT,
        Feature::Limits => impossible("its breaker counts failures, not calls under way"),
        Feature::OutsideTls => impossible("calls to the outside pass by its sidecars"),
        Feature::Sticky
        | Feature::Rules
        | Feature::HeaderAbsence
        | Feature::SeveralCookies
        | Feature::PathText
        | Feature::PathNegation
        | Feature::QueryAbsence
        | Feature::Caller => impossible(APP_ID),
        Feature::Fault | Feature::Mirror | Feature::Rewrite => impossible(NOTHING),
    }
}
