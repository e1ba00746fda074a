//! `getDescription`: a name for the commit, as `git describe` gives it.

use super::order::Order;
use super::session::{Halt, Session};

/// The description; `None` if it is not wanted or git finds no name.
pub async fn describe(session: &Session<'_>, order: &Order) -> Result<Option<String>, Halt> {
    let Some(arguments) = &order.describe else { return Ok(None) };
    let words: Vec<_> = std::iter::once("describe").chain(arguments.iter().map(String::as_str)).collect();
    let outcome = session.ask(&words).await?;
    let description = outcome.stdout.trim();
    Ok((outcome.rc == 0 && !description.is_empty()).then(|| description.to_owned()))
}
