//! Circles that are built by hand, and histories at random: what is called a circle never ends by itself, and once the
//! youngest has given way everybody ends.

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::*;
use crate::domain::StepId;

fn wish(name: &str, max_count: u32, mode: LockMode, count: u32) -> LockWish {
    LockWish { key: LockKey { name: name.to_owned(), worker: None }, max_count, mode, count }
}

fn exclusive(name: &str) -> LockWish {
    wish(name, 1, LockMode::Exclusive, 1)
}

fn build(id: i64, held: bool, wishes: &[LockWish]) -> Claimant {
    Claimant { owner: LockOwner::Build(BuildId(id)), build: BuildId(id), wishes: wishes.to_vec(), held }
}

fn step(build: i64, held: bool, wishes: &[LockWish]) -> Claimant {
    let owner = LockOwner::Step(StepId(100 + build));
    Claimant { owner, build: BuildId(build), wishes: wishes.to_vec(), held }
}

#[test]
fn two_builds_whose_steps_want_each_others_locks_are_a_circle() {
    let claims = [
        build(1, true, &[exclusive("a")]),
        build(2, true, &[exclusive("b")]),
        step(1, false, &[exclusive("b")]),
        step(2, false, &[exclusive("a")]),
    ];
    let cycle = find_cycle(&claims).unwrap();
    assert_eq!((cycle.builds.len(), cycle.victim), (2, BuildId(2)));
    assert_eq!(cycle.waiting, [LockOwner::Step(StepId(102))]);
    let names: Vec<String> = cycle.locks.iter().map(ToString::to_string).collect();
    assert_eq!(names, ["a", "b"]);
    assert_eq!(find_cycle(&claims[..3]), None, "the second build runs on");
}

#[test]
fn a_step_behind_a_build_that_waits_for_the_locks_of_its_own_build_is_a_circle() {
    let claims = [
        build(1, true, &[exclusive("a")]),
        build(2, false, &[exclusive("a"), exclusive("b")]),
        step(1, false, &[exclusive("b")]),
    ];
    let cycle = find_cycle(&claims).unwrap();
    assert_eq!((cycle.victim, cycle.waiting), (BuildId(2), vec![LockOwner::Build(BuildId(2))]));
}

#[test]
fn another_holder_that_makes_room_is_no_circle() {
    let two = |mode| wish("n", 2, mode, 1);
    let claims = [
        build(1, true, &[exclusive("a"), two(LockMode::Counting)]),
        build(2, true, &[two(LockMode::Counting)]),
        build(3, true, &[exclusive("c")]),
        step(1, false, &[exclusive("c")]),
        step(3, false, &[two(LockMode::Counting)]),
    ];
    assert_eq!(find_cycle(&claims), None, "the second gives back its half, and the third goes on");
    let mut stuck = claims.to_vec();
    stuck[4].wishes = vec![two(LockMode::Exclusive)];
    assert_eq!(find_cycle(&stuck).unwrap().victim, BuildId(3));
}

#[test]
fn what_never_fits_is_waited_for_by_nobody() {
    let claims = [build(1, true, &[exclusive("a")]), step(1, false, &[wish("n", 1, LockMode::Counting, 2)])];
    assert_eq!(find_cycle(&claims), None);
}

/// Something that happens; numbers are taken modulo what there is.
#[derive(Clone, Debug)]
enum Move {
    Build(Vec<LockWish>),
    Step(usize, Vec<LockWish>),
    /// Something that runs ends.
    End(usize),
}

fn wishes() -> impl Strategy<Value = Vec<LockWish>> {
    let one = (0..4usize, any::<bool>(), 1..=2u32).prop_map(|(lock, is_exclusive, count)| {
        let (name, size) = [("a", 1), ("b", 1), ("c", 2), ("d", 3)][lock];
        let mode = if is_exclusive { LockMode::Exclusive } else { LockMode::Counting };
        wish(name, size, mode, count.min(size))
    });
    prop::collection::vec(one, 0..3).prop_map(|mut wishes| {
        wishes.sort_by(|left, right| left.key.cmp(&right.key));
        wishes.dedup_by(|left, right| left.key == right.key);
        wishes
    })
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![
        3 => wishes().prop_map(Move::Build),
        4 => (any::<usize>(), wishes()).prop_map(|(build, wishes)| Move::Step(build, wishes)),
        1 => any::<usize>().prop_map(Move::End),
    ];
    prop::collection::vec(one, 1..25)
}

/// Everybody who holds or wants something; grants as the keeper does.
#[derive(Clone, Debug, Default)]
struct Site {
    claims: Vec<Claimant>,
    next: i64,
}

