//! Secrets of real providers, and a build that does what it can to show one: nothing that the master keeps or says
//! holds it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use buildbot::json::{Value, json};

use crate::providers::{OpenBao, password_store};
use crate::site::{Site, WORKER};

/// Letters that every encoding writes differently.
const TOKEN: &str = "tok'en \"7\"/ö&$<x>";
/// A key of several lines; each of them is a secret.
const KEY: &str = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG\n9w0BAQEFAASCBKcwggSj\n-----END KEY-----\n";

fn put(directory: &Path, name: &str, text: &str) {
    fs::create_dir_all(directory).unwrap();
    let path = directory.join(name);
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
}

fn configuration(site: &Site, providers: &str, steps: &str) -> String {
    format!(
        r#"
from buildbot.plugins import *

c = BuildmasterConfig = {{}}
c['title'] = "Secrets"
c['titleURL'] = c['buildbotURL'] = "http://127.0.0.1:{http}/"
c['secretsProviders'] = [{providers}]
c['workers'] = [worker.Worker("{WORKER}", util.Secret("worker-password"))]
c['protocols'] = {{'pb': {{'port': 'tcp:{worker}:interface=127.0.0.1'}}}}
c['schedulers'] = [
    schedulers.ForceScheduler(name="force", builderNames=["secrets"]),
    schedulers.Triggerable(name="other", builderNames=["other"]),
]
factory = util.BuildFactory([
{steps}
])
c['builders'] = [
    util.BuilderConfig(name="secrets", workernames=["{WORKER}"], factory=factory),
    util.BuilderConfig(name="other", workernames=["{WORKER}"], factory=util.BuildFactory()),
]
c['www'] = dict(port='tcp:{http}:interface=127.0.0.1', plugins={{}})
"#,
        http = site.http_port,
        worker = site.worker_port,
    )
}

/// Everything a build can do with a secret but keep it.
const GOSSIP: &str = r#"
    steps.ShellCommand(name="arguments",
                       command=["echo", util.Secret("token"), util.Interpolate("x%(secret:token)sx")]),
    steps.ShellCommand(name="text", command=util.Interpolate("cat <<'END'\n%(secret:token)s\nEND")),
    steps.ShellCommand(name="environment", command="printf %s \"$TOKEN\"; printf '%s' \"$TOKEN\" >&2; export -p; set",
                       env={'TOKEN': util.Secret("token")}, logEnviron=True),
    steps.ShellCommand(name="quoted",
                       command=["bash", "-c", "printf '%q\\n' \"$0\"; set -x; : \"$0\"", util.Secret("token")]),
    steps.ShellCommand(name="stdin", command="cat", initialStdin=util.Secret("token")),
    steps.ShellCommand(name="slowly", initialStdin=util.Secret("token"),
                       command=["python3", "-uc", "import sys, time\nfor letter in sys.stdin.read():\n"
                                "    sys.stdout.write(letter); sys.stdout.flush(); time.sleep(0.05)"]),
    steps.ShellCommand(name="encoded", initialStdin=util.Secret("token"), command=["python3", "-c", '''
import sys, json, base64, html, shlex, urllib.parse
sys.stdout.reconfigure(encoding='utf-8')
token = sys.stdin.read()
print(urllib.parse.quote(token), urllib.parse.quote(token, safe=''), urllib.parse.quote_plus(token))
print(urllib.parse.quote(token).lower())
print(json.dumps(token), json.dumps(token, ensure_ascii=False), json.dumps([token]).replace('/', '\\\\/'))
for before in ('', 'a', 'ab', 'abc'):
    for after in ('', '\\n', 'yz'):
        text = (before + token + after).encode()
        print(base64.b64encode(text).decode(), base64.urlsafe_b64encode(text).decode())
print(shlex.quote(token), repr(token), repr(token.encode()), html.escape(token), token.encode().hex())
''']),
    steps.StringDownload(util.Secret("key"), workerdest="key"),
    steps.ShellCommand(name="key", usePTY=True,
                       command="cat key; cat -n key; head -c 40 key; sed 's/^/| /' key; base64 -w0 key"),
    steps.ShellCommand(name="file", command="cp key key.log", logfiles={'key': 'key.log'}),
    steps.ShellCommand(name=util.Interpolate("name %(secret:token)s"), command=["true"]),
    steps.ShellCommand(name="described", command=["true"], description=util.Secret("token"),
                       descriptionDone=util.Interpolate("did %(secret:token)s"),
                       descriptionSuffix=util.Secret("token")),
    steps.FileUpload(workersrc="key", masterdest=util.Interpolate("../kept/%(prop:buildnumber)s"),
                     url=util.Interpolate("http://x/%(secret:token)s"), urlText=util.Secret("token")),
    steps.Trigger(schedulerNames=["other"], waitForFinish=True,
                  set_properties={'told': util.Secret("token"), 'more': [util.Interpolate("a %(secret:token)s")]}),
    steps.ShellCommand(name="bad number", command=["echo", util.Interpolate("%(secret:token)d")]),
    steps.ShellCommand(name="no such command", command=[util.Interpolate("/nowhere/%(secret:token)s")], alwaysRun=True),
    steps.FileUpload(name="no such file", workersrc=util.Secret("token"), masterdest="x", alwaysRun=True),
    steps.ShellCommand(name="no such directory", workdir=util.Interpolate("/proc/%(secret:token)s"), command=["true"],
                       alwaysRun=True),
    steps.ShellCommand(name="unknown", command=["echo", util.Secret("unknown")], alwaysRun=True),
