//! `buildbot.tac` of a worker in Python, read without running it.
//!
//! Such a file assigns plain values to names and makes a `Worker` (`BuildSlave` before 0.9) of them. That much is
//! understood. What else stands in it does not matter, unless one of the worker's arguments depends on it.

mod tokens;

use std::collections::HashMap;

use self::tokens::{Statement, Token, statements};
use super::{AllowShutdown, DEFAULT_LOG_COUNT, Protocol, WorkerConfig};

/// The reason such a file is not understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TacError {
    #[error("it makes no Worker")]
    NoWorker,
    #[error(
        "line {line}: {what} is computed by code, which is not run: write a plain value, or make a \
         buildbot-worker.toml with `buildbot-worker create-worker --force`"
    )]
    Computed { what: String, line: usize },
    #[error("{what} cannot be {value}")]
    Value { what: String, value: String },
    #[error("line {0}: a text has no end")]
    Unterminated(usize),
}

/// Positional arguments of the worker's constructor, as every release has had them.
const POSITIONAL: [&str; 6] = ["buildmaster_host", "port", "name", "passwd", "basedir", "keepalive"];

/// A value, or the line on which code computes it.
#[derive(Clone, Debug, PartialEq)]
enum Plain {
    Text(String),
    Number(i64),
    Flag(bool),
    None,
    Computed(usize),
}

pub(super) fn read(text: &str) -> Result<WorkerConfig, TacError> {
    let mut names: HashMap<String, Plain> = HashMap::new();
    let mut arguments = None;
    for statement in statements(text)? {
        match constructor(&statement.tokens) {
            Some(found) => arguments = Some(worker_arguments(found, statement.line, &names)),
            None => assign(&statement, &mut names),
        }
    }
    let arguments = Arguments(arguments.ok_or(TacError::NoWorker)?);
    config(&arguments, &names)
}

/// Notes what a statement assigns. What depends on a condition, or on what it was before, is computed.
fn assign(statement: &Statement, names: &mut HashMap<String, Plain>) {
    if let [Token::Name(name), Token::Symbol('='), value @ ..] = statement.tokens.as_slice()
        && !statement.is_indented
    {
        let value = plain(value, statement.line, names);
        names.insert(name.clone(), value);
        return;
    }
    for (index, pair) in statement.tokens.windows(2).enumerate() {
        let is_first = index == 0 || statement.tokens.get(index - 1) == Some(&Token::Symbol(':'));
        if let (true, [Token::Name(name), Token::Symbol('=' | '+' | '-' | '*' | '%')]) = (is_first, pair) {
            names.insert(name.clone(), Plain::Computed(statement.line));
        }
    }
}

/// What stands between the parentheses of a call of the worker's constructor.
fn constructor(statement: &[Token]) -> Option<&[Token]> {
    let is_class = |token: &Token| matches!(token, Token::Name(name) if name == "Worker" || name == "BuildSlave");
    let start = statement.windows(2).position(|pair| is_class(&pair[0]) && pair[1] == Token::Symbol('('))?;
    let rest = statement.get(start + 2..)?;
    let mut depth = 1_u32;
    let end = rest.iter().position(|token| {
        match token {
            Token::Symbol('(' | '[' | '{') => depth += 1,
            Token::Symbol(')' | ']' | '}') => depth -= 1,
            _ => {}
        }
        depth == 0
    });
    rest.get(..end?)
}

/// The arguments by name.
fn worker_arguments(tokens: &[Token], line: usize, names: &HashMap<String, Plain>) -> HashMap<String, Plain> {
    let mut arguments = HashMap::new();
    let mut positions = POSITIONAL.iter();
    for argument in split_at_commas(tokens) {
        match argument {
            [] => {}
            [Token::Name(name), Token::Symbol('='), value @ ..] => {
                arguments.insert(name.clone(), plain(value, line, names));
            }
            value => {
                // What comes after these is no argument of ours: usepty.
                if let Some(name) = positions.next() {
                    arguments.insert((*name).to_owned(), plain(value, line, names));
                }
            }
        }
    }
    arguments
}

fn split_at_commas(tokens: &[Token]) -> Vec<&[Token]> {
    let mut depth = 0_i32;
    tokens
        .split(|token| {
            match token {
                Token::Symbol('(' | '[' | '{') => depth += 1,
                Token::Symbol(')' | ']' | '}') => depth -= 1,
                _ => {}
            }
            depth == 0 && *token == Token::Symbol(',')
        })
        .collect()
}

