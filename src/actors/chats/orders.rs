//! What people say to a bot: who may, what is about the chat itself, and what goes to the desk.

use std::sync::Arc;

use tracing::info;

use super::bot::Bot;
use crate::actors::command_desk::{Answer, Asker, DeskError};
use crate::actors::reporters::gather;
use crate::actors::supervisor::ShellContext;
use crate::commands::notices::Notices;
use crate::commands::rights::Person;
use crate::commands::table::Place;
use crate::commands::{Command, NotifyOrder, parse};
use crate::db::views::select::Select;
use crate::db::views::{builds, chats};
use crate::domain::{BuildRequestId, ChatInterest, ChatWish};
use crate::reporters::facts::Site;
use crate::reporters::irc::Channel;
use crate::reporters::irc::address::{addressed, fold, reaction};
use crate::reporters::irc::session::Heard;
use crate::reporters::irc::split::harmless;
use crate::reporters::irc::tell::Sentences;

/// Commands that are carried out at once; further ones are not heard.
const MOST_BUSY: usize = 10;
/// Notices that `missed` tells at once.
const MOST_MISSED: i64 = 30;
/// Interests of one place.
const MOST_WATCHED: usize = 20;

/// Where an answer goes.
#[derive(Clone)]
struct Seat {
    place: String,
    who: Person,
    is_private: bool,
}

impl Bot {
    pub(super) fn heard(&mut self, heard: Heard, ctx: &mut ShellContext<'_, Self>) {
        let Some(nick) = self.link.as_ref().map(|link| link.session.nick().to_owned()) else { return };
        let Heard { who, channel, text, is_action } = heard;
        if fold(&who.name) == fold(&nick) {
            return;
        }
        let is_private = channel.is_none();
        let seat = Seat { place: channel.unwrap_or_else(|| who.name.clone()), who, is_private };
        if is_action {
            if let Some(answer) = reaction(&text, &nick, &seat.who.name) {
                self.act(&seat.place, &answer, ctx);
            }
            return;
        }
        let said = addressed(&text, &nick).or(is_private.then_some(text.trim()));
        let Some(said) = said else { return };
        match parse(said) {
            Ok(Some(command)) => self.obey(command, seat, ctx),
            Ok(None) => self.answer(&seat, &["yes? 'help' says what I understand".to_owned()], ctx),
            Err(error) => self.answer(&seat, &[error.to_string()], ctx),
        }
    }

    fn obey(&mut self, command: Command, seat: Seat, ctx: &mut ShellContext<'_, Self>) {
        let name = command.name();
        if !self.config.rights.allow(name, &seat.who) {
            info!(chat = self.config.name, command = name, who = seat.who.mask, "a command was not allowed");
            return self.answer(&seat, &[format!("you may not '{name}' here")], ctx);
        }
        match command {
            Command::Watch(builder) => self.watch(builder, seat, ctx),
            Command::Notify(order) => self.notify(order, &seat, ctx),
            Command::Mute => self.mute(true, &seat, ctx),
            Command::Unmute => self.mute(false, &seat, ctx),
            Command::Missed => self.missed(seat, ctx),
            Command::Join { channel, key } => self.join(channel, key, &seat, ctx),
            Command::Leave(channel) => self.leave(&channel, &seat, ctx),
            Command::GetId => self.answer(&seat, &[format!("you are {}", seat.who.mask)], ctx),
            other => self.carry_out(other, seat, ctx),
        }
    }

    fn carry_out(&mut self, command: Command, seat: Seat, ctx: &mut ShellContext<'_, Self>) {
        if MOST_BUSY <= self.n_busy {
            return self.answer(&seat, &["I am busy; ask again in a moment".to_owned()], ctx);
        }
        self.n_busy += 1;
        let name = if seat.is_private {
            format!("{} on IRC", seat.who.name)
        } else {
            format!("{} on {}", seat.who.name, seat.place)
        };
        let is_hello = command == Command::Hello;
        let (desk, asker) = (self.deps.desk.clone(), Asker { name, place: Place::Chats });
        let asked = async move { desk.carry_out(command, &asker).await };
        ctx.spawn(asked, move |this, outcome, ctx| {
            this.n_busy = this.n_busy.saturating_sub(1);
            match outcome {
                Ok(_) if is_hello => this.answer(&seat, &["hello".to_owned()], ctx),
                Ok(Answer { lines, forced }) => {
                    this.answer(&seat, &lines, ctx);
                    if let Some(request) = forced {
                        this.wait_for(request, seat.place, ctx);
                    }
                }
                Err(error) => this.answer(&seat, &[error.to_string()], ctx),
            }
        });
    }

