//! The only type that knows status codes.

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, RETRY_AFTER};
use actix_web::{HttpResponse, ResponseError};

use crate::actors::handle::CommandError;
use crate::db::DbError;
use crate::web::templates::TemplateError;

/// The reason a request got no page and no data.
///
/// Without a page around it (see `pages::error`) it is answered as plain text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebError {
    #[error("{0}")]
    BadRequest(String),
    /// The request comes from another site.
    #[error("{0}")]
    Forbidden(String),
    /// Names what was looked for.
    #[error("{0}")]
    NotFound(String),
    /// A field has a bad value; forms show it at the field.
    #[error("{0}")]
    Unprocessable(String),
    #[error("the master is overloaded, try again in a moment")]
    Overloaded,
    /// The master was asked to do something and could not; the text says why.
    #[error("{0}")]
    Failed(String),
    /// A template of the master's own is broken; the text names file and line.
    #[error("{0}")]
    BrokenTemplate(String),
    /// The text goes to the log only.
    #[error("{0}")]
    Internal(String),
}

impl WebError {
    /// Whether the text may be shown to whoever asked.
    pub fn is_internal(&self) -> bool {
        matches!(self, Self::Internal(_))
    }
}

impl ResponseError for WebError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::Unprocessable(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Overloaded => StatusCode::SERVICE_UNAVAILABLE,
            Self::Failed(_) | Self::BrokenTemplate(_) | Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        response.insert_header((CONTENT_TYPE, "text/plain; charset=utf-8"));
        if *self == Self::Overloaded {
            response.insert_header((RETRY_AFTER, "5"));
        }
        response.body(if self.is_internal() { "internal error\n".to_owned() } else { format!("{self}\n") })
    }
}

impl From<DbError> for WebError {
    fn from(error: DbError) -> Self {
        Self::Internal(format!("cannot read the database: {error}"))
    }
}

impl From<CommandError> for WebError {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::NotFound(what) => Self::NotFound(what),
            CommandError::Invalid(fields) => {
                let texts: Vec<String> = fields.into_values().collect();
                Self::Unprocessable(texts.join("; "))
            }
            CommandError::Overloaded => Self::Overloaded,
            CommandError::Failed(why) => Self::Failed(why),
        }
    }
}

impl From<TemplateError> for WebError {
    fn from(error: TemplateError) -> Self {
        match error {
            TemplateError::Own { .. } => Self::BrokenTemplate(error.to_string()),
            TemplateError::Ours(error) => Self::Internal(format!("cannot render the page: {error:#}")),
        }
    }
}
