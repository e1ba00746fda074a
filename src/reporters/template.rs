//! Templates of messages: Jinja, with limits.
//!
//! A template may take so many steps and write so much and no more, reads no file and knows nothing but the names that
//! it is given. What it puts into HTML is escaped.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};

use minijinja::syntax::SyntaxConfig;
use minijinja::value::ValueKind;
use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior, Value, escape_formatter};

use super::config::TextKind;
use super::context::{Context, of_build};
use super::sample::{build_facts, site};
use crate::domain::PropertyValue;

/// Steps of the engine for one text.
const FUEL: u64 = 1_000_000;
/// Longest text, in bytes.
const MOST_BYTES: usize = 4 << 20;

/// The reason there is no text.
#[derive(Debug, thiserror::Error)]
#[error("the template fails: {0:#}")]
pub struct TemplateError(#[from] minijinja::Error);

/// The texts that a message has if its configuration gives none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standard {
    Build,
    Buildset,
    Worker,
}

impl Standard {
    pub fn body(self, kind: TextKind) -> &'static str {
        match (self, kind) {
            (Self::Build, TextKind::Html) => include_str!("templates/build.html"),
            (Self::Build, _) => include_str!("templates/build.txt"),
            (Self::Buildset, TextKind::Html) => include_str!("templates/buildset.html"),
            (Self::Buildset, _) => include_str!("templates/buildset.txt"),
            (Self::Worker, TextKind::Html) => include_str!("templates/worker.html"),
            (Self::Worker, _) => include_str!("templates/worker.txt"),
        }
    }

    pub fn subject(self) -> &'static str {
        "[{{ buildbot_title }}] {{ headline }}"
    }
}

/// Says what is wrong with a template that cannot be read, uses something that does not exist, or has no end. For that
/// it is tried out on a build that failed; what it takes of memory there is limited by nothing but the process.
pub fn check(kind: TextKind, source: &str) -> Result<(), TemplateError> {
    let environment = environment(kind);
    environment.template_from_str(source)?;
    let tried = render_in(&environment, source, &of_build(&build_facts(), &["failing"], false, &site()));
    match tried {
        // Another build may have what this one has not.
        Err(TemplateError(error)) if is_of_the_template(error.kind()) => Err(TemplateError(error)),
        _ => Ok(()),
    }
}

/// Whether an error does not depend on the build.
const fn is_of_the_template(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::OutOfFuel | ErrorKind::WriteFailure | ErrorKind::UnknownFilter | ErrorKind::UnknownTest)
}

/// Renders a template of the configuration. Blocks for as long as the limits allow.
pub fn render(kind: TextKind, source: &str, context: &Context) -> Result<String, TemplateError> {
    render_in(&environment(kind), source, context)
}

/// Renders one of ours, in which lines with nothing but statements are no lines.
pub fn render_standard(kind: TextKind, source: &'static str, context: &Context) -> Result<String, TemplateError> {
    let mut environment = environment(kind);
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    render_in(&environment, source, context)
}

fn render_in(environment: &Environment<'_>, source: &str, context: &Context) -> Result<String, TemplateError> {
    let template = environment.template_from_str(source)?;
    let mut text = Limited(Vec::new());
    let names = map_of(context);
    template.render_captured_to(names, &mut text)?;
    Ok(String::from_utf8_lossy(&text.0).into_owned())
}

fn environment(kind: TextKind) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Lenient);
    environment.set_fuel(Some(FUEL));
    environment.set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
    environment.set_auto_escape_callback(move |_| match kind {
        TextKind::Html => AutoEscape::Html,
        TextKind::Plain | TextKind::Json => AutoEscape::None,
    });
    let n_bytes = AtomicUsize::new(0);
    environment.set_formatter(move |out, state, value| {
        // Also what is kept for later (`{% set %}`) and never written.
        let so_far = n_bytes.fetch_add(value.as_str().map_or(0, str::len), Ordering::Relaxed);
        if MOST_BYTES < so_far {
            return Err(minijinja::Error::new(ErrorKind::WriteFailure, too_long()));
        }
        match value.as_str() {
            Some(text) if kind == TextKind::Html && !value.is_safe() => Ok(escape(out, text)?),
            // As Python prints it, and nothing for nothing.
            _ if value.kind() == ValueKind::None => Ok(write!(out, "None")?),
            _ => escape_formatter(out, state, value),
        }
    });
    environment
}

/// Escapes what could end a text or an attribute; slashes stay, as messages are full of links.
fn escape(out: &mut impl fmt::Write, text: &str) -> fmt::Result {
    for letter in text.chars() {
        match letter {
            '&' => out.write_str("&amp;")?,
            '<' => out.write_str("&lt;")?,
            '>' => out.write_str("&gt;")?,
            '"' => out.write_str("&quot;")?,
            '\'' => out.write_str("&#39;")?,
            letter => out.write_char(letter)?,
        }
    }
    Ok(())
}

