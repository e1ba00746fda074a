//! The keeper with real locks below it; builds are probes.

use std::sync::Arc;

use tokio::sync::watch;

use super::*;
use crate::actors::applied::Applied;
use crate::actors::supervisor::Running;
use crate::config::Loader;
use crate::db::transitions::ConfigIds;
use crate::domain::StepId;
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

    fn take(&self, build: i64, wishes: &[LockWish]) {
        self.take_for(build, LockOwner::Build(BuildId(build)), wishes);
    }

    /// The one step of a build, with the number of the build and a hundred.
    fn take_for_step(&self, build: i64, wishes: &[LockWish]) {
        self.take_for(build, LockOwner::Step(StepId(100 + build)), wishes);
    }

    fn take_for(&self, build: i64, owner: LockOwner, wishes: &[LockWish]) {
        let (wishes, decided) = (wishes.to_vec(), self.decided.0.clone());
        self.keeper.tell().tell(TakeLocks { of: of(build, 0), owner, wishes, decided });
    }

    /// For a build of another priority than 0.
    fn take_urgently(&self, build: i64, priority: i32, wishes: &[LockWish]) {
        let (wishes, decided) = (wishes.to_vec(), self.decided.0.clone());
        let owner = LockOwner::Build(BuildId(build));
        self.keeper.tell().tell(TakeLocks { of: of(build, priority), owner, wishes, decided });
    }

    /// What a build says again: what it and its step hold.
    fn restate(&self, build: i64, of_build: &[LockWish], of_step: &[LockWish]) {
        let owners = [LockOwner::Build(BuildId(build)), LockOwner::Step(StepId(100 + build))];
        let claims = owners.into_iter().zip([of_build, of_step]);
        let claims = claims.map(|(owner, wishes)| Claimed { owner, wishes: wishes.to_vec(), held: true }).collect();
        let decided = self.decided.0.clone();
        self.keeper.tell().tell(RestateLocks { of: of(build, 0), claims, decided });
    }

    fn give_back(&self, build: i64) {
        self.keeper.tell().tell(ReturnLocks { owner: LockOwner::Step(StepId(100 + build)) });
    }

    fn release(&self, build: i64) {
        self.keeper.tell().tell(ReleaseLocks { build: BuildId(build) });
    }

    /// What has been decided once nothing moves any more.
    async fn decided(&mut self) -> Vec<(i64, bool)> {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let mut all = Vec::new();
        while let Some(LocksDecided { owner, outcome }) = self.decided.1.try_next() {
            let number = match owner {
                LockOwner::Build(build) => build.0,
                LockOwner::Step(step) => step.0,
                LockOwner::Request(_) => panic!("{owner:?} is no owner of locks"),
            };
            all.push((number, outcome.is_ok()));
        }
        all
    }
}

fn of(build: i64, priority: i32) -> OwnerBuild {
    OwnerBuild { build: BuildId(build), label: format!("build {build} of b").into(), priority }
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
    site.take(1, &[exclusive("a")]);
    site.take(2, &[exclusive("a"), exclusive("b")]);
    site.take(3, &[exclusive("b")]);
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
    site.take(1, &[exclusive("a"), exclusive("b")]);
    site.take(2, &[exclusive("b"), exclusive("a")]);
    assert_eq!(site.decided().await, [(1, true)]);
    site.release(1);
    assert_eq!(site.decided().await, [(2, true)]);
}

#[actix::test]
async fn a_keeper_that_starts_again_grants_nothing_before_the_living_builds_have_spoken() {
    tokio::time::pause();
    let mut site = Site::new();
    site.take(3, &[exclusive("a")]);
    site.alive(&[1, 2]).await;
    assert_eq!(site.decided().await, []);
    site.restate(1, &[exclusive("a")], &[]);
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
    site.take(1, &[exclusive("b"), wish("a", LockMode::Counting, 3)]);
    site.take(2, &[wish("a", LockMode::Counting, 2), exclusive("b")]);
    assert_eq!(site.decided().await, [(1, false), (2, true)]);
}