impl Site {
    fn make(&mut self, one: &Move) {
        match one {
            Move::Build(wishes) => {
                self.next += 1;
                self.claims.push(build(self.next, false, wishes));
            }
            Move::Step(number, wishes) => self.step(*number, wishes),
            Move::End(number) => {
                let running: Vec<usize> = (0..self.claims.len()).filter(|index| self.runs(*index)).collect();
                if let Some(index) = running.get(number % running.len().max(1)) {
                    self.claims.remove(*index);
                }
            }
        }
        self.settle();
    }

    /// A build that runs begins a step.
    fn step(&mut self, number: usize, wishes: &[LockWish]) {
        let running: Vec<usize> = (0..self.claims.len()).filter(|index| self.runs(*index)).collect();
        let builds: Vec<&Claimant> = running.iter().map(|index| &self.claims[*index]).collect();
        let builds: Vec<&&Claimant> =
            builds.iter().filter(|claim| matches!(claim.owner, LockOwner::Build(_))).collect();
        let Some(of) = builds.get(number % builds.len().max(1)) else { return };
        let own = |wish: &&LockWish| !of.wishes.iter().any(|held| held.key == wish.key);
        let wishes: Vec<LockWish> = wishes.iter().filter(own).cloned().collect();
        let of = of.build.0;
        self.claims.push(step(of, false, &wishes));
    }

    /// Whether it holds its locks and waits for nothing of its own.
    fn runs(&self, index: usize) -> bool {
        let claim = &self.claims[index];
        let is_step = |other: &&Claimant| other.build == claim.build && other.owner != claim.owner;
        claim.held && (matches!(claim.owner, LockOwner::Step(_)) || !self.claims.iter().any(|other| is_step(&other)))
    }

    fn states(&self) -> BTreeMap<&LockKey, LockState> {
        Table::new(&self.claims).states
    }

    /// Grants all that can be granted.
    fn settle(&mut self) {
        loop {
            let states = self.states();
            let is_ready = |claim: &Claimant| {
                let mut wishes = claim.wishes.iter();
                !claim.held && wishes.all(|wish| states[&wish.key].ready().contains(&claim.owner))
            };
            let Some(index) = self.claims.iter().position(is_ready) else { return };
            self.claims[index].held = true;
        }
    }

    /// Lets whatever runs end, in an order that the seed gives; answers who is left.
    fn run_out(mut self, seed: u64) -> Vec<BuildId> {
        let mut rng = fastrand::Rng::with_seed(seed);
        loop {
            let running: Vec<usize> = (0..self.claims.len()).filter(|index| self.runs(*index)).collect();
            let Some(index) = rng.choice(&running) else { break };
            self.claims.remove(*index);
            self.settle();
        }
        self.claims.into_iter().map(|claim| claim.build).collect()
    }
}

fn config() -> ProptestConfig {
    ProptestConfig { cases: 2000, failure_persistence: None, rng_seed: RngSeed::Fixed(5), ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_circle_never_ends_by_itself_and_without_one_everybody_ends(moves in moves(), seed in any::<u64>()) {
        let mut site = Site::default();
        moves.iter().for_each(|one| site.make(one));
        let left = site.clone().run_out(seed);
        match find_cycle(&site.claims) {
            None => prop_assert_eq!(left, Vec::new()),
            Some(cycle) => {
                prop_assert!(cycle.builds.iter().all(|build| left.contains(build)), "{:?} of {:?}", cycle, left);
                prop_assert_eq!(Some(cycle.victim), cycle.builds.iter().copied().max());
                prop_assert!(!cycle.waiting.is_empty() && !cycle.locks.is_empty());
            }
        }
    }

    #[test]
    fn once_the_youngest_of_each_circle_has_given_way_everybody_ends(moves in moves(), seed in any::<u64>()) {
        let mut site = Site::default();
        moves.iter().for_each(|one| site.make(one));
        let mut n_given_way = 0;
        while let Some(cycle) = find_cycle(&site.claims) {
            site.claims.retain(|claim| claim.build != cycle.victim);
            site.settle();
            n_given_way += 1;
            prop_assert!(n_given_way < 25);
        }
        prop_assert_eq!(site.run_out(seed), Vec::new());
    }

    #[test]
    fn no_lock_is_ever_over_its_count(moves in moves()) {
        let mut site = Site::default();
        for one in &moves {
            site.make(one);
            let mut in_use: BTreeMap<&LockKey, Vec<&LockWish>> = BTreeMap::new();
            for wish in site.claims.iter().filter(|claim| claim.held).flat_map(|claim| &claim.wishes) {
                in_use.entry(&wish.key).or_default().push(wish);
            }
            for (key, held) in in_use {
                let alone = held.iter().any(|wish| wish.mode == LockMode::Exclusive);
                prop_assert!(!alone || held.len() == 1, "{key} is held by an exclusive owner and another");
                let count: u32 = held.iter().filter(|_| !alone).map(|wish| wish.count).sum();
                prop_assert!(count <= held[0].max_count, "{key} is held {count} times");
            }
        }
    }
}
