//! Bot: talks on IRC. It keeps a connection, tells people what they want to hear, and has their commands carried out.
//!
//! - Hears: [`ReconsiderNews`] from the harbour; lines of the server; its own timers.
//! - Tells: nobody; the desk of commands asks others.
//! - Writes: its cursor together with what it has to say (`advance_chat`), what was said (`end_notices`), and who wants
//!   what (`change_interests`).
//! - Restart: permanent. What was not said is kept, and told who asks for it; the connection is made anew.

use std::collections::{BTreeMap, HashSet};
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use actix::Message;
use irc::proto::Command as IrcCommand;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tracing::{debug, error, info, warn};

use super::BotDeps;
use super::decide::consequences;
use super::interests::Interests;
use super::reading::{self, Batch};
use crate::actors::supervisor::{Child, Handle, Reply, ShellContext};
use crate::db::DbError;
use crate::db::transitions::{AdvanceChat, ChangeInterests, EndNotices};
use crate::db::views::chats;
use crate::domain::{ChatInterest, ChatNotice};
use crate::reporters::facts::Site;
use crate::reporters::irc::IrcConfig;
use crate::reporters::irc::address::{fold, is_channel};
use crate::reporters::irc::connection::{Dialer, Line};
use crate::reporters::irc::outbox::{Next, Outbox};
use crate::reporters::irc::session::{Reaction, Session, line};
use crate::reporters::irc::split::{pieces, room};
use crate::reporters::story::moment;

/// Says that something happened of which people may be told.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "()")]
pub struct ReconsiderNews;

/// Finds what a lost nudge would have hidden, and looks after the connection.
const LOOK_EVERY: Duration = Duration::from_secs(30);
/// A server that says nothing is asked, and then given up.
const ASK_AFTER: Duration = Duration::from_secs(60);
const LOST_AFTER: Duration = Duration::from_secs(180);
/// For a login.
const LOGIN: Duration = Duration::from_secs(60);
/// Waits in milliseconds: the least, and what chance adds.
const LOST_WAIT: (u64, u64) = (1_000, 4_000);
const FAILED_WAIT: (u64, u64) = (45_000, 15_000);
/// A cursor that lies this far behind is stored although there is nothing to say.
const FAR_BEHIND: i64 = 500;
/// Notices that are told at once to who was away; of more it is only said that they are there.
const FEW: usize = 3;
/// Lines of a server that are handled in one go.
const LINES: usize = 32;

pub struct Bot {
    pub(super) config: Arc<IrcConfig>,
    pub(super) deps: BotDeps,
    dialer: Arc<dyn Dialer>,
    pub(super) link: Option<Link>,
    /// Counts connections, so that what belongs to an old one is known.
    epoch: u64,
    /// Nothing until they have been read.
    pub(super) interests: Option<Interests>,
    seen: Option<i64>,
    is_reading: bool,
    /// Something happened while it read.
    read_again: bool,
    /// Notices that were handed to the connection.
    pub(super) in_flight: HashSet<i64>,
    /// By the mark behind them: notices that the server has not confirmed, with their places.
    unconfirmed: BTreeMap<String, Vec<(i64, String)>>,
    n_marks: u64,
    /// Commands that are being carried out.
    pub(super) n_busy: usize,
}

/// A connection to the server.
pub(super) struct Link {
    pub(super) session: Session,
    outgoing: mpsc::Sender<String>,
    outbox: Outbox,
    heard_at: Instant,
    /// Whether a timer will look at the outbox.
    is_waiting: bool,
}

impl Bot {
    pub fn new(config: Arc<IrcConfig>, deps: BotDeps, dialer: Arc<dyn Dialer>) -> Self {
        Self {
            config,
            deps,
            dialer,
            link: None,
            epoch: 0,
            interests: None,
            seen: None,
            is_reading: false,
            read_again: false,
            in_flight: HashSet::new(),
            unconfirmed: BTreeMap::new(),
            n_marks: 0,
            n_busy: 0,
        }
    }

    /// Reads who wants what, and begins.
    fn begin(&mut self, ctx: &mut ShellContext<'_, Self>) {
        let (db, chat) = (self.deps.db.clone(), self.config.name.clone());
        let reading = async move { db.read(move |conn| chats::interests(conn, &chat)).await };
        ctx.spawn(reading, |this, outcome, ctx| match outcome {
            Ok(stored) => {
                let mut interests = Interests::new(&this.config);
                interests.restore(stored);
                this.interests = Some(interests);
                this.read(ctx);
                if this.link.is_none() {
                    this.connect(ctx);
                }
            }
            Err(error) => {
                this.report(&error);
                ctx.later(LOOK_EVERY, Self::begin);
            }
        });
    }

