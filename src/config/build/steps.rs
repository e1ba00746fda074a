//! Steps: what all have in common, groups of them, and `steps.Git`.

use std::sync::Arc;
use std::time::Duration;

use super::context::Context;
use super::fields::Fields;
use super::{locks, properties, shell, tools, transfers, values};
use crate::config::script::{self, Object, Raw};
use crate::domain::{PropertyValue, Renderable};
use crate::steps::config::{GitConfig, GitHost, GitMode, GroupPlace, StepConfig, StepKind, TriggerConfig};
use crate::steps::function::StepCallback;
use crate::steps::{StepCommon, StepCondition};

/// The steps that an object of the file stands for: one, or those of a group.
pub fn steps(context: &Context<'_>, object: &Arc<Object>) -> Vec<StepConfig> {
    if object.class.name != "Parallel" {
        return step(context, object).into_iter().collect();
    }
    let group = Fields::new(context, object);
    let members = group.value("steps");
    let members = members.items().iter().filter_map(Raw::object).filter_map(|member| step(context, member));
    let mut members: Vec<StepConfig> = members.collect();
    for (position, member) in members.iter_mut().enumerate() {
        let (name, halt_on_failure) = (group.text("name"), group.flag("haltOnFailure"));
        member.common.group = Some(GroupPlace { name, halt_on_failure, position });
    }
    members
}

/// A step; nothing for a class that was refused when its object was made.
fn step(context: &Context<'_>, object: &Arc<Object>) -> Option<StepConfig> {
    let fields = Fields::new(context, object);
    let kind = match object.class.name {
        "ShellCommand" | "Configure" => StepKind::Shell(shell::shell(&fields)),
        "WarningCountingShellCommand" => StepKind::WarningCounting(shell::warning_counting(&fields)),
        "Compile" => StepKind::Compile(shell::warning_counting(&fields)),
        "Test" => StepKind::Test(shell::warning_counting(&fields)),
        "Git" | "GitHub" | "Gerrit" => StepKind::Git(git(&fields)),
        "Trigger" => StepKind::Trigger(trigger(&fields)),
        "FileUpload" => transfers::file_upload(&fields),
        "DirectoryUpload" => transfers::directory_upload(&fields),
        "MultipleFileUpload" => transfers::multiple_file_upload(&fields),
        "FileDownload" | "StringDownload" | "JSONStringDownload" | "JSONPropertiesDownload" => {
            transfers::download(&fields, transfers::source(&fields))
        }
        "DownloadSecretsToWorker" | "RemoveWorkerFileSecret" => transfers::secret_files(&fields),
        "FileExists" | "MakeDirectory" | "RemoveDirectory" | "CopyDirectory" => transfers::filesystem(&fields),
        "SetProperty" if fields.was_given("command") => {
            let message = "steps.SetProperty(command=) is an old way to write steps.SetPropertyFromCommand()";
            context.warning(fields.span("command"), message);
            properties::from_command(&fields)
        }
        "SetProperty" if ["property", "value"].iter().any(|name| object.argument(name).is_none()) => {
            context.problem(object.span, "steps.SetProperty() needs 'property' and 'value'");
            return None;
        }
        "SetProperty" | "SetProperties" | "SetPropertiesFromEnv" | "Assert" | "LogRenderable" => {
            properties::step(&fields)
        }
        "SetPropertyFromCommand" => properties::from_command(&fields),
        "ShellSequence" => shell::sequence(&fields),
        "MasterShellCommand" => shell::on_master(&fields),
        "CMake" | "Cppcheck" | "PyFlakes" | "PyLint" | "Robocopy" | "Sphinx" | "TreeSize" => tools::tool(&fields)?,
        "FunctionStep" => StepKind::Function(function(&fields)?),
        _ => return None,
    };
    let mut common = common(&fields);
    if object.class.name == "SetProperty" && fields.was_given("command") && !fields.was_given("name") {
        common.name = "setproperty".into();
    }
    if let StepKind::Git(git) = &kind
        && !git.codebase.is_empty()
    {
        common.name = of_codebase(common.name, &git.codebase);
    }
    Some(StepConfig { common, kind })
}

