//! The priority of the requests of a scheduler.

use crate::domain::Callback;

/// Greater goes first.
#[derive(Clone, Debug, PartialEq)]
pub enum Priority {
    Fixed(i32),
    /// A function says it for each buildset.
    Function(Callback),
}

impl Priority {
    /// What holds unless a function says otherwise.
    pub const fn default_value(&self) -> i32 {
        match self {
            Self::Fixed(priority) => *priority,
            Self::Function(_) => 0,
        }
    }
}

impl From<i32> for Priority {
    fn from(priority: i32) -> Self {
        Self::Fixed(priority)
    }
}
