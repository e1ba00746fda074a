//! Things that are not here: importing them is no error, using them is.

#![expect(clippy::panic, reason = "`StarlarkPagablePanic` makes functions that paging, which is off, would call")]

use std::fmt::{self, Display};

use allocative::Allocative;
use starlark::eval::{Arguments, Evaluator};
use starlark::starlark_simple_value;
use starlark::values::{
    Heap, NoSerialize, ProvidesStaticType, StarlarkPagablePanic, StarlarkValue, Value, ValueLike, starlark_value,
};

use super::constructor::fail;

/// A module, a name of one, or a function that is not here.
#[derive(Debug, Clone, ProvidesStaticType, NoSerialize, Allocative, StarlarkPagablePanic)]
pub struct Missing {
    /// Dotted, as the file names it.
    name: String,
    why: Why,
}

#[derive(Debug, Clone, Allocative)]
enum Why {
    Unknown,
    /// A variable that was never assigned.
    Unset,
    /// A function that cannot be had, and why.
    Refused(String),
}

starlark_simple_value!(Missing);

/// Modules that people look for, and what there is instead.
const INSTEAD: [(&str, &str); 32] = [
    ("twisted.cred", "put a proxy that asks for a password in front of the port"),
    ("twisted", "Twisted is not here: give the factory a function, def step(ctx): ctx.run([...])"),
    ("zope", "interfaces are of no use here"),
    (
        "subprocess",
        "a configuration runs nothing: write the answer to a file, or ask in a step (steps.MasterShellCommand)",
    ),
    (
        "commands",
        "a configuration runs nothing: write the answer to a file, or ask in a step (steps.MasterShellCommand)",
    ),
    ("requests", "a configuration asks nobody over the network: use a step, a hook or a reporter"),
    ("txrequests", "a configuration asks nobody over the network: use a step, a hook or a reporter"),
    ("treq", "a configuration asks nobody over the network: use a step, a hook or a reporter"),
    ("urllib", "a configuration asks nobody over the network: use a step, a hook or a reporter"),
    ("http", "a configuration asks nobody over the network: use a step, a hook or a reporter"),
    ("smtplib", "use reporters.MailNotifier"),
    ("email", "use reporters.MailNotifier"),
    ("shutil", "a configuration changes no files: do it in a step"),
    ("tempfile", "a configuration changes no files: do it in a step"),
    ("os", "a configuration only reads: do it in a step, or before the master starts"),
    ("jinja2", "use util.Interpolate, or f-strings"),
    ("docker", "worker.DockerLatentWorker takes plain texts and dictionaries"),
    ("boto3", "worker.EC2LatentWorker takes plain texts"),
    ("ldap", "use util.LDAPUserInfo"),
    ("secrets", "no file 'secrets.py' lies beside the configuration; or use util.Secret"),
    ("flask", "pages of one's own are not built in"),
    ("dateutil", "use datetime and time: datetime.datetime.strptime(), datetime.timedelta(), time.localtime()"),
    ("pytz", "use datetime and time: times are those of the master"),
    ("threading", "a configuration is read by one thread, from its start to its end"),
    ("asyncio", "a configuration waits for nothing: give the factory a function, def step(ctx): ctx.run([...])"),
    ("sqlite3", "write what you need to a JSON or YAML file, and read that"),
    ("xml", "write what you need to a JSON or YAML file, and read that"),
    ("getpass", "passwords come from a file (open('password').read()), or from util.Secret"),
    ("unittest", "'buildbot checkconfig' tests a configuration"),
    ("inspect", "a configuration cannot look at its own code"),
    ("traceback", "the text of an exception is str(error)"),
    ("platform", "the names of this machine are platform.system(), platform.machine() and socket.gethostname()"),
];

const STEP: &str = "give the factory a function instead: def step(ctx): ctx.run([...])";
const HOOK: &str = "let a program of yours send what it makes of the request to /change_hook/base";

