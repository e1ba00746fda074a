//! `changes`: change sources that are not built yet.

use super::super::brief::{arguments, classes};
use super::super::{Argument, Class};

const POLLER: &[Argument] = arguments! {
    name: Text, pollAtLaunch: Bool = Bool(false), pollRandomDelayMin: Seconds = Int(0),
    pollRandomDelayMax: Seconds = Int(0),
};

const SVN: &[Argument] =
    &[Argument::required("repourl", super::super::Kind::RenderableText, "").formerly(&["svnurl"]), INTERVAL];
const INTERVAL: Argument =
    Argument::new("pollInterval", super::super::Kind::Seconds, super::super::Default::Int(600), "")
        .formerly(&["pollinterval"]);
const EVERY: &[Argument] = &[INTERVAL];
const SVN_MORE: &[Argument] = arguments! {
    split_file: Function, svnuser: RenderableText, svnpasswd: RenderableText, histmax: Count = Int(100),
    svnbin: Text = Text("svn"), revlinktmpl: Text = Text(""), category: TextOrFunction, project: TextOrFunction = Text(""),
    cachepath: Text, extra_args: Texts,
};

const HG: &[Argument] = arguments! {
    required repourl: RenderableText, branch: Text, branches: Branches, bookmarks: Texts, workdir: Text,
    hgbin: Text = Text("hg"), usetimestamps: Bool = Bool(true), category: TextOrFunction,
    project: TextOrFunction = Text(""), encoding: Text = Text("utf-8"), revlink: TextOrFunction,
};

const P4: &[Argument] = arguments! {
    p4port: RenderableText, p4user: RenderableText, p4passwd: RenderableText, p4base: RenderableText = Text("//"),
    p4bin: Text = Text("p4"), split_file: Function, histmax: Count, encoding: Text = Text("utf8"), project: TextOrFunction,
    use_tickets: Bool = Bool(false), ticket_login_interval: Seconds = Int(86400), server_tz: Any, revlink: Function,
    resolvewho: Function,
};

const GERRIT: &[Argument] = arguments! {
    required gerritserver: Text, required username: Text, gerritport: Count = Int(29418), identity_file: Text,
    ssh_server_alive_interval_s: Count = Int(15), ssh_server_alive_count_max: Count = Int(3), http_url: Text,
    http_auth: Any, http_poll_interval: Seconds = Int(30),
};
const GERRIT_LOG: &[Argument] = arguments! {
    required baseURL: Text, required auth: Any, pollInterval: Seconds = Int(30), pollAtLaunch: Bool = Bool(true),
    firstFetchLookback: Count = Int(30),
};
const GERRIT_EVENTS: &[Argument] = arguments! {
    branch: Any, project: Any, gitBaseURL: Text, handled_events: Texts, debug: Bool = Bool(false), get_files: Bool = Bool(false), name: Text,
    pollRandomDelayMin: Seconds = Int(0), pollRandomDelayMax: Seconds = Int(0),
};

const GITHUB: &[Argument] = arguments! {
    required owner: Text, required repo: Text, branches: Texts, category: TextOrFunction = Text("pull"),
    project: TextOrFunction, baseURL: Text, pullrequest_filter: BoolOrFunction = Bool(true), token: RenderableText,
    magic_link: Bool = Bool(false), repository_type: Text = Text("https"), github_property_whitelist: Texts,
};
const BITBUCKET: &[Argument] = arguments! {
    required owner: Text, required slug: Text, branch: Texts, useTimestamps: Bool = Bool(true),
    category: TextOrFunction, project: TextOrFunction = Text(""), pullrequest_filter: BoolOrFunction = Bool(true),
    auth: Any, bitbucket_property_whitelist: Texts,
};

const MAILDIR: &[Argument] = arguments! {
    required maildir: Text, prefix: Text, category: Text = Text(""), repository: Text = Text(""), name: Text,
    basedir: Text,
};
const CVS_MAIL: &[Argument] = arguments! { urlmaker: Function, properties: Properties };
const LAUNCHPAD_MAIL: &[Argument] = arguments! { branchMap: Map, defaultBranch: Text };

const BONSAI: &[Argument] = arguments! {
    required bonsaiURL: Text, required module: Text, required branch: Text, tree: Text = Text("default"),
    cvsroot: Text = Text("/cvsroot"), pollInterval: Seconds = Int(30), project: Text = Text(""),
};

pub const CLASSES: [Class; 12] = super::all_not_yet(
    classes! { changes:
        SVNPoller(repourl, split_file, svnuser, svnpasswd) [SVN, SVN_MORE, POLLER] "Watches a Subversion repository.";
        HgPoller(repourl) [HG, EVERY, POLLER] "Watches a Mercurial repository.";
        P4Source(p4port, p4user, p4passwd, p4base) [P4, EVERY, POLLER] "Watches a Perforce depot.";
        GerritChangeSource(gerritserver, username, gerritport, identity_file) [GERRIT, GERRIT_EVENTS]
            "Listens to the events of a Gerrit server.";
        GerritEventLogPoller(baseURL, auth) [GERRIT_LOG, GERRIT_EVENTS] "Reads the event log of a Gerrit server.";
        GitHubPullrequestPoller(owner, repo) [GITHUB, EVERY, POLLER] "Watches pull requests on GitHub.";
        BitbucketPullrequestPoller(owner, slug) [BITBUCKET, EVERY, POLLER] "Watches pull requests on Bitbucket.";
        MaildirSource(maildir, prefix, category, repository) [MAILDIR] "Reads changes from mails.";
        CVSMaildirSource(maildir, prefix, category, repository) [CVS_MAIL, MAILDIR] "Reads mails about commits to CVS.";
        SVNCommitEmailMaildirSource(maildir, prefix, category, repository) [MAILDIR]
            "Reads mails about commits to Subversion.";
        BzrLaunchpadEmailMaildirSource(maildir, prefix, branchMap, defaultBranch) [LAUNCHPAD_MAIL, MAILDIR]
            "Reads mails of Launchpad about commits.";
        BonsaiPoller(bonsaiURL, module, branch) [BONSAI] "Asks a Bonsai server about commits to CVS.";
    },
    "use changes.GitPoller, or send changes to /change_hook/base or with `buildbot sendchange`",
);
