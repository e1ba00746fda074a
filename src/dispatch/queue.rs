//! The waiting requests of one builder while a plan is made.

use std::sync::Arc;

use super::collapse::Groups;
use super::priority::order_of;
use super::state::BuilderState;
use crate::domain::{BuildRequest, BuildRequestId};

/// A builder with waiting requests.
pub struct Queue<'state> {
    pub builder: &'state BuilderState,
    pub requests: Vec<&'state Arc<BuildRequest>>,
    taken: Vec<bool>,
    /// Those that functions keep from starting.
    passed_over: Vec<bool>,
    /// All before it are taken.
    first: usize,
    groups: Option<Groups>,
}

impl<'state> Queue<'state> {
    pub fn new(builder: &'state BuilderState, mut requests: Vec<&'state Arc<BuildRequest>>) -> Self {
        requests.sort_unstable_by_key(|request| order_of(request));
        let none = vec![false; requests.len()];
        Self { builder, taken: none.clone(), passed_over: none, requests, first: 0, groups: None }
    }

    /// The first request that may start for all that is known.
    pub fn next_waiting(&self) -> Option<usize> {
        self.waiting().next()
    }

    /// Positions of all requests that may start for all that is known.
    pub fn waiting(&self) -> impl Iterator<Item = usize> {
        (self.first..self.requests.len()).filter(|position| !self.taken[*position] && !self.passed_over[*position])
    }

    /// Notes that a request starts.
    pub fn take(&mut self, position: usize) {
        self.taken[position] = true;
        while self.taken.get(self.first).is_some_and(|taken| *taken) {
            self.first += 1;
        }
    }

    pub fn n_passed_over(&self) -> usize {
        self.passed_over.iter().filter(|passed| **passed).count()
    }

    /// Notes that a request may start nowhere.
    pub fn pass_over(&mut self, position: usize) {
        self.passed_over[position] = true;
    }

    /// All that may start nowhere.
    pub fn passed_over(&self) -> impl Iterator<Item = BuildRequestId> {
        self.requests.iter().zip(&self.passed_over).filter(|(_, passed)| **passed).map(|(request, _)| request.id)
    }

    /// Positions of other requests that ask for the same and may start for all that is known.
    pub fn compatible(&mut self, lead: usize) -> Vec<usize> {
        if self.requests.len() == 1 {
            return Vec::new();
        }
        let groups = self.groups.get_or_insert_with(|| Groups::new(&self.requests));
        let group = groups.group_of(lead);
        let may_go = |position: &usize| !self.taken[*position] && !self.passed_over[*position];
        group.iter().copied().filter(|position| *position != lead && may_go(position)).collect()
    }
}
