//! Questions to functions of the configuration, and their answers.
//!
//! A decision that needs a function's word names the question instead of calling; whoever carries decisions out has it
//! answered off the core and decides again. Answers stay valid: a change does not change.

use std::collections::HashMap;

use crate::domain::{Callback, ChangeId, PropertyValue, ScriptValue};

/// What a function returned; `None` if it failed, and the rule without the function holds.
pub type ScriptAnswer = Option<PropertyValue>;

/// One call that a decision waits for.
#[derive(Clone, Debug)]
pub struct Question {
    pub function: Callback,
    key: Key,
    argument: ScriptValue,
}

impl Question {
    pub(super) fn new(function: &Callback, change: ChangeId, role: Role, argument: ScriptValue) -> Self {
        Self { function: function.clone(), key: Key { change, role }, argument }
    }

    /// What the function is to be called with.
    pub fn arguments(&self) -> Vec<ScriptValue> {
        vec![self.argument.clone()]
    }
}

/// What is asked about a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Role {
    /// `branch_fn` and the like, by position in the filter.
    Attribute(usize),
    /// `filter_fn`.
    Filter,
    /// `fileIsImportant`.
    Importance,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Key {
    change: ChangeId,
    role: Role,
}

/// What functions have answered so far.
#[derive(Clone, Debug, Default)]
pub struct Answers(HashMap<Key, bool>);

impl Answers {
    /// Notes an answer. A function that failed counts as true: a change is rather built than lost.
    pub fn add(&mut self, question: Question, answer: ScriptAnswer) {
        self.0.insert(question.key, answer.is_none_or(|value| value.is_truthy()));
    }

    pub(super) fn get(&self, change: ChangeId, role: Role) -> Option<bool> {
        self.0.get(&Key { change, role }).copied()
    }
}