/// Parts of Buildbot's names, and what there is instead.
const OF_BUILDBOT: [(&str, &str); 14] = [
    ("LogLineObserver", "a function as a step sees the output: def step(ctx): ctx.run([...]).stdout"),
    ("logobserver", "a function as a step sees the output: def step(ctx): ctx.run([...]).stdout"),
    ("ShellMixin", STEP),
    ("CommandMixin", STEP),
    ("LoggingBuildStep", STEP),
    ("RemoteCommand", STEP),
    ("RemoteShellCommand", STEP),
    ("remotecommand", STEP),
    ("webhooks", HOOK),
    ("hooks", HOOK),
    ("Build", "functions decide: doStepIf of steps, canStartBuild and nextBuild of builders"),
    ("buildrequest", "True merges what is compatible, a function gets the two requests with their sources"),
    ("async_sort", "sort with sorted(builders, key=...)"),
    ("authz", "logins and rights are not available yet: put a proxy that asks for a password in front of the port"),
];

impl Missing {
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), why: Why::Unknown }
    }

    pub fn unset<'v>(name: &str, heap: Heap<'v>) -> Value<'v> {
        heap.alloc(Self { name: name.to_owned(), why: Why::Unset })
    }

    /// A function of the file.
    pub fn refused(name: &str, reason: &str) -> Self {
        Self { name: name.to_owned(), why: Why::Refused(reason.to_owned()) }
    }

    pub fn of(value: Value<'_>) -> Option<&Self> {
        value.downcast_ref::<Self>()
    }

    /// The last part of the name.
    pub fn last_name(&self) -> &str {
        self.name.rsplit('.').next().unwrap_or_default()
    }

    /// What is said where it is used.
    pub fn message(&self) -> String {
        let name = &self.name;
        match &self.why {
            Why::Unset => format!("'{name}' has no value here"),
            Why::Refused(reason) => format!("'{name}' cannot be used: {reason}"),
            Why::Unknown => {
                let top = name.split('.').next().unwrap_or_default();
                if top == "buildbot" {
                    let instead = OF_BUILDBOT.iter().find(|(part, _)| name.split('.').any(|word| word == *part));
                    let instead = instead.map_or_else(String::new, |(_, instead)| format!("; {instead}"));
                    return format!("'{name}' is known from Buildbot, and not available here{instead}");
                }
                let is_of = |module: &str| {
                    name.strip_prefix(module).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
                };
                match INSTEAD.iter().find(|(module, _)| is_of(module)) {
                    Some((_, instead)) => format!("'{name}' is not available in configurations; {instead}"),
                    None if name.contains('.') => format!(
                        "'{name}' is not available in configurations: it is neither a file beside the configuration nor \
                         one of the modules of Python that are built in"
                    ),
                    None => format!(
                        "there is no module '{name}': no such file lies beside the configuration, and Python's other \
                         packages cannot be imported"
                    ),
                }
            }
        }
    }
}

impl Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}, which is not available>", self.name)
    }
}

#[starlark_value(type = "missing")]
impl<'v> StarlarkValue<'v> for Missing {
    fn get_attr(&self, attribute: &str, heap: Heap<'v>) -> Option<Value<'v>> {
        let name = format!("{}.{}", self.name, attribute.trim_start_matches("_bb_"));
        Some(heap.alloc(Self { name, why: self.why.clone() }))
    }

    /// Types are often indexed: `List[str]`.
    fn at(&self, _: Value<'v>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        match self.why {
            Why::Unknown => Ok(heap.alloc(self.clone())),
            _ => fail(self.message()),
        }
    }

    fn set_attr(&self, _: &str, _: Value<'v>) -> starlark::Result<()> {
        // What is not here cannot be changed for the worse.
        Ok(())
    }

    fn iterate_collect(&self, _: Heap<'v>) -> starlark::Result<Vec<Value<'v>>> {
        fail(self.message())
    }

    fn length(&self) -> starlark::Result<i32> {
        fail(self.message())
    }

    fn add(&self, _: Value<'v>, _: Heap<'v>) -> Option<starlark::Result<Value<'v>>> {
        Some(fail(self.message()))
    }

    fn percent(&self, _: Value<'v>, _: Heap<'v>) -> starlark::Result<Value<'v>> {
        fail(self.message())
    }

    fn is_in(&self, _: Value<'v>) -> starlark::Result<bool> {
        fail(self.message())
    }

    fn invoke(
        &self,
        _: Value<'v>,
        _: &Arguments<'v, '_>,
        _: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        fail(self.message())
    }
}
