//! Blocks of remote command ids, each handed out once in the life of the installation.

use std::ops::Range;

use diesel::prelude::*;

use crate::db::schema::counters;
use crate::db::{DbError, Transaction, Transition};

pub struct ReserveCommandIds {
    pub count: i64,
}

impl Transition for ReserveCommandIds {
    type Outcome = Range<i64>;

    fn apply(&self, tx: &mut Transaction<'_>) -> Result<Range<i64>, DbError> {
        let next: i64 = diesel::insert_into(counters::table)
            .values((counters::name.eq("command_id"), counters::next.eq(self.count)))
            .on_conflict(counters::name)
            .do_update()
            .set(counters::next.eq(counters::next + self.count))
            .returning(counters::next)
            .get_result(tx.conn())?;
        Ok(next.saturating_sub(self.count)..next)
    }
}
