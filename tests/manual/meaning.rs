//! A configuration in lines that a person can check: what builds, what starts builds, who is told.

use buildbot::changes::config::{BranchChoice, ChangeSourceKind};
use buildbot::changes::revlink::Revlink;
use buildbot::config::{BuilderConfig, ClientRole, Collapse, MasterConfig, WorkerConfig};
use buildbot::domain::lock::LockItem;
use buildbot::domain::{Properties, PropertyValue, Renderable, Timestamp};
use buildbot::reporters::config::{GeneratorKind, ReporterConfig, TransportConfig};
use buildbot::reporters::irc::IrcConfig;
use buildbot::schedulers::config::{
    ForceConfig, ForceParameter, Priority, SchedulerConfig, SchedulerKind, TryConfig, WatchConfig,
};
use buildbot::schedulers::cron::Cron;
use buildbot::steps::config::{
    DownloadSource, FilesystemConfig, PropertyTarget, ShellConfig, StepConfig, StepKind, WarningCountingConfig,
};
use buildbot::steps::step::StepCondition;
use jiff::tz::TimeZone;

/// All that a configuration says, one thing a line.
pub fn meaning(config: &MasterConfig) -> Vec<String> {
    let mut lines = settings(config);
    lines.extend(config.workers.iter().map(worker));
    lines.extend(config.builders.iter().flat_map(builder));
    lines.extend(config.schedulers.iter().map(scheduler));
    lines.extend(config.change_sources.iter().map(|source| format!("source {}", source_kind(&source.kind))));
    lines.extend(config.reporters.iter().map(reporter));
    lines.extend(config.chats.iter().map(chat));
    lines.extend(config.clients.iter().map(|client| {
        let role = match &client.role {
            ClientRole::Changes { source, .. } => format!("changes of {source}"),
            ClientRole::Try { scheduler } => format!("jobs for {scheduler}"),
            ClientRole::Users => "users".to_owned(),
            ClientRole::Status => "status".to_owned(),
        };
        let port = client.listen.as_ref().map_or_else(String::new, |listen| format!(" on {}", listen.port));
        format!("client {} sends {role}{port}", client.user)
    }));
    lines.extend(config.cancellers.iter().map(|canceller| format!("canceller {}", canceller.name)));
    lines.extend(config.inactive.iter().map(|name| format!("does nothing yet: {name}")));
    lines.extend(config.not_available.iter().map(|note| note.message.clone()));
    let told = config.warnings.iter().filter(|warning| !warning.ends_with("is started by no scheduler"));
    lines.extend(told.map(|warning| format!("warning: {}", warning.splitn(3, ':').last().unwrap_or_default().trim())));
    lines
}

fn settings(config: &MasterConfig) -> Vec<String> {
    let mut lines = vec![
        format!("title {} {} {}", config.title, config.title_url, config.buildbot_url),
        format!("database {}", config.db_url.expose().unwrap_or("?")),
        format!("logs {:?} {:?}", config.logs.max_bytes, config.logs.max_tail_bytes),
        format!(
            "keeps changes {:?} builds {:?} logs {:?}",
            config.lifetime.changes, config.lifetime.horizons.builds, config.lifetime.horizons.logs
        ),
    ];
    lines.extend(
        config.lifetime.janitor.iter().map(|janitor| format!("janitor {:?}, {}", janitor.log_age, due(&janitor.at))),
    );
    lines.extend(config.protocols.iter().map(|port| {
        let interface = port.listen.interface.as_ref().map_or_else(String::new, |name| format!(" of {name}"));
        format!("workers connect to {:?} {}{interface}", port.protocol, port.listen.port)
    }));
    if let Some(www) = &config.www {
        let port = www.listen.as_ref().map_or(0, |listen| listen.port);
        lines.push(format!("pages on {port}, plugins {}", www.plugins.literal()));
        lines.extend(www.change_hook_dialects.iter().map(|(dialect, _)| format!("hook {dialect}")));
        lines.extend(www.allowed_origins.iter().map(|origin| format!("origin {origin}")));
    }
    lines.extend(
        config.projects.iter().map(|project| format!("project {} {:?}", project.name, project.description.text)),
    );
    lines.extend(config.codebases.iter().map(|codebase| format!("codebase {} of {}", codebase.name, codebase.project)));
    lines.extend(config.secrets.providers.iter().map(|provider| {
        let text = format!("{provider:?}");
        format!("secrets of {}", text.split(['(', ' ']).next().unwrap_or_default())
    }));
    lines.extend(properties("property", &config.properties));
    lines.push(format!("requests {}", collapse(&config.collapse_requests)));
    let functions =
        [("prioritizeBuilders", &config.prioritize_builders), ("codebaseGenerator", &config.codebase_generator)];
    let functions =
        functions.iter().filter_map(|(name, function)| Some(format!("{name} {}", function.as_ref()?.0.name())));
    lines.extend(functions);
    lines
        .extend(config.stored.iter().map(|value| format!("stores {} of {}: {}", value.name, value.store, value.value)));
    lines.push(match &config.revlink {
        Revlink::Rules(rules) => format!("links by {} rules", rules.len()),
        Revlink::Function(function) => format!("links by {}", function.0.name()),
    });
    lines
}

