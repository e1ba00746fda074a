//! Which events people are told of, and in which words.

use std::collections::BTreeSet;
use std::fmt;

use crate::domain::Results;

/// A kind of event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Started,
    Finished,
    Ended(u8),
    /// From one result to another.
    Changed(u8, u8),
    Better,
    Worse,
    Problem,
    Recovery,
    Worker,
}

const PLAIN: [(&str, Kind); 7] = [
    ("started", Kind::Started),
    ("finished", Kind::Finished),
    ("better", Kind::Better),
    ("worse", Kind::Worse),
    ("problem", Kind::Problem),
    ("recovery", Kind::Recovery),
    ("worker", Kind::Worker),
];

/// Words for results, with those that Buildbot also takes.
const RESULTS: [(&str, Results); 9] = [
    ("success", Results::Success),
    ("warnings", Results::Warnings),
    ("failure", Results::Failure),
    ("exception", Results::Exception),
    ("cancelled", Results::Cancelled),
    ("skipped", Results::Skipped),
    ("retry", Results::Retry),
    ("failed", Results::Failure),
    ("passed", Results::Success),
];

/// Kinds of events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notices(BTreeSet<Kind>);

/// Something that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    Started,
    Ended { results: Results, previous: Option<Results> },
    WorkerMissing,
}

impl Notices {
    /// What `notify on` without events means.
    pub fn usual() -> Self {
        Self([Kind::Started, Kind::Finished].into())
    }

    /// Understands words such as `failure` and `successToFailure`; an error says which one is none.
    pub fn from_words<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let mut kinds = BTreeSet::new();
        for word in words {
            kinds.insert(kind(word).ok_or_else(|| format!("there is no event '{word}'"))?);
        }
        Ok(Self(kinds))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn add(&mut self, more: &Self) {
        self.0.extend(&more.0);
    }

    pub fn remove(&mut self, less: &Self) {
        self.0.retain(|kind| !less.0.contains(kind));
    }

    /// Whether somebody who wants these is told of a moment.
    pub fn want(&self, moment: Moment) -> bool {
        let has = |kind: Kind| self.0.contains(&kind);
        match moment {
            Moment::Started => has(Kind::Started),
            Moment::WorkerMissing => has(Kind::Worker),
            Moment::Ended { results, previous } => {
                let change = previous.map(|previous| (severity(previous), severity(results)));
                has(Kind::Finished)
                    || has(Kind::Ended(code(results)))
                    || previous.is_some_and(|previous| has(Kind::Changed(code(previous), code(results))))
                    || change.is_some_and(|(before, now)| now < before && has(Kind::Better))
                    || change.is_some_and(|(before, now)| before < now && has(Kind::Worse))
                    || is_bad(results) && !previous.is_some_and(is_bad) && has(Kind::Problem)
                    || !is_bad(results) && previous.is_some_and(is_bad) && has(Kind::Recovery)
            }
        }
    }
}

fn code(results: Results) -> u8 {
    u8::try_from(results.code()).unwrap_or(u8::MAX)
}

fn severity(results: Results) -> u8 {
    match results {
        Results::Success | Results::Skipped => 0,
        Results::Warnings => 1,
        Results::Failure => 2,
        Results::Exception => 3,
        Results::Retry | Results::Cancelled => 4,
    }
}

const fn is_bad(results: Results) -> bool {
    matches!(results, Results::Failure | Results::Exception)
}

fn result(word: &str) -> Option<Results> {
    RESULTS.iter().find(|(known, _)| known.eq_ignore_ascii_case(word)).map(|(_, results)| *results)
}

fn kind(word: &str) -> Option<Kind> {
    if let Some((_, kind)) = PLAIN.iter().find(|(known, _)| known.eq_ignore_ascii_case(word)) {
        return Some(*kind);
    }
    if let Some(results) = result(word) {
        return Some(Kind::Ended(code(results)));
    }
    // Two results with "to" between them; no result has these letters where another one ends.
    let lower = word.to_ascii_lowercase();
    lower.match_indices("to").find_map(|(at, to)| {
        let (from, to) = (result(lower.get(..at)?)?, result(lower.get(at + to.len()..)?)?);
        Some(Kind::Changed(code(from), code(to)))
    })
}

/// The words, sorted: `failure, successToFailure`.
impl fmt::Display for Notices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = |code: &u8| Results::from_code(i32::from(*code)).map_or("", Results::word);
        let mut words: Vec<String> = self
            .0
            .iter()
            .map(|kind| match kind {
                Kind::Ended(code) => word(code).to_owned(),
                Kind::Changed(from, to) => {
                    let to = word(to);
                    let (first, rest) = to.split_at(1.min(to.len()));
                    format!("{}To{}{rest}", word(from), first.to_ascii_uppercase())
                }
                plain => PLAIN.iter().find(|(_, known)| known == plain).map_or("", |(word, _)| word).to_owned(),
            })
            .collect();
        words.sort_unstable();
        f.write_str(&words.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(words: &str) -> Notices {
        Notices::from_words(words.split(' ')).unwrap()
    }

    fn ended(results: Results, previous: Option<Results>) -> Moment {
        Moment::Ended { results, previous }
    }

    #[test]
    fn every_change_of_results_has_a_word() {
        let four = [Results::Success, Results::Warnings, Results::Failure, Results::Exception];
        for from in four {
            for to in four {
                let capital = format!("{}{}", to.word()[..1].to_uppercase(), &to.word()[1..]);
                let notices = of(&format!("{from}To{capital}"));
                assert_eq!(notices.to_string(), format!("{from}To{capital}"));
                assert!(notices.want(ended(to, Some(from))));
                assert!(!notices.want(ended(to, None)));
                let others = four.into_iter().filter(|other| *other != to);
                others.for_each(|other| assert!(!notices.want(ended(other, Some(from)))));
            }
        }
    }

    #[test]
    fn plain_events() {
        assert!(of("started").want(Moment::Started) && !of("finished").want(Moment::Started));
        assert!(of("finished").want(ended(Results::Cancelled, None)));
        assert!(of("worker").want(Moment::WorkerMissing) && !of("started finished").want(Moment::WorkerMissing));
        assert!(
            of("failure").want(ended(Results::Failure, None)) && !of("failure").want(ended(Results::Success, None))
        );
        assert!(of("problem").want(ended(Results::Failure, Some(Results::Success))));
        assert!(of("problem").want(ended(Results::Exception, None)));
        assert!(!of("problem").want(ended(Results::Failure, Some(Results::Exception))));
        assert!(of("recovery").want(ended(Results::Warnings, Some(Results::Failure))));
        assert!(!of("recovery").want(ended(Results::Success, None)));
        assert!(of("better").want(ended(Results::Success, Some(Results::Warnings))));
        assert!(of("worse").want(ended(Results::Warnings, Some(Results::Success))));
        assert!(!of("worse").want(ended(Results::Success, Some(Results::Success))));
    }

    #[test]
    fn words_are_added_and_taken_away() {
        let mut notices = of("failed successToFailure");
        notices.add(&of("Started"));
        assert_eq!(notices.to_string(), "failure, started, successToFailure");
        notices.remove(&of("failure"));
        assert_eq!(notices.to_string(), "started, successToFailure");
        assert_eq!(Notices::from_words(["broken"]), Err("there is no event 'broken'".to_owned()));
        assert_eq!(Notices::from_words(["toto"]), Err("there is no event 'toto'".to_owned()));
    }
}
