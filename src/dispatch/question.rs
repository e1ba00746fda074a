//! Questions of a plan to functions of the configuration, and their answers.

use std::collections::{HashMap, HashSet};

use crate::domain::{BuildRequestId, BuilderId, Callback, PropertyValue, ScriptValue, WorkerId};

/// One call that a plan waits for.
#[derive(Clone, Debug)]
pub struct Question {
    pub function: Callback,
    pub(super) key: Key,
    arguments: Vec<ScriptValue>,
}

/// A build that may be started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PossibleBuild {
    pub builder: BuilderId,
    pub worker: WorkerId,
    pub request: BuildRequestId,
}

impl Question {
    pub(super) fn new(function: &Callback, key: Key, arguments: Vec<ScriptValue>) -> Self {
        Self { function: function.clone(), key, arguments }
    }

    /// What the function is to be called with; see [`Question::about`].
    pub fn arguments(&self) -> Vec<ScriptValue> {
        self.arguments.clone()
    }

    /// The build whose properties are the only argument, if that is so: a plan does not know them.
    pub fn about(&self) -> Option<PossibleBuild> {
        match self.key {
            Key::Locks(build, _) => Some(build),
            _ => None,
        }
    }
}

/// What is asked. The answer is checked against the state when it is used, so the key need not hold all arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    PrioritizeBuilders,
    /// After so many requests were passed over.
    NextBuild(BuilderId, usize),
    CanStartBuild(BuilderId, WorkerId, BuildRequestId),
    NextWorker(BuilderId, BuildRequestId),
    Collapse(BuilderId, BuildRequestId, BuildRequestId),
    /// One of the functions that name locks, by position.
    Locks(PossibleBuild, usize),
}

impl Key {
    fn builder(self) -> Option<BuilderId> {
        match self {
            Self::PrioritizeBuilders => None,
            Self::NextBuild(builder, _)
            | Self::CanStartBuild(builder, ..)
            | Self::NextWorker(builder, _)
            | Self::Collapse(builder, ..)
            | Self::Locks(PossibleBuild { builder, .. }, _) => Some(builder),
        }
    }
}

/// What functions have answered while one plan was made. Make a new one for each plan: answers grow old.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    by_key: HashMap<Key, Option<PropertyValue>>,
    /// Builders that were asked something.
    builders: HashSet<BuilderId>,
}

impl Answers {
    /// Notes an answer; `None` if the function failed, and the rule without the function holds.
    pub fn add(&mut self, question: Question, answer: Option<PropertyValue>) {
        self.builders.extend(question.key.builder());
        self.by_key.insert(question.key, answer);
    }

    pub(super) fn get(&self, key: Key) -> Option<&Option<PropertyValue>> {
        self.by_key.get(&key)
    }

    /// Whether `nextBuild` chose none of the builder's requests.
    pub(super) fn chose_none(&self, builder: BuilderId) -> bool {
        let said = (0..).map_while(|n_passed| self.get(Key::NextBuild(builder, n_passed)));
        said.last().is_some_and(|answer| *answer == Some(PropertyValue::Null))
    }

    /// Whether the builder takes part in this round of questions: all do in the first.
    pub(super) fn may_ask(&self, builder: BuilderId) -> bool {
        self.is_first_round() || self.builders.contains(&builder)
    }

    pub(super) fn is_first_round(&self) -> bool {
        self.builders.is_empty()
    }
}
