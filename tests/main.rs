//! Every test of weft, in one binary: text in, text out.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "tests prepare files and run programs"
)]

mod block;
mod cases;
mod checks;
mod completions;
mod custom;
mod dapr;
mod editors;
mod entry;
mod envoy;
mod explain;
mod faults;
mod fields;
mod formats;
mod hatches;
mod hostile;
mod layout;
mod manifests;
mod modes;
mod pitfalls;
mod policy;
mod properties;
mod readme;
mod support;
mod tidy;
mod truth;
mod yaml;
