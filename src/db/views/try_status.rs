//! How far the builds of a buildset are, for whoever sent it.

use std::collections::HashMap;

use diesel::prelude::*;

use super::steps;
use crate::db::DbError;
use crate::db::schema::{build_build_requests, build_requests, builders, builds};
use crate::domain::try_job::{TryBuild, TryBuildId, TryRequest, TryStatus};
use crate::domain::{BuildId, BuildRequestId, BuildsetId, Results};

/// Request, builder's name, results.
type RequestRow = (i64, String, Option<i32>);
/// Request, build, results, words.
type BuildRow = (i64, i64, Option<i32>, String);

pub fn of_buildset(conn: &mut SqliteConnection, buildset: BuildsetId) -> Result<TryStatus, DbError> {
    let requests: Vec<RequestRow> = build_requests::table
        .inner_join(builders::table.on(builders::id.eq(build_requests::builder_id)))
        .filter(build_requests::buildset_id.eq(buildset.0))
        .order(build_requests::id)
        .select((build_requests::id, builders::name, build_requests::results))
        .load(conn)?;
    let ids: Vec<i64> = requests.iter().map(|(id, ..)| *id).collect();
    let mut builds = builds_of(conn, &ids)?;
    let request = |(id, builder_name, results): RequestRow| {
        let results = results.and_then(Results::from_code);
        let builds =
            builds.remove(&id).unwrap_or_else(|| results.map(|results| never(id, results)).into_iter().collect());
        TryRequest { id: BuildRequestId(id), builder_name, results, builds }
    };
    Ok(TryStatus { requests: requests.into_iter().map(request).collect() })
}

/// In place of the build of a request that ended without one.
fn never(request: i64, results: Results) -> TryBuild {
    let text = format!("{results} before a build began");
    TryBuild { id: TryBuildId::Never(BuildRequestId(request)), steps: Vec::new(), finished: Some((results, text)) }
}

fn builds_of(conn: &mut SqliteConnection, requests: &[i64]) -> Result<HashMap<i64, Vec<TryBuild>>, DbError> {
    let rows: Vec<BuildRow> = build_build_requests::table
        .inner_join(builds::table.on(builds::id.eq(build_build_requests::build_id)))
        .filter(build_build_requests::request_id.eq_any(requests))
        .order(builds::id)
        .select((build_build_requests::request_id, builds::id, builds::results, builds::state_string))
        .load(conn)?;
    let ids: Vec<i64> = rows.iter().map(|(_, build, ..)| *build).collect();
    let mut steps: HashMap<BuildId, Vec<(String, Option<Results>)>> = HashMap::new();
    for step in steps::of_builds(conn, &ids)?.into_iter().filter(|step| step.started_at.is_some()) {
        steps.entry(step.build_id).or_default().push((step.name, step.results));
    }
    let mut builds: HashMap<i64, Vec<TryBuild>> = HashMap::new();
    for (request, id, results, words) in rows {
        let id = BuildId(id);
        let finished = results.and_then(Results::from_code).map(|results| (results, words));
        let steps = steps.get(&id).cloned().unwrap_or_default();
        let id = TryBuildId::Build(id);
        builds.entry(request).or_default().push(TryBuild { id, steps, finished });
    }
    Ok(builds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::db::transitions::CancelRequest;
    use crate::testing::sample_site;
    use crate::testing::test_db::TestDb;

    /// The buildset of a request.
    fn buildset_of(conn: &mut SqliteConnection, request: BuildRequestId) -> Result<BuildsetId, DbError> {
        let id = build_requests::table.find(request.0).select(build_requests::buildset_id).first(conn)?;
        Ok(BuildsetId(id))
    }

    async fn status_of(test: &TestDb, request: BuildRequestId) -> TryStatus {
        let read = move |conn: &mut SqliteConnection| {
            let buildset = buildset_of(conn, request)?;
            of_buildset(conn, buildset)
        };
        test.db.read(read).await.unwrap()
    }

    #[actix::test]
    async fn a_finished_build_tells_its_steps_and_a_waiting_request_nothing() {
        let test = TestDb::new(&Clock::system());
        let site = sample_site::fill(&test.db).await.unwrap();
        let status = status_of(&test, site.finished.request_id).await;
        let [request] = status.requests.as_slice() else { panic!("{status:?}") };
        assert_eq!((request.builder_name.as_str(), request.results), ("linux/x86", Some(Results::Failure)));
        let [build] = request.builds.as_slice() else { panic!("{request:?}") };
        assert_eq!(build.finished.as_ref().map(|(results, _)| *results), Some(Results::Failure));
        let steps: Vec<&str> = build.steps.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!((steps, status.is_complete()), (vec!["git", "make all"], true));

        let status = status_of(&test, site.waiting).await;
        assert!(status.requests[0].builds.is_empty() && !status.is_complete());
    }

    #[actix::test]
    async fn a_cancelled_request_has_something_in_place_of_its_build() {
        let test = TestDb::new(&Clock::system());
        let site = sample_site::fill(&test.db).await.unwrap();
        let (reason, results) = ("not wanted".to_owned(), Results::Cancelled);
        test.db.write(CancelRequest { request: site.waiting, reason, results }).await.unwrap();
        let status = status_of(&test, site.waiting).await;
        let id = TryBuildId::Never(site.waiting);
        assert_eq!(status.build(id).and_then(|build| build.finished.clone()).unwrap().0, Results::Cancelled);
        assert!(status.is_complete());
    }
}
