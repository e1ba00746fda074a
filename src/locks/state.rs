//! One lock: its holders and its queue.
//!
//! The queue is strictly first come, first served: whoever waits is overtaken by nobody, so a waiting exclusive owner
//! is not starved by counting ones that come later.

use std::collections::VecDeque;

use crate::domain::lock::LockMode;
use crate::domain::{BuildId, BuildRequestId, StepId};

/// Who holds a lock or waits for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LockOwner {
    Build(BuildId),
    Step(StepId),
    /// A build that a plan would start; such an owner exists only in thought.
    Request(BuildRequestId),
}

/// The answer to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requested {
    /// The owner holds the lock now.
    Granted,
    /// The owner waits behind this many others.
    Queued { before: usize },
    /// The lock will never have that much room.
    Impossible,
}

/// What an owner holds or wants.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Claim {
    owner: LockOwner,
    mode: LockMode,
    count: u32,
}

/// The state of one lock (of one worker, for a lock that counts per worker).
#[derive(Clone, Debug, PartialEq)]
pub struct LockState {
    max_count: u32,
    holders: Vec<Claim>,
    queue: VecDeque<Claim>,
}

impl LockState {
    pub fn new(max_count: u32) -> Self {
        Self { max_count, holders: Vec::new(), queue: VecDeque::new() }
    }

    /// Asks for the lock; asking again answers the same. `count` is ignored for exclusive access.
    pub fn request(&mut self, owner: LockOwner, mode: LockMode, count: u32) -> Requested {
        if self.holders.iter().any(|held| held.owner == owner) {
            return Requested::Granted;
        }
        if let Some(before) = self.queue.iter().position(|wanted| wanted.owner == owner) {
            return Requested::Queued { before };
        }
        let claim = Claim { owner, mode, count };
        if mode == LockMode::Counting && self.max_count < count {
            return Requested::Impossible;
        }
        if self.queue.is_empty() && fits(&self.holders, self.max_count, &claim) {
            self.holders.push(claim);
            return Requested::Granted;
        }
        self.queue.push_back(claim);
        Requested::Queued { before: self.queue.len() - 1 }
    }

    /// Joins the queue, even if there is room: somebody else says when it is granted. What can never fit is left out.
    pub fn enqueue(&mut self, owner: LockOwner, mode: LockMode, count: u32) {
        let known = self.holders().chain(self.waiting()).any(|known| known == owner);
        if !known && (mode == LockMode::Exclusive || count <= self.max_count) {
            self.queue.push_back(Claim { owner, mode, count });
        }
    }

    /// Whether a newcomer would be granted this at once.
    pub fn has_room_for(&self, mode: LockMode, count: u32) -> bool {
        self.queue.is_empty() && self.fits_now(mode, count)
    }

    /// Whether there is room besides the holders, whoever waits.
    pub fn fits_now(&self, mode: LockMode, count: u32) -> bool {
        let newcomer = Claim { owner: LockOwner::Build(BuildId(0)), mode, count };
        fits(&self.holders, self.max_count, &newcomer)
    }

    /// Whether there is room once nobody holds the lock.
    pub fn may_ever_fit(&self, mode: LockMode, count: u32) -> bool {
        mode == LockMode::Exclusive || count <= self.max_count
    }

    /// Notes that the owner holds the lock, however full it is: for what was granted before somebody began to count.
    pub fn hold(&mut self, owner: LockOwner, mode: LockMode, count: u32) {
        if !self.holders.iter().any(|held| held.owner == owner) {
            self.holders.push(Claim { owner, mode, count });
        }
    }

    /// Gives the lock back, or leaves the queue; answers whether the owner was known.
    pub fn release(&mut self, owner: LockOwner) -> bool {
        let n_before = self.holders.len() + self.queue.len();
        self.holders.retain(|held| held.owner != owner);
        self.queue.retain(|wanted| wanted.owner != owner);
        self.holders.len() + self.queue.len() < n_before
    }

    /// Those at the front of the queue for whom there is room now, all together.
    pub fn ready(&self) -> Vec<LockOwner> {
        let mut holders = self.holders.clone();
        for wanted in &self.queue {
            if !fits(&holders, self.max_count, wanted) {
                break;
            }
            holders.push(*wanted);
        }
        holders.split_off(self.holders.len()).iter().map(|claim| claim.owner).collect()
    }

    /// Grants the lock to everybody who is ready, and answers who that is.
    pub fn grant_ready(&mut self) -> Vec<LockOwner> {
        let granted = self.ready();
        self.holders.extend(self.queue.drain(..granted.len()));
        granted
    }

    /// Grants the lock to one waiting owner that is ready; answers whether it was.
    pub fn grant(&mut self, owner: LockOwner) -> bool {
        let Some(position) = self.ready().iter().position(|ready| *ready == owner) else { return false };
        self.holders.extend(self.queue.remove(position));
        true
    }

    /// Changes the lock's size. Holders keep what they have; waiting claims that can never be granted are thrown out
    /// and returned.
    pub fn resize(&mut self, max_count: u32) -> Vec<LockOwner> {
        self.max_count = max_count;
        let impossible = |claim: &Claim| claim.mode == LockMode::Counting && max_count < claim.count;
        let thrown_out = self.queue.iter().filter(|claim| impossible(claim)).map(|claim| claim.owner).collect();
        self.queue.retain(|claim| !impossible(claim));
        thrown_out
    }

