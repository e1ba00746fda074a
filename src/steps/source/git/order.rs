//! What to check out, rendered and checked once at the beginning.

use crate::domain::{Patch, PropertyValue, Renderable};
use crate::steps::config::{GitConfig, GitHost};
use crate::steps::context::{Fault, StepContext};
use crate::steps::render::{render, render_text};
use crate::steps::source::wanted::Wanted;

/// A rendered [`GitConfig`] with the wish of the build.
#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    pub repourl: String,
    /// `HEAD` for the repository's own choice.
    pub branch: String,
    pub revision: Option<String>,
    pub reference: Option<String>,
    pub origin: Option<String>,
    pub filters: Vec<String>,
    /// `-c name=value` for every command.
    pub options: Vec<String>,
    /// Arguments of `git describe`, if it is wanted.
    pub describe: Option<Vec<String>>,
    pub patch: Option<Patch>,
}

impl Order {
    pub async fn new(config: &GitConfig, wanted: Wanted, context: &dyn StepContext) -> Result<Self, Fault> {
        let repourl = argument("repourl", render_text(&config.repourl, context).await?)?;
        if repourl.is_empty() {
            return Err(Fault::Config("repourl is empty".to_owned()));
        }
        let branch = match wanted.branch {
            Some(branch) => branch,
            None => render_text(&config.branch, context).await?,
        };
        let branch = if branch.is_empty() { "HEAD".to_owned() } else { argument("branch", branch)? };
        // A merge commit of GitHub's is whatever it is now; the revision of the change is only one of its parents.
        let is_merge = config.host == GitHost::GitHub && branch.ends_with("/merge");
        let revision = wanted.revision.filter(|_| !is_merge);
        let revision = revision.map(|revision| argument("revision", revision)).transpose()?;
        let mut filters = Vec::new();
        for filter in &config.filters {
            filters.push(argument("filter", render_text(filter, context).await?)?);
        }
        let mut options = Vec::new();
        for (name, value) in &config.config {
            let value = render_text(value, context).await?;
            options.extend(["-c".to_owned(), format!("{name}={value}")]);
        }
        Ok(Self {
            repourl,
            branch,
            revision,
            reference: optional("reference", config.reference.as_ref(), context).await?,
            origin: optional("origin", config.origin.as_ref(), context).await?,
            filters,
            options,
            describe: describe_arguments(config, context).await?,
            patch: wanted.patch,
        })
    }

    /// The branch, if `clone --branch` and `checkout -B` know what to do with it.
    pub fn plain_branch(&self) -> Option<&str> {
        (self.branch != "HEAD" && !self.branch.starts_with("refs/")).then_some(self.branch.as_str())
    }
}

/// Refuses what git would take for an option.
fn argument(what: &str, text: String) -> Result<String, Fault> {
    if text.starts_with('-') {
        return Err(Fault::Config(format!("the {what} {text:?} begins with a dash")));
    }
    Ok(text)
}

async fn optional(
    what: &str,
    renderable: Option<&Renderable>,
    context: &dyn StepContext,
) -> Result<Option<String>, Fault> {
    let Some(renderable) = renderable else { return Ok(None) };
    let text = argument(what, render_text(renderable, context).await?)?;
    Ok((!text.is_empty()).then_some(text))
}

const DESCRIBE_FLAGS: [&str; 8] = ["all", "always", "tags", "contains", "debug", "long", "exact-match", "first-parent"];
const DESCRIBE_VALUES: [&str; 4] = ["abbrev", "candidates", "match", "exclude"];