fn plain(tokens: &[Token], line: usize, names: &HashMap<String, Plain>) -> Plain {
    match tokens {
        [Token::Text(text)] => Plain::Text(text.clone()),
        [Token::Number(number)] => Plain::Number(*number),
        [Token::Name(name)] => match name.as_str() {
            "None" => Plain::None,
            "True" => Plain::Flag(true),
            "False" => Plain::Flag(false),
            name => names.get(name).cloned().unwrap_or(Plain::Computed(line)),
        },
        _ => Plain::Computed(line),
    }
}

/// The worker's arguments by name.
struct Arguments(HashMap<String, Plain>);

impl Arguments {
    fn get(&self, what: &str) -> Result<Option<&Plain>, TacError> {
        match self.0.get(what) {
            Some(Plain::Computed(line)) => Err(TacError::Computed { what: what.to_owned(), line: *line }),
            None | Some(Plain::None) => Ok(None),
            Some(plain) => Ok(Some(plain)),
        }
    }

    fn text(&self, what: &str) -> Result<Option<String>, TacError> {
        match self.get(what)? {
            Some(Plain::Text(text)) => Ok(Some(text.clone())),
            None => Ok(None),
            Some(other) => Err(bad(what, other)),
        }
    }

    fn number<T: TryFrom<i64>>(&self, what: &str) -> Result<Option<T>, TacError> {
        let Some(plain) = self.get(what)? else { return Ok(None) };
        let number = match plain {
            Plain::Number(number) => T::try_from(*number).ok(),
            // A port that somebody wrote in quotes.
            Plain::Text(text) => text.parse::<i64>().ok().and_then(|number| T::try_from(number).ok()),
            _ => None,
        };
        number.map(Some).ok_or_else(|| bad(what, plain))
    }

    fn flag(&self, what: &str) -> Result<bool, TacError> {
        match self.get(what)? {
            None => Ok(false),
            Some(Plain::Flag(flag)) => Ok(*flag),
            Some(Plain::Number(number)) => Ok(*number != 0),
            Some(other) => Err(bad(what, other)),
        }
    }
}

fn bad(what: &str, value: &Plain) -> TacError {
    // A password that is no text is not shown.
    let value = if what == "passwd" { "this".to_owned() } else { format!("{value:?}") };
    TacError::Value { what: what.to_owned(), value }
}

fn config(arguments: &Arguments, names: &HashMap<String, Plain>) -> Result<WorkerConfig, TacError> {
    let needed = |what: &str| TacError::Value { what: what.to_owned(), value: "missing".to_owned() };
    let connection_string = arguments.text("connection_string")?;
    let host = arguments.text("buildmaster_host")?;
    let master = match (host, arguments.number::<u16>("port")?) {
        (Some(host), Some(port)) if host.contains(':') => format!("[{host}]:{port}"),
        (Some(host), Some(port)) => format!("{host}:{port}"),
        // Then the connection string tells.
        _ if connection_string.is_some() => String::new(),
        _ => return Err(needed("buildmaster_host")),
    };
    let name = arguments.text("name")?.ok_or_else(|| needed("name"))?;
    let password = arguments.text("passwd")?.ok_or_else(|| needed("passwd"))?;
    let file = Arguments(names.clone());
    Ok(WorkerConfig {
        protocol: protocol(arguments)?,
        connection_string,
        proxy_connection_string: arguments.text("proxy_connection_string")?,
        use_tls: arguments.flag("useTls")?,
        // Without a number the workers of Python send none.
        keepalive: arguments.number("keepalive")?.unwrap_or(0),
        maxdelay: arguments.number("maxdelay")?.unwrap_or(60),
        maxretries: arguments.number("maxRetries")?,
        numcpus: arguments.number("numcpus")?,
        umask: arguments.number("umask")?,
        allow_shutdown: allow_shutdown(arguments)?,
        delete_leftover_dirs: arguments.flag("delete_leftover_dirs")?,
        // Nothing breaks if these are computed.
        log_size: file.number("rotateLength").ok().flatten().unwrap_or_else(super::default_log_size),
        log_count: match names.get("maxRotatedFiles") {
            Some(Plain::None) => None,
            _ => Some(file.number("maxRotatedFiles").ok().flatten().unwrap_or(DEFAULT_LOG_COUNT)),
        },
        ..WorkerConfig::new(&master, &name, &password)
    })
}