fn collapse(rule: &Collapse) -> String {
    match rule {
        Collapse::Compatible => "are merged where they fit".to_owned(),
        Collapse::Never => "are not merged".to_owned(),
        Collapse::Function(function) => format!("are merged by {}", function.0.name()),
    }
}

fn properties(what: &str, properties: &Properties) -> Vec<String> {
    properties.iter().map(|(name, property)| format!("{what} {name}={}", property.value.literal())).collect()
}

fn worker(worker: &WorkerConfig) -> String {
    let mut words = vec![format!("worker {}", worker.name)];
    words.extend(worker.max_builds.map(|most| format!("max_builds={most}")));
    words.extend(properties("property", &worker.properties));
    words.extend(properties("default", &worker.default_properties));
    words.extend(worker.notify_on_missing.iter().map(|who| format!("tells {who} after {:?}", worker.missing_timeout)));
    if worker.keepalive_interval.as_secs() != 3600 {
        words.push(format!("keepalive {:?}", worker.keepalive_interval));
    }
    words.join(" ")
}

fn builder(builder: &BuilderConfig) -> Vec<String> {
    let mut words = vec![format!("builder {} on {}", builder.name, builder.worker_names.join(" "))];
    let directory = builder.builddir != builder.name || builder.workerbuilddir != builder.builddir;
    words.extend(directory.then(|| format!("in {} {}", builder.builddir, builder.workerbuilddir)));
    words.extend(builder.project.iter().map(|project| format!("project {project}")));
    words.extend(builder.tags.iter().map(|tag| format!("#{tag}")));
    words.extend(builder.description.text.iter().map(|text| format!("{text:?}")));
    words.extend(properties("property", &builder.properties));
    words.extend(properties("default", &builder.default_properties));
    words.extend(builder.env.iter().map(|(name, value)| format!("env {name}={}", shown(value))));
    words.extend(builder.collapse_requests.iter().map(|rule| format!("requests {}", collapse(rule))));
    let functions = [
        ("nextBuild", &builder.next_build),
        ("nextWorker", &builder.next_worker),
        ("canStartBuild", &builder.can_start_build),
    ];
    words.extend(
        functions.iter().filter_map(|(name, function)| Some(format!("{name} {}", function.as_ref()?.0.name()))),
    );
    words.extend(locks(&builder.locks));
    let mut lines = vec![words.join(" ")];
    if builder.factory.workdir != Renderable::from("build") {
        lines.push(format!("{} workdir {}", builder.name, shown(&builder.factory.workdir)));
    }
    lines.extend(builder.factory.steps.iter().map(|one| format!("{} step {}", builder.name, step(one))));
    lines
}

fn locks(items: &[LockItem]) -> Vec<String> {
    let shown = |item: &LockItem| match item {
        LockItem::Access(access) => {
            let own: String =
                access.lock.max_count_for_worker.iter().map(|(name, most)| format!(" {name}:{most}")).collect();
            let (lock, mode) = (&access.lock, access.mode);
            format!("lock {} ({:?}, {}{own}) {mode:?} {}", lock.name, lock.scope, lock.max_count, access.count)
        }
        LockItem::Function(function) => format!("locks by {}", function.0.name()),
    };
    items.iter().map(shown).collect()
}

