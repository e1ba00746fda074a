//! What is promised to users, each in a file: a scenario that runs undisturbed, and again with a failure at every place.
//!
//! A failure is a worker that vanishes when it has heard its n-th message, a master that ends at its n-th commit and
//! starts again, or an actor that panics over the n-th message of a type, before or after it has done what it does.
//! Afterwards the same must hold as without: every request was built to a good end exactly once, nothing is left half
//! done, and whatever the promise says besides. Only the actor of a build is not built anew: its build has failed. A
//! sample of places, chosen by a fixed seed, runs with all tests; `scripts/failure-scenarios` runs all places.

mod fairness;
mod groups;
mod idle;
mod locks;
mod merging;
mod requests;
mod sabotage;

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use buildbot::db::views::select::Select;
use buildbot::db::views::{build_requests, builds, deciders, steps};
use buildbot::domain::{Build, BuildRequest, BuildRequestId, RequestState, Results, Step};
use buildbot::testing::scripted_worker::{ScriptedWorker, WorkerScript};
use futures_util::FutureExt;

use self::sabotage::{Handled, PanicPlace, Saboteur};
use crate::test_master::TestMaster;

/// A scenario: what is configured, how often all builders are forced, and what is promised.
struct Promise {
    config: fn() -> String,
    n_forced: usize,
    /// What must hold in the end, besides what always must.
    holds: fn(&Outcome),
}

/// What is stored when all is over.
struct Outcome {
    failure: Failure,
    requests: Vec<BuildRequest>,
    builds: Vec<Build>,
    steps: Vec<Step>,
}

/// Where a run is disturbed.
#[derive(Clone, Copy, Debug)]
enum Failure {
    Nothing,
    /// A worker vanishes when it has heard so many messages.
    WorkerLost {
        worker: usize,
        at_message: usize,
    },
    /// The master ends when it has committed so often, and starts again.
    MasterEnds {
        at_commit: usize,
    },
    /// An actor panics, and is built anew.
    Panics(PanicPlace),
}

/// How many places there are to fail at.
struct Counts {
    commits: usize,
    /// Of each worker.
    messages: [usize; 2],
    handled: Handled,
}

const WORKERS: [&str; 2] = ["w1", "w2"];
/// A command takes this long.
const COMMAND_TAKES: Duration = Duration::from_secs(10);
/// A sample of so many places runs with all tests.
const SAMPLE: usize = 5;
const SEED: u64 = 20;

impl Promise {
    /// Once undisturbed, and with failures at some places.
    async fn holds_at_some_places(&self) {
        let mut rng = fastrand::Rng::with_seed(SEED);
        for mut places in self.places().await {
            rng.shuffle(&mut places);
            for failure in places.into_iter().take(SAMPLE) {
                self.run(failure).await;
            }
        }
    }

    /// Goes on after a place that breaks the promise, and names all such places in the end.
    async fn holds_at_all_places(&self) {
        let mut broken = Vec::new();
        for failure in self.places().await.into_iter().flatten() {
            if AssertUnwindSafe(self.run(failure)).catch_unwind().await.is_err() {
                broken.push(failure);
                // As at the end of a run that went well.
                tokio::time::resume();
            }
        }
        assert!(broken.is_empty(), "the promise is broken by {broken:#?}");
    }

    /// Runs undisturbed, and tells where it could have been disturbed: from outside, and from within.
    async fn places(&self) -> [Vec<Failure>; 2] {
        let counts = self.run(Failure::Nothing).await;
        let commits = (1..=counts.commits).map(|at_commit| Failure::MasterEnds { at_commit });
        let messages = counts.messages.into_iter().enumerate();
        let messages =
            messages.flat_map(|(worker, n)| (1..=n).map(move |at_message| Failure::WorkerLost { worker, at_message }));
        let panics = sabotage::places(&counts.handled).into_iter().map(Failure::Panics);
        [commits.chain(messages).collect(), panics.collect()]
    }

    async fn run(&self, failure: Failure) -> Counts {
        println!("{failure:?}");
        let mut site = Site::new(&(self.config)(), failure).await;
        for _ in 0..self.n_forced {
            site.force().await;
        }
        site.run_out(failure).await;
        let outcome = site.outcome(failure).await;
        outcome.check();
        (self.holds)(&outcome);
        let counts = site.finish(failure).await;
        // The next run stops the time anew.
        tokio::time::resume();
        counts
    }
}

struct Site {
    /// Gone only while it starts again.
    master: Option<TestMaster>,
    saboteur: Arc<Saboteur>,
    workers: Vec<ScriptedWorker>,
    requests: Vec<BuildRequestId>,
    counts: Counts,
}

