//! Steps that run at the same time.

/// Where a step stands in a group of steps that run at the same time (`steps.Parallel`). Groups do not nest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupPlace {
    /// What pages call the group.
    pub name: String,
    /// Whether a failure of this step ends the build, even if the step alone would not.
    pub halt_on_failure: bool,
    /// From 0; the step at 0 begins the group.
    pub position: usize,
}
