//! Projects and virtual builders, on pages and over REST.

use crate::config::ProjectConfig;
use crate::db::views::{Connection, project_list};
use crate::domain::Description;
use crate::json::json;
use crate::testing::project_site::{many_projects, start_virtual};
use crate::testing::sample_site::count_statements;
use crate::web::tests::site::{self, Site};

/// The names of a list, in order.
fn names(page: &str) -> Vec<&str> {
    let cells = page.split("<th scope=\"row\"><a href=\"").skip(1);
    cells.filter_map(|cell| cell.split_once("\">")?.1.split('<').next()).collect()
}

#[actix_web::test]
async fn a_page_of_a_project_shows_its_builders_and_builds() {
    let (site, _) = Site::filled().await;
    let page = site.page("/projects/apps").await;
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(page.body.contains("<div class=\"prose\"><p>All <em>apps</em></p></div>"), "{}", page.body);
    assert_eq!(names(&page.body), ["linux/x86"]);
    assert!(page.body.contains("1 builder</span>") && page.body.contains("1 broken</span>"), "{}", page.body);
    assert!(page.body.contains("1 running</span>") && page.body.contains("1 waiting</span>"), "{}", page.body);
    assert!(page.body.contains("codebase</span>") && page.body.contains("No commit of it is known"), "{}", page.body);
    assert_eq!(site.page("/projects/1").await.status, 200);
    assert_eq!(site.page("/projects/nosuch").await.status, 404);
}

#[actix_web::test]
async fn projects_are_listed_and_found_broken_ones_first() {
    let (site, _) = Site::filled().await;
    let page = site.page("/projects").await.body;
    assert_eq!(names(&page), ["apps"]);
    assert!(page.contains("All apps</span>"), "Markdown is one plain line: {page}");
    assert!(page.contains("linux/x86 #1</a>"), "{page}");
    assert!(site.page("/projects?q=nosuch").await.body.contains("No project is like that"));
    assert_eq!(names(&site.page("/projects?q=ALL+ap").await.body), ["apps"]);
}

#[actix_web::test]
async fn a_site_without_projects_says_how_to_make_one_and_does_not_lead_there() {
    let site = Site::empty();
    assert!(site.page("/projects").await.body.contains("There are no projects yet"));
    let home = site.page("/").await.body;
    assert!(!home.contains("id=\"projects\"") && !home.contains("href=\"./projects\""), "{home}");
}

#[actix_web::test]
async fn lists_of_projects_have_pages_and_cost_the_same_for_three_and_three_thousand() {
    let site = Site::empty();
    let mut statements = Vec::new();
    for count in [3, 3_000] {
        many_projects(site.db(), count).await.unwrap();
        let wanted = project_list::Wanted { limit: 100, ..Default::default() };
        let read = move |conn: &mut Connection| project_list::read(conn, &wanted);
        statements.push(count_statements(site.db(), read).await.unwrap().1);
    }
    assert_eq!(statements[0], statements[1]);
    let first = site.page("/projects").await.body;
    assert_eq!(names(&first).len(), 100);
    assert!(first.contains("page 1 of 30") && first.contains("In use <span class=\"count\">3000</span>"), "{first}");
    assert_eq!(names(&site.page("/projects?page=30&q=project").await.body)[99], "project-2999");
    let home = site.page("/").await.body;
    assert!(home.contains("12 of 3000") && home.contains("All 3000 projects"), "{home}");
    assert!(site.page("/projects/project-2999").await.body.contains("No builder belongs to this project yet"));
}

#[actix_web::test]
async fn a_project_that_left_the_configuration_is_retired_and_keeps_its_builds() {
    let (site, _) = Site::filled().await;
    many_projects(site.db(), 2).await.unwrap();
    assert_eq!(names(&site.page("/projects").await.body), ["project-0000", "project-0001"]);
    let retired = site.page("/projects?state=retired").await.body;
    assert_eq!(names(&retired), ["apps"]);
    let page = site.page("/projects/apps").await.body;
    assert!(page.contains("no longer in the configuration"), "{page}");
    assert!(page.contains("linux/x86 #1"), "its builds are there: {page}");
    assert_eq!(site.ids("/projects?active=false", "projects", "projectid").await, [1, 3]);
    assert_eq!(site.ids("/projects?active=true", "projects", "projectid").await, [2]);
    assert_eq!(site.ids("/projects/1/builders", "builders", "builderid").await, [1]);
}

#[actix_web::test]
async fn the_front_page_shows_projects_where_there_are_any() {
    let (site, _) = Site::filled().await;
    let page = site.page("/").await.body;
    assert!(page.contains("id=\"projects\"") && page.contains("href=\"./projects/apps\""), "{page}");
}

#[actix_web::test]
async fn the_navigation_leads_to_projects_of_the_configuration() {
    let mut config = site::config();
    let description = Description::default();
    config.projects = vec![ProjectConfig { name: "p".to_owned(), slug: "p".to_owned(), description }];
    assert!(Site::with(config).page("/").await.body.contains("href=\"./projects\""));
}

