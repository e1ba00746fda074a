//! Several decisions at once: what a scheduler will decide after it has decided.
//!
//! Without a tree-stable timer each of a thousand changes makes a buildset of its own. One transaction stores many of
//! them.

use std::sync::Arc;

use super::facts::{Decision, Facts, Outcome, Waiting};
use super::question::{Answers, Question};
use super::rules::Rules;
use crate::domain::{BuilderId, Timestamp};

/// More are left for the next transaction: others want to write, too.
const MAX_DECISIONS: usize = 100;

/// What is to be done, one after the other.
#[derive(Clone, Debug)]
pub enum Prospect {
    /// None of them is empty, but the last may be: then there is nothing left.
    Decide(Vec<Decision>),
    /// Nothing can be said before functions have answered these.
    Ask(Vec<Question>),
}

/// Decides, and decides again as if that had been stored, until there is nothing to do or something to ask.
pub fn decide_ahead(
    rules: &Rules,
    builders: &[BuilderId],
    mut facts: Facts,
    answers: &Answers,
    now: Timestamp,
) -> Prospect {
    let mut decisions: Vec<Decision> = Vec::new();
    while decisions.len() < MAX_DECISIONS {
        match rules.decide(builders, &facts, answers, now) {
            Outcome::Ask(questions) if decisions.is_empty() => return Prospect::Ask(questions),
            Outcome::Ask(_) => break,
            Outcome::Decide(decision) => {
                let nothing_left = decision.is_empty();
                // More changes may follow those that were read, and matter for what comes next.
                let n_new = facts.new_changes.len();
                facts.follow(&decision, now);
                decisions.push(decision);
                if nothing_left || (0 < n_new && facts.new_changes.is_empty()) {
                    break;
                }
            }
        }
    }
    Prospect::Decide(decisions)
}

impl Facts {
    /// Becomes what it will be once this is stored.
    fn follow(&mut self, decision: &Decision, now: Timestamp) {
        for (id, important) in &decision.classified {
            let change = self.new_changes.iter().find(|change| change.id == *id);
            self.waiting.extend(change.map(|change| Waiting {
                change: Arc::clone(change),
                important: *important,
                classified_at: now,
            }));
        }
        self.waiting.retain(|waiting| !decision.consumed.contains(&waiting.change.id));
        if let Some(last) = decision.last_change {
            self.last_change = last;
            self.new_changes.retain(|change| last < change.id);
        }
        if let Some(memory) = &decision.memory {
            self.memory = memory.clone();
        }
    }
}