    fn report(&self, error: &DbError) {
        error!(error = error as &dyn Error, chat = self.config.name, "a chat has trouble with the database");
    }

    fn connect(&mut self, ctx: &mut ShellContext<'_, Self>) {
        self.epoch += 1;
        let epoch = self.epoch;
        ctx.spawn(self.dialer.dial(), move |this, outcome, ctx| match outcome {
            _ if this.epoch != epoch => {}
            Ok(line) => this.connected(line, ctx),
            Err(reason) => this.lost(&reason, ctx),
        });
    }

    fn connected(&mut self, line: Line, ctx: &mut ShellContext<'_, Self>) {
        let channels = self.interests.as_ref().map(Interests::channels).unwrap_or_default();
        let (session, first) = Session::begin(&self.config, &channels);
        let Line { outgoing, incoming } = line;
        let now = Instant::now();
        let outbox = Outbox::new(now);
        self.link = Some(Link { session, outgoing, outbox, heard_at: now, is_waiting: false });
        let epoch = self.epoch;
        ctx.later(LOGIN, move |this, ctx| {
            if this.epoch == epoch && !this.link.as_ref().is_some_and(|link| link.session.is_ready()) {
                this.lost("the server does not let us in", ctx);
            }
        });
        self.listen(incoming, ctx);
        first.into_iter().for_each(|line| self.send_now(line, ctx));
    }

    fn listen(&mut self, mut incoming: mpsc::Receiver<Result<String, String>>, ctx: &mut ShellContext<'_, Self>) {
        let epoch = self.epoch;
        let hearing = async move {
            let mut lines = Vec::new();
            incoming.recv_many(&mut lines, LINES).await;
            (incoming, lines)
        };
        ctx.spawn(hearing, move |this, (incoming, lines), ctx| {
            if lines.is_empty() && this.epoch == epoch {
                this.lost("the connection is gone", ctx);
            }
            for line in lines {
                if this.epoch != epoch {
                    return;
                }
                match line {
                    Ok(line) => this.hear(&line, ctx),
                    Err(reason) => this.lost(&reason, ctx),
                }
            }
            if this.epoch == epoch {
                this.listen(incoming, ctx);
            }
        });
    }

    fn hear(&mut self, line: &str, ctx: &mut ShellContext<'_, Self>) {
        let Some(link) = &mut self.link else { return };
        link.heard_at = Instant::now();
        for reaction in link.session.hear(line) {
            self.react(reaction, ctx);
        }
    }

    fn react(&mut self, reaction: Reaction, ctx: &mut ShellContext<'_, Self>) {
        match reaction {
            Reaction::Send(line) => self.send_now(line, ctx),
            Reaction::Ready => {
                info!(chat = self.config.name, "the bot is on the server");
                self.announce(None, ctx);
            }
            Reaction::Joined(channel) => {
                info!(chat = self.config.name, channel, "the bot is in a channel");
                self.announce(Some(channel), ctx);
            }
            Reaction::Out(channel, reason) => {
                warn!(chat = self.config.name, channel, reason, "the bot is not in a channel");
            }
            Reaction::Heard(heard) => self.heard(heard, ctx),
            Reaction::Confirmed(mark) => self.confirmed(&mark, ctx),
            Reaction::NobodyThere(nick) => {
                debug!(chat = self.config.name, nick, "somebody is not there to be told");
                for notices in self.unconfirmed.values_mut() {
                    let kept = notices.extract_if(.., |(_, place)| fold(place) == fold(&nick));
                    kept.for_each(|(id, _)| {
                        self.in_flight.remove(&id);
                    });
                }
            }
            Reaction::Failed(reason) => self.lost(&reason, ctx),
        }
    }

    /// The connection is of no use any more: the next one is made after a while.
    fn lost(&mut self, reason: &str, ctx: &mut ShellContext<'_, Self>) {
        self.epoch += 1;
        let was_ready = self.link.take().is_some_and(|link| link.session.is_ready());
        self.in_flight.clear();
        self.unconfirmed.clear();
        let (given, (least, more)) = match was_ready {
            true => (self.config.lost_delay, LOST_WAIT),
            false => (self.config.failed_delay, FAILED_WAIT),
        };
        let chance = Duration::from_millis(least.saturating_add((self.deps.chance)(more)));
        let wait = given.unwrap_or(chance);
        warn!(chat = self.config.name, reason, wait_s = wait.as_secs(), "the bot has no server");
        let epoch = self.epoch;
        ctx.later(wait, move |this, ctx| {
            if this.epoch == epoch {
                this.connect(ctx);
            }
        });
    }

    /// Sends a line before all that waits.
    pub(super) fn send_now(&mut self, line: String, ctx: &mut ShellContext<'_, Self>) {
        let is_taken = self.link.as_ref().is_none_or(|link| link.outgoing.try_send(line).is_ok());
        if !is_taken {
            self.lost("the server takes nothing any more", ctx);
        }
    }

