//! Questions about steps. Arguments are asked for by the names that configurations give them, and rendered in the
//! build of the question; `commands` and `sets` carry the step out on a scripted worker.

use std::collections::BTreeMap;

use buildbot::config::BuilderConfig;
use buildbot::domain::{PropertyValue, Renderable, Results};
use buildbot::steps::config::{
    DownloadSource, FilesystemConfig, GitConfig, GitHost, GitMode, PropertyTarget, ShellConfig, StepConfig, StepKind,
    Tool, TransferSize, TriggerConfig, UploadLink, WarningCountingConfig,
};
use buildbot::steps::{self, BuildEnv, StepContext, StepsPlace};
use buildbot::testing::scripted_context::ScriptedContext;

use crate::builders::locks;
use crate::calls::{call_plain, now, rendered, rendered_option};
use crate::given;
use crate::sheet::Question;
use crate::values::{Answer, list, number, option, seconds, unknown};

pub fn name(step: &StepConfig, question: &Question) -> String {
    let name = now(steps::step_name(step, &given::build(&question.named)));
    name.unwrap_or_else(|fault| format!("<{fault}>"))
}

pub fn kind(step: &StepConfig) -> &'static str {
    match &step.kind {
        StepKind::Shell(_) => "ShellCommand",
        StepKind::WarningCounting(_) => "WarningCountingShellCommand",
        StepKind::Compile(_) => "Compile",
        StepKind::Test(_) => "Test",
        StepKind::Git(git) => match git.host {
            GitHost::Any => "Git",
            GitHost::GitHub => "GitHub",
            GitHost::Gerrit => "Gerrit",
        },
        StepKind::Trigger(_) => "Trigger",
        StepKind::FileUpload(_) => "FileUpload",
        StepKind::DirectoryUpload(_) => "DirectoryUpload",
        StepKind::MultipleFileUpload(_) => "MultipleFileUpload",
        StepKind::Download(download) => match &download.source {
            DownloadSource::File(_) => "FileDownload",
            DownloadSource::Text(_) => "StringDownload",
            DownloadSource::Json(_) => "JSONStringDownload",
            DownloadSource::Properties => "JSONPropertiesDownload",
        },
        StepKind::Filesystem(filesystem) => match filesystem {
            FilesystemConfig::FileExists { .. } => "FileExists",
            FilesystemConfig::MakeDirectory { .. } => "MakeDirectory",
            FilesystemConfig::RemoveDirectory { .. } => "RemoveDirectory",
            FilesystemConfig::CopyDirectory { .. } => "CopyDirectory",
        },
        StepKind::SecretFiles(files) if files.remove => "RemoveWorkerFileSecret",
        StepKind::SecretFiles(_) => "DownloadSecretsToWorker",
        StepKind::SetProperty(_) => "SetProperty",
        StepKind::SetProperties(_) => "SetProperties",
        StepKind::SetPropertyFromCommand(_) => "SetPropertyFromCommand",
        StepKind::SetPropertiesFromEnv(_) => "SetPropertiesFromEnv",
        StepKind::Assert(_) => "Assert",
        StepKind::LogRenderable(_) => "LogRenderable",
        StepKind::MasterShell(_) => "MasterShellCommand",
        StepKind::ShellSequence(_) => "ShellSequence",
        StepKind::Tool(tool) => tool_name(tool.tool),
        StepKind::Function(_) => "FunctionStep",
    }
}

fn tool_name(tool: Tool) -> &'static str {
    match tool {
        Tool::CMake => "CMake",
        Tool::Cppcheck => "Cppcheck",
        Tool::PyFlakes => "PyFlakes",
        Tool::PyLint => "PyLint",
        Tool::Robocopy => "Robocopy",
        Tool::Sphinx => "Sphinx",
        Tool::TreeSize => "TreeSize",
    }
}

pub fn should_run(step: &StepConfig, question: &Question) -> Result<bool, String> {
    now(steps::should_run(step, &given::build(&question.named))).map_err(|fault| fault.to_string())
}