/// A value, or how it is found when a build runs.
fn shown(value: &Renderable) -> String {
    let list = |items: &[Renderable]| items.iter().map(shown).collect::<Vec<_>>().join(", ");
    let map = |items: &std::collections::BTreeMap<String, Renderable>| {
        items.iter().map(|(name, item)| format!("{name}={}", shown(item))).collect::<Vec<_>>().join(", ")
    };
    match value {
        Renderable::Value(value) => value.literal(),
        Renderable::Property { name, default, default_when_false } => {
            let default = default.as_ref().map_or_else(String::new, |default| format!(", or {}", shown(default)));
            let strict = if *default_when_false { "" } else { " only if not set" };
            format!("<{name}{default}{strict}>")
        }
        Renderable::Interpolate { format, args, kwargs } => {
            let more: Vec<String> = [list(args), map(kwargs)].into_iter().filter(|text| !text.is_empty()).collect();
            let more = if more.is_empty() { String::new() } else { format!(" with {}", more.join(", ")) };
            format!("<{format:?}{more}>")
        }
        Renderable::List(items) => format!("[{}]", list(items)),
        Renderable::Map(items) => format!("{{{}}}", map(items)),
        Renderable::Function(function) => format!("<{}()>", function.0.name()),
        Renderable::Call(call) => format!("<{}({})>", call.function.0.name(), list(&call.args)),
        Renderable::WithProperties { format, names, .. } => format!("<{format:?} of {}>", names.join(", ")),
        Renderable::Flatten(inner) => format!("flat {}", shown(inner)),
        Renderable::Operation { operator, left, right } => format!("<{} {operator:?} {}>", shown(left), shown(right)),
        Renderable::Secret(name) => format!("<secret {name}>"),
    }
}

fn step(step: &StepConfig) -> String {
    let common = &step.common;
    let mut words = vec![shown(&common.name), kind(&step.kind)];
    let flags = [
        ("haltOnFailure", common.halt_on_failure),
        ("warnOnWarnings", common.warn_on_warnings),
        ("warnOnFailure", common.warn_on_failure),
        ("alwaysRun", common.always_run),
    ];
    words.extend(flags.iter().filter(|(_, is_set)| *is_set).map(|(name, _)| (*name).to_owned()));
    words.extend(condition("if", &common.do_step_if, &StepCondition::Always));
    words.extend(condition("hidden if", &common.hide_step_if, &StepCondition::Never));
    let texts = [("description", &common.description), ("done", &common.description_done), ("in", &common.workdir)];
    words.extend(texts.iter().filter_map(|(name, text)| Some(format!("{name} {}", shown(text.as_ref()?)))));
    words.extend(locks(&common.locks));
    words.join(" ")
}

fn condition(what: &str, condition: &StepCondition, usual: &StepCondition) -> Option<String> {
    (condition != usual).then(|| match condition {
        StepCondition::Rendered(value) => format!("{what} {}", shown(value)),
        StepCondition::Function(function) => format!("{what} {}()", function.0.name()),
        fixed => format!("{what} {fixed:?}"),
    })
}

fn kind(kind: &StepKind) -> String {
    match kind {
        StepKind::Shell(config) => shell("Shell", config),
        StepKind::WarningCounting(config) => warnings("WarningCounting", config),
        StepKind::Compile(config) => warnings("Compile", config),
        StepKind::Test(config) => warnings("Test", config),
        StepKind::Git(config) => {
            let submodules = if config.submodules { " submodules" } else { "" };
            format!("{:?} {} {:?}{submodules}", config.host, shown(&config.repourl), config.mode)
        }
        StepKind::Trigger(config) => format!(
            "Trigger {} wait {} set {} copy {:?}",
            shown(&config.scheduler_names),
            shown(&config.wait_for_finish),
            shown(&config.set_properties),
            config.copy_properties
        ),
        StepKind::FileUpload(config) => format!("upload {} to {}", shown(&config.workersrc), shown(&config.masterdest)),
        StepKind::DirectoryUpload(config) => {
            format!("upload directory {} to {}", shown(&config.workersrc), shown(&config.masterdest))
        }
        StepKind::MultipleFileUpload(config) => {
            format!("upload all of {} to {}", shown(&config.workersrcs), shown(&config.masterdest))
        }
        StepKind::Download(config) => {
            let source = match &config.source {
                DownloadSource::File(name) => format!("file {}", shown(name)),
                DownloadSource::Text(text) => format!("text {}", shown(text)),
                DownloadSource::Json(value) => format!("JSON {}", shown(value)),
                DownloadSource::Properties => "properties".to_owned(),
            };
            format!("download {source} to {}", shown(&config.workerdest))
        }
        StepKind::Filesystem(config) => files(config),
        StepKind::SecretFiles(config) => format!("secret files {} remove {}", shown(&config.files), config.remove),
        StepKind::SetProperty(config) => format!("set {} to {}", shown(&config.property), shown(&config.value)),
        StepKind::SetProperties(values) => format!("set {}", shown(values)),
        StepKind::SetPropertyFromCommand(config) => {
            let target = match &config.target {
                PropertyTarget::Property(name) => shown(name),
                PropertyTarget::Extract(function) => format!("what {}() says", function.0.name()),
            };
            format!("set {target} from {}", shell("Shell", &config.shell))
        }
        StepKind::SetPropertiesFromEnv(config) => format!("set from environment {}", config.variables.join(" ")),
        StepKind::Assert(value) => format!("assert {}", shown(value)),
        StepKind::LogRenderable(value) => format!("log {}", shown(value)),
        StepKind::MasterShell(config) => format!("on the master {}", shown(&config.command)),
        StepKind::ShellSequence(config) => format!("sequence {}", shown(&config.commands)),
        StepKind::Tool(config) => {
            let options = config.options.iter().map(|(name, value)| format!(" {name}={}", shown(value)));
            format!("{:?}{}", config.tool, options.collect::<String>())
        }
        _ => "function".to_owned(),
    }
}

