//! What people wrote about a builder or a project.

/// A text, and what it looks like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Description {
    /// As it was written.
    pub text: Option<String>,
    /// How it was written: `markdown`; nothing for plain text.
    pub format: Option<String>,
    /// What it looks like, if it has a format; safe to be put into a page.
    pub html: Option<String>,
}

impl Description {
    /// A text without a format.
    pub fn plain(text: Option<String>) -> Self {
        Self { text, format: None, html: None }
    }
}
