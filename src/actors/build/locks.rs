//! The locks of a build: wanted before the first step, all together.

use std::cell::OnceCell;

use tokio::sync::watch;

use super::{BuildDeps, BuildPlan};
use crate::actors::lock_keeper::{LocksDecided, TakeLocks};
use crate::actors::supervisor::Tell;
use crate::domain::BuildId;
use crate::locks::{LockOwner, LockWish};

/// How far the build has come with its locks.
#[derive(Clone, Debug, PartialEq)]
enum Standing {
    /// It has not asked yet.
    Unasked,
    Waiting,
    Held,
    /// One of them is too small for what is wanted of it.
    Refused(String),
}

/// What one build holds and wants.
pub struct BuildLocks {
    build: BuildId,
    wishes: Vec<LockWish>,
    take: Tell<TakeLocks>,
    decided: OnceCell<Tell<LocksDecided>>,
    standing: watch::Sender<Standing>,
}

impl BuildLocks {
    pub fn new(plan: &BuildPlan, deps: &BuildDeps) -> Self {
        Self {
            build: plan.build.id,
            wishes: plan.locks.clone(),
            take: deps.take_locks.clone(),
            decided: OnceCell::new(),
            standing: watch::Sender::new(Standing::Unasked),
        }
    }

    /// Where the keeper's word arrives.
    pub fn decided_to(&self, decided: Tell<LocksDecided>) {
        // A build is started once only.
        let _ = self.decided.set(decided);
    }

    /// Takes all locks. The error names the one that can never be had.
    pub async fn take(&self) -> Result<(), String> {
        if self.wishes.is_empty() {
            return Ok(());
        }
        self.standing.send_replace(Standing::Waiting);
        self.repeat();
        let mut standing = self.standing.subscribe();
        loop {
            match &*standing.borrow_and_update() {
                Standing::Held => return Ok(()),
                Standing::Refused(lock) => return Err(lock.clone()),
                Standing::Unasked | Standing::Waiting => {}
            }
            if standing.changed().await.is_err() {
                return Ok(());
            }
        }
    }

    /// The names of the locks, as pages show them.
    pub fn names(&self) -> String {
        let names: Vec<String> = self.wishes.iter().map(|wish| wish.key.to_string()).collect();
        names.join(", ")
    }

    pub fn decide(&self, message: LocksDecided) {
        self.standing.send_replace(match message.outcome {
            Ok(()) => Standing::Held,
            Err(lock) => Standing::Refused(lock),
        });
    }

    /// Tells the keeper what this build holds or wants. One that has not asked yet says that there is nothing.
    pub fn repeat(&self) {
        let Some(decided) = self.decided.get() else { return };
        let standing = self.standing.borrow().clone();
        let asked = matches!(standing, Standing::Waiting | Standing::Held);
        self.take.tell(TakeLocks {
            build: self.build,
            owner: LockOwner::Build(self.build),
            wishes: if asked { self.wishes.clone() } else { Vec::new() },
            held: standing != Standing::Waiting,
            decided: decided.clone(),
        });
    }
}
