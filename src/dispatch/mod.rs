//! Which waiting request is built next, and on which worker.
//!
//! [`plan`] is pure: it looks at the state and answers either what to start or what functions of the configuration must
//! be asked first. Acting on a plan is conditional in the database, so a plan that meets a changed world does no harm.
//! A request whose locks are taken is left waiting, and keeps its place in their queues: nobody overtakes it. The build
//! itself takes the locks, all together, when it has started.

mod arguments;
mod choose_worker;
mod collapse;
mod explain;
mod explain_text;
mod plan;
mod priority;
mod question;
mod queue;
mod state;

pub use explain::{Explanation, Holder, Reason, WorkerObstacle, explain};
pub use plan::{MAX_FUNCTION_PAIRS, Plan, Start, max_rounds, plan, plan_without_questions};
pub use question::{Answers, PossibleBuild, Question};
pub use state::{BuilderState, CollapseRule, Presence, State, WorkerState};

#[cfg(test)]
#[path = "invariants_tests.rs"]
mod invariants;
