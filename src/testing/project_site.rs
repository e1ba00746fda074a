//! Projects and virtual builders for tests of what shows them.

use crate::db::transitions::{StartBuild, StartBuildOutcome, SyncBuilder, SyncConfig, SyncProject};
use crate::db::{Db, DbError};
use crate::domain::{Build, Description, Properties, VirtualBuilder};

use super::sample_site::SampleSite;

/// Starts the waiting request of the sample; its build is shown at `linux/x86@main`, of the project `branches`.
pub async fn start_virtual(db: &Db, sample: &SampleSite) -> Result<Build, DbError> {
    let shown_at = VirtualBuilder {
        name: "linux/x86@main".to_owned(),
        description: Some("all *of* main".to_owned()),
        project: Some("branches".to_owned()),
        tags: vec!["main".to_owned()],
    };
    let start = StartBuild {
        builder: sample.builder,
        shown_at: Some(shown_at),
        requests: vec![sample.waiting],
        worker: sample.worker,
        properties: Properties::new(),
        state_string: "building".to_owned(),
    };
    match db.write(start).await? {
        StartBuildOutcome::Started(build) => Ok(build),
        StartBuildOutcome::Lost => Err(DbError::Row("the request is taken".to_owned())),
    }
}

/// Puts a configuration in force with `project-0000` and so on; each but the last has a builder: `b-0000` and so on.
pub async fn many_projects(db: &Db, count: usize) -> Result<(), DbError> {
    let project = |i: usize| SyncProject {
        name: format!("project-{i:04}"),
        slug: format!("p{i}"),
        description: Description::plain(Some(format!("the project {i}"))),
    };
    let builder = |i: usize| SyncBuilder {
        name: format!("b-{i:04}"),
        project: Some(format!("project-{i:04}")),
        ..SyncBuilder::default()
    };
    let sync = SyncConfig {
        projects: (0..count).map(project).collect(),
        builders: (0..count.saturating_sub(1)).map(builder).collect(),
        ..SyncConfig::default()
    };
    db.write(sync).await?;
    Ok(())
}
