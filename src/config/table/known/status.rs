//! `status`: what stood in `c['status']` of Buildbot 0.8 and has no successor of the same name.

use super::super::brief::{arguments, classes};
use super::super::{Argument, Class};

const TINDERBOX: &[Argument] = arguments! {
    required fromaddr: Text, required tree: Text, extraRecipients: Texts, categories: Texts, builders: Texts,
    relayhost: Text = Text("localhost"), subject: Text, binaryURL: RenderableText = Text(""),
    logCompression: Text = Text(""), errorparser: Text = Text("unix"), columnName: Any, useChangeTime: Bool = Bool(false),
};
const PUSH: &[Argument] = arguments! {
    required serverPushCb: Any, queue: Any, path: Text, filter: Bool = Bool(true), bufferDelay: Seconds = Int(1),
    retryDelay: Seconds = Int(5), blackList: Texts,
};
const GITHUB: &[Argument] = arguments! {
    required token: RenderableText, required repoOwner: RenderableText, required repoName: RenderableText,
    sha: RenderableText, startDescription: RenderableText, endDescription: RenderableText, baseURL: Text,
    context: RenderableText,
};

pub const CLASSES: [Class; 3] = super::all_without_effect(classes! { status:
    TinderboxMailNotifier(fromaddr, tree, extraRecipients) [TINDERBOX] "Mails for a Tinderbox server.";
    StatusPush(serverPushCb) [PUSH] "Calls a function with what happens.";
    GitHubStatus(token, repoOwner, repoName) [GITHUB] "Reports to GitHub; now `reporters.GitHubStatusPush`.";
});
