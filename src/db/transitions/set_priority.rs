//! A request that waits gets another priority.

use diesel::prelude::*;

use crate::db::schema::build_requests;
use crate::db::views::deciders;
use crate::db::{DbError, Transaction, Transition};
use crate::domain::{BuildRequestId, Event, RequestState};

pub struct SetPriority {
    pub request: BuildRequestId,
    pub priority: i32,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Prioritised {
    Yes,
    /// It has a build, or has ended.
    NotWaiting(RequestState),
    NoSuch,
}

impl Transition for SetPriority {
    type Outcome = Prioritised;

    fn apply(&self, tx: &mut Transaction<'_>) -> Result<Prioritised, DbError> {
        let Some(request) = deciders::requests_by_id(tx.conn(), &[self.request])?.into_iter().next() else {
            return Ok(Prioritised::NoSuch);
        };
        if request.state != RequestState::Unclaimed {
            return Ok(Prioritised::NotWaiting(request.state));
        }
        if request.priority != self.priority {
            diesel::update(build_requests::table.find(self.request.0))
                .set(build_requests::priority.eq(self.priority))
                .execute(tx.conn())?;
            tx.emit(Event::BuildRequestUpdated {
                request: request.id,
                buildset: request.buildset_id,
                builder: request.builder_id,
            });
        }
        Ok(Prioritised::Yes)
    }
}