fn value_of(value: &PropertyValue) -> Value {
    match value {
        PropertyValue::Null => Value::from(()),
        PropertyValue::Bool(flag) => Value::from(*flag),
        PropertyValue::Int(number) => Value::from(*number),
        PropertyValue::Float(number) => Value::from(*number),
        PropertyValue::Str(text) => Value::from(text.as_str()),
        PropertyValue::List(items) => Value::from(items.iter().map(value_of).collect::<Vec<Value>>()),
        PropertyValue::Map(items) => map_of(items),
    }
}

fn map_of(items: &BTreeMap<String, PropertyValue>) -> Value {
    Value::from_pairs(items.iter().map(|(name, item)| (name.as_str(), value_of(item))))
}

fn too_long() -> String {
    format!("the text is longer than {MOST_BYTES} bytes")
}

/// Takes so many bytes and then fails.
struct Limited(Vec<u8>);

impl io::Write for Limited {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if MOST_BYTES < self.0.len().saturating_add(bytes.len()) {
            return Err(io::Error::other(too_long()));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(source: &str) -> Result<String, TemplateError> {
        render(TextKind::Plain, source, &of_build(&build_facts(), &["failing"], false, &site()))
    }

    #[test]
    fn templates_of_buildbot_find_their_names() {
        let source = "{{ buildername }} {{ build['properties'].get('branch', ['?'])[0] }} {{ result_names[results] }} \
            {{ build.properties.get('nothing', ['(unknown)'])[0] }} {{ ', '.join(blamelist) }} {{ status_detected }}\
            {% for step in build['steps'] %} {{ step['name'] }}:{{ step.results }}{% endfor %}";
        let text = plain(source).unwrap();
        assert_eq!(
            text,
            "runtests main failure (unknown) Ada <ada@example.org>, bob@example.org failed build compile:0 test:2"
        );
    }

    #[test]
    fn a_template_that_never_ends_is_stopped() {
        let forever = "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}";
        assert!(plain(forever).is_err());
    }

    #[test]
    fn a_text_that_grows_without_end_is_stopped() {
        let source = "{% for a in range(9999) %}{{ filler }}{% endfor %}";
        let context = Context::from([("filler".to_owned(), PropertyValue::from("x".repeat(9999)))]);
        let error = render(TextKind::Plain, source, &context).unwrap_err();
        assert!(error.to_string().contains("fail"), "{error}");
    }

    #[test]
    fn templates_reach_no_files_and_no_other_templates() {
        assert!(plain("{% include '/etc/passwd' %}").is_err());
        assert!(plain("{% extends 'base.html' %}").is_err());
        assert_eq!(plain("{{ ''.__class__ }}").unwrap(), "");
    }

    #[test]
    fn a_template_that_cannot_be_read_is_known_before() {
        let check = |source: &str| check(TextKind::Plain, source);
        assert!(check("{% if %}").is_err());
        assert!(check("{{ open").is_err());
        assert!(check("{{ build|bild }}").unwrap_err().to_string().contains("bild"));
        assert!(check("{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}").is_err());
        assert!(check("{{ 'x' * 9000000 }}").is_err());
        assert!(check("{{ ctx_that_is_missing.a.b }}").is_ok());
        check(Standard::Build.body(TextKind::Html)).unwrap();
    }

    #[test]
    fn what_is_kept_for_later_counts_as_written() {
        let doubled = "{% set ns = namespace(x='xxxxxxxx') %}{% for a in range(60) %}\
            {% set x %}{{ ns.x }}{{ ns.x }}{% endset %}{% set ns.x = x %}{% endfor %}";
        assert!(plain(doubled).is_err());
    }

    #[test]
    fn html_is_escaped_and_plain_text_is_not() {
        let context = Context::from([("x".to_owned(), PropertyValue::from("<b a='1'>&"))]);
        assert_eq!(render(TextKind::Html, "<i>{{ x }}", &context).unwrap(), "<i>&lt;b a=&#39;1&#39;&gt;&amp;");
        assert_eq!(render(TextKind::Plain, "{{ x }}", &context).unwrap(), "<b a='1'>&");
    }

    #[test]
    fn the_standard_texts_render_for_every_end() {
        for results in crate::domain::Results::ALL {
            let mut facts = build_facts();
            facts.build.results = Some(results);
            let context = of_build(&facts, &["failing"], false, &site());
            for kind in [TextKind::Plain, TextKind::Html] {
                let text = render_standard(kind, Standard::Build.body(kind), &context).unwrap();
                assert!(text.contains("runtests") && text.contains("builders/3/builds/7"), "{text}");
            }
        }
    }
}
