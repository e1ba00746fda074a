//! The same configuration and the same events on Buildbot 4.3 and on ours: the same builds, properties and results.
//!
//! `sequences/` holds what is played, [`random`] makes more of it from a seed, `recorded/` what Buildbot made of it.
//! `docs/DIFFERENCES.md` lists what may differ, each with its reason; any other difference fails. Timers are left to the
//! tests in virtual time.
//!
//! A test run plays everything that was recorded on ours, and some of it on both. `scripts/differential` plays everything
//! on both, with more seeds, and can record it anew.

mod compare;
mod master;
mod observe;
mod play;
mod random;
mod recorded;
mod sequence;

use std::sync::{Mutex, mpsc};
use std::thread;

use compare::Allowed;
use master::{Kind, Master};
use play::{Played, play};
use sequence::{Sequence, configuration};

/// What is played on both in every run of the tests.
const EVERY_DAY: [&str; 6] =
    ["branch_filter", "collapse_default", "collapse_schedulers", "dependent", "importance", "locks_exclusive"];
/// Seeds of what was made at random and recorded.
const SEEDS: [u64; 9] = [1, 2, 4, 5, 6, 7, 8, 9, 10];
/// So many pairs of masters play at the same time.
const AT_ONCE: usize = 3;

/// What ours is compared with.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Peer {
    /// Buildbot as it plays now.
    Live,
    /// What it was recorded to do.
    Recorded,
}

#[test]
fn the_same_events_give_the_same_builds_as_with_buildbot() {
    let seeds = std::env::var("DIFFERENTIAL_SEEDS").map_or_else(|_| SEEDS.to_vec(), |text| read_seeds(&text));
    let all = wanted(seeds, &EVERY_DAY.join(","));
    if std::env::var("DIFFERENTIAL_RECORD").is_ok() {
        return record(all);
    }
    // Few of them play as fast on one pair.
    let n_worlds = if all.len() <= EVERY_DAY.len() { 1 } else { AT_ONCE };
    compare(all, n_worlds, Peer::Live);
}

#[test]
fn the_same_events_give_the_same_builds_as_were_recorded_of_buildbot() {
    compare(wanted(SEEDS.to_vec(), "all"), AT_ONCE, Peer::Recorded);
}

/// The sequences that are asked for, or these.
fn wanted(seeds: Vec<u64>, unless_told: &str) -> Vec<Sequence> {
    let wanted = std::env::var("DIFFERENTIAL_ONLY").unwrap_or_else(|_| unless_told.to_owned());
    let is_wanted = |sequence: &Sequence| wanted == "all" || wanted.split(',').any(|name| name == sequence.name);
    let random = seeds.into_iter().map(random::sequence);
    Sequence::all().into_iter().chain(random).filter(is_wanted).collect()
}

/// `1,2,7` or `1-100`.
fn read_seeds(text: &str) -> Vec<u64> {
    match text.split_once('-') {
        Some((first, last)) => (first.parse().unwrap()..=last.parse().unwrap()).collect(),
        None => text.split(',').filter(|seed| !seed.is_empty()).map(|seed| seed.parse().unwrap()).collect(),
    }
}

/// What is played on one master after the other: so many parts, and those that need a master for themselves.
fn worlds(sequences: Vec<Sequence>, n_worlds: usize) -> Vec<Vec<Sequence>> {
    let (alone, together): (Vec<_>, Vec<_>) = sequences.into_iter().partition(|sequence| sequence.alone);
    let mut worlds: Vec<Vec<Sequence>> = (0..n_worlds).map(|_| Vec::new()).collect();
    for (number, sequence) in together.into_iter().enumerate() {
        worlds[number % n_worlds].push(sequence);
    }
    worlds.extend(alone.into_iter().map(|sequence| vec![sequence]));
    worlds.retain(|world| !world.is_empty());
    worlds
}

/// Does something with each world, with some at the same time.
fn for_each_world(worlds: &[Vec<Sequence>], action: impl Fn(&[Sequence]) + Sync) {
    let next = Mutex::new(worlds.iter());
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let Some(world) = next.lock().unwrap().next() else { return };
                    action(world);
                }
            });
        }
    });
}

