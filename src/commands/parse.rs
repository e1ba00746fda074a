//! What a line means.

use super::command::{Command, ForceOrder, Fun, Listed, NotifyOrder, ShutdownOrder, Target};
use super::notices::Notices;
use super::table::{self, Row};
use super::words;

/// The reason a line is no command. Each reads as an answer to the person who typed it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UsageError {
    #[error("there is no command '{name}'{hint}; try 'commands'")]
    Unknown { name: String, hint: String },
    #[error("{0}")]
    Unreadable(&'static str),
    #[error("{problem}; usage: {usage}")]
    Wrong { problem: String, usage: String },
}

/// Longest line that is looked at, in bytes.
const LONGEST: usize = 4096;

/// Understands a line; nothing if it is empty.
pub fn parse(line: &str) -> Result<Option<Command>, UsageError> {
    if LONGEST < line.len() {
        return Err(UsageError::Unreadable("that is too long"));
    }
    let mut words = words::split(line).map_err(UsageError::Unreadable)?.into_iter();
    let Some(name) = words.next() else { return Ok(None) };
    let Some(row) = table::find(&name) else {
        let near = near(&name).map(|near| format!(", perhaps '{near}'")).unwrap_or_default();
        return Err(UsageError::Unknown { name, hint: near });
    };
    let arguments = Arguments { row, words: words.collect() };
    command(arguments).map(Some)
}

/// A command that begins alike, or has the same letters.
fn near(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    let sorted = |name: &str| {
        let mut letters: Vec<char> = name.chars().collect();
        letters.sort_unstable();
        letters
    };
    let letters = sorted(&name);
    table::names().find(|known| sorted(known) == letters || name.get(..2).is_some_and(|head| known.starts_with(head)))
}

struct Arguments {
    row: &'static Row,
    words: Vec<String>,
}

impl Arguments {
    fn wrong(&self, problem: impl Into<String>) -> UsageError {
        UsageError::Wrong { problem: problem.into(), usage: self.row.usage() }
    }

    fn none(self, command: Command) -> Result<Command, UsageError> {
        match self.words.first() {
            None => Ok(command),
            Some(word) => Err(self.wrong(format!("'{word}' is too much"))),
        }
    }

    /// At most one word.
    fn one(mut self) -> Result<Option<String>, UsageError> {
        match self.words.get(1) {
            Some(word) => Err(self.wrong(format!("'{word}' is too much"))),
            None => Ok(self.words.pop()),
        }
    }

    fn target(self) -> Result<Target, UsageError> {
        Ok(match self.one()? {
            None => Target::Busy,
            Some(all) if all.eq_ignore_ascii_case("all") => Target::All,
            Some(builder) => Target::One(builder),
        })
    }
}

fn command(arguments: Arguments) -> Result<Command, UsageError> {
    match arguments.row.name {
        "help" => Ok(Command::Help(arguments.one()?)),
        "commands" => arguments.none(Command::Commands),
        "version" => arguments.none(Command::Version),
        "source" => arguments.none(Command::Source),
        "getid" => arguments.none(Command::GetId),
        "status" => Ok(Command::Status(arguments.target()?)),
        "last" => Ok(Command::Last(arguments.target()?)),
        "list" => list(&arguments),
        "watch" => {
            let missing = arguments.wrong("which builder?");
            Ok(Command::Watch(arguments.one()?.ok_or(missing)?))
        }
        "notify" => notify(&arguments),
        "force" => force(&arguments),
        "stop" => stop(&arguments),
        "shutdown" => shutdown(&arguments),
        "join" | "leave" => channel(&arguments),
        "mute" => arguments.none(Command::Mute),
        "unmute" => arguments.none(Command::Unmute),
        "missed" => arguments.none(Command::Missed),
        // Whoever greets or plays may go on talking.
        "dance" => Ok(Command::Fun(Fun::Dance)),
        "destroy" => Ok(Command::Fun(Fun::Destroy)),
        "excited" => Ok(Command::Fun(Fun::Excited)),
        "hustle" => Ok(Command::Fun(Fun::Hustle)),
        "start" => Ok(Command::Fun(Fun::Start)),
        "nay" => Ok(Command::Fun(Fun::Nay)),
        _ => Ok(Command::Hello),
    }
}