pub fn answer(builder: &BuilderConfig, step: &StepConfig, question: &Question) -> Answer {
    let common = &step.common;
    Ok(match question.name.as_str() {
        "class" => kind(step).into(),
        "name" => name(step, question).into(),
        "haltOnFailure" => common.halt_on_failure.into(),
        "flunkOnFailure" => common.flunk_on_failure.into(),
        "flunkOnWarnings" => common.flunk_on_warnings.into(),
        "warnOnFailure" => common.warn_on_failure.into(),
        "warnOnWarnings" => common.warn_on_warnings.into(),
        "alwaysRun" => common.always_run.into(),
        "description" => return rendered_option(common.description.as_ref(), question),
        "descriptionDone" => return rendered_option(common.description_done.as_ref(), question),
        "descriptionSuffix" => return rendered_option(common.description_suffix.as_ref(), question),
        "workdir" => return rendered_option(common.workdir.as_ref(), question),
        "logEncoding" => option(common.log_encoding.clone()),
        "locks" => return locks(&common.locks, question),
        "group" => option(common.group.as_ref().map(|place| place.name.clone())),
        "doStepIf" => should_run(step, question)?.into(),
        // `hideStepIf skipped`: whether one that ended so is hidden.
        "hideStepIf" => {
            let word = question.plain.first().map(ToString::to_string).unwrap_or_default();
            let ended = (0..7).filter_map(Results::from_code).find(|results| results.word() == word);
            let ended = ended.ok_or_else(|| format!("no result is called {word:?}"))?;
            let hidden = now(steps::is_hidden(step, &given::build(&question.named), ended));
            hidden.map_err(|fault| fault.to_string())?.into()
        }
        "commands" | "sets" | "result" | "adds" | "logs" | "triggers" => return carried_out(builder, step, question),
        "debug" => format!("{:?}", step.kind).into(),
        _ => return of_kind(&step.kind, question),
    })
}

/// What a step does on a worker where every command is answered as the question says, or succeeds.
fn carried_out(builder: &BuilderConfig, step: &StepConfig, question: &Question) -> Answer {
    let context = given::build(&question.named);
    let before = context.properties();
    let env = BuildEnv { workdir: builder.factory.workdir.clone(), env: builder.env.clone() };
    let ended = now(steps::make(step, &env).run(&context)).map_err(|fault| fault.to_string())?;
    Ok(match question.name.as_str() {
        "commands" => list(context.commands()),
        "result" => ended.word().into(),
        "logs" => PropertyValue::Map(context.logs().into_iter().map(|log| (log.name, log.text.into())).collect()),
        "adds" => added(&context),
        "triggers" => list(context.orders().into_iter().map(|(scheduler, _)| scheduler)),
        _ => {
            let after = context.properties();
            let changed = after.iter().filter(|(name, it)| before.get(name) != Some(&it.value));
            PropertyValue::Map(changed.map(|(name, it)| (name.to_owned(), it.value.clone())).collect())
        }
    })
}

/// The commands of steps that were added to the build, and the names of others.
fn added(context: &ScriptedContext) -> PropertyValue {
    let shown = |(_, step): (StepsPlace, StepConfig)| now(steps::step_name(&step, context)).unwrap();
    list(context.added_steps().into_iter().map(shown))
}

fn of_kind(kind: &StepKind, question: &Question) -> Answer {
    match kind {
        StepKind::Shell(shell) => of_shell(shell, question),
        StepKind::WarningCounting(warnings) | StepKind::Compile(warnings) | StepKind::Test(warnings) => {
            of_warnings(warnings, question)
        }
        StepKind::Git(git) => of_git(git, question),
        StepKind::Trigger(trigger) => of_trigger(trigger, question),
        StepKind::SetPropertyFromCommand(command) => match (question.name.as_str(), &command.target) {
            ("property", PropertyTarget::Property(name)) => rendered(name, question),
            ("extract_fn", PropertyTarget::Extract(function)) => call_plain(function, question),
            ("strip", _) => Ok(command.strip.into()),
            _ => of_shell(&command.shell, question),
        },
        StepKind::SetProperty(set) => match question.name.as_str() {
            "property" => rendered(&set.property, question),
            "value" => rendered(&set.value, question),
            other => Err(unknown("SetProperty", other)),
        },
        StepKind::SetProperties(properties) => rendered(properties, question),
        StepKind::SetPropertiesFromEnv(from) => Ok(list(from.variables.iter().map(String::as_str))),
        StepKind::Assert(value) | StepKind::LogRenderable(value) => rendered(value, question),
        StepKind::ShellSequence(sequence) => of_sequence(&sequence.commands, &sequence.shell, question),
        StepKind::Tool(tool) => match tool.options.get(&question.name) {
            Some(value) => rendered(value, question),
            None => of_shell(&tool.shell, question),
        },
        _ => of_transfer(kind, question),
    }
}

fn map(entries: &BTreeMap<String, Renderable>, question: &Question) -> Answer {
    rendered(&Renderable::Map(entries.clone()), question)
}

