//! The locks of a build and of its steps: those of the build are wanted before its first step, those of a step before
//! it starts; all of an owner together.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;

use tokio::sync::watch;

use super::{BuildDeps, BuildPlan};
use crate::actors::lock_keeper::{Claimed, LocksDecided, OwnerBuild, Refused, RestateLocks, ReturnLocks, TakeLocks};
use crate::actors::supervisor::Tell;
use crate::domain::StepId;
use crate::locks::{LockOwner, LockWish};

/// How far an owner has come with its locks.
#[derive(Clone, Debug, PartialEq)]
enum Standing {
    Waiting,
    Held,
    Refused(Refused),
}

/// What the build or a step has asked for.
struct Asked {
    wishes: Vec<LockWish>,
    standing: watch::Sender<Standing>,
}

/// What one build and its steps hold and want.
pub struct BuildLocks {
    of: OwnerBuild,
    of_build: Vec<LockWish>,
    deps: LockDeps,
    decided: OnceCell<Tell<LocksDecided>>,
    asked: RefCell<BTreeMap<LockOwner, Asked>>,
}

/// What builds say to the lock keeper.
#[derive(Clone)]
pub struct LockDeps {
    pub take: Tell<TakeLocks>,
    pub restate: Tell<RestateLocks>,
    pub give_back: Tell<ReturnLocks>,
}

impl BuildLocks {
    pub fn new(plan: &BuildPlan, deps: &BuildDeps) -> Self {
        Self {
            of: OwnerBuild {
                build: plan.build.id,
                label: format!("build {} of {}", plan.build.number, plan.config.name).into(),
                priority: plan.priority,
            },
            of_build: plan.locks.clone(),
            deps: deps.locks.clone(),
            decided: OnceCell::new(),
            asked: RefCell::default(),
        }
    }

    /// Where the keeper's word arrives.
    pub fn decided_to(&self, decided: Tell<LocksDecided>) {
        // A build is started once only.
        let _ = self.decided.set(decided);
    }

    /// What the build takes for itself.
    pub fn of_build(&self) -> &[LockWish] {
        &self.of_build
    }

    /// Takes the locks of the build.
    pub async fn take_for_build(&self) -> Result<(), Refused> {
        self.take(LockOwner::Build(self.of.build), self.of_build.clone()).await
    }

    /// Takes locks for a step, which gives them back itself.
    pub async fn take_for_step(&self, step: StepId, wishes: Vec<LockWish>) -> Result<(), Refused> {
        self.take(LockOwner::Step(step), wishes).await
    }

    async fn take(&self, owner: LockOwner, wishes: Vec<LockWish>) -> Result<(), Refused> {
        let Some(decided) = self.decided.get().filter(|_| !wishes.is_empty()) else { return Ok(()) };
        let standing = watch::Sender::new(Standing::Waiting);
        let mut changes = standing.subscribe();
        self.asked.borrow_mut().insert(owner, Asked { wishes: wishes.clone(), standing });
        self.deps.take.tell(TakeLocks { of: self.of.clone(), owner, wishes, decided: decided.clone() });
        loop {
            match &*changes.borrow_and_update() {
                Standing::Held => return Ok(()),
                Standing::Refused(why) => return Err(why.clone()),
                Standing::Waiting => {}
            }
            if changes.changed().await.is_err() {
                // It was given back meanwhile, by whoever stopped waiting for it.
                return Ok(());
            }
        }
    }

    /// Gives back what a step holds or waits for; nothing if it never asked.
    pub fn give_back(&self, step: StepId) {
        let owner = LockOwner::Step(step);
        if self.asked.borrow_mut().remove(&owner).is_some() {
            self.deps.give_back.tell(ReturnLocks { owner });
        }
    }

    pub fn decide(&self, message: LocksDecided) {
        if let Some(asked) = self.asked.borrow().get(&message.owner) {
            asked.standing.send_replace(match message.outcome {
                Ok(()) => Standing::Held,
                Err(why) => Standing::Refused(why),
            });
        }
    }

    /// Tells the keeper all that this build and its steps hold or want.
    pub fn restate(&self) {
        let Some(decided) = self.decided.get() else { return };
        let asked = self.asked.borrow();
        let claims = asked.iter().filter_map(|(owner, asked)| {
            let held = match *asked.standing.borrow() {
                Standing::Held => true,
                Standing::Waiting => false,
                Standing::Refused(_) => return None,
            };
            Some(Claimed { owner: *owner, wishes: asked.wishes.clone(), held })
        });
        let claims = claims.collect();
        self.deps.restate.tell(RestateLocks { of: self.of.clone(), claims, decided: decided.clone() });
    }
}

/// The names of locks, as pages show them.
pub fn names(wishes: &[LockWish]) -> String {
    let names: Vec<String> = wishes.iter().map(|wish| wish.key.to_string()).collect();
    names.join(", ")
}
