//! Files that a worker sends and fetches, and what becomes of them when it does not play fair.

use std::fs;
use std::path::PathBuf;

use buildbot::domain::{BuildRequestId, Results};
use buildbot::testing::scripted_worker::{Reply, ScriptedWorker, StartedCommand, WorkerScript};
use buildbot_protocol::{Request, Value};

use crate::test_master::{CONFIG, TestMaster};

/// The usual configuration with this step only.
pub fn config(step: &str) -> String {
    let begin = CONFIG.find("factory =").unwrap();
    let end = CONFIG.find("c['builders']").unwrap();
    format!("{}factory = util.BuildFactory([{step}])\n{}", &CONFIG[..begin], &CONFIG[end..])
}

pub fn script() -> WorkerScript {
    let mut script = WorkerScript::new("w1");
    let names = ["shell", "listdir", "upload_file", "upload_directory", "download_file", "stat", "glob"];
    let commands = names.map(|name| (name.to_owned(), Value::from("3.3")));
    script.facts.insert("worker_commands".to_owned(), Value::Map(commands.into()));
    script
}

/// A master that runs one step, and the worker that is to carry it out.
struct Scene {
    master: TestMaster,
    worker: ScriptedWorker,
    command: StartedCommand,
    request: BuildRequestId,
}

impl Scene {
    async fn new(step: &str) -> Self {
        let master = TestMaster::with(&config(step)).await;
        let mut worker = master.attach(script()).await;
        worker.hold();
        let request = master.force().await.requests[0].1;
        let command = worker.started().await;
        Self { master, worker, command, request }
    }

    fn path(&self, relative: &str) -> PathBuf {
        self.master.path(relative)
    }

    async fn write(&self, block: &[u8]) -> Result<Value, String> {
        let (command_id, data) = (self.command.id.clone(), block.to_vec());
        self.worker.say(Request::UploadFileWrite { command_id, data }).await
    }

    async fn write_archive(&self, block: &[u8]) -> Result<Value, String> {
        let (command_id, data) = (self.command.id.clone(), block.to_vec());
        self.worker.say(Request::UploadDirectoryWrite { command_id, data }).await
    }

    async fn close(&self) {
        let closed = self.worker.say(Request::UploadFileClose { command_id: self.command.id.clone() }).await;
        assert_eq!(closed, Ok(Value::Nil));
    }

    /// The worker ends the command; the result of the build.
    async fn end(&self, rc: i64) -> Results {
        self.worker.finish(&self.command.id, Reply::rc(rc));
        self.master.ended(self.request).await
    }

    /// What is in a directory of the master, once what was left behind is gone.
    async fn finish(self, directory: &str, expected: &[&str]) {
        let directory = self.path(directory);
        let names = || -> Vec<String> {
            let entries = fs::read_dir(&directory).unwrap();
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
        };
        for _ in 0..1000 {
            if names().len() == expected.len() {
                break;
            }
            // Time stands still while a thread removes files, and does not run away.
            tokio::task::spawn_blocking(std::thread::yield_now).await.unwrap();
        }
        assert_eq!(names(), expected);
        self.master.finish().await;
    }
}

const UPLOAD: &str = "steps.FileUpload(workersrc='a', masterdest='out/a', maxsize=10)";
const DIRECTORY: &str = "steps.DirectoryUpload(workersrc='d', masterdest='out/d')";

#[actix::test]
async fn a_file_is_in_its_place_when_the_build_has_ended() {
    let scene = Scene::new(UPLOAD).await;
    assert_eq!(scene.command.args.get("path"), Some(&Value::from("/w/w1/b/build/a")));
    scene.write(b"12345").await.unwrap();
    scene.write(b"67890").await.unwrap();
    scene.close().await;
    assert!(!scene.path("out/a").exists(), "the command may still fail");
    assert_eq!(scene.end(0).await, Results::Success);
    assert_eq!(fs::read(scene.path("out/a")).unwrap(), b"1234567890");
    scene.finish("out", &["a"]).await;
}

#[actix::test]
async fn a_worker_that_sends_more_than_it_may_fails() {
    let scene = Scene::new(UPLOAD).await;
    scene.write(b"1234567890").await.unwrap();
    let error = scene.write(b"1").await.unwrap_err();
    assert!(error.contains("more than 10 bytes"), "{error}");
    assert_eq!(scene.end(0).await, Results::Failure, "whatever the worker says of itself");
    let stopped = |request: &Request| matches!(request, Request::InterruptCommand { .. });
    assert!(scene.worker.heard().iter().any(stopped), "it is told not to go on");
    scene.finish("out", &[]).await;
}

