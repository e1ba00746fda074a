//! The line that pages show for a step: what it does while it runs, what it did and how it ended.

use super::config::{FilesystemConfig, StepConfig, StepKind};
use super::context::StepContext;
use super::render::{render_for_display, text_of};
use super::step::StepCommon;
use crate::domain::{PropertyValue, Renderable, Results};

/// The line for a step that ended so without running to its end: skipped, or stopped by a fault.
pub async fn summary(config: &StepConfig, results: Results, context: &dyn StepContext) -> String {
    done(config, context).await.ended(results, None)
}

/// What the step did, before anything is said of its result.
pub struct Done {
    text: String,
    /// Whether the command stands for a description.
    is_command: bool,
}

impl Done {
    /// Words of the step's own instead of the configured ones.
    pub fn from_text(text: String) -> Self {
        Self { text, is_command: false }
    }

    pub fn into_text(self) -> String {
        self.text
    }

    /// Adds the result, and why the worker killed the command if it did.
    pub fn ended(self, results: Results, failure_reason: Option<&str>) -> String {
        let mut text = self.text;
        if results != Results::Success {
            text.push_str(&format!(" ({results})"));
        }
        match failure_reason {
            Some("timeout" | "timeout_without_output") => text.push_str(" (timed out)"),
            Some("max_lines_failure") if self.is_command => text.push_str(" (max lines)"),
            Some("max_lines_failure") => text.push_str(" (max lines reached)"),
            _ => {}
        }
        text
    }
}

/// The line while the step runs.
pub async fn running(config: &StepConfig, context: &dyn StepContext) -> String {
    let description = words_of(config.common.description.as_ref(), context).await;
    match description.or_else(|| defaults(&config.kind).map(|(running, _)| running.to_owned())) {
        Some(text) => with_suffix(text, config, context).await,
        None => "running".to_owned(),
    }
}

/// What the step did. A description that cannot be rendered counts as none.
pub async fn done(config: &StepConfig, context: &dyn StepContext) -> Done {
    let described = words_of(config.common.description_done.as_ref(), context).await;
    if let Some(text) = described.or_else(|| defaults(&config.kind).map(|(_, done)| done.to_owned())) {
        return Done::from_text(with_suffix(text, config, context).await);
    }
    if let Some(command) = command_of(&config.kind)
        && let Ok(value) = render_for_display(command, context).await
        && let Some(text) = quoted(&value)
    {
        return Done { text, is_command: true };
    }
    match words_of(config.common.description.as_ref(), context).await {
        Some(text) => Done::from_text(with_suffix(text, config, context).await),
        None => Done::from_text("finished".to_owned()),
    }
}

/// Present and past of the classes that have words of their own.
fn defaults(kind: &StepKind) -> Option<(&'static str, &'static str)> {
    match kind {
        StepKind::Shell(_) | StepKind::WarningCounting(_) | StepKind::SecretFiles(_) => None,
        StepKind::Compile(_) => Some(("compiling", "compile")),
        StepKind::Test(_) => Some(("testing", "test")),
        StepKind::Git(_) => Some(("updating", "update")),
        StepKind::Trigger(_) => Some(("triggering", "triggered")),
        StepKind::FileUpload(_) | StepKind::DirectoryUpload(_) | StepKind::MultipleFileUpload(_) => {
            Some(("uploading", "uploading"))
        }
        StepKind::Download(_) => Some(("downloading", "downloading")),
        StepKind::Filesystem(config) => match config {
            FilesystemConfig::FileExists { .. } => None,
            FilesystemConfig::MakeDirectory { .. } => Some(("Creating", "Created")),
            FilesystemConfig::RemoveDirectory { .. } => Some(("Deleting", "Deleted")),
            FilesystemConfig::CopyDirectory { .. } => Some(("Copying", "Copied")),
        },
        StepKind::SetProperty(_) | StepKind::SetPropertiesFromEnv(_) => Some(("Setting", "Set")),
        StepKind::SetProperties(_) => Some(("Setting Properties..", "Properties Set")),
        StepKind::Assert(_) => Some(("Checking..", "checked")),
        StepKind::LogRenderable(_) => Some(("Logging", "Logged")),
        StepKind::MasterShell(_) => Some(("Running", "Ran")),
        StepKind::Tool(tool) => Some(("running", tool.tool.step_name())),
        StepKind::SetPropertyFromCommand(_) | StepKind::ShellSequence(_) | StepKind::Function(_) => None,
    }
}

fn command_of(kind: &StepKind) -> Option<&Renderable> {
    match kind {
        StepKind::Shell(shell) => Some(&shell.command),
        StepKind::WarningCounting(config) | StepKind::Compile(config) | StepKind::Test(config) => {
            Some(&config.shell.command)
        }
        StepKind::SetPropertyFromCommand(config) => Some(&config.shell.command),
        _ => None,
    }
}

/// What a step says of itself, unless its configuration has words for it.
pub async fn own_words(common: &StepCommon, text: String, context: &dyn StepContext) -> Option<String> {
    if common.description_done.is_some() || common.description.is_some() {
        return None;
    }
    Some(match words_of(common.description_suffix.as_ref(), context).await {
        Some(suffix) => format!("{text} {suffix}"),
        None => text,
    })
}

async fn with_suffix(text: String, config: &StepConfig, context: &dyn StepContext) -> String {
    let mut suffix = words_of(config.common.description_suffix.as_ref(), context).await;
    if let StepKind::Git(git) = &config.kind
        && suffix.is_none()
        && !git.codebase.is_empty()
    {
        suffix = Some(git.codebase.clone());
    }
    match suffix {
        Some(suffix) => format!("{text} {suffix}"),
        None => text,
    }
}

