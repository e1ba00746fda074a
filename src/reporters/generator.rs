//! When a generator makes a message.

use super::config::{BuildFilter, Formatter, GeneratorConfig, GeneratorKind, Names};
use super::facts::{BuildFacts, PendingFacts, SetFacts};
use super::modes::Modes;
use crate::domain::{BuildId, BuildRequestId, Builder, BuildsetId, Properties, SourceStamp, WorkerId};

/// Something that happened of which people may be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    BuildStarted(BuildId),
    BuildFinished(BuildId),
    RequestAdded(BuildRequestId),
    RequestCancelled(BuildRequestId),
    BuildsetCompleted(BuildsetId),
    WorkerMissing(WorkerId),
}

impl Occasion {
    /// By the key of an event, such as `builds/7/finished`; `None` if nobody is ever told of such.
    pub fn of(key: &str) -> Option<Self> {
        let mut parts = key.split('/');
        let (kind, id, action) = (parts.next()?, parts.next()?.parse().ok()?, parts.next()?);
        Some(match (kind, action) {
            ("builds", "new") => Self::BuildStarted(BuildId(id)),
            ("builds", "finished") => Self::BuildFinished(BuildId(id)),
            ("buildrequests", "new") => Self::RequestAdded(BuildRequestId(id)),
            ("buildrequests", "cancelled") => Self::RequestCancelled(BuildRequestId(id)),
            ("buildsets", "complete") => Self::BuildsetCompleted(BuildsetId(id)),
            ("workers", "missing") => Self::WorkerMissing(WorkerId(id)),
            _ => return None,
        })
    }

    /// Messages of one queue are sent in their order.
    pub fn queue(self) -> String {
        match self {
            Self::BuildStarted(id) | Self::BuildFinished(id) => format!("builds/{id}"),
            Self::RequestAdded(id) | Self::RequestCancelled(id) => format!("buildrequests/{id}"),
            Self::BuildsetCompleted(id) => format!("buildsets/{id}"),
            Self::WorkerMissing(id) => format!("workers/{id}"),
        }
    }
}

impl GeneratorConfig {
    /// Whether it could make a message of this.
    pub fn hears(&self, occasion: Occasion) -> bool {
        match (&self.kind, occasion) {
            (GeneratorKind::Build { report_new, .. }, Occasion::BuildStarted(_)) => *report_new,
            (GeneratorKind::Build { .. }, Occasion::BuildFinished(_))
            | (GeneratorKind::StartEnd { .. }, Occasion::BuildStarted(_) | Occasion::BuildFinished(_))
            | (GeneratorKind::Request { .. }, Occasion::RequestAdded(_) | Occasion::RequestCancelled(_))
            | (GeneratorKind::Buildset { .. } | GeneratorKind::Combined { .. }, Occasion::BuildsetCompleted(_))
            | (GeneratorKind::WorkerMissing { .. }, Occasion::WorkerMissing(_)) => true,
            _ => false,
        }
    }

    /// Whether this build is worth a message: of its beginning, or of its end.
    pub fn wants_build(&self, facts: &BuildFacts) -> bool {
        if !self.filter.admits_build(facts) {
            return false;
        }
        match &self.kind {
            GeneratorKind::Build { modes, .. } | GeneratorKind::Buildset { modes, .. } => match facts.build.results {
                None => true,
                Some(results) => modes.want(results, facts.previous.as_ref().and_then(|previous| previous.results)),
            },
            _ => true,
        }
    }

    pub fn wants_request(&self, facts: &PendingFacts) -> bool {
        let stamps = facts.buildset.stamps.iter().map(|(stamp, _)| stamp);
        self.filter.admits(&facts.builder, &facts.properties, &facts.buildset.scheduler, stamps)
    }

    /// Whether any build of a buildset is worth a message about all of them.
    pub fn wants_set(&self, facts: &SetFacts) -> bool {
        matches!(self.kind, GeneratorKind::Combined { .. }) || facts.builds.iter().any(|build| self.wants_build(build))
    }

    pub fn wants_worker(&self, name: &str) -> bool {
        match &self.kind {
            GeneratorKind::WorkerMissing { workers: Names::All, .. } => true,
            GeneratorKind::WorkerMissing { workers: Names::These(names), .. } => {
                names.iter().any(|known| known == name)
            }
            _ => false,
        }
    }

    pub fn formatter(&self, occasion: Occasion) -> &Formatter {
        match &self.kind {
            GeneratorKind::StartEnd { start, .. } if matches!(occasion, Occasion::BuildStarted(_)) => start,
            GeneratorKind::StartEnd { end, .. } => end,
            GeneratorKind::Build { formatter, .. }
            | GeneratorKind::Request { formatter }
            | GeneratorKind::Buildset { formatter, .. }
            | GeneratorKind::Combined { formatter }
            | GeneratorKind::WorkerMissing { formatter, .. } => formatter,
        }
    }

    /// The modes by name, for templates.
    pub fn mode_names(&self) -> Vec<&'static str> {
        match &self.kind {
            GeneratorKind::Build { modes, .. } | GeneratorKind::Buildset { modes, .. } => modes.names(),
            _ => Modes::from_word("all").map(|modes| modes.names()).unwrap_or_default(),
        }
    }
}

