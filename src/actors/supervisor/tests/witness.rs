//! Somebody who sees the messages.

use std::sync::Mutex;

use super::super::{AskError, Handling, Moment, Witness};
use super::*;

#[actix::test]
async fn a_witness_sees_each_message_twice_and_its_panic_is_one_of_the_actor() {
    let seen: Arc<Mutex<Vec<Moment>>> = Arc::default();
    let witness: Witness = {
        let seen = Arc::clone(&seen);
        Arc::new(move |handling: &Handling<'_>| {
            assert_eq!((handling.kind, handling.name, handling.message), ("puppet", "one", "Act"));
            let mut seen = seen.lock().unwrap();
            seen.push(handling.moment);
            let n_seen = seen.len();
            drop(seen);
            if n_seen == 4 {
                panic!("seen enough");
            }
        })
    };
    tokio::time::pause();
    let (supervisor, _escalations) = Supervisor::with_witness(Some(witness));
    let marks = Arc::default();
    let puppet = start(supervisor.prepare(permanent()), &marks);
    let ask = puppet.ask::<Act>(HOUR);
    assert_eq!(ask.ask(incarnation()).await, Ok(1));
    assert_eq!(ask.ask(act(|puppet, _| puppet.mark())).await, Err(AskError::Closed));
    assert_eq!(marks.load(Ordering::Relaxed), 1, "it was handled before the panic");
    assert_eq!(ask.ask(incarnation()).await, Ok(2));
    assert_eq!(*seen.lock().unwrap(), [Moment::Before, Moment::After].repeat(3));
}
