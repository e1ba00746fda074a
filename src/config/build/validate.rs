//! What must hold between the parts of a configuration.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::context::Context;
use super::{Placed, values};
use crate::changes::config::{ChangeSourceConfig, ChangeSourceKind};
use crate::config::nearest;
use crate::config::script::{Object, Raw};
use crate::config::{
    BuilderConfig, CodebaseConfig, ListenAddress, PlaintextPolicy, ProjectConfig, ProtocolPort, WorkerConfig, WwwConfig,
};
use crate::domain::WorkerId;
use crate::domain::lock::{LockItem, LockSpec, known_accesses};
use crate::locks;
use crate::schedulers::config::{SchedulerConfig, SchedulerKind};

/// The parts, with their places.
pub struct All<'a> {
    pub projects: &'a [Placed<ProjectConfig>],
    pub codebases: &'a [Placed<CodebaseConfig>],
    pub workers: &'a [Placed<WorkerConfig>],
    pub builders: &'a [Placed<BuilderConfig>],
    pub schedulers: &'a [Placed<SchedulerConfig>],
    pub sources: &'a [Placed<ChangeSourceConfig>],
    /// Whether the file says anything of protocols, right or wrong.
    pub protocols_were_given: bool,
}

pub fn validate(context: &Context<'_>, all: &All<'_>, protocols: &[ProtocolPort], www: Option<&WwwConfig>) {
    unique(context, "project", all.projects, |project| &project.name);
    projects(context, all);
    unique(context, "worker", all.workers, |worker| &worker.name);
    unique(context, "builder", all.builders, |builder| &builder.name);
    unique(context, "scheduler", all.schedulers, |scheduler| &scheduler.name);
    unique(context, "change source", all.sources, |source| &source.name);
    presence(context, all, protocols);
    for builder in all.builders {
        workers_of(context, builder, all.workers);
    }
    build_directories(context, all.builders);
    for scheduler in all.schedulers {
        builders_of(context, scheduler, all.builders);
    }
    upstreams(context, all.schedulers);
    unscheduled(context, all);
    triggered(context, all);
    lock_names(context, all);
    ports(context, protocols, www);
}

fn unique<T>(context: &Context<'_>, kind: &str, items: &[Placed<T>], name: impl Fn(&T) -> &String) {
    let mut seen = HashMap::new();
    for placed in items {
        let name = name(&placed.item);
        if name.is_empty() {
            continue;
        }
        if let Some(first) = seen.insert(name, placed.object.span) {
            let message = format!("{kind} '{name}' is defined twice, first at {}", context.location(first));
            context.problem(placed.object.span_of("name"), message);
        }
    }
}

fn presence(context: &Context<'_>, all: &All<'_>, protocols: &[ProtocolPort]) {
    let keys = &context.places.keys;
    let place =
        |names: &[&str]| names.iter().find_map(|name| keys.get(*name).copied()).unwrap_or(context.places.config);
    if all.workers.is_empty() {
        context.problem(place(&["workers", "slaves"]), "no workers are configured");
    } else if protocols.is_empty() && !all.protocols_were_given {
        let message = "workers are configured, but no port for them in c['protocols']";
        context.problem(place(&["protocols", "slavePortnum"]), message);
    }
    if all.builders.is_empty() {
        context.problem(place(&["builders"]), "no builders are configured");
    }
}

fn workers_of(context: &Context<'_>, builder: &Placed<BuilderConfig>, workers: &[Placed<WorkerConfig>]) {
    let object = &builder.object;
    if builder.item.worker_names.is_empty() {
        let given = object.arguments.iter().any(|argument| argument.name.starts_with("workername"));
        let name = if given { "workernames" } else { "" };
        context.problem(object.span_of(name), format!("builder '{}' has no workers", builder.item.name));
    }
    for name in &builder.item.worker_names {
        if workers.iter().all(|worker| worker.item.name != *name) {
            let hint = nearest::hint(name, workers.iter().map(|worker| worker.item.name.as_str()));
            let argument = if object.argument("workername").is_some() { "workername" } else { "workernames" };
            context.problem(object.span_of(argument), format!("there is no worker '{name}'{hint}"));
        }
    }
}

