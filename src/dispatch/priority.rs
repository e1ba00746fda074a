//! Who comes first.
//!
//! Requests: greater priority, then older. Builders: in the order of their first waiting request, so that no builder
//! with many requests shuts out the others; `prioritizeBuilders` may say otherwise.

use std::cmp::Reverse;

use super::arguments::names;
use super::state::BuilderState;
use crate::domain::{BuildRequest, BuildRequestId, PropertyValue, Timestamp};

/// Sorts before whatever comes later.
pub type RequestOrder = (Reverse<i32>, Timestamp, BuildRequestId);

pub fn order_of(request: &BuildRequest) -> RequestOrder {
    (Reverse(request.priority), request.submitted_at, request.id)
}

/// The place of a builder in what `prioritizeBuilders` returned; `None` if it was left out and is to wait.
pub fn rank(returned: &[PropertyValue], builder: &BuilderState) -> Option<usize> {
    returned.iter().position(|item| names(item, &builder.name, builder.id.0))
}
