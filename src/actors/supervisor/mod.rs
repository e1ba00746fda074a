//! Supervision: every actor of the master lives in a shell that catches its panics and rebuilds it.
//!
//! actix's own `Supervisor` does not restart after a panic and never makes a new value, so this is ours:
//!
//! - A panic in a handler, a spawned future, a timer or an answer to come ends the *incarnation*, not the actor: what
//!   it had going is dropped, a factory builds the next one after an exponential back-off, and address and waiting
//!   mail stay valid. The message that was being handled is lost; its asker learns that.
//! - A child that fails more often than its [`Intensity`] allows is treated as its [`WhenDying`] says.
//! - Two panics over the same build request are the request's fault: [`SubjectFailed`] is told, and the failures are
//!   not held against the child.
//! - What each child does is counted, see [`Supervisor::figures`].
//!
//! Actors know each other only as [`Tell`] and [`Ask`]. Wiring has two phases, since actors speak in circles:
//! [`Supervisor::prepare`] makes every address, [`Prepared::start`] every actor.
//!
//! All of it runs on one thread, the core arbiter; addresses and figures may be used from any.

mod address;
mod child;
mod context;
mod envelope;
mod guard;
mod history;
mod record;
mod registry;
mod running;
mod shell;
mod spec;
#[cfg(test)]
mod tests;
mod witness;
mod work;

#[cfg(feature = "testing")]
pub(crate) use address::{Answer, Destination};
pub use address::{Ask, AskError, Tell};
pub use child::{Child, Handle, Mail, Reply};
pub use context::{ShellContext, Timer};
pub use record::End;
pub use registry::{Escalation, Escalations, SubjectFailed, Supervisor};
pub use running::{Prepared, Running};
pub use spec::{Backoff, ChildSpec, Intensity, WhenDying};
pub use witness::{Handling, Moment, Witness};
