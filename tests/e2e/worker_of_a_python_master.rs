//! Our worker in the service of an unmodified master in Python, over both protocols.

use std::collections::HashMap;
use std::fs;

use buildbot::json::json;

use crate::python_site::PythonSite;
use crate::site::wait_for;

const SUCCESS: i64 = 0;
const FAILURE: i64 = 2;

/// Runs the build of everything in a directory that Python's worker made.
fn run_everything(protocol: &str) -> PythonSite {
    let mut site = PythonSite::new(protocol);
    site.create_python_worker(&[&format!("--protocol={protocol}"), "--umask=0o22"]);
    site.start_worker();
    site.wait_for_worker();
    let info = &site.get("workers")["workers"][0]["workerinfo"];
    assert_eq!(info["version"], json!(env!("CARGO_PKG_VERSION")));
    site.force("everything");
    site.results("everything", 1);
    follow_a_file(&site);
    site
}

/// What a command writes to a file is there while the command runs: all of it, or what is new since it began.
fn follow_a_file(site: &PythonSite) {
    site.force("watched");
    for log in ["whole", "new"] {
        wait_for("a line of a file that grows", || {
            site.log("watched", 1, "grow", log).filter(|text| text.contains("oline "))
        });
    }
    assert_eq!(site.get("builders/watched/builds/1")["builds"][0]["complete"], json!(false));
    fs::write(site.path("seen"), "").unwrap();
    assert_eq!(site.results("watched", 1), json!(SUCCESS));
    let log = |name: &str| site.log("watched", 1, "grow", name).unwrap();
    let shown = site.log("watched", 1, "show", "stdio").unwrap();
    assert!(shown.contains(&log("whole")), "{shown}");
    assert_eq!(format!("obefore it began\n{}", log("new")), log("whole"));
}

fn check_results(site: &PythonSite, different: &[(&str, i64)]) {
    let failing = ["silence", "length", "lines", "term", "signal", "code", "missing", "none"];
    let different: HashMap<&str, i64> = different.iter().copied().collect();
    for (name, results) in site.steps("everything", 1) {
        let usual = if failing.contains(&name.as_str()) { FAILURE } else { SUCCESS };
        assert_eq!(results, different.get(name.as_str()).copied().unwrap_or(usual), "{name}");
    }
}

fn check_logs(site: &PythonSite) {
    // A busy master may have no answer the first time.
    let log =
        |step: &str, log: &str| wait_for(&format!("the log {log} of {step}"), || site.log("everything", 1, step, log));
    let talk = log("talk", "stdio");
    let lines = ["ofrom stdin", "eto stderr", "ogrüße", "obroken \u{fffd} byte", "oone", "otwo", "othree"];
    for line in lines.iter().chain(&["ono line end", "h  GREETING=hi"]) {
        assert!(talk.lines().any(|found| found == *line), "{line} is not in {talk:.3000}");
    }
    let long: usize = talk.lines().filter(|line| line.starts_with("oxxx")).map(|line| line.len() - 1).sum();
    assert_eq!(long, 20_000);
    assert_eq!(log("talk", "watched"), "ofirst\nosecond\n");
    assert!(log("terminal", "stdio").contains("\noa terminal\noa tty\n"), "{}", log("terminal", "stdio"));
    let expected = [
        ("silence", "1 seconds without output"),
        ("silence", "obegin"),
        ("length", "1 seconds elapsed"),
        ("lines", "exceeds max lines"),
        ("term", "ocaught"),
        ("signal", "killed by signal 9"),
        ("secret", "otold"),
        ("secret", "*****"),
        ("gone", "ogone"),
        ("missing", "cannot open"),
    ];
    for (step, text) in expected {
        assert!(log(step, "stdio").contains(text), "{step} does not say {text:?}: {:.2000}", log(step, "stdio"));
    }
    let said = fs::read_to_string(site.path("worker.out")).unwrap();
    assert!(!log("secret", "stdio").contains("hunter2") && !said.contains("hunter2"));
}

