//! What the proxies that weft itself puts beside programs can do with calls.

use crate::traffic::capability::matrix::{Cell, EXACT, Feature, impossible};

/// The column of the mode. Source: the reference of Envoy's API, version 3.
pub(crate) fn cell(feature: Feature) -> Cell {
    match feature {
        Feature::Mtls => impossible("nobody gives its proxies certificates"),
        Feature::Sctp => impossible("its proxies take TCP"),
        _ => EXACT,
    }
}