#[actix::test]
async fn a_build_that_ends_while_it_waits_leaves_the_queue() {
    tokio::time::pause();
    let mut site = Site::serving().await;
    for build in 1..=3 {
        site.take(build, &[exclusive("a")]);
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
    site.take(1, &[exclusive("a")]);
    site.take(2, &[exclusive("a")]);
    assert_eq!(site.decided().await, [(1, true)]);
    // What a lock says first after a start, whatever it has forgotten.
    site.keeper.tell().tell(LockStarted { key: exclusive("a").key });
    assert_eq!(site.decided().await, []);
    site.release(1);
    assert_eq!(site.decided().await, [(2, true)]);
}

#[actix::test]
async fn a_step_gives_back_its_locks_before_its_build_ends() {
    tokio::time::pause();
    let mut site = Site::serving().await;
    site.take(1, &[exclusive("a")]);
    site.take_for_step(1, &[exclusive("b")]);
    site.take_for_step(2, &[exclusive("b")]);
    assert_eq!(site.decided().await, [(1, true), (101, true)]);
    site.give_back(1);
    assert_eq!(site.decided().await, [(102, true)]);
    site.take(3, &[exclusive("a")]);
    assert_eq!(site.decided().await, [], "the build holds its own");
    site.release(1);
    assert_eq!(site.decided().await, [(3, true)]);
}

#[actix::test]
async fn what_the_step_of_a_build_that_ends_holds_is_free_again() {
    tokio::time::pause();
    let mut site = Site::serving().await;
    site.take_for_step(1, &[exclusive("a")]);
    site.take_for_step(2, &[exclusive("a")]);
    assert_eq!(site.decided().await, [(101, true)]);
    site.release(1);
    assert_eq!(site.decided().await, [(102, true)]);
}

#[actix::test]
async fn of_two_builds_that_wait_for_each_other_the_younger_gives_way() {
    tokio::time::pause();
    let mut site = Site::serving().await;
    site.take(1, &[exclusive("a")]);
    site.take(2, &[exclusive("b")]);
    site.take_for_step(2, &[exclusive("a")]);
    assert_eq!(site.decided().await, [(1, true), (2, true)]);
    site.take_for_step(1, &[exclusive("b")]);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let LocksDecided { owner, outcome } = site.decided.1.try_next().unwrap();
    assert_eq!(owner, LockOwner::Step(StepId(102)));
    let Err(Refused::Cycle(text)) = outcome else { panic!("{outcome:?}") };
    assert!(text.contains("build 1 of b and ") || text.contains(" and build 1 of b"), "{text}");
    assert!(text.contains("('a' and 'b'): build 2 of b, the younger, gives way"), "{text}");
    site.release(2);
    assert_eq!(site.decided().await, [(101, true)], "and the older goes on");
}

#[actix::test]
async fn a_keeper_that_starts_again_hears_of_steps_in_one_piece_with_their_build() {
    tokio::time::pause();
    let mut site = Site::new();
    site.alive(&[1]).await;
    site.take_for_step(2, &[exclusive("b")]);
    // Another step of the first build asks before the build has heard the question: that is no answer to it.
    site.take_for(1, LockOwner::Step(StepId(150)), &[exclusive("c")]);
    assert_eq!(site.decided().await, []);
    site.restate(1, &[exclusive("a")], &[exclusive("b")]);
    assert_eq!(site.decided().await, [(150, true)]);
    site.give_back(1);
    assert_eq!(site.decided().await, [(102, true)]);
}

#[actix::test]
async fn the_more_urgent_is_served_first_and_equals_in_their_order() {
    tokio::time::pause();
    let mut site = Site::serving().await;
    site.take(1, &[exclusive("b")]);
    site.take(2, &[exclusive("a"), exclusive("b")]);
    site.take(3, &[exclusive("a"), exclusive("b")]);
    assert_eq!(site.decided().await, [(1, true)], "'a' is free, and ready for the second");
    site.take_urgently(4, 5, &[exclusive("a")]);
    assert_eq!(site.decided().await, [(4, true)], "it takes the place of the second, which held nothing yet");
    site.take_urgently(5, -1, &[exclusive("b")]);
    site.release(1);
    assert_eq!(site.decided().await, []);
    site.release(4);
    assert_eq!(site.decided().await, [(2, true)]);
    site.release(2);
    assert_eq!(site.decided().await, [(3, true)]);
    site.release(3);
    assert_eq!(site.decided().await, [(5, true)]);
}
