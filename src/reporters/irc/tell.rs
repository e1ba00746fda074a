//! What is said of builds, with colours where they are wanted.

use super::IrcConfig;
use super::split::harmless;
use crate::commands::answers::{short, verb};
use crate::domain::{PropertyValue, Results};
use crate::reporters::facts::{BuildFacts, Site};
use crate::reporters::story::build_url;
use crate::reporters::words;

/// Revisions and people that are named.
const MOST_NAMES: usize = 5;
/// Longest foreign word, in letters.
const LONGEST_WORD: usize = 100;

/// Something that is said of a build.
pub struct Sentences<'a> {
    pub config: &'a IrcConfig,
    pub site: &'a Site,
}

impl Sentences<'_> {
    /// `build #7 of unit-tests started: http://…`.
    pub fn started(&self, facts: &BuildFacts) -> String {
        format!("{} started: {}", self.subject(facts), build_url(self.site, &facts.build))
    }

    /// `build #7 of unit-tests failed (failed test), blamelist: Ann: http://…`.
    pub fn ended(&self, facts: &BuildFacts) -> String {
        let Some(results) = facts.build.results else { return self.started(facts) };
        let verb = self.coloured(verb(results), results);
        let state = word(&facts.build.state_string);
        let state = if state.is_empty() || results == Results::Success { String::new() } else { format!(" ({state})") };
        let blamed = facts.blamelist();
        let is_blamed = self.config.show_blame_list && results != Results::Success && !blamed.is_empty();
        let blame = if is_blamed { format!(", blamelist: {}", some(&blamed)) } else { String::new() };
        format!("{} {verb}{state}{blame}: {}", self.subject(facts), build_url(self.site, &facts.build))
    }

    fn subject(&self, facts: &BuildFacts) -> String {
        let builder = word(&facts.builder.name);
        let revisions = if self.config.use_revisions { revisions(facts) } else { Vec::new() };
        match revisions.is_empty() {
            true => format!("build #{} of {builder}", facts.build.number),
            false => format!("build of {builder} containing revision(s) {}", some(&revisions)),
        }
    }

    fn coloured(&self, text: &str, results: Results) -> String {
        if !self.config.use_colors {
            return text.to_owned();
        }
        let colour = match results {
            Results::Success => "03",
            Results::Warnings => "07",
            Results::Failure => "04",
            Results::Exception | Results::Retry => "06",
            Results::Skipped | Results::Cancelled => "10",
        };
        format!("\u{3}{colour}{text}\u{f}")
    }
}

/// Those of the changes, else what was checked out.
fn revisions(facts: &BuildFacts) -> Vec<String> {
    let of_changes: Vec<String> =
        facts.changes.iter().filter_map(|change| change.revision.as_deref()).map(short).collect();
    if !of_changes.is_empty() {
        return of_changes;
    }
    let got = facts.properties.get("got_revision").and_then(PropertyValue::as_str);
    got.into_iter().map(short).collect()
}

fn word(text: &str) -> String {
    words::one_line(&harmless(text), LONGEST_WORD)
}

fn some(names: &[String]) -> String {
    let n_more = names.len().saturating_sub(MOST_NAMES);
    let named: Vec<String> = names.iter().take(MOST_NAMES).map(|name| word(name)).collect();
    let more = if 0 < n_more { format!(" and {n_more} more") } else { String::new() };
    format!("{}{more}", named.join(", "))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::commands::notices::Notices;
    use crate::commands::rights::Rights;
    use crate::reporters::fixtures::build_facts;
    use crate::reporters::irc::Channel;
    use crate::reporters::mail::Trust;

    pub fn config() -> IrcConfig {
        IrcConfig {
            name: "IRC".to_owned(),
            host: "irc.example.org".to_owned(),
            port: 6667,
            nick: "bot".to_owned(),
            channels: vec![Channel { name: "#ci".to_owned(), key: None }],
            pm_to_nicks: Vec::new(),
            password: None,
            use_sasl: false,
            use_tls: false,
            trust: Trust::System,
            notify: Notices::default(),
            tags: None,
            notice_on_channel: false,
            use_revisions: false,
            show_blame_list: true,
            use_colors: false,
            rights: Rights::default(),
            lost_delay: None,
            failed_delay: None,
        }
    }

    fn site() -> Site {
        Site { title: "CI".to_owned(), url: "http://ci/".to_owned() }
    }

    #[test]
    fn an_end_says_how_and_whom_to_ask() {
        let (config, site, facts) = (config(), site(), build_facts());
        let said = Sentences { config: &config, site: &site }.ended(&facts);
        assert!(said.starts_with("build #7 of runtests failed (") && said.contains("blamelist: "), "{said}");
        assert!(said.ends_with(&format!(": http://ci/builders/{}/builds/7", facts.build.builder_id)), "{said}");
        let quiet = IrcConfig { show_blame_list: false, use_colors: true, ..config };
        let said = Sentences { config: &quiet, site: &site }.ended(&facts);
        assert!(said.contains("\u{3}04failed\u{f}") && !said.contains("blamelist"), "{said}");
    }

    #[test]
    fn revisions_stand_in_place_of_the_number() {
        let config = IrcConfig { use_revisions: true, ..config() };
        let said = Sentences { config: &config, site: &site() }.started(&build_facts());
        assert!(said.starts_with("build of runtests containing revision(s) ") && said.contains(" started: "), "{said}");
    }

    #[test]
    fn names_of_strangers_cannot_do_anything() {
        let mut facts = build_facts();
        facts.builder.name = "a\r\nQUIT :\u{3}4".to_owned();
        facts.build.state_string = "\u{1}x\u{202e}".repeat(500);
        let said = Sentences { config: &config(), site: &site() }.ended(&facts);
        assert!(!said.chars().any(words::is_unseen) && said.chars().count() < 600, "{said:?}");
    }
}
