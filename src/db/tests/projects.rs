//! Projects, codebases, and builders that are only shown.

use std::collections::HashMap;

use crate::clock::Clock;
use crate::db::transitions::{
    IngestChanges, RecoverAtStart, StartBuild, StartBuildOutcome, SyncBuilder, SyncCodebase, SyncConfig, SyncProject,
};
use crate::db::views::keys::{BuilderKey, ProjectKey};
use crate::db::views::select::Select;
use crate::db::views::{builders, builds, codebases, lifetime, projects};
use crate::domain::{
    Build, Builder, BuilderId, Description, NewCommit, NewHistory, Project, Properties, Timestamp, VirtualBuilder,
};
use crate::testing::test_db::{TestDb, TestSite};

fn clock() -> Clock {
    Clock::simulated(Timestamp::from_secs(1_767_225_600))
}

fn project(name: &str, description: &str) -> SyncProject {
    SyncProject {
        name: name.to_owned(),
        slug: name.to_owned(),
        description: Description::plain(Some(description.to_owned())),
    }
}

fn builder(name: &str, project: Option<&str>) -> SyncBuilder {
    SyncBuilder { name: name.to_owned(), project: project.map(str::to_owned), ..SyncBuilder::default() }
}

async fn sync(db: &TestDb, projects: Vec<SyncProject>, builders: Vec<SyncBuilder>) -> HashMap<String, BuilderId> {
    db.db.write(SyncConfig { projects, builders, ..SyncConfig::default() }).await.unwrap().builders
}

async fn all_projects(db: &TestDb) -> Vec<Project> {
    db.db.read(projects::all).await.unwrap()
}

async fn find(db: &TestDb, name: &str) -> Builder {
    let key = BuilderKey::Name(name.to_owned());
    db.db.read(move |conn| builders::find(conn, &key)).await.unwrap().unwrap()
}

/// The keys of the events so far that are about these kinds of things.
fn events(db: &TestDb, of: &[&str]) -> Vec<String> {
    let keys = db.events.borrow().iter().map(|event| event.event.key()).collect::<Vec<_>>();
    keys.into_iter().filter(|key| of.iter().any(|kind| key.starts_with(kind))).collect()
}

#[actix::test]
async fn a_project_that_leaves_the_configuration_stays_with_its_builders() {
    let db = TestDb::new(&clock());
    sync(&db, vec![project("apps", "a"), project("web", "w")], vec![builder("b", Some("apps"))]).await;
    let facts = |all: Vec<Project>| -> Vec<(String, bool, bool)> {
        all.into_iter().map(|project| (project.name, project.configured, project.active)).collect()
    };
    let of = |name: &str, configured, active| (name.to_owned(), configured, active);
    assert_eq!(facts(all_projects(&db).await), [of("apps", true, true), of("web", true, false)]);
    sync(&db, vec![project("web", "w")], vec![builder("c", Some("web"))]).await;
    assert_eq!(facts(all_projects(&db).await), [of("apps", false, false), of("web", true, true)]);
    let kept = db.db.read(|conn| builders::of_project(conn, crate::domain::ProjectId(1))).await.unwrap();
    assert_eq!(kept.iter().map(|builder| builder.name.as_str()).collect::<Vec<_>>(), ["b"]);
    let by_name = ProjectKey::Name("web".to_owned());
    assert_eq!(db.db.read(move |conn| projects::find(conn, &by_name)).await.unwrap().unwrap().id.0, 2);
}

#[actix::test]
async fn events_tell_what_is_new_of_projects_and_builders() {
    let db = TestDb::new(&clock());
    let told = |db: &TestDb| events(db, &["projects", "builders"]);
    sync(&db, vec![project("apps", "a")], vec![builder("b", None)]).await;
    assert_eq!(told(&db), ["projects/1/update", "builders/1/started"]);
    sync(&db, vec![project("apps", "a")], vec![builder("b", None)]).await;
    assert_eq!(told(&db).len(), 2, "nothing is new");
    sync(&db, vec![project("apps", "other")], vec![builder("b", Some("apps"))]).await;
    assert_eq!(told(&db)[2..], ["projects/1/update", "builders/1/update"]);
    sync(&db, Vec::new(), vec![builder("c", None)]).await;
    assert_eq!(told(&db)[4..], ["projects/1/update", "builders/2/started", "builders/1/stopped"]);
}

