//! Plain configurations of steps, and the stamps and changes they are built from, for tests to vary.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::domain::{Change, ChangeId, Properties, Renderable, SourceStamp, SourceStampId, StampSpec, Timestamp};
use crate::steps::config::{
    GitConfig, GitHost, GitMode, ShellConfig, StepKind, WarningCountingConfig, WarningExtractor,
};
use crate::steps::warnings::{
    DEFAULT_DIRECTORY_ENTER_PATTERN, DEFAULT_DIRECTORY_LEAVE_PATTERN, DEFAULT_WARNING_PATTERN,
};
use crate::steps::{StepCommon, StepCondition};

/// A step without any wishes, not even `flunkOnFailure`.
pub fn plain_common(name: &str) -> StepCommon {
    StepCommon {
        name: name.into(),
        halt_on_failure: false,
        flunk_on_warnings: false,
        flunk_on_failure: false,
        warn_on_warnings: false,
        warn_on_failure: false,
        always_run: false,
        do_step_if: StepCondition::Always,
        hide_step_if: StepCondition::Never,
        description: None,
        description_done: None,
        description_suffix: None,
        workdir: None,
        log_encoding: None,
        locks: Vec::new(),
        group: None,
    }
}

/// `ShellCommand(command=...)`.
pub fn plain_shell_config(command: impl Into<Renderable>) -> ShellConfig {
    ShellConfig {
        command: command.into(),
        env: BTreeMap::new(),
        want_stdout: true,
        want_stderr: true,
        use_pty: false,
        log_files: Vec::new(),
        lazy_log_files: false,
        timeout: Some(Duration::from_secs(1200)),
        max_time: None,
        max_lines: None,
        sigterm_time: None,
        interrupt_signal: "KILL".to_owned(),
        log_environ: true,
        initial_stdin: None,
        decode_rc: None,
    }
}

pub fn plain_shell(command: impl Into<Renderable>) -> StepKind {
    StepKind::Shell(plain_shell_config(command))
}

/// `WarningCountingShellCommand(command=...)`.
pub fn plain_warning_counting(command: impl Into<Renderable>) -> WarningCountingConfig {
    WarningCountingConfig {
        shell: plain_shell_config(command),
        warning_pattern: DEFAULT_WARNING_PATTERN.to_owned(),
        directory_enter_pattern: Some(DEFAULT_DIRECTORY_ENTER_PATTERN.to_owned()),
        directory_leave_pattern: Some(DEFAULT_DIRECTORY_LEAVE_PATTERN.to_owned()),
        suppression_list: Vec::new(),
        suppression_file: None,
        max_warn_count: None,
        extractor: WarningExtractor::Groups,
    }
}

/// `Git(repourl=...)`.
pub fn plain_git(repourl: &str) -> GitConfig {
    GitConfig {
        repourl: repourl.into(),
        branch: "HEAD".into(),
        mode: GitMode::Incremental,
        submodules: false,
        remote_submodules: false,
        shallow: None,
        filters: Vec::new(),
        reference: None,
        origin: None,
        progress: true,
        tags: false,
        retry_fetch: false,
        clobber_on_failure: false,
        retry: None,
        always_use_latest: false,
        codebase: String::new(),
        timeout: Some(Duration::from_secs(1200)),
        env: BTreeMap::new(),
        log_environ: true,
        get_description: None,
        config: BTreeMap::new(),
        host: GitHost::Any,
    }
}

pub fn plain_stamp(codebase: &str, branch: Option<&str>, revision: Option<&str>) -> SourceStamp {
    SourceStamp {
        id: SourceStampId(1),
        spec: StampSpec {
            codebase: codebase.to_owned(),
            branch: branch.map(str::to_owned),
            revision: revision.map(str::to_owned),
            ..StampSpec::default()
        },
        created_at: Timestamp::default(),
    }
}

pub fn plain_change(id: i64) -> Change {
    Change {
        id: ChangeId(id),
        source_stamp_id: SourceStampId(id),
        parent_ids: Vec::new(),
        author: "a@example.org".to_owned(),
        committer: None,
        comments: String::new(),
        files: Vec::new(),
        revision: None,
        branch: None,
        category: None,
        revlink: None,
        repository: String::new(),
        project: String::new(),
        codebase: String::new(),
        properties: Properties::new(),
        when: Timestamp::default(),
    }
}