fn files(config: &FilesystemConfig) -> String {
    match config {
        FilesystemConfig::CopyDirectory { src, dest, .. } => format!("copy {} to {}", shown(src), shown(dest)),
        FilesystemConfig::FileExists { file } => format!("is there {}", shown(file)),
        FilesystemConfig::MakeDirectory { dir } => format!("make {}", shown(dir)),
        FilesystemConfig::RemoveDirectory { dir } => format!("remove {}", shown(dir)),
    }
}

fn shell(what: &str, config: &ShellConfig) -> String {
    let mut words = vec![what.to_owned(), shown(&config.command)];
    words.extend(config.env.iter().map(|(name, value)| format!("env {name}={}", shown(value))));
    words.extend(config.log_files.iter().map(|file| {
        let follow = if file.follow { " followed" } else { "" };
        format!("log {}={}{follow}", file.name, shown(&file.filename))
    }));
    words.extend(config.max_time.map(|time| format!("at most {time:?}")));
    words.extend(config.max_lines.map(|lines| format!("at most {lines} lines")));
    words.extend(config.initial_stdin.iter().map(|text| format!("stdin {}", shown(text))));
    words.extend(config.decode_rc.iter().map(|codes| format!("codes {codes:?}")));
    words.join(" ")
}

fn warnings(what: &str, config: &WarningCountingConfig) -> String {
    let most = config.max_warn_count.map_or_else(String::new, |most| format!(" at most {most}"));
    format!("{} warnings {:?} {:?}{most}", shell(what, &config.shell), config.warning_pattern, config.extractor)
}

