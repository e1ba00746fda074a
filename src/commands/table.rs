//! The table of commands: help, the manual and the rights come from it.

/// One command, as people know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    pub name: &'static str,
    /// What follows the name.
    pub arguments: &'static str,
    /// One line.
    pub summary: &'static str,
    /// What else there is to say, and examples; may be empty.
    pub more: &'static str,
    pub place: Place,
    pub danger: Danger,
    /// Whether lists of commands have it.
    pub shown: bool,
}

/// Where a command means something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Everywhere,
    /// It is about the chat itself.
    Chats,
}

/// What a command can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Danger {
    /// Everybody may, unless the configuration says otherwise.
    Harmless,
    /// Nobody may, unless the configuration says otherwise.
    Dangerous,
}

const fn row(name: &'static str, arguments: &'static str, summary: &'static str, more: &'static str) -> Row {
    Row { name, arguments, summary, more, place: Place::Everywhere, danger: Danger::Harmless, shown: true }
}

impl Row {
    const fn in_chats(self) -> Self {
        Self { place: Place::Chats, ..self }
    }

    const fn dangerous(self) -> Self {
        Self { danger: Danger::Dangerous, ..self }
    }

    const fn hidden(self) -> Self {
        Self { shown: false, ..self }
    }

    /// `force build [--branch=NAME] BUILDER [REASON]`.
    pub fn usage(&self) -> String {
        format!("{} {}", self.name, self.arguments).trim_end().to_owned()
    }
}

/// Every command; those that belong together stand together.
pub const TABLE: &[Row] = &[
    row("status", "[BUILDER|all]", "how builders are: what runs, what waits, how the last build ended", "Without a builder, those that run or are broken."),
    row("last", "[BUILDER|all]", "how the last build of builders ended", ""),
    row(
        "list",
        "[all|N] builders|workers|builds|changes",
        "what there is",
        "With 'all' also builders and workers that the configuration has no more; with a number, so many.",
    ),
    row("watch", "BUILDER", "say when the running builds of a builder end", "").in_chats(),
    row(
        "notify",
        "on|off [EVENT...] | list",
        "say what happens to builds, in this place",
        "Events: started, finished, success, warnings, failure, exception, cancelled, better, worse, problem, recovery, \
         worker, and changes of results such as successToFailure.",
    )
    .in_chats(),
    row("missed", "", "say what happened while the connection was lost", "").in_chats(),
    row("mute", "", "say nothing of builds in this place, until unmute", "").in_chats(),
    row("unmute", "", "say what happens again", "").in_chats(),
    row(
        "force",
        "build [--codebase=NAME] [--project=NAME] [--branch=NAME] [--revision=ID] [--props=NAME=VALUE,...] BUILDER [REASON]",
        "build something now",
        "For example: force build --branch=main --props=fast=1 unit-tests to see whether it works. \
         Values with spaces stand in quotes.",
    )
    .dangerous(),
    row("stop", "build BUILDER [REASON]", "stop the running builds of a builder", "").dangerous(),
    row(
        "shutdown",
        "check|start|stop|now",
        "end the master",
        "'start' waits for running builds and starts no new ones, 'stop' takes that back, 'now' does not wait, 'check' \
         says whether it ends.",
    )
    .dangerous(),
    row("join", "CHANNEL [KEY]", "come to a channel", "").in_chats().dangerous(),
    row("leave", "CHANNEL", "leave a channel", "").in_chats().dangerous(),
    row("help", "[COMMAND]", "what a command does", ""),
    row("commands", "", "which commands there are", ""),
    row("hello", "", "say hello", ""),
    row("version", "", "which version this is", ""),
    row("source", "", "where the program comes from", ""),
    row("getid", "", "who you are to the authorisation of commands", ""),
    row("dance", "", "dance", "").hidden(),
    row("destroy", "[WHAT]", "pretend to destroy something", "").hidden(),
    row("excited", "[WHAT]", "be excited", "").hidden(),
    row("hustle", "", "hustle", "").hidden(),
    row("start", "", "say hello", "").hidden(),
    row("nay", "", "never mind", "").hidden(),
];

/// The command of this name, in letters of any case.
pub fn find(name: &str) -> Option<&'static Row> {
    TABLE.iter().find(|row| row.name.eq_ignore_ascii_case(name))
}

/// The names in the order of the table.
pub fn names() -> impl Iterator<Item = &'static str> {
    TABLE.iter().filter(|row| row.shown).map(|row| row.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_there_once_and_in_small_letters() {
        let mut names: Vec<&str> = TABLE.iter().map(|row| row.name).collect();
        assert!(names.iter().all(|name| name.chars().all(|letter| letter.is_ascii_lowercase())));
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), TABLE.len());
    }

    #[test]
    fn what_changes_something_is_dangerous() {
        let dangerous: Vec<&str> =
            TABLE.iter().filter(|row| row.danger == Danger::Dangerous).map(|row| row.name).collect();
        assert_eq!(dangerous, ["force", "stop", "shutdown", "join", "leave"]);
    }
}