/// The name of a step that is about one of several codebases.
fn of_codebase(name: Renderable, codebase: &str) -> Renderable {
    let plain = match name {
        Renderable::Value(PropertyValue::Str(name)) => return format!("{name}-{codebase}").into(),
        other => other,
    };
    let kwargs = [("name".to_owned(), plain), ("codebase".to_owned(), codebase.into())].into();
    Renderable::Interpolate { format: "%(kw:name)s-%(kw:codebase)s".to_owned(), args: Vec::new(), kwargs }
}

/// The function of a step; nothing if it is none, which was reported.
fn function(fields: &Fields<'_>) -> Option<StepCallback> {
    script::step_function(&fields.callback("function")?)
}

fn common(fields: &Fields<'_>) -> StepCommon {
    StepCommon {
        name: fields.renderable("name").unwrap_or_else(|| Renderable::from("")),
        halt_on_failure: fields.flag("haltOnFailure"),
        flunk_on_warnings: fields.flag("flunkOnWarnings"),
        flunk_on_failure: fields.flag("flunkOnFailure"),
        warn_on_warnings: fields.flag("warnOnWarnings"),
        warn_on_failure: fields.flag("warnOnFailure"),
        always_run: fields.flag("alwaysRun"),
        do_step_if: condition(fields, "doStepIf"),
        hide_step_if: condition(fields, "hideStepIf"),
        description: words(fields, "description"),
        description_done: words(fields, "descriptionDone"),
        description_suffix: words(fields, "descriptionSuffix"),
        workdir: fields.renderable("workdir"),
        log_encoding: fields.optional_text("logEncoding"),
        locks: locks::items(fields),
        group: None,
    }
}

fn condition(fields: &Fields<'_>, name: &str) -> StepCondition {
    match fields.value(name) {
        Raw::Function(callback) => StepCondition::Function(callback),
        value @ Raw::Object(_) => StepCondition::Rendered(fields.render(&value)),
        value if value.is_truthy() => StepCondition::Always,
        _ => StepCondition::Never,
    }
}

/// A description: a list of words is one text.
fn words(fields: &Fields<'_>, name: &str) -> Option<Renderable> {
    let rendered = fields.renderable(name)?;
    match rendered {
        Renderable::Value(PropertyValue::List(words)) => {
            let words: Vec<String> = words.iter().map(ToString::to_string).collect();
            Some(Renderable::from(words.join(" ")))
        }
        other => Some(other),
    }
}

fn trigger(fields: &Fields<'_>) -> TriggerConfig {
    let of = |name: &str| fields.renderable(name).unwrap_or(Renderable::Value(PropertyValue::Null));
    let given = ["sourceStamp", "sourceStamps"].map(|name| fields.renderable(name).map(|stamps| (name, stamps)));
    if let [Some(_), Some((name, _))] = &given {
        fields.problem(name, "and 'sourceStamp' cannot be given together");
    }
    let source_stamps = given.into_iter().flatten().next();
    let latest = fields.value("alwaysUseLatest").is_truthy();
    if let (Some((name, _)), true) = (&source_stamps, latest) {
        fields.problem(name, "and 'alwaysUseLatest' cannot be given together");
    }
    if fields.value("updateSourceStamp").is_truthy() && (latest || source_stamps.is_some()) {
        let other = source_stamps.as_ref().map_or("alwaysUseLatest", |(name, _)| name);
        fields.problem("updateSourceStamp", &format!("and '{other}' cannot be given together"));
    }
    TriggerConfig {
        scheduler_names: of("schedulerNames"),
        unimportant_names: fields.texts("unimportantSchedulerNames"),
        wait_for_finish: of("waitForFinish"),
        source_stamps: source_stamps.map(|(_, stamps)| stamps),
        update_source_stamp: fields.renderable("updateSourceStamp").unwrap_or(Renderable::Value(true.into())),
        always_use_latest: of("alwaysUseLatest"),
        set_properties: of("set_properties"),
        copy_properties: fields.texts("copy_properties"),
        parent_relationship: of("parent_relationship"),
    }
}

