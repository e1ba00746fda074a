//! What changed between two configurations: the first half of a reload.

use std::fmt::{self, Display};

use super::{BuilderConfig, CodebaseConfig, ListenAddress, MasterConfig, Protocol};
use crate::domain::lock::{LockAccess, LockScope, LockSpec, known_accesses};

/// The parts that a reload has to touch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfigDiff {
    pub projects: Changed,
    /// Each with its project: `app of shop`.
    pub codebases: Changed,
    pub workers: Changed,
    pub builders: Changed,
    pub schedulers: Changed,
    pub change_sources: Changed,
    pub reporters: Changed,
    pub chats: Changed,
    /// By their names, as builders and workers use them.
    pub locks: Changed,
    /// Where somebody connects.
    pub ports: Changed,
    /// Top-level keys whose values differ.
    pub settings: Vec<&'static str>,
}

/// Names of one kind of component.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changed {
    pub added: Vec<String>,
    pub removed: Vec<String>,
    pub changed: Vec<String>,
}

impl Changed {
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty()
    }
}

impl ConfigDiff {
    /// Whether both configurations mean the same.
    pub fn is_empty(&self) -> bool {
        self.kinds().iter().all(|(_, changed)| changed.is_empty()) && self.settings.is_empty()
    }

    fn kinds(&self) -> [(&'static str, &Changed); 10] {
        [
            ("project", &self.projects),
            ("codebase", &self.codebases),
            ("worker", &self.workers),
            ("builder", &self.builders),
            ("scheduler", &self.schedulers),
            ("change source", &self.change_sources),
            ("reporter", &self.reporters),
            ("chat", &self.chats),
            ("lock", &self.locks),
            ("port", &self.ports),
        ]
    }
}

/// One line per component: `builder runtests: changed`.
impl Display for ConfigDiff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines = Vec::new();
        for (kind, changed) in self.kinds() {
            let words = [(&changed.added, "added"), (&changed.removed, "removed"), (&changed.changed, "changed")];
            for (names, word) in words {
                lines.extend(names.iter().map(|name| format!("{kind} {name}: {word}")));
            }
        }
        lines.extend(self.settings.iter().map(|setting| format!("{setting}: changed")));
        if lines.is_empty() {
            lines.push("no changes".to_owned());
        }
        f.write_str(&lines.join("\n"))
    }
}

/// Compares two configurations. Where something stands in its file does not matter.
pub fn diff(old: &MasterConfig, new: &MasterConfig) -> ConfigDiff {
    let same_builder = |old: &BuilderConfig, new: &BuilderConfig| {
        let placed = BuilderConfig { location: new.location.clone(), ..old.clone() };
        placed == *new
    };
    ConfigDiff {
        projects: compare(&old.projects, &new.projects, |project| &project.name, PartialEq::eq),
        codebases: compare(&codebases(old), &codebases(new), |(name, _)| name, PartialEq::eq),
        workers: compare(&old.workers, &new.workers, |worker| &worker.name, PartialEq::eq),
        builders: compare(&old.builders, &new.builders, |builder| &builder.name, same_builder),
        schedulers: compare(&old.schedulers, &new.schedulers, |scheduler| &scheduler.name, PartialEq::eq),
        change_sources: compare(&old.change_sources, &new.change_sources, |source| &source.name, PartialEq::eq),
        reporters: compare(&old.reporters, &new.reporters, |reporter| &reporter.name, PartialEq::eq),
        chats: compare(&old.chats, &new.chats, |chat| &chat.name, PartialEq::eq),
        locks: compare(&locks(old), &locks(new), |lock| &lock.name, PartialEq::eq),
        ports: compare(&ports(old), &ports(new), |port| port, PartialEq::eq),
        settings: settings(old, new),
    }
}

/// Their names with those of their projects.
fn codebases(config: &MasterConfig) -> Vec<(String, &CodebaseConfig)> {
    config.codebases.iter().map(|codebase| (format!("{} of {}", codebase.name, codebase.project), codebase)).collect()
}