/// Builders and codebases belong to projects that are there; codebases have names of their own within one.
fn projects(context: &Context<'_>, all: &All<'_>) {
    let names = || all.projects.iter().map(|project| project.item.name.as_str());
    let known = |name: &str, object: &Arc<Object>| {
        if !name.is_empty() && names().all(|project| project != name) {
            let message = format!("there is no project '{name}'{}", nearest::hint(name, names()));
            context.problem(object.span_of("project"), message);
        }
    };
    for builder in all.builders {
        known(builder.item.project.as_deref().unwrap_or_default(), &builder.object);
    }
    for source in all.sources {
        let ChangeSourceKind::Git(git) = &source.item.kind else { continue };
        let Some((project, name)) = &git.codebase else { continue };
        let mut codebases = all.codebases.iter().map(|codebase| &codebase.item);
        if codebases.all(|codebase| (&codebase.project, &codebase.name) != (project, name)) {
            let message = format!("the codebase '{name}' of project '{project}' is not among c['codebases']");
            context.problem(source.object.span_of("codebase"), message);
        }
    }
    let mut seen = HashSet::new();
    for codebase in all.codebases {
        let CodebaseConfig { name, project, .. } = &codebase.item;
        known(project, &codebase.object);
        if !seen.insert((project, name)) {
            let message = format!("codebase '{name}' of project '{project}' is defined twice");
            context.problem(codebase.object.span_of("name"), message);
        }
    }
}

fn build_directories(context: &Context<'_>, builders: &[Placed<BuilderConfig>]) {
    let mut seen: HashMap<&str, &str> = HashMap::new();
    for builder in builders {
        let (name, directory) = (builder.item.name.as_str(), builder.item.builddir.as_str());
        match seen.insert(directory, name) {
            Some(other) if other != name => {
                let message = format!("builders '{other}' and '{name}' share the directory '{directory}'");
                context.problem(builder.object.span_of("builddir"), message);
            }
            _ => {}
        }
    }
}

fn builders_of(context: &Context<'_>, scheduler: &Placed<SchedulerConfig>, builders: &[Placed<BuilderConfig>]) {
    let span = scheduler.object.span_of("builderNames");
    for name in &scheduler.item.builder_names {
        if builders.iter().all(|builder| builder.item.name != *name) {
            let hint = nearest::hint(name, builders.iter().map(|builder| builder.item.name.as_str()));
            context.problem(span, format!("there is no builder '{name}'{hint}"));
        }
    }
    if scheduler.item.builder_names.is_empty() {
        context.warning(span, format!("scheduler '{}' starts no builders", scheduler.item.name));
    }
}

/// A `Dependent` waits for a scheduler that must be there too.
fn upstreams(context: &Context<'_>, schedulers: &[Placed<SchedulerConfig>]) {
    for scheduler in schedulers {
        let SchedulerKind::Dependent(dependent) = &scheduler.item.kind else { continue };
        let is_there = schedulers.iter().any(|other| other.item.name == dependent.upstream);
        if !dependent.upstream.is_empty() && !is_there {
            let span = scheduler.object.span_of("upstream");
            let message = format!("the scheduler '{}' is not among c['schedulers']", dependent.upstream);
            context.problem(span, message);
        }
    }
}

fn unscheduled(context: &Context<'_>, all: &All<'_>) {
    let scheduled: HashSet<&String> =
        all.schedulers.iter().flat_map(|scheduler| &scheduler.item.builder_names).collect();
    for builder in all.builders.iter().filter(|builder| !scheduled.contains(&builder.item.name)) {
        let message = format!("builder '{}' is started by no scheduler", builder.item.name);
        context.warning(builder.object.span, message);
    }
}