fn list(arguments: &Arguments) -> Result<Command, UsageError> {
    let (mut what, mut all, mut count) = (None, false, None);
    for word in &arguments.words {
        match word.to_ascii_lowercase().as_str() {
            "all" => all = true,
            "builders" | "builder" => what = Some(Listed::Builders),
            "workers" | "worker" | "slaves" => what = Some(Listed::Workers),
            "builds" | "build" => what = Some(Listed::Builds),
            "changes" | "change" => what = Some(Listed::Changes),
            number => match number.parse() {
                Ok(number) if 0 < number => count = Some(number),
                _ => return Err(arguments.wrong(format!("'{word}' cannot be listed"))),
            },
        }
    }
    what.map(|what| Command::List { what, all, count }).ok_or_else(|| arguments.wrong("what?"))
}

fn notify(arguments: &Arguments) -> Result<Command, UsageError> {
    let Some((order, events)) = arguments.words.split_first() else {
        return Err(arguments.wrong("on, off or list?"));
    };
    let events = || Notices::from_words(events.iter().map(String::as_str)).map_err(|unknown| arguments.wrong(unknown));
    match order.to_ascii_lowercase().as_str() {
        "on" => Ok(Command::Notify(NotifyOrder::On(events()?))),
        "off" => Ok(Command::Notify(NotifyOrder::Off(events()?))),
        "list" => Ok(Command::Notify(NotifyOrder::List)),
        _ => Err(arguments.wrong(format!("'{order}' is neither on, off nor list"))),
    }
}

fn force(arguments: &Arguments) -> Result<Command, UsageError> {
    let mut order = ForceOrder::default();
    let mut rest = behind_build(arguments)?;
    while let Some((option, more)) = rest.split_first().filter(|(word, _)| word.starts_with("--")) {
        let (name, value, more) = match option.split_once('=') {
            Some((name, value)) => (name, value, more),
            None => match more.split_first() {
                Some((value, more)) => (option.as_str(), value.as_str(), more),
                None => return Err(arguments.wrong(format!("{option} needs a value"))),
            },
        };
        rest = more;
        match name {
            "--branch" => order.branch = Some(one_line(arguments, value)?),
            "--revision" => order.revision = Some(one_line(arguments, value)?),
            "--codebase" => order.codebase = one_line(arguments, value)?,
            "--project" => order.project = one_line(arguments, value)?,
            "--props" | "--properties" => order.properties.extend(properties(arguments, value)?),
            _ => return Err(arguments.wrong(format!("there is no option {name}"))),
        }
    }
    let Some((builder, reason)) = rest.split_first() else { return Err(arguments.wrong("which builder?")) };
    Ok(Command::Force(ForceOrder { builder: builder.clone(), reason: reason.join(" "), ..order }))
}

fn behind_build(arguments: &Arguments) -> Result<&[String], UsageError> {
    match arguments.words.split_first() {
        Some((build, rest)) if build.eq_ignore_ascii_case("build") => Ok(rest),
        _ => Err(arguments.wrong(format!("the word behind '{}' is 'build'", arguments.row.name))),
    }
}

/// A value that goes to version control systems and pages.
fn one_line(arguments: &Arguments, value: &str) -> Result<String, UsageError> {
    let is_harmless = !value.is_empty() && !value.starts_with('-') && !value.chars().any(char::is_control);
    match is_harmless {
        true => Ok(value.to_owned()),
        false => Err(arguments.wrong(format!("'{}' cannot be used", value.escape_default()))),
    }
}

/// `a=1,b=2`.
fn properties(arguments: &Arguments, text: &str) -> Result<Vec<(String, String)>, UsageError> {
    let pair = |pair: &str| match pair.split_once('=') {
        Some((name, value)) if is_name(name) => Ok((name.to_owned(), value.to_owned())),
        _ => Err(arguments.wrong(format!("'{pair}' is not NAME=VALUE"))),
    };
    text.split(',').filter(|pair| !pair.is_empty()).map(pair).collect()
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|letter| letter.is_alphanumeric() || "_.-".contains(letter))
}

fn stop(arguments: &Arguments) -> Result<Command, UsageError> {
    let Some((builder, reason)) = behind_build(arguments)?.split_first() else {
        return Err(arguments.wrong("which builder?"));
    };
    Ok(Command::Stop { builder: builder.clone(), reason: reason.join(" ") })
}

fn shutdown(arguments: &Arguments) -> Result<Command, UsageError> {
    let order = match arguments.words.as_slice() {
        [word] => word.to_ascii_lowercase(),
        _ => return Err(arguments.wrong("one word is needed")),
    };
    Ok(Command::Shutdown(match order.as_str() {
        "check" => ShutdownOrder::Check,
        "start" => ShutdownOrder::Start,
        "stop" => ShutdownOrder::Stop,
        "now" => ShutdownOrder::Now,
        _ => return Err(arguments.wrong(format!("'{order}' is unknown"))),
    }))
}

