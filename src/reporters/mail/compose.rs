//! A mail as bytes.
//!
//! Texts of strangers (branches, commit subjects, names) end up in headers; each is made one line first, and lettre
//! encodes what is not ASCII.

use std::time::{Duration, UNIX_EPOCH};

use lettre::message::header::{self, ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailboxes, MultiPart, SinglePart};

use super::address::{Addressed, parse};
use crate::domain::{Patch, Timestamp};
use crate::json;
use crate::reporters::message::{AttachedLog, Body, Report};
use crate::reporters::plain_text;
use crate::reporters::words::one_line;

const LONGEST_SUBJECT: usize = 200;
const LONGEST_NAME: usize = 100;
/// Headers that a mail has by itself.
const OWN_HEADERS: [&str; 12] = [
    "from",
    "to",
    "cc",
    "bcc",
    "subject",
    "date",
    "message-id",
    "references",
    "in-reply-to",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
];

/// The reason there is no mail.
#[derive(Debug, thiserror::Error)]
pub enum ComposeError {
    #[error("'{0}' is no address to send from")]
    From(String),
    #[error("the mail cannot be put together")]
    Mail(#[from] lettre::error::Error),
}

/// The identifiers of a mail: the same however often it is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageNames {
    /// `<...@host>`
    pub id: String,
    /// That of the thread, which no mail has.
    pub thread: String,
}

/// A mail before it is bytes.
pub struct Draft<'a> {
    pub from: &'a str,
    pub addressed: &'a Addressed,
    pub subject: &'a str,
    pub report: &'a Report,
    /// Rendered.
    pub extra_headers: &'a [(String, String)],
    pub names: &'a MessageNames,
    pub now: Timestamp,
}

/// Whether a text can be the name of a header; one that could end its line is none.
fn is_name(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':')
}

/// Whether a mail has this header by itself, so that it cannot be given.
pub fn is_own_header(name: &str) -> bool {
    OWN_HEADERS.contains(&name.to_ascii_lowercase().as_str())
}

pub fn compose(draft: &Draft<'_>) -> Result<Vec<u8>, ComposeError> {
    let from = parse(draft.from).ok_or_else(|| ComposeError::From(draft.from.to_owned()))?;
    let date = UNIX_EPOCH + Duration::from_micros(u64::try_from(draft.now.micros()).unwrap_or(0));
    let line = |mailboxes: &[lettre::message::Mailbox]| mailboxes.iter().cloned().collect::<Mailboxes>();
    let mut builder = lettre::Message::builder()
        .from(from)
        .date(date)
        .subject(one_line(draft.subject, LONGEST_SUBJECT))
        .message_id(Some(draft.names.id.clone()))
        .references(draft.names.thread.clone())
        .in_reply_to(draft.names.thread.clone());
    if !draft.addressed.to.is_empty() {
        builder = builder.header(header::To::from(line(&draft.addressed.to)));
    }
    if !draft.addressed.cc.is_empty() {
        builder = builder.header(header::Cc::from(line(&draft.addressed.cc)));
    }
    let mut mail = match content(draft.report) {
        Content::Single(part) => builder.singlepart(part)?,
        Content::Multi(part) => builder.multipart(part)?,
    };
    // No mailing list and no holiday answers, please.
    let by_us = [("Auto-Submitted", "auto-generated"), ("X-Mailer", "Buildbot")];
    let given = draft.extra_headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    for (name, value) in by_us.into_iter().chain(given).filter(|(name, _)| is_name(name) && !is_own_header(name)) {
        let Ok(name) = HeaderName::new_from_ascii(name.to_owned()) else { continue };
        mail.headers_mut().insert_raw(HeaderValue::new(name, one_line(value, usize::MAX)));
    }
    Ok(mail.formatted())
}

enum Content {
    Single(SinglePart),
    Multi(MultiPart),
}

fn content(report: &Report) -> Content {
    let text = match &report.message.body {
        Body::Nothing => Content::Single(SinglePart::plain("\n".to_owned())),
        Body::Plain(text) => Content::Single(SinglePart::plain(text.clone())),
        Body::Html { html, plain } => {
            let plain = plain.clone().unwrap_or_else(|| plain_text::of_html(html));
            Content::Multi(MultiPart::alternative_plain_html(plain, document(html)))
        }
        Body::Json(value) => Content::Single(SinglePart::plain(json::to_string_pretty(&json::of_property(value)))),
    };
    if report.logs.is_empty() && report.patches.is_empty() {
        return text;
    }
    let mixed = match text {
        Content::Single(part) => MultiPart::mixed().singlepart(part),
        Content::Multi(part) => MultiPart::mixed().multipart(part),
    };
    let patches = report.patches.iter().enumerate().map(|(number, patch)| attached_patch(patch, number));
    let logs = report.logs.iter().map(attached_log);
    Content::Multi(patches.chain(logs).fold(mixed, MultiPart::singlepart))
}

fn attached_log(log: &AttachedLog) -> SinglePart {
    Attachment::new(file_name(&log.file_name)).body(log.text.clone(), ContentType::TEXT_PLAIN)
}

fn attached_patch(patch: &Patch, number: usize) -> SinglePart {
    let text = String::from_utf8_lossy(&patch.body).into_owned();
    Attachment::new(format!("source patch {number}")).body(text, ContentType::TEXT_PLAIN)
}

