//! The algebra of calls: which condition implies which, which steps a call goes through, what shares
//! replicas can honour, and what each mode can do.

mod algebra;
mod capability;
mod capture;
mod expression;
mod replicas;
mod step;

pub use algebra::{Inexpressible, covers, intersect};
pub use capability::{
    Cell, Feature, Grade, Lack, ROUTE_RULES, Standing, Treatment, Wanted, able, by_component,
    by_dapr, by_policy, can, cell, features, governed, has_address, is_blind, lacks, retried,
    split_at_gateway_only, standings, treatment, unmatchable, unroutable,
};
pub use capture::{
    Capture, Entrance, Way, Why, called_host, captures, described, entrances, ready, singled_out,
    treated,
};
pub use expression::{Expressions, cookie_regex, exact_or_expression, expressions, whole};
pub use replicas::{Native, Realised, by_replicas, fewest, native, realise, spare};
pub use step::{Step, set_cookie, steps, steps_left, steps_of};
