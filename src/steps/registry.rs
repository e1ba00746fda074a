//! Every kind of step, and how one is made from its configuration.

use async_trait::async_trait;

use super::checks::{Assert, LogRenderable};
use super::command::{Ended, Place};
use super::compile::WarningCounting;
use super::config::{DownloadSource, FilesystemConfig, StepConfig, StepKind};
use super::context::{Fault, StepContext};
use super::filesystem::Filesystem;
use super::function::FunctionStep;
use super::master_shell::MasterShell;
use super::properties::{SetProperties, SetPropertiesFromEnv, SetProperty};
use super::property_command::SetPropertyFromCommand;
use super::render::render;
use super::secret_files::SecretFiles;
use super::sequence::ShellSequence;
use super::shell::Shell;
use super::source::git::Git;
use super::step::Step;
use super::summary::{self, Done};
use super::tools::ToolStep;
use super::transfer::{DirectoryUpload, Download, FileUpload, MultipleFileUpload};
use super::trigger::Trigger;
use crate::domain::{PropertyValue, Renderable, Results};

/// What all steps of a build have in common.
#[derive(Clone, Debug, PartialEq)]
pub struct BuildEnv {
    /// The factory's working directory, below the builder's directory or absolute.
    pub workdir: Renderable,
    /// The builder's environment for commands; steps override it.
    pub env: Vec<(String, Renderable)>,
}

/// The step that a configuration describes, for one build.
pub fn make(config: &StepConfig, env: &BuildEnv) -> Box<dyn Step> {
    let place = Place { common: config.common.clone(), env: env.clone() };
    let work: Box<dyn Work> = match &config.kind {
        StepKind::Shell(shell) => Box::new(Shell { place, config: shell.clone() }),
        StepKind::WarningCounting(counting) | StepKind::Compile(counting) | StepKind::Test(counting) => {
            Box::new(WarningCounting { place, step: config.clone(), config: counting.clone() })
        }
        StepKind::Git(git) => Box::new(Git { place, config: git.clone() }),
        StepKind::Trigger(trigger) => Box::new(Trigger { config: trigger.clone() }),
        StepKind::FileUpload(upload) => Box::new(FileUpload { place, config: upload.clone() }),
        StepKind::DirectoryUpload(upload) => Box::new(DirectoryUpload { place, config: upload.clone() }),
        StepKind::MultipleFileUpload(upload) => Box::new(MultipleFileUpload { place, config: upload.clone() }),
        StepKind::Download(download) => Box::new(Download { place, config: download.clone() }),
        StepKind::SecretFiles(config) => Box::new(SecretFiles { place, config: config.clone() }),
        StepKind::Filesystem(config) => Box::new(Filesystem { place, config: config.clone() }),
        StepKind::SetProperty(set) => Box::new(SetProperty { step: config.clone(), config: set.clone() }),
        StepKind::SetProperties(properties) => {
            Box::new(SetProperties { step: config.clone(), properties: properties.clone() })
        }
        StepKind::SetPropertyFromCommand(command) => {
            Box::new(SetPropertyFromCommand { place, config: command.clone() })
        }
        StepKind::SetPropertiesFromEnv(from) => Box::new(SetPropertiesFromEnv { config: from.clone() }),
        StepKind::Assert(check) => Box::new(Assert { place, check: check.clone() }),
        StepKind::LogRenderable(content) => Box::new(LogRenderable { content: content.clone() }),
        StepKind::MasterShell(command) => Box::new(MasterShell { place, config: command.clone() }),
        StepKind::ShellSequence(sequence) => Box::new(ShellSequence { place, config: sequence.clone() }),
        StepKind::Tool(tool) => Box::new(ToolStep { place, step: config.clone(), config: tool.clone() }),
        StepKind::Function(function) => {
            Box::new(FunctionStep { place, step: config.clone(), function: function.clone() })
        }
    };
    Box::new(Narrated { config: config.clone(), work })
}

/// The name of a step whose configuration gives none.
pub fn default_name(config: &StepConfig) -> String {
    match &config.kind {
        StepKind::Shell(_) => "shell".to_owned(),
        StepKind::WarningCounting(_) | StepKind::SecretFiles(_) => "generic".to_owned(),
        StepKind::Compile(_) => "compile".to_owned(),
        StepKind::Test(_) => "test".to_owned(),
        StepKind::Git(git) if git.codebase.is_empty() => "git".to_owned(),
        StepKind::Git(git) => format!("git-{}", git.codebase),
        StepKind::Trigger(_) => "trigger".to_owned(),
        StepKind::FileUpload(_) | StepKind::DirectoryUpload(_) | StepKind::MultipleFileUpload(_) => "upload".to_owned(),
        StepKind::Download(download) => match download.source {
            DownloadSource::File(_) => "download".to_owned(),
            DownloadSource::Text(_) => "string_download".to_owned(),
            DownloadSource::Json(_) => "json_download".to_owned(),
            DownloadSource::Properties => "json_properties_download".to_owned(),
        },
        StepKind::Filesystem(config) => match config {
            FilesystemConfig::FileExists { .. } => "FileExists".to_owned(),
            FilesystemConfig::MakeDirectory { .. } => "MakeDirectory".to_owned(),
            FilesystemConfig::RemoveDirectory { .. } => "RemoveDirectory".to_owned(),
            FilesystemConfig::CopyDirectory { .. } => "CopyDirectory".to_owned(),
        },
        StepKind::SetProperty(_) => "SetProperty".to_owned(),
        StepKind::SetProperties(_) => "SetProperties".to_owned(),
        StepKind::SetPropertyFromCommand(_) => "setproperty".to_owned(),
        StepKind::SetPropertiesFromEnv(_) => "SetPropertiesFromEnv".to_owned(),
        StepKind::Assert(_) => "Assert".to_owned(),
        StepKind::LogRenderable(_) => "LogRenderable".to_owned(),
        StepKind::MasterShell(_) => "MasterShellCommand".to_owned(),
        StepKind::ShellSequence(_) => "generic".to_owned(),
        StepKind::Tool(tool) => tool.tool.step_name().to_owned(),
        StepKind::Function(function) => function.0.name().to_owned(),
    }
}

/// The name a step has in this build; the default if it renders to nothing.
pub async fn step_name(config: &StepConfig, context: &dyn StepContext) -> Result<String, Fault> {
    match render(&config.common.name, context).await? {
        PropertyValue::Null => Ok(default_name(config)),
        PropertyValue::Str(name) if name.is_empty() => Ok(default_name(config)),
        name => Ok(name.to_string()),
    }
}

/// The part of a step that differs by kind.
#[async_trait(?Send)]
pub trait Work {
    async fn work(&self, context: &dyn StepContext) -> Result<Ended, Fault>;
}

/// A step that says on its line what it does and did.
struct Narrated {
    config: StepConfig,
    work: Box<dyn Work>,
}

#[async_trait(?Send)]
impl Step for Narrated {
    async fn run(&self, context: &dyn StepContext) -> Result<Results, Fault> {
        context.set_state(&summary::running(&self.config, context).await);
        let outcome = self.work.work(context).await;
        let configured = summary::done(&self.config, context).await;
        match outcome {
            Ok(ended) => {
                let done = ended.description.map_or(configured, Done::from_text);
                context.set_state(&done.ended(ended.results, ended.failure_reason.as_deref()));
                Ok(ended.results)
            }
            Err(fault) => {
                // Whoever turns the fault into a result adds it to the line.
                context.set_state(&configured.into_text());
                Err(fault)
            }
        }
    }
}
