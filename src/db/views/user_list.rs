//! Users as pages list them: those that are looked for, who changed something last first, a page at a time.

use std::collections::HashMap;

use diesel::SqliteConnection;
use diesel::dsl::{count_star, max};
use diesel::prelude::*;

use super::users::User;
use crate::db::DbError;
use crate::db::schema::{changes, user_attributes, users};
use crate::domain::{ChangeId, Timestamp};

/// Which users are looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Words that all occur in a name or in what is said of the user, in any case.
    pub words: String,
    /// How many to pass over, and how many to show.
    pub offset: usize,
    pub limit: usize,
}

/// One user of the list.
#[derive(Clone, Debug, PartialEq)]
pub struct UserLine {
    pub user: User,
    pub n_changes: i64,
    /// The newest change, and when it was made.
    pub newest: Option<(ChangeId, Timestamp)>,
}

/// A page of the list.
#[derive(Debug, Default)]
pub struct UserList {
    pub lines: Vec<UserLine>,
    pub n_all: usize,
    /// How many are looked for.
    pub n_found: usize,
}

pub fn read(conn: &mut SqliteConnection, wanted: &Wanted) -> Result<UserList, DbError> {
    let all = all(conn)?;
    let n_all = all.len();
    let words: Vec<String> = wanted.words.split_whitespace().map(str::to_lowercase).collect();
    let mut found: Vec<User> = all.into_iter().filter(|user| has_words(user, &words)).collect();
    let changed = changed(conn)?;
    let newest = |user: &User| changed.get(&user.id).map(|(_, newest)| *newest);
    // They come sorted by name, which a stable sort keeps.
    found.sort_by_key(|user| std::cmp::Reverse(newest(user)));
    let n_found = found.len();
    let page: Vec<User> = found.into_iter().skip(wanted.offset).take(wanted.limit).collect();
    let ids: Vec<i64> = page.iter().filter_map(newest).collect();
    let times: HashMap<i64, i64> = changes::table
        .filter(changes::id.eq_any(ids))
        .select((changes::id, changes::when_us))
        .load(conn)?
        .into_iter()
        .collect();
    let line = |user: User| {
        let (n_changes, newest) = changed.get(&user.id).copied().unzip();
        let at = |change: i64| Some((ChangeId(change), Timestamp::from_micros(*times.get(&change)?)));
        UserLine { user, n_changes: n_changes.unwrap_or(0), newest: newest.and_then(at) }
    };
    Ok(UserList { lines: page.into_iter().map(line).collect(), n_all, n_found })
}

/// Everybody, by name.
fn all(conn: &mut SqliteConnection) -> Result<Vec<User>, DbError> {
    let rows: Vec<(i64, String, Option<String>)> =
        users::table.order(users::identifier).select((users::id, users::identifier, users::bb_username)).load(conn)?;
    let said: Vec<(i64, String, String)> = user_attributes::table
        .order((user_attributes::user_id, user_attributes::name))
        .select((user_attributes::user_id, user_attributes::name, user_attributes::value))
        .load(conn)?;
    let mut attributes: HashMap<i64, Vec<(String, String)>> = HashMap::new();
    for (user, name, value) in said {
        attributes.entry(user).or_default().push((name, value));
    }
    let user = |(id, identifier, bb_username)| User {
        id,
        identifier,
        bb_username,
        attributes: attributes.remove(&id).unwrap_or_default(),
    };
    Ok(rows.into_iter().map(user).collect())
}

/// How many changes each user made, and the newest.
fn changed(conn: &mut SqliteConnection) -> Result<HashMap<i64, (i64, i64)>, DbError> {
    let rows: Vec<(Option<i64>, i64, Option<i64>)> = changes::table
        .group_by(changes::user_id)
        .select((changes::user_id, count_star(), max(changes::id)))
        .load(conn)?;
    Ok(rows.into_iter().filter_map(|(user, n_changes, newest)| Some((user?, (n_changes, newest?)))).collect())
}

fn has_words(user: &User, words: &[String]) -> bool {
    if words.is_empty() {
        return true;
    }
    let values = user.attributes.iter().map(|(_, value)| value.as_str());
    let names = [user.identifier.as_str(), user.bb_username.as_deref().unwrap_or_default()];
    let text = names.into_iter().chain(values).collect::<Vec<_>>().join("\n").to_lowercase();
    words.iter().all(|word| text.contains(word))
}