"#;

/// The secrets as a reader would find them, in many forms. The encodings here are made by other code than the master's.
fn forms() -> Vec<String> {
    let mut forms = vec![TOKEN.to_owned()];
    forms.extend([TOKEN.replace('\'', "'\\''"), TOKEN.replace('\'', "'\"'\"'"), TOKEN.replace('"', "\\\"")]);
    forms.extend([TOKEN.replace('\'', "\\'"), TOKEN.replace('\'', "\\'").replace('ö', "\\303\\266")]);
    forms.push("tok%27en%20%227%22".to_owned());
    forms.push("tok%27en+%227%22".to_owned());
    forms.push("tok&#x27;en &quot;7&quot;".to_owned());
    forms.push(TOKEN.bytes().map(|byte| format!("{byte:02x}")).collect());
    for before in ["", "a", "ab"] {
        // A letter at each end is shared with the neighbours.
        let encoded = STANDARD.encode(format!("{before}{TOKEN}"));
        let inside = encoded.trim_end_matches('=');
        forms.push(inside[before.len() + 1..inside.len() - 2].to_owned());
    }
    forms.extend(KEY.lines().filter(|line| !line.starts_with('-')).map(str::to_owned));
    forms.push(STANDARD.encode(KEY)[28..60].to_owned());
    forms
}

#[track_caller]
fn is_clean(what: &str, text: &str) {
    for form in forms() {
        if let Some(at) = text.find(&form) {
            let begin = text.floor_char_boundary(at.saturating_sub(100));
            panic!("{what} holds {form}: ...{}", &text[begin..at + form.len()]);
        }
    }
}

/// Every log of every build, as the master gives it out.
fn logs(site: &Site) -> Vec<(String, String)> {
    let ids = site.query("state.sqlite", "SELECT CAST(id AS TEXT) AS value FROM logs ORDER BY id");
    ids.into_iter().map(|id| (format!("log {id}"), site.get_text(&format!("api/v2/logs/{id}/raw")))).collect()
}

/// Every file below a directory, as text.
fn files(directory: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.is_file() {
            let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
            found.push((path.display().to_string(), text));
        }
    }
}

/// The pages and the answers of REST that a build has a part in.
const ADDRESSES: [&str; 15] = [
    "api/v2/builds?property=*",
    "api/v2/builders/secrets/builds/1/properties",
    "api/v2/builders/secrets/builds/1/steps",
    "api/v2/builders/secrets/builds/1/steps/arguments/logs",
    "api/v2/buildsets",
    "api/v2/buildrequests?property=*",
    "api/v2/sourcestamps",
    "api/v2/changes",
    "api/v2/workers",
    "api/v2/masters",
    "",
    "builders/secrets",
    "builders/secrets/builds/1",
    "builders/secrets/builds/1/steps/described",
    "builders/other/builds/1",
];

