//! What a client holds, and how much of its job it has been told.

use std::collections::{BTreeMap, HashMap, HashSet};

use buildbot_protocol::pb::{Broker, Failure, Jelly, LocalId, RemoteId, Reply, SendError};

use crate::domain::try_job::{TryBuild, TryBuildId, TryRequest};
use crate::domain::{BuildRequestId, Results, TryStatus};

/// Something that the client holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Object {
    Perspective,
    Buildset,
    Request(BuildRequestId),
    Build(TryBuildId),
}

/// A build that the client watches.
#[derive(Default)]
struct Watched {
    builder_name: String,
    client: Option<RemoteId>,
    /// By name: whether the end was told.
    steps: BTreeMap<String, bool>,
    /// Those who wait for the end.
    waiting: Vec<Reply>,
}

#[derive(Default)]
pub(super) struct Told {
    objects: HashMap<LocalId, Object>,
    /// Who wants to hear of builds, and of which it has.
    subscribers: BTreeMap<BuildRequestId, (RemoteId, HashSet<TryBuildId>)>,
    builds: BTreeMap<TryBuildId, Watched>,
}

impl Told {
    pub(super) fn export(&mut self, broker: &mut Broker, object: Object) -> Result<LocalId, SendError> {
        let id = broker.export()?;
        self.objects.insert(id, object);
        Ok(id)
    }

    pub(super) fn object(&self, id: u32) -> Option<Object> {
        self.objects.get(&LocalId(id)).copied()
    }

    /// The client let go of it.
    pub(super) fn released(&mut self, id: LocalId) {
        self.objects.remove(&id);
    }

    /// A job was accepted; the client hears of nothing else any more.
    pub(super) fn begin(&mut self, broker: &mut Broker, reply: Reply) -> Result<(), SendError> {
        self.subscribers.clear();
        self.builds.clear();
        let buildset = self.export(broker, Object::Buildset)?;
        broker.answer(reply, &buildset.into())
    }

    /// Answers a call.
    pub(super) fn called(
        &mut self,
        broker: &mut Broker,
        (object, status): (Object, &TryStatus),
        (method, args, reply): (&str, Vec<Jelly>, Reply),
    ) -> Result<(), SendError> {
        let client = args.first().and_then(Jelly::as_remote);
        match (object, method, client) {
            (Object::Buildset, "getBuildRequests", _) => {
                let requests = status.requests.iter().map(|request| {
                    let object = self.export(broker, Object::Request(request.id))?;
                    Ok(Jelly::Tuple(vec![request.builder_name.as_str().into(), object.into()]))
                });
                let requests = requests.collect::<Result<_, SendError>>()?;
                return broker.answer(reply, &Jelly::List(requests));
            }
            (Object::Request(id), "subscribe", Some(client)) => {
                self.subscribers.insert(id, (client, HashSet::new()));
            }
            (Object::Request(id), "unsubscribe", _) => drop(self.subscribers.remove(&id)),
            (Object::Build(id), "subscribe", Some(client)) => self.builds.entry(id).or_default().client = Some(client),
            (Object::Build(id), "unsubscribe", _) => self.builds.entry(id).or_default().client = None,
            (Object::Build(id), "waitUntilFinished", _) => {
                self.builds.entry(id).or_default().waiting.push(reply);
                return Ok(());
            }
            (Object::Build(id), "getResults", _) => return broker.answer(reply, &results(status.build(id))),
            (Object::Build(id), "getText", _) => return broker.answer(reply, &text(status.build(id))),
            _ => {
                args.iter().for_each(|arg| broker.discard(arg));
                broker.refuse(reply, &Failure::no_such_method(method));
                return Ok(());
            }
        }
        broker.answer(reply, &Jelly::None)
    }

    /// Tells the client what it does not know yet.
    pub(super) fn tell(&mut self, broker: &mut Broker, status: &TryStatus) -> Result<(), SendError> {
        for request in &status.requests {
            self.tell_builds(broker, request)?;
            for build in &request.builds {
                self.tell_build(broker, build)?;
            }
        }
        Ok(())
    }

    fn tell_builds(&mut self, broker: &mut Broker, request: &TryRequest) -> Result<(), SendError> {
        let Some((client, known)) = self.subscribers.get_mut(&request.id) else { return Ok(()) };
        let client = *client;
        let new = request.builds.iter().filter(|build| known.insert(build.id));
        for build in new.map(|build| build.id).collect::<Vec<_>>() {
            self.builds.entry(build).or_default().builder_name.clone_from(&request.builder_name);
            let object = self.of_build(broker, build)?;
            broker.call(client.into(), "newbuild", &[object, request.builder_name.as_str().into()], &[])?;
        }
        Ok(())
    }

    fn tell_build(&mut self, broker: &mut Broker, build: &TryBuild) -> Result<(), SendError> {
        let object = match self.builds.get(&build.id) {
            None => return Ok(()),
            Some(watched) if watched.client.is_none() && watched.waiting.is_empty() => return Ok(()),
            Some(_) => self.of_build(broker, build.id)?,
        };
        let Some(watched) = self.builds.get_mut(&build.id) else { return Ok(()) };
        if let Some(client) = watched.client {
            for (name, ended) in &build.steps {
                let told_end = watched.steps.get(name).copied();
                let common = [watched.builder_name.as_str().into(), object.clone(), name.as_str().into(), Jelly::None];
                if told_end.is_none() {
                    broker.call(client.into(), "stepStarted", &common, &[])?;
                }
                if let (Some(results), false) = (ended, told_end.unwrap_or(false)) {
                    let args = [common.as_slice(), &[code(*results)]].concat();
                    broker.call(client.into(), "stepFinished", &args, &[])?;
                }
                watched.steps.insert(name.clone(), ended.is_some());
            }
        }
        if build.finished.is_some() {
            for reply in watched.waiting.drain(..) {
                broker.answer(reply, &object)?;
            }
        }
        Ok(())
    }

    /// The client's object for a build: the one it has, or a new one.
    fn of_build(&mut self, broker: &mut Broker, build: TryBuildId) -> Result<Jelly, SendError> {
        let known = self.objects.iter().find(|(_, object)| **object == Object::Build(build)).map(|(id, _)| *id);
        match known {
            Some(id) => Ok(id.into()),
            None => self.export(broker, Object::Build(build)).map(Jelly::from),
        }
    }
}

fn code(results: Results) -> Jelly {
    Jelly::Int(i64::from(results.code()))
}

fn results(build: Option<&TryBuild>) -> Jelly {
    build.and_then(|build| build.finished.as_ref()).map_or(Jelly::None, |(results, _)| code(*results))
}

fn text(build: Option<&TryBuild>) -> Jelly {
    let text = build.and_then(|build| build.finished.as_ref()).map(|(_, text)| text.as_str().into());
    Jelly::List(text.into_iter().collect())
}
