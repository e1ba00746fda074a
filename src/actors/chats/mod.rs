//! Chats: the harbour of the bots that talk with people; whatever happens in it, builds go on.
//!
//! - Hears: [`ReconsiderConfiguration`], [`EventsCommitted`] from the bus.
//! - Tells: its bots that something happened.
//! - Writes: nothing; the reporters make the rows of chats too.
//! - Restart: permanent. Rebuilds its bots from the configuration.

mod bot;
mod decide;
mod interests;
mod orders;
mod reading;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::runtime;

use self::bot::{Bot, ReconsiderNews};
use super::applied::{AppliedConfig, ReconsiderConfiguration};
use super::command_desk::CommandDesk;
use super::event_bus::EventsCommitted;
use super::owned::Owned;
use super::supervisor::{Child, ChildSpec, Handle, Reply, ShellContext, Supervisor};
use crate::clock::Clock;
use crate::db::Db;
use crate::domain::Event;
use crate::reporters::irc::IrcConfig;
use crate::reporters::irc::connection::ServerDialer;

#[derive(Clone)]
pub struct ChatsDeps {
    pub supervisor: Supervisor,
    pub bot: BotDeps,
    /// Where sockets live.
    pub wire_runtime: runtime::Handle,
}

/// What each bot has.
#[derive(Clone)]
pub struct BotDeps {
    pub db: Db,
    pub clock: Clock,
    pub config: AppliedConfig,
    pub desk: CommandDesk,
    /// A number below another, by chance.
    pub chance: fn(u64) -> u64,
}

pub struct Chats {
    deps: ChatsDeps,
    bots: BTreeMap<String, (IrcConfig, Owned<Bot>)>,
}

impl Chats {
    pub fn new(deps: ChatsDeps) -> Self {
        Self { deps, bots: BTreeMap::new() }
    }

    /// Makes the bots those of the configuration; one whose settings did not change goes on.
    fn apply_configuration(&mut self) {
        let wanted = self.deps.bot.config.borrow().config.chats.clone();
        self.bots.retain(|_, (config, _)| wanted.contains(config));
        for config in wanted {
            if self.bots.contains_key(&config.name) {
                continue;
            }
            let (deps, shared) = (self.deps.bot.clone(), Arc::new(config.clone()));
            let dialer = Arc::new(ServerDialer::new(&config, self.deps.wire_runtime.clone()));
            let spec = ChildSpec::permanent("chat", config.name.clone());
            let make = move || Bot::new(Arc::clone(&shared), deps.clone(), dialer.clone());
            let bot = Owned(self.deps.supervisor.prepare(spec).start(make));
            self.bots.insert(config.name.clone(), (config, bot));
        }
    }
}

/// A number below another, by chance; it need not be good.
pub fn chance(below: u64) -> u64 {
    let mut bytes = [0; 8];
    // Without randomness everybody waits for the same time.
    let _ = getrandom::fill(&mut bytes);
    u64::from_le_bytes(bytes).checked_rem(below).unwrap_or(0)
}

/// Whether a bot may have to say something about an event.
const fn is_news(event: &Event) -> bool {
    matches!(
        event,
        Event::BuildStarted { .. }
            | Event::BuildFinished { .. }
            | Event::BuildRequestCancelled { .. }
            | Event::WorkerMissing { .. }
    )
}

impl Child for Chats {
    fn started(&mut self, _: &mut ShellContext<'_, Self>) {
        self.apply_configuration();
    }
}

impl Handle<ReconsiderConfiguration> for Chats {
    fn handle(&mut self, _: ReconsiderConfiguration, _: &mut ShellContext<'_, Self>) -> Reply<()> {
        self.apply_configuration();
        Reply::Now(())
    }
}

impl Handle<EventsCommitted> for Chats {
    fn handle(&mut self, message: EventsCommitted, _: &mut ShellContext<'_, Self>) -> Reply<()> {
        if message.0.iter().any(|committed| is_news(&committed.event)) {
            self.bots.values().for_each(|(_, bot)| bot.tell().tell(ReconsiderNews));
        }
        Reply::Now(())
    }
}
