//! Clients whose every call is answered by itself: those that send changes (`buildbot sendchange` and the hooks of
//! version control systems) and those that administrate users.

use std::time::Duration;

use buildbot_protocol::Value;
use buildbot_protocol::pb::{Broker, Failure, Incoming, Jelly, Reply, to_value};
use tokio::io::{AsyncRead, AsyncWrite};

use super::line::{Ended, Line};
use crate::wire::visitor::{ChangeSink, UserCommand, UserDesk};

/// A client says what it has to say and goes.
pub(super) const SILENCE: Duration = Duration::from_secs(60);

/// Who answers.
pub(super) enum Clerk<'a> {
    Changes(&'a dyn ChangeSink),
    Users(&'a dyn UserDesk),
}

/// Answers one call after the other until the client goes.
pub(super) async fn serve<S>(stream: &mut S, broker: Broker, login: Reply, clerk: Clerk<'_>) -> Result<(), Ended>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut line = Line::new(stream, broker);
    let perspective = line.broker.export()?;
    line.broker.answer(login, &perspective.into())?;
    loop {
        while let Some(incoming) = line.heard()? {
            let Incoming::Call { method, args, reply, .. } = incoming else { continue };
            match clerk.answer(&method, args).await {
                Ok(value) => line.broker.answer(reply, &value)?,
                Err(failure) => line.broker.refuse(reply, &failure),
            }
        }
        line.flush().await?;
        line.listen(Some(SILENCE)).await?;
    }
}

impl Clerk<'_> {
    async fn answer(&self, method: &str, args: Vec<Jelly>) -> Result<Jelly, Failure> {
        let wrong = |why: String| Failure::new("builtins.ValueError", why);
        match (self, method) {
            (Self::Changes(sink), "addChange") => match args.into_iter().next().map(to_value) {
                Some(Value::Map(change)) => sink.add_change(change).await.map(|()| Jelly::None).map_err(wrong),
                _ => Err(wrong("a change must be a dictionary".to_owned())),
            },
            (Self::Users(desk), "commandline") => {
                let command = user_command(args).map_err(wrong)?;
                desk.carry_out(command).await.map(Jelly::Text).map_err(wrong)
            }
            _ => Err(Failure::no_such_method(method)),
        }
    }
}

/// Reads `(op, bb_username, bb_password, ids, info)`.
fn user_command(args: Vec<Jelly>) -> Result<UserCommand, String> {
    let mut args = args.into_iter();
    let operation = args.next().and_then(Jelly::into_text).ok_or("the operation must be a text")?;
    let mut text = |what: &str| match args.next() {
        None | Some(Jelly::None) => Ok(None),
        Some(value) => value.into_text().map(Some).ok_or(format!("{what} must be a text")),
    };
    let (bb_username, bb_password) = (text("bb_username")?, text("bb_password")?);
    let ids = items(args.next(), "ids")?;
    let ids = ids.into_iter().map(|id| id.into_text().ok_or("ids must be texts".to_owned()));
    let info = items(args.next(), "info")?;
    Ok(UserCommand {
        operation,
        bb_username,
        bb_password,
        ids: ids.collect::<Result<_, _>>()?,
        info: info.into_iter().map(attributes).collect::<Result<_, _>>()?,
    })
}

fn items(value: Option<Jelly>, what: &str) -> Result<Vec<Jelly>, String> {
    match value {
        None | Some(Jelly::None) => Ok(Vec::new()),
        Some(value) => value.into_items().ok_or(format!("{what} must be a list")),
    }
}

fn attributes(user: Jelly) -> Result<Vec<(String, String)>, String> {
    let entries = user.into_entries().ok_or("info must be dictionaries")?.into_iter();
    let texts = entries.map(|(name, value)| Some((name.into_text()?, value.into_text()?)));
    texts.collect::<Option<_>>().ok_or("info must be dictionaries of texts".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_client_for_users_asks_is_understood() {
        let dict =
            Jelly::Dict(vec![("identifier".into(), "joe".into()), ("git".into(), Jelly::Bytes(b"Joe".to_vec()))]);
        let args = vec!["add".into(), Jelly::None, Jelly::None, Jelly::None, Jelly::List(vec![dict])];
        let command = user_command(args).unwrap();
        assert_eq!((command.operation.as_str(), command.ids.len(), command.bb_username), ("add", 0, None));
        assert_eq!(command.info, [[("identifier".into(), "joe".into()), ("git".into(), "Joe".into())]]);
        let ids = Jelly::List(vec!["joe".into(), "ann".into()]);
        let args = vec!["get".into(), Jelly::None, Jelly::None, ids];
        assert_eq!(user_command(args).unwrap().ids, ["joe", "ann"]);
    }

    #[test]
    fn what_it_cannot_ask_is_refused() {
        for args in [
            vec![],
            vec![Jelly::Int(1)],
            vec!["add".into(), Jelly::Int(1)],
            vec!["get".into(), Jelly::None, Jelly::None, "joe".into()],
            vec!["get".into(), Jelly::None, Jelly::None, Jelly::List(vec![Jelly::None])],
            vec!["add".into(), Jelly::None, Jelly::None, Jelly::None, Jelly::List(vec![Jelly::Int(1)])],
        ] {
            assert!(user_command(args.clone()).is_err(), "{args:?}");
        }
    }
}
