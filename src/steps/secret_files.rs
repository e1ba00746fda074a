//! `DownloadSecretsToWorker` and `RemoveWorkerFileSecret`: secrets as files on the worker, while steps need them.

use async_trait::async_trait;
use buildbot_protocol::Value;

use super::command::{Ended, Place};
use super::config::{SecretFilesConfig, TransferSize};
use super::context::{Fault, RemoteCommand, StepContext};
use super::filesystem::{need, silent};
use super::registry::Work;
use super::render::{render, text_of};
use super::transfer::{Trip, number, worker_path};
use crate::domain::{LogKind, MasterFile, PropertyValue, Renderable, Results};

/// Nobody but the worker's user reads such a file.
const MODE: u64 = 0o600;
const SIZE: TransferSize = TransferSize { max: None, block: 32 << 10 };

pub struct SecretFiles {
    pub place: Place,
    pub config: SecretFilesConfig,
}

#[async_trait(?Send)]
impl Work for SecretFiles {
    async fn work(&self, context: &dyn StepContext) -> Result<Ended, Fault> {
        let all_well = if self.config.remove { self.remove(context).await? } else { self.write(context).await? };
        Ok(Ended::with(if all_well { Results::Success } else { Results::Failure }))
    }
}

impl SecretFiles {
    /// Whether every file was written; one that was not does not keep the others from it.
    async fn write(&self, context: &dyn StepContext) -> Result<bool, Fault> {
        need(context, "download_file")?;
        let files = pairs(render(&self.config.files, context).await?)?;
        let stdio = context.add_log("stdio", LogKind::Stream).await?;
        let trip = Trip { context, stdio, size: SIZE };
        let mut all_well = true;
        for (path, secret) in files {
            let path = worker_path(&self.place, &path, context).await?;
            let args = vec![("path", Value::Str(path)), ("mode", number(MODE))];
            let text = text_of(secret).into_bytes();
            all_well &= trip.run("download_file", args, MasterFile::SendBytes(text)).await? == Results::Success;
        }
        Ok(all_well)
    }

    /// Whether every file was removed; one that was not does not keep the others from it.
    async fn remove(&self, context: &dyn StepContext) -> Result<bool, Fault> {
        need(context, "rmfile")?;
        let paths = self.paths(context).await?;
        let stdio = context.add_log("stdio", LogKind::Stream).await?;
        let mut all_well = true;
        for path in paths {
            let path = worker_path(&self.place, &path, context).await?;
            let command =
                silent("rmfile", [("path", Value::Str(path)), ("logEnviron", self.config.log_environ.into())]);
            all_well &= context.run(RemoteCommand { stdio: Some(stdio), ..command }).await?.rc == 0;
        }
        Ok(all_well)
    }

    /// Where the files are. The secrets are not asked for if that can be told without them.
    async fn paths(&self, context: &dyn StepContext) -> Result<Vec<String>, Fault> {
        let Renderable::List(items) = &self.config.files else {
            let files = pairs(render(&self.config.files, context).await?)?;
            return Ok(files.into_iter().map(|(path, _)| path).collect());
        };
        let mut paths = Vec::with_capacity(items.len());
        for item in items {
            let path = match item {
                Renderable::List(pair) if pair.len() == 2 => path_of(render(&pair[0], context).await?)?,
                other => pair(render(other, context).await?)?.0,
            };
            paths.push(path);
        }
        Ok(paths)
    }
}

fn pairs(value: PropertyValue) -> Result<Vec<(String, PropertyValue)>, Fault> {
    match value {
        PropertyValue::List(items) => items.into_iter().map(pair).collect(),
        _ => Err(Fault::Config("the secrets for the worker are a list of pairs: path and secret".to_owned())),
    }
}

fn pair(value: PropertyValue) -> Result<(String, PropertyValue), Fault> {
    let PropertyValue::List(items) = value else { return Err(not_a_pair()) };
    match <[PropertyValue; 2]>::try_from(items) {
        Ok([path, secret]) => Ok((path_of(path)?, secret)),
        Err(_) => Err(not_a_pair()),
    }
}

fn path_of(value: PropertyValue) -> Result<String, Fault> {
    match value {
        PropertyValue::Str(path) if !path.is_empty() => Ok(path),
        _ => Err(Fault::Config("the path of a secret on the worker is a text".to_owned())),
    }
}

fn not_a_pair() -> Fault {
    Fault::Config("each of the secrets for the worker is a pair: path and secret".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::steps::config::{StepConfig, StepKind};
    use crate::steps::{BuildEnv, make};
    use crate::testing::plain_steps::plain_common;
    use crate::testing::scripted_context::{Answer, ScriptedContext};

    fn files(paths: &[&str]) -> Renderable {
        let pair = |path: &&str| {
            Renderable::List(vec![Renderable::from(*path), Renderable::Secret(path.trim_start_matches('/').to_owned())])
        };
        Renderable::List(paths.iter().map(pair).collect())
    }

    async fn run(files: Renderable, remove: bool, context: &ScriptedContext) -> Result<Results, Fault> {
        let kind = StepKind::SecretFiles(SecretFilesConfig { files, remove, log_environ: false });
        let env = BuildEnv { workdir: "build".into(), env: Vec::new() };
        make(&StepConfig { common: plain_common("x"), kind }, &env).run(context).await
    }

    #[tokio::test]
    async fn secrets_are_written_for_the_workers_user_alone() {
        let context = ScriptedContext::new().with_secret("a.key", "hunter2").with_secret("tmp/b", "other");
        assert_eq!(run(files(&["a.key", "/tmp/b"]), false, &context).await.unwrap(), Results::Success);
        assert_eq!(context.commands(), ["download_file /w/b/build/a.key", "download_file /tmp/b"]);
        assert_eq!(context.arguments(0).get("mode"), Some(&Value::Int(0o600)));
        let sent = [b"hunter2".to_vec(), b"other".to_vec()].map(MasterFile::SendBytes);
        assert_eq!(context.files(), sent);
    }

    #[tokio::test]
    async fn files_are_removed_without_asking_for_the_secrets() {
        let context = ScriptedContext::new().answer("rmfile /w/b/build/a.key", Answer::rc(2));
        assert_eq!(run(files(&["a.key", "/tmp/b"]), true, &context).await.unwrap(), Results::Failure);
        assert_eq!(context.commands(), ["rmfile /w/b/build/a.key", "rmfile /tmp/b"], "the second one all the same");
    }

    #[tokio::test]
    async fn one_file_that_cannot_be_written_fails_the_step_after_the_others() {
        let context = ScriptedContext::new().with_secret("a", "1").with_secret("b", "2");
        let context = context.answer("download_file /w/b/build/a", Answer::rc(1));
        assert_eq!(run(files(&["a", "b"]), false, &context).await.unwrap(), Results::Failure);
        assert_eq!(context.commands().len(), 2);
    }

    #[tokio::test]
    async fn what_is_no_list_of_pairs_is_a_fault() {
        let text = |text: &str| PropertyValue::from(text);
        let wrong = [
            text("a"),
            PropertyValue::List(vec![text("a")]),
            PropertyValue::List(vec![PropertyValue::List(vec![text("a"), text("b"), text("c")])]),
            PropertyValue::List(vec![PropertyValue::List(vec![PropertyValue::Int(1), text("b")])]),
        ];
        for value in wrong {
            for remove in [false, true] {
                let fault = run(Renderable::Value(value.clone()), remove, &ScriptedContext::new()).await.unwrap_err();
                assert!(matches!(fault, Fault::Config(_)), "{fault}");
            }
        }
    }
}
