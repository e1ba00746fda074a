//! `steps`: source trees of version control systems other than Git.

use super::super::brief::{arguments, classes};
use super::super::steps::{COMMON, GIT};
use super::super::{Argument, Class};

/// What all of them have; modes and methods are not tested before there is a step that knows them.
const SOURCE: &[Argument] = arguments! {
    mode: RenderableText = Text("incremental"), method: RenderableText, alwaysUseLatest: Bool = Bool(false),
    timeout: Seconds = Int(1200), retry: Pair, env: Environment, logEnviron: Bool = Bool(true),
    codebase: Text = Text(""), haltOnFailure: Bool = Bool(true), name: RenderableText,
};

const SVN: &[Argument] = &[Argument::optional("repourl", super::super::Kind::RenderableText, "").formerly(&["svnurl"])];
const SVN_MORE: &[Argument] = arguments! {
    baseURL: RenderableText, defaultBranch: RenderableText, directory: Text, username: RenderableText,
    password: RenderableText, extra_args: Renderable, keep_on_purge: Texts, ignore_ignores: Bool, always_purge: Bool,
    depth: RenderableText, preferLastChangedRev: Bool = Bool(false),
};
const MERCURIAL: &[Argument] = arguments! {
    repourl: RenderableText, baseURL: RenderableText, defaultBranch: RenderableText,
    branchType: Choice(&["dirname", "inrepo"]) = Text("dirname"), clobberOnBranchChange: Bool = Bool(true),
};
const BZR: &[Argument] = arguments! {
    repourl: RenderableText, baseURL: RenderableText, defaultBranch: RenderableText, forceSharedRepo: Bool,
};
const CVS: &[Argument] = arguments! {
    required cvsroot: RenderableText, cvsmodule: RenderableText = Text(""), branch: RenderableText, global_options: Texts,
    extra_options: Texts, checkout_options: Texts, export_options: Texts, checkoutDelay: Seconds, login: RenderableText,
};
const DARCS: &[Argument] = arguments! {
    repourl: RenderableText, baseURL: RenderableText, defaultBranch: RenderableText,
};
const MONOTONE: &[Argument] = arguments! {
    repourl: RenderableText, branch: RenderableText, progress: Bool = Bool(false),
};
const P4: &[Argument] = arguments! {
    p4base: RenderableText, p4branch: RenderableText, defaultBranch: RenderableText, p4port: RenderableText,
    p4user: RenderableText, p4passwd: RenderableText, p4extra_views: Renderable, p4line_end: Text = Text("local"),
    p4viewspec: Renderable, p4viewspec_suffix: Text = Text("..."), p4client: RenderableText,
    p4client_spec_options: Text = Text("allwrite rmdir"), p4client_type: RenderableText, p4extra_args: Renderable,
    p4bin: RenderableText = Text("p4"), use_tickets: Bool = Bool(false), stream: Bool = Bool(false),
    debug: Bool = Bool(false),
};
const REPO: &[Argument] = &[
    Argument::optional("manifestURL", super::super::Kind::RenderableText, "").formerly(&["manifest_url"]),
    super::super::Argument::new(
        "manifestBranch",
        super::super::Kind::RenderableText,
        super::super::Default::Text("master"),
        "",
    )
    .formerly(&["manifest_branch"]),
    super::super::Argument::new(
        "manifestFile",
        super::super::Kind::RenderableText,
        super::super::Default::Text("default.xml"),
        "",
    )
    .formerly(&["manifest_file"]),
];
const REPO_MORE: &[Argument] = arguments! {
    tarball: RenderableText, jobs: Renderable, syncAllBranches: Renderable = Bool(false),
    updateTarballAge: Any = Int(604_800), manifestOverrideUrl: RenderableText, repoDownloads: Any,
    depth: Renderable = Int(0), submodules: Renderable = Bool(false), syncQuietly: Bool = Bool(false),
};
const BK: &[Argument] = arguments! {
    bkurl: RenderableText, baseURL: RenderableText, directory: Text, extra_args: Renderable,
};

pub const CLASSES: [Class; 11] = super::all_not_yet(
    classes! { steps:
        SVN(repourl, mode, method) [SVN, SVN_MORE, SOURCE, COMMON] "Brings a Subversion tree to the wanted revision.";
        Mercurial(repourl, mode, method) [MERCURIAL, SOURCE, COMMON] "Brings a Mercurial tree to the wanted revision.";
        Bzr(repourl, baseURL, mode, method) [BZR, SOURCE, COMMON] "Brings a Bazaar tree to the wanted revision.";
        CVS(cvsroot, cvsmodule, mode, method) [CVS, SOURCE, COMMON] "Brings a CVS tree to the wanted date.";
        Darcs(repourl, mode, method) [DARCS, SOURCE, COMMON] "Brings a Darcs tree to the wanted patch.";
        Monotone(repourl, branch) [MONOTONE, SOURCE, COMMON] "Brings a Monotone tree to the wanted revision.";
        P4(mode, method, p4base, p4branch) [P4, SOURCE, COMMON] "Brings a Perforce client to the wanted change.";
        P4Sync(p4port, p4user, p4passwd, p4client) [P4, SOURCE, COMMON] "Synchronises a Perforce client that exists.";
        Repo(manifestURL, manifestBranch, manifestFile, tarball) [REPO, REPO_MORE, SOURCE, COMMON]
            "Brings the trees of a manifest of `repo` up to date.";
        BK(bkurl) [BK, SOURCE, COMMON] "Brings a BitKeeper tree to the wanted revision.";
        GitLab(repourl) [GIT, COMMON] "As `Git`, and knows merge requests of GitLab.";
    },
    "steps.Git is, and steps.ShellCommand can run other tools",
);