    pub fn holders(&self) -> impl Iterator<Item = LockOwner> {
        self.holders.iter().map(|claim| claim.owner)
    }

    pub fn waiting(&self) -> impl Iterator<Item = LockOwner> {
        self.queue.iter().map(|claim| claim.owner)
    }

    /// Whether nobody holds it or waits for it.
    pub fn is_idle(&self) -> bool {
        self.holders.is_empty() && self.queue.is_empty()
    }
}

fn fits(holders: &[Claim], max_count: u32, wanted: &Claim) -> bool {
    match wanted.mode {
        LockMode::Exclusive => holders.is_empty(),
        LockMode::Counting => {
            let in_use: u64 = holders.iter().map(|held| u64::from(held.count)).sum();
            holders.iter().all(|held| held.mode == LockMode::Counting)
                && in_use + u64::from(wanted.count) <= u64::from(max_count)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX_COUNT: u32 = 2;

    fn build(number: i64) -> LockOwner {
        LockOwner::Build(BuildId(number))
    }

    #[test]
    fn a_waiting_exclusive_owner_is_not_overtaken() {
        let mut lock = LockState::new(3);
        assert_eq!(lock.request(build(1), LockMode::Counting, 1), Requested::Granted);
        assert_eq!(lock.request(build(2), LockMode::Exclusive, 1), Requested::Queued { before: 0 });
        assert_eq!(lock.request(build(3), LockMode::Counting, 1), Requested::Queued { before: 1 });
        assert!(lock.grant_ready().is_empty());
        assert!(lock.release(build(1)));
        assert_eq!(lock.grant_ready(), [build(2)]);
        assert!(lock.release(build(2)));
        assert_eq!(lock.grant_ready(), [build(3)]);
    }

    #[test]
    fn those_who_fit_together_are_granted_together() {
        let mut lock = LockState::new(2);
        lock.request(build(1), LockMode::Exclusive, 1);
        for number in 2..5 {
            lock.request(build(number), LockMode::Counting, 1);
        }
        lock.release(build(1));
        assert_eq!(lock.ready(), [build(2), build(3)]);
        assert!(lock.grant(build(3)), "both fit, so their order does not matter");
        assert!(!lock.grant(build(4)));
        assert_eq!(lock.grant_ready(), [build(2)]);
    }

    #[test]
    fn what_can_never_fit_is_refused() {
        let mut lock = LockState::new(2);
        assert_eq!(lock.request(build(1), LockMode::Counting, 3), Requested::Impossible);
        lock.request(build(2), LockMode::Counting, 2);
        lock.request(build(3), LockMode::Counting, 2);
        assert_eq!(lock.resize(1), [build(3)]);
        assert_eq!(lock.waiting().count(), 0);
        assert_eq!(lock.holders().collect::<Vec<_>>(), [build(2)], "who holds it keeps it");
    }

    /// One thing that can happen to the lock.
    #[derive(Clone, Copy, Debug)]
    enum Move {
        Request(LockOwner, LockMode, u32),
        Release(LockOwner),
    }

    fn moves() -> Vec<Move> {
        (1..=3)
            .map(build)
            .flat_map(|owner| {
                [
                    Move::Request(owner, LockMode::Exclusive, 1),
                    Move::Request(owner, LockMode::Counting, 1),
                    Move::Request(owner, LockMode::Counting, 2),
                    Move::Release(owner),
                ]
            })
            .collect()
    }

    fn check(lock: &LockState, trail: &[Move]) {
        let in_use: u32 = lock.holders.iter().map(|held| held.count).sum();
        let exclusive = lock.holders.iter().any(|held| held.mode == LockMode::Exclusive);
        assert!(in_use <= MAX_COUNT, "{trail:?}");
        assert!(!exclusive || lock.holders.len() == 1, "{trail:?}");
        assert!(!lock.holders.is_empty() || lock.queue.is_empty(), "somebody waits for nothing: {trail:?}");
        assert!(lock.ready().is_empty(), "somebody is ready and was not granted: {trail:?}");
    }

    fn explore(lock: &LockState, trail: &mut Vec<Move>, arrivals: &[LockOwner], depth: u32) {
        check(lock, trail);
        if depth == 0 {
            return;
        }
        for one in moves() {
            let mut lock = lock.clone();
            let mut arrivals = arrivals.to_vec();
            trail.push(one);
            match one {
                Move::Request(owner, mode, count) => {
                    let held = lock.holders().any(|holder| holder == owner);
                    match lock.request(owner, mode, count) {
                        Requested::Granted => assert!(held || arrivals.is_empty(), "overtaken: {trail:?}"),
                        Requested::Queued { before } if before == arrivals.len() => arrivals.push(owner),
                        Requested::Queued { before } => assert_eq!(arrivals[before], owner, "{trail:?}"),
                        Requested::Impossible => panic!("everything fits: {trail:?}"),
                    }
                }
                Move::Release(owner) => {
                    lock.release(owner);
                    arrivals.retain(|waiting| *waiting != owner);
                    for granted in lock.grant_ready() {
                        assert_eq!(arrivals.remove(0), granted, "overtaken: {trail:?}");
                    }
                }
            }
            explore(&lock, trail, &arrivals, depth - 1);
            trail.pop();
        }
    }

    #[test]
    fn no_history_of_five_moves_overfills_overtakes_or_starves() {
        explore(&LockState::new(MAX_COUNT), &mut Vec::new(), &[], 5);
    }
}