fn git(fields: &Fields<'_>) -> GitConfig {
    let shallow = match fields.value("shallow") {
        Raw::Int(depth) => u32::try_from(depth).ok().filter(|depth| *depth != 0),
        other => other.is_truthy().then_some(1),
    };
    let description = match fields.value("getDescription") {
        Raw::Bool(false) => None,
        Raw::Map(_) => Some(fields.environment("getDescription")),
        _ => Some(Default::default()),
    };
    let repourl = fields.renderable("repourl").unwrap_or_else(|| Renderable::from(""));
    if repourl.constant().is_some_and(|url| !url.is_truthy()) && fields.was_given("repourl") {
        fields.problem("repourl", "must not be empty");
    }
    let mode = git_mode(fields);
    if shallow.is_some() && matches!(mode, GitMode::Fresh | GitMode::Clean | GitMode::Copy) {
        fields.problem("shallow", "works with mode 'incremental' or method 'clobber' only");
    }
    let filters = fields.value("filters");
    let filters = if filters.items().is_empty() {
        fields.optional("filters").into_iter().collect()
    } else {
        filters.items().to_vec()
    };
    GitConfig {
        repourl,
        branch: fields.renderable("branch").unwrap_or_else(|| Renderable::from("HEAD")),
        mode,
        submodules: fields.flag("submodules"),
        remote_submodules: fields.flag("remoteSubmodules"),
        shallow,
        filters: filters.iter().filter(|filter| filter.is_truthy()).map(|filter| fields.render(filter)).collect(),
        reference: fields.renderable("reference"),
        origin: fields.renderable("origin"),
        progress: fields.flag("progress"),
        tags: fields.flag("tags"),
        retry_fetch: fields.flag("retryFetch"),
        clobber_on_failure: fields.flag("clobberOnFailure"),
        retry: retry(fields),
        always_use_latest: fields.flag("alwaysUseLatest"),
        codebase: fields.text("codebase"),
        timeout: fields.seconds("timeout"),
        env: fields.environment("env"),
        log_environ: fields.flag("logEnviron"),
        get_description: description,
        config: fields.environment("config"),
        host: match fields.object.class.name {
            "GitHub" => GitHost::GitHub,
            "Gerrit" => GitHost::Gerrit,
            _ => GitHost::Any,
        },
    }
}

fn git_mode(fields: &Fields<'_>) -> GitMode {
    let method = fields.optional_text("method");
    match fields.text("mode").as_str() {
        "full" => {}
        // As Buildbot 0.8 called them.
        old @ ("clobber" | "copy") => {
            let message = format!("steps.Git(mode='{old}') is an old way to write mode='full', method='{old}'");
            fields.context.warning(fields.span("mode"), message);
            return if old == "copy" { GitMode::Copy } else { GitMode::Clobber };
        }
        "update" => {
            let message = "steps.Git(mode='update') is an old way to write mode='incremental'";
            fields.context.warning(fields.span("mode"), message);
            return GitMode::Incremental;
        }
        _ => return GitMode::Incremental,
    }
    match method.as_deref() {
        Some("clobber") => GitMode::Clobber,
        Some("clean") => GitMode::Clean,
        Some("copy") => GitMode::Copy,
        _ => GitMode::Fresh,
    }
}

fn retry(fields: &Fields<'_>) -> Option<(Duration, u32)> {
    let value = fields.optional("retry")?;
    match value.items() {
        [delay, Raw::Int(tries)] => Some((values::seconds(delay)?, u32::try_from(*tries).ok()?)),
        _ => None,
    }
}
