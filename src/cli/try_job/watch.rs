//! Waits for the builds of a job that was delivered over ssh: a `PBListener` of the master tells of them.

use std::collections::BTreeMap;
use std::process::ExitCode;

use anyhow::{Context, bail};

use super::arguments::Wishes;
use crate::cli::output::{remark, say};
use crate::cli::paint::harmless;
use crate::cli::remote;
use crate::domain::Results;
use crate::wire::client::{Account, StatusEvent, StatusWatcher};

/// Those of a `PBListener`, unless its configuration says otherwise. The name of the command's options is that for ssh.
const USER: &str = "statusClient";
const PASSWORD: &str = "clientpw";

/// Begins to listen.
pub(super) async fn begin(wishes: &Wishes) -> anyhow::Result<StatusWatcher> {
    let Some(master) = wishes.master.clone() else { bail!("no --master=HOST:PORT of a PBListener is given") };
    let master = remote::master(Some(master))?;
    let password = wishes.passwd.clone().unwrap_or_else(|| PASSWORD.to_owned());
    Ok(StatusWatcher::connect(&Account::new(master, USER.to_owned(), password)).await?)
}

/// Follows a job to its end. Success is the success of all of its builds.
pub(super) async fn job(mut watcher: StatusWatcher, job: &str, quiet: bool) -> anyhow::Result<ExitCode> {
    let mut followed = Followed::new(job);
    loop {
        let event = watcher.next().await.context("the builds cannot be followed any more")?;
        match followed.hear(&event)? {
            Heard::Nothing => {}
            Heard::Progress(line) => remark(quiet, line),
            Heard::End(results) => {
                say("All Builds Complete");
                followed.ended.values().for_each(say);
                return Ok(if results == Results::Success { ExitCode::SUCCESS } else { ExitCode::FAILURE });
            }
        }
    }
}

/// What is known of a job.
struct Followed<'a> {
    job: &'a str,
    /// As the events call it, once it is known.
    buildset: Option<String>,
    /// The last end of a build of each builder, as a line.
    ended: BTreeMap<String, String>,
}

#[derive(Debug, PartialEq, Eq)]
enum Heard {
    Nothing,
    Progress(String),
    End(Results),
}

impl<'a> Followed<'a> {
    fn new(job: &'a str) -> Self {
        Self { job, buildset: None, ended: BTreeMap::new() }
    }

    fn hear(&mut self, event: &StatusEvent) -> anyhow::Result<Heard> {
        let field = |name: &str| event.fields.get(name).map(String::as_str);
        if event.event == "eventsMissed" {
            bail!("too much happened at once: the builds cannot be followed any more");
        }
        if event.event == "buildsetSubmitted" && field("job") == Some(self.job) {
            self.buildset = field("buildset").map(str::to_owned);
        }
        if self.buildset.is_none() || self.buildset.as_deref() != field("buildset") {
            return Ok(Heard::Nothing);
        }
        let results = field("results").and_then(|code| Results::from_code(code.parse().ok()?));
        let builder = field("builder").unwrap_or_default();
        let text = field("text").unwrap_or_default();
        Ok(match (event.event.as_str(), results) {
            ("buildsetFinished", results) => Heard::End(results.unwrap_or(Results::Exception)),
            ("buildFinished", Some(results)) => {
                let line = harmless(&format!("{builder}: {results} ({text})"));
                self.ended.insert(builder.to_owned(), line.clone());
                Heard::Progress(line)
            }
            ("buildStarted", _) => Heard::Progress(harmless(&format!("{builder}: building"))),
            ("stepStarted", _) => {
                Heard::Progress(harmless(&format!("{builder}: {}", field("step").unwrap_or_default())))
            }
            _ => Heard::Nothing,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(event: &str, fields: &[(&str, &str)]) -> StatusEvent {
        let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        StatusEvent { event: event.to_owned(), fields }
    }

    #[test]
    fn only_the_builds_of_the_job_count() {
        let mut followed = Followed::new("1-2");
        let mut hear = |name: &str, fields: &[(&str, &str)]| followed.hear(&event(name, fields)).unwrap();
        assert_eq!(hear("buildFinished", &[("builder", "b"), ("results", "0")]), Heard::Nothing);
        assert_eq!(hear("buildsetSubmitted", &[("job", "other"), ("buildset", "6")]), Heard::Nothing);
        assert_eq!(hear("buildsetSubmitted", &[("job", "1-2"), ("buildset", "7")]), Heard::Nothing);
        assert_eq!(hear("buildStarted", &[("builder", "b"), ("buildset", "6")]), Heard::Nothing);
        let progress = |text: &str| Heard::Progress(text.to_owned());
        assert_eq!(hear("buildStarted", &[("builder", "b"), ("buildset", "7")]), progress("b: building"));
        let step = [("builder", "b"), ("buildset", "7"), ("step", "make")];
        assert_eq!(hear("stepStarted", &step), progress("b: make"));
        let build = [("builder", "b"), ("buildset", "7"), ("results", "2"), ("text", "failed make")];
        assert_eq!(hear("buildFinished", &build), progress("b: failure (failed make)"));
        assert_eq!(hear("buildsetFinished", &[("buildset", "6"), ("results", "0")]), Heard::Nothing);
        assert_eq!(hear("buildsetFinished", &[("buildset", "7"), ("results", "2")]), Heard::End(Results::Failure));
        assert_eq!(followed.ended["b"], "b: failure (failed make)");
    }

    #[test]
    fn whoever_missed_something_does_not_wait_for_ever() {
        assert!(Followed::new("1-2").hear(&event("eventsMissed", &[])).is_err());
    }
}
