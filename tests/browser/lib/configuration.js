// The configuration that most tests use, and how to write others.

/// A text as a literal of the configuration.
export const literal = (text) => JSON.stringify(text);

/// What every configuration begins with.
export function preamble(site, title = "Browser Tests") {
  return `
from buildbot.plugins import *
c = BuildmasterConfig = {}
c['title'] = ${literal(title)}
c['titleURL'] = c['buildbotURL'] = "${site.url}/"
c['workers'] = [worker.Worker("worker-1", "pass"), worker.Worker("worker-2", "pass")]
c['protocols'] = {'msgpack_experimental_v7': {'port': 'tcp:${site.workerPort}:interface=127.0.0.1'}}
c['www'] = dict(port='tcp:${site.port}:interface=127.0.0.1', plugins={}, change_hook_dialects={'base': True})
c['db'] = {'db_url': 'sqlite:///state.sqlite'}
c['builders'] = []
c['schedulers'] = []

def shell(name, script):
    return steps.ShellCommand(name=name, command=['sh', '-c', script])

def build(name, build_steps, **more):
    c['builders'].append(util.BuilderConfig(name=name, workernames=["worker-1", "worker-2"],
                                            factory=util.BuildFactory(build_steps), **more))
`;
}

/// Builders: \`greet/all\` is quick and green, \`talk\` fails with a long log, \`listen\` prints what the test tells it.
export function standard(site) {
  return `${preamble(site)}
c['projects'] = [util.Project(name="greetings", description="All that is *polite*.", description_format="markdown")]
c['services'] = [reporters.HttpStatusPush('http://127.0.0.1:9/nobody-listens', name="to nobody")]
build("greet/all", [shell("greet", "echo hello"), shell("part", "echo bye")], tags=["fast", "ci"],
      description="Greets everybody.", project="greetings")
build("talk", [shell("prepare", "echo ready"),
               shell("recite", ${literal(RECITATION)}),
               shell("never", "echo never")], tags=["slow"])
build("listen", [shell("before", "echo before"),
                 steps.ShellCommand(name="listen", command=['cat', ${literal(site.pipePath("listen"))}]),
                 shell("after", "echo after")])
c['schedulers'].append(schedulers.SingleBranchScheduler(
    name="all", change_filter=util.ChangeFilter(branch='main'), treeStableTimer=None, builderNames=["greet/all"]))
c['schedulers'].append(schedulers.ForceScheduler(
    name="force", label="Force a build", buttonName="Start it", builderNames=["greet/all", "talk", "listen"],
    reason=util.StringParameter(name="reason", label="Reason", required=True, default="", size=30),
    username=util.UserNameParameter(name="username", label="Your name", required=False),
    properties=[
        util.ChoiceStringParameter(name="colour", label="Colour", choices=["red", "blue"], default="red", strict=True),
        util.BooleanParameter(name="clean", label="Clean first", default=False),
        util.TextParameter(name="notes", label="Notes", default="", rows=3, cols=40),
    ]))
`;
}

/// 3,000 lines of which every thousandth has a needle, with colours, on both streams; then it fails.
const RECITATION = [
  "i=0; while [ $i -lt 3000 ]; do i=$((i+1));",
  'case $i in *000) echo "line $i has a needle in it";; *) echo "line $i";; esac; done;',
  "printf '\\033[31mred \\033[1mand bold\\033[0m plain\\n'; echo 'to stderr' >&2; exit 3",
].join(" ");
