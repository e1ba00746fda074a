//! Files of the master's own take the place of ours, and a broken one says so.

use std::fs;

use tempfile::TempDir;

use super::site::{Answer, Site};

/// A base directory with these files below it, and the site of its master.
fn site(files: &[(&str, &str)]) -> (TempDir, Site) {
    let base_dir = TempDir::new().unwrap();
    for (path, text) in files {
        let path = base_dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let site = Site::empty().with_own_files(base_dir.path());
    (base_dir, site)
}

fn kind(answer: &Answer) -> &str {
    answer.header("content-type")
}

#[actix_web::test]
async fn an_own_template_takes_the_place_of_ours_and_may_extend_it() {
    let home = "{% extends \"base.html\" %}{% block title %}T{% endblock %}{% block content %}our own {{ site.title }}{% endblock %}";
    let (_base_dir, site) = site(&[("templates/home.html", home)]);
    let page = site.page("/").await;
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(page.body.contains("our own A &lt;Site&gt;") && page.body.contains("class=\"top\""), "{}", page.body);
    assert!(site.page("/builders").await.body.contains("There are no builders yet"));
}

#[actix_web::test]
async fn a_broken_template_names_its_file_and_line_and_breaks_no_other_page() {
    let (base_dir, site) = site(&[("templates/home.html", "<p>\n{% nonsense %}\n")]);
    let page = site.page("/").await;
    assert_eq!(page.status, 500);
    let file = base_dir.path().join("templates/home.html");
    assert!(page.body.contains(&format!("{}, line 2", file.display())), "{}", page.body);
    assert!(page.body.contains("class=\"top\""), "the error is a page");
    assert_eq!(site.page("/builders").await.status, 200);
    fs::remove_file(file).unwrap();
    assert_eq!(site.page("/").await.status, 200, "without the file ours is back, without a restart");
}

#[actix_web::test]
async fn a_broken_frame_still_leaves_a_page_that_says_so() {
    let (_base_dir, site) = site(&[("templates/base.html", "{{ nosuch.thing }}")]);
    for path in ["/", "/builders", "/nosuch"] {
        let page = site.page(path).await;
        assert!(page.body.contains("class=\"top\""), "{path}: {}", page.body);
    }
    assert!(site.page("/").await.body.contains("templates/base.html, line 1"));
}

#[actix_web::test]
async fn own_static_files_come_before_ours() {
    let (_base_dir, site) = site(&[
        ("public_html/static/style.css", "body { color: teal }"),
        ("public_html/robots.txt", "User-agent: *"),
        ("public_html/docs/index.html", "<p>docs"),
        ("secret", "secret"),
    ]);
    let sheet = site.page("/static/style.css").await;
    assert_eq!((sheet.status.as_u16(), sheet.body.as_str()), (200, "body { color: teal }"));
    assert!(kind(&sheet).starts_with("text/css"), "{}", kind(&sheet));
    assert_eq!(site.page("/robots.txt").await.body, "User-agent: *");
    let docs = site.page("/docs/").await;
    assert_eq!(docs.body, "<p>docs");
    assert!(docs.header("content-security-policy").contains("default-src 'none'"));
    assert!(site.page("/static/page.js").await.body.contains("theme"), "ours are still there");
    for path in ["/../secret", "/%2e%2e/secret", "/docs/..%2f..%2fsecret", "/nosuch"] {
        assert_eq!(site.page(path).await.status, 404, "{path}");
    }
}

#[actix_web::test]
async fn a_page_says_where_the_configuration_is() {
    let (base_dir, site) = site(&[]);
    let file = base_dir.path().join("master.cfg");
    assert!(site.page("/about").await.body.contains(&format!("<td>{}</td>", file.display())));
}
