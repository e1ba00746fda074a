//! Compares what the database and the logs say with what was accepted and what the commands wrote themselves.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use crate::site::Site;

/// What the master answered for, or what the repository holds.
#[derive(Default)]
pub struct Accepted {
    /// Every commit, oldest first.
    pub revisions: Vec<String>,
    /// Every buildset whose force was answered.
    pub buildsets: Vec<i64>,
}

/// Panics with all that is wrong.
pub fn check(site: &Site, accepted: &Accepted) {
    let mut wrong = Vec::new();
    check_changes(site, accepted, &mut wrong);
    check_requests(site, accepted, &mut wrong);
    check_builds(site, &mut wrong);
    check_logs(site, &mut wrong);
    assert!(wrong.is_empty(), "after the crashes:\n{}", wrong.join("\n"));
    eprintln!(
        "{} changes, {} forces answered; {}",
        accepted.revisions.len(),
        accepted.buildsets.len(),
        site.query("state.sqlite", FIGURES).join("; ")
    );
}

/// What happened, for people; the kills were for nothing if no build was retried.
const FIGURES: &str = "SELECT count(*) || ' builds with results ' || results AS value FROM builds GROUP BY results
     UNION ALL SELECT count(*) || ' requests with ' || worker_losses || ' losses' FROM build_requests GROUP BY worker_losses";

/// Every commit is one change, and every change led to exactly one buildset.
fn check_changes(site: &Site, accepted: &Accepted, wrong: &mut Vec<String>) {
    let stored = site.query("state.sqlite", "SELECT revision AS value FROM changes ORDER BY id");
    if stored != accepted.revisions {
        wrong.push(format!("changes are {stored:?}, commits were {:?}", accepted.revisions));
    }
    let unscheduled = site.query(
        "state.sqlite",
        "SELECT c.revision AS value FROM changes c LEFT JOIN buildset_changes b ON b.change_id = c.id
         GROUP BY c.id HAVING count(b.buildset_id) <> 1",
    );
    wrong.extend(unscheduled.iter().map(|revision| format!("commit {revision} has not exactly one buildset")));
}

/// Every accepted force exists, and every request ended once, well or after three losses of its worker.
fn check_requests(site: &Site, accepted: &Accepted, wrong: &mut Vec<String>) {
    let known: BTreeSet<_> =
        site.query("state.sqlite", "SELECT CAST(id AS TEXT) AS value FROM buildsets").into_iter().collect();
    let lost = accepted.buildsets.iter().filter(|id| !known.contains(&id.to_string()));
    wrong.extend(lost.map(|id| format!("accepted buildset {id} is not there")));
    let odd = site.query(
        "state.sqlite",
        "SELECT 'request ' || id || ' ended with ' || coalesce(results, 'nothing') || ' after ' || worker_losses || ' losses'
         AS value FROM build_requests
         WHERE complete_at_us IS NULL OR NOT (results = 0 OR (results = 4 AND worker_losses >= 3))",
    );
    wrong.extend(odd);
    let open = site.query(
        "state.sqlite",
        "SELECT 'buildset ' || id || ' is open' AS value FROM buildsets WHERE complete_at_us IS NULL",
    );
    wrong.extend(open);
}

/// A request has at most one build that succeeded; all others of it were to be retried; each successful build's command
/// began and ended once.
fn check_builds(site: &Site, wrong: &mut Vec<String>) {
    wrong.extend(site.query(
        "state.sqlite",
        "SELECT 'request ' || r.id || ' was built well ' || count(b.id) || ' times' AS value
         FROM build_requests r LEFT JOIN build_build_requests x ON x.request_id = r.id
         LEFT JOIN builds b ON b.id = x.build_id AND b.results = 0
         WHERE r.results = 0 GROUP BY r.id HAVING count(b.id) <> 1",
    ));
    if builds(site, "n.results = 5").is_empty() {
        wrong.push("no kill hit a build: this run has shown nothing".to_owned());
    }
    wrong.extend(site.query(
        "state.sqlite",
        "SELECT 'build ' || id || ' has results ' || coalesce(results, 'nothing') AS value FROM builds
         WHERE complete_at_us IS NULL OR results NOT IN (0, 4, 5)",
    ));
    let journal = fs::read_to_string(site.path("written/journal")).unwrap();
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    journal.lines().for_each(|line| *counts.entry(line).or_default() += 1);
    for build in good_builds(site) {
        for word in ["begin", "end"] {
            let count = counts.get(format!("{word} {}", build.name).as_str()).copied().unwrap_or(0);
            if count != 1 {
                wrong.push(format!("{} is green, but its command wrote {count} times {word:?}", build.name));
            }
        }
    }
    for (line, count) in counts {
        if 1 < count {
            wrong.push(format!("the journal has {count} times {line:?}: a build was run twice"));
        }
    }
}

struct BuildLog {
    /// `builder-number`
    name: String,
    path: String,
}

fn builds(site: &Site, condition: &str) -> Vec<BuildLog> {
    let sql = format!(
        "SELECT b.name || '|' || n.number AS value FROM builds n JOIN builders b ON b.id = n.builder_id WHERE {condition}"
    );
    let builds = site.query("state.sqlite", &sql).into_iter().map(|row| {
        let (builder, number) = row.split_once('|').unwrap();
        BuildLog {
            name: format!("{builder}-{number}"),
            path: format!("api/v2/builders/{builder}/builds/{number}/steps/work/logs/stdio/contents"),
        }
    });
    builds.collect()
}

fn good_builds(site: &Site) -> Vec<BuildLog> {
    builds(site, "n.results = 0")
}

/// A green build's log is what its command wrote; any other's is a beginning of it.
fn check_logs(site: &Site, wrong: &mut Vec<String>) {
    wrong.extend(site.query(
        "logs.sqlite",
        "SELECT 'log ' || log_id || ' has ' || count(*) || ' chunks, the last of which is number ' || max(seq) AS value
         FROM log_chunks GROUP BY log_id HAVING count(*) <> max(seq) + 1",
    ));
    let good: BTreeSet<_> = good_builds(site).into_iter().map(|build| build.name).collect();
    for build in builds(site, "1 = 1") {
        let written = fs::read_to_string(site.path(&format!("written/{}.out", build.name))).unwrap_or_default();
        let log = stdout_of(site, &build.path);
        let is_good = good.contains(&build.name);
        if is_good && log != written {
            wrong.push(format!("the log of {} differs from what was written:\n{log}---\n{written}", build.name));
        }
        if !is_good && !written.starts_with(&log) {
            wrong.push(format!(
                "the log of {} is not a beginning of what was written:\n{log}---\n{written}",
                build.name
            ));
        }
    }
}

/// The lines of stdout, without their letter; nothing if the build got no log.
fn stdout_of(site: &Site, path: &str) -> String {
    let Some(answer) = site.try_get(path) else { return String::new() };
    let content = answer["logchunks"][0]["content"].as_str().unwrap_or_default();
    content.lines().filter_map(|line| line.strip_prefix('o')).map(|line| format!("{line}\n")).collect()
}