async fn describe_arguments(config: &GitConfig, context: &dyn StepContext) -> Result<Option<Vec<String>>, Fault> {
    let Some(options) = &config.get_description else { return Ok(None) };
    let mut arguments = Vec::new();
    let mut dirty = false;
    for (name, value) in options {
        let value = render(value, context).await?;
        match (name.as_str(), &value) {
            (_, PropertyValue::Null | PropertyValue::Bool(false)) => {}
            ("dirty", PropertyValue::Bool(true)) => {
                dirty = true;
                arguments.push("--dirty".to_owned());
            }
            ("dirty", mark) => {
                dirty = true;
                arguments.push(format!("--dirty={mark}"));
            }
            (flag, _) if DESCRIBE_FLAGS.contains(&flag) => arguments.push(format!("--{flag}")),
            (name, value) if DESCRIBE_VALUES.contains(&name) => arguments.push(format!("--{name}={value}")),
            (name, _) => return Err(Fault::Config(format!("getDescription has no option {name:?}"))),
        }
    }
    // A tree is dirty, a commit cannot be.
    if !dirty {
        arguments.push("HEAD".to_owned());
    }
    Ok(Some(arguments))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::testing::plain_steps::plain_git;
    use crate::testing::scripted_context::ScriptedContext;

    fn wish(branch: Option<&str>, revision: Option<&str>) -> Wanted {
        Wanted { branch: branch.map(str::to_owned), revision: revision.map(str::to_owned), patch: None }
    }

    #[tokio::test]
    async fn what_looks_like_an_option_is_refused() {
        let context = ScriptedContext::new();
        for (branch, revision) in [(Some("--upload-pack=x"), None), (None, Some("-x"))] {
            let order = Order::new(&plain_git("repo"), wish(branch, revision), &context).await;
            assert!(matches!(order, Err(Fault::Config(_))), "{order:?}");
        }
        let order = Order::new(&plain_git("--upload-pack=x"), wish(None, None), &context).await;
        assert!(matches!(order, Err(Fault::Config(_))));
    }

    #[tokio::test]
    async fn the_branch_of_the_build_precedes_the_default() {
        let mut config = plain_git("repo");
        config.branch = "stable".into();
        let context = ScriptedContext::new();
        assert_eq!(Order::new(&config, wish(None, None), &context).await.unwrap().branch, "stable");
        assert_eq!(Order::new(&config, wish(Some("dev"), None), &context).await.unwrap().branch, "dev");
        config.branch = "".into();
        assert_eq!(Order::new(&config, wish(None, None), &context).await.unwrap().branch, "HEAD");
    }

    #[tokio::test]
    async fn a_merge_commit_of_github_has_no_revision_of_its_own() {
        let context = ScriptedContext::new();
        let mut config = plain_git("repo");
        let merge = || wish(Some("refs/pull/7/merge"), Some("abc"));
        assert_eq!(Order::new(&config, merge(), &context).await.unwrap().revision.as_deref(), Some("abc"));
        config.host = GitHost::GitHub;
        assert_eq!(Order::new(&config, merge(), &context).await.unwrap().revision, None);
        let branch = wish(Some("main"), Some("abc"));
        assert_eq!(Order::new(&config, branch, &context).await.unwrap().revision.as_deref(), Some("abc"));
    }

    #[tokio::test]
    async fn options_of_describe_become_arguments() {
        let context = ScriptedContext::new();
        let mut config = plain_git("repo");
        let options = |pairs: &[(&str, PropertyValue)]| {
            Some(
                pairs
                    .iter()
                    .map(|(name, value)| ((*name).to_owned(), value.clone().into()))
                    .collect::<BTreeMap<_, _>>(),
            )
        };
        config.get_description = options(&[("tags", true.into()), ("abbrev", 7.into()), ("all", false.into())]);
        let order = Order::new(&config, wish(None, None), &context).await.unwrap();
        assert_eq!(order.describe.unwrap(), ["--abbrev=7", "--tags", "HEAD"]);
        config.get_description = options(&[("dirty", "-mod".into())]);
        let order = Order::new(&config, wish(None, None), &context).await.unwrap();
        assert_eq!(order.describe.unwrap(), ["--dirty=-mod"]);
        config.get_description = options(&[("bogus", true.into())]);
        assert!(matches!(Order::new(&config, wish(None, None), &context).await, Err(Fault::Config(_))));
    }
}
