//! `buildbot explain`: why a request waits, or what each scheduler makes of a change.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::bail;
use clap::{Args, ValueEnum};

use super::block_on;
use super::output::say;
use super::paint::harmless;
use super::rest::Rest;
use super::tail::address;
use crate::json::{self, Value};

/// Says why a request waits, or why a change was not built
///
/// A request is told with each lock, worker and function of the configuration that keeps it waiting; a change with what
/// every scheduler makes of it. Numbers of requests and changes are those of the pages.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  buildbot explain request 17
  buildbot explain change 4 --dir /srv/buildbot/master
  buildbot explain change 4 --url http://build.example.org:8010/
  buildbot explain request 17 --json | jq .reasons

Exit codes: 0 explained, 1 not: no such thing, or no master answers, 2 wrong usage")]
pub(super) struct Explain {
    /// What is asked about
    #[arg(value_enum, value_name = "WHAT")]
    what: What,
    /// Its number
    #[arg(value_name = "NUMBER")]
    id: i64,
    /// Print the answer as JSON
    #[arg(long)]
    json: bool,
    /// The base directory of a master on this machine
    #[arg(long, default_value = ".", value_name = "DIR")]
    dir: PathBuf,
    /// The address of any master's web interface, instead of a base directory
    #[arg(long, value_name = "URL", conflicts_with = "dir")]
    url: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum What {
    /// A build request
    Request,
    /// A change
    Change,
}

impl Explain {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let shown = block_on(async {
            let url = match &self.url {
                Some(url) => url.clone(),
                None => address(&self.dir).await?,
            };
            self.show(&Rest::new(&url)).await
        })?;
        shown.into_iter().for_each(say);
        Ok(ExitCode::SUCCESS)
    }

    async fn show(&self, rest: &Rest) -> anyhow::Result<Vec<String>> {
        let (plural, name) = match self.what {
            What::Request => ("buildrequests", "build request"),
            What::Change => ("changes", "change"),
        };
        let Some(answer) = rest.find(&format!("{plural}/{}/explain", self.id)).await? else {
            bail!("there is no {name} {}", self.id);
        };
        let found = answer["explanations"].as_array().map(Vec::as_slice).unwrap_or_default();
        Ok(match (self.json, self.what) {
            (true, What::Request) => found.iter().map(json::to_string_pretty).collect(),
            (true, What::Change) => vec![json::to_string_pretty(&found)],
            (false, What::Request) => found.iter().flat_map(|request| self.request(request)).collect(),
            (false, What::Change) => change(found),
        })
    }

    fn request(&self, request: &Value) -> Vec<String> {
        let reasons = request["reasons"].as_array().map(Vec::as_slice).unwrap_or_default();
        let reasons: Vec<String> = reasons.iter().map(text).collect();
        match reasons.as_slice() {
            [reason] => vec![format!("Request {} {reason}", self.id)],
            [first, more @ ..] if text(&request["state"]) == "building" => {
                let sentence = format!("Request {} {first}", self.id);
                std::iter::once(sentence).chain(more.iter().map(|reason| format!("  {reason}"))).collect()
            }
            reasons => {
                let heading = format!("Request {} waits:", self.id);
                std::iter::once(heading).chain(reasons.iter().map(|reason| format!("  {reason}"))).collect()
            }
        }
    }
}

fn change(found: &[Value]) -> Vec<String> {
    if found.is_empty() {
        return vec!["The configuration has no schedulers.".to_owned()];
    }
    let rows: Vec<(String, String)> =
        found.iter().map(|stance| (text(&stance["scheduler"]), text(&stance["reason"]))).collect();
    let width = rows.iter().map(|(scheduler, _)| scheduler.chars().count()).max().unwrap_or(0);
    // Not a table, which would cut long reasons.
    rows.into_iter().map(|(scheduler, reason)| format!("  {scheduler:<width$}  {reason}")).collect()
}

/// A text of the answer, without what a terminal would obey.
fn text(value: &Value) -> String {
    harmless(value.as_str().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::json;

    #[test]
    fn one_reason_is_a_sentence_and_several_are_a_list() {
        let explain = Explain { what: What::Request, id: 7, json: false, dir: PathBuf::new(), url: None };
        let one = json!({ "reasons": ["is about to start"] });
        assert_eq!(explain.request(&one), ["Request 7 is about to start"]);
        let building = json!({ "state": "building", "reasons": ["is being built", "one by one"] });
        assert_eq!(explain.request(&building), ["Request 7 is being built", "  one by one"]);
        let two = json!({ "reasons": ["waits for lock db", "worker w1 is busy\u{1b}[1m"] });
        let expected = ["Request 7 waits:", "  waits for lock db", "  worker w1 is busy\u{fffd}[1m"];
        assert_eq!(explain.request(&two), expected);
    }

    #[test]
    fn every_scheduler_has_its_line() {
        let stances =
            [json!({ "scheduler": "all", "reason": "ignored it" }), json!({ "scheduler": "f", "reason": "x" })];
        assert_eq!(change(&stances), ["  all  ignored it", "  f    x"]);
    }
}
