//! Files between our master and an unmodified Python worker, in both of its dialects.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use buildbot::json::{self, Value, json};

use crate::python_workers::{OLDEST, python_2};
use crate::site::{Site, WORKER, wait_for};

/// The newest release in both dialects.
const PB: (&str, &str) = ("4.3.0", "pb");
const MSGPACK: (&str, &str) = ("4.3.0", "msgpack_experimental_v7");

fn configuration(site: &Site, protocol: &str, steps: &str) -> String {
    format!(
        r#"
from buildbot.plugins import *

c = BuildmasterConfig = {{}}
c['title'] = "Files"
c['titleURL'] = c['buildbotURL'] = "http://127.0.0.1:{http}/"
c['workers'] = [worker.Worker("{WORKER}", "pass")]
c['protocols'] = {{'{protocol}': {{'port': 'tcp:{worker}:interface=127.0.0.1'}}}}
c['schedulers'] = [schedulers.ForceScheduler(name="force", builderNames=["files"])]
factory = util.BuildFactory([
{steps}
])
c['builders'] = [util.BuilderConfig(name="files", workernames=["{WORKER}"], factory=factory,
                                    properties={{'kind': 'release'}})]
c['www'] = dict(port='tcp:{http}:interface=127.0.0.1', plugins={{}})
"#,
        http = site.http_port,
        worker = site.worker_port,
    )
}

/// A master with one builder of these steps, a worker of a release, and the end of one build.
fn build((release, protocol): (&str, &str), steps: &str, prepare: impl Fn(&Path)) -> (Site, Value) {
    let mut site = Site::new(|site| configuration(site, protocol, steps));
    prepare(&site.path("master"));
    site.start_master();
    site.create_python_worker(release, protocol, "pass");
    site.start_python_worker();
    site.wait_for_worker();
    site.control("forceschedulers/force", "force", json!({"reason": "files"}));
    let build = site.finished_build("files", 1);
    (site, build)
}

fn master(site: &Site, relative: &str) -> PathBuf {
    site.path("master").join(relative)
}

fn text(site: &Site, relative: &str) -> String {
    fs::read_to_string(master(site, relative)).unwrap_or_else(|error| panic!("{relative}: {error}"))
}

/// Result and line of every step, for messages and comparisons.
fn steps(site: &Site) -> Vec<(i64, String)> {
    let steps = site.get("api/v2/builders/files/builds/1/steps");
    let of = |step: &Value| (step["results"].as_i64().unwrap_or(-1), step["state_string"].as_str().unwrap().to_owned());
    steps["steps"].as_array().unwrap().iter().map(of).collect()
}

/// A file of several blocks, a directory of files, and everything back again.
const EVERYTHING: &str = r#"
    steps.FileDownload(mastersrc="in/data", workerdest="got/data", mode=0o600, blocksize=1000),
    steps.StringDownload("text\n", workerdest="got/text"),
    steps.JSONStringDownload({"a": [1, None]}, workerdest="got/json"),
    steps.JSONPropertiesDownload(workerdest="got/properties"),
    steps.ShellCommand(command="mkdir -p html/sub html/empty && cp got/data html/sub/ && echo '<p>' > html/index.html"
                               " && chmod 755 html/sub/data && touch -d @1000000000 got/data && touch a.log b.log"),
    steps.FileUpload(workersrc="got/data", masterdest="out/deep/data", mode=0o644, keepstamp=True, blocksize=1000,
                     url="http://files/data"),
    steps.DirectoryUpload(workersrc="html", masterdest="out/plain"),
    steps.DirectoryUpload(workersrc="html", masterdest="out/gz", compress="gz"),
    steps.DirectoryUpload(workersrc="html", masterdest="out/bz2", compress="bz2"),
    steps.MultipleFileUpload(workersrcs=["*.log", "html"], glob=True, masterdest="out/many"),
    steps.MultipleFileUpload(workersrcs=["got/json", "got/properties"], masterdest="out/got"),
    steps.MakeDirectory(dir="made/here"),
    steps.CopyDirectory(src="build/html", dest="made/copy"),
    steps.FileExists(file="made/copy/index.html"),
    steps.RemoveDirectory(dir="made/here"),
    steps.ShellCommand(command=["ls", "../made"]),
