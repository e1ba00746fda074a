//! What a running command says, and how it hears that it is to end.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use buildbot_protocol::{Lines, Request, Update};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::output::{Batch, LineSplitter, Newlines};
use crate::session::{Answer, Lost, Session};

/// Handed to a command; clones speak for the same command.
#[derive(Clone)]
pub struct CommandContext {
    pub session: Rc<Session>,
    pub id: String,
    interrupted: watch::Receiver<Option<String>>,
    outlet: Rc<Outlet>,
}

/// What has been said and not been sent.
struct Outlet {
    batch: RefCell<Batch>,
    /// When the oldest unsent update must go.
    due: RefCell<Option<Instant>>,
    buffer_timeout: Duration,
    max_line_length: usize,
    newlines: Newlines,
}

impl CommandContext {
    pub fn new(session: Rc<Session>, id: String, interrupted: watch::Receiver<Option<String>>) -> Self {
        let settings = session.settings();
        let outlet = Outlet {
            batch: RefCell::new(Batch::new(usize::try_from(settings.buffer_size).unwrap_or(65_536))),
            due: RefCell::new(None),
            buffer_timeout: Duration::try_from_secs_f64(settings.buffer_timeout).unwrap_or(Duration::from_secs(5)),
            max_line_length: usize::try_from(settings.max_line_length).unwrap_or(4096),
            newlines: Newlines::new(&settings.newline_re),
        };
        Self { session, id, interrupted, outlet: Rc::new(outlet) }
    }

    pub fn splitter(&self) -> LineSplitter {
        LineSplitter::new(self.outlet.max_line_length)
    }

    pub fn newlines(&self) -> &Newlines {
        &self.outlet.newlines
    }

    /// Adds an update; waits while too much is unanswered.
    pub async fn say(&self, update: Update) -> Result<(), Lost> {
        let full = self.outlet.batch.borrow_mut().push(update);
        let had_full = !full.is_empty();
        for updates in full {
            self.session.update(&self.id, updates).await?;
        }
        let mut due = self.outlet.due.borrow_mut();
        if had_full || due.is_none() {
            *due = Some(Instant::now() + self.outlet.buffer_timeout);
        }
        Ok(())
    }

    pub async fn say_lines(&self, lines: Lines, of: impl FnOnce(Lines) -> Update) -> Result<(), Lost> {
        if lines.text.is_empty() { Ok(()) } else { self.say(of(lines)).await }
    }

    /// A header: whole lines of the worker's own.
    pub async fn header(&self, text: &str) -> Result<(), Lost> {
        self.say(Update::Header(own_lines(text))).await
    }

    pub async fn stderr(&self, text: &str) -> Result<(), Lost> {
        self.say(Update::Stderr(own_lines(text))).await
    }

    pub async fn rc(&self, rc: i64) -> Result<(), Lost> {
        self.say(Update::Rc(rc)).await
    }

    /// Asks the master something and waits for its answer.
    pub async fn ask(&self, request: Request) -> Result<Answer, Lost> {
        self.session.ask(request).await
    }

    /// Sends what has been said.
    pub async fn flush(&self) -> Result<(), Lost> {
        *self.outlet.due.borrow_mut() = None;
        let updates = self.outlet.batch.borrow_mut().take();
        if updates.is_empty() { Ok(()) } else { self.session.update(&self.id, updates).await }
    }

    /// Resolves when what has been said must be sent; never while nothing has.
    pub async fn due(&self) {
        let due = *self.outlet.due.borrow();
        match due {
            Some(due) if !self.outlet.batch.borrow().is_empty() => tokio::time::sleep_until(due).await,
            _ => std::future::pending().await,
        }
    }

    /// Whether the command is to end.
    pub fn is_interrupted(&self) -> bool {
        self.interrupted.borrow().is_some()
    }

    /// Resolves with the reason when the command is to end.
    pub async fn interrupted(&self) -> String {
        let mut interrupted = self.interrupted.clone();
        match interrupted.wait_for(Option::is_some).await {
            Ok(why) => why.clone().unwrap_or_default(),
            // The session is over, and with it the command.
            Err(_) => "the session is over".to_owned(),
        }
    }
}

/// Unix seconds.
#[expect(clippy::disallowed_methods, reason = "lines carry the date of their first character")]
pub fn now() -> f64 {
    let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since_epoch.map_or(0.0, |duration| duration.as_secs_f64())
}

fn own_lines(text: &str) -> Lines {
    let mut text = text.to_owned();
    if !text.ends_with('\n') {
        text.push('\n');
    }
    let now = now();
    let times = text.matches('\n').map(|_| now).collect();
    Lines { text, times }
}