impl Site {
    async fn new(config: &str, failure: Failure) -> Self {
        let place = match failure {
            Failure::Panics(place) => Some(place),
            _ => None,
        };
        let saboteur = Saboteur::new(place);
        let master = Some(TestMaster::witnessed(config, Some(saboteur.witness())).await);
        let counts = Counts { commits: 0, messages: [0, 0], handled: Handled::new() };
        let mut site = Self { master, saboteur, workers: Vec::new(), requests: Vec::new(), counts };
        for (number, name) in WORKERS.into_iter().enumerate() {
            let mut script = WorkerScript::new(name);
            if let Failure::WorkerLost { worker, at_message } = failure
                && worker == number
            {
                script.hangs_up_after = Some(at_message);
            }
            let worker = site.master().attach(script).await;
            worker.hold();
            site.workers.push(worker);
        }
        site
    }

    fn master(&self) -> &TestMaster {
        self.master.as_ref().expect("it is there between two starts")
    }

    /// Whoever gets no answer asks again, and does not know whether there are two requests now.
    async fn force(&mut self) {
        while self.master().try_force().await.is_err() {}
        let read = |conn: &mut _| build_requests::select(conn, &Select::default());
        let all = self.master().master.db.read(read).await.unwrap();
        self.requests = all.into_iter().map(|request| request.id).collect();
    }

    /// Commands end one after the other, and who is lost comes back, until all requests have ended.
    async fn run_out(&mut self, failure: Failure) {
        let mut commits = self.master().master.handle.live().subscribe();
        let mut next_end = tokio::time::Instant::now() + COMMAND_TAKES;
        for _ in 0..100_000 {
            tokio::select! {
                biased;
                events = commits.recv() => {
                    self.counts.commits += usize::from(events.is_ok());
                    if events.is_ok() && matches!(failure, Failure::MasterEnds { at_commit } if at_commit == self.counts.commits) {
                        self.restart().await;
                        commits = self.master().master.handle.live().subscribe();
                    }
                }
                () = tokio::time::sleep_until(next_end) => {
                    next_end += COMMAND_TAKES;
                    if self.all_ended().await {
                        return;
                    }
                    self.end_commands().await;
                }
            }
        }
        panic!("{failure:?}: the requests do not end");
    }

    async fn restart(&mut self) {
        self.workers.clear();
        let master = self.master.take().expect("it is there between two starts");
        self.master = Some(master.restart().await);
        for name in WORKERS {
            let worker = self.master().attach(WorkerScript::new(name)).await;
            worker.hold();
            self.workers.push(worker);
        }
    }

    async fn end_commands(&mut self) {
        for (number, name) in WORKERS.into_iter().enumerate() {
            self.counts.messages[number] = self.counts.messages[number].max(self.workers[number].heard().len());
            if self.workers[number].is_gone() {
                self.workers[number] = self.master().attach(WorkerScript::new(name)).await;
            }
            self.workers[number].release();
            self.workers[number].hold();
        }
    }

    async fn stored(&self) -> Vec<BuildRequest> {
        let ids = self.requests.clone();
        self.master().master.db.read(move |conn| deciders::requests_by_id(conn, &ids)).await.unwrap()
    }

    async fn all_ended(&self) -> bool {
        self.stored().await.iter().all(|request| matches!(request.state, RequestState::Complete { .. }))
    }

    async fn outcome(&self, failure: Failure) -> Outcome {
        let requests = self.stored().await;
        let read = |conn: &mut _| {
            let all = Select::default();
            Ok((builds::select(conn, &all)?, steps::select(conn, &all)?))
        };
        let (builds, steps) = self.master().master.db.read(read).await.unwrap();
        Outcome { failure, requests, builds, steps }
    }

    async fn finish(self, failure: Failure) -> Counts {
        let master = self.master.expect("it is there between two starts");
        match failure {
            Failure::Panics(_) => master.finish_despite(sabotage::TEXT).await,
            _ => master.finish().await,
        }
        Counts { handled: self.saboteur.handled(), ..self.counts }
    }
}

impl Outcome {
    /// Every request was built to a good end; no build ended well twice for one request.
    fn check(&self) {
        let failure = self.failure;
        for request in &self.requests {
            let ended_well = matches!(request.state, RequestState::Complete { results: Results::Success, .. });
            assert!(ended_well || self.has_died(request.id), "{failure:?}: {request:?}");
        }
        assert!(self.builds.iter().filter(|build| build.results == Some(Results::Exception)).count() <= 1);
        let mut n_good: HashMap<BuildRequestId, usize> = HashMap::new();
        for build in self.builds.iter().filter(|build| build.results == Some(Results::Success)) {
            *n_good.entry(build.request_id).or_default() += 1;
        }
        assert!(n_good.values().all(|n| *n == 1), "{failure:?}: a request was built twice: {n_good:?}");
        assert!(self.builds.iter().all(|build| build.results.is_some()), "{failure:?}: a build never ended");
    }

    /// Whether the actor of its build was the one that panicked.
    fn has_died(&self, request: BuildRequestId) -> bool {
        let is_build = matches!(self.failure, Failure::Panics(PanicPlace { kind: "build", .. }));
        let died = |build: &Build| build.request_id == request && build.results == Some(Results::Exception);
        is_build && self.builds.iter().any(died)
    }

    /// Requests whose builds died.
    fn n_died(&self) -> usize {
        self.requests.iter().filter(|request| self.has_died(request.id)).count()
    }
}
