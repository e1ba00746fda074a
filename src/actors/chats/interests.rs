//! Who wants to hear what, as the configuration and people in the chat say it.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::commands::notices::Notices;
use crate::domain::{BuildId, BuildRequestId, ChatInterest, ChatWish};
use crate::reporters::irc::address::fold;
use crate::reporters::irc::{Channel, IrcConfig};

/// Everything that is wanted in a chat.
#[derive(Clone, Debug, Default)]
pub struct Interests {
    /// What is stored.
    stored: HashSet<ChatInterest>,
    /// What the configuration says: by folded name, the name as it is written and its events.
    configured: BTreeMap<String, (String, Notices)>,
    /// The channels of the configuration.
    channels: Vec<Channel>,
}

impl Interests {
    pub fn new(config: &IrcConfig) -> Self {
        let channels = config.channels.iter().map(|channel| channel.name.clone());
        let places = channels.chain(config.pm_to_nicks.iter().cloned());
        let configured = places.map(|place| (fold(&place), (place, config.notify.clone()))).collect();
        Self { stored: HashSet::new(), configured, channels: config.channels.clone() }
    }

    /// What was stored before.
    pub fn restore(&mut self, stored: Vec<ChatInterest>) {
        self.stored.extend(stored);
    }

    pub fn change(&mut self, removed: &[ChatInterest], added: &[ChatInterest]) {
        removed.iter().for_each(|interest| {
            self.stored.remove(interest);
        });
        self.stored.extend(added.iter().cloned());
    }

    pub fn has(&self, interest: &ChatInterest) -> bool {
        self.stored.contains(interest)
    }

    /// The channels to be in.
    pub fn channels(&self) -> Vec<Channel> {
        let left: BTreeSet<String> =
            self.stored.iter().filter(|it| it.wish == ChatWish::Left).map(|it| fold(&it.place)).collect();
        let mut channels: BTreeMap<String, Channel> =
            self.channels.iter().map(|channel| (fold(&channel.name), channel.clone())).collect();
        channels.retain(|name, _| !left.contains(name));
        for interest in &self.stored {
            if let ChatWish::Channel(key) = &interest.wish {
                let key = Some(key.clone()).filter(|key| !key.is_empty());
                channels.insert(fold(&interest.place), Channel { name: interest.place.clone(), key });
            }
        }
        channels.into_values().collect()
    }

    pub fn is_muted(&self, place: &str) -> bool {
        let place = fold(place);
        self.stored.iter().any(|interest| interest.wish == ChatWish::Muted && fold(&interest.place) == place)
    }

    /// The events that a place is told.
    pub fn notices(&self, place: &str) -> Notices {
        let place = fold(place);
        let own = self.stored.iter().find_map(|interest| match &interest.wish {
            ChatWish::Events(words) if fold(&interest.place) == place => Some(notices(words)),
            _ => None,
        });
        own.or_else(|| self.configured.get(&place).map(|(_, notices)| notices.clone())).unwrap_or_default()
    }

    /// The stored wish for events of a place.
    pub fn events_of(&self, place: &str) -> Vec<ChatInterest> {
        let is_it = |it: &&ChatInterest| matches!(it.wish, ChatWish::Events(_)) && fold(&it.place) == fold(place);
        self.stored.iter().filter(is_it).cloned().collect()
    }

    /// Every place that is told some events, each once, with them.
    pub fn listeners(&self) -> Vec<(String, Notices)> {
        let mut places: BTreeMap<String, String> =
            self.configured.iter().map(|(folded, (place, _))| (folded.clone(), place.clone())).collect();
        for interest in self.stored.iter().filter(|it| matches!(it.wish, ChatWish::Events(_))) {
            places.entry(fold(&interest.place)).or_insert_with(|| interest.place.clone());
        }
        let listeners = places.into_values().map(|place| (self.notices(&place), place));
        listeners.filter(|(notices, _)| !notices.is_empty()).map(|(notices, place)| (place, notices)).collect()
    }

    /// Who waits for a build.
    pub fn watchers(&self, build: BuildId) -> Vec<ChatInterest> {
        self.those(|wish| *wish == ChatWish::Build(build))
    }

    /// Who waits for the build of a request.
    pub fn askers(&self, requests: &[BuildRequestId]) -> Vec<ChatInterest> {
        self.those(|wish| matches!(wish, ChatWish::Request(request) if requests.contains(request)))
    }

    fn those(&self, fits: impl Fn(&ChatWish) -> bool) -> Vec<ChatInterest> {
        let mut found: Vec<ChatInterest> = self.stored.iter().filter(|it| fits(&it.wish)).cloned().collect();
        found.sort_by(|one, other| one.place.cmp(&other.place));
        found
    }
}

/// Words that were stored; what a later version does not know any more is left out.
fn notices(words: &str) -> Notices {
    let mut notices = Notices::default();
    for word in words.split(", ").filter(|word| !word.is_empty()) {
        if let Ok(known) = Notices::from_words([word]) {
            notices.add(&known);
        }
    }
    notices
}