/// A worker of before there was a choice spoke Perspective Broker.
fn protocol(arguments: &Arguments) -> Result<Protocol, TacError> {
    match arguments.text("protocol")?.as_deref() {
        None | Some("pb") => Ok(Protocol::Pb),
        Some("msgpack_experimental_v7") => Ok(Protocol::Msgpack),
        Some("auto") => Ok(Protocol::Auto),
        Some(other) => Err(TacError::Value { what: "protocol".to_owned(), value: format!("{other:?}") }),
    }
}

fn allow_shutdown(arguments: &Arguments) -> Result<Option<AllowShutdown>, TacError> {
    match arguments.text("allow_shutdown")?.as_deref() {
        None | Some("") => Ok(None),
        Some("file") => Ok(Some(AllowShutdown::File)),
        Some("signal") => Ok(Some(AllowShutdown::Signal)),
        Some(other) => Err(TacError::Value { what: "allow_shutdown".to_owned(), value: format!("{other:?}") }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The shape of a file of today; values of every kind.
    const TODAY: &str = r#"
import os
from buildbot_worker.bot import Worker

basedir = '/srv/worker'
rotateLength = 5000
maxRotatedFiles = None
if basedir == '.':
    import os.path
    basedir = os.path.abspath(os.path.dirname(__file__))
# a comment = 'nothing'
application = service.Application('buildbot-worker')
logfile = LogFile.fromFullPath(
    os.path.join(basedir, "twistd.log"), rotateLength=rotateLength)
buildmaster_host = 'build.example.org'   # 'other'
port = 9989
workername = "it's"
passwd = 'a\'b\\c'
keepalive = 600
umask = 0o22
maxdelay = 300
numcpus = None
allow_shutdown = 'file'
use_tls = 1
s = Worker(buildmaster_host, port, workername, passwd, basedir,
           keepalive, umask=umask, maxdelay=maxdelay,
           numcpus=numcpus, allow_shutdown=allow_shutdown, maxRetries=7,
           protocol='msgpack_experimental_v7', useTls=use_tls,
           delete_leftover_dirs=True)
s.setServiceParent(application)
"#;

    #[test]
    fn a_file_of_today_says_everything() {
        let expected = WorkerConfig {
            protocol: Protocol::Msgpack,
            use_tls: true,
            maxdelay: 300,
            maxretries: Some(7),
            umask: Some(0o22),
            allow_shutdown: Some(AllowShutdown::File),
            delete_leftover_dirs: true,
            log_size: 5000,
            log_count: None,
            ..WorkerConfig::new("build.example.org:9989", "it's", "a'b\\c")
        };
        assert_eq!(read(TODAY), Ok(expected));
    }

    #[test]
    fn a_file_of_old_calls_the_worker_a_slave() {
        let text = "from buildslave.bot import BuildSlave\nslavename = 'w'\nusepty = 0\numask = 022\n\
                    s = BuildSlave('h', 9989, slavename, 'p', basedir, 600, usepty, umask=umask, maxdelay=60)\n";
        let expected =
            WorkerConfig { protocol: Protocol::Pb, umask: Some(0o22), ..WorkerConfig::new("h:9989", "w", "p") };
        assert_eq!(read(text), Ok(expected));
    }

    #[test]
    fn a_value_that_is_computed_is_named_with_its_line() {
        let text = "passwd = open('secret').read()\nport = 1 + 1\ns = Worker('h', 9989, 'w', passwd, basedir, 600)\n";
        let computed = |what: &str, line| Err(TacError::Computed { what: what.to_owned(), line });
        assert_eq!(read(text), computed("passwd", 1));
        assert_eq!(read(&text.replace("9989", "port")), computed("port", 2));
        assert_eq!(read(&text.replace("'w'", "socket.gethostname()")), computed("name", 3));
        assert_eq!(read("x = 1\n"), Err(TacError::NoWorker));
        for condition in ["if x: passwd = 'b'\n", "if x:\n    passwd = 'b'\n", "passwd += 'b'\n"] {
            let text = format!("passwd = 'a'\n{condition}s = Worker('h', 9989, 'w', passwd, basedir, 600)\n");
            assert!(matches!(read(&text), Err(TacError::Computed { .. })), "{condition}");
        }
    }

    #[test]
    fn a_connection_string_stands_for_host_and_port() {
        let text = "s = Worker(None, None, 'w', 'p', basedir, None, connection_string='tls:h:99')\n";
        let expected = WorkerConfig {
            protocol: Protocol::Pb,
            connection_string: Some("tls:h:99".to_owned()),
            keepalive: 0,
            ..WorkerConfig::new("", "w", "p")
        };
        assert_eq!(read(text), Ok(expected));
    }
}
