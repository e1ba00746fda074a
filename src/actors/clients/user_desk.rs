//! `CommandlineUserManager`: does what `buildbot user` asks for.

use std::fmt::Write;

use futures_util::future::BoxFuture;

use crate::db::transitions::{AddUser, RemoveUser, UpdateUser, UserFacts};
use crate::db::views::users::{self, User};
use crate::db::{Db, DbError};
use crate::wire::{UserCommand, UserDesk};

pub(super) struct UserOffice {
    pub(super) db: Db,
}

impl UserDesk for UserOffice {
    fn carry_out(&self, command: UserCommand) -> BoxFuture<'static, Result<String, String>> {
        let db = self.db.clone();
        Box::pin(async move {
            let carried_out = match command.operation.as_str() {
                "add" => add(&db, command).await,
                "update" => update(&db, command).await,
                "remove" => remove(&db, command.ids).await,
                "get" => get(&db, command.ids).await,
                other => return Err(format!("'{other}' is none of add, update, remove, get")),
            };
            carried_out.map_err(|error| error.to_string())
        })
    }
}

async fn add(db: &Db, command: UserCommand) -> Result<String, DbError> {
    let mut text = "user(s) added:\n".to_owned();
    for facts in all_facts(&command) {
        let identifier = facts.identifier.clone();
        let id = db.write(AddUser(facts)).await?;
        let _ = writeln!(text, "identifier: {identifier}\nuid: {id}\n");
    }
    Ok(text)
}

async fn update(db: &Db, command: UserCommand) -> Result<String, DbError> {
    let mut text = "user(s) updated:\n".to_owned();
    for facts in all_facts(&command) {
        let identifier = facts.identifier.clone();
        let line = if db.write(UpdateUser(facts)).await? { "identifier" } else { "no match found for" };
        let _ = writeln!(text, "{line}: {identifier}");
    }
    Ok(text)
}

async fn remove(db: &Db, ids: Vec<String>) -> Result<String, DbError> {
    let mut text = "user(s) removed:\n".to_owned();
    for identifier in ids {
        let removed = db.write(RemoveUser { identifier: identifier.clone() }).await?;
        let line = if removed { "identifier" } else { "no match found for" };
        let _ = writeln!(text, "{line}: {identifier}");
    }
    Ok(text)
}

async fn get(db: &Db, ids: Vec<String>) -> Result<String, DbError> {
    let mut text = "user(s) found:\n".to_owned();
    for identifier in ids {
        match db.read(move |conn| users::find(conn, &identifier)).await? {
            Some(user) => text += &describe(&user),
            None => text += "no match found\n",
        }
    }
    Ok(text)
}

fn describe(user: &User) -> String {
    let username = user.bb_username.as_deref().unwrap_or("None");
    let mut text = format!("uid: {}\nidentifier: {}\nbb_username: {username}\n", user.id, user.identifier);
    if !user.attributes.is_empty() {
        text += "attributes:\n";
        for (name, value) in &user.attributes {
            let _ = writeln!(text, "\t{name}: {value}");
        }
        text += "\n";
    }
    text
}

/// What is said of each user. The name and password are those of all of them, as the client allows.
fn all_facts(command: &UserCommand) -> Vec<UserFacts> {
    let login = command.bb_username.clone().zip(command.bb_password.clone());
    let facts = command.info.iter().filter_map(|attributes| {
        let identifier = attributes.iter().find(|(name, _)| name == "identifier").map(|(_, value)| value.clone())?;
        let attributes = attributes.iter().filter(|(name, _)| name != "identifier").cloned().collect();
        Some(UserFacts { identifier, attributes, login: login.clone() })
    });
    facts.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::testing::test_db::TestDb;

    fn command(operation: &str, ids: &[&str], info: &[&[(&str, &str)]]) -> UserCommand {
        let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        UserCommand {
            operation: operation.to_owned(),
            ids: ids.iter().map(|id| (*id).to_owned()).collect(),
            info: info.iter().map(|user| user.iter().map(pair).collect()).collect(),
            ..UserCommand::default()
        }
    }

    #[actix::test]
    async fn a_user_is_added_found_changed_and_removed() {
        let test = TestDb::new(&Clock::system());
        let office = UserOffice { db: test.db.clone() };
        let joe = [("identifier", "joe"), ("git", "Joe <joe@example.org>"), ("svn", "joe")];
        let added = office.carry_out(command("add", &[], &[&joe])).await.unwrap();
        assert_eq!(added, "user(s) added:\nidentifier: joe\nuid: 1\n\n");
        let same = office.carry_out(command("add", &[], &[&[("identifier", "j"), ("svn", "joe")]])).await.unwrap();
        assert!(same.contains("uid: 1\n"), "the same attribute is the same user: {same}");
        let mut update = command("update", &[], &[&[("identifier", "joe"), ("email", "joe@x")]]);
        (update.bb_username, update.bb_password) = (Some("jj".to_owned()), Some("hash".to_owned()));
        assert_eq!(office.carry_out(update).await.unwrap(), "user(s) updated:\nidentifier: joe\n");
        let found = office.carry_out(command("get", &["joe", "nobody"], &[])).await.unwrap();
        let expected = "user(s) found:\nuid: 1\nidentifier: joe\nbb_username: jj\nattributes:\n\temail: joe@x\n\t\
                        git: Joe <joe@example.org>\n\tsvn: joe\n\nno match found\n";
        assert_eq!(found, expected);
        let removed = office.carry_out(command("remove", &["joe", "joe"], &[])).await.unwrap();
        assert_eq!(removed, "user(s) removed:\nidentifier: joe\nno match found for: joe\n");
        assert!(office.carry_out(command("drop", &["joe"], &[])).await.is_err());
    }

    #[actix::test]
    async fn the_author_of_a_change_can_be_forgotten() {
        let test = TestDb::new(&Clock::system());
        crate::testing::sample_site::fill(&test.db).await.unwrap();
        let office = UserOffice { db: test.db.clone() };
        let removed = office.carry_out(command("remove", &["Zoë <zoe@example.org>"], &[])).await.unwrap();
        assert_eq!(removed, "user(s) removed:\nidentifier: Zoë <zoe@example.org>\n");
    }
}