fn of_shell(shell: &ShellConfig, question: &Question) -> Answer {
    Ok(match question.name.as_str() {
        "command" => return rendered(&shell.command, question),
        "env" => return map(&shell.env, question),
        "logfiles" => {
            let files = shell.log_files.iter().map(|it| (it.name.clone(), it.filename.clone()));
            return rendered(&Renderable::Map(files.collect()), question);
        }
        "lazylogfiles" => shell.lazy_log_files.into(),
        "timeout" => seconds(shell.timeout),
        "maxTime" => seconds(shell.max_time),
        "sigtermTime" => seconds(shell.sigterm_time),
        "max_lines" => option(shell.max_lines),
        "usePTY" => shell.use_pty.into(),
        "want_stdout" => shell.want_stdout.into(),
        "want_stderr" => shell.want_stderr.into(),
        "logEnviron" => shell.log_environ.into(),
        "interruptSignal" => shell.interrupt_signal.as_str().into(),
        "initialStdin" => return rendered_option(shell.initial_stdin.as_ref(), question),
        "decodeRC" => {
            let codes = shell.decode_rc.iter().flatten();
            PropertyValue::Map(codes.map(|(rc, results)| (rc.to_string(), number(*results))).collect())
        }
        other => return Err(unknown("a command", other)),
    })
}

fn of_warnings(warnings: &WarningCountingConfig, question: &Question) -> Answer {
    match question.name.as_str() {
        "warningPattern" => Ok(warnings.warning_pattern.as_str().into()),
        "directoryEnterPattern" => Ok(option(warnings.directory_enter_pattern.clone())),
        "directoryLeavePattern" => Ok(option(warnings.directory_leave_pattern.clone())),
        "suppressionFile" => rendered_option(warnings.suppression_file.as_ref(), question),
        "n_suppressed" => Ok(number(warnings.suppression_list.len())),
        "maxWarnCount" => Ok(option(warnings.max_warn_count)),
        _ => of_shell(&warnings.shell, question),
    }
}

fn of_git(git: &GitConfig, question: &Question) -> Answer {
    Ok(match question.name.as_str() {
        "repourl" => return rendered(&git.repourl, question),
        "branch" => return rendered(&git.branch, question),
        "mode" => match git.mode {
            GitMode::Incremental => "incremental",
            GitMode::Clobber => "full clobber",
            GitMode::Fresh => "full fresh",
            GitMode::Clean => "full clean",
            GitMode::Copy => "full copy",
        }
        .into(),
        "submodules" => git.submodules.into(),
        "shallow" => git.shallow.map_or(PropertyValue::Null, number),
        "progress" => git.progress.into(),
        "tags" => git.tags.into(),
        "retryFetch" => git.retry_fetch.into(),
        "clobberOnFailure" => git.clobber_on_failure.into(),
        "alwaysUseLatest" => git.always_use_latest.into(),
        "codebase" => git.codebase.as_str().into(),
        "logEnviron" => git.log_environ.into(),
        "timeout" => seconds(git.timeout),
        "retry" => match git.retry {
            Some((delay, times)) => list([seconds(Some(delay)), number(times)]),
            None => PropertyValue::Null,
        },
        "env" => return map(&git.env, question),
        "config" => return map(&git.config, question),
        "getDescription" => match &git.get_description {
            Some(options) => return map(options, question),
            None => false.into(),
        },
        "reference" => return rendered_option(git.reference.as_ref(), question),
        "origin" => return rendered_option(git.origin.as_ref(), question),
        other => return Err(unknown("Git", other)),
    })
}

fn of_trigger(trigger: &TriggerConfig, question: &Question) -> Answer {
    match question.name.as_str() {
        "schedulerNames" => rendered(&trigger.scheduler_names, question),
        "waitForFinish" => rendered(&trigger.wait_for_finish, question),
        "updateSourceStamp" => rendered(&trigger.update_source_stamp, question),
        "alwaysUseLatest" => rendered(&trigger.always_use_latest, question),
        "set_properties" => rendered(&trigger.set_properties, question),
        "sourceStamps" => rendered_option(trigger.source_stamps.as_ref(), question),
        "copy_properties" => Ok(list(trigger.copy_properties.iter().map(String::as_str))),
        "unimportantSchedulerNames" => Ok(list(trigger.unimportant_names.iter().map(String::as_str))),
        other => Err(unknown("Trigger", other)),
    }
}