/// Every lock once. Master and worker locks of one name are told apart by their words.
fn locks(config: &MasterConfig) -> Vec<LockSpec> {
    let of_builders = config.builders.iter().flat_map(|builder| known_accesses(&builder.locks));
    let steps = config.builders.iter().flat_map(|builder| &builder.factory.steps);
    let of_steps = steps.flat_map(|step| known_accesses(&step.common.locks));
    let of_workers = config.workers.iter().flat_map(|worker| &worker.locks);
    let mut locks: Vec<LockSpec> = Vec::new();
    for LockAccess { lock, .. } in of_builders.chain(of_steps).chain(of_workers) {
        let kind = match lock.scope {
            LockScope::Master => "of the master",
            LockScope::Worker => "of workers",
        };
        let lock = LockSpec { name: format!("{} {kind}", lock.name), ..lock.clone() };
        if !locks.contains(&lock) {
            locks.push(lock);
        }
    }
    locks
}

/// Each with what it is for: `9989 (pb)`, `127.0.0.1:8010 (www)`.
fn ports(config: &MasterConfig) -> Vec<String> {
    let shown = |listen: &ListenAddress, what: &str| match &listen.interface {
        Some(interface) => format!("{interface}:{} ({what})", listen.port),
        None => format!("{} ({what})", listen.port),
    };
    let of_workers = config.protocols.iter().map(|port| match port.protocol {
        Protocol::Pb => shown(&port.listen, "pb"),
        Protocol::Msgpack => shown(&port.listen, "msgpack"),
    });
    let of_clients = config.client_ports();
    let of_clients = of_clients.iter().map(|listen| shown(listen, "clients"));
    let of_pages = config.www.iter().filter_map(|www| www.listen.as_ref()).map(|listen| shown(listen, "www"));
    of_workers.chain(of_clients).chain(of_pages).collect()
}

fn compare<T>(old: &[T], new: &[T], name: impl Fn(&T) -> &String, same: impl Fn(&T, &T) -> bool) -> Changed {
    let find = |items: &[T], wanted: &T| items.iter().position(|item| name(item) == name(wanted));
    let mut changed = Changed::default();
    for item in new {
        match find(old, item) {
            None => changed.added.push(name(item).clone()),
            Some(before) if !same(&old[before], item) => changed.changed.push(name(item).clone()),
            Some(_) => {}
        }
    }
    changed.removed = old.iter().filter(|item| find(new, item).is_none()).map(|item| name(item).clone()).collect();
    changed
}

fn settings(old: &MasterConfig, new: &MasterConfig) -> Vec<&'static str> {
    let differ = [
        ("title", old.title != new.title),
        ("titleURL", old.title_url != new.title_url),
        ("buildbotURL", old.buildbot_url != new.buildbot_url),
        ("cancellers", old.cancellers != new.cancellers),
        ("accounts of clients", old.clients != new.clients),
        ("protocols", old.protocols != new.protocols),
        ("www", old.www != new.www),
        ("certificates", old.certificates != new.certificates),
        ("db", old.db_url != new.db_url),
        ("properties", old.properties != new.properties),
        ("collapseRequests", old.collapse_requests != new.collapse_requests),
        ("prioritizeBuilders", old.prioritize_builders != new.prioritize_builders),
        ("validation", old.validation != new.validation),
        ("codebaseGenerator", old.codebase_generator != new.codebase_generator),
        ("logMaxSize", old.logs.max_bytes != new.logs.max_bytes),
        ("changeHorizon", old.lifetime.changes != new.lifetime.changes),
        ("buildHorizon", old.lifetime.horizons.builds != new.lifetime.horizons.builds),
        ("logHorizon", old.lifetime.horizons.logs != new.lifetime.horizons.logs),
        ("util.JanitorConfigurator", old.lifetime.janitor != new.lifetime.janitor),
        ("logMaxTailSize", old.logs.max_tail_bytes != new.logs.max_tail_bytes),
        ("inactive components", old.inactive != new.inactive),
    ];
    differ.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect()
}
