//! The keeper with real locks below it; builds are probes.

use std::sync::Arc;

use tokio::sync::watch;

use super::*;
use crate::actors::applied::Applied;
use crate::actors::supervisor::Running;
use crate::config::Loader;
use crate::db::transitions::ConfigIds;
use crate::testing::{ProbeAnswer, ProbeInbox, probe, probe_ask};

struct Site {
    keeper: Running<LockKeeper>,
    questions: ProbeInbox<AssertLocks>,
    decided: (Tell<LocksDecided>, ProbeInbox<LocksDecided>),
}

impl Site {
    /// A keeper that has just started.
    fn new() -> Self {
        let config = Loader::new(std::path::Path::new("/m")).text("master.cfg", CONFIG).unwrap();
        let applied = Applied { config: Arc::new(config), ids: ConfigIds::default() };
        let (_, config) = watch::channel(Arc::new(applied));
        let (supervisor, _) = Supervisor::new();
        let shell = supervisor.prepare::<LockKeeper>(ChildSpec::vital("lock_keeper", "lock_keeper"));
        let (assert_locks, questions) = probe_ask(Duration::from_secs(30));
        let (ready, started) = (shell.tell(), shell.tell());
        let deps = LockKeeperDeps { config, supervisor, distributor: probe().0, assert_locks, ready, started };
        Self { keeper: shell.start(move || LockKeeper::new(deps.clone())), questions, decided: probe() }
    }

    /// The keeper hears which builds live.
    async fn alive(&mut self, builds: &[i64]) {
        let (_, answer): (_, ProbeAnswer<AssertLocks>) = self.questions.next_question().await;
        answer.send(builds.iter().copied().map(BuildId).collect());
    }

    /// A keeper that serves.
    async fn serving() -> Self {
        let mut site = Self::new();
        site.alive(&[]).await;
        site
    }

    fn take(&self, build: i64, wishes: &[LockWish], held: bool) {
        let (build, owner) = (BuildId(build), LockOwner::Build(BuildId(build)));
        let decided = self.decided.0.clone();
        self.keeper.tell().tell(TakeLocks { build, owner, wishes: wishes.to_vec(), held, decided });
    }

    fn release(&self, build: i64) {
        self.keeper.tell().tell(ReleaseLocks { build: BuildId(build) });
    }

    /// What has been decided once nothing moves any more.
    async fn decided(&mut self) -> Vec<(i64, bool)> {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let mut all = Vec::new();
        while let Some(LocksDecided { owner, outcome }) = self.decided.1.try_next() {
            let LockOwner::Build(build) = owner else { panic!("{owner:?} is no build") };
            all.push((build.0, outcome.is_ok()));
        }
        all
    }
}

const CONFIG: &str = "from buildbot.plugins import *\n\
    c = BuildmasterConfig = {'workers': [worker.Worker('w', 'x')], 'protocols': {'pb': {'port': 9989}}}\n\
    c['builders'] = [util.BuilderConfig(name='b', workernames=['w'], factory=util.BuildFactory())]\n\
    c['schedulers'] = [schedulers.ForceScheduler(name='f', builderNames=['b'])]\n";

fn wish(name: &str, mode: LockMode, count: u32) -> LockWish {
    LockWish { key: LockKey { name: name.to_owned(), worker: None }, max_count: 2, mode, count }
}

fn exclusive(name: &str) -> LockWish {
    wish(name, LockMode::Exclusive, 1)
}

#[actix::test]
async fn locks_are_granted_all_together_and_nobody_is_overtaken() {
    tokio::time::pause();
    let mut site = Site::serving().await;
    site.take(1, &[exclusive("a")], false);
    site.take(2, &[exclusive("a"), exclusive("b")], false);
    site.take(3, &[exclusive("b")], false);
    assert_eq!(site.decided().await, [(1, true)], "'b' is free, but the second was there before the third");
    site.release(1);
    assert_eq!(site.decided().await, [(2, true)]);
    site.release(2);
    assert_eq!(site.decided().await, [(3, true)]);
}

#[actix::test]
async fn two_builds_that_want_the_same_locks_in_other_orders_do_not_wait_for_each_other() {
    tokio::time::pause();
    let mut site = Site::serving().await;
    site.take(1, &[exclusive("a"), exclusive("b")], false);
    site.take(2, &[exclusive("b"), exclusive("a")], false);
    assert_eq!(site.decided().await, [(1, true)]);
    site.release(1);
    assert_eq!(site.decided().await, [(2, true)]);
}

#[actix::test]
async fn a_keeper_that_starts_again_grants_nothing_before_the_living_builds_have_spoken() {
    tokio::time::pause();
    let mut site = Site::new();
    site.take(3, &[exclusive("a")], false);
    site.alive(&[1, 2]).await;
    assert_eq!(site.decided().await, []);
    site.take(1, &[exclusive("a")], true);
    assert_eq!(site.decided().await, []);
    site.release(2);
    assert_eq!(site.decided().await, [], "the first holds it");
    site.release(1);
    assert_eq!(site.decided().await, [(3, true)]);
}

#[actix::test]
async fn what_never_fits_is_refused_and_blocks_nobody() {
    tokio::time::pause();
    let mut site = Site::serving().await;
    site.take(1, &[exclusive("b"), wish("a", LockMode::Counting, 3)], false);
    site.take(2, &[wish("a", LockMode::Counting, 2), exclusive("b")], false);
    assert_eq!(site.decided().await, [(1, false), (2, true)]);
}

#[actix::test]
async fn a_build_that_ends_while_it_waits_leaves_the_queue() {
    tokio::time::pause();
    let mut site = Site::serving().await;
    for build in 1..=3 {
        site.take(build, &[exclusive("a")], false);
    }
    assert_eq!(site.decided().await, [(1, true)]);
    site.release(2);
    site.release(1);
    assert_eq!(site.decided().await, [(3, true)]);
    let book = site.keeper.ask::<DescribeLocks>(Duration::from_secs(1)).ask(DescribeLocks).await.unwrap();
    assert!(!book.has_room_for(&[exclusive("a")]));
}

#[actix::test]
async fn a_lock_that_starts_again_is_told_who_holds_it() {
    tokio::time::pause();
    let mut site = Site::serving().await;
    site.take(1, &[exclusive("a")], false);
    site.take(2, &[exclusive("a")], false);
    assert_eq!(site.decided().await, [(1, true)]);
    // What a lock says first after a start, whatever it has forgotten.
    site.keeper.tell().tell(LockStarted { key: exclusive("a").key });
    assert_eq!(site.decided().await, []);
    site.release(1);
    assert_eq!(site.decided().await, [(2, true)]);
}
