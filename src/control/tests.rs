//! Both ends of the control socket against each other.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;

use super::client::{ControlClientError, ask};
use super::server::{ControlError, ControlServer};
use super::{CleanedUp, ControlHandler, Overview, Reconfigured, Request, Response, Status, VersionLine};

const PATIENCE: Duration = Duration::from_secs(60);

struct FixedMaster;

#[async_trait]
impl ControlHandler for FixedMaster {
    async fn status(&self) -> Status {
        Status { pid: 7, is_up: true, n_builders: 3, ..Status::default() }
    }

    async fn overview(&self) -> Overview {
        Overview { status: self.status().await, now: 1, ..Overview::default() }
    }

    async fn reconfig(&self, dry_run: bool) -> Result<Reconfigured, Vec<String>> {
        if dry_run {
            return Err(vec!["master.cfg:1: one".to_owned(), "master.cfg:2: two".to_owned()]);
        }
        Ok(Reconfigured { changes: vec!["builder a: added".to_owned()], warnings: Vec::new(), version: Some(2) })
    }

    async fn go_back(&self, version: i64, _dry_run: bool) -> Result<Reconfigured, Vec<String>> {
        Ok(Reconfigured { version: Some(version), ..Reconfigured::default() })
    }

    async fn versions(&self) -> Result<Vec<VersionLine>, String> {
        Ok(vec![VersionLine { number: 1, cause: "start".to_owned(), ..VersionLine::default() }])
    }

    async fn clean_up(&self, dry_run: bool) -> Result<CleanedUp, String> {
        Ok(CleanedUp { frees: vec!["changes: 3".to_owned()], removed: (!dry_run).then(|| "3 changes".to_owned()) })
    }

    async fn command(&self, line: &str, asker: String) -> Result<Vec<String>, String> {
        if line == "bad" { Err("no".to_owned()) } else { Ok(vec![format!("{asker}: {line}")]) }
    }

    async fn stop(&self, clean: bool) -> Result<(), String> {
        if clean { Ok(()) } else { Err("not now".to_owned()) }
    }
}

async fn serve(base_dir: &Path) {
    let server = ControlServer::bind(base_dir).await.unwrap();
    tokio::spawn(server.run(Arc::new(FixedMaster)));
}

#[tokio::test]
async fn each_verb_gets_its_answer() {
    let dir = tempfile::tempdir().unwrap();
    serve(dir.path()).await;
    let Response::Status(status) = ask(dir.path(), Request::Status, PATIENCE).await.unwrap() else {
        panic!("not a status");
    };
    assert_eq!((status.pid, status.is_up, status.n_builders), (7, true, 3));
    let response = ask(dir.path(), Request::Reconfig { dry_run: false }, PATIENCE).await.unwrap();
    let changes = vec!["builder a: added".to_owned()];
    assert_eq!(response, Response::Reconfigured(Reconfigured { changes, warnings: Vec::new(), version: Some(2) }));
    let response = ask(dir.path(), Request::Reconfig { dry_run: true }, PATIENCE).await.unwrap();
    let errors = ["master.cfg:1: one", "master.cfg:2: two"].map(str::to_owned).to_vec();
    assert_eq!(response, Response::Rejected { errors });
    let response = ask(dir.path(), Request::GoBack { version: 7, dry_run: false }, PATIENCE).await.unwrap();
    assert!(matches!(response, Response::Reconfigured(Reconfigured { version: Some(7), .. })));
    let response = ask(dir.path(), Request::Versions, PATIENCE).await.unwrap();
    assert!(matches!(response, Response::Versions { versions } if versions.len() == 1));
    let Response::CleanedUp(done) = ask(dir.path(), Request::CleanUp { dry_run: true }, PATIENCE).await.unwrap() else {
        panic!("not a clean-up");
    };
    assert_eq!((done.frees, done.removed), (vec!["changes: 3".to_owned()], None));
    assert_eq!(ask(dir.path(), Request::Stop { clean: true }, PATIENCE).await.unwrap(), Response::Stopping);
    let response = ask(dir.path(), Request::Stop { clean: false }, PATIENCE).await.unwrap();
    assert_eq!(response, Response::Failed { reason: "not now".to_owned() });
}

#[tokio::test]
async fn one_connection_may_ask_several_times_and_nonsense_is_answered() {
    let dir = tempfile::tempdir().unwrap();
    serve(dir.path()).await;
    let mut stream = UnixStream::connect(dir.path().join("control.sock")).await.unwrap();
    stream.write_all(b"{\"verb\":\"dance\"}\n{\"verb\":\"stop\",\"clean\":true}\n").await.unwrap();
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next_line().await.unwrap().unwrap();
    assert!(first.starts_with("{\"answer\":\"failed\",\"reason\":\"not a request: "), "{first}");
    assert_eq!(lines.next_line().await.unwrap().unwrap(), "{\"answer\":\"stopping\"}");
}

#[tokio::test]
async fn the_socket_is_private_and_goes_with_the_server() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("control.sock");
    let server = ControlServer::bind(dir.path()).await.unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    drop(server);
    assert!(!path.exists());
}

#[tokio::test]
async fn a_second_master_is_refused_and_a_dead_ones_socket_replaced() {
    let dir = tempfile::tempdir().unwrap();
    // A socket that nobody listens on any more, as a killed master leaves it.
    drop(net::UnixListener::bind(dir.path().join("control.sock")).unwrap());
    assert!(matches!(ask(dir.path(), Request::Status, PATIENCE).await, Err(ControlClientError::NotRunning)));
    serve(dir.path()).await;
    assert!(matches!(ControlServer::bind(dir.path()).await, Err(ControlError::InUse)));
    assert!(ask(dir.path(), Request::Status, PATIENCE).await.is_ok());
}

#[tokio::test]
async fn nobody_at_home_is_not_running() {
    let dir = tempfile::tempdir().unwrap();
    assert!(matches!(ask(dir.path(), Request::Status, PATIENCE).await, Err(ControlClientError::NotRunning)));
}

#[tokio::test]
async fn a_master_that_says_nothing_is_silent() {
    let dir = tempfile::tempdir().unwrap();
    let _listener = net::UnixListener::bind(dir.path().join("control.sock")).unwrap();
    let response = ask(dir.path(), Request::Status, Duration::from_millis(1)).await;
    assert!(matches!(response, Err(ControlClientError::Silent(_))));
}

#[tokio::test]
async fn a_base_directory_with_a_long_path_is_no_obstacle() {
    let dir = tempfile::tempdir().unwrap();
    let deep = dir.path().join("d".repeat(120)).join("e".repeat(120));
    fs::create_dir_all(&deep).unwrap();
    serve(&deep).await;
    assert!(deep.join("control.sock").exists());
    assert!(ask(&deep, Request::Status, PATIENCE).await.is_ok());
}

#[tokio::test]
async fn an_endless_line_is_cut_off() {
    let dir = tempfile::tempdir().unwrap();
    serve(dir.path()).await;
    let mut stream = UnixStream::connect(dir.path().join("control.sock")).await.unwrap();
    stream.write_all(&vec![b'x'; 1 << 20]).await.unwrap();
    let mut answer = [0; 20];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"{\"answer\":\"failed\",\"");
}
