//! Free pages of a database file go back to the file system, some at a time.

use diesel::connection::SimpleConnection;

use crate::db::views::lifetime;
use crate::db::{DbError, Transaction, Transition};

/// Gives free pages back; runs in either lane. Answers how many free pages the file still has.
///
/// The file becomes shorter with the next checkpoint, which is asked for once no page is left.
pub struct ReclaimSpace {
    pub most_pages: i64,
}

impl Transition for ReclaimSpace {
    type Outcome = i64;

    fn apply(&self, tx: &mut Transaction<'_>) -> Result<i64, DbError> {
        tx.conn().batch_execute(&format!("PRAGMA incremental_vacuum({})", self.most_pages))?;
        let left = lifetime::space(tx.conn())?.n_free_pages;
        if left == 0 {
            tx.ask_for_checkpoint();
        }
        Ok(left)
    }
}
