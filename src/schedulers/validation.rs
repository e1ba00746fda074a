//! Patterns that bound what people may type when they ask for a build (`c['validation']`).

use super::filter;

/// The patterns that a configuration gives, each to be matched from the start of what was typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Validation {
    pub branch: Option<String>,
    pub revision: Option<String>,
    pub property_name: Option<String>,
    pub property_value: Option<String>,
}

/// What holds where a configuration gives no pattern, and there is no field that could have one: in chats. As Buildbot's.
const BRANCH: &str = r"^[\w.+/~-]*$";
const REVISION: &str = r"^[ \w./-]*$";
const PROPERTY: &str = r"^[\w./~:-]*$";

impl Validation {
    pub fn check_branch(&self, branch: &str) -> Result<(), String> {
        check("the branch", branch, self.branch.as_deref().unwrap_or(BRANCH))
    }

    pub fn check_revision(&self, revision: &str) -> Result<(), String> {
        check("the revision", revision, self.revision.as_deref().unwrap_or(REVISION))
    }

    pub fn check_property(&self, name: &str, value: &str) -> Result<(), String> {
        check("the name of a property", name, self.property_name.as_deref().unwrap_or(PROPERTY))?;
        check("the value of a property", value, self.property_value.as_deref().unwrap_or(PROPERTY))
    }
}

fn check(what: &str, text: &str, pattern: &str) -> Result<(), String> {
    let compiled = filter::compile(pattern).map_err(|error| error.to_string())?;
    if filter::matches(&compiled, text) {
        Ok(())
    } else {
        Err(format!("{what} '{text}' is not of the form '{pattern}'"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_given_is_as_buildbot_has_it() {
        let usual = Validation::default();
        assert_eq!(usual.check_branch("feature/a-b+c~1"), Ok(()));
        assert_eq!(usual.check_revision("1.2 beta"), Ok(()));
        assert_eq!(usual.check_property("arch:name", "x86-64/gnu"), Ok(()));
        assert!(usual.check_branch("main; rm").is_err() && usual.check_revision("$(x)").is_err());
        let refused = "the value of a property 'a b' is not of the form '^[\\w./~:-]*$'";
        assert_eq!(usual.check_property("name", "a b"), Err(refused.to_owned()));
        assert!(usual.check_property("na me", "b").is_err());
    }

    #[test]
    fn what_is_given_counts() {
        let given = Validation { property_value: Some("^[a-z ]*$".to_owned()), ..Validation::default() };
        assert_eq!(given.check_property("name", "a b"), Ok(()));
        assert!(given.check_property("name", "x1").is_err());
    }
}
