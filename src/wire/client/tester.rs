//! Sends a try job and follows its builds.

use std::collections::HashMap;

use buildbot_protocol::pb::{CallId, Failure, Incoming, Jelly, LocalId, RemoteId};

use super::connection::{Account, ClientError, Connection};
use super::jelly;
use crate::domain::{Results, TryJob};

/// What is new of a builder's build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BuildNews {
    /// A build begins, in place of an earlier one if there was one.
    Started {
        builder: String,
    },
    StepStarted {
        builder: String,
        step: String,
    },
    StepFinished {
        builder: String,
        step: String,
    },
    /// How the build ended, and in words.
    Finished {
        builder: String,
        results: Results,
        text: String,
    },
}

/// A connection to a try scheduler.
pub struct Tester {
    connection: Connection,
    /// Ourselves, to be told.
    client: Option<LocalId>,
    /// Builds that are waited for, by the call that is answered at their end.
    builds: HashMap<CallId, (String, RemoteId)>,
}

impl Tester {
    pub async fn connect(account: &Account) -> Result<Self, ClientError> {
        Ok(Self { connection: Connection::log_in(account).await?, client: None, builds: HashMap::new() })
    }

    /// What jobs can be sent to.
    pub async fn builder_names(&mut self) -> Result<Vec<String>, ClientError> {
        let names = self.connection.ask("getAvailableBuilderNames", &[]).await?;
        Ok(names.into_items().unwrap_or_default().into_iter().filter_map(Jelly::into_text).collect())
    }

    /// Sends a job. The names of the builders that build it; nothing if the master refuses one of those it names.
    pub async fn submit(&mut self, job: &TryJob) -> Result<Option<Vec<String>>, ClientError> {
        let optional = |text: &Option<String>| text.as_deref().map_or(Jelly::None, Jelly::from);
        let properties = job.properties.iter().map(|(name, value)| (name.as_str().into(), jelly(value))).collect();
        let names = job.builder_names.iter().map(|name| name.as_str().into()).collect();
        let patch = vec![Jelly::Int(i64::from(job.patch_level)), Jelly::Bytes(job.patch_body.clone())];
        let args = [
            optional(&job.branch),
            optional(&job.revision),
            Jelly::Tuple(patch),
            job.repository.as_str().into(),
            job.project.as_str().into(),
            Jelly::List(names),
            job.who.as_str().into(),
            job.comment.as_str().into(),
            Jelly::Dict(properties),
        ];
        let answer = self.connection.ask("try", &args).await?;
        let Some(buildset) = answer.as_remote() else { return Ok(None) };
        let requests = self.connection.ask_of(buildset.into(), "getBuildRequests", &[]).await?;
        let mut names = Vec::new();
        for request in requests.into_items().unwrap_or_default() {
            let mut pair = request.into_items().unwrap_or_default().into_iter();
            let name = pair.next().and_then(Jelly::into_text);
            let (Some(name), Some(request)) = (name, pair.next().as_ref().and_then(Jelly::as_remote)) else {
                return Err(ClientError::Unexpected);
            };
            let client = self.client()?;
            self.connection.tell(request.into(), "subscribe", &[client.into()])?;
            names.push(name);
        }
        Ok(Some(names))
    }

    fn client(&mut self) -> Result<LocalId, ClientError> {
        match self.client {
            Some(client) => Ok(client),
            None => {
                let client = self.connection.broker.export()?;
                self.client = Some(client);
                Ok(client)
            }
        }
    }

    /// Waits for something new. May be cancelled.
    pub async fn next(&mut self) -> Result<BuildNews, ClientError> {
        loop {
            match self.connection.next().await? {
                Incoming::Call { method, args, reply, .. } => {
                    let news = match method.as_str() {
                        "newbuild" => self.new_build(args)?,
                        "stepStarted" | "stepFinished" => self.step(method == "stepStarted", args),
                        "buildETAUpdate" => {
                            args.iter().for_each(|arg| self.connection.broker.discard(arg));
                            None
                        }
                        other => {
                            self.connection.broker.refuse(reply, &Failure::no_such_method(other));
                            continue;
                        }
                    };
                    self.connection.broker.answer(reply, &Jelly::None)?;
                    if let Some(news) = news {
                        return Ok(news);
                    }
                }
                Incoming::Answer { call, value } => {
                    if let Some((builder, build)) = self.builds.remove(&call) {
                        self.connection.broker.discard(&value);
                        return self.finished(builder, build).await;
                    }
                }
                Incoming::Error { failure, .. } => return Err(ClientError::Refused(failure.to_string())),
                _ => {}
            }
        }
    }

    fn new_build(&mut self, args: Vec<Jelly>) -> Result<Option<BuildNews>, ClientError> {
        let mut args = args.into_iter();
        let build = args.next().as_ref().and_then(Jelly::as_remote);
        let (Some(build), Some(builder)) = (build, args.next().and_then(Jelly::into_text)) else { return Ok(None) };
        // A build whose worker was lost is not waited for any longer.
        self.builds.retain(|_, (name, _)| *name != builder);
        let client = self.client()?;
        self.connection.tell(build.into(), "subscribe", &[client.into(), Jelly::Int(20)])?;
        let call = self.connection.tell(build.into(), "waitUntilFinished", &[])?;
        self.builds.insert(call, (builder.clone(), build));
        Ok(Some(BuildNews::Started { builder }))
    }

    fn step(&mut self, has_begun: bool, args: Vec<Jelly>) -> Option<BuildNews> {
        args.iter().for_each(|arg| self.connection.broker.discard(arg));
        let mut args = args.into_iter();
        let builder = args.next()?.into_text()?;
        let step = args.nth(1)?.into_text()?;
        Some(match has_begun {
            true => BuildNews::StepStarted { builder, step },
            false => BuildNews::StepFinished { builder, step },
        })
    }

    async fn finished(&mut self, builder: String, build: RemoteId) -> Result<BuildNews, ClientError> {
        let results = self.connection.ask_of(build.into(), "getResults", &[]).await?;
        let results = results.as_int().and_then(|code| Results::from_code(i32::try_from(code).ok()?));
        let text = self.connection.ask_of(build.into(), "getText", &[]).await?;
        let words: Vec<String> =
            text.into_items().unwrap_or_default().into_iter().filter_map(Jelly::into_text).collect();
        let results = results.ok_or(ClientError::Unexpected)?;
        Ok(BuildNews::Finished { builder, results, text: words.join(" ") })
    }

    pub async fn close(self) {
        self.connection.close().await;
    }
}
