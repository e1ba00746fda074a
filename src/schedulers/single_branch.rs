//! `SingleBranchScheduler`: builds the newest state of a branch (manual section "SingleBranchScheduler").
//!
//! [`decide`] looks at what is stored and says the next thing to store; whoever calls it stores that and calls again
//! until there is nothing left to do. The same state gives the same decision, so a decision that was lost is made again.
//!
//! - Without a tree-stable timer each important change gives a buildset at once; unimportant ones wait and go along
//!   with the next important one.
//! - With a timer one buildset comes after the tree was quiet for that long, with all changes that came. Every change
//!   that passes the filter disturbs the quiet; only an important one starts the wait.
//! - A switched-off scheduler looks at nothing, so it forgets nothing either: when switched on again it goes on at the
//!   change where it stopped.
//! - Without any builder it waits in the same way.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::config::{CodebaseConfig, SchedulerConfig, SchedulerKind, SingleBranchConfig};
use super::filter::{Filter, FilterError, Verdict};
use super::question::{Answers, Question, Role};
use crate::domain::buildset::NewStamp;
use crate::domain::{BuilderId, Change, ChangeId, NewBuildset, Properties, ScriptValue, StampSpec, Timestamp};

/// Where properties of a scheduler say they came from.
pub(super) const SOURCE: &str = "Scheduler";
const DEFAULT_REASON: &str = "The %(classname)s scheduler named '%(name)s' triggered this build";

/// The configuration, made ready to decide by.
#[derive(Clone, Debug)]
pub struct Rules {
    config: SchedulerConfig,
    kind: SingleBranchConfig,
    filter: Filter,
}

/// The reason a configuration gives no rules.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum RulesError {
    #[error("'{0}' does not build changes")]
    OtherKind(String),
    #[error(transparent)]
    Filter(#[from] FilterError),
}

impl Rules {
    pub fn new(config: &SchedulerConfig) -> Result<Self, RulesError> {
        let SchedulerKind::SingleBranch(kind) = &config.kind else {
            return Err(RulesError::OtherKind(config.name.clone()));
        };
        Ok(Self { filter: Filter::new(&kind.filter)?, kind: kind.clone(), config: config.clone() })
    }

    /// The quiet time; zero counts as none, as in Buildbot.
    fn timer(&self) -> Option<Duration> {
        self.kind.tree_stable_timer.filter(|timer| !timer.is_zero())
    }

    fn codebases(&self) -> Vec<CodebaseConfig> {
        match self.config.codebases.as_slice() {
            [] => vec![CodebaseConfig::default()],
            codebases => codebases.to_vec(),
        }
    }
}

/// A change that the scheduler keeps for the next buildset.
#[derive(Clone, Debug, PartialEq)]
pub struct Waiting {
    pub change: Arc<Change>,
    pub important: bool,
    pub classified_at: Timestamp,
}

/// What is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    pub enabled: bool,
    /// Changes up to this one have been looked at.
    pub last_change: ChangeId,
    /// Oldest first.
    pub waiting: Vec<Waiting>,
    /// Changes after `last_change`, or the first of them; oldest first.
    pub new_changes: Vec<Arc<Change>>,
}

/// What is to be done.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "it is short-lived, and made once for each decision")]
pub enum Outcome {
    Decide(Decision),
    /// Nothing can be said before functions have answered these.
    Ask(Vec<Question>),
}

/// What is to be stored, in one transaction, and when to look again.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decision {
    /// Changes that wait from now on, and whether each is important.
    pub classified: Vec<(ChangeId, bool)>,
    /// Changes up to this one have been looked at.
    pub last_change: Option<ChangeId>,
    /// Changes that wait no longer.
    pub consumed: Vec<ChangeId>,
    pub buildset: Option<NewBuildset>,
    /// When the quiet ends, if nothing more comes.
    pub wake_at: Option<Timestamp>,
}

