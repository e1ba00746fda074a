//! What changed between two configurations: the first half of a reload.

use std::fmt::{self, Display};

use super::{BuilderConfig, MasterConfig};

/// The parts that a reload has to touch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfigDiff {
    pub workers: Changed,
    pub builders: Changed,
    pub schedulers: Changed,
    pub change_sources: Changed,
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

    fn kinds(&self) -> [(&'static str, &Changed); 4] {
        [
            ("worker", &self.workers),
            ("builder", &self.builders),
            ("scheduler", &self.schedulers),
            ("change source", &self.change_sources),
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
        workers: compare(&old.workers, &new.workers, |worker| &worker.name, PartialEq::eq),
        builders: compare(&old.builders, &new.builders, |builder| &builder.name, same_builder),
        schedulers: compare(&old.schedulers, &new.schedulers, |scheduler| &scheduler.name, PartialEq::eq),
        change_sources: compare(&old.change_sources, &new.change_sources, |source| &source.name, PartialEq::eq),
        settings: settings(old, new),
    }
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
        ("accounts of clients", old.clients != new.clients),
        ("protocols", old.protocols != new.protocols),
        ("www", old.www != new.www),
        ("certificates", old.certificates != new.certificates),
        ("db", old.db_url != new.db_url),
        ("properties", old.properties != new.properties),
        ("collapseRequests", old.collapse_requests != new.collapse_requests),
        ("prioritizeBuilders", old.prioritize_builders != new.prioritize_builders),
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
