//! What a plan asks `canStartBuild`.
//!
//! It is asked about one request first. If that may start nowhere, it is asked about several others at once, and about
//! ever more, so that a long queue of which nothing may start costs a few rounds of questions.

use super::{Planner, Word, arguments, remark};
use crate::dispatch::question::{Key, Question};

/// So many requests are asked about ahead for each one that was passed over.
const AHEAD: usize = 15;

impl<'state> Planner<'state> {
    /// The candidates that `canStartBuild` allows for a request, before which so many were passed over; `None` while that
    /// is still asked.
    pub(super) fn allowed(
        &mut self,
        index: usize,
        (lead, n_passed): (usize, usize),
        candidates: &[usize],
        notes: &mut Vec<String>,
    ) -> Option<Vec<usize>> {
        let builder = self.queues[index].builder;
        let Some(function) = &builder.can_start_build else { return Some(candidates.to_vec()) };
        let mut allowed = Vec::new();
        let n_questions = self.questions.len();
        for candidate in candidates {
            if !self.take_pair() {
                notes.push(remark(function, "was not asked about all workers: too many in one plan"));
                break;
            }
            match self.permission(index, lead, *candidate) {
                Word::Said(returned) if returned.is_truthy() => allowed.push(*candidate),
                Word::Said(_) | Word::Silent => {}
                Word::Failed => {
                    notes.push(remark(function, "failed; the build may start"));
                    allowed.push(*candidate);
                }
            }
        }
        if self.questions.len() == n_questions {
            return Some(allowed);
        }
        self.ask_ahead(index, (lead, n_passed), candidates);
        None
    }

    /// Asks about the requests that come next, as it is likely that they are tried, too.
    fn ask_ahead(&mut self, index: usize, (lead, n_passed): (usize, usize), candidates: &[usize]) {
        if self.queues[index].builder.is_asked_singly() {
            return;
        }
        let ahead: Vec<usize> =
            self.queues[index].waiting().filter(|position| *position != lead).take(AHEAD * n_passed).collect();
        for position in ahead {
            for candidate in candidates {
                if !self.take_pair() {
                    return;
                }
                self.permission(index, position, *candidate);
            }
        }
    }

    /// What `canStartBuild` says of a request on a worker; it is asked if it was not.
    fn permission(&mut self, index: usize, position: usize, candidate: usize) -> Word<'state> {
        let queue = &self.queues[index];
        let (builder, request) = (queue.builder, queue.requests[position]);
        let worker = self.workers.get(candidate);
        let key = Key::CanStartBuild(builder.id, worker.id, request.id);
        let word = self.word(key);
        if let (Word::Silent, Some(function)) = (&word, &builder.can_start_build) {
            let arguments =
                vec![arguments::builder(builder), arguments::worker(builder, worker), arguments::request(request)];
            self.questions.push(Question::new(function, key, arguments));
        }
        word
    }
}
