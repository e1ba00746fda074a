//! Plays a sequence on a master.
//!
//! No action follows before all that the last one led to has happened: every build has ended or waits at a gate (or for
//! builds that do), and meanwhile a build of lowest priority, on a worker of its own, has come and gone: Buildbot starts
//! it when it has tried all older requests. What Buildbot has made of an action is what ours is given time for; if it
//! does something else, that is found at the end.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use buildbot::json::{Value, json};

use super::master::{Kind, Master, id, text};
use super::observe::{self, results_name};
use super::sequence::{Action, Sequence};
use crate::site::wait_for;

/// The builds of a sequence and how far each is.
pub type State = BTreeSet<String>;

pub struct Played {
    /// After each action.
    pub states: Vec<State>,
    /// All that is to be the same.
    pub facts: Vec<String>,
}

/// How long ours may take for what Buildbot did. It matters only if ours does something else.
const PATIENCE: Duration = Duration::from_secs(10);
/// The same, once it has done something else.
const PATIENCE_APART: Duration = Duration::from_millis(500);

struct Player<'a> {
    master: &'a mut Master,
    name: &'a str,
    /// Ids of what was there before.
    since: Since,
    facts: Vec<String>,
    patience: Cell<Duration>,
}

/// The newest of each before the sequence began.
#[derive(Clone, Copy, Debug)]
pub struct Since {
    pub request: i64,
    pub build: i64,
    pub buildset: i64,
}

/// Where a build is.
enum Stage {
    Ended,
    /// It goes on by itself.
    Busy,
    /// A step that waits for its gate, or for builds that it has triggered.
    At(String),
    WaitsForLocks,
}

/// Plays it; `example` is what the other master did.
pub fn play(master: &mut Master, sequence: &Sequence, example: Option<&[State]>) -> Played {
    let newest = |path: &str, field: &str| {
        master.list(&format!("{path}?order=-{field}&limit=1")).first().map_or(0, |one| id(one, field))
    };
    let since = Since {
        request: newest("buildrequests", "buildrequestid"),
        build: newest("builds", "buildid"),
        buildset: newest("buildsets", "bsid"),
    };
    let mut player = Player { master, name: &sequence.name, since, facts: Vec::new(), patience: Cell::new(PATIENCE) };
    let mut states = Vec::new();
    for (position, action) in sequence.script.iter().enumerate() {
        player.act(action);
        let example = example.and_then(|states| states.get(position));
        states.push(player.settle(example));
    }
    player.facts.extend(observe::facts(player.master, player.since));
    player.clean_up();
    Played { states, facts: player.facts }
}

