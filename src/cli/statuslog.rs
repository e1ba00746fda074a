//! `buildbot statuslog`: prints what happens on a master, as it happens.

use std::process::ExitCode;

use clap::Args;

use super::block_on;
use super::output::say;
use super::paint::harmless;
use super::remote::master;
use super::remote::options_file::OptionsFile;
use crate::domain::Results;
use crate::wire::client::{Account, StatusEvent, StatusWatcher};

/// Prints what happens on a master, until one of both ends
///
/// The master needs a reporters.PBListener. Without --master, 'masterstatus' of .buildbot/options is taken.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  buildbot statuslog --master=localhost:9988
  buildbot statuslog -m localhost:9988 -u watcher --passwd=secret | grep buildFinished

Exit codes: 0 never, for it does not end by itself; 1 the connection was lost or refused, 2 wrong usage")]
pub(super) struct Statuslog {
    /// The port of a PBListener
    #[arg(short, long, value_name = "HOST:PORT")]
    master: Option<String>,
    /// The name with which to log in
    #[arg(short, long, default_value = "statusClient")]
    username: String,
    /// The password with which to log in
    #[arg(long, default_value = "clientpw")]
    passwd: String,
}

impl Statuslog {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let options = OptionsFile::find()?;
        let master = master(self.master.or_else(|| options.text(&["masterstatus", "master"])))?;
        let account = Account::new(master, self.username, self.passwd);
        block_on(async {
            let mut watcher = StatusWatcher::connect(&account).await?;
            say(format_args!("connected to {}", account.master));
            loop {
                say(line(&watcher.next().await?));
            }
        })
    }
}

/// One event as a line: `buildFinished linux/17: success (build successful)`.
fn line(event: &StatusEvent) -> String {
    let field = |name: &str| event.fields.get(name).map(String::as_str);
    let place = match (field("builder"), field("number"), field("step")) {
        (Some(builder), Some(number), Some(step)) => format!(" {builder}/{number}/{step}"),
        (Some(builder), Some(number), None) => format!(" {builder}/{number}"),
        _ => ["worker", "who", "scheduler"]
            .iter()
            .find_map(|name| field(name))
            .map_or_else(String::new, |who| format!(" {who}")),
    };
    let results = field("results").and_then(|code| Results::from_code(code.parse().ok()?));
    let text = field("text").and_then(|text| text.lines().next()).unwrap_or_default();
    let told = match (results, text) {
        (Some(results), "") => format!(": {results}"),
        (Some(results), text) => format!(": {results} ({text})"),
        (None, "") => String::new(),
        (None, text) => format!(": {text}"),
    };
    harmless(&format!("{}{place}{told}", event.event))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_line() {
        let event = |event: &str, fields: &[(&str, &str)]| {
            let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            line(&StatusEvent { event: event.to_owned(), fields })
        };
        let build = [("builder", "linux"), ("number", "17"), ("results", "2"), ("text", "failed test")];
        assert_eq!(event("buildFinished", &build), "buildFinished linux/17: failure (failed test)");
        let step = [("builder", "linux"), ("number", "17"), ("step", "make"), ("text", "")];
        assert_eq!(event("stepStarted", &step), "stepStarted linux/17/make");
        assert_eq!(event("changeAdded", &[("who", "ann"), ("text", "one\ntwo")]), "changeAdded ann: one");
        assert_eq!(event("workerConnected", &[("worker", "w1")]), "workerConnected w1");
    }
}