impl Decision {
    /// Whether there is nothing to store.
    pub fn is_empty(&self) -> bool {
        self.classified.is_empty() && self.last_change.is_none() && self.consumed.is_empty() && self.buildset.is_none()
    }
}

/// Says the next thing to do.
pub fn decide(rules: &Rules, builders: &[BuilderId], state: &State, answers: &Answers, now: Timestamp) -> Outcome {
    if !state.enabled || builders.is_empty() {
        return Outcome::Decide(Decision::default());
    }
    let looked_at = match look_at(rules, state, answers) {
        Ok(looked_at) => looked_at,
        Err(questions) => return Outcome::Ask(questions),
    };
    Outcome::Decide(match rules.timer() {
        None => decide_at_once(rules, builders, state, &looked_at),
        Some(timer) => decide_after_quiet(rules, builders, state, &looked_at, (timer, now)),
    })
}

/// A new change, and whether it is important; `None` if it does not concern the scheduler.
type LookedAt = (Arc<Change>, Option<bool>);

fn look_at(rules: &Rules, state: &State, answers: &Answers) -> Result<Vec<LookedAt>, Vec<Question>> {
    let mut looked_at = Vec::new();
    let mut questions = Vec::new();
    let codebases = rules.codebases();
    for change in state.new_changes.iter().filter(|change| state.last_change < change.id) {
        if !codebases.iter().any(|codebase| codebase.name == change.codebase) {
            looked_at.push((Arc::clone(change), None));
            continue;
        }
        match rules.filter.judge(change, answers) {
            Verdict::Fails => looked_at.push((Arc::clone(change), None)),
            Verdict::Ask(more) => questions.extend(more),
            Verdict::Passes => match importance(rules, change, answers) {
                Ok(important) => {
                    let kept = (important || !rules.kind.only_important).then_some(important);
                    looked_at.push((Arc::clone(change), kept));
                }
                Err(question) => questions.push(question),
            },
        }
    }
    if questions.is_empty() { Ok(looked_at) } else { Err(questions) }
}

fn importance(rules: &Rules, change: &Arc<Change>, answers: &Answers) -> Result<bool, Question> {
    let Some(function) = &rules.kind.file_is_important else { return Ok(true) };
    answers
        .get(change.id, Role::Importance)
        .ok_or_else(|| Question::new(function, change.id, Role::Importance, ScriptValue::Change(Arc::clone(change))))
}

/// Goes up to the first important change and builds it; what comes after it is for the next decision.
fn decide_at_once(rules: &Rules, builders: &[BuilderId], state: &State, looked_at: &[LookedAt]) -> Decision {
    if state.waiting.iter().any(|waiting| waiting.important) {
        // Left over from a time with a timer.
        return fire(rules, builders, state, Vec::new());
    }
    let first_important = looked_at.iter().position(|(_, kept)| *kept == Some(true));
    let Some(first_important) = first_important else { return classify(looked_at) };
    let upto = &looked_at[..=first_important];
    let along = upto.iter().filter(|(_, kept)| kept.is_some()).map(|(change, _)| Arc::clone(change)).collect();
    Decision { last_change: upto.last().map(|(change, _)| change.id), ..fire(rules, builders, state, along) }
}

fn decide_after_quiet(
    rules: &Rules,
    builders: &[BuilderId],
    state: &State,
    looked_at: &[LookedAt],
    (timer, now): (Duration, Timestamp),
) -> Decision {
    let seen = classify(looked_at);
    let anything_important = state.waiting.iter().map(|waiting| waiting.important);
    let anything_important = anything_important.chain(seen.classified.iter().map(|(_, important)| *important));
    if !anything_important.into_iter().any(|important| important) {
        return seen;
    }
    if !seen.classified.is_empty() {
        return Decision { wake_at: Some(now + timer), ..seen };
    }
    let newest = state.waiting.iter().map(|waiting| waiting.classified_at).max().unwrap_or(now);
    let due = newest + timer;
    // While there are changes to look at, more that disturb the quiet may follow those given here.
    if now < due || !looked_at.is_empty() {
        return Decision { wake_at: Some(due), ..seen };
    }
    fire(rules, builders, state, Vec::new())
}