/// The commands of a sequence: only their words, unless asked for something else.
fn of_sequence(commands: &Renderable, shell: &ShellConfig, question: &Question) -> Answer {
    let of_each = |key: &str| -> Answer {
        let PropertyValue::List(items) = rendered(commands, question)? else { return Err("no list".to_owned()) };
        let value = |item: PropertyValue| match item {
            PropertyValue::Map(mut entries) => entries.remove(key).unwrap_or_default(),
            other => other,
        };
        Ok(PropertyValue::List(items.into_iter().map(value).collect()))
    };
    match question.name.as_str() {
        "commands_of" => of_each("command"),
        "lognames" => of_each("logname"),
        "halts" => of_each("haltOnFailure"),
        _ => of_shell(shell, question),
    }
}

fn of_size(size: TransferSize, name: &str) -> Answer {
    match name {
        "maxsize" => Ok(size.max.map_or(PropertyValue::Null, number)),
        "blocksize" => Ok(number(size.block)),
        other => Err(unknown("a transfer", other)),
    }
}

fn of_link(link: &UploadLink, size: TransferSize, question: &Question) -> Answer {
    match question.name.as_str() {
        "url" => rendered_option(link.url.as_ref(), question),
        "urlText" => rendered_option(link.text.as_ref(), question),
        other => of_size(size, other),
    }
}

fn of_transfer(kind: &StepKind, question: &Question) -> Answer {
    let mode = |mode: Option<u32>| Ok(option(mode.map(|mode| format!("0o{mode:o}"))));
    match (kind, question.name.as_str()) {
        (StepKind::FileUpload(upload), "workersrc") => rendered(&upload.workersrc, question),
        (StepKind::FileUpload(upload), "masterdest") => rendered(&upload.masterdest, question),
        (StepKind::FileUpload(upload), "mode") => mode(upload.mode),
        (StepKind::FileUpload(upload), "keepstamp") => Ok(upload.keepstamp.into()),
        (StepKind::FileUpload(upload), _) => of_link(&upload.link, upload.size, question),
        (StepKind::DirectoryUpload(upload), "workersrc") => rendered(&upload.workersrc, question),
        (StepKind::DirectoryUpload(upload), "masterdest") => rendered(&upload.masterdest, question),
        (StepKind::DirectoryUpload(upload), "compress") => Ok(format!("{:?}", upload.compression).into()),
        (StepKind::DirectoryUpload(upload), _) => of_link(&upload.link, upload.size, question),
        (StepKind::MultipleFileUpload(upload), "workersrcs") => rendered(&upload.workersrcs, question),
        (StepKind::MultipleFileUpload(upload), "masterdest") => rendered(&upload.masterdest, question),
        (StepKind::MultipleFileUpload(upload), "glob") => Ok(upload.glob.into()),
        (StepKind::MultipleFileUpload(upload), "mode") => mode(upload.mode),
        (StepKind::MultipleFileUpload(upload), _) => of_link(&upload.link, upload.size, question),
        (StepKind::Download(download), "workerdest") => rendered(&download.workerdest, question),
        (StepKind::Download(download), "mode") => mode(download.mode),
        (StepKind::Download(download), "source") => match &download.source {
            DownloadSource::File(value) | DownloadSource::Text(value) | DownloadSource::Json(value) => {
                rendered(value, question)
            }
            DownloadSource::Properties => Ok("the properties".into()),
        },
        (StepKind::Download(download), name) => of_size(download.size, name),
        (StepKind::SecretFiles(files), "files") => rendered(&files.files, question),
        (StepKind::MasterShell(command), "command") => rendered(&command.command, question),
        (StepKind::MasterShell(command), "env") => match &command.env {
            Some(env) => map(env, question),
            None => Ok(PropertyValue::Null),
        },
        (StepKind::MasterShell(command), "timeout") => Ok(seconds(command.timeout)),
        (StepKind::Filesystem(filesystem), name) => of_filesystem(filesystem, name, question),
        (_, other) => Err(unknown("this step", other)),
    }
}

fn of_filesystem(filesystem: &FilesystemConfig, name: &str, question: &Question) -> Answer {
    match (filesystem, name) {
        (FilesystemConfig::FileExists { file }, "file") => rendered(file, question),
        (FilesystemConfig::MakeDirectory { dir } | FilesystemConfig::RemoveDirectory { dir }, "dir") => {
            rendered(dir, question)
        }
        (FilesystemConfig::CopyDirectory { src, .. }, "src") => rendered(src, question),
        (FilesystemConfig::CopyDirectory { dest, .. }, "dest") => rendered(dest, question),
        (_, other) => Err(unknown("this step", other)),
    }
}