impl BuildFilter {
    fn admits_build(&self, facts: &BuildFacts) -> bool {
        let stamps = facts.buildset.stamps.iter().map(|(stamp, _)| stamp);
        self.admits(&facts.builder, &facts.properties, &facts.buildset.scheduler, stamps)
    }

    fn admits<'a>(
        &self,
        builder: &Builder,
        properties: &Properties,
        scheduler: &str,
        mut stamps: impl Iterator<Item = &'a SourceStamp>,
    ) -> bool {
        let scheduler = properties.get("scheduler").and_then(|value| value.as_str()).unwrap_or(scheduler);
        let branch = properties.get("branch").and_then(|value| value.as_str());
        let of_property = |wanted: &Option<String>| wanted.as_deref() == branch;
        let mut of_stamps = |wanted: &[Option<String>]| stamps.any(|stamp| wanted.contains(&stamp.spec.branch));
        let among = |wanted: &Option<Vec<String>>, name: &str| {
            wanted.as_ref().is_none_or(|wanted| wanted.iter().any(|known| known == name))
        };
        among(&self.builders, &builder.name)
            && among(&self.schedulers, scheduler)
            && self.tags.as_ref().is_none_or(|tags| tags.iter().any(|tag| builder.tags.contains(tag)))
            && self.branches.as_ref().is_none_or(|wanted| wanted.iter().any(of_property) || of_stamps(wanted))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Results;
    use crate::reporters::config::{AttachLogs, TextKind};
    use crate::reporters::fixtures::{build_facts, ended};

    fn generator(kind: GeneratorKind) -> GeneratorConfig {
        GeneratorConfig {
            kind,
            filter: BuildFilter::default(),
            subject: None,
            logs: AttachLogs::None,
            add_patch: false,
        }
    }

    fn on_builds(modes: &str, report_new: bool) -> GeneratorConfig {
        let modes = Modes::from_word(modes).unwrap();
        generator(GeneratorKind::Build { modes, report_new, formatter: Formatter::standard(TextKind::Plain) })
    }

    #[test]
    fn keys_of_events_name_occasions() {
        assert_eq!(Occasion::of("builds/7/finished"), Some(Occasion::BuildFinished(BuildId(7))));
        assert_eq!(Occasion::of("workers/3/missing"), Some(Occasion::WorkerMissing(WorkerId(3))));
        for other in ["builds/7/update", "steps/7/finished", "builds/x/finished", "builds", ""] {
            assert_eq!(Occasion::of(other), None, "{other}");
        }
    }

    #[test]
    fn the_beginning_of_a_build_is_told_only_if_asked_for() {
        let started = Occasion::BuildStarted(BuildId(1));
        assert!(!on_builds("all", false).hears(started));
        assert!(on_builds("all", true).hears(started));
        assert!(on_builds("failing", true).wants_build(&build_facts().at_start()));
    }

    #[test]
    fn the_mode_looks_at_the_build_before() {
        let mut facts = build_facts();
        facts.previous = Some(ended(6, Results::Failure));
        assert!(!on_builds("problem", false).wants_build(&facts));
        facts.previous = Some(ended(6, Results::Success));
        assert!(on_builds("problem", false).wants_build(&facts));
    }

    #[test]
    fn every_filter_has_to_admit_the_build() {
        let texts = |text: &str| Some(vec![text.to_owned()]);
        let wants =
            |filter: BuildFilter| GeneratorConfig { filter, ..on_builds("all", false) }.wants_build(&build_facts());
        assert!(wants(BuildFilter { builders: texts("runtests"), ..BuildFilter::default() }));
        assert!(!wants(BuildFilter { builders: texts("docs"), ..BuildFilter::default() }));
        assert!(wants(BuildFilter { tags: texts("nightly"), ..BuildFilter::default() }));
        assert!(!wants(BuildFilter { tags: texts("weekly"), ..BuildFilter::default() }));
        assert!(wants(BuildFilter { schedulers: texts("all"), ..BuildFilter::default() }));
        assert!(!wants(BuildFilter { schedulers: texts("force"), ..BuildFilter::default() }));
        assert!(wants(BuildFilter { branches: Some(vec![Some("main".to_owned())]), ..BuildFilter::default() }));
        assert!(!wants(BuildFilter { branches: Some(vec![None]), ..BuildFilter::default() }));
        assert!(!wants(BuildFilter { branches: Some(Vec::new()), ..BuildFilter::default() }));
    }

    #[test]
    fn workers_are_named_or_all_of_them() {
        let formatter = Formatter::standard(TextKind::Plain);
        let named = Names::These(vec!["w1".to_owned()]);
        let named = generator(GeneratorKind::WorkerMissing { workers: named, formatter: formatter.clone() });
        assert!(named.wants_worker("w1") && !named.wants_worker("w2"));
        let all = generator(GeneratorKind::WorkerMissing { workers: Names::All, formatter });
        assert!(all.wants_worker("w2"));
    }
}
