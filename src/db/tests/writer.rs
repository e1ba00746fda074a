//! The writer: groups, savepoints, panics.

use diesel::prelude::*;
use futures_util::future::join_all;

use crate::clock::Clock;
use crate::db::schema::users;
use crate::db::views::log_text::{self, Span};
use crate::db::{DbError, Transaction, Transition};
use crate::domain::log::LogChunk;
use crate::domain::{BuildId, Event, LogId, Timestamp};
use crate::testing::test_db::TestDb;

/// Stores a user, then ends as told.
struct AddUser {
    name: String,
    ending: Ending,
}

#[derive(Clone, Copy, PartialEq)]
enum Ending {
    Well,
    Error,
    Panic,
}

impl Transition for AddUser {
    type Outcome = Timestamp;

    fn apply(&self, tx: &mut Transaction<'_>) -> Result<Timestamp, DbError> {
        diesel::insert_into(users::table).values(users::identifier.eq(&self.name)).execute(tx.conn())?;
        tx.emit(Event::BuildPropertiesChanged { build: BuildId(1) });
        match self.ending {
            Ending::Well => Ok(tx.now()),
            Ending::Error => Err(DbError::Row("as told".to_owned())),
            Ending::Panic => panic!("as told"),
        }
    }
}

fn add(name: &str, ending: Ending) -> AddUser {
    AddUser { name: name.to_owned(), ending }
}

#[actix::test]
async fn a_failing_job_and_a_panicking_one_sink_neither_their_group_nor_the_writer() {
    let db = TestDb::new(&Clock::system());
    let jobs = [("a", Ending::Well), ("b", Ending::Error), ("c", Ending::Panic), ("d", Ending::Well)];
    let outcomes = join_all(jobs.map(|(name, ending)| db.db.write(add(name, ending)))).await;
    assert!(outcomes[0].is_ok());
    assert!(matches!(&outcomes[1], Err(DbError::Row(text)) if text == "as told"));
    assert!(matches!(&outcomes[2], Err(DbError::Died(text)) if text == "as told"));
    assert!(outcomes[3].is_ok());
    let names: Vec<String> = db
        .db
        .read(|conn| Ok(users::table.order(users::identifier).select(users::identifier).load(conn)?))
        .await
        .unwrap();
    assert_eq!(names, ["a", "d"]);
    assert_eq!(db.events.borrow().len(), 2, "events of jobs that failed are not published");
}

#[actix::test]
async fn jobs_that_wait_together_are_committed_together() {
    let db = TestDb::new(&Clock::system());
    let names: Vec<String> = (0..100).map(|number| number.to_string()).collect();
    let outcomes = join_all(names.iter().map(|name| db.db.write(add(name, Ending::Well)))).await;
    let mut moments: Vec<Timestamp> = outcomes.into_iter().map(Result::unwrap).collect();
    moments.dedup();
    assert!(moments.len() <= 3, "{} groups for 100 jobs", moments.len());
}

#[actix::test]
async fn readers_cannot_write() {
    let db = TestDb::new(&Clock::system());
    let outcome =
        db.db.read(|conn| Ok(diesel::insert_into(users::table).values(users::identifier.eq("x")).execute(conn)?)).await;
    assert!(matches!(outcome, Err(DbError::Statement(_))));
}

fn chunk(seq: i64, text: &str) -> LogChunk {
    let now = Timestamp::from_secs(1);
    LogChunk {
        log: LogId(7),
        seq,
        first_line: seq * 2,
        n_lines: 2,
        first_byte: 0,
        n_bytes: i64::try_from(text.len()).unwrap(),
        first_at: now,
        last_at: now,
        ansi: String::new(),
        body: zstd::bulk::compress(text.as_bytes(), 1).unwrap(),
    }
}

#[actix::test]
async fn lines_are_found_across_chunks_and_a_chunk_sent_twice_is_stored_once() {
    let db = TestDb::new(&Clock::system());
    db.db.store_chunks(vec![chunk(0, "oa\nob\n"), chunk(1, "oc\nod\n")]).await.unwrap();
    db.db.store_chunks(vec![chunk(1, "oX\noY\n")]).await.unwrap();
    let lines = |first_line, n_lines| {
        let span = Span { first_line, n_lines, most_bytes: usize::MAX };
        db.db.read_logs(move |conn| log_text::lines(conn, LogId(7), span))
    };
    assert_eq!(lines(1, 2).await.unwrap().text, "ob\noc\n");
    assert_eq!(lines(3, 10).await.unwrap().text, "od\n");
    assert_eq!(lines(4, 1).await.unwrap().n_lines, 0);
    let count = db.db.read_logs(|conn| log_text::end(conn, LogId(7)).map(|end| end.1)).await.unwrap();
    assert_eq!(count, 4);
}
