//! Ids of remote commands: never used twice, not even after a crash.
//!
//! The database hands out blocks; what is left of a block when the master dies is never used.

use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;

use crate::db::transitions::ReserveCommandIds;
use crate::db::{Db, DbError};

/// How many ids one write reserves.
const BLOCK: i64 = 10_000;

/// Shared by all builds of the core thread.
#[derive(Clone)]
pub struct CommandIds {
    db: Db,
    block: Rc<RefCell<Range<i64>>>,
}

impl CommandIds {
    pub fn new(db: Db) -> Self {
        Self { db, block: Rc::new(RefCell::new(0..0)) }
    }

    pub async fn next(&self) -> Result<String, DbError> {
        loop {
            if let Some(id) = self.block.borrow_mut().next() {
                return Ok(id.to_string());
            }
            let block = self.db.write(ReserveCommandIds { count: BLOCK }).await?;
            // Somebody else may have fetched a block meanwhile; ids of the smaller rest are simply skipped.
            *self.block.borrow_mut() = block;
        }
    }
}