    /// In channels the first line has the name of who asked.
    fn answer(&mut self, seat: &Seat, lines: &[String], ctx: &mut ShellContext<'_, Self>) {
        for (position, text) in lines.iter().enumerate() {
            match text.strip_prefix('*').and_then(|text| text.strip_suffix('*')) {
                Some(action) => self.act(&seat.place, action, ctx),
                None => {
                    let name =
                        if seat.is_private || 0 < position { String::new() } else { format!("{}: ", seat.who.name) };
                    self.say(&seat.place, &format!("{name}{}", harmless(text)), ctx);
                }
            }
        }
    }

    fn act(&mut self, place: &str, action: &str, ctx: &mut ShellContext<'_, Self>) {
        self.say(place, &format!("\u{1}ACTION {}\u{1}", harmless(action)), ctx);
    }

    /// Tells who asked for a build how it goes. The build may have begun, or even ended, before anybody could wait for it.
    fn wait_for(&mut self, request: BuildRequestId, place: String, ctx: &mut ShellContext<'_, Self>) {
        let wanted = ChatInterest { place, wish: ChatWish::Request(request) };
        self.change(Vec::new(), vec![wanted.clone()], ctx);
        let db = self.deps.db.clone();
        let reading = async move {
            db.read(move |conn| {
                let begun = builds::select(conn, &Select::scoped(builds::OF_REQUEST, vec![request.0]))?;
                begun.last().map(|build| gather::build(conn, build.id)).transpose()
            })
            .await
        };
        ctx.spawn(reading, move |this, outcome, ctx| {
            let Ok(Some(Some(facts))) = outcome else { return };
            // Events that came meanwhile may have told it already.
            if !this.interests.as_ref().is_some_and(|interests| interests.has(&wanted)) {
                return;
            }
            let watch = ChatInterest { place: wanted.place.clone(), wish: ChatWish::Build(facts.build.id) };
            let added = if facts.build.results.is_none() { vec![watch] } else { Vec::new() };
            let applied = Arc::clone(&this.deps.config.borrow());
            let site = Site { title: applied.config.title.clone(), url: applied.config.buildbot_url.clone() };
            let text = Sentences { config: &this.config, site: &site }.ended(&facts);
            this.say(&wanted.place, &text, ctx);
            this.change(vec![wanted], added, ctx);
        });
    }

    fn watch(&mut self, builder: String, seat: Seat, ctx: &mut ShellContext<'_, Self>) {
        let desk = self.deps.desk.clone();
        let name = builder.clone();
        let reading = async move { desk.running(desk.builder(&name)?).await };
        ctx.spawn(reading, move |this, outcome, ctx| {
            let lines = match outcome {
                Ok(running) if running.is_empty() => vec![DeskError::NothingRuns(builder).to_string()],
                Ok(running) => {
                    let running = running.into_iter().take(MOST_WATCHED);
                    let (added, lines) = running
                        .map(|build| {
                            let wish = ChatWish::Build(build.id);
                            let line = format!("I shall say when build #{} of {builder} ends", build.number);
                            (ChatInterest { place: seat.place.clone(), wish }, line)
                        })
                        .unzip();
                    this.change(Vec::new(), added, ctx);
                    lines
                }
                Err(error) => vec![error.to_string()],
            };
            this.answer(&seat, &lines, ctx);
        });
    }

    fn notify(&mut self, order: NotifyOrder, seat: &Seat, ctx: &mut ShellContext<'_, Self>) {
        let Some(interests) = &self.interests else { return };
        let (mut notices, before) = (interests.notices(&seat.place), interests.events_of(&seat.place));
        match order {
            NotifyOrder::On(more) if more.is_empty() => notices.add(&Notices::usual()),
            NotifyOrder::On(more) => notices.add(&more),
            NotifyOrder::Off(less) if less.is_empty() => notices = Notices::default(),
            NotifyOrder::Off(less) => notices.remove(&less),
            NotifyOrder::List => return self.say_events(&notices, seat, ctx),
        }
        let wish = ChatWish::Events(notices.to_string());
        self.change(before, vec![ChatInterest { place: seat.place.clone(), wish }], ctx);
        self.say_events(&notices, seat, ctx);
    }

