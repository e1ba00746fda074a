//! What chats read: who wants to hear what, and what has not been said.

use diesel::prelude::*;

use crate::db::DbError;
use crate::db::schema::chats::{chat_interests, chat_notices};
use crate::domain::{BuildId, BuildRequestId, ChatInterest, ChatNotice, ChatWish, Timestamp};

/// Everything that places of a chat want.
pub fn interests(conn: &mut SqliteConnection, chat: &str) -> Result<Vec<ChatInterest>, DbError> {
    let rows: Vec<(String, String, String)> = chat_interests::table
        .filter(chat_interests::chat.eq(chat))
        .select((chat_interests::place, chat_interests::kind, chat_interests::subject))
        .load(conn)?;
    let interest = |(place, kind, subject): (String, String, String)| {
        let wish = match kind.as_str() {
            "events" => ChatWish::Events(subject),
            "build" => ChatWish::Build(BuildId(subject.parse().ok()?)),
            "request" => ChatWish::Request(BuildRequestId(subject.parse().ok()?)),
            "muted" => ChatWish::Muted,
            "channel" => ChatWish::Channel(subject),
            _ => ChatWish::Left,
        };
        Some(ChatInterest { place, wish })
    };
    Ok(rows.into_iter().filter_map(interest).collect())
}

/// The oldest notices that a place has not been told, each with its id, and how many there are.
pub fn unsaid(
    conn: &mut SqliteConnection,
    chat: &str,
    place: &str,
    limit: i64,
) -> Result<(Vec<(i64, ChatNotice)>, i64), DbError> {
    let of_place = chat_notices::table.filter(chat_notices::chat.eq(chat).and(chat_notices::place.eq(place)));
    let n_all: i64 = of_place.count().get_result(conn)?;
    let rows: Vec<(i64, String, i64)> = of_place
        .order(chat_notices::id)
        .limit(limit)
        .select((chat_notices::id, chat_notices::text, chat_notices::happened_at_us))
        .load(conn)?;
    let notice = |(id, text, happened_at): (i64, String, i64)| {
        (id, ChatNotice { place: place.to_owned(), text, happened_at: Timestamp::from_micros(happened_at) })
    };
    Ok((rows.into_iter().map(notice).collect(), n_all))
}

/// The places that have not been told something.
pub fn places(conn: &mut SqliteConnection, chat: &str) -> Result<Vec<String>, DbError> {
    let of_chat = chat_notices::table.filter(chat_notices::chat.eq(chat));
    Ok(of_chat.select(chat_notices::place).distinct().load(conn)?)
}
