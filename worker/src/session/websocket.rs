//! The dialect `msgpack_experimental_v7`: one map in each binary message of a WebSocket.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use buildbot_protocol::msgpack;
use buildbot_protocol::{Message, Request, Response, Value};
use futures_util::{Sink, SinkExt, Stream, StreamExt};
use tokio::sync::{mpsc, oneshot};
use tokio::task::spawn_local;
use tokio_tungstenite::tungstenite::Message as Frame;
use tracing::{debug, info, warn};

use super::{Answer, Asked, End, OUTBOX, Session, Worker};

/// Who waits for which answer.
type Waiting = Rc<RefCell<HashMap<i64, oneshot::Sender<Answer>>>>;

/// Runs a session until it ends; the commands in it have ended too when this returns.
pub async fn run<S, E>(socket: S, worker: Rc<Worker>) -> End
where
    S: Stream<Item = Result<Frame, E>> + Sink<Frame, Error = E> + Unpin + 'static,
    E: std::fmt::Display + 'static,
{
    let interval = worker.config.keepalive();
    let (to_master, mut from_master) = socket.split();
    let (session, asked) = Session::new(worker);
    let (frames, outgoing) = mpsc::channel::<Frame>(OUTBOX);
    let waiting = Waiting::default();
    let writer = spawn_local(write(to_master, asked, outgoing, Rc::clone(&waiting)));
    let wish = spawn_local(Rc::clone(&session).pass_on_the_wish_to_end());
    let link = Link { session: Rc::clone(&session), frames, waiting };
    let end = link.listen(&mut from_master, interval).await;
    wish.abort();
    if end != End::Shutdown {
        // What waits to be sent fails at once.
        writer.abort();
    }
    // Nobody will answer any more.
    link.waiting.borrow_mut().clear();
    session.close(&end).await;
    drop((session, link));
    if end == End::Shutdown {
        // The answer is on its way; a socket that does not take it is given up.
        let _ = tokio::time::timeout(Duration::from_secs(1), writer).await;
    }
    end
}

/// Writes answers and requests until both have no more senders.
async fn write<E>(
    mut to_master: impl Sink<Frame, Error = E> + Unpin,
    mut asked: mpsc::Receiver<Asked>,
    mut outgoing: mpsc::Receiver<Frame>,
    waiting: Waiting,
) {
    let mut next_seq = 0_i64;
    loop {
        let frame = tokio::select! {
            Some(frame) = outgoing.recv() => frame,
            Some(Asked { request, answer }) = asked.recv() => {
                let seq = next_seq;
                next_seq = next_seq.wrapping_add(1);
                waiting.borrow_mut().insert(seq, answer);
                binary(&Message::Request { seq, request })
            }
            else => break,
        };
        if to_master.send(frame).await.is_err() {
            break;
        }
    }
    // The peer may be gone already.
    let _ = to_master.close().await;
}

fn binary(message: &Message) -> Frame {
    Frame::binary(msgpack::encode(message))
}

struct Link {
    session: Rc<Session>,
    /// What is to be sent besides the session's own requests.
    frames: mpsc::Sender<Frame>,
    waiting: Waiting,
}

impl Link {
    /// Reads until the connection or the master ends the session. A ping is sent after each `interval` of silence;
    /// after three the connection is dead.
    async fn listen<E: std::fmt::Display>(
        &self,
        from_master: &mut (impl Stream<Item = Result<Frame, E>> + Unpin),
        interval: Option<Duration>,
    ) -> End {
        let mut silent_intervals = 0_u32;
        loop {
            let next = match interval {
                Some(interval) => match tokio::time::timeout(interval, from_master.next()).await {
                    Ok(next) => next,
                    Err(_) if silent_intervals < 2 => {
                        silent_intervals += 1;
                        // A full queue means that the socket takes nothing; the next interval ends it.
                        let _ = self.frames.try_send(Frame::Ping(Default::default()));
                        continue;
                    }
                    Err(_) => return End::Lost("the master does not answer".to_owned()),
                },
                None => from_master.next().await,
            };
            silent_intervals = 0;
            match next {
                None | Some(Ok(Frame::Close(_))) => return End::Lost("the master closed the connection".to_owned()),
                Some(Err(error)) => return End::Lost(error.to_string()),
                Some(Ok(Frame::Ping(data))) => drop(self.frames.try_send(Frame::Pong(data))),
                Some(Ok(Frame::Binary(bytes))) => {
                    if let Some(end) = self.take(&bytes).await {
                        return end;
                    }
                }
                Some(Ok(Frame::Text(_))) => warn!("a text message was ignored"),
                Some(Ok(_)) => {}
            }
        }
    }

    /// Takes one message of the master.
    async fn take(&self, bytes: &[u8]) -> Option<End> {
        let (seq, request) = match msgpack::decode(bytes) {
            Ok(Message::Request { seq, request }) => (seq, request),
            Ok(Message::Response(response)) => {
                self.answered(response);
                return None;
            }
            Err(error) => {
                warn!(error = %error, "a message of the master was not understood");
                let answer = error.answer()?;
                return self.send(&answer).await;
            }
        };
        let is_shutdown = request == Request::Shutdown;
        let result = self.handle(request);
        let lost = self.send(&Message::Response(Response { seq, result })).await;
        lost.or(is_shutdown.then_some(End::Shutdown))
    }

    async fn send(&self, message: &Message) -> Option<End> {
        let sent = self.frames.send(binary(message)).await;
        sent.err().map(|_| End::Lost("the connection broke".to_owned()))
    }

    fn answered(&self, response: Response) {
        match self.waiting.borrow_mut().remove(&response.seq) {
            // Who asked may not care any more.
            Some(waiting) => drop(waiting.send(response.result)),
            None => warn!(seq = response.seq, "an answer that nobody waits for"),
        }
    }

    /// Carries out a request of the master.
    fn handle(&self, request: Request) -> Answer {
        match request {
            Request::Print { message } => info!(message, "message from the master"),
            Request::Keepalive => debug!("keepalive from the master"),
            Request::GetWorkerInfo => return Ok(self.session.info()),
            Request::SetWorkerSettings(settings) => *self.session.settings.borrow_mut() = settings,
            Request::StartCommand { command_id, command_name, args, .. } => {
                self.session.start_command(command_id, &command_name, args).map_err(|error| error.to_string())?;
            }
            Request::InterruptCommand { command_id, why, .. } => self.session.interrupt(&command_id, &why),
            Request::Shutdown => {}
            other => return Err(format!("a worker takes no such request: {}", other.operation())),
        }
        Ok(Value::Nil)
    }
}