"#;

fn everything_arrives(worker: (&str, &str)) {
    let data: Vec<u8> = (0..100_000_u32).map(|n| u8::try_from(n % 251).unwrap()).collect();
    let (site, build) = build(worker, EVERYTHING, |base| {
        fs::create_dir(base.join("in")).unwrap();
        fs::write(base.join("in/data"), &data).unwrap();
    });
    assert_eq!(build["results"], json!(0), "{:?}", steps(&site));
    let uploaded = fs::metadata(master(&site, "out/deep/data")).unwrap();
    assert_eq!((uploaded.mode() & 0o7777, uploaded.mtime()), (0o644, 1_000_000_000));
    assert_eq!(fs::read(master(&site, "out/deep/data")).unwrap(), data);
    for directory in ["plain", "gz", "bz2", "many/html"] {
        assert_eq!(fs::read(master(&site, &format!("out/{directory}/sub/data"))).unwrap(), data, "{directory}");
        assert_eq!(text(&site, &format!("out/{directory}/index.html")), "<p>\n");
        assert!(master(&site, &format!("out/{directory}/empty")).is_dir());
        let mode = fs::metadata(master(&site, &format!("out/{directory}/sub/data"))).unwrap().mode();
        assert_eq!(mode & 0o7777, 0o755);
    }
    assert!(master(&site, "out/many/a.log").exists() && master(&site, "out/many/b.log").exists());
    assert_eq!(text(&site, "out/got/json"), r#"{"a":[1,null]}"#);
    let properties: Value = json::from_str(&text(&site, "out/got/properties")).unwrap();
    assert_eq!(properties["properties"]["kind"], json!("release"));
    assert_eq!(site.log_text("files", 1, "shell_1", "stdio").lines().filter(|line| *line == "copy").count(), 1);
    let lines: Vec<String> = steps(&site).into_iter().map(|(_, line)| line).collect();
    assert_eq!(lines[5], "uploading data");
    assert_eq!(lines[9], "uploading 3 files");
    assert_eq!(lines[13], "File found.");
    let upload = &site.get("api/v2/builders/files/builds/1/steps")["steps"][5];
    assert_eq!(upload["urls"][0]["url"], json!("http://files/data"));
    let left = fs::read_dir(master(&site, "out")).unwrap().count();
    assert_eq!(left, 6, "nothing temporary is left");
}

#[test]
fn everything_arrives_over_perspective_broker() {
    everything_arrives(PB);
}

#[test]
fn everything_arrives_over_msgpack() {
    everything_arrives(MSGPACK);
}

#[test]
fn everything_arrives_from_older_releases() {
    for release in ["3.11.9", "3.5.0", "2.10.5", "1.8.2"] {
        everything_arrives((release, "pb"));
    }
}

/// Every step of these fails, and says why in its log.
const REFUSED: &str = r#"
    steps.ShellCommand(command="mkdir link hard suid && ln -s /etc/passwd link/a && echo x > hard/a && ln hard/a hard/b"
                               " && echo x > suid/a && chmod 4755 suid/a && echo 1234567890 > large"),
    steps.DirectoryUpload(name="link", workersrc="link", masterdest="out/link", haltOnFailure=False),
    steps.DirectoryUpload(name="hard", workersrc="hard", masterdest="out/hard", haltOnFailure=False),
    steps.DirectoryUpload(name="suid", workersrc="suid", masterdest="out/suid", haltOnFailure=False),
    steps.FileUpload(name="large", workersrc="large", masterdest="out/large", maxsize=5, haltOnFailure=False),
    steps.FileUpload(name="missing", workersrc="none", masterdest="out/kept", haltOnFailure=False),
    steps.FileUpload(name="timeless", workersrc="none", masterdest="out/kept", keepstamp=True, haltOnFailure=False),
    steps.DirectoryUpload(name="missing-dir", workersrc="none", masterdest="out/kept-dir", haltOnFailure=False),
    steps.FileDownload(name="not-here", mastersrc="none", workerdest="x", haltOnFailure=False),
    steps.FileExists(name="no-file", file="build", haltOnFailure=False),
    steps.ShellCommand(command=["true"]),
"#;

fn what_is_wrong_is_refused(worker: (&str, &str)) {
    let (site, build) = build(worker, REFUSED, |base| {
        fs::create_dir_all(base.join("out/kept-dir")).unwrap();
        fs::write(base.join("out/kept"), "old").unwrap();
    });
    assert_eq!(build["results"], json!(2));
    let results: Vec<i64> = steps(&site).into_iter().map(|(results, _)| results).collect();
    assert_eq!(results, [0, 2, 2, 2, 2, 2, 2, 2, 2, 2, 0], "{:?}", steps(&site));
    for (step, words) in [
        ("link", "the archive's entry \"a\" is refused: it is a symbolic link"),
        ("hard", "the archive's entry \"b\" is refused: it is a hard link"),
        ("suid", "the archive's entry \"a\" is refused: it would run with the rights of its owner"),
        ("large", "Maximum filesize reached"),
        ("missing", "Cannot open file"),
        ("timeless", "Cannot open file"),
        ("missing-dir", "Cannot read directory"),
        ("not-here", "file 'none' not available at master"),
    ] {
        let log = site.log_text("files", 1, step, "stdio");
        assert!(log.contains(words), "{step}: {log}");
    }
    assert_eq!(text(&site, "out/kept"), "old");
    let mut names: Vec<_> =
        fs::read_dir(master(&site, "out")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["kept", "kept-dir"]);
}

#[test]
fn what_is_wrong_is_refused_over_perspective_broker() {
    what_is_wrong_is_refused(PB);
}

#[test]
fn what_is_wrong_is_refused_over_msgpack() {
    what_is_wrong_is_refused(MSGPACK);
}

#[test]
fn everything_arrives_from_a_slave_of_0_8() {
    match python_2() {
        Some(_) => everything_arrives((OLDEST, "pb")),
        None => eprintln!("there is no Python 2.7: no slave of {OLDEST} was tried"),
    }
}

/// A file, then a directory, of which the first upload has no end, and the next one is short.
const ENDLESS: &str = r#"
    steps.ShellCommand(command="if [ -e again ]; then rm -f data; echo short > data;"
                               " else touch again; truncate -s 100G data; fi"),
    steps.FileUpload(workersrc="data", masterdest="out/data", blocksize=65536),
    steps.ShellCommand(command="mkdir -p many; if [ -e once_more ]; then rm many/data; echo short > many/data;"
                               " else touch once_more; truncate -s 7G many/data; fi"),
    steps.DirectoryUpload(workersrc="many", masterdest="out/many", blocksize=65536),
"#;

/// What is in the directory of uploads.
fn uploads(site: &Site) -> Vec<String> {
    let Ok(entries) = fs::read_dir(master(site, "out")) else { return Vec::new() };
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn what_a_killed_master_was_storing_is_removed_by_the_next_one() {
    let mut site = Site::new(|site| configuration(site, "pb", ENDLESS));
    site.start_master();
    site.start_worker();
    site.wait_for_worker();
    site.control("forceschedulers/force", "force", json!({"reason": "files"}));
    let is_under_way = |name: &String| name.starts_with(".buildbot-transfer-");
    let file = wait_for("the upload of a file", || uploads(&site).into_iter().find(is_under_way));
    site.kill_master();
    assert_eq!(uploads(&site), [file]);

    site.start_master();
    let both = wait_for("the upload of a directory", || {
        let both = uploads(&site);
        (both.len() == 2 && is_under_way(&both[0])).then_some(both)
    });
    site.kill_master();
    assert_eq!((uploads(&site), both[1].as_str()), (both.clone(), "data"));

    site.start_master();
    assert_eq!(site.finished_build("files", 3)["results"], json!(0));
    assert_eq!(uploads(&site), ["data", "many"]);
    assert_eq!(text(&site, "out/many/data"), "short\n");
    assert_eq!(fs::read_dir(master(&site, ".buildbot-transfers")).unwrap().count(), 0);
}
