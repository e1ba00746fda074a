//! `/change_hook/<dialect>`: payloads of forges become changes.

pub mod base;

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::domain::NewChange;

/// Form fields in the order they were sent.
pub type Form = [(String, String)];

/// A dialect that this program reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    Base,
}

/// Dialects of Buildbot that are still to come.
const NOT_YET: [&str; 7] =
    ["github", "gitlab", "bitbucket", "bitbucketcloud", "bitbucketserver", "gitorious", "poller"];

/// The reason a payload gives no changes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HookError {
    #[error("there is no dialect '{0}'")]
    Unknown(String),
    #[error("the dialect '{0}' is known, but not available yet")]
    NotYet(String),
    /// Field name to what is wrong with its value.
    #[error("invalid fields: {}", listed(.0))]
    Fields(BTreeMap<String, String>),
}

fn listed(fields: &BTreeMap<String, String>) -> String {
    let mut text = String::new();
    for (name, why) in fields {
        let comma = if text.is_empty() { "" } else { "; " };
        // Writing to a text cannot fail.
        let _ = write!(text, "{comma}{name}: {why}");
    }
    text
}

/// The dialect of this name; the empty name is `base`. The configuration calls this to check `change_hook_dialects`.
pub fn find(name: &str) -> Result<Dialect, HookError> {
    match name {
        "" | "base" => Ok(Dialect::Base),
        known if NOT_YET.contains(&known) => Err(HookError::NotYet(known.to_owned())),
        unknown => Err(HookError::Unknown(unknown.to_owned())),
    }
}

/// Reads a payload that was sent as a form.
pub fn read_form(dialect: Dialect, form: &Form) -> Result<Vec<NewChange>, HookError> {
    match dialect {
        Dialect::Base => base::read(form).map_err(HookError::Fields),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dialects_are_available_to_come_or_unknown() {
        assert_eq!(find(""), Ok(Dialect::Base));
        assert_eq!(find("base"), Ok(Dialect::Base));
        assert_eq!(find("github").unwrap_err().to_string(), "the dialect 'github' is known, but not available yet");
        assert_eq!(find("nosuch"), Err(HookError::Unknown("nosuch".to_owned())));
    }

    #[test]
    fn an_error_names_each_field() {
        let form = [("files".to_owned(), "x".to_owned()), ("when".to_owned(), "y".to_owned())];
        let error = read_form(Dialect::Base, &form).unwrap_err();
        assert_eq!(error.to_string(), "invalid fields: files: not a JSON list of texts; when: not a number of seconds");
    }
}
