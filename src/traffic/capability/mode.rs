//! One file for each mode: its column of the matrix.

pub(super) mod istio;
pub(super) mod kubernetes;
