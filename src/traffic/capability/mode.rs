//! One file for each mode: its column of the matrix.

pub(super) mod dapr;
pub(super) mod envoy;
pub(super) mod istio;
pub(super) mod istio_ambient;
pub(super) mod kubernetes;
pub(super) mod linkerd;