fn channel(arguments: &Arguments) -> Result<Command, UsageError> {
    let is_channel = |name: &str| name.starts_with(['#', '&', '+', '!']) && !name.contains([',', '\u{7}', ' ', '\0']);
    let is_key = |key: &str| !key.is_empty() && !key.contains([',', ' ', ':']) && !key.chars().any(char::is_control);
    match (arguments.row.name, arguments.words.as_slice()) {
        (_, [name, ..]) if !is_channel(name) => Err(arguments.wrong(format!("'{name}' is no channel"))),
        ("join", [name]) => Ok(Command::Join { channel: name.clone(), key: None }),
        ("join", [name, key]) if is_key(key) => Ok(Command::Join { channel: name.clone(), key: Some(key.clone()) }),
        ("leave", [name]) => Ok(Command::Leave(name.clone())),
        _ => Err(arguments.wrong("which channel?")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn understood(line: &str) -> Command {
        parse(line).unwrap_or_else(|error| panic!("{line}: {error}")).unwrap()
    }

    fn refused(line: &str) -> String {
        parse(line).unwrap_err().to_string()
    }

    #[test]
    fn every_command_of_the_table_is_understood() {
        for row in table::TABLE {
            let arguments = match row.name {
                "watch" => "b",
                "list" => "builders",
                "notify" | "shutdown" => "list",
                "force" | "stop" => "build b",
                "join" | "leave" => "#c",
                _ => "",
            };
            let arguments = if row.name == "shutdown" { "check" } else { arguments };
            let command = understood(&format!("{} {arguments}", row.name));
            assert_eq!(command.name(), row.name, "{command:?}");
        }
    }

    #[test]
    fn a_force_has_its_options_before_the_builder() {
        let line = "force build --branch=main --revision abc --props=a=1,b=x=y --codebase='lib' tests \"see it\" now";
        let expected = ForceOrder {
            builder: "tests".to_owned(),
            reason: "see it now".to_owned(),
            codebase: "lib".to_owned(),
            branch: Some("main".to_owned()),
            revision: Some("abc".to_owned()),
            properties: vec![("a".to_owned(), "1".to_owned()), ("b".to_owned(), "x=y".to_owned())],
            ..ForceOrder::default()
        };
        assert_eq!(understood(line), Command::Force(expected));
        let Command::Force(bare) = understood("FORCE BUILD tests") else { panic!() };
        assert_eq!((bare.builder.as_str(), bare.reason.as_str(), bare.branch), ("tests", "", None));
    }

    #[test]
    fn mistakes_are_told_with_the_usage() {
        assert_eq!(refused("stat"), "there is no command 'stat', perhaps 'status'; try 'commands'");
        assert_eq!(refused("FROCE build b"), "there is no command 'FROCE', perhaps 'force'; try 'commands'");
        assert_eq!(refused("é"), "there is no command 'é'; try 'commands'");
        assert_eq!(refused("watch"), "which builder?; usage: watch BUILDER");
        assert!(refused("force tests").starts_with("the word behind 'force' is 'build'; usage: force build"));
        assert!(refused("force build --nonsense=1 b").starts_with("there is no option --nonsense"));
        assert!(refused("force build --branch=--upload-pack=x b").contains("cannot be used"));
        assert!(refused("force build --props=a b").contains("'a' is not NAME=VALUE"));
        assert!(refused("force build --branch").contains("--branch needs a value"));
        assert!(refused("notify on nonsense").contains("'nonsense'"));
        assert!(refused("join channel").contains("'channel' is no channel"));
        assert!(refused("join #a,#b").contains("no channel"));
        assert!(refused("shutdown later").contains("'later' is unknown"));
        assert!(refused("list 0 builders").contains("'0' cannot be listed"));
        assert!(refused("version now").contains("'now' is too much"));
        assert_eq!(refused("say 'x"), "a quote is not closed");
        assert_eq!(refused(&"x".repeat(5000)), "that is too long");
    }

    #[test]
    fn lists_and_targets() {
        assert_eq!(understood("status"), Command::Status(Target::Busy));
        assert_eq!(understood("status ALL"), Command::Status(Target::All));
        assert_eq!(understood("last b"), Command::Last(Target::One("b".to_owned())));
        let expected = Command::List { what: Listed::Changes, all: false, count: Some(3) };
        assert_eq!(understood("list 3 changes"), expected);
        assert_eq!(understood("list all builders"), Command::List { what: Listed::Builders, all: true, count: None });
        assert_eq!(parse("   "), Ok(None));
    }
}
