//! `util`: who may do what on the pages; and what is shown of users.

use super::super::brief::{arguments, classes};
use super::super::keys::GUARD;
use super::super::{Argument, Class};

const INFO: &[Argument] = arguments! { userInfoProvider: Any };
const USERS: &[Argument] = arguments! { required users: Any };
const BASIC: &[Argument] = arguments! { required userpass: Any };
const HTPASSWD: &[Argument] = &[Argument::required("passwdFile", super::super::Kind::Text, "").formerly(&["file"])];
const REMOTE: &[Argument] = arguments! { header: Text, headerRegex: Any };
const CUSTOM: &[Argument] = arguments! { credentialFactories: Any, checkers: Any };
const OAUTH: &[Argument] = arguments! {
    required clientId: RenderableText, required clientSecret: RenderableText, autologin: Bool = Bool(false),
    ssl_verify: Bool = Bool(true), debug: Bool = Bool(false),
};
const GITHUB: &[Argument] = arguments! {
    serverURL: Text, apiVersion: Count = Int(3), getTeamsMembership: Bool = Bool(false),
};
const GITLAB: &[Argument] = arguments! { required instanceUri: Text };
const LDAP: &[Argument] = arguments! {
    required uri: Text, required bindUser: RenderableText, required bindPw: RenderableText, required accountBase: Text,
    required accountPattern: Text, required accountFullName: Text, required accountEmail: Text, groupBase: Text,
    groupMemberPattern: Text, groupName: Text, avatarPattern: Text, avatarData: Text, accountExtraFields: TextList,
    tls: Any,
};
const AUTHZ: &[Argument] = arguments! {
    allowRules: List, roleMatchers: List, stringsMatcher: Any, default_action: Any = Bool(false), auth: Any,
    useHttpHeader: Bool, httpLoginUrl: Any, view: Any, gracefulShutdown: Any, forceBuild: Any, forceAllBuilds: Any,
    pingBuilder: Any, stopBuild: Any, stopAllBuilds: Any, cancelPendingBuild: Any, cancelAllPendingBuilds: Any,
    stopChange: Any, cleanShutdown: Any, showUsersPage: Any, pauseSlave: Any,
};
const ROLE: &[Argument] = arguments! { required role: Text, defaultDeny: Bool = Bool(true) };
const BUILDER: &[Argument] = arguments! { builder: Any };
const VIEW: &[Argument] = arguments! { branch: Text, project: Text, builder: Any };
const BRANCH: &[Argument] = arguments! { required branch: Text };
const PREFIX: &[Argument] = arguments! { groupPrefix: Text = Text("") };
const OWNER: &[Argument] = arguments! { required role: Text };
const NAMES: &[Argument] = arguments! { required roles: Texts, required usernames: Texts };

