//! How far a git poller has come, as text: `{"main": "<sha>", "..turn": 3}`.
//!
//! While a long history is being reported in parts, the entry is `{"at": sha or null, "seen": [sha ...]}`: everything
//! reachable from these commits has been reported, and the rest up to the branch's tip has not.

use std::collections::BTreeMap;

use super::source::PollError;
use crate::json::{self, Value};

/// What was stored by the last poll that found something.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Position {
    pub branches: BTreeMap<String, BranchPosition>,
    /// Counts polls that found something, so that a commit which comes, goes and comes back is delivered anew.
    pub turn: u64,
}

/// How far one branch has been reported.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BranchPosition {
    /// The tip that was reported completely; `None` for a branch that is new.
    pub at: Option<String>,
    /// Further commits reported with all that precedes them.
    pub seen: Vec<String>,
}

impl BranchPosition {
    pub fn complete(tip: &str) -> Self {
        Self { at: Some(tip.to_owned()), seen: Vec::new() }
    }

    pub fn is_complete_at(&self, tip: &str) -> bool {
        self.seen.is_empty() && self.at.as_deref() == Some(tip)
    }

    /// All commits that, with what precedes them, have been reported.
    pub fn commits(&self) -> impl Iterator<Item = &str> {
        self.at.iter().chain(&self.seen).map(String::as_str)
    }
}

/// No branch can have this name.
const TURN: &str = "..turn";

impl Position {
    /// Reads a stored position; it has no branches before the first poll.
    pub fn parse(text: &str) -> Result<Self, PollError> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let value: Value = json::from_str(text).map_err(|error| PollError::Position(error.to_string()))?;
        let Value::Object(mut items) = value else { return Err(PollError::Position("no object".to_owned())) };
        let turn = items.remove(TURN).and_then(|value| value.as_u64()).unwrap_or(0);
        let branches = items
            .into_iter()
            .map(|(branch, value)| Ok((branch, branch_position(&value)?)))
            .collect::<Result<_, PollError>>()?;
        Ok(Self { branches, turn })
    }

    pub fn to_text(&self) -> String {
        let branches = self.branches.iter().map(|(branch, position)| (branch.clone(), value_of(position)));
        let turn = (0 < self.turn).then(|| (TURN.to_owned(), Value::from(self.turn)));
        json::to_string(&branches.chain(turn).collect::<BTreeMap<String, Value>>())
    }

    /// All commits that have been reported on some branch.
    pub fn commits(&self) -> impl Iterator<Item = &str> {
        self.branches.values().flat_map(BranchPosition::commits)
    }
}

fn value_of(position: &BranchPosition) -> Value {
    match position {
        BranchPosition { at: Some(at), seen } if seen.is_empty() => Value::String(at.clone()),
        BranchPosition { at, seen } => json::json!({"at": at, "seen": seen}),
    }
}

fn branch_position(value: &Value) -> Result<BranchPosition, PollError> {
    if let Some(tip) = value.as_str() {
        return Ok(BranchPosition::complete(&commit(tip)?));
    }
    let at = value.get("at").and_then(Value::as_str).map(commit).transpose()?;
    let seen = value.get("seen").and_then(Value::as_array).into_iter().flatten();
    let seen = seen.map(|item| commit(item.as_str().unwrap_or_default())).collect::<Result<_, _>>()?;
    Ok(BranchPosition { at, seen })
}

/// A commit id, and nothing that git could take for an option.
fn commit(text: &str) -> Result<String, PollError> {
    let is_id = matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_id { Ok(text.to_owned()) } else { Err(PollError::Position(format!("'{text}' is no commit"))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_survive_a_round_trip() {
        let (one, two) = ("1".repeat(40), "2".repeat(40));
        let text = format!(r#"{{"..turn":7,"dev":{{"at":null,"seen":["{one}","{two}"]}},"main":"{one}"}}"#);
        let position = Position::parse(&text).unwrap();
        assert_eq!(position.branches["main"], BranchPosition::complete(&one));
        assert_eq!((position.commits().count(), position.turn), (3, 7));
        assert_eq!(position.to_text(), text);
    }

    #[test]
    fn nothing_stored_is_no_position() {
        for text in ["", "{}"] {
            assert_eq!(Position::parse(text).unwrap(), Position::default());
        }
        assert_eq!(Position::default().to_text(), "{}");
    }

    #[test]
    fn what_is_no_commit_is_refused() {
        for text in ["[]", "x", r#"{"main":"--upload-pack=x"}"#, r#"{"main":{"seen":[1]}}"#] {
            assert!(matches!(Position::parse(text), Err(PollError::Position(_))), "{text}");
        }
    }
}
