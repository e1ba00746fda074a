//! Chats read what happened, and leave what they have to say.

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Text};

use crate::db::schema::chats::{chat_interests, chat_notices};
use crate::db::schema::reporter_cursors;
use crate::db::{DbError, Transaction, Transition};
use crate::domain::{ChatInterest, ChatNotice, ChatWish};

/// What a place has not been told is kept for so many notices, and so long.
const MOST_NOTICES: i64 = 500;
const KEEP_US: i64 = 7 * 24 * 3_600 * 1_000_000;

const PRUNE: &str = "DELETE FROM chat_notices WHERE chat = ? AND (happened_at_us < ? OR id <= COALESCE((SELECT id FROM \
     chat_notices AS newer WHERE newer.chat = chat_notices.chat AND newer.place = chat_notices.place \
     ORDER BY id DESC LIMIT 1 OFFSET ?), 0))";

/// A chat has dealt with the events up to one, and has this to say about them. Does nothing if it had dealt with them
/// before.
pub struct AdvanceChat {
    pub chat: String,
    pub seq: i64,
    pub notices: Vec<ChatNotice>,
    /// What is wanted no more, and what is wanted instead.
    pub fulfilled: Vec<ChatInterest>,
    pub added: Vec<ChatInterest>,
}

impl Transition for AdvanceChat {
    /// The ids of the notices, in their order; nothing if these events were dealt with before.
    type Outcome = Vec<i64>;

    fn apply(&self, tx: &mut Transaction<'_>) -> Result<Vec<i64>, DbError> {
        let (master, now) = (tx.master().id.0, tx.now_us());
        let behind = reporter_cursors::table
            .filter(reporter_cursors::reporter.eq(&self.chat))
            .filter(reporter_cursors::master_id.eq(master))
            .filter(reporter_cursors::seq.lt(self.seq));
        if diesel::update(behind).set(reporter_cursors::seq.eq(self.seq)).execute(tx.conn())? == 0 {
            return Ok(Vec::new());
        }
        change(tx, &self.chat, &self.fulfilled, &self.added)?;
        let mut ids = Vec::with_capacity(self.notices.len());
        for notice in &self.notices {
            let id: i64 = diesel::insert_into(chat_notices::table)
                .values((
                    chat_notices::chat.eq(&self.chat),
                    chat_notices::place.eq(&notice.place),
                    chat_notices::text.eq(&notice.text),
                    chat_notices::happened_at_us.eq(notice.happened_at.micros()),
                ))
                .returning(chat_notices::id)
                .get_result(tx.conn())?;
            ids.push(id);
        }
        if !ids.is_empty() {
            let prune = sql_query(PRUNE).bind::<Text, _>(&self.chat).bind::<BigInt, _>(now.saturating_sub(KEEP_US));
            prune.bind::<BigInt, _>(MOST_NOTICES).execute(tx.conn())?;
        }
        Ok(ids)
    }
}

/// Notices have been said, or are not wanted.
pub struct EndNotices {
    pub ids: Vec<i64>,
}

impl Transition for EndNotices {
    type Outcome = ();

    fn apply(&self, tx: &mut Transaction<'_>) -> Result<(), DbError> {
        diesel::delete(chat_notices::table.filter(chat_notices::id.eq_any(&self.ids))).execute(tx.conn())?;
        Ok(())
    }
}

/// Somebody in a chat wants something, or wants it no more.
pub struct ChangeInterests {
    pub chat: String,
    pub removed: Vec<ChatInterest>,
    pub added: Vec<ChatInterest>,
}

impl Transition for ChangeInterests {
    type Outcome = ();

    fn apply(&self, tx: &mut Transaction<'_>) -> Result<(), DbError> {
        change(tx, &self.chat, &self.removed, &self.added)
    }
}

fn change(
    tx: &mut Transaction<'_>,
    chat: &str,
    removed: &[ChatInterest],
    added: &[ChatInterest],
) -> Result<(), DbError> {
    for interest in removed {
        let (kind, subject) = stored(&interest.wish);
        diesel::delete(chat_interests::table.find((chat, &interest.place, kind, subject))).execute(tx.conn())?;
    }
    for interest in added {
        let (kind, subject) = stored(&interest.wish);
        diesel::insert_or_ignore_into(chat_interests::table)
            .values((
                chat_interests::chat.eq(chat),
                chat_interests::place.eq(&interest.place),
                chat_interests::kind.eq(kind),
                chat_interests::subject.eq(subject),
            ))
            .execute(tx.conn())?;
    }
    Ok(())
}

fn stored(wish: &ChatWish) -> (&'static str, String) {
    match wish {
        ChatWish::Events(words) => ("events", words.clone()),
        ChatWish::Build(id) => ("build", id.to_string()),
        ChatWish::Request(id) => ("request", id.to_string()),
        ChatWish::Muted => ("muted", String::new()),
        ChatWish::Channel(key) => ("channel", key.clone()),
        ChatWish::Left => ("left", String::new()),
    }
}
