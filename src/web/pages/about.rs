//! What runs here: versions, since when, where its data is, and the other doors.

use std::time::Duration;

use actix_web::HttpResponse;
use serde::Serialize;

use super::view::View;
use crate::db::views::config_versions::{self, ConfigVersion};
use crate::db::views::{Connection, about, masters};
use crate::domain::Timestamp;
use crate::web::error::WebError;
use crate::web::format::{self, When};

#[derive(Serialize)]
struct AboutPage {
    version: &'static str,
    started: When,
    uptime: String,
    /// `None` while nobody said where it is.
    config_file: Option<String>,
    masters: Vec<MasterItem>,
    database: String,
    database_size: String,
    logs_size: String,
    sqlite: String,
    degraded: Option<String>,
    n_builders: usize,
    n_workers: usize,
    n_schedulers: usize,
    n_change_sources: usize,
    n_builds: i64,
    n_changes: i64,
    buildbot_url: String,
    warnings: Vec<String>,
    /// The newest first.
    versions: Vec<VersionItem>,
}

/// A configuration that was in force. Its text may hold passwords and is not shown.
#[derive(Serialize)]
struct VersionItem {
    number: i64,
    when: When,
    cause: String,
    changes: Vec<String>,
}

/// Versions that are listed.
const MOST_VERSIONS: i64 = 20;

#[derive(Serialize)]
struct MasterItem {
    name: String,
    active: bool,
}

pub async fn get(view: View) -> Result<HttpResponse, WebError> {
    let read = |conn: &mut Connection| {
        Ok((about::read(conn)?, masters::all(conn)?, config_versions::newest(conn, MOST_VERSIONS)?))
    };
    let (facts, masters, versions) = view.db.read(read).await?;
    let log_bytes = view.db.read_logs(about::log_bytes).await?;
    let config = view.handle.config();
    let running = view.now.since(view.started);
    let page = AboutPage {
        version: env!("CARGO_PKG_VERSION"),
        started: When::new(view.started, view.now),
        uptime: format::duration(Duration::from_secs(running.as_secs())),
        config_file: view.config_file.as_ref().map(|path| path.display().to_string()),
        masters: masters.into_iter().map(|master| MasterItem { name: master.name, active: master.active }).collect(),
        database: without_password(config.db_url.shown()),
        database_size: size(facts.n_bytes),
        logs_size: size(log_bytes),
        sqlite: facts.sqlite,
        degraded: view.handle.health().await.degraded,
        n_builders: config.builders.len(),
        n_workers: config.workers.len(),
        n_schedulers: config.schedulers.len(),
        n_change_sources: config.change_sources.len(),
        n_builds: facts.n_builds,
        n_changes: facts.n_changes,
        buildbot_url: config.buildbot_url.clone(),
        warnings: config.warnings.iter().map(ToString::to_string).collect(),
        versions: versions.into_iter().map(|version| VersionItem::new(version, view.now)).collect(),
    };
    view.page("about.html", "about", &page)
}

impl VersionItem {
    fn new(version: ConfigVersion, now: Timestamp) -> Self {
        let ConfigVersion { number, applied_at, cause, changes } = version;
        Self { number, when: When::new(applied_at, now), cause, changes }
    }
}

/// The URL of a database with its password and its options blacked out: both may be secret.
fn without_password(url: &str) -> String {
    let url = url.split('?').next().unwrap_or_default();
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    match rest.rsplit_once('@') {
        Some((login, place)) => format!("{scheme}://{}:…@{place}", login.split(':').next().unwrap_or_default()),
        None => url.to_owned(),
    }
}

/// `3.4 MiB`
fn size(bytes: i64) -> String {
    let units = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    match units.iter().find(|(size, _)| *size <= bytes) {
        Some((size, unit)) => format!("{}.{} {unit}", bytes / size, bytes % size * 10 / size),
        None => format!("{bytes} B"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_of_the_database_is_not_shown() {
        assert_eq!(without_password("postgresql://ci:p@ss:w@db/ci?sslpassword=x"), "postgresql://ci:…@db/ci");
        assert_eq!(without_password("sqlite:///state.sqlite"), "sqlite:///state.sqlite");
    }

    #[test]
    fn sizes_have_one_decimal() {
        assert_eq!([0, 1023, 1536, 5 << 20].map(size), ["0 B", "1023 B", "1.5 KiB", "5.0 MiB"]);
    }
}