/// Has Buildbot play all of it, and writes down what it does.
fn record(sequences: Vec<Sequence>) {
    for_each_world(&worlds(sequences, AT_ONCE), |world| {
        let mut peer = Master::start(Kind::Peer, &configuration(world));
        for sequence in world {
            let played = play(&mut peer, sequence, None);
            recorded::write(sequence, &played);
            println!("{}: {} facts", sequence.name, played.facts.len());
        }
    });
}

/// Plays all sequences; fails for differences that are not allowed.
fn compare(sequences: Vec<Sequence>, n_worlds: usize, peer: Peer) {
    let worlds = worlds(sequences, n_worlds);
    let (allowed, unexplained) = (Mutex::new(Allowed::new()), Mutex::new(Vec::new()));
    for_each_world(&worlds, |world| {
        let judge = |sequence: &Sequence, theirs: &Played, ours: &Played| {
            let found = allowed.lock().unwrap().unexplained(&sequence.name, &theirs.facts, &ours.facts);
            println!("{}: {} facts, {} differ", sequence.name, ours.facts.len(), found.len());
            found.iter().for_each(|line| println!("{line}"));
            unexplained.lock().unwrap().extend(found);
        };
        match peer {
            Peer::Live => play_both(world, judge),
            Peer::Recorded => play_ours(world, recorded::read, judge),
        }
    });
    let unexplained = unexplained.into_inner().unwrap();
    assert!(
        unexplained.is_empty(),
        "{} differences are not in docs/DIFFERENCES.md:\n{}",
        unexplained.len(),
        unexplained.join("\n")
    );
    let played: Vec<_> = worlds.iter().flatten().map(|sequence| sequence.name.as_str()).collect();
    let allowed = allowed.into_inner().unwrap();
    assert_eq!(allowed.unused(&played), Vec::<&str>::new(), "docs/DIFFERENCES.md lists what does not differ");
}

/// Buildbot goes ahead. What it does must be what was recorded of it, if it was; it has two tries, since on a busy machine
/// it leaves requests waiting now and then although their worker is free, and what came first it knows to the second.
fn play_both(world: &[Sequence], judge: impl Fn(&Sequence, &Played, &Played)) {
    let (sender, receiver) = mpsc::channel::<Played>();
    thread::scope(|scope| {
        scope.spawn(move || {
            let mut peer = Master::start(Kind::Peer, &configuration(world));
            for sequence in world {
                let known = recorded::exists(&sequence.name).then(|| recorded::read(sequence));
                let example = known.as_ref().map(|known| known.states.as_slice());
                let mut played = play(&mut peer, sequence, example);
                if let Some(known) = &known
                    && steady(&known.facts) != steady(&played.facts)
                {
                    println!("{}: Buildbot plays it otherwise than it did, and plays it again", sequence.name);
                    let mut alone = Master::start(Kind::Peer, &configuration(std::slice::from_ref(sequence)));
                    played = play(&mut alone, sequence, example);
                    let name = &sequence.name;
                    assert_eq!(steady(&known.facts), steady(&played.facts), "{name} was recorded otherwise");
                }
                if sender.send(played).is_err() {
                    return;
                }
            }
        });
        play_ours(world, |_| receiver.recv().expect("Buildbot plays every sequence"), judge);
    });
}

/// Without the changes of builds: Buildbot counts them from the last success, by the second in which builds began and
/// ended, so they depend on when a second is over.
fn steady(facts: &[String]) -> Vec<&String> {
    facts.iter().filter(|fact| !fact.contains(" change \"")).collect()
}

fn play_ours(world: &[Sequence], theirs: impl Fn(&Sequence) -> Played, judge: impl Fn(&Sequence, &Played, &Played)) {
    let mut ours = Master::start(Kind::Ours, &configuration(world));
    for sequence in world {
        let theirs = theirs(sequence);
        let played = play(&mut ours, sequence, Some(&theirs.states));
        judge(sequence, &theirs, &played);
    }
}