/// A text or a list of words; `None` if there are none.
async fn words_of(renderable: Option<&Renderable>, context: &dyn StepContext) -> Option<String> {
    let value = render_for_display(renderable?, context).await.ok()?;
    let text = match value {
        PropertyValue::List(items) => items.into_iter().map(text_of).collect::<Vec<_>>().join(" "),
        other => text_of(other),
    };
    (!text.is_empty()).then_some(text)
}

/// The first two words of a command: `'make'`, `'make all'`, `'make all ...'`.
pub fn quoted(command: &PropertyValue) -> Option<String> {
    let mut words = Vec::new();
    collect_words(command, &mut words);
    match words.as_slice() {
        [] => None,
        [only] => Some(format!("'{only}'")),
        [first, second] => Some(format!("'{first} {second}'")),
        [first, second, ..] => Some(format!("'{first} {second} ...'")),
    }
}

fn collect_words(command: &PropertyValue, words: &mut Vec<String>) {
    match command {
        PropertyValue::List(items) => {
            for item in items {
                match item {
                    PropertyValue::List(_) => collect_words(item, words),
                    other => words.push(text_of(other.clone())),
                }
            }
        }
        PropertyValue::Str(text) => words.extend(text.split_whitespace().map(str::to_owned)),
        other => words.push(text_of(other.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::plain_steps::{plain_common, plain_shell, plain_warning_counting};
    use crate::testing::scripted_context::ScriptedContext;

    fn list(words: &[&str]) -> Renderable {
        PropertyValue::List(words.iter().map(|word| (*word).into()).collect()).into()
    }

    async fn shell_summary(command: Renderable, results: Results) -> String {
        let config = StepConfig { common: plain_common("x"), kind: plain_shell(command) };
        summary(&config, results, &ScriptedContext::new()).await
    }

    #[tokio::test]
    async fn a_command_is_described_by_its_first_two_words() {
        for (command, expected) in [
            (Renderable::from("make"), "'make'"),
            ("  make   all ".into(), "'make all'"),
            ("make all x".into(), "'make all ...'"),
            (list(&["make"]), "'make'"),
            (list(&["it's", "x y"]), "'it's x y'"),
            (list(&["sh", "-c", "x"]), "'sh -c ...'"),
            ("".into(), "finished"),
        ] {
            assert_eq!(shell_summary(command, Results::Success).await, expected);
        }
        let nested = PropertyValue::List(vec![PropertyValue::List(vec!["make".into(), "all".into()]), "x".into()]);
        assert_eq!(shell_summary(nested.into(), Results::Success).await, "'make all ...'");
    }

    #[tokio::test]
    async fn the_result_follows_unless_it_is_success() {
        assert_eq!(shell_summary("make".into(), Results::Failure).await, "'make' (failure)");
        assert_eq!(shell_summary("make".into(), Results::Cancelled).await, "'make' (cancelled)");
        assert_eq!(shell_summary("make".into(), Results::Skipped).await, "'make' (skipped)");
    }

    #[tokio::test]
    async fn a_killed_command_says_why() {
        let config = StepConfig { common: plain_common("x"), kind: plain_shell("make") };
        let context = ScriptedContext::new();
        let ended = async |reason| done(&config, &context).await.ended(Results::Failure, Some(reason));
        assert_eq!(ended("timeout").await, "'make' (failure) (timed out)");
        assert_eq!(ended("timeout_without_output").await, "'make' (failure) (timed out)");
        assert_eq!(ended("max_lines_failure").await, "'make' (failure) (max lines)");
        let compile = StepConfig { common: plain_common("x"), kind: StepKind::Compile(plain_warning_counting("make")) };
        let text = done(&compile, &context).await.ended(Results::Failure, Some("max_lines_failure"));
        assert_eq!(text, "compile (failure) (max lines reached)");
    }

    #[tokio::test]
    async fn descriptions_are_words_with_a_suffix() {
        let common = StepCommon {
            description: Some(list(&["do", "ing"])),
            description_done: Some(list(&["a", "b"])),
            description_suffix: Some("c d".into()),
            ..plain_common("x")
        };
        let config = StepConfig { common, kind: plain_shell("make") };
        let context = ScriptedContext::new();
        assert_eq!(running(&config, &context).await, "do ing c d");
        assert_eq!(summary(&config, Results::Warnings, &context).await, "a b c d (warnings)");
    }

    #[tokio::test]
    async fn a_description_alone_leaves_the_end_to_the_command() {
        let common = StepCommon { description: Some("doing".into()), ..plain_common("x") };
        let config = StepConfig { common, kind: plain_shell("make all") };
        let context = ScriptedContext::new();
        assert_eq!(running(&config, &context).await, "doing");
        assert_eq!(summary(&config, Results::Success, &context).await, "'make all'");
    }

    #[tokio::test]
    async fn classes_have_words_of_their_own() {
        let context = ScriptedContext::new();
        for (kind, present, past) in [
            (StepKind::Compile(plain_warning_counting("make all")), "compiling", "compile"),
            (StepKind::Test(plain_warning_counting("make test")), "testing", "test"),
            (StepKind::WarningCounting(plain_warning_counting("make lint")), "running", "'make lint'"),
        ] {
            let config = StepConfig { common: plain_common("x"), kind };
            assert_eq!(running(&config, &context).await, present);
            assert_eq!(summary(&config, Results::Success, &context).await, past);
        }
    }

    #[tokio::test]
    async fn secrets_stay_out_of_the_line() {
        let command = Renderable::List(vec!["curl".into(), Renderable::Secret("token".to_owned())]);
        assert_eq!(shell_summary(command, Results::Success).await, "'curl <token>'");
    }
}