#[actix_web::test]
async fn builders_lead_to_their_projects_and_are_found_by_them() {
    let (site, _) = Site::filled().await;
    assert!(site.page("/builders").await.body.contains("in <a href=\"./projects/apps\">apps</a>"));
    let of_project = site.page("/builders?project=apps").await;
    assert_eq!(names(&of_project.body), ["linux/x86"]);
    assert!(of_project.body.contains("Builders of apps"), "{}", of_project.body);
    assert!(of_project.body.contains("name=\"project\" value=\"apps\""), "a search stays in the project");
    assert_eq!(site.page("/builders?project=nosuch").await.status, 404);
    let builder = site.page("/builders/linux%2Fx86").await.body;
    assert!(builder.contains("<a href=\"../projects/apps\">apps</a>"), "{builder}");
}

#[actix_web::test]
async fn rest_gives_descriptions_as_text_and_as_html() {
    let (site, _) = Site::filled().await;
    let project = &site.api("/projects/apps").await.json()["projects"][0];
    let expected = json!({
        "active": null, "description": "All *apps*", "description_format": "markdown",
        "description_html": "<p>All <em>apps</em></p>", "name": "apps", "projectid": 1, "slug": "apps",
    });
    assert_eq!(*project, expected);
    assert_eq!(site.api("/builders/1").await.json()["builders"][0]["projectid"], json!(1));
    assert_eq!(site.ids("/builders?projectid=1", "builders", "builderid").await, [1]);
    assert_eq!(site.ids("/projects?active=true", "projects", "projectid").await, [1]);
    assert_eq!(site.api("/projects?active=true").await.json()["projects"][0]["active"], json!(true));
    assert!(site.ids("/projects?active=false", "projects", "projectid").await.is_empty());
}

#[actix_web::test]
async fn a_virtual_builder_is_shown_with_the_builder_behind_it() {
    let (site, sample) = Site::filled().await;
    let build = start_virtual(site.db(), &sample).await.unwrap();
    let page = site.page("/builders/linux%2Fx86%40main").await;
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(
        page.body.contains("A virtual builder: <a href=\"../builders/linux%2Fx86\">linux/x86</a>"),
        "{}",
        page.body
    );
    assert!(page.body.contains("all *of* main"), "its description is plain text");
    assert!(!page.body.contains("_virtual_"), "{}", page.body);
    assert!(page.body.contains(">w1"), "it has the workers of the builder behind it: {}", page.body);
    let base = site.page("/builders/linux%2Fx86").await.body;
    assert!(base.contains("href=\"../builders/linux%2Fx86%40main\">linux/x86@main</a>"), "{base}");
    let list = site.page("/builders").await.body;
    assert!(list.contains(">virtual</span>") && list.contains("1 of 1"), "{list}");
    assert!(!list.contains("_virtual_"), "{list}");
    assert_eq!(names(&site.page("/builders?state=virtual").await.body), ["linux/x86@main"]);
    assert!(site.page("/projects").await.body.contains("branches"), "a project that only builds name");
    let found = &site.api(&format!("/builders/{}", build.builder_id)).await.json()["builders"][0];
    let expected = json!({
        "builderid": build.builder_id.0, "description": "all *of* main", "description_format": null,
        "description_html": null, "masterids": [], "name": "linux/x86@main", "projectid": 2,
        "tags": ["main", "_virtual_"],
    });
    assert_eq!(*found, expected);
    assert_eq!(site.ids("/builders/linux%2Fx86%40main/builds", "builds", "buildid").await, [build.id.0]);
    let of_build = &site.api(&format!("/builds/{}", build.id)).await.json()["builds"][0];
    assert_eq!((&of_build["number"], &of_build["builderid"]), (&json!(1), &json!(build.builder_id.0)));
    let request = &site.api(&format!("/buildrequests/{}", sample.waiting)).await.json()["buildrequests"][0];
    assert_eq!(request["builderid"], json!(sample.builder.0), "the request is that of the builder");
}

#[actix_web::test]
async fn what_is_not_there_is_404() {
    let (site, _) = Site::filled().await;
    for path in [
        "/projects/9",
        "/projects/nosuch",
        "/projects/apps/builders",
        "/projects/1/codebases/nosuch",
        "/codebases/9",
        "/codebases/app",
        "/branches/1",
        "/branches",
        "/commits/1",
        "/codebases/1/commits_by_revision/abc",
        "/codebases/1/commit_range/1/2/commits_common_parent",
    ] {
        assert_eq!(site.api(path).await.status, 404, "{path}");
    }
    assert_eq!(site.api("/codebases?nosuch=1").await.status, 400);
    assert_eq!(site.api("/codebases/1?name=app").await.status, 400, "it is no collection");
    assert_eq!(site.ids("/codebases?name=app&projectid=1", "codebases", "codebaseid").await, [1]);
    assert!(site.ids("/codebases?projectid__gt=1", "codebases", "codebaseid").await.is_empty());
}
