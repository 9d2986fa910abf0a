//! The algebra of calls: which condition implies which, what shares replicas can honour, and what
//! each mode can do.

mod algebra;
mod capability;
mod replicas;

pub use algebra::{Expressions, Inexpressible, covers, expressions, intersect, whole};
pub use capability::{Lack, lacks, split_at_gateway_only, unmatchable, unroutable};
pub use replicas::{Native, Realised, by_replicas, fewest, native, realise};