fn shown(name: &str) -> VirtualBuilder {
    VirtualBuilder { name: name.to_owned(), tags: vec!["fast".to_owned()], ..VirtualBuilder::default() }
}

async fn start(db: &TestDb, site: &TestSite, shown_at: Option<VirtualBuilder>) -> Build {
    let request = db.request(site).await.requests[0].1;
    let start = StartBuild {
        builder: site.builder,
        shown_at,
        requests: vec![request],
        worker: site.worker,
        properties: Properties::new(),
        state_string: "building".to_owned(),
    };
    match db.db.write(start).await.unwrap() {
        StartBuildOutcome::Started(build) => build,
        StartBuildOutcome::Lost => panic!("the request is lost"),
    }
}

#[actix::test]
async fn a_build_is_shown_at_a_virtual_builder_with_numbers_of_its_own() {
    let db = TestDb::new(&clock());
    let site = db.site().await;
    assert_eq!(start(&db, &site, None).await.number, 1);
    let wanted = VirtualBuilder {
        description: Some("of the branch".to_owned()),
        project: Some("apps".to_owned()),
        ..shown("b@main")
    };
    let (first, second) = (start(&db, &site, Some(wanted.clone())).await, start(&db, &site, Some(wanted)).await);
    assert_eq!((first.number, second.number), (1, 2));
    assert_eq!(first.builder_id, second.builder_id);
    let found = find(&db, "b@main").await;
    assert_eq!((found.id, found.base, found.active), (first.builder_id, Some(site.builder), true));
    assert_eq!(found.tags, ["fast", "_virtual_"]);
    assert_eq!(found.description.text.as_deref(), Some("of the branch"));
    let apps = &all_projects(&db).await[0];
    assert_eq!((apps.name.as_str(), apps.configured, apps.active), ("apps", false, true));
    assert_eq!(found.project, Some(apps.id));
    assert_eq!(start(&db, &site, None).await.number, 2, "its own builds are counted by themselves");
    let id = found.id;
    assert_eq!(events(&db, &["builders"])[1..], [format!("builders/{id}/update")], "once, not for each build");
    let mine = db.db.master().id;
    let running = db.db.read(move |conn| builds::running_of(conn, mine, site.builder)).await.unwrap();
    assert_eq!(running.len(), 4, "the builder runs all of them");
    db.assert_sound().await;
}

#[actix::test]
async fn a_virtual_builder_is_active_as_long_as_the_builder_behind_it() {
    let db = TestDb::new(&clock());
    let site = db.site().await;
    start(&db, &site, Some(shown("v"))).await;
    sync(&db, Vec::new(), vec![builder("b", None), builder("c", None)]).await;
    assert!(find(&db, "v").await.active);
    sync(&db, Vec::new(), vec![builder("c", None)]).await;
    assert!(!find(&db, "v").await.active);
    sync(&db, Vec::new(), vec![builder("b", None)]).await;
    assert!(find(&db, "v").await.active);
    assert!(!events(&db, &["builders"]).contains(&"builders/2/started".to_owned()), "no master has it");
    sync(&db, Vec::new(), vec![builder("b", None), builder("v", None)]).await;
    let now = find(&db, "v").await;
    assert_eq!((now.base, now.tags.len()), (None, 0), "it is a builder of the configuration now");
    assert!(events(&db, &["builders"]).contains(&"builders/2/started".to_owned()));
}

#[actix::test]
async fn a_builder_of_the_configuration_stays_as_it_is_when_builds_are_shown_at_it() {
    let db = TestDb::new(&clock());
    let site = db.site().await;
    let ids = sync(&db, Vec::new(), vec![builder("b", None), builder("other", None)]).await;
    let build = start(&db, &site, Some(shown("other"))).await;
    assert_eq!(build.builder_id, ids["other"]);
    let other = find(&db, "other").await;
    assert_eq!((other.base, other.tags.len()), (None, 0));
    assert_eq!(start(&db, &site, Some(shown("b"))).await.builder_id, site.builder, "or at itself");
}