    fn say_events(&mut self, notices: &Notices, seat: &Seat, ctx: &mut ShellContext<'_, Self>) {
        let text = match notices.is_empty() {
            true => "no events are told here".to_owned(),
            false => format!("told here: {notices}"),
        };
        self.answer(seat, &[text], ctx);
    }

    fn mute(&mut self, mute: bool, seat: &Seat, ctx: &mut ShellContext<'_, Self>) {
        let interest = ChatInterest { place: seat.place.clone(), wish: ChatWish::Muted };
        let (removed, added, text) = match mute {
            true => (Vec::new(), vec![interest], "I say nothing of builds here until 'unmute'"),
            false => (vec![interest], Vec::new(), "I say what happens again"),
        };
        self.change(removed, added, ctx);
        self.answer(seat, &[text.to_owned()], ctx);
    }

    /// Tells the oldest of what a place has missed.
    fn missed(&mut self, seat: Seat, ctx: &mut ShellContext<'_, Self>) {
        let (db, chat, place) = (self.deps.db.clone(), self.config.name.clone(), seat.place.clone());
        let reading = async move {
            db.read(move |conn| {
                let places = chats::places(conn, &chat)?;
                let place = places.into_iter().find(|known| fold(known) == fold(&place)).unwrap_or(place);
                chats::unsaid(conn, &chat, &place, 500)
            })
            .await
        };
        ctx.spawn(reading, move |this, outcome, ctx| match outcome {
            Ok((mut notices, _)) => {
                notices.retain(|(id, _)| !this.in_flight.contains(id));
                let most = usize::try_from(MOST_MISSED).unwrap_or(usize::MAX);
                let n_more = notices.len().saturating_sub(most);
                notices.truncate(most);
                if notices.is_empty() {
                    return this.answer(&seat, &["nothing was missed here".to_owned()], ctx);
                }
                this.tell(notices, ctx);
                if 0 < n_more {
                    this.answer(&seat, &[format!("and {n_more} more; 'missed' tells them")], ctx);
                }
            }
            Err(error) => this.answer(&seat, &[DeskError::from(error).to_string()], ctx),
        });
    }

    fn join(&mut self, name: String, key: Option<String>, seat: &Seat, ctx: &mut ShellContext<'_, Self>) {
        let wanted = ChatInterest { place: name.clone(), wish: ChatWish::Channel(key.clone().unwrap_or_default()) };
        let left = ChatInterest { place: name.clone(), wish: ChatWish::Left };
        self.change(vec![left], vec![wanted], ctx);
        self.answer(seat, &[format!("I come to {name}")], ctx);
        let line = self.link.as_mut().and_then(|link| link.session.join(Channel { name, key }));
        line.into_iter().for_each(|line| self.send_now(line, ctx));
    }

    fn leave(&mut self, name: &str, seat: &Seat, ctx: &mut ShellContext<'_, Self>) {
        let Some(interests) = &self.interests else { return };
        let known: Vec<Channel> =
            interests.channels().into_iter().filter(|channel| fold(&channel.name) == fold(name)).collect();
        if known.is_empty() {
            return self.answer(seat, &[format!("I am not in {name}")], ctx);
        }
        let of = |channel: &Channel| {
            let key = channel.key.clone().unwrap_or_default();
            ChatInterest { place: channel.name.clone(), wish: ChatWish::Channel(key) }
        };
        let removed = known.iter().map(of).collect();
        let added = known.iter().map(|it| ChatInterest { place: it.name.clone(), wish: ChatWish::Left }).collect();
        self.change(removed, added, ctx);
        self.answer(seat, &[format!("I leave {name}")], ctx);
        let line = self.link.as_mut().and_then(|link| link.session.leave(name));
        line.into_iter().for_each(|line| self.send_now(line, ctx));
    }
}
