//! Waits for the builds of a job, and says how they are getting on.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use tokio::time::{MissedTickBehavior, interval};

use crate::cli::output::{remark, say};
use crate::cli::paint::harmless;
use crate::domain::Results;
use crate::wire::client::{BuildNews, Tester};

/// How often it is said where the builds are, if they are somewhere else by then.
const SAY_EVERY: Duration = Duration::from_secs(3);

/// Where one builder is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Progress {
    Waiting,
    Building,
    Step(String),
    /// Another build will follow one that has to be repeated.
    Finished(Results, String),
}

/// Follows every builder to its end. Success is the success of all of them.
pub(super) async fn builds(tester: &mut Tester, builders: Vec<String>, quiet: bool) -> anyhow::Result<ExitCode> {
    let mut all: BTreeMap<String, Progress> = builders.into_iter().map(|name| (name, Progress::Waiting)).collect();
    let mut said = None;
    let mut ticks = interval(SAY_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // The first tick comes at once.
    ticks.tick().await;
    while !all.values().all(is_over) {
        tokio::select! {
            news = tester.next() => note(&mut all, news.context("the builds cannot be followed any more")?),
            _ = ticks.tick() => {
                let lines: Vec<String> = all.iter().map(line).collect();
                if said.as_ref() != Some(&lines) {
                    lines.iter().for_each(|line| remark(quiet, line));
                    remark(quiet, "");
                    said = Some(lines);
                }
            }
        }
    }
    say("All Builds Complete");
    all.iter().map(line).for_each(say);
    let succeeded = all.values().all(|progress| matches!(progress, Progress::Finished(Results::Success, _)));
    Ok(if succeeded { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn is_over(progress: &Progress) -> bool {
    matches!(progress, Progress::Finished(results, _) if *results != Results::Retry)
}

fn note(all: &mut BTreeMap<String, Progress>, news: BuildNews) {
    let (builder, progress) = match news {
        BuildNews::Started { builder } => (builder, Progress::Building),
        BuildNews::StepStarted { builder, step } => (builder, Progress::Step(step)),
        BuildNews::StepFinished { .. } => return,
        BuildNews::Finished { builder, results, text } => (builder, Progress::Finished(results, text)),
    };
    all.insert(builder, progress);
}

fn line((builder, progress): (&String, &Progress)) -> String {
    let state = match progress {
        Progress::Waiting => "no build".to_owned(),
        Progress::Building => "building".to_owned(),
        Progress::Step(step) => step.clone(),
        Progress::Finished(results, text) if text.is_empty() => results.to_string(),
        Progress::Finished(results, text) => format!("{results} ({text})"),
    };
    harmless(&format!("{builder}: {state}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_that_is_repeated_is_not_over() {
        let mut all = BTreeMap::from([("b".to_owned(), Progress::Waiting)]);
        let builder = || "b".to_owned();
        note(&mut all, BuildNews::Started { builder: builder() });
        note(&mut all, BuildNews::StepStarted { builder: builder(), step: "make".to_owned() });
        note(&mut all, BuildNews::StepFinished { builder: builder(), step: "make".to_owned() });
        assert_eq!(all.iter().map(line).collect::<Vec<_>>(), ["b: make"]);
        let finished = |results| BuildNews::Finished { builder: builder(), results, text: "words".to_owned() };
        note(&mut all, finished(Results::Retry));
        assert!(!is_over(&all["b"]));
        note(&mut all, finished(Results::Failure));
        assert!(is_over(&all["b"]));
        assert_eq!(all.iter().map(line).collect::<Vec<_>>(), ["b: failure (words)"]);
    }
}