fn scheduler(scheduler: &SchedulerConfig) -> String {
    let mut words = vec![format!(
        "scheduler {}: {} starts {}",
        scheduler.name,
        scheduler.kind.class_name(),
        scheduler.builder_names.join(" ")
    )];
    words.push(match &scheduler.kind {
        SchedulerKind::SingleBranch(basic) | SchedulerKind::AnyBranch(basic) => {
            let timer = basic.tree_stable_timer.map_or_else(String::new, |timer| format!(" after {timer:?}"));
            format!("{}{timer}", watched(&basic.watch))
        }
        SchedulerKind::Dependent(dependent) => format!("after {}", dependent.upstream),
        SchedulerKind::Periodic(_, interval) => format!("every {interval:?}"),
        SchedulerKind::Nightly(timed, nightly) | SchedulerKind::NightlyTriggerable(timed, nightly) => {
            let changed = if timed.only_if_changed { ", if changed" } else { "" };
            format!("{}{changed} {}", due(&nightly.at), watched(&timed.watch))
        }
        SchedulerKind::Force(force) => form(force),
        SchedulerKind::Try(TryConfig::Jobdir(directory)) => format!("from {directory}"),
        SchedulerKind::Try(_) | SchedulerKind::Triggerable(_) => String::new(),
    });
    words.extend(properties("property", &scheduler.properties));
    words.extend(scheduler.codebases.iter().map(|codebase| {
        format!("codebase {}={} {:?} {:?}", codebase.name, codebase.repository, codebase.branch, codebase.revision)
    }));
    if let Priority::Function(function) = &scheduler.priority {
        words.push(format!("priority by {}", function.0.name()));
    }
    let words = words.iter().map(|word| word.trim()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

fn watched(watch: &WatchConfig) -> String {
    let tests = watch.filter.tests.iter().map(|(attribute, test)| format!("{attribute:?} {test:?}"));
    let function = watch.filter.filter_fn.iter().map(|function| format!("filter {}", function.0.name()));
    let important = watch.file_is_important.iter().map(|function| format!("important by {}", function.0.name()));
    tests.chain(function).chain(important).collect::<Vec<_>>().join(", ")
}

/// The next three times.
fn due(cron: &Cron) -> String {
    let mut times = Vec::new();
    let mut now = Timestamp::from_secs(1_767_268_800);
    while let Some(next) = cron.next_after(now, &TimeZone::UTC).filter(|_| times.len() < 3) {
        let seconds = next.micros() / 1_000_000;
        let time = jiff::Timestamp::from_second(seconds).unwrap().strftime("%Y-%m-%d %H:%M");
        times.push(time.to_string());
        now = next;
    }
    format!("at {}", times.join(", "))
}

fn form(force: &ForceConfig) -> String {
    let codebases = force.codebases.iter().map(|codebase| {
        let patch = if codebase.patch.is_some() { " with a patch" } else { "" };
        let pattern = codebase.branch.regex.as_ref().map_or_else(String::new, |regex| format!(" like {regex}"));
        format!("codebase {:?} branch {:?}{pattern}{patch}", codebase.codebase, codebase.branch.kind)
    });
    let fields = force.properties.iter().map(field);
    format!("button {:?} {}", force.button_name, codebases.chain(fields).collect::<Vec<_>>().join("; "))
}

fn field(parameter: &ForceParameter) -> String {
    match parameter {
        ForceParameter::Field(field) => {
            let fills = match &field.autopopulate {
                PropertyValue::Null => String::new(),
                other => format!(" fills {}", other.literal()),
            };
            format!("{} {:?} default {}{fills}", field.name, field.kind, field.default.literal())
        }
        ForceParameter::Group(group) => {
            format!("{} ({})", group.name, group.fields.iter().map(field).collect::<Vec<_>>().join("; "))
        }
        ForceParameter::AnyProperty(_) => "any property".to_owned(),
    }
}

fn source_kind(kind: &ChangeSourceKind) -> String {
    match kind {
        ChangeSourceKind::Git(git) => {
            let branches = match &git.branches {
                BranchChoice::Named(names) => names.join(" "),
                other => format!("{other:?}"),
            };
            let at_launch = if git.poll_at_launch { ", at once" } else { "" };
            format!("git {} {branches} every {:?}{at_launch}", git.repourl.expose().unwrap_or("?"), git.poll_interval)
        }
        ChangeSourceKind::Pb(pb) => format!("pb {}", pb.user),
    }
}

fn chat(chat: &IrcConfig) -> String {
    let channels: Vec<_> = chat.channels.iter().map(|channel| channel.name.as_str()).collect();
    format!("chats as {} on {}:{} in {}", chat.nick, chat.host, chat.port, channels.join(" "))
}

fn reporter(reporter: &ReporterConfig) -> String {
    let transport = match &reporter.transport {
        TransportConfig::Mail(mail) => format!(
            "mail from {} over {}:{} {:?} to {:?}, interested {}",
            mail.from,
            mail.relay.host,
            mail.relay.port,
            mail.relay.encryption,
            mail.extra_recipients,
            mail.to_interested_users
        ),
        TransportConfig::Http(http) => format!("http {}", http.url.expose().unwrap_or("?")),
        TransportConfig::Push(_) => format!("everything to {}", reporter.transport.target()),
    };
    let generators = reporter.generators.iter().map(|generator| match &generator.kind {
        GeneratorKind::Build { modes, .. } => format!("builds {modes:?}"),
        GeneratorKind::StartEnd { .. } => "starts and ends".to_owned(),
        GeneratorKind::Request { .. } => "requests".to_owned(),
        GeneratorKind::Buildset { modes, .. } => format!("buildsets {modes:?}"),
        GeneratorKind::WorkerMissing { workers, .. } => format!("missing workers {workers:?}"),
        _ => "something else".to_owned(),
    });
    format!("tells {transport}: {}", generators.collect::<Vec<_>>().join(", "))
}
