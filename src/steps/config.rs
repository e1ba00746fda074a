//! What the configuration says of a step: one variant per kind, plain and comparable.

mod group;
mod properties;
mod shells;
mod tools;
mod transfer;

use std::collections::BTreeMap;
use std::time::Duration;

pub use self::group::GroupPlace;
pub use self::properties::{FromEnvConfig, PropertyCommandConfig, PropertyTarget, SetPropertyConfig};
pub use self::shells::{MasterShellConfig, ShellSequenceConfig};
pub use self::tools::{Tool, ToolConfig};
pub use self::transfer::{
    DirectoryUploadConfig, DownloadConfig, DownloadSource, FileUploadConfig, FilesystemConfig,
    MultipleFileUploadConfig, SecretFilesConfig, TransferSize, UploadLink,
};

use super::StepCommon;
use super::function::StepCallback;
use crate::domain::{Callback, Renderable};

/// One step of a factory.
#[derive(Clone, Debug, PartialEq)]
pub struct StepConfig {
    pub common: StepCommon,
    pub kind: StepKind,
}

/// Every step class that works.
#[derive(Clone, Debug, PartialEq)]
pub enum StepKind {
    /// `ShellCommand`, and `Configure` with its own defaults.
    Shell(ShellConfig),
    WarningCounting(WarningCountingConfig),
    /// Counts warnings too; speaks of itself as "compile".
    Compile(WarningCountingConfig),
    /// Counts warnings too; speaks of itself as "test".
    Test(WarningCountingConfig),
    Git(GitConfig),
    Trigger(TriggerConfig),
    FileUpload(FileUploadConfig),
    DirectoryUpload(DirectoryUploadConfig),
    MultipleFileUpload(MultipleFileUploadConfig),
    Download(DownloadConfig),
    Filesystem(FilesystemConfig),
    SecretFiles(SecretFilesConfig),
    SetProperty(SetPropertyConfig),
    /// A dictionary of them.
    SetProperties(Renderable),
    SetPropertyFromCommand(PropertyCommandConfig),
    SetPropertiesFromEnv(FromEnvConfig),
    /// Fails unless this is true.
    Assert(Renderable),
    LogRenderable(Renderable),
    MasterShell(MasterShellConfig),
    ShellSequence(ShellSequenceConfig),
    Tool(ToolConfig),
    /// A function of the configuration.
    Function(StepCallback),
}

/// Arguments of `ShellCommand` (manual section "ShellCommand").
#[derive(Clone, Debug, PartialEq)]
pub struct ShellConfig {
    /// Text for a shell, or a list of words that may contain lists.
    pub command: Renderable,
    pub env: BTreeMap<String, Renderable>,
    pub want_stdout: bool,
    pub want_stderr: bool,
    pub use_pty: bool,
    /// Name of the log to the file it follows.
    pub log_files: Vec<LogFileConfig>,
    pub lazy_log_files: bool,
    /// Kill after this long without output; `None` never.
    pub timeout: Option<Duration>,
    /// Kill after this long in all.
    pub max_time: Option<Duration>,
    pub max_lines: Option<i64>,
    /// TERM first, and the interrupt signal after this long.
    pub sigterm_time: Option<Duration>,
    pub interrupt_signal: String,
    pub log_environ: bool,
    pub initial_stdin: Option<Renderable>,
    /// Exit code to result code; `None` means 0 is success and all else failure.
    pub decode_rc: Option<BTreeMap<i64, i32>>,
}

/// Arguments of `Trigger` (manual section "Trigger").
#[derive(Clone, Debug, PartialEq)]
pub struct TriggerConfig {
    /// Names of `Triggerable` schedulers.
    pub scheduler_names: Renderable,
    /// Names among them whose results do not count.
    pub unimportant_names: Vec<String>,
    pub wait_for_finish: Renderable,
    /// What is built: that of this build, or these dictionaries, one for each codebase.
    pub source_stamps: Option<Renderable>,
    /// Build the revisions that this build found out, not those it was asked for.
    pub update_source_stamp: Renderable,
    /// Build whatever the schedulers' own source is.
    pub always_use_latest: Renderable,
    /// A dictionary.
    pub set_properties: Renderable,
    pub copy_properties: Vec<String>,
    pub parent_relationship: Renderable,
}

/// One entry of `logfiles`.
#[derive(Clone, Debug, PartialEq)]
pub struct LogFileConfig {
    pub name: String,
    pub filename: Renderable,
    /// Begin at the end of what is there already.
    pub follow: bool,
}

/// Arguments of `WarningCountingShellCommand`.
#[derive(Clone, Debug, PartialEq)]
pub struct WarningCountingConfig {
    pub shell: ShellConfig,
    /// Regular expression, matched at the start of a line; with three groups they are file, line and text.
    pub warning_pattern: String,
    pub directory_enter_pattern: Option<String>,
    pub directory_leave_pattern: Option<String>,
    pub suppression_list: Vec<SuppressionConfig>,
    /// A file on the worker with more of them, relative to the working directory.
    pub suppression_file: Option<Renderable>,
    /// More warnings than this make the step a failure.
    pub max_warn_count: Option<i64>,
    pub extractor: WarningExtractor,
}

/// How a line that is a warning is taken apart into file, line and text.
#[derive(Clone, Debug, PartialEq)]
pub enum WarningExtractor {
    /// By three groups of the pattern; the whole line is text if there are fewer.
    Groups,
    /// The whole line is text.
    WholeLine,
    /// By a function of (step, line, match).
    Function(Callback),
}

/// Warnings that are not counted: patterns of file and text, and a range of lines.
#[derive(Clone, Debug, PartialEq)]
pub struct SuppressionConfig {
    pub file: Option<String>,
    pub text: Option<String>,
    pub lines: Option<(i64, i64)>,
}

/// Arguments of `Git` (manual section "Git").
#[derive(Clone, Debug, PartialEq)]
pub struct GitConfig {
    pub repourl: Renderable,
    pub branch: Renderable,
    pub mode: GitMode,
    pub submodules: bool,
    pub remote_submodules: bool,
    pub shallow: Option<u32>,
    pub filters: Vec<Renderable>,
    pub reference: Option<Renderable>,
    pub origin: Option<Renderable>,
    pub progress: bool,
    pub tags: bool,
    pub retry_fetch: bool,
    pub clobber_on_failure: bool,
    /// Delay and number of tries again.
    pub retry: Option<(Duration, u32)>,
    pub always_use_latest: bool,
    pub codebase: String,
    pub timeout: Option<Duration>,
    pub env: BTreeMap<String, Renderable>,
    pub log_environ: bool,
    /// `git describe` after the checkout, as property `commit-description`.
    pub get_description: Option<BTreeMap<String, Renderable>>,
    pub config: BTreeMap<String, Renderable>,
    pub host: GitHost,
}

/// What else than branches can be built, by the server it is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GitHost {
    Any,
    /// Merge commits of pull requests, which GitHub makes anew when it likes.
    GitHub,
    /// Changes under review.
    Gerrit,
}

/// How `Git` brings the tree to the wanted revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GitMode {
    Incremental,
    /// Delete everything, clone anew.
    Clobber,
    /// Remove what git does not track, ignored files too.
    Fresh,
    /// Remove what git does not track, keep ignored files.
    Clean,
    /// Update a copy beside the build directory, then copy it.
    Copy,
}
