//! Database writer: keeps the writer's loop alive and hands what it committed to the bus.
//!
//! - Hears: nothing; jobs reach the loop through `Db::write`, from any thread, and wait there for room.
//! - Tells: [`PublishEvents`] to the bus, after each commit.
//! - Writes: every table, through the transitions of `db`.
//! - Restart: none. Without a writer nothing may go on: its death escalates to a clean exit.

use std::cell::RefCell;
use std::rc::Rc;

use super::event_bus::{PublishEvents, Unpublished};
use super::supervisor::{Child, ShellContext, Tell};
use crate::db::WriterLoop;

#[derive(Clone)]
pub struct DbWriterDeps {
    pub bus: Tell<PublishEvents>,
    pub unpublished: Unpublished,
}

pub struct DbWriter {
    /// Taken by the first incarnation; a second finds none and ends.
    writer: Rc<RefCell<Option<WriterLoop>>>,
    deps: DbWriterDeps,
}

impl DbWriter {
    pub fn new(writer: Rc<RefCell<Option<WriterLoop>>>, deps: DbWriterDeps) -> Self {
        Self { writer, deps }
    }
}

impl Child for DbWriter {
    #[expect(clippy::panic, reason = "a second incarnation cannot write; panicking again is what escalates")]
    fn started(&mut self, ctx: &mut ShellContext<'_, Self>) {
        let Some(writer) = self.writer.borrow_mut().take() else { panic!("the database writer has died") };
        let DbWriterDeps { bus, unpublished } = self.deps.clone();
        let on_commit = Box::new(move |events| {
            unpublished.push(events);
            bus.tell(PublishEvents);
        });
        ctx.spawn(writer.run(on_commit), |_, (), ctx| ctx.stop());
    }
}