#[actix::test]
async fn builds_of_a_virtual_builder_are_recovered_and_kept_as_those_of_the_builder_behind_it() {
    let db = TestDb::new(&clock());
    let site = db.site().await;
    let build = start(&db, &site, Some(shown("v"))).await;
    let ruled = db.db.read(lifetime::builders).await.unwrap();
    let rules: Vec<(&str, &str)> = ruled.iter().map(|it| (it.name.as_str(), it.ruled_by.as_str())).collect();
    assert_eq!(rules, [("b", "b"), ("v", "b")]);
    let db = db.reopen().await;
    let recovered = db.db.write(RecoverAtStart).await.unwrap();
    assert_eq!(recovered.builds, [build.id]);
    db.assert_sound().await;
}

fn commit(revision: &str, parent: Option<&str>) -> NewCommit {
    NewCommit {
        revision: revision.to_owned(),
        parent: parent.map(str::to_owned),
        author: "Ann".to_owned(),
        committer: None,
        comments: "Fix".to_owned(),
        when: Timestamp::from_secs(7),
    }
}

#[actix::test]
async fn commits_of_a_codebase_are_stored_once_with_their_parents() {
    let db = TestDb::new(&clock());
    let codebase = SyncCodebase { name: "app".to_owned(), slug: "a".to_owned(), project: "apps".to_owned() };
    let config = |slug: &str| SyncConfig {
        projects: vec![project("apps", "")],
        codebases: vec![SyncCodebase { slug: slug.to_owned(), ..codebase.clone() }],
        ..SyncConfig::default()
    };
    let ids = db.db.write(config("a")).await.unwrap().codebases;
    let id = ids[&("apps".to_owned(), "app".to_owned())];
    let ingest = |commits: Vec<NewCommit>, tip: &str| IngestChanges {
        source: "poller".to_owned(),
        source_id: None,
        changes: Vec::new(),
        poll_state: None,
        history: Some((id, NewHistory { commits, branches: vec![("main".to_owned(), tip.to_owned())] })),
    };
    db.db.write(ingest(vec![commit("one", None), commit("two", Some("one"))], "two")).await.unwrap();
    db.db.write(ingest(vec![commit("two", Some("one")), commit("three", Some("two"))], "three")).await.unwrap();
    let select = move || Select::scoped(codebases::COMMITS_OF, vec![id.0]);
    let found = db.db.read(move |conn| codebases::commits(conn, &select())).await.unwrap();
    let lines: Vec<(&str, Option<i64>)> =
        found.iter().map(|commit| (commit.revision.as_str(), commit.parent.map(|parent| parent.0))).collect();
    assert_eq!(lines, [("one", None), ("two", Some(1)), ("three", Some(2))]);
    let branches = Select::scoped(codebases::BRANCHES_OF, vec![id.0]);
    let branches = db.db.read(move |conn| codebases::branches(conn, &branches)).await.unwrap();
    assert_eq!((branches.len(), branches[0].commit.map(|commit| commit.0)), (1, Some(3)));
    assert_eq!(db.db.read(|conn| codebases::ancestry(conn, 3, 1)).await.unwrap(), [3, 2]);
    assert_eq!(db.db.read(|conn| codebases::ancestry(conn, 3, 100)).await.unwrap(), [3, 2, 1]);
    assert_eq!(db.db.read(|conn| codebases::ancestry(conn, 9, 100)).await.unwrap(), Vec::<i64>::new());
    db.db.write(config("other")).await.unwrap();
    let told = events(&db, &["codebases", "commits", "branches"]);
    let expected = [
        "codebases/1/update",
        "commits/1/new",
        "commits/2/new",
        "branches/1/update",
        "commits/3/new",
        "branches/1/update",
        "codebases/1/update",
    ];
    assert_eq!(told, expected);
}
