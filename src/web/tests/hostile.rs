//! What strangers may fill in, filled in with what they may try: every page shows it as text.

use crate::config::MasterConfig;
use crate::domain::{Description, PropertyValue};
use crate::schedulers::config::{ForceParameter, SchedulerKind};
use crate::testing::hostile_site::{HOSTILE, SCRIPT_URL, endless, fill};
use crate::web::templates::segment;

use super::markup;
use super::site::{self, Site};

fn config() -> MasterConfig {
    let mut config = site::config();
    config.title = HOSTILE.to_owned();
    config.title_url = SCRIPT_URL.to_owned();
    config.inactive = vec![endless()];
    for builder in &mut config.builders {
        builder.name = HOSTILE.to_owned();
        builder.description = Description::plain(Some(endless()));
        builder.tags = vec![HOSTILE.to_owned()];
    }
    config.builders.truncate(1);
    for scheduler in &mut config.schedulers {
        scheduler.builder_names = vec![HOSTILE.to_owned()];
        let SchedulerKind::Force(force) = &mut scheduler.kind else { continue };
        (force.label, force.button_name) = (endless(), HOSTILE.to_owned());
        let own = force.properties.iter_mut().filter_map(|parameter| match parameter {
            ForceParameter::Field(field) => Some(field),
            ForceParameter::Group(group) => {
                (group.label, group.name) = (HOSTILE.to_owned(), HOSTILE.to_owned());
                None
            }
            ForceParameter::AnyProperty(_) => None,
        });
        for field in own.chain([&mut force.reason, &mut force.username]) {
            (field.label, field.tooltip) = (HOSTILE.to_owned(), endless());
            field.default = PropertyValue::from(HOSTILE);
        }
    }
    config
}

/// Every page that shows something of the site.
async fn pages(site: &Site) -> Vec<String> {
    let hostile = segment(HOSTILE);
    let builder = format!("/builders/{hostile}");
    let step = format!("{builder}/builds/1/steps/{}", segment(&format!("{HOSTILE}0")));
    let logs = site.api("/steps/1/logs").await.json();
    let slugs = logs["logs"].as_array().unwrap().iter().map(|log| log["slug"].as_str().unwrap().to_owned());
    let mut pages: Vec<String> = slugs.map(|slug| format!("{step}/logs/{slug}")).collect();
    assert_eq!(pages.len(), 3);
    pages.extend([
        format!("/builders?tag={hostile}"),
        format!("/builders?q={hostile}"),
        format!("/waterfall?builder={hostile}&n=5"),
        builder.clone(),
        "/builders/1".to_owned(),
        format!("{builder}/builds/1"),
        format!("{builder}/builds/2"),
        format!("{builder}/builds/1/steps/1"),
        step,
        "/changes/1".to_owned(),
        "/users/1".to_owned(),
        format!("/users?q={hostile}"),
        format!("/projects/{hostile}"),
        format!("/projects/{hostile}v"),
        format!("/projects?q={hostile}"),
        format!("/builders/{hostile}v"),
        format!("/builders?project={hostile}"),
    ]);
    let lists = ["/", "/builders", "/projects", "/waterfall", "/workers", "/changes", "/users"];
    pages.extend(lists.map(str::to_owned));
    pages
}

#[actix_web::test]
async fn no_page_takes_hostile_text_for_markup() {
    let site = Site::with(config());
    fill(site.db()).await.unwrap();
    for path in pages(&site).await {
        let page = site.page(&path).await;
        assert_eq!(page.status, 200, "{path}: {}", page.body);
        assert_eq!(markup::objections(&page.body), Vec::<String>::new(), "{path}");
        assert!(page.body.contains("onerror=alert(1)"), "{path} does not show the text");
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8", "{path}");
        assert!(page.header("content-security-policy").starts_with("default-src 'none'"), "{path}");
        assert_eq!(page.header("x-content-type-options"), "nosniff", "{path}");
    }
}

#[actix_web::test]
async fn pages_about_what_is_not_there_do_not_take_its_name_for_markup() {
    let site = Site::with(config());
    let hostile = segment(HOSTILE);
    for path in [
        format!("/{hostile}"),
        format!("/builders/{hostile}"),
        format!("/builders/{hostile}/builds/{hostile}"),
        format!("/workers/{hostile}"),
        format!("/projects/{hostile}"),
        format!("/builders?project={hostile}"),
        format!("/changes/{hostile}"),
        format!("/static/{hostile}"),
    ] {
        let page = site.page(&path).await;
        assert_eq!(page.status, 404, "{path}: {}", page.body);
        assert_eq!(markup::objections(&page.body), Vec::<String>::new(), "{path}");
    }
}

#[actix_web::test]
async fn the_interface_for_programs_is_never_read_as_a_page() {
    let site = Site::with(config());
    let build = fill(site.db()).await.unwrap();
    for path in [
        "/builders".to_owned(),
        "/changes".to_owned(),
        "/workers".to_owned(),
        format!("/builds/{}/properties", build.id),
        format!("/{}", segment(HOSTILE)),
    ] {
        let answer = site.api(&path).await;
        let kind = answer.header("content-type");
        assert!(kind.starts_with("application/json") || kind.starts_with("text/plain"), "{path} is {kind}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
    }
}
