//! A message before it is put into the form of a transport.

use super::config::{FormatterSource, TextKind};
use super::context::Context;
use super::template::{self, Standard, TemplateError};
use crate::domain::{Patch, PropertyValue, Results};

/// What a formatter made.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Message {
    pub subject: Option<String>,
    pub body: Body,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub enum Body {
    #[default]
    Nothing,
    Plain(String),
    /// `plain` says the same to those who read no HTML; made of the HTML if it is not given.
    Html {
        html: String,
        plain: Option<String>,
    },
    Json(PropertyValue),
}

impl Body {
    pub fn of(kind: TextKind, text: String) -> Self {
        match kind {
            TextKind::Plain => Self::Plain(text),
            TextKind::Html => Self::Html { html: text, plain: None },
            TextKind::Json => Self::Json(match crate::json::from_str(&text) {
                Ok(value) => crate::json::to_property(&value),
                Err(_) => PropertyValue::Str(text),
            }),
        }
    }

    /// Adds what is said of the next build of a buildset. Values that are no texts stay as they are.
    pub fn append(&mut self, next: Self) {
        match (&mut *self, next) {
            (Self::Plain(text), Self::Plain(more)) => text.push_str(&more),
            (Self::Html { html, plain }, Self::Html { html: more, plain: more_plain }) => {
                html.push_str(&more);
                *plain = plain.take().zip(more_plain).map(|(plain, more)| plain + &more);
            }
            (Self::Json(PropertyValue::List(items)), Self::Json(PropertyValue::List(more))) => items.extend(more),
            (Self::Nothing, next) => *self = next,
            _ => {}
        }
    }
}

/// A log that goes with a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttachedLog {
    pub file_name: String,
    pub text: String,
}

/// A message with all that transports want to know of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    pub message: Message,
    pub results: Option<Results>,
    /// Messages of one thread are shown together: that of a builder, a scheduler or a worker.
    pub thread: String,
    /// Names of the builders, for the subject.
    pub builders: Vec<String>,
    /// Who is interested, by the names that changes and properties have.
    pub users: Vec<String>,
    /// Who gets it instead of whom the transport finds by itself.
    pub recipients: Option<Vec<String>>,
    pub logs: Vec<AttachedLog>,
    pub patches: Vec<Patch>,
    /// Of the only build it is about; extra headers are rendered with them.
    pub properties: Option<crate::domain::Properties>,
}

/// The reason a function's value is no message.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct NotAMessage(String);

/// Renders templates; blocks for as long as their limits allow.
pub fn from_templates(
    (kind, body, subject): (TextKind, Option<&str>, Option<&str>),
    standard: Standard,
    context: &Context,
) -> Result<Message, TemplateError> {
    let text = match body {
        Some(body) => template::render(kind, body, context)?,
        None => template::render_standard(kind, standard.body(kind), context)?,
    };
    let subject = template::render(TextKind::Plain, subject.unwrap_or(standard.subject()), context)?;
    let mut body_made = Body::of(kind, text);
    if let (Body::Html { plain, .. }, None) = (&mut body_made, body) {
        *plain = Some(template::render_standard(TextKind::Plain, standard.body(TextKind::Plain), context)?);
    }
    Ok(Message { subject: Some(subject), body: body_made })
}

/// What a function returned that gives the body alone.
pub fn from_body(kind: TextKind, value: PropertyValue) -> Result<Message, NotAMessage> {
    let body = match (kind, value) {
        (_, PropertyValue::Null) => Body::Nothing,
        (TextKind::Json, value) => Body::Json(value),
        (kind, PropertyValue::Str(text)) => Body::of(kind, text),
        (_, other) => return Err(NotAMessage(format!("the function returned {}, not text", other.literal()))),
    };
    Ok(Message { subject: None, body })
}

/// What a function returned that gives `{'body':, 'type':, 'subject':}`.
pub fn from_dictionary(value: PropertyValue) -> Result<Message, NotAMessage> {
    let PropertyValue::Map(mut entries) = value else {
        return Err(NotAMessage(format!("the function returned {}, not a dictionary", value.literal())));
    };
    let kind = match entries.get("type").and_then(PropertyValue::as_str) {
        None | Some("plain") => TextKind::Plain,
        Some("html") => TextKind::Html,
        Some("json") => TextKind::Json,
        Some(other) => return Err(NotAMessage(format!("'{other}' is no type of a message"))),
    };
    let subject = entries.get("subject").and_then(PropertyValue::as_str).map(str::to_owned);
    let message = from_body(kind, entries.remove("body").unwrap_or_default())?;
    Ok(Message { subject, ..message })
}

/// Whether a formatter uses our own texts, which want steps and the ends of logs.
pub fn tells_the_story(source: &FormatterSource) -> bool {
    matches!(source, FormatterSource::Template { .. })
}

/// A subject with `%(result)s` and the like, as Buildbot has had them.
pub fn old_subject(format: &str, report: &Report, title: &str) -> String {
    let result = report.results.map_or("started", Results::word);
    let builder = match report.builders.as_slice() {
        [builder] => builder.as_str(),
        _ => "whole buildset",
    };
    filled(format, &[("result", result), ("projectName", title), ("title", title), ("builder", builder)])
}

/// A text with `%(name)s` replaced by what that is.
pub fn filled(format: &str, names: &[(&str, &str)]) -> String {
    // One pass: what is put in is not looked at again.
    let mut text = String::new();
    let mut rest = format;
    while let Some(position) = rest.find('%') {
        text.push_str(&rest[..position]);
        rest = &rest[position..];
        let found = names.iter().find_map(|(name, value)| {
            let after = rest.strip_prefix("%(")?.strip_prefix(name)?.strip_prefix(")s")?;
            Some((*value, after))
        });
        match found.or_else(|| rest.strip_prefix("%%").map(|after| ("%", after))) {
            Some((value, after)) => {
                text.push_str(value);
                rest = after;
            }
            None => {
                text.push('%');
                rest = &rest[1..];
            }
        }
    }
    text + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reporters::fixtures::report;

    #[test]
    fn an_old_subject_is_filled_once() {
        let mut report = report();
        report.builders = vec!["%(title)s".to_owned()];
        let subject = old_subject("buildbot %(result)s in %(title)s on %(builder)s, 100%% 5%", &report, "T");
        assert_eq!(subject, "buildbot failure in T on %(title)s, 100% 5%");
    }

    #[test]
    fn functions_give_a_body_or_everything() {
        let message = from_body(TextKind::Html, "<p>".into()).unwrap();
        assert_eq!(message.body, Body::Html { html: "<p>".to_owned(), plain: None });
        assert!(from_body(TextKind::Plain, 3.into()).is_err());
        let entries = [("body", "b"), ("type", "plain"), ("subject", "s")];
        let entries = entries.map(|(name, value)| (name.to_owned(), PropertyValue::from(value)));
        let message = from_dictionary(PropertyValue::Map(entries.into())).unwrap();
        assert_eq!(message, Message { subject: Some("s".to_owned()), body: Body::Plain("b".to_owned()) });
        assert!(from_dictionary("text".into()).is_err());
    }

    #[test]
    fn parts_of_a_buildset_become_one_text() {
        let mut body = Body::Nothing;
        body.append(Body::Plain("a".to_owned()));
        body.append(Body::Plain("b".to_owned()));
        body.append(Body::Json(1.into()));
        assert_eq!(body, Body::Plain("ab".to_owned()));
    }
}
