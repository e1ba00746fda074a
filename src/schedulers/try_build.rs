//! `Try_Userpass` and `Try_Jobdir`: what becomes of a job.

use super::buildset::{default_stamp, empty};
use super::config::{CodebaseConfig, SchedulerConfig};
use super::facts::Memory;

use crate::domain::buildset::NewStamp;
use crate::domain::{BuilderId, NewBuildset, Patch, Properties, StampSpec, TryJob};

/// Where properties of a job say they came from.
const SOURCE: &str = "try build";

/// The builders of a job: those it names, or all of the scheduler. Nothing if it names one that it may not, for then its
/// sender has another master in mind.
pub fn builders_of(config: &SchedulerConfig, job: &TryJob) -> Option<Vec<String>> {
    let wanted = if job.builder_names.is_empty() { &config.builder_names } else { &job.builder_names };
    let allowed = wanted.iter().all(|name| config.builder_names.contains(name));
    (allowed && !wanted.is_empty()).then(|| wanted.clone())
}

/// The buildset of a job. What the configuration says of properties wins over what the job says.
pub fn buildset(config: &SchedulerConfig, job: TryJob, builders: Vec<BuilderId>) -> NewBuildset {
    let mut all_properties = Properties::new();
    for (name, value) in &job.properties {
        all_properties.set(name.as_str(), value.clone(), SOURCE);
    }
    let configured = empty(config, &builders);
    all_properties.update(&configured.properties);
    NewBuildset {
        reason: reason(&job),
        external_id: Some(job.id.clone()).filter(|id| !id.is_empty()),
        properties: all_properties,
        stamps: stamps(&config.codebases, job),
        ..configured
    }
}

fn reason(job: &TryJob) -> String {
    let mut reason = "'try' job".to_owned();
    if !job.who.is_empty() {
        reason += &format!(" by user {}", job.who);
    }
    if !job.comment.is_empty() {
        reason += &format!(" ({})", job.comment);
    }
    reason
}

/// The job is about one codebase: the one of its repository, or else the first. The others are as configured.
fn stamps(codebases: &[CodebaseConfig], job: TryJob) -> Vec<NewStamp> {
    let meant = codebases.iter().position(|codebase| codebase.repository == job.repository).unwrap_or(0);
    let name = codebases.get(meant).map(|codebase| codebase.name.clone()).unwrap_or_default();
    let others = codebases.iter().enumerate().filter(|(position, _)| *position != meant);
    let memory = Memory::default();
    let others: Vec<NewStamp> = others.map(|(_, codebase)| NewStamp::Spec(default_stamp(codebase, &memory))).collect();
    let mut stamps = vec![NewStamp::Spec(stamp(name, job))];
    stamps.extend(others);
    stamps
}

fn stamp(codebase: String, job: TryJob) -> StampSpec {
    let patch = Patch {
        body: job.patch_body,
        level: job.patch_level,
        subdir: String::new(),
        author: job.who,
        comment: job.comment,
    };
    StampSpec {
        codebase,
        repository: job.repository,
        project: job.project,
        branch: job.branch.filter(|branch| !branch.is_empty()),
        revision: job.revision.filter(|revision| !revision.is_empty()),
        patch: Some(patch).filter(|patch| !patch.body.is_empty()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedulers::config::{SchedulerKind, TryConfig};

    fn config(codebases: &[(&str, &str)]) -> SchedulerConfig {
        let codebase = |(name, repository): &(&str, &str)| CodebaseConfig {
            name: (*name).to_owned(),
            repository: (*repository).to_owned(),
            branch: Some("stable".to_owned()),
            revision: None,
        };
        let mut properties = Properties::new();
        properties.set("fixed", "by the configuration", "Scheduler");
        SchedulerConfig {
            name: "try".to_owned(),
            builder_names: vec!["a".to_owned(), "b".to_owned()],
            properties,
            priority: 7.into(),
            codebases: codebases.iter().map(codebase).collect(),
            kind: SchedulerKind::Try(TryConfig::Userpass),
        }
    }

    fn job() -> TryJob {
        TryJob {
            branch: Some(String::new()),
            revision: Some("abc".to_owned()),
            patch_level: 1,
            patch_body: b"--- a/f".to_vec(),
            repository: "git://lib".to_owned(),
            who: "Joe".to_owned(),
            comment: "a try".to_owned(),
            ..TryJob::default()
        }
    }

    fn spec(stamp: &NewStamp) -> &StampSpec {
        let NewStamp::Spec(spec) = stamp else { panic!("an existing stamp") };
        spec
    }

    #[test]
    fn a_job_gets_the_builders_it_names_all_without_names_and_none_with_a_strange_one() {
        let named = |names: &[&str]| TryJob {
            builder_names: names.iter().map(|name| (*name).to_owned()).collect(),
            ..TryJob::default()
        };
        assert_eq!(builders_of(&config(&[]), &named(&[])), Some(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(builders_of(&config(&[]), &named(&["b"])), Some(vec!["b".to_owned()]));
        assert_eq!(builders_of(&config(&[]), &named(&["b", "c"])), None);
        let empty = SchedulerConfig { builder_names: Vec::new(), ..config(&[]) };
        assert_eq!(builders_of(&empty, &named(&[])), None);
    }

    #[test]
    fn the_buildset_has_the_patch_and_says_who_wanted_it() {
        let buildset = buildset(&config(&[]), job(), vec![BuilderId(3)]);
        assert_eq!(buildset.reason, "'try' job by user Joe (a try)");
        assert_eq!((buildset.priority, buildset.external_id), (7, None));
        let [stamp] = buildset.stamps.as_slice() else { panic!("{:?}", buildset.stamps) };
        let patch = spec(stamp).patch.clone().unwrap();
        assert_eq!((patch.level, patch.body.as_slice(), patch.author.as_str()), (1, &b"--- a/f"[..], "Joe"));
        assert_eq!((spec(stamp).branch.as_deref(), spec(stamp).revision.as_deref()), (None, Some("abc")));
        let without = TryJob { patch_body: Vec::new(), ..job() };
        let without = super::buildset(&config(&[]), without, Vec::new());
        assert_eq!(spec(&without.stamps[0]).patch, None);
    }

    #[test]
    fn the_configuration_wins_over_the_properties_of_a_job() {
        let mut job = job();
        job.properties = [("fixed".to_owned(), "by the job".into()), ("own".to_owned(), 1.into())].into();
        let buildset = buildset(&config(&[]), job, Vec::new());
        assert_eq!(buildset.properties.get("fixed"), Some(&"by the configuration".into()));
        assert_eq!(buildset.properties.get("own"), Some(&1.into()));
        assert_eq!(buildset.properties.get("scheduler"), Some(&"try".into()));
    }

    #[test]
    fn of_several_codebases_the_patch_goes_to_the_one_of_its_repository() {
        let buildset = buildset(&config(&[("app", "git://app"), ("lib", "git://lib")]), job(), Vec::new());
        let stamps: Vec<&StampSpec> = buildset.stamps.iter().map(spec).collect();
        assert_eq!((stamps[0].codebase.as_str(), stamps[0].patch.is_some()), ("lib", true));
        assert_eq!((stamps[1].codebase.as_str(), stamps[1].branch.as_deref()), ("app", Some("stable")));
    }
}