fn file_name(name: &str) -> String {
    one_line(&name.replace(['/', '\\'], "_"), LONGEST_NAME)
}

/// A whole document, if it is a piece of one; readable on paper, on black and on a telephone.
fn document(html: &str) -> String {
    if html.to_ascii_lowercase().contains("<html") {
        return html.to_owned();
    }
    format!(
        "<!doctype html>\n<html><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <meta name=\"color-scheme\" content=\"light dark\"><style>:root{{color-scheme:light dark}}\
         @media(prefers-color-scheme:dark){{a{{color:#6cb6ff}}}}</style></head>\n\
         <body style=\"font:15px/1.5 system-ui,Segoe UI,Roboto,Helvetica,Arial,sans-serif;max-width:680px;margin:0 auto;\
         padding:0 12px 16px\">\n{html}</body></html>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reporters::fixtures::{at, report};
    use crate::reporters::message::Message;

    fn mail(report: &Report, subject: &str, to: &[&str], extra: &[(&str, &str)]) -> String {
        let names = MessageNames { id: "<1.2@ci.example.org>".to_owned(), thread: "<b.3@ci.example.org>".to_owned() };
        let to: Vec<String> = to.iter().map(|text| (*text).to_owned()).collect();
        let extra: Vec<(String, String)> =
            extra.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let draft = Draft {
            from: "Build Bot <ci@example.org>",
            addressed: &Addressed::directly(&to),
            subject,
            report,
            extra_headers: &extra,
            names: &names,
            now: at(0),
        };
        String::from_utf8(compose(&draft).unwrap()).unwrap()
    }

    /// Names of the headers, in order.
    fn headers(mail: &str) -> Vec<&str> {
        let (head, _) = mail.split_once("\r\n\r\n").unwrap();
        let lines = head.split("\r\n").filter(|line| !line.starts_with([' ', '\t']));
        lines.filter_map(|line| line.split(':').next()).collect()
    }

    #[test]
    fn a_mail_names_itself_and_its_thread() {
        let mail = mail(&report(), "failed", &["ada@example.org"], &[]);
        for line in [
            "Message-ID: <1.2@ci.example.org>\r\n",
            "References: <b.3@ci.example.org>\r\n",
            "In-Reply-To: <b.3@ci.example.org>\r\n",
            "Auto-Submitted: auto-generated\r\n",
            "Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n",
        ] {
            assert!(mail.contains(line), "{line} is missing in {mail}");
        }
    }

    #[test]
    fn no_text_of_a_stranger_becomes_a_header() {
        let evil = "main\r\nBcc: evil@example.org\r\n\r\nbody";
        let mail = mail(
            &report(),
            &format!("failed on {evil}"),
            &["ada@example.org", "x\r\nBcc: evil@example.org"],
            &[("X-Branch", evil), ("X-Bad\r\nBcc", "evil"), ("Bcc", "evil@example.org"), ("Subject", "other")],
        );
        assert!(!headers(&mail).contains(&"Bcc"), "{mail}");
        assert!(mail.contains("Subject: failed on main\r\n") && mail.contains("X-Branch: main\r\n"), "{mail}");
        assert_eq!(headers(&mail).iter().filter(|name| **name == "Subject").count(), 1);
    }

    #[test]
    fn subjects_names_and_bodies_may_be_in_any_script() {
        let mut report = report();
        report.message.body = Body::Plain("Übersetzung schlug fehl: 編集".to_owned());
        let mail = mail(&report, "☠ größer 編集", &["Jörg Müller <j@example.org>"], &[]);
        assert!(mail.is_ascii(), "{mail}");
        assert!(mail.contains("Subject: =?utf-8?b?") && mail.contains("To: =?utf-8?b?"), "{mail}");
    }

    #[test]
    fn a_subject_of_a_megabyte_is_cut() {
        let mail = mail(&report(), &"x".repeat(1 << 20), &["ada@example.org"], &[]);
        assert!(mail.len() < 2_000, "{}", mail.len());
    }

    #[test]
    fn html_has_a_plain_alternative() {
        let mut report = report();
        report.message =
            Message { subject: None, body: Body::Html { html: "<p>a &amp; b</p>".to_owned(), plain: None } };
        let mail = mail(&report, "s", &["ada@example.org"], &[]);
        let (plain, html) = (mail.find("text/plain").unwrap(), mail.find("text/html").unwrap());
        assert!(mail.contains("multipart/alternative") && plain < html, "{mail}");
        assert!(mail.contains("\r\na & b") && mail.contains("<p>a &amp; b</p>"), "{mail}");
    }

    #[test]
    fn logs_and_patches_are_attached_under_harmless_names() {
        let mut report = report();
        let file_name = "runtests.test/../x\r\nBcc: a@b.stdio".to_owned();
        report.logs.push(AttachedLog { file_name, text: "line\n".to_owned() });
        report.patches.push(Patch {
            body: b"--- a\n+++ \xff\n".to_vec(),
            level: 1,
            subdir: String::new(),
            author: String::new(),
            comment: String::new(),
        });
        let mail = mail(&report, "s", &["ada@example.org"], &[]);
        assert!(mail.contains("multipart/mixed") && mail.contains("\"source patch 0\""), "{mail}");
        assert!(mail.contains("filename=\"runtests.test_.._x\""), "{mail}");
    }
}
