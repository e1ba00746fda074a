//! Types the tutorial's own project as it stands in the manual, on other ports.

use std::env;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::site::{free_port, program, wait_for};

const CHAPTER: &str = "docs/manual/src/tutorial/own-project.md";

/// A directory in which somebody follows the tutorial.
struct Desk {
    dir: TempDir,
    /// A port of the manual, and the one that is used here.
    ports: [(&'static str, String); 2],
}

impl Desk {
    /// Runs commands as a person would: in a shell, stopping at the first that fails.
    fn run(&self, text: &str) -> (Option<i32>, String) {
        let beside = program("buildbot").parent().unwrap().to_owned();
        let paths = [beside].into_iter().chain(env::split_paths(&env::var_os("PATH").unwrap()).collect::<Vec<_>>());
        let log = self.dir.path().join("output.txt");
        let output = fs::File::create(&log).unwrap();
        // To a file: processes that stay in the background would keep a pipe open.
        let status = Command::new("sh")
            .args(["-euc", &self.ported(text)])
            .current_dir(self.dir.path())
            .env("PATH", env::join_paths(paths).unwrap())
            .stdin(Stdio::null())
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .status()
            .unwrap();
        (status.code(), fs::read_to_string(log).unwrap())
    }

    fn ported(&self, text: &str) -> String {
        self.ports.iter().fold(text.to_owned(), |text, (theirs, ours)| text.replace(theirs, ours))
    }

    /// What is there before the first poll is not built: a reader is slow enough, a test has to wait.
    fn wait_for_first_poll(&self) {
        let poller = self.dir.path().join("master/gitpoller");
        wait_for("the first poll", || {
            let mut git = Command::new("git");
            git.arg("--git-dir").arg(&poller).args(["for-each-ref", "refs/buildbot"]);
            let output = git.output().unwrap();
            (!output.stdout.is_empty()).then_some(())
        });
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        for (program_name, directory) in [("buildbot-worker", "worker"), ("buildbot", "master")] {
            // It has been stopped by the last lines of the chapter, unless the test failed.
            let directory = self.dir.path().join(directory);
            let _ = Command::new(program(program_name)).arg("stop").arg(directory).output();
        }
    }
}

#[test]
fn the_own_project_of_the_tutorial_works_as_it_is_written() {
    let chapter = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(CHAPTER)).unwrap();
    let ports = [("8010", free_port().to_string()), ("9989", free_port().to_string())];
    let desk = Desk { dir: TempDir::new().unwrap(), ports };
    let mut n_blocks = 0;
    for piece in chapter.split("\n```").skip(1).step_by(2) {
        let (info, text) = piece.split_once('\n').unwrap();
        let expected = match info {
            "python master.cfg" => {
                fs::write(desk.dir.path().join("master/master.cfg"), desk.ported(text)).unwrap();
                continue;
            }
            "sh run" => 0,
            "sh run=2" => 2,
            other => unreachable!("a block of {other:?}"),
        };
        let (code, output) = desk.run(text);
        assert_eq!(code, Some(expected), "{text}\nsaid:\n{output}");
        if text.contains("start master") {
            desk.wait_for_first_poll();
        }
        n_blocks += 1;
    }
    assert!(7 <= n_blocks, "{n_blocks}");
}