fn classify(looked_at: &[LookedAt]) -> Decision {
    Decision {
        classified: looked_at.iter().filter_map(|(change, kept)| Some((change.id, (*kept)?))).collect(),
        last_change: looked_at.last().map(|(change, _)| change.id),
        ..Decision::default()
    }
}

/// Builds all that waits, and these changes with it.
fn fire(rules: &Rules, builders: &[BuilderId], state: &State, along: Vec<Arc<Change>>) -> Decision {
    let mut changes: Vec<_> = state.waiting.iter().map(|waiting| Arc::clone(&waiting.change)).collect();
    let consumed = changes.iter().map(|change| change.id).collect();
    changes.extend(along);
    changes.sort_by_key(|change| change.id);
    let buildset = buildset(rules, builders, &changes);
    Decision { consumed, buildset: Some(buildset), ..Decision::default() }
}

fn buildset(rules: &Rules, builders: &[BuilderId], changes: &[Arc<Change>]) -> NewBuildset {
    let name = &rules.config.name;
    let reason = rules.kind.reason.as_deref().unwrap_or(DEFAULT_REASON);
    NewBuildset {
        scheduler: name.clone(),
        reason: fill_in(reason, &[("classname", "SingleBranchScheduler"), ("name", name)]),
        external_id: None,
        properties: properties(&rules.config),
        builders: builders.to_vec(),
        stamps: stamps(&rules.codebases(), changes),
        changes: changes.iter().map(|change| change.id).collect(),
        priority: rules.config.priority,
        waited_for: false,
        parent_build: None,
        rebuilt_build: None,
    }
}

/// The configured properties, and the scheduler's name.
pub(super) fn properties(config: &SchedulerConfig) -> Properties {
    let mut properties = Properties::new();
    for (name, property) in config.properties.iter() {
        properties.set(name, property.value.clone(), SOURCE);
    }
    properties.set("scheduler", config.name.as_str(), SOURCE);
    properties
}

/// For each codebase the stamp of its newest change, or what the configuration says.
fn stamps(codebases: &[CodebaseConfig], changes: &[Arc<Change>]) -> Vec<NewStamp> {
    let newest: BTreeMap<&str, &Change> =
        changes.iter().map(|change| (change.codebase.as_str(), change.as_ref())).collect();
    codebases
        .iter()
        .map(|codebase| match newest.get(codebase.name.as_str()) {
            Some(change) => NewStamp::Existing(change.source_stamp_id),
            None => NewStamp::Spec(default_stamp(codebase)),
        })
        .collect()
}

pub(super) fn default_stamp(codebase: &CodebaseConfig) -> StampSpec {
    StampSpec {
        codebase: codebase.name.clone(),
        repository: codebase.repository.clone(),
        project: String::new(),
        branch: codebase.branch.clone(),
        revision: codebase.revision.clone(),
        patch: None,
    }
}

/// Replaces `%(key)s` and `%%`; anything else stays as it is.
pub(super) fn fill_in(format: &str, values: &[(&str, &str)]) -> String {
    let mut text = String::new();
    let mut rest = format;
    while let Some(at) = rest.find('%') {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        let found = values.iter().find_map(|(key, value)| {
            let after = rest.strip_prefix("%(")?.strip_prefix(key)?.strip_prefix(")s")?;
            Some((*value, after))
        });
        let (value, after) = match (found, rest.strip_prefix("%%")) {
            (Some(found), _) => found,
            (None, Some(after)) => ("%", after),
            (None, None) => ("%", &rest[1..]),
        };
        text.push_str(value);
        rest = after;
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
#[path = "single_branch_tests.rs"]
mod tests;
