//! Panics in the handlers of actors: before a message has had an effect, or when it has had it and nobody knows yet.

use std::collections::BTreeMap;
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex, PoisonError};

use buildbot::actors::supervisor::{Handling, Moment, Witness};

/// What every panic of this kind says.
pub const TEXT: &str = "sabotage";

/// An actor of this kind panics over the n-th message of this type, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PanicPlace {
    pub kind: &'static str,
    pub message: &'static str,
    pub nth: usize,
    pub moment: Moment,
}

/// How many messages of each type the actors of each kind have begun to handle.
pub type Handled = BTreeMap<(&'static str, &'static str), usize>;

/// Counts what is handled, and panics where it is told to.
#[derive(Default)]
pub struct Saboteur {
    handled: Mutex<Handled>,
    place: Option<PanicPlace>,
}

impl Saboteur {
    pub fn new(place: Option<PanicPlace>) -> Arc<Self> {
        Arc::new(Self { handled: Mutex::default(), place })
    }

    pub fn witness(self: &Arc<Self>) -> Witness {
        let saboteur = Arc::clone(self);
        Arc::new(move |handling| saboteur.see(handling))
    }

    fn see(&self, handling: &Handling<'_>) {
        let nth = {
            let mut handled = self.handled.lock().unwrap_or_else(PoisonError::into_inner);
            let nth = handled.entry((handling.kind, handling.message)).or_default();
            *nth += usize::from(handling.moment == Moment::Before);
            *nth
        };
        let Handling { kind, message, moment, .. } = *handling;
        if self.place == Some(PanicPlace { kind, message, nth, moment }) {
            // A panic as any other, but nobody prints where it came from.
            resume_unwind(Box::new(TEXT));
        }
    }

    pub fn handled(&self) -> Handled {
        self.handled.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Everywhere, of messages that come often the first ones and the last.
pub fn places(handled: &Handled) -> Vec<PanicPlace> {
    let mut places = Vec::new();
    for (&(kind, message), &n_handled) in handled {
        for nth in (1..=n_handled).filter(|nth| *nth <= FIRST || *nth == n_handled) {
            for moment in [Moment::Before, Moment::After] {
                places.push(PanicPlace { kind, message, nth, moment });
            }
        }
    }
    places
}

/// More of one type are alike.
const FIRST: usize = 8;
