//! A worker that does what a test says, over any stream: no processes, no files, no clock.
//!
//! It introduces itself as a real one does. Commands of builds finish at once, as the script says, or while it
//! [holds](ScriptedWorker::hold) when the test [releases](ScriptedWorker::release) them.

mod task;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use buildbot_protocol::{Arguments, Lines, Request, Update, Value};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{Bytes, Error, Message as Frame};

use self::task::{Order, Task};

/// Who the worker is and what it does.
#[derive(Clone, Debug)]
pub struct WorkerScript {
    pub name: String,
    pub password: String,
    /// Its answer to `get_worker_info`.
    pub facts: BTreeMap<String, Value>,
    /// What is in its base directory.
    pub entries: Vec<String>,
    /// How commands end: the first whose words occur in the command's arguments counts.
    pub replies: Vec<(String, Reply)>,
    /// The connection is dropped when so many requests of the master have been heard; the last one is not answered.
    pub hangs_up_after: Option<usize>,
}

impl WorkerScript {
    /// A worker with the password `secret` and nothing in its base directory `/w/<name>`.
    pub fn new(name: &str) -> Self {
        let facts = [
            ("basedir", Value::from(format!("/w/{name}"))),
            ("system", Value::from("posix")),
            ("version", Value::from("0.0-scripted")),
            ("numcpus", Value::Int(1)),
            ("worker_commands", Value::Map(BTreeMap::from([("shell".to_owned(), Value::from("3.3"))]))),
            ("environ", Value::Map(BTreeMap::new())),
            ("delete_leftover_dirs", Value::Int(0)),
        ];
        Self {
            name: name.to_owned(),
            password: "secret".to_owned(),
            facts: facts.map(|(key, value)| (key.to_owned(), value)).into(),
            entries: Vec::new(),
            replies: Vec::new(),
            hangs_up_after: None,
        }
    }

    /// Commands with `words` in their arguments end with `reply`.
    #[must_use]
    pub fn reply(mut self, words: &str, reply: Reply) -> Self {
        self.replies.push((words.to_owned(), reply));
        self
    }
}

/// How a command ends.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reply {
    /// Told before the end.
    pub updates: Vec<Update>,
    pub rc: Option<i64>,
    /// The error text of `complete`.
    pub error: Option<String>,
    /// The exception that answers the start; nothing else happens then.
    pub refusal: Option<String>,
}

impl Reply {
    pub fn rc(rc: i64) -> Self {
        Self { rc: Some(rc), ..Self::default() }
    }

    /// Prints whole lines and ends with `rc`.
    pub fn stdout(text: &str, rc: i64) -> Self {
        Self { updates: vec![stdout(text)], ..Self::rc(rc) }
    }

    /// Refuses the start.
    pub fn refusal(text: &str) -> Self {
        Self { refusal: Some(text.to_owned()), ..Self::default() }
    }
}

/// An update with lines of the standard output.
pub fn stdout(text: &str) -> Update {
    Update::Stdout(Lines { text: text.to_owned(), times: vec![0.0; text.matches('\n').count()] })
}

/// A command of a build that the worker was told to start.
#[derive(Clone, Debug, PartialEq)]
pub struct StartedCommand {
    pub id: String,
    pub name: String,
    pub args: Arguments,
    pub builder_name: Option<String>,
}

/// The reason a connection was refused: the HTTP status, if there was one.
#[derive(Debug, PartialEq, Eq)]
pub struct Refused(pub Option<u16>);

/// The strings of a worker that runs as a task; dropping it hangs up.
#[derive(Debug)]
pub struct ScriptedWorker {
    orders: mpsc::UnboundedSender<Order>,
    started: mpsc::UnboundedReceiver<StartedCommand>,
    heard: Arc<Mutex<Vec<Request>>>,
    task: JoinHandle<()>,
}

impl ScriptedWorker {
    /// Logs in; introductions go on by themselves.
    pub async fn connect<S>(stream: S, script: WorkerScript) -> Result<Self, Refused>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let mut request = "ws://master/".into_client_request().expect("a constant address is valid");
        let credentials = STANDARD.encode(format!("{}:{}", script.name, script.password));
        let header = HeaderValue::from_str(&format!("Basic {credentials}")).expect("base64 fits in a header");
        request.headers_mut().insert("Authorization", header);
        let socket = match client_async(request, stream).await {
            Ok((socket, _)) => socket,
            Err(Error::Http(response)) => return Err(Refused(Some(response.status().as_u16()))),
            Err(_) => return Err(Refused(None)),
        };
        let (orders, order_queue) = mpsc::unbounded_channel();
        let (started_sender, started) = mpsc::unbounded_channel();
        let heard = Arc::default();
        let task = Task::new(script, started_sender, Arc::clone(&heard));
        Ok(Self { orders, started, heard, task: tokio::spawn(task.run(socket, order_queue)) })
    }

    /// The next command of a build, in the order in which they were started.
    pub async fn started(&mut self) -> StartedCommand {
        self.started.recv().await.expect("the worker is connected while the test waits for a command")
    }

    /// Commands started from now on wait to be released.
    pub fn hold(&self) {
        self.order(Order::Hold);
    }

    /// Ends everything that waits as the script says, and holds no more.
    pub fn release(&self) {
        self.order(Order::Release);
    }

    /// Ends one command that waits.
    pub fn finish(&self, command_id: &str, reply: Reply) {
        self.order(Order::Finish { command_id: command_id.to_owned(), reply });
    }

    /// Sends a request and returns the master's answer.
    pub async fn say(&self, request: Request) -> Result<Value, String> {
        let (answer, answered) = oneshot::channel();
        self.order(Order::Say { request, answer });
        answered.await.unwrap_or_else(|_| Err("the connection is gone".to_owned()))
    }

    /// Sends a request without waiting; returns where the answer will be.
    pub fn tell(&self, request: Request) -> oneshot::Receiver<Result<Value, String>> {
        let (answer, answered) = oneshot::channel();
        self.order(Order::Say { request, answer });
        answered
    }

    /// Sends a binary message as it is.
    pub fn send_raw(&self, bytes: Vec<u8>) {
        self.order(Order::Frame(Frame::Binary(Bytes::from(bytes))));
    }

    /// Reads on, but never answers again: a process that is stuck.
    pub fn stop_answering(&self) {
        self.order(Order::StopAnswering);
    }

    /// Neither reads nor writes any more, and keeps the connection: a machine that was switched off.
    pub fn freeze(&self) {
        self.order(Order::Freeze);
    }

    /// Drops the connection without a word.
    pub fn hang_up(&self) {
        self.task.abort();
    }

    /// Returns once the connection is gone, whoever ended it.
    pub async fn gone(&mut self) {
        // An aborted task is gone, too.
        let _ = (&mut self.task).await;
    }

    /// Whether the connection is gone.
    pub fn is_gone(&self) -> bool {
        self.task.is_finished()
    }

    /// Everything the master asked so far.
    pub fn heard(&self) -> Vec<Request> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn order(&self, order: Order) {
        // Orders to a worker that is gone have no effect.
        let _ = self.orders.send(order);
    }
}

impl Drop for ScriptedWorker {
    fn drop(&mut self) {
        self.task.abort();
    }
}