fn check_uploads(site: &PythonSite) {
    let kept = |name: &str| fs::read_to_string(site.path("master/kept").join(name)).unwrap_or_default();
    for directory in ["plain", "gz", "bz2", "several", "many"] {
        assert_eq!(kept(&format!("{directory}/a.txt")), "a\n", "{directory}");
    }
    assert_eq!(kept("many/results/sub/b.txt"), "b\n");
    for directory in ["plain", "gz", "bz2"] {
        assert_eq!(kept(&format!("{directory}/sub/b.txt")), "b\n");
        let link = fs::read_link(site.path("master/kept").join(directory).join("link")).unwrap();
        assert_eq!(link.to_str(), Some("a.txt"));
    }
    assert_eq!((kept("a.txt").as_str(), kept("nothing").as_str()), ("a\n", ""));
}

#[test]
fn it_takes_over_a_python_workers_directory_and_does_everything_over_perspective_broker() {
    let site = run_everything("pb");
    check_results(&site, &[]);
    check_logs(&site);
    check_uploads(&site);
    let downloaded = site.log("everything", 1, "downloaded", "stdio").unwrap();
    let expected = "\nofrom the master\no640\noa file\no600\no{\"a\": [1, null]}\no\"buildername\": \"everything\",\n";
    assert!(downloaded.contains(expected), "{downloaded}");
}

#[test]
fn it_takes_over_a_python_workers_directory_and_does_everything_over_msgpack() {
    let site = run_everything("msgpack_experimental_v7");
    check_results(&site, &[]);
    check_logs(&site);
    check_uploads(&site);
    // This master answers every question for a block of a file with nothing.
    let downloaded = site.log("everything", 1, "downloaded", "stdio").unwrap();
    assert!(downloaded.contains("\no640\n"), "{downloaded}");
}

/// The process of the slow build of this number, once it runs.
fn process(site: &PythonSite, number: i64) -> i32 {
    wait_for(&format!("the process of build {number}"), || {
        let log = site.log("slow", number, "slow", "stdio")?;
        log.lines().find_map(|line| line.strip_prefix("oprocess ")?.parse().ok())
    })
}

fn is_alive(process: i32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with('Z'))
}

fn wait_for_end(process: i32) {
    wait_for("the end of the command's process", || (!is_alive(process)).then_some(()));
}

/// Everything that can go away goes away in the middle of a build.
fn lose_and_find(protocol: &str, options: &[&str]) -> PythonSite {
    let mut site = PythonSite::new(protocol);
    site.create_worker(&[&["--maxdelay=1"], options].concat());
    site.start_worker();
    site.wait_for_worker();

    site.force("slow");
    let interrupted = process(&site, 1);
    let build = site.get("builders/slow/builds/1")["builds"][0]["buildid"].clone();
    site.control(&format!("builds/{build}"), "stop", json!({"reason": "enough"}));
    assert_eq!(site.results("slow", 1), json!(6), "a build that was stopped is cancelled");
    wait_for_end(interrupted);

    site.force("slow");
    let left_behind = process(&site, 2);
    site.kill_worker();
    assert_eq!(site.results("slow", 2), json!(5), "the worker was lost: it is to be built again");
    site.start_worker();
    wait_for_end(left_behind);

    let orphan = process(&site, 3);
    site.kill_master();
    wait_for_end(orphan);
    site.start_master();
    site.wait_for_worker();
    process(&site, 4);
    site
}

#[test]
fn it_finds_out_what_is_spoken_survives_every_loss_and_ends_when_its_build_is_done_by_a_stamp() {
    let mut site = lose_and_find("pb", &["--allow-shutdown=file"]);
    fs::write(site.path("worker/shutdown.stamp"), "").unwrap();
    wait_for("the master's knowledge of the wish", || {
        fs::read_to_string(site.path("worker.out")).unwrap().contains("the master knows").then_some(())
    });
    fs::write(site.path("go"), "").unwrap();
    assert_eq!(site.results("slow", 4), json!(SUCCESS));
    assert!(site.worker_ended_well());
}

#[test]
fn it_finds_out_what_is_spoken_survives_every_loss_and_ends_when_its_master_wants_it_to() {
    let mut site = lose_and_find("msgpack_experimental_v7", &[]);
    fs::write(site.path("go"), "").unwrap();
    assert_eq!(site.results("slow", 4), json!(SUCCESS));
    let worker = site.get("workers")["workers"][0]["workerid"].clone();
    site.control(&format!("workers/{worker}"), "stop", json!({"reason": "the end"}));
    assert!(site.worker_ended_well());
}
