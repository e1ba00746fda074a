//! The templates: those of the program, and before them those in the master's own `templates/` directory.
//!
//! A file there takes the place of ours of the same name and may use any other; `templates/base.html` of the program says
//! which blocks there are. Files are read again when they have changed. A broken one breaks only the pages that use it.

use std::fmt::{self, Write as _};
use std::path::{Path, PathBuf};

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, escape_formatter};
use serde::Serialize;

use own::OwnTemplates;

mod own;

const TEMPLATES: &[(&str, &str)] = &[
    ("base.html", include_str!("templates/base.html")),
    ("parts.html", include_str!("templates/parts.html")),
    ("icons.html", include_str!("templates/icons.html")),
    ("home.html", include_str!("templates/home.html")),
    ("builders.html", include_str!("templates/builders.html")),
    ("builder.html", include_str!("templates/builder.html")),
    ("projects.html", include_str!("templates/projects.html")),
    ("project.html", include_str!("templates/project.html")),
    ("force.html", include_str!("templates/force.html")),
    ("build.html", include_str!("templates/build.html")),
    ("step.html", include_str!("templates/step.html")),
    ("log.html", include_str!("templates/log.html")),
    ("waterfall.html", include_str!("templates/waterfall.html")),
    ("workers.html", include_str!("templates/workers.html")),
    ("worker.html", include_str!("templates/worker.html")),
    ("requests.html", include_str!("templates/requests.html")),
    ("schedulers.html", include_str!("templates/schedulers.html")),
    ("reporters.html", include_str!("templates/reporters.html")),
    ("actors.html", include_str!("templates/actors.html")),
    ("about.html", include_str!("templates/about.html")),
    ("changes.html", include_str!("templates/changes.html")),
    ("change.html", include_str!("templates/change.html")),
    ("users.html", include_str!("templates/users.html")),
    ("user.html", include_str!("templates/user.html")),
    ("error.html", include_str!("templates/error.html")),
];

/// The reason a page could not be rendered.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// The fault is in a file of the master's own.
    #[error("{}, {}{why}", path.display(), line.map_or_else(String::new, |line| format!("line {line}: ")))]
    Own { path: PathBuf, line: Option<usize>, why: String },
    #[error("{0:#}")]
    Ours(#[from] minijinja::Error),
}

/// Renders pages. Everything is escaped; a name that a page does not have is an error.
pub struct Templates {
    ours: Environment<'static>,
    own: Option<OwnTemplates>,
}

impl Templates {
    /// The templates of the program. Fails only if one of them does not compile.
    pub fn new() -> Result<Self, minijinja::Error> {
        let mut ours = environment()?;
        for (name, source) in TEMPLATES {
            ours.add_template(name, source)?;
        }
        Ok(Self { ours, own: None })
    }

    /// Prefers the files of a directory, which need not exist.
    #[must_use]
    pub fn preferring(mut self, directory: &Path) -> Self {
        self.own = Some(OwnTemplates::new(directory));
        self
    }

    pub fn render<T: Serialize>(&self, name: &str, context: T) -> Result<String, TemplateError> {
        match &self.own {
            Some(own) => own.render(&self.ours, name, Value::from(Serde(context))),
            None => self.render_ours(name, context),
        }
    }

    /// Uses the program's templates only: for the page that says what is wrong with others.
    pub fn render_ours<T: Serialize>(&self, name: &str, context: T) -> Result<String, TemplateError> {
        Ok(self.ours.get_template(name)?.render(Value::from(Serde(context)))?)
    }
}

/// An environment without templates.
fn environment() -> Result<Environment<'static>, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    environment.set_formatter(|out, state, value| match value.as_str() {
        Some(text) if !value.is_safe() => Ok(escape(out, text)?),
        _ => escape_formatter(out, state, value),
    });
    environment.add_filter("segment", |text: String| segment(&text));
    environment.add_filter("thousands", thousands);
    Ok(environment)
}

/// `100,000`
fn thousands(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = if number < 0 { String::from("-") } else { String::new() };
    for (place, digit) in digits.chars().enumerate() {
        if 0 < place && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Escapes what could end a text or an attribute, and puts something visible for letters that nobody would see. The
/// engine's own way also escapes `/`, which doubles the size of pages full of links.
fn escape(out: &mut impl fmt::Write, text: &str) -> fmt::Result {
    let mut rest = text;
    while let Some(position) = rest.find(|letter| is_markup(letter) || is_unseen(letter)) {
        out.write_str(&rest[..position])?;
        let mut letters = rest[position..].chars();
        match letters.next() {
            Some('&') => out.write_str("&amp;")?,
            Some('<') => out.write_str("&lt;")?,
            Some('>') => out.write_str("&gt;")?,
            Some('"') => out.write_str("&quot;")?,
            Some('\'') => out.write_str("&#39;")?,
            Some(unseen) => out.write_char(stand_in(unseen))?,
            None => (),
        }
        rest = letters.as_str();
    }
    out.write_str(rest)
}

const fn is_markup(letter: char) -> bool {
    matches!(letter, '&' | '<' | '>' | '"' | '\'')
}

/// Control characters, and those that turn the direction of whatever follows: with them a file or a branch looks like
/// another one.
const fn is_unseen(letter: char) -> bool {
    match letter {
        '\n' | '\r' | '\t' => false,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' => true,
        _ => matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'),
    }
}

fn stand_in(unseen: char) -> char {
    // Unicode has pictures of the first control characters, in the same order.
    let picture = u32::from(unseen).checked_add(0x2400).filter(|picture| *picture <= 0x241f);
    picture.and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// A text as one segment of a URL's path: everything but unreserved characters is escaped.
pub fn segment(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            write!(escaped, "%{byte:02X}").expect("writing to a String cannot fail");
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_compiles() {
        Templates::new().unwrap();
    }

    #[test]
    fn everything_that_could_become_markup_is_escaped() {
        let mut escaped = String::new();
        escape(&mut escaped, "é<a href=\"x/y\" b='&'>").unwrap();
        assert_eq!(escaped, "é&lt;a href=&quot;x/y&quot; b=&#39;&amp;&#39;&gt;");
    }

    #[test]
    fn letters_that_nobody_would_see_are_shown() {
        let mut escaped = String::new();
        escape(&mut escaped, "a\u{0}b\u{1b}[1m\u{7f}\u{85}\u{202e}gnp.exe\u{2066} c\n\td").unwrap();
        assert_eq!(escaped, "a␀b␛[1m\u{fffd}\u{fffd}\u{fffd}gnp.exe\u{fffd} c\n\td");
    }

    #[test]
    fn large_numbers_are_cut_into_thousands() {
        assert_eq!([0, 999, 1_000, -1_234_567].map(thousands), ["0", "999", "1,000", "-1,234,567"]);
    }

    #[test]
    fn segments_hide_slashes_and_spaces() {
        assert_eq!(segment("linux/x86 64%é"), "linux%2Fx86%2064%25%C3%A9");
    }
}
