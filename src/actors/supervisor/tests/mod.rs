//! One test per property of the supervision, in virtual time.
//!
//! The actor under test does whatever the message says, which keeps cause and effect on one page.

mod failure;
mod life;
mod limits;
mod timers;
mod witness;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use actix::Message;

use super::{Child, ChildSpec, Escalations, Handle, Prepared, Reply, Running, ShellContext, Supervisor};
use crate::domain::BuildRequestId;

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);

type Code = Box<dyn FnOnce(&mut Puppet, &mut ShellContext<'_, Puppet>) -> Reply<u32> + Send>;

/// Does what the message says, on behalf of a request or of nobody.
#[derive(Message)]
#[rtype(result = "u32")]
struct Act {
    subject: Option<BuildRequestId>,
    code: Code,
}

/// Counts its incarnations from one.
struct Puppet {
    incarnation: u32,
    /// Changed by messages, timers and futures; outlives restarts.
    marks: Arc<AtomicU32>,
}

impl Child for Puppet {}

impl Handle<Act> for Puppet {
    fn handle(&mut self, act: Act, ctx: &mut ShellContext<'_, Self>) -> Reply<u32> {
        (act.code)(self, ctx)
    }

    fn subject(act: &Act) -> Option<BuildRequestId> {
        act.subject
    }
}

impl Puppet {
    fn mark(&self) {
        self.marks.fetch_add(1, Ordering::Relaxed);
    }
}

fn act(code: impl FnOnce(&mut Puppet, &mut ShellContext<'_, Puppet>) + Send + 'static) -> Act {
    let code: Code = Box::new(|puppet, ctx| {
        code(puppet, ctx);
        Reply::Now(puppet.incarnation)
    });
    Act { subject: None, code }
}

/// Answers with the number of its incarnation.
fn incarnation() -> Act {
    act(|_, _| ())
}

fn panic_with(text: &'static str) -> Act {
    act(move |_, _| panic!("{text}"))
}

struct Stage {
    puppet: Running<Puppet>,
    supervisor: Supervisor,
    escalations: Escalations,
    marks: Arc<AtomicU32>,
}

impl Stage {
    /// Starts a puppet in virtual time.
    fn new(spec: ChildSpec) -> Self {
        tokio::time::pause();
        let (supervisor, escalations) = Supervisor::new();
        let marks = Arc::new(AtomicU32::new(0));
        let puppet = start(supervisor.prepare(spec), &marks);
        Self { puppet, supervisor, escalations, marks }
    }

    async fn ask(&self, act: Act) -> Result<u32, super::AskError> {
        self.puppet.ask(HOUR).ask(act).await
    }

    fn tell(&self, act: Act) {
        self.puppet.tell().tell(act);
    }

    fn marks(&self) -> u32 {
        self.marks.load(Ordering::Relaxed)
    }
}

/// Waits, but in virtual time not for ever: a state that does not come fails the test.
async fn in_time<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(1000 * HOUR, future).await.expect("it comes to pass")
}

fn start(prepared: Prepared<Puppet>, marks: &Arc<AtomicU32>) -> Running<Puppet> {
    let marks = Arc::clone(marks);
    let mut incarnation = 0;
    prepared.start(move || {
        incarnation += 1;
        Puppet { incarnation, marks: Arc::clone(&marks) }
    })
}

fn permanent() -> ChildSpec {
    ChildSpec::permanent("puppet", "one")
}
