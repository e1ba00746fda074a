//! `reporters`: those that are not built yet.

use super::super::brief::{arguments, classes};
use super::super::{Argument, Class};

const COMMON: &[Argument] = arguments! { generators: List, name: Text };
/// Before there were generators, reporters chose builds themselves.
const OLD: &[Argument] = arguments! {
    builders: Texts, wantProperties: Bool, wantSteps: Bool, wantPreviousBuild: Bool, wantLogs: Bool,
    startDescription: Any, endDescription: Any,
};
const HTTP: &[Argument] = arguments! { debug: Bool, verify: Any, verbose: Bool = Bool(false) };
const GITHUB: &[Argument] = arguments! {
    required token: RenderableText, context: Any, baseURL: Text, repoOwner: Any, repoName: Any, sha: Any,
};
const GITLAB: &[Argument] = arguments! { required token: RenderableText, context: Any, baseURL: Text };
const BITBUCKET: &[Argument] = arguments! {
    oauth_key: RenderableText, oauth_secret: RenderableText, auth: Any,
    base_url: Text = Text("https://api.bitbucket.org/2.0/repositories"),
    oauth_url: Text = Text("https://bitbucket.org/site/oauth2/access_token"), status_key: RenderableText,
    status_name: RenderableText,
};
const BASE_URL: &[Argument] = arguments! { required base_url: RenderableText };
const ACCOUNT: &[Argument] = arguments! { required user: RenderableText, required password: RenderableText };
const SERVER: &[Argument] = arguments! { key: RenderableText, statusName: RenderableText };
const CORE: &[Argument] = arguments! {
    token: RenderableText, auth: Any, statusSuffix: RenderableText, parentName: RenderableText,
    buildNumber: Renderable, ref: Renderable, duration: Renderable, testResults: Renderable,
};
const GERRIT: &[Argument] = arguments! {
    required server: Text, required username: Text, port: Count = Int(29418), identity_file: Text, notify: Text,
    reviewCB: Any, startCB: Any, summaryCB: Any, reviewArg: Any, startArg: Any, summaryArg: Any,
};
const VERIFY: &[Argument] = arguments! {
    required baseURL: Text, required auth: Any, verification_name: RenderableText, abstain: Bool = Bool(false),
    category: RenderableText, reporter: RenderableText,
};
const PUSHJET: &[Argument] = arguments! {
    required secret: RenderableText, levels: Any, base_url: Text = Text("https://api.pushjet.io"),
};
const PUSHOVER: &[Argument] = arguments! {
    required user_key: RenderableText, required api_token: RenderableText, priorities: Any, otherParams: Any,
};
const ZULIP: &[Argument] = arguments! { required endpoint: Text, required token: RenderableText, stream: Text };
const CHAT: &[Argument] = arguments! {
    authz: Any, tags: Texts, categories: Texts, notify_events: Any, showBlameList: Bool = Bool(true),
    useRevisions: Bool = Bool(false), name: Text,
};
const TELEGRAM: &[Argument] = arguments! {
    required bot_token: RenderableText, chat_ids: List, bot_username: Text, useWebhook: Bool = Bool(false),
    certificate: Any, pollTimeout: Seconds = Int(120), retryDelay: Seconds = Int(30),
};

pub const CLASSES: [Class; 13] = super::all_without_effect(classes! { reporters:
    TelegramBot(bot_token, chat_ids) [TELEGRAM, CHAT] "Talks on Telegram.";
    GitHubStatusPush(token, context) [GITHUB, HTTP, OLD, COMMON] "Tells GitHub of commits' builds.";
    GitHubCommentPush(token, context) [GITHUB, HTTP, OLD, COMMON] "Comments on pull requests of GitHub.";
    GitLabStatusPush(token, context) [GITLAB, HTTP, OLD, COMMON] "Tells GitLab of commits' builds.";
    BitbucketStatusPush(oauth_key, oauth_secret) [BITBUCKET, HTTP, OLD, COMMON] "Tells Bitbucket of commits' builds.";
    BitbucketServerStatusPush(base_url, user, password) [BASE_URL, ACCOUNT, SERVER, HTTP, OLD, COMMON]
        "Tells a Bitbucket server of commits' builds.";
    BitbucketServerCoreAPIStatusPush(base_url, token, auth) [BASE_URL, CORE, SERVER, HTTP, OLD, COMMON]
        "The same by its newer interface.";
    BitbucketServerPRCommentPush(base_url, user, password) [BASE_URL, ACCOUNT, HTTP, OLD, COMMON]
        "Comments on pull requests of a Bitbucket server.";
    GerritStatusPush(server, username) [GERRIT, OLD, COMMON] "Reviews changes of Gerrit.";
    GerritVerifyStatusPush(baseURL, auth) [VERIFY, HTTP, OLD, COMMON] "Tells Gerrit's verify-status plugin of builds.";
    PushjetNotifier(secret) [PUSHJET, COMMON] "Sends messages with Pushjet.";
    PushoverNotifier(user_key, api_token) [PUSHOVER, COMMON] "Sends messages with Pushover.";
    ZulipStatusPush(endpoint, token, stream) [ZULIP, HTTP, COMMON] "Sends messages to Zulip.";
});
