//! What is said about something that happened, and to whom: decided from facts.

use super::interests::Interests;
use crate::commands::notices::Moment;
use crate::domain::{BuildRequestId, ChatInterest, ChatNotice, ChatWish, Results, Timestamp};
use crate::reporters::facts::{BuildFacts, Site};
use crate::reporters::irc::IrcConfig;
use crate::reporters::irc::address::fold;
use crate::reporters::irc::split::harmless;
use crate::reporters::irc::tell::Sentences;

/// Something that happened, with what is known of it.
#[derive(Debug)]
pub enum News {
    /// Also the requests that the build serves.
    Started(Box<BuildFacts>, Vec<BuildRequestId>),
    Finished(Box<BuildFacts>),
    Cancelled {
        request: BuildRequestId,
        builder: String,
    },
    WorkerMissing(String),
}

/// What comes of something that happened.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Consequences {
    pub notices: Vec<ChatNotice>,
    pub fulfilled: Vec<ChatInterest>,
    pub added: Vec<ChatInterest>,
}

pub fn consequences(
    config: &IrcConfig,
    site: &Site,
    interests: &Interests,
    news: &News,
    happened_at: Timestamp,
) -> Consequences {
    let sentences = Sentences { config, site };
    let mut consequences = Consequences::default();
    match news {
        News::Started(facts, requests) => {
            for asked in interests.askers(requests) {
                consequences
                    .added
                    .push(ChatInterest { place: asked.place.clone(), wish: ChatWish::Build(facts.build.id) });
                consequences.fulfilled.push(asked);
            }
            let text = sentences.started(facts);
            consequences.say(interests, &text, happened_at, Some((config, facts)), Moment::Started);
        }
        News::Finished(facts) => {
            let Some(results) = facts.build.results else { return consequences };
            consequences.fulfilled = interests.watchers(facts.build.id);
            if results == Results::Retry {
                // They wait for the next attempt.
                let again = |it: &ChatInterest| ChatInterest {
                    place: it.place.clone(),
                    wish: ChatWish::Request(facts.build.request_id),
                };
                consequences.added = consequences.fulfilled.iter().map(again).collect();
            }
            let previous = facts.previous.as_ref().and_then(|previous| previous.results);
            let moment = Moment::Ended { results, previous };
            let text = sentences.ended(facts);
            consequences.say(interests, &text, happened_at, Some((config, facts)), moment);
        }
        News::Cancelled { request, builder } => {
            consequences.fulfilled = interests.askers(&[*request]);
            let text = format!("the request for {} was cancelled before it was built", harmless(builder));
            consequences.tell_those_who_wait(interests, &text, happened_at);
        }
        News::WorkerMissing(worker) => {
            let text = format!("worker {} is missing", harmless(worker));
            consequences.say(interests, &text, happened_at, None, Moment::WorkerMissing);
        }
    }
    consequences
}

impl Consequences {
    /// Tells those who wait for it, and those who want such events; nobody twice.
    fn say(
        &mut self,
        interests: &Interests,
        text: &str,
        happened_at: Timestamp,
        build: Option<(&IrcConfig, &BuildFacts)>,
        moment: Moment,
    ) {
        self.tell_those_who_wait(interests, text, happened_at);
        if build.is_some_and(|(config, facts)| !is_of_interest(config, facts)) {
            return;
        }
        for (place, _) in interests.listeners().into_iter().filter(|(_, notices)| notices.want(moment)) {
            self.notice(interests, place, text, happened_at);
        }
    }

    fn tell_those_who_wait(&mut self, interests: &Interests, text: &str, happened_at: Timestamp) {
        let places: Vec<String> = self.fulfilled.iter().map(|interest| interest.place.clone()).collect();
        places.into_iter().for_each(|place| self.notice(interests, place, text, happened_at));
    }

    fn notice(&mut self, interests: &Interests, place: String, text: &str, happened_at: Timestamp) {
        let has_it = self.notices.iter().any(|notice| fold(&notice.place) == fold(&place));
        if !has_it && !interests.is_muted(&place) {
            self.notices.push(ChatNotice { place, text: text.to_owned(), happened_at });
        }
    }
}

/// Whether the configuration wants builds of this builder told.
fn is_of_interest(config: &IrcConfig, facts: &BuildFacts) -> bool {
    let wanted = config.tags.as_deref();
    wanted.is_none_or(|wanted| facts.builder.tags.iter().any(|tag| wanted.contains(tag)))
}
