//! Kills the master, the worker or both, again and again, under a stream of commits and forces.
//!
//! Each kill is `SIGKILL` at a moment that a seed decides. Afterwards everything must come to rest, and
//! `crash_checker` compares the database and the logs with what the commands themselves wrote to files.
//!
//! `CRASH_KILLS` (20) and `CRASH_SEED` (from the clock) choose the run; the seed is printed, and the same seed kills
//! the same processes after the same waits.

use std::time::Duration;

use buildbot::json::json;

use crate::crash_checker::{Accepted, check};
use crate::site::{Site, WORKER, wait_for};

/// Every command writes what it prints to a file of its own, and its beginning and end to a journal.
fn configuration(site: &Site) -> String {
    format!(
        r#"
from buildbot.plugins import *

c = BuildmasterConfig = {{}}
c['title'] = "Crash"
c['titleURL'] = c['buildbotURL'] = "http://127.0.0.1:{http}/"
c['workers'] = [worker.Worker("{WORKER}", "pass")]
c['protocols'] = {{'msgpack_experimental_v7': {{'port': 'tcp:{worker}:interface=127.0.0.1'}}}}
c['change_source'] = [changes.GitPoller('file://{repository}', workdir='gitpoller', branch='main', pollInterval=1)]
c['schedulers'] = [
    schedulers.SingleBranchScheduler(name="commits", change_filter=util.ChangeFilter(branch='main'),
                                     treeStableTimer=None, builderNames=["commits"]),
    schedulers.ForceScheduler(name="force", builderNames=["forces"]),
]
c['builders'] = []
for name in ["commits", "forces"]:
    factory = util.BuildFactory()
    factory.addStep(steps.ShellCommand(name="work", command=["sh", "{script}",
        util.Interpolate('%(prop:buildername)s-%(prop:buildnumber)s')]))
    c['builders'].append(util.BuilderConfig(name=name, workernames=["{WORKER}"], factory=factory,
                                            collapseRequests=False))
c['services'] = []
c['www'] = dict(port='tcp:{http}:interface=127.0.0.1', plugins={{}}, change_hook_dialects={{'base': True}})
c['db'] = {{'db_url': 'sqlite:///state.sqlite'}}
"#,
        http = site.http_port,
        worker = site.worker_port,
        repository = site.repository().display(),
        script = site.path("work.sh").display(),
    )
}

/// Prints lines for a while; `written` has each before it is printed, so the log can hold no more than the file.
fn script(site: &Site) -> String {
    let directory = site.path("written");
    format!(
        "d={}; echo \"begin $1\" >> $d/journal\ni=0\nwhile [ $i -lt 60 ]; do\n  line=\"$1 line $i of the work\"\n  \
         echo \"$line\" >> $d/$1.out; echo \"$line\"\n  i=$((i+1)); case $i in *0) sleep 0.1;; esac\ndone\n\
         echo \"end $1\" >> $d/journal\n",
        directory.display()
    )
}

#[expect(clippy::disallowed_methods, reason = "a seed must differ from run to run, and is printed")]
fn seed() -> u64 {
    let from_clock = || std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_micros() as u64;
    std::env::var("CRASH_SEED").map_or_else(|_| from_clock(), |text| text.parse().unwrap())
}

fn n_kills() -> u32 {
    std::env::var("CRASH_KILLS").map_or(20, |text| text.parse().unwrap())
}

/// What happens between two kills: commits and forces at moments that the seed decides.
fn work(site: &Site, random: &mut fastrand::Rng, accepted: &mut Accepted) {
    for _ in 0..random.u32(1..6) {
        if random.bool() {
            let count = accepted.revisions.len();
            accepted.revisions.push(site.commit("file", &format!("{count}\n"), &format!("commit {count}")));
        } else if let Some(answer) = site.try_control("forceschedulers/force", "force", json!({"reason": "crash"})) {
            accepted.buildsets.push(answer[0].as_i64().unwrap());
        }
        pause(Duration::from_millis(random.u64(0..150)));
    }
}

#[expect(clippy::disallowed_methods, reason = "the moment of a kill is what the seed chooses")]
fn pause(duration: Duration) {
    std::thread::sleep(duration);
}

#[test]
fn nothing_is_lost_whatever_is_killed() {
    let seed = seed();
    eprintln!("CRASH_SEED={seed} CRASH_KILLS={}", n_kills());
    let mut random = fastrand::Rng::with_seed(seed);
    let mut site = Site::new(configuration);
    std::fs::create_dir(site.path("written")).unwrap();
    std::fs::write(site.path("written/journal"), "").unwrap();
    std::fs::write(site.path("work.sh"), script(&site)).unwrap();
    site.start_master();
    site.start_worker();
    site.wait_for_worker();
    site.wait_for_first_poll();

    let mut accepted = Accepted::default();
    for _ in 0..n_kills() {
        work(&site, &mut random, &mut accepted);
        let victim = random.u32(0..3);
        if victim != 1 {
            site.kill_master();
        }
        if victim != 0 {
            site.kill_worker();
            site.start_worker();
        }
        if victim != 1 {
            if random.bool() {
                site.start_master();
            } else {
                // The next kill may hit a master that is still starting.
                site.launch_master();
            }
        }
    }
    site.wait_until_answering();
    site.wait_for_worker();
    wait_for_rest(&site, &accepted);
    check(&site, &accepted);
}

/// Waits until everything was noticed, and then for one end after the other: the deadline is for each, not for all.
fn wait_for_rest(site: &Site, accepted: &Accepted) {
    let newest = accepted.revisions.last().map_or("", String::as_str);
    wait_for("the buildset of the newest commit", || {
        let scheduled = site.query(
            "state.sqlite",
            &format!(
                "SELECT c.revision AS value FROM changes c JOIN buildset_changes b ON b.change_id = c.id
                 WHERE c.revision = '{newest}'"
            ),
        );
        (newest.is_empty() || !scheduled.is_empty()).then_some(())
    });
    let n_open = || {
        let open = "SELECT CAST(id AS TEXT) AS value FROM build_requests WHERE complete_at_us IS NULL";
        site.query("state.sqlite", open).len()
    };
    let mut before = n_open();
    while before != 0 {
        before = wait_for("the end of another request", || Some(n_open()).filter(|now| *now < before));
    }
}