    /// Sends what may be sent, and comes again for the rest.
    fn drain(&mut self, ctx: &mut ShellContext<'_, Self>) {
        while let Some(link) = &mut self.link {
            match link.outbox.next(Instant::now()) {
                Next::Now(line) => self.send_now(line, ctx),
                Next::At(due) if !link.is_waiting => {
                    link.is_waiting = true;
                    let epoch = self.epoch;
                    ctx.later(due.duration_since(Instant::now()), move |this, ctx| {
                        if let Some(link) = this.link.as_mut().filter(|_| this.epoch == epoch) {
                            link.is_waiting = false;
                            this.drain(ctx);
                        }
                    });
                    return;
                }
                Next::At(_) | Next::Nothing => return,
            }
        }
    }

    /// Says something; answers whether there was room for all of it.
    pub(super) fn say(&mut self, place: &str, text: &str, ctx: &mut ShellContext<'_, Self>) -> bool {
        let is_taken = self.queue(place, text);
        self.drain(ctx);
        is_taken
    }

    fn queue(&mut self, place: &str, text: &str) -> bool {
        let is_notice = self.config.notice_on_channel && is_channel(place);
        let Some(link) = &mut self.link else { return false };
        let name = if is_notice { "NOTICE" } else { "PRIVMSG" };
        let most = room(link.session.nick(), name, place);
        pieces(text, most).into_iter().all(|piece| {
            let place = place.to_owned();
            let command = if is_notice { IrcCommand::NOTICE(place, piece) } else { IrcCommand::PRIVMSG(place, piece) };
            link.outbox.push(line(&command))
        })
    }

    /// Says notices where that is possible now; the others are kept.
    pub(super) fn tell(&mut self, notices: Vec<(i64, ChatNotice)>, ctx: &mut ShellContext<'_, Self>) {
        let mut told = Vec::new();
        for (id, notice) in notices {
            let is_reached = self.link.as_ref().is_some_and(|link| link.session.reaches(&notice.place));
            if is_reached && self.queue(&notice.place, &notice.text) {
                self.in_flight.insert(id);
                told.push((id, notice.place));
            }
        }
        self.n_marks += 1;
        let mark = format!("told-{}", self.n_marks);
        if let Some(link) = self.link.as_mut().filter(|_| !told.is_empty()) {
            // Without its mark a notice counts as not said, and may be said again.
            if link.outbox.push(line(&IrcCommand::PING(mark.clone(), None))) {
                self.unconfirmed.insert(mark, told);
            }
        }
        self.drain(ctx);
    }

    fn confirmed(&mut self, mark: &str, ctx: &mut ShellContext<'_, Self>) {
        let Some(told) = self.unconfirmed.remove(mark) else { return };
        let ids: Vec<i64> = told.into_iter().map(|(id, _)| id).collect();
        let (db, ending) = (self.deps.db.clone(), EndNotices { ids: ids.clone() });
        ctx.spawn(async move { db.write(ending).await }, move |this, outcome, _| match outcome {
            Ok(()) => ids.iter().for_each(|id| {
                this.in_flight.remove(id);
            }),
            Err(error) => this.report(&error),
        });
    }

    /// Tells those who were out of reach what they missed, or how much: in a channel, or all people.
    fn announce(&mut self, channel: Option<String>, ctx: &mut ShellContext<'_, Self>) {
        let (db, chat) = (self.deps.db.clone(), self.config.name.clone());
        let is_meant = move |place: &String| match &channel {
            Some(channel) => fold(place) == fold(channel),
            None => !is_channel(place),
        };
        let reading = async move {
            db.read(move |conn| {
                let places = chats::places(conn, &chat)?.into_iter().filter(is_meant);
                places.map(|place| chats::unsaid(conn, &chat, &place, 500).map(|found| (place, found.0))).collect()
            })
            .await
        };
        ctx.spawn(reading, |this, outcome: Result<Vec<_>, DbError>, ctx| match outcome {
            Ok(places) => places.into_iter().for_each(|(place, notices)| this.announce_in(&place, notices, ctx)),
            Err(error) => this.report(&error),
        });
    }

    fn announce_in(&mut self, place: &str, mut notices: Vec<(i64, ChatNotice)>, ctx: &mut ShellContext<'_, Self>) {
        notices.retain(|(id, _)| !self.in_flight.contains(id));
        let Some((_, first)) = notices.first() else { return };
        if notices.len() <= FEW {
            for (_, notice) in &mut notices {
                notice.text = format!("while I was away: {}", notice.text);
            }
            return self.tell(notices, ctx);
        }
        let n_missed = notices.len();
        let how = if is_channel(place) { format!("{}: missed", self.config.nick) } else { "missed".to_owned() };
        let since = moment(first.happened_at);
        let text = format!("while I was away, {n_missed} things happened since {since}; '{how}' tells them");
        self.say(place, &text, ctx);
    }

