//! The waiting requests of one builder while a plan is made.

use std::sync::Arc;

use super::collapse::Groups;
use super::priority::order_of;
use super::state::BuilderState;
use crate::domain::BuildRequest;

/// A builder with waiting requests.
pub struct Queue<'state> {
    pub builder: &'state BuilderState,
    pub requests: Vec<&'state Arc<BuildRequest>>,
    pub taken: Vec<bool>,
    /// All before it are taken.
    first: usize,
    groups: Option<Groups>,
}

impl<'state> Queue<'state> {
    pub fn new(builder: &'state BuilderState, mut requests: Vec<&'state Arc<BuildRequest>>) -> Self {
        requests.sort_unstable_by_key(|request| order_of(request));
        Self { builder, taken: vec![false; requests.len()], requests, first: 0, groups: None }
    }

    pub fn first(&mut self) -> Option<usize> {
        while *self.taken.get(self.first)? {
            self.first += 1;
        }
        Some(self.first)
    }

    pub fn waiting(&self) -> impl Iterator<Item = &'state Arc<BuildRequest>> {
        self.requests.iter().zip(&self.taken).filter(|(_, taken)| !**taken).map(|(request, _)| *request)
    }

    /// Positions of other waiting requests that ask for the same.
    pub fn compatible(&mut self, lead: usize) -> Vec<usize> {
        if self.requests.len() == 1 {
            return Vec::new();
        }
        let groups = self.groups.get_or_insert_with(|| Groups::new(&self.requests));
        let group = groups.group_of(lead);
        group.iter().copied().filter(|position| *position != lead && !self.taken[*position]).collect()
    }
}
