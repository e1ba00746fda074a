//! The same configuration and the same events on Buildbot 4.3 and on ours: the same builds, properties and results.
//!
//! `sequences/` holds what is played, [`random`] makes more of it from a seed. `docs/DIFFERENCES.md` lists what may differ,
//! each with its reason; any other difference fails. Timers are left to the tests in virtual time.
//!
//! A test run plays some of it; `scripts/differential` plays everything, with more seeds.

mod compare;
mod master;
mod observe;
mod play;
mod random;
mod sequence;

use std::sync::mpsc;
use std::thread;

use compare::Allowed;
use master::{Kind, Master};
use play::{Played, play};
use sequence::{Sequence, configuration};

/// What is played in every run of the tests.
const EVERY_DAY: [&str; 2] = ["branch_filter", "dependent"];
/// Seeds of what is made at random, if none are given.
const SEEDS: [u64; 3] = [1, 2, 3];

#[test]
fn the_same_events_give_the_same_builds_as_with_buildbot() {
    let wanted = std::env::var("DIFFERENTIAL_ONLY").unwrap_or_else(|_| EVERY_DAY.join(","));
    let is_wanted = |sequence: &Sequence| wanted == "all" || wanted.split(',').any(|name| name == sequence.name);
    let seeds = std::env::var("DIFFERENTIAL_SEEDS").map_or_else(|_| SEEDS.to_vec(), |text| read_seeds(&text));
    let random = seeds.into_iter().map(random::sequence);
    let all = Sequence::all().into_iter().chain(random).filter(is_wanted);
    let (alone, together): (Vec<_>, Vec<_>) = all.partition(|sequence| sequence.alone);
    let mut worlds: Vec<Vec<Sequence>> = alone.into_iter().map(|sequence| vec![sequence]).collect();
    worlds.push(together);
    let mut allowed = Allowed::new();
    let mut unexplained = Vec::new();
    for world in worlds.iter().filter(|world| !world.is_empty()) {
        unexplained.extend(compare_world(world, &mut allowed));
    }
    assert!(
        unexplained.is_empty(),
        "{} differences are not in docs/DIFFERENCES.md:\n{}",
        unexplained.len(),
        unexplained.join("\n")
    );
    let played: Vec<_> = worlds.iter().flatten().map(|sequence| sequence.name.as_str()).collect();
    assert_eq!(allowed.unused(&played), Vec::<&str>::new(), "docs/DIFFERENCES.md lists what does not differ");
}

/// `1,2,7` or `1-100`.
fn read_seeds(text: &str) -> Vec<u64> {
    match text.split_once('-') {
        Some((first, last)) => (first.parse().unwrap()..=last.parse().unwrap()).collect(),
        None => text.split(',').filter(|seed| !seed.is_empty()).map(|seed| seed.parse().unwrap()).collect(),
    }
}

/// Plays all sequences, Buildbot going ahead; the differences that are not allowed.
fn compare_world(sequences: &[Sequence], allowed: &mut Allowed) -> Vec<String> {
    let text = configuration(sequences);
    let (sender, receiver) = mpsc::channel::<Played>();
    thread::scope(|scope| {
        let text = &text;
        scope.spawn(move || {
            let mut peer = Master::start(Kind::Peer, text);
            for sequence in sequences {
                let sent = sender.send(play(&mut peer, sequence, None));
                if sent.is_err() {
                    return;
                }
            }
        });
        let mut ours = Master::start(Kind::Ours, text);
        let mut unexplained = Vec::new();
        for sequence in sequences {
            let theirs = receiver.recv().expect("Buildbot plays every sequence");
            let played = play(&mut ours, sequence, Some(&theirs.states));
            let found = allowed.unexplained(&sequence.name, &theirs.facts, &played.facts);
            println!("{}: {} facts, {} differ", sequence.name, played.facts.len(), found.len());
            found.iter().for_each(|line| println!("{line}"));
            unexplained.extend(found);
        }
        unexplained
    })
}