/// A `Trigger` names schedulers. One that is not there fails when a build runs, which may be what somebody waits for.
fn triggered(context: &Context<'_>, all: &All<'_>) {
    let names = || all.schedulers.iter().map(|scheduler| scheduler.item.name.as_str());
    let known: HashSet<&str> = names().collect();
    for builder in all.builders {
        let factory = builder.object.argument("factory").and_then(Raw::object);
        let steps = factory.and_then(|factory| factory.argument("steps")).map(Raw::items).unwrap_or_default();
        for step in steps.iter().filter_map(Raw::object).filter(|step| step.class.name == "Trigger") {
            let wanted = step.argument("schedulerNames").map(values::texts).unwrap_or_default();
            for name in wanted.iter().filter(|name| !known.contains(name.as_str())) {
                let hint = nearest::hint(name, names());
                let message = format!("there is no scheduler '{name}' to trigger{hint}");
                context.warning(step.span_of("schedulerNames"), message);
            }
        }
    }
}

/// Locks are known by name: two of one name must be the same.
fn lock_names(context: &Context<'_>, all: &All<'_>) {
    let of_builders = all.builders.iter().flat_map(|placed| {
        let of_steps = placed.item.factory.steps.iter().flat_map(|step| known_accesses(&step.common.locks));
        known_accesses(&placed.item.locks).chain(of_steps).map(move |lock| (lock, &placed.object))
    });
    let of_workers =
        all.workers.iter().flat_map(|placed| placed.item.locks.iter().map(move |lock| (lock, &placed.object)));
    let mut seen: HashMap<&str, &LockSpec> = HashMap::new();
    for (access, object) in of_workers.chain(of_builders) {
        let known = seen.entry(access.lock.name.as_str()).or_insert(&access.lock);
        if **known != access.lock {
            let message = format!("two different locks are named '{}'", access.lock.name);
            context.problem(object.span_of("locks"), message);
        }
    }
    for builder in all.builders {
        locks_of_steps(context, builder);
    }
}

/// A step cannot take more of a lock than its build holds of it.
fn locks_of_steps(context: &Context<'_>, builder: &Placed<BuilderConfig>) {
    let wishes = |items: &[LockItem]| locks::wishes(known_accesses(items), (WorkerId(0), ""));
    let held = wishes(&builder.item.locks);
    for step in &builder.item.factory.steps {
        if let Err(more) = locks::beyond(&held, wishes(&step.common.locks)) {
            let message = format!("a step of builder '{}': {more}", builder.item.name);
            context.problem(builder.object.span_of("locks"), message);
        }
    }
}

fn ports(context: &Context<'_>, protocols: &[ProtocolPort], www: Option<&WwwConfig>) {
    for (position, one) in protocols.iter().enumerate() {
        if protocols[..position].iter().any(|other| clash(&one.listen, &other.listen)) {
            let message = format!("port {} is used twice for workers: each protocol needs its own", one.listen.port);
            context.problem(context.places.value("protocols"), message);
        }
    }
    let Some(listen) = www.and_then(|www| www.listen.as_ref()) else { return };
    if listen.tls.as_ref().is_some_and(|tls| tls.policy == PlaintextPolicy::Welcome) {
        let message = "the port of the web pages is encrypted or it is not: a certificate needs 'ssl:PORT'";
        context.problem(context.places.value("www/port"), message);
    }
    if protocols.iter().any(|protocol| clash(listen, &protocol.listen)) {
        let message = format!("port {} is used for workers and for the web pages", listen.port);
        context.problem(context.places.value("www/port"), message);
    }
}

/// Whether two ports cannot both be listened on. Port 0 is any that is free.
fn clash(one: &ListenAddress, other: &ListenAddress) -> bool {
    one.port != 0
        && one.port == other.port
        && (one.interface == other.interface || one.interface.is_none() || other.interface.is_none())
}