impl Player<'_> {
    fn act(&mut self, action: &Action) {
        match action.verb.as_str() {
            "attach" => self.master.attach(action.word(0)),
            "detach" => self.master.detach(action.word(0)),
            "change" => self.change(&action.data),
            "force" => self.force(action),
            "open" => {
                let (builder, number, step) = (action.word(0), action.word(1).parse().unwrap(), action.word(2));
                // If it is not there, the other master has done something else; that is found at the end.
                let is_there = || self.master.is_at_gate(builder, number, step);
                self.wait_patiently(is_there);
                self.master.open_gate(builder, number, step, action.word(3));
            }
            "go" => {
                if let Some((builder, number, step)) = self.master.gates().into_iter().next() {
                    self.master.open_gate(&builder, number, &step, action.word(0));
                }
            }
            "stop" => self.command_build(action, "stop", &json!({"reason": "enough"})),
            "rebuild" => self.command_build(action, "rebuild", &json!({})),
            "cancel" => {
                let builder = self.master.builder_id(action.word(0));
                let newest =
                    format!("buildrequests?builderid={builder}&claimed=false&complete=false&order=-buildrequestid");
                if let Some(request) = self.master.list(&newest).first() {
                    let path = format!("buildrequests/{}", id(request, "buildrequestid"));
                    let answer = self.master.control(&path, "cancel", &json!({"reason": "not wanted"}));
                    self.tell_refusal("cancel", &answer);
                }
            }
            other => panic!("{}: no action {other}", self.name),
        }
    }

    fn tell_refusal(&mut self, what: &str, answer: &Result<Value, Value>) {
        if let Err(error) = answer {
            // Which fields are wrong counts, not the words.
            let why = match error["message"].as_object() {
                Some(fields) => fields.keys().cloned().collect::<Vec<_>>().join(", "),
                None => error["message"].as_str().map_or_else(|| error.to_string(), str::to_owned),
            };
            self.facts.push(format!("refused {what}: {why}"));
        }
    }

    fn change(&mut self, data: &Value) {
        let mut fields = json!({"author": "ann", "comments": "a change", "files": ["file"], "project": self.name});
        for (name, value) in data.as_object().unwrap() {
            fields[name] = value.clone();
        }
        let fields = fields.as_object().unwrap().iter().filter(|(_, value)| !value.is_null());
        let form: Vec<_> = fields
            .map(|(name, value)| (name.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
            .collect();
        self.master.change(&form);
    }

    fn force(&mut self, action: &Action) {
        let mut params = action.data.clone();
        params["builderid"] = json!(self.master.builder_id(action.word(1)));
        let answer = self.master.control(&format!("forceschedulers/{}", action.word(0)), "force", &params);
        self.tell_refusal("force", &answer);
    }

    fn command_build(&mut self, action: &Action, method: &str, params: &Value) {
        let path = format!("builders/{}/builds/{}", self.master.builder_id(action.word(0)), action.word(1));
        let answer = match self.master.try_list(&path).and_then(|found| Some(id(found.first()?, "buildid"))) {
            Some(build) => self.master.control(&format!("builds/{build}"), method, params),
            None => Err(json!("there is no such build")),
        };
        self.tell_refusal(method, &answer);
    }

    /// Waits until nothing happens any more.
    fn settle(&self, example: Option<&State>) -> State {
        if let Some(example) = example {
            self.wait_patiently(|| self.quiet_state().as_ref() == Some(example));
        }
        // Without an example nothing else tells whether something is still to come.
        let n_fences = if example.is_some() { 1 } else { 2 };
        wait_for(&format!("{}: nothing more to happen on {:?}", self.name, self.master.kind), || {
            let quiet = self.quiet()?;
            for _ in 0..n_fences {
                self.fence();
                if self.quiet()? != quiet {
                    return None;
                }
            }
            Some(quiet.0)
        })
    }

    fn fence(&self) {
        let builder = self.master.builder_id("fence");
        let forced = self.master.control("forceschedulers/fence", "force", &json!({"builderid": builder})).unwrap();
        let path = format!("buildrequests?buildsetid={}", forced[0]);
        wait_for("the end of the fence", || {
            let request = self.master.try_list(&path)?.into_iter().next()?;
            (request["complete"] == json!(true)).then_some(())
        });
    }

    fn quiet_state(&self) -> Option<State> {
        self.quiet().map(|(state, _)| state)
    }

    /// The builds and how many requests are open, unless one of the builds is about to do something by itself.
    fn quiet(&self) -> Option<(State, usize)> {
        let master = &self.master;
        let requests = self.open_requests();
        let fence = master.builder_id("fence");
        let builds = master.list(&format!("builds?buildid__gt={}", self.since.build));
        let builds: Vec<_> = builds.into_iter().filter(|build| id(build, "builderid") != fence).collect();
        let running: Vec<_> = builds.iter().filter(|build| build["complete"] == json!(false)).collect();
        let served = |request: &Value| running.iter().any(|build| build["buildrequestid"] == request["buildrequestid"]);
        // Ours merges requests into one build, which names the first.
        let claimed = requests.iter().filter(|request| request["claimed"] == json!(true));
        if master.kind == Kind::Peer && claimed.clone().any(|request| !served(request)) {
            return None;
        }
        let mut state = State::new();
        for build in &builds {
            let name = format!("{}/{}", master.builders[&id(build, "builderid")], id(build, "number"));
            let is_complete = build["complete"] == json!(true);
            match if is_complete { Stage::Ended } else { self.stage(build, requests.len()) } {
                Stage::Busy => return None,
                Stage::Ended => _ = state.insert(format!("{name} {}", results_name(&build["results"]))),
                Stage::At(step) => _ = state.insert(format!("{name} at {step}")),
                // With Buildbot some builds that wait for locks have begun, with ours they have not.
                Stage::WaitsForLocks => {}
            }
        }
        Some((state, requests.len()))
    }

    fn stage(&self, build: &Value, n_requests: usize) -> Stage {
        let builder = &self.master.builders[&id(build, "builderid")];
        let steps = self.master.list(&format!("builds/{}/steps", id(build, "buildid")));
        let under_way = steps.iter().find(|step| step["started_at"].is_i64() && step["complete"] == json!(false));
        let step = under_way.map(|step| text(step, "name")).unwrap_or_default();
        if self.master.is_at_gate(builder, id(build, "number"), &step) {
            return Stage::At(step);
        }
        match step.as_str() {
            "locks_acquire" if 1 < n_requests => Stage::WaitsForLocks,
            name if 1 < n_requests && name.starts_with("trigger") => Stage::At(step),
            _ => Stage::Busy,
        }
    }

    fn open_requests(&self) -> Vec<Value> {
        let requests =
            self.master.list(&format!("buildrequests?buildrequestid__gt={}&complete=false", self.since.request));
        let fence = self.master.builder_id("fence");
        requests.into_iter().filter(|request| id(request, "builderid") != fence).collect()
    }

    /// Leaves nothing that waits or runs.
    fn clean_up(&mut self) {
        for request in self.open_requests() {
            let path = format!("buildrequests/{}", id(&request, "buildrequestid"));
            let _ = self.master.control(&path, "cancel", &json!({"reason": "the end"}));
        }
        wait_for(&format!("{}: the end of all builds on {:?}", self.name, self.master.kind), || {
            self.master
                .gates()
                .iter()
                .for_each(|(builder, number, step)| self.master.open_gate(builder, *number, step, "0"));
            self.open_requests().is_empty().then_some(())
        });
        self.master.detach_all();
    }

    /// Waits for what is hoped for, but not for ever.
    #[expect(clippy::disallowed_methods, reason = "real processes live in real time")]
    fn wait_patiently(&self, mut look: impl FnMut() -> bool) {
        let begin = Instant::now();
        while !look() {
            if self.patience.get() < begin.elapsed() {
                self.patience.set(PATIENCE_APART);
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