#[actix::test]
async fn a_worker_that_goes_on_sending_is_not_waited_for() {
    let scene = Scene::new(UPLOAD).await;
    scene.write(&[0; 11]).await.unwrap_err();
    scene.worker.stop_answering();
    assert_eq!(scene.master.ended(scene.request).await, Results::Failure);
    scene.finish("out", &[]).await;
}

#[actix::test]
async fn a_command_that_fails_leaves_nothing() {
    let scene = Scene::new(UPLOAD).await;
    scene.write(b"1").await.unwrap();
    scene.close().await;
    assert_eq!(scene.end(1).await, Results::Failure);
    scene.finish("out", &[]).await;
}

#[actix::test]
async fn a_worker_that_forgets_to_close_fails() {
    let scene = Scene::new(UPLOAD).await;
    scene.write(b"1").await.unwrap();
    assert_eq!(scene.end(0).await, Results::Failure);
    scene.finish("out", &[]).await;
}

#[actix::test]
async fn a_lost_worker_leaves_nothing_and_its_build_is_tried_again() {
    let mut scene = Scene::new(UPLOAD).await;
    scene.write(b"half").await.unwrap();
    scene.worker.hang_up();
    tokio::time::sleep(std::time::Duration::from_secs(30)).await;
    let worker = scene.master.attach(script()).await;
    worker.hold();
    scene.worker = worker;
    scene.command = scene.worker.started().await;
    scene.write(b"whole").await.unwrap();
    scene.close().await;
    assert_eq!(scene.end(0).await, Results::Success);
    assert_eq!(fs::read(scene.path("out/a")).unwrap(), b"whole");
    scene.finish("out", &["a"]).await;
}

#[actix::test]
async fn a_stopped_build_leaves_nothing() {
    let scene = Scene::new(UPLOAD).await;
    scene.write(b"half").await.unwrap();
    let build = scene.master.master.db.read(buildbot::db::views::builds::running).await.unwrap().remove(0).id;
    scene.master.master.handle.stop_build(build, "no longer needed".to_owned()).await.unwrap();
    assert_eq!(scene.master.ended(scene.request).await, Results::Cancelled);
    scene.finish("out", &[]).await;
}

#[actix::test]
async fn steps_of_a_transfer_that_do_not_belong_to_the_command_are_refused() {
    let scene = Scene::new(UPLOAD).await;
    scene.write_archive(b"x").await.unwrap_err();
    assert_eq!(scene.end(0).await, Results::Failure);
    scene.finish("out", &[]).await;
}

#[actix::test]
async fn an_archive_that_leads_out_of_its_directory_fails_the_step() {
    let scene = Scene::new(DIRECTORY).await;
    let mut archive = vec![0_u8; 1536];
    archive[..7].copy_from_slice(b"../evil");
    archive[100..107].copy_from_slice(b"0000644");
    archive[124..135].copy_from_slice(b"00000000000");
    archive[156] = b'0';
    archive[148..156].copy_from_slice(b"        ");
    let sum: u32 = archive[..512].iter().map(|byte| u32::from(*byte)).sum();
    archive[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    scene.write_archive(&archive).await.unwrap();
    let unpacked = scene.worker.say(Request::UploadDirectoryUnpack { command_id: scene.command.id.clone() }).await;
    assert!(unpacked.unwrap_err().contains("leads out of the directory"));
    let mut failed = Reply::rc(1);
    failed.error = Some("the master refused".to_owned());
    scene.worker.finish(&scene.command.id, failed);
    assert_eq!(scene.master.ended(scene.request).await, Results::Failure, "not an exception of the master");
    assert!(!scene.path("evil").exists() && !scene.path("out/evil").exists());
    scene.finish("out", &[]).await;
}

#[actix::test]
async fn a_download_is_read_block_by_block() {
    let scene = Scene::new("steps.StringDownload('0123456789', workerdest='in/a', mode=0o600)").await;
    assert_eq!(scene.command.args.get("path"), Some(&Value::from("/w/w1/b/build/in/a")));
    let mut blocks = Vec::new();
    for _ in 0..3 {
        let command_id = scene.command.id.clone();
        blocks.push(scene.worker.say(Request::ReadFile { command_id, length: 6 }).await);
    }
    assert_eq!(blocks, [b"012345".to_vec(), b"6789".to_vec(), Vec::new()].map(|block| Ok(Value::Bin(block))));
    scene.worker.say(Request::ReadFileClose { command_id: scene.command.id.clone() }).await.unwrap();
    assert_eq!(scene.end(0).await, Results::Success);
    scene.master.finish().await;
}