fn shown_nowhere(python_release: Option<&str>) {
    let mut site = Site::new(|site| {
        let directory = site.path("secrets");
        for (name, text) in [("token", TOKEN), ("key", KEY), ("worker-password", "pass\n")] {
            put(&directory, name, text);
        }
        configuration(site, &format!("secrets.SecretInAFile('{}')", directory.display()), GOSSIP)
    });
    site.start_master();
    match python_release {
        Some(release) => {
            site.create_python_worker(release, "pb", "pass");
            site.start_python_worker();
        }
        None => site.start_worker(),
    }
    site.wait_for_worker();
    site.control("forceschedulers/force", "force", json!({"reason": "tell"}));
    let build = site.finished_build("secrets", 1);
    let steps = site.get("api/v2/builders/secrets/builds/1/steps");
    let names = |wanted: i64| -> Vec<String> {
        let steps = steps["steps"].as_array().unwrap().iter().filter(|step| step["results"] == json!(wanted));
        steps.map(|step| step["name"].as_str().unwrap().to_owned()).collect()
    };
    // The secret was used: without it nothing would be proved.
    let line = |step: &str| site.log_text("secrets", 1, step, "stdio");
    assert!(line("arguments").contains("\n<token> x<token>x\n"), "{}", line("arguments"));
    assert!(line("slowly").contains("<token>"), "{}", line("slowly"));
    assert!(line("encoded").matches("<token>").count() > 30, "{}", line("encoded"));
    let exceptions = names(4);
    assert_eq!(
        exceptions.first().zip(exceptions.last()),
        Some((&"bad number".into(), &"unknown".into())),
        "{build} {steps}"
    );
    let logs = logs(&site);
    let error = "no provider has a secret 'unknown' (asked: SecretInAFile)";
    assert!(logs.iter().any(|(_, text)| text.contains(error)), "{logs:?}");
    let told = site.get("api/v2/builders/other/builds/1/properties");
    assert_eq!(told["properties"][0]["told"], json!(["<token>", "Trigger"]), "{told}");

    for (what, text) in logs {
        is_clean(&what, &text);
    }
    for address in ADDRESSES {
        is_clean(address, &site.get_text(address));
    }
    site.stop_master();
    let mut kept = Vec::new();
    files(&site.path("master"), &mut kept);
    kept.push(("the output of the master".to_owned(), site.output("master")));
    assert!(kept.iter().any(|(path, _)| path.ends_with("state.sqlite")));
    for (what, text) in kept {
        is_clean(&what, &text);
    }
}

#[test]
fn a_build_that_shows_its_secrets_in_every_way_shows_them_nowhere() {
    shown_nowhere(None);
}

#[test]
fn the_same_with_a_python_worker() {
    shown_nowhere(Some("4.3.0"));
}

/// Two steps that show whether a secret came, without showing it.
fn checks(name: &str, expected: &str) -> String {
    format!("steps.ShellCommand(command=['test', util.Secret({name:?}), '=', {expected:?}], haltOnFailure=True),\n")
}

/// A site whose one build has these steps, and succeeds.
fn succeeds(providers: &str, steps: &str, environment: &[(&str, &Path)]) -> Site {
    let mut site = Site::new(|site| {
        let directory = site.path("secrets");
        put(&directory, "worker-password.txt", "pass");
        let files = format!("secrets.SecretInAFile('{}', suffixes=['.txt'])", directory.display());
        configuration(site, &format!("{providers}, {files}"), steps)
    });
    for (name, value) in environment {
        site.set_variable(name, value);
    }
    site.start_master();
    site.start_worker();
    site.wait_for_worker();
    site.control("forceschedulers/force", "force", json!({"reason": "ask"}));
    let build = site.finished_build("secrets", 1);
    let steps: Value = site.get("api/v2/builders/secrets/builds/1/steps");
    assert_eq!(build["results"], json!(0), "{steps}");
    site
}

#[test]
fn secrets_come_from_a_vault() {
    let bao = OpenBao::start();
    bao.put("secret", "data/web/login", &json!({"data": {"password": "hunter2", "port": 80}}));
    bao.mount("old", "kv");
    bao.put("old", "web", &json!({"value": "older", "other": "oldest"}));
    let (role_id, secret_id) = bao.app_role(&["secret/data/*"]);
    let url = bao.url();
    let root = bao.root_token();
    let providers = format!(
        "secrets.HashiCorpVaultKvSecretProvider(vault_server='{url}', path_delimiter=':', \
             authenticator=secrets.VaultAuthenticatorApprole(roleId='{role_id}', secretId='{secret_id}')), \
             secrets.HashiCorpVaultKvSecretProvider(vault_server='{url}/', secrets_mount='old', api_version=1, \
             authenticator=secrets.VaultAuthenticatorToken('{root}')), \
             secrets.HashiCorpVaultSecretProvider(vaultServer='{url}', vaultToken='{root}', secretsmount='old')"
    );
    let steps = [
        checks("web/login:password", "hunter2"),
        checks("web/login:port", "80"),
        checks("web|other", "oldest"),
        checks("web/other", "oldest"),
        checks("web", "older"),
    ];
    let site = succeeds(&providers, &steps.concat(), &[]);
    assert!(!site.log_text("secrets", 1, "shell", "stdio").contains("'hunter2' '='"));
    bao.revoke_tokens_of_the_role();
    site.control("forceschedulers/force", "force", json!({"reason": "ask again"}));
    assert_eq!(site.finished_build("secrets", 2)["results"], json!(0), "it logs in again");
}

#[test]
fn secrets_come_from_a_password_store() {
    let store = password_store("open sesame", &[("web/token", "hunter2\nuser: ann\n")]);
    let directory = store.path().join("store");
    let provider = format!("secrets.SecretInPass(gpgPassphrase='open sesame', dirname='{}')", directory.display());
    succeeds(&provider, &checks("web/token", "hunter2"), &[("GNUPGHOME", store.gpg_home())]);
}