const AUTH: [Class; 28] = super::all_not_yet(
    classes! { util:
        UserPasswordAuth(users) [USERS, INFO] "Names and passwords in the file.";
        BasicAuth(userpass) [BASIC] "The same, as Buildbot 0.8 called it.";
        HTPasswdAuth(passwdFile) [HTPASSWD, INFO] "Names and passwords in a file of Apache's.";
        HTPasswdAprAuth(passwdFile) [HTPASSWD, INFO] "The same with more kinds of hashes.";
        UsersAuth() [] "Names and passwords in the database.";
        RemoteUserAuth(header, headerRegex) [REMOTE, INFO] "Names that a proxy passes on.";
        CustomAuth() [CUSTOM, INFO] "A function that tests passwords.";
        GitHubAuth(clientId, clientSecret) [OAUTH, GITHUB, INFO] "Users of GitHub.";
        GitLabAuth(instanceUri, clientId, clientSecret) [GITLAB, OAUTH, INFO] "Users of GitLab.";
        GoogleAuth(clientId, clientSecret) [OAUTH, INFO] "Users of Google.";
        BitbucketAuth(clientId, clientSecret) [OAUTH, INFO] "Users of Bitbucket.";
        LdapUserInfo(uri, bindUser, bindPw, accountBase, accountPattern, accountFullName, accountEmail) [LDAP]
            "What a directory says of users.";
        Authz(allowRules, roleMatchers, stringsMatcher) [AUTHZ] "Who may do what.";
        AnyEndpointMatcher(role) [ROLE] "A rule about everything.";
        AnyControlEndpointMatcher(role) [ROLE] "A rule about everything that changes something.";
        ForceBuildEndpointMatcher(builder) [BUILDER, ROLE] "A rule about starting builds.";
        StopBuildEndpointMatcher(builder) [BUILDER, ROLE] "A rule about stopping builds.";
        RebuildBuildEndpointMatcher(builder) [BUILDER, ROLE] "A rule about repeating builds.";
        EnableSchedulerEndpointMatcher(role) [ROLE] "A rule about switching schedulers on and off.";
        ViewBuildsEndpointMatcher(branch, project, builder) [VIEW, ROLE] "A rule about seeing builds.";
        BranchEndpointMatcher(branch) [BRANCH, ROLE] "A rule about builds of a branch.";
        RolesFromGroups(groupPrefix) [PREFIX] "Roles are the groups of a user.";
        RolesFromEmails() [] "Roles by address.";
        RolesFromDomain() [] "Roles by the domain of an address.";
        RolesFromOwner(role) [OWNER] "A role for whoever caused a build.";
        RolesFromUsername(roles, usernames) [NAMES] "Roles by name.";
        fnmatchStrMatcher() [] "Compares with wildcards.";
        reStrMatcher() [] "Compares with regular expressions.";
    },
    GUARD,
);

pub const CLASSES: [Class; 28] = open_ended(AUTH);

/// Names of roles are arguments of their own.
const fn open_ended(mut classes: [Class; 28]) -> [Class; 28] {
    let mut position = 0;
    while position < classes.len() {
        if is_by_role(classes[position].name.as_bytes()) {
            classes[position].rest = super::super::Rest::Named;
        }
        position += 1;
    }
    classes
}

const fn is_by_role(name: &[u8]) -> bool {
    matches!(name, b"RolesFromEmails" | b"RolesFromDomain")
}

const AVATAR_GITHUB: &[Argument] = arguments! {
    github_api_endpoint: Text, token: RenderableText, client_id: RenderableText, client_secret: RenderableText,
    debug: Bool = Bool(false), verify: Bool = Bool(true),
};
const AVATAR_GRAVATAR: &[Argument] = arguments! { default: Text };
const MANHOLE: &[Argument] = arguments! { required port: Port };
const PASSWORD: &[Argument] = arguments! { required username: RenderableText, required password: RenderableText };
const KEYS: &[Argument] = arguments! { required keyfile: Text };
const CHECKER: &[Argument] = arguments! { required checker: Any };
const HOST_KEYS: &[Argument] = arguments! { ssh_hostkey_dir: Text };

pub const IDLE: [Class; 6] = super::all_without_effect(classes! { util:
    AvatarGitHub(github_api_endpoint, token) [AVATAR_GITHUB] "Pictures of users of GitHub.";
    AvatarGravatar() [AVATAR_GRAVATAR] "Pictures of users of Gravatar.";
    TelnetManhole(port, username, password) [MANHOLE, PASSWORD] "A Python shell inside of the master.";
    PasswordManhole(port, username, password, ssh_hostkey_dir) [MANHOLE, PASSWORD, HOST_KEYS] "The same over ssh.";
    AuthorizedKeysManhole(port, keyfile, ssh_hostkey_dir) [MANHOLE, KEYS, HOST_KEYS] "The same over ssh, with keys.";
    ArbitraryCheckerManhole(port, checker) [MANHOLE, CHECKER] "The same, with a check of one's own.";
});