    fn read(&mut self, ctx: &mut ShellContext<'_, Self>) {
        if self.is_reading || self.interests.is_none() {
            self.read_again = true;
            return;
        }
        (self.is_reading, self.read_again) = (true, false);
        let reading = reading::read(self.deps.clone(), self.config.name.clone(), self.seen);
        ctx.spawn(reading, |this, outcome, ctx| match outcome {
            Ok(Some(batch)) => this.decide(batch, ctx),
            Ok(None) => this.is_reading = false,
            Err(error) => {
                this.is_reading = false;
                this.report(&error);
            }
        });
    }

    /// Decides what is said about what happened, and keeps that together with the cursor.
    fn decide(&mut self, batch: Batch, ctx: &mut ShellContext<'_, Self>) {
        let Batch { news, seen, stored, more } = batch;
        let applied = Arc::clone(&self.deps.config.borrow());
        let site = Site { title: applied.config.title.clone(), url: applied.config.buildbot_url.clone() };
        let (chat, seq) = (self.config.name.clone(), seen);
        let mut advance = AdvanceChat { chat, seq, notices: Vec::new(), fulfilled: Vec::new(), added: Vec::new() };
        for (_, happened_at, news) in &news {
            let Some(interests) = &mut self.interests else { continue };
            let mut come = consequences(&self.config, &site, interests, news, *happened_at);
            interests.change(&come.fulfilled, &come.added);
            advance.notices.append(&mut come.notices);
            // What was wanted and fulfilled within one batch was never stored: in this order nothing of it stays.
            advance.added.retain(|added| !come.fulfilled.contains(added));
            advance.fulfilled.append(&mut come.fulfilled);
            advance.added.append(&mut come.added);
        }
        self.seen = Some(seen);
        let nothing = advance.notices.is_empty() && advance.fulfilled.is_empty() && advance.added.is_empty();
        if nothing && seen.saturating_sub(stored) < FAR_BEHIND {
            return self.has_read(more, ctx);
        }
        let (db, notices) = (self.deps.db.clone(), advance.notices.clone());
        ctx.spawn(async move { db.write(advance).await }, move |this, outcome, ctx| match outcome {
            Ok(ids) => {
                this.tell(ids.into_iter().zip(notices).collect(), ctx);
                this.has_read(more, ctx);
            }
            Err(error) => {
                // What was decided is forgotten, and decided again from what is stored.
                this.report(&error);
                (this.interests, this.seen, this.is_reading) = (None, None, false);
                ctx.later(LOOK_EVERY, Self::begin);
            }
        });
    }

    fn has_read(&mut self, more: bool, ctx: &mut ShellContext<'_, Self>) {
        self.is_reading = false;
        if more || self.read_again {
            self.read(ctx);
        }
    }

    /// Remembers who wants something, and who does no more.
    pub(super) fn change(
        &mut self,
        removed: Vec<ChatInterest>,
        added: Vec<ChatInterest>,
        ctx: &mut ShellContext<'_, Self>,
    ) {
        if let Some(interests) = &mut self.interests {
            interests.change(&removed, &added);
        }
        let (db, chat) = (self.deps.db.clone(), self.config.name.clone());
        let change = ChangeInterests { chat, removed, added };
        ctx.spawn(async move { db.write(change).await }, |this, outcome, _| {
            if let Err(error) = outcome {
                this.report(&error);
            }
        });
    }

    /// Looks after the connection.
    fn look_after(&mut self, ctx: &mut ShellContext<'_, Self>) {
        let Some(link) = &self.link else { return };
        let silence = link.heard_at.elapsed();
        if LOST_AFTER <= silence {
            return self.lost("the server is silent", ctx);
        }
        let mut lines = link.session.retry();
        if ASK_AFTER <= silence {
            lines.push(line(&IrcCommand::PING("alive".to_owned(), None)));
        }
        lines.into_iter().for_each(|line| self.send_now(line, ctx));
    }
}

impl Child for Bot {
    fn started(&mut self, ctx: &mut ShellContext<'_, Self>) {
        self.begin(ctx);
        ctx.every(LOOK_EVERY, |this, ctx| {
            this.read(ctx);
            this.look_after(ctx);
        });
    }
}

impl Handle<ReconsiderNews> for Bot {
    fn handle(&mut self, _: ReconsiderNews, ctx: &mut ShellContext<'_, Self>) -> Reply<()> {
        self.read(ctx);
        Reply::Now(())
    }
}
