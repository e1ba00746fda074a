//! `steps`: what is written back to a Git repository, and what is asked of one.

use super::super::brief::{arguments, classes};
use super::super::steps::COMMON;
use super::super::{Argument, Class};

const GIT: &[Argument] = arguments! {
    env: Environment, timeout: Seconds = Int(1200), logEnviron: Bool = Bool(true), config: Environment,
    name: RenderableText,
};
const PUSH: &[Argument] = arguments! {
    required repourl: RenderableText, required branch: RenderableText, port: Count = Int(22),
    force: Bool = Bool(false), sshPrivateKey: RenderableText, sshHostKey: RenderableText, sshKnownHosts: RenderableText,
    auth_credentials: Any, git_credentials: Any,
};
const TAG: &[Argument] = arguments! {
    required tagName: RenderableText, annotated: Bool = Bool(false), messages: Renderable, force: Bool = Bool(false),
};
const COMMIT: &[Argument] = arguments! {
    required paths: Renderable, required messages: Renderable,
    emptyCommits: Choice(&["disallow", "create-empty-commit", "ignore"]) = Text("disallow"),
    no_verify: Bool = Bool(false),
};
const DIFF: &[Argument] = arguments! {
    compareToRef: RenderableText = Text("master"), dataName: Text = Text("diffinfo-master"), env: Environment,
    timeout: Seconds = Int(1200), logEnviron: Bool = Bool(true), name: RenderableText,
};

pub const CLASSES: [Class; 4] = super::all_not_yet(
    classes! { steps:
        GitPush(workdir, repourl, port, branch) [PUSH, GIT, COMMON] "Pushes commits.";
        GitTag(workdir, tagName, annotated, messages) [TAG, GIT, COMMON] "Makes a tag.";
        GitCommit(workdir, paths, messages) [COMMIT, GIT, COMMON] "Makes a commit.";
        GitDiffInfo(compareToRef, dataName) [DIFF, COMMON] "Keeps which lines differ from a branch as data of the build.";
    },
    "use steps.ShellCommand with git",
);
