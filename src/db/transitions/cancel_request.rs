//! A request that nobody wants any more, or that cannot be built, ends, if no build has taken it.

use diesel::prelude::*;

use super::finish_build::complete_buildset;
use crate::db::schema::build_requests;
use crate::db::views::deciders;
use crate::db::{DbError, Transaction, Transition};
use crate::domain::{BuildRequestId, Event, RequestState, Results};

pub struct CancelRequest {
    pub request: BuildRequestId,
    pub reason: String,
    /// CANCELLED; EXCEPTION for a request that the master itself cannot handle.
    pub results: Results,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Cancelled {
    Yes,
    /// It has a build, or has ended.
    NotWaiting(RequestState),
    NoSuch,
}

impl Transition for CancelRequest {
    type Outcome = Cancelled;

    fn apply(&self, tx: &mut Transaction<'_>) -> Result<Cancelled, DbError> {
        let Some(request) = deciders::requests_by_id(tx.conn(), &[self.request])?.into_iter().next() else {
            return Ok(Cancelled::NoSuch);
        };
        if request.state != RequestState::Unclaimed {
            return Ok(Cancelled::NotWaiting(request.state));
        }
        let now = tx.now_us();
        diesel::update(build_requests::table.find(self.request.0))
            .set((build_requests::complete_at_us.eq(now), build_requests::results.eq(self.results.code())))
            .execute(tx.conn())?;
        let (id, buildset, builder) = (self.request, request.buildset_id, request.builder_id);
        if self.results == Results::Cancelled {
            tx.emit(Event::BuildRequestCancelled { request: id, buildset, builder });
        }
        tx.emit(Event::BuildRequestCompleted { request: id, buildset, builder });
        complete_buildset(tx, buildset)?;
        Ok(Cancelled::Yes)
    }
}
