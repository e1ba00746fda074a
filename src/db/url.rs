//! `c['db']['db_url']`: SQLAlchemy's way to name a database.

use std::path::{Path, PathBuf};

/// The reason a database URL cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    #[error("{0:?} is no database URL: it looks like sqlite:///state.sqlite")]
    NotUrl(String),
    #[error("{0} databases are not available yet: use sqlite:///state.sqlite")]
    NotAvailable(String),
    #[error("{0:?} names no file: use sqlite:///state.sqlite")]
    NoFile(String),
}

/// The file of a SQLite URL; three slashes are relative to the base directory, four absolute.
pub fn sqlite_path(url: &str, base_dir: &Path) -> Result<PathBuf, UrlError> {
    let (scheme, rest) = url.split_once("://").ok_or_else(|| UrlError::NotUrl(url.to_owned()))?;
    let dialect = scheme.split('+').next().unwrap_or(scheme);
    match dialect {
        "sqlite" => {}
        "postgresql" | "postgres" | "mysql" | "mariadb" => return Err(UrlError::NotAvailable(dialect.to_owned())),
        _ => return Err(UrlError::NotUrl(url.to_owned())),
    }
    let path = rest.strip_prefix('/').unwrap_or(rest).split('?').next().unwrap_or_default();
    if path.is_empty() || path == ":memory:" {
        return Err(UrlError::NoFile(url.to_owned()));
    }
    Ok(base_dir.join(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_slashes_are_relative_and_four_absolute() {
        let base = Path::new("/m");
        assert_eq!(sqlite_path("sqlite:///state.sqlite", base), Ok("/m/state.sqlite".into()));
        assert_eq!(sqlite_path("sqlite:////var/x.sqlite?timeout=1", base), Ok("/var/x.sqlite".into()));
    }

    #[test]
    fn other_databases_and_other_texts_are_refused_with_a_hint() {
        let base = Path::new("/m");
        assert_eq!(
            sqlite_path("postgresql+psycopg2://u:p@h/d", base),
            Err(UrlError::NotAvailable("postgresql".to_owned()))
        );
        assert_eq!(sqlite_path("state.sqlite", base), Err(UrlError::NotUrl("state.sqlite".to_owned())));
        assert_eq!(sqlite_path("sqlite://", base), Err(UrlError::NoFile("sqlite://".to_owned())));
    }
}
