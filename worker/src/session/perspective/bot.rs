//! The methods that a master calls: those of the worker itself, and those of its builders.

use std::path::PathBuf;

use buildbot_protocol::pb::{Failure, Jelly, LocalId, Target, from_value, to_value};
use buildbot_protocol::{Arguments, Value};
use tracing::{debug, info, warn};

use super::builders::leftovers;
use super::calls::CommandObjects;
use super::{Peer, arguments};
use crate::session::{End, StartError};

impl Peer {
    /// Carries out a call of the master.
    pub(super) async fn called(
        &mut self,
        target: Target,
        method: &str,
        args: Vec<Jelly>,
        kwargs: Vec<(String, Jelly)>,
    ) -> Result<Jelly, Failure> {
        let Target::Object(object) = target else { return Err(Failure::no_such_method(method)) };
        let object = LocalId(object);
        match (method, Some(object) == self.bot) {
            ("print", _) => {
                print(args, kwargs);
                Ok(Jelly::None)
            }
            // 0.8 asks by the other name.
            ("getWorkerInfo" | "getSlaveInfo", true) => Ok(from_value(self.session.info())),
            ("getCommands", true) => Ok(self.fact("worker_commands")),
            ("getVersion", true) => Ok(self.fact("version")),
            ("setBuilderList", true) => self.set_builders(args).await,
            ("shutdown", true) => {
                self.end = Some(End::Shutdown);
                Ok(Jelly::None)
            }
            ("startBuild", false) => Ok(Jelly::None),
            ("startCommand", false) => self.start_command(object, args),
            ("interruptCommand", false) => {
                let mut texts = args.into_iter().map(|arg| arg.into_text().unwrap_or_default());
                let (id, why) = (texts.next().unwrap_or_default(), texts.next().unwrap_or_default());
                self.session.interrupt(&id, &why);
                Ok(Jelly::None)
            }
            ("setMaster", false) => {
                args.iter().for_each(|arg| self.broker.discard(arg));
                Ok(Jelly::None)
            }
            _ => {
                args.iter().for_each(|arg| self.broker.discard(arg));
                Err(Failure::no_such_method(method))
            }
        }
    }

    /// One thing that the worker says of itself.
    fn fact(&self, name: &str) -> Jelly {
        match self.session.info() {
            Value::Map(mut facts) => facts.remove(name).map_or(Jelly::None, from_value),
            _ => Jelly::None,
        }
    }

    /// Makes the directories of these builders; the objects by which they are called.
    async fn set_builders(&mut self, args: Vec<Jelly>) -> Result<Jelly, Failure> {
        let wanted = args
            .into_iter()
            .next()
            .and_then(Jelly::into_items)
            .and_then(|items| items.into_iter().map(name_and_dir).collect::<Option<Vec<(String, String)>>>());
        let wanted = wanted.ok_or_else(|| Failure::new("builtins.TypeError", "a list of names and directories"))?;
        let names: Vec<String> = wanted.iter().map(|(name, _)| name.clone()).collect();
        for object in self.builders.keep_only(&names) {
            self.broker.withdraw(object);
        }
        let mut objects = Vec::new();
        let mut dirs = Vec::new();
        for (name, dir) in wanted {
            let dir = self.session.base_dir().path().join(dir);
            let made = self.session.confined(&dir.to_string_lossy()).map_err(|error| error.to_string());
            let made = made.and_then(|()| std::fs::create_dir_all(&dir).map_err(|error| error.to_string()));
            made.map_err(|error| Failure::new("builtins.OSError", format!("{}: {error}", dir.display())))?;
            let object = match self.builders.object(&name) {
                Some(object) => object,
                None => self.broker.export().map_err(|error| Failure::pb_error(error.to_string()))?,
            };
            self.builders.set(object, &name, dir.clone());
            objects.push((Jelly::Text(name), object.into()));
            dirs.push(dir);
        }
        self.deal_with_leftovers(&dirs).await;
        Ok(Jelly::Dict(objects))
    }

    /// Directories of builders that are no more are deleted if the worker is told so; otherwise they are only noticed.
    async fn deal_with_leftovers(&self, dirs: &[PathBuf]) {
        for path in leftovers(self.session.base_dir().path(), dirs) {
            if !self.session.config().delete_leftover_dirs {
                info!(path = %path.display(), "this directory belongs to no builder");
                continue;
            }
            info!(path = %path.display(), "deleting a directory that belongs to no builder");
            let removed = tokio::task::spawn_blocking(move || std::fs::remove_dir_all(path)).await;
            if let Ok(Err(error)) = removed {
                warn!(error = %error, "it cannot be deleted");
            }
        }
    }

    /// Starts a command of a builder: its object, its id, its name and its arguments.
    fn start_command(&mut self, builder: LocalId, args: Vec<Jelly>) -> Result<Jelly, Failure> {
        let taken = <[Jelly; 4]>::try_from(args).ok().and_then(|[object, id, name, args]| {
            Some((object.as_remote()?, id.into_text()?, name.into_text()?, args.into_entries()?))
        });
        let (command, id, name, entries) =
            taken.ok_or_else(|| Failure::new("builtins.TypeError", "the arguments of startCommand are wrong"))?;
        let file = entries.iter().find_map(|(_, value)| value.as_remote());
        let objects = CommandObjects { command, file };
        let started = match self.builders.get(builder) {
            Some(builder) => {
                let args: Arguments = match to_value(Jelly::Dict(entries)) {
                    Value::Map(args) => args,
                    _ => Arguments::new(),
                };
                let args = arguments::translate(&name, args, &builder.dir);
                debug!(builder = builder.name, command = name, id, "a command starts");
                self.session.start_command(id.clone(), &name, args).map_err(|error| failure(&id, &name, &error))
            }
            None => Err(Failure::pb_error("this builder is gone")),
        };
        match started {
            Ok(()) => {
                self.commands.insert(id, objects);
                Ok(Jelly::None)
            }
            Err(failure) => {
                self.give_back(objects);
                Err(failure)
            }
        }
    }
}

fn print(args: Vec<Jelly>, kwargs: Vec<(String, Jelly)>) {
    let message = kwargs.into_iter().map(|(_, value)| value).chain(args).next().and_then(Jelly::into_text);
    info!(message = message.unwrap_or_default(), "message from the master");
}

fn name_and_dir(item: Jelly) -> Option<(String, String)> {
    let [name, dir] = <[Jelly; 2]>::try_from(item.into_items()?).ok()?;
    Some((name.into_text()?, dir.into_text()?))
}

/// An error as the workers of Buildbot name it.
fn failure(id: &str, name: &str, error: &StartError) -> Failure {
    match error {
        StartError::Unknown(_) => {
            let bases = ["twisted.spread.pb.Error", "builtins.Exception", "builtins.BaseException", "builtins.object"];
            let text = format!("(command {id}): unrecognized WorkerCommand '{name}'");
            Failure::derived("buildbot_worker.base.UnknownCommand", &bases, text)
        }
        StartError::Running(_) | StartError::Missing { .. } => Failure::new("builtins.ValueError", error.to_string()),
    }
}
