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
    let mut come = Consequences::default();
    let (text, moment) = match news {
        News::Started(facts, requests) => {
            come.fulfilled = interests.askers(requests);
            let watch = |it: &ChatInterest| wish(it, ChatWish::Build(facts.build.id));
            come.added = come.fulfilled.iter().map(watch).collect();
            (sentences.started(facts), Some(Moment::Started).filter(|_| is_of_interest(config, facts)))
        }
        News::Finished(facts) => {
            let Some(results) = facts.build.results else { return come };
            come.fulfilled = interests.watchers(facts.build.id);
            if results == Results::Retry {
                // They wait for the next attempt.
                let again = |it: &ChatInterest| wish(it, ChatWish::Request(facts.build.request_id));
                come.added = come.fulfilled.iter().map(again).collect();
            }
            let previous = facts.previous.as_ref().and_then(|previous| previous.results);
            let moment = Moment::Ended { results, previous };
            (sentences.ended(facts), Some(moment).filter(|_| is_of_interest(config, facts)))
        }
        News::Cancelled { request, builder } => {
            come.fulfilled = interests.askers(&[*request]);
            (format!("the request for {} was cancelled before it was built", harmless(builder)), None)
        }
        News::WorkerMissing(worker) => (format!("worker {} is missing", harmless(worker)), Some(Moment::WorkerMissing)),
    };
    come.notices = audience(interests, &come.fulfilled, moment)
        .into_iter()
        .map(|place| ChatNotice { place, text: text.clone(), happened_at })
        .collect();
    come
}

fn wish(of: &ChatInterest, wish: ChatWish) -> ChatInterest {
    ChatInterest { place: of.place.clone(), wish }
}

/// Places that wait for it, and those that want to hear of such a moment; each once, and none that wants silence.
fn audience(interests: &Interests, waiting: &[ChatInterest], moment: Option<Moment>) -> Vec<String> {
    let listeners = interests.listeners().into_iter();
    let listeners = listeners.filter(|(_, notices)| moment.is_some_and(|moment| notices.want(moment)));
    let mut places: Vec<String> = Vec::new();
    for place in waiting.iter().map(|interest| interest.place.clone()).chain(listeners.map(|(place, _)| place)) {
        let has_it = places.iter().any(|known| fold(known) == fold(&place));
        if !has_it && !interests.is_muted(&place) {
            places.push(place);
        }
    }
    places
}

/// Whether the configuration wants builds of this builder told.
fn is_of_interest(config: &IrcConfig, facts: &BuildFacts) -> bool {
    let wanted = config.tags.as_deref();
    wanted.is_none_or(|wanted| facts.builder.tags.iter().any(|tag| wanted.contains(tag)))
}
