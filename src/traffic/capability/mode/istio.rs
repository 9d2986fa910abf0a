//! What the sidecars of Istio can do with calls.

use crate::traffic::capability::matrix::{Cell, EXACT, Feature, impossible};

const NO_MATCH: &str = "there is no such match";

/// The column of the mode. Source: the reference of VirtualService and DestinationRule.
pub(crate) fn cell(feature: Feature) -> Cell {
    match feature {
        Feature::SeveralCookies => {
            impossible("all cookies are one header, and it has one condition")
        }
        Feature::PathNegation | Feature::QueryAbsence => impossible(NO_MATCH),
        Feature::Sctp => impossible("its proxies take TCP"),
        _ => EXACT,
    }
}
