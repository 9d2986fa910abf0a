//! What plain Services can do with calls.

use crate::traffic::capability::matrix::{Cell, EXACT, Feature, approximate, impossible};

const SERVICE: &str = "a Service balances connections and sees no requests";
const NO_PROXY: &str = "there is no proxy that could";

/// The column of the mode.
pub(crate) fn cell(feature: Feature) -> Cell {
    match feature {
        Feature::Split | Feature::StreamSplit => approximate("a share follows the pods"),
        Feature::Sticky => impossible(
            "it sees no cookies, and `sessionAffinity` goes by the pod that calls, not by the user",
        ),
        Feature::Limits | Feature::Ejection => {
            impossible("a Service counts nothing, and knows failing pods by their probes alone")
        }
        Feature::Mtls => impossible(NO_PROXY),
        Feature::OutsideTls => impossible("there is no proxy; the callers would have to speak TLS"),
        Feature::Access | Feature::Egress | Feature::Sctp => EXACT,
        _ => impossible(SERVICE),
    }
}
