//! Which branch and revision a checkout shall bring, and the properties that say what it brought.

use std::collections::BTreeMap;

use crate::domain::{Patch, PropertyValue};
use crate::steps::context::StepContext;

/// The wish of the build for one codebase.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// `None` leaves it to the step's default.
    pub branch: Option<String>,
    /// `None` is the newest of the branch.
    pub revision: Option<String>,
    /// To be applied to what was checked out.
    pub patch: Option<Patch>,
}

/// The wish for a codebase; `None` if the build has no source stamp for it.
pub fn wanted(codebase: &str, always_use_latest: bool, context: &dyn StepContext) -> Option<Wanted> {
    if always_use_latest {
        return Some(Wanted::default());
    }
    let stamp = context.source_stamps().iter().find(|stamp| stamp.spec.codebase == codebase)?;
    let newest_change = || {
        let change = context.changes().iter().rev().find(|change| change.codebase == codebase)?;
        change.revision.clone()
    };
    let revision = stamp.spec.revision.clone().filter(|revision| !revision.is_empty()).or_else(newest_change);
    let branch = stamp.spec.branch.clone().filter(|branch| !branch.is_empty());
    Some(Wanted { branch, revision, patch: stamp.spec.patch.clone() })
}

/// Sets a property that describes a checkout: plain text for the unnamed codebase, else a dictionary by codebase.
pub fn set_source_property(context: &dyn StepContext, codebase: &str, name: &str, value: &str, source: &str) {
    let value = PropertyValue::from(value);
    if codebase.is_empty() {
        context.set_property(name, value, source);
        return;
    }
    let mut by_codebase = match context.properties().get(name) {
        Some(PropertyValue::Map(known)) => known.clone(),
        _ => BTreeMap::new(),
    };
    by_codebase.insert(codebase.to_owned(), value);
    context.set_property(name, PropertyValue::Map(by_codebase), source);
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::testing::plain_steps::{plain_change, plain_stamp};
    use crate::testing::scripted_context::ScriptedContext;

    #[test]
    fn the_stamp_of_the_codebase_decides() {
        let context = ScriptedContext::new()
            .with_stamp(plain_stamp("", Some("main"), Some("111")))
            .with_stamp(plain_stamp("fe", Some("dev"), None));
        let wish = |codebase, latest| wanted(codebase, latest, &context);
        let of = |branch: Option<&str>, revision: Option<&str>| {
            Some(Wanted { branch: branch.map(str::to_owned), revision: revision.map(str::to_owned), patch: None })
        };
        assert_eq!(wish("", false), of(Some("main"), Some("111")));
        assert_eq!(wish("fe", false), of(Some("dev"), None));
        assert_eq!(wish("", true), of(None, None));
        assert_eq!(wish("other", false), None);
    }

    #[test]
    fn without_a_revision_the_newest_change_of_the_codebase_gives_it() {
        let change = |codebase: &str, revision: &str| {
            let mut change = plain_change(1);
            change.codebase = codebase.to_owned();
            change.revision = Some(revision.to_owned());
            Arc::new(change)
        };
        let context = ScriptedContext::new()
            .with_stamp(plain_stamp("", None, None))
            .with_change(change("", "old"))
            .with_change(change("", "new"))
            .with_change(change("fe", "other"));
        assert_eq!(wanted("", false, &context).unwrap().revision.as_deref(), Some("new"));
    }

    #[test]
    fn the_patch_of_the_stamp_is_wanted_unless_the_latest_is() {
        let mut stamp = plain_stamp("", None, Some("111"));
        let patch = Patch {
            body: b"x".to_vec(),
            level: 1,
            subdir: String::new(),
            author: String::new(),
            comment: String::new(),
        };
        stamp.spec.patch = Some(patch.clone());
        let context = ScriptedContext::new().with_stamp(stamp);
        assert_eq!(wanted("", false, &context).unwrap().patch, Some(patch));
        assert_eq!(wanted("", true, &context).unwrap().patch, None);
    }

    #[test]
    fn codebases_share_a_property() {
        let context = ScriptedContext::new();
        set_source_property(&context, "fe", "got_revision", "111", "Git");
        set_source_property(&context, "be", "got_revision", "222", "Git");
        let expected = BTreeMap::from([("be".to_owned(), "222".into()), ("fe".to_owned(), "111".into())]);
        assert_eq!(context.properties().get("got_revision"), Some(&PropertyValue::Map(expected)));
    }
}
