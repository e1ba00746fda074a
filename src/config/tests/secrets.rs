//! Providers of secrets, and where secrets may stand.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use tempfile::TempDir;

use super::{BASE, config, load};
use crate::changes::config::ChangeSourceKind;
use crate::config::{Loader, MasterConfig};
use crate::domain::{PropertyValue, Renderable};
use crate::secrets::{KvVersion, ProviderConfig, Secret, VaultLogin, VaultNaming};
use crate::steps::config::StepKind;

fn directory(secrets: &[(&str, &str)]) -> TempDir {
    let directory = TempDir::new().unwrap();
    for (name, text) in secrets {
        let path = directory.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    }
    directory
}

/// The base with a provider of these files, and more lines.
fn with_files(directory: &TempDir, more: &str) -> Result<MasterConfig, String> {
    let text = format!("{BASE}c['secretsProviders'] = [secrets.SecretInAFile('.')]\n{more}");
    let loaded = Loader::new(directory.path()).text("master.cfg", &text);
    loaded.map_err(|errors| errors.to_string())
}

#[test]
fn passwords_and_urls_are_known_when_the_configuration_is_put_in_force() {
    let directory = directory(&[("w", "worker-pw"), ("p", "change-pw"), ("t", "token-1"), ("u", "try-pw")]);
    let more = "\
c['workers'] = [worker.Worker('w1', util.Secret('w')), worker.Worker('w2', util.Interpolate('x%(secret:w)s'))]
c['change_source'] = [
    changes.PBChangeSource(passwd=util.Secret('p')),
    changes.GitPoller(util.Interpolate('https://ci:%(secret:t)s@host/x.git')),
]
c['schedulers'].append(schedulers.Try_Userpass('try', ['b1'], port=9999, userpass=[('ann', util.Secret('u'))]))
";
    let loaded = with_files(&directory, more).unwrap();
    assert_eq!(loaded.workers[0].password.expose(), None, "loading asks for nothing");
    let config = loaded.reveal().unwrap();
    let passwords: Vec<_> = config.workers.iter().map(|worker| worker.password.expose().unwrap()).collect();
    assert_eq!(passwords, ["worker-pw", "xworker-pw"]);
    let clients: Vec<_> = config.clients.iter().map(|client| client.password.expose().unwrap()).collect();
    assert_eq!(clients, ["change-pw", "try-pw"]);
    let ChangeSourceKind::Git(git) = &config.change_sources[1].kind else { panic!("no poller") };
    assert_eq!(git.repourl.expose(), Some("https://ci:token-1@host/x.git"));
    assert_eq!(config.change_sources[1].name, "https://ci:<t>@host/x.git");
    let shown = format!("{config:?}");
    for (_, text) in [("w", "worker-pw"), ("p", "change-pw"), ("t", "token-1"), ("u", "try-pw")] {
        assert!(!shown.contains(text), "{text} is shown");
    }
}

#[test]
fn a_secret_that_cannot_be_had_keeps_the_configuration_out_of_force() {
    let directory = directory(&[("w", "worker-pw")]);
    let more = "c['workers'] = [worker.Worker('w1', util.Secret('w')), worker.Worker('w2', util.Secret('no'))]\n\
                c['change_source'] = changes.PBChangeSource(passwd=util.Interpolate('%(src::branch)s'))\n";
    let errors = with_files(&directory, more).unwrap().reveal().unwrap_err().to_string();
    let expected = "the password of worker 'w2': no provider has a secret 'no' (asked: SecretInAFile)";
    assert!(errors.contains(expected), "{errors}");
    assert!(errors.contains("a source stamp is not available before a build runs"), "{errors}");
}

#[test]
fn the_address_of_the_database_and_options_of_hooks_may_hold_secrets() {
    let directory = directory(&[("db", "db-pw"), ("hook", "hook-pw")]);
    let more = "\
c['db'] = {'db_url': util.Interpolate('postgresql://bb:%(secret:db)s@host/bb')}
c['www'] = {'change_hook_dialects': {'base': {'secret': util.Secret('hook'), 'strict': True}}}
";
    let config = with_files(&directory, more).unwrap().reveal().unwrap();
    assert_eq!(config.db_url.expose(), Some("postgresql://bb:db-pw@host/bb"));
    assert_eq!(config.db_url.shown(), "postgresql://bb:<db>@host/bb");
    let (_, options) = &config.www.as_ref().unwrap().change_hook_dialects[0];
    let expected = [("secret".to_owned(), "hook-pw".into()), ("strict".to_owned(), true.into())];
    assert_eq!(options.expose(), Some(&PropertyValue::Map(expected.into())));
    let shown = format!("{config:?}");
    assert!(!shown.contains("db-pw") && !shown.contains("hook-pw"));
}

#[test]
fn a_secret_that_is_missing_is_told_where_it_stands() {
    let directory = directory(&[]);
    let more = "c['db'] = {\n    'db_url': util.Secret('db')}\n\
                c['www'] = {'change_hook_dialects': {\n    'base': {'secret': util.Secret('hook')}}}\n";
    let text = format!("{BASE}c['secretsProviders'] = [secrets.SecretInAFile('.')]\n{more}");
    let line_of = |words: &str| text.lines().position(|line| line.contains(words)).unwrap() + 1;
    let errors = with_files(&directory, more).unwrap().reveal().unwrap_err().to_string();
    for (words, what) in
        [("Secret('db')", "c['db']['db_url']"), ("Secret('hook')", "c['www']['change_hook_dialects']['base']")]
    {
        let place = format!("master.cfg:{}:", line_of(words));
        let line = errors.lines().find(|line| line.contains(what)).unwrap();
        assert!(line.starts_with(&place), "{line}");
    }
}

#[test]
fn providers_are_read_with_their_defaults() {
    let directory = directory(&[]);
    let path = directory.path().display();
    let more = format!(
        "c['secretsProviders'] = [\n\
             secrets.SecretInAFile('{path}', suffixes=['.key', ''], strip=False),\n\
             secrets.SecretInPass(gpgPassphrase='open', dirname='{path}'),\n\
             secrets.HashiCorpVaultKvSecretProvider(vault_server='https://v:8200/', secrets_mount='/kv/',\n\
                 path_delimiter=':', authenticator=secrets.VaultAuthenticatorApprole(roleId='r', secretId='s'), api_version=1),\n\
             secrets.HashiCorpVaultSecretProvider(vaultServer='http://v', vaultToken='t'),\n\
         ]\n"
    );
    let providers = config(&more).secrets.providers;
    let [
        ProviderConfig::Files(files),
        ProviderConfig::Pass(pass),
        ProviderConfig::Vault(vault),
        ProviderConfig::Vault(old),
    ] = providers.as_slice()
    else {
        panic!("{providers:?}");
    };
    assert_eq!((files.suffixes.as_slice(), files.strip), ([".key".to_owned(), String::new()].as_slice(), false));
    assert_eq!(pass.passphrase, Some(Secret::new("open")));
    assert_eq!((vault.server.as_str(), vault.mount.as_str(), vault.version), ("https://v:8200", "kv", KvVersion::V1));
    let login = VaultLogin::AppRole { role_id: Secret::new("r"), secret_id: Secret::new("s") };
    assert_eq!((&vault.login, vault.naming), (&login, VaultNaming::Delimited { delimiter: ':', escape: '\\' }));
    assert_eq!((old.mount.as_str(), old.version, old.naming), ("secret", KvVersion::V1, VaultNaming::LastSlash));
}

#[test]
fn providers_that_cannot_work_are_refused() {
    for (provider, expected) in [
        ("secrets.SecretInAFile('/no/such/place')", "cannot be used: cannot read the directory /no/such/place"),
        ("secrets.SecretInPass(dirname='/no/such/place')", "cannot be used: /no/such/place is not a directory"),
        (
            "secrets.HashiCorpVaultKvSecretProvider('v:8200', secrets.VaultAuthenticatorToken('t'))",
            "must be a URL that begins with https:// or http://",
        ),
        (
            "secrets.HashiCorpVaultKvSecretProvider('http://v', secrets.VaultAuthenticatorToken('t'), api_version=3)",
            "must be 1 or 2",
        ),
        (
            "secrets.HashiCorpVaultKvSecretProvider('http://v', secrets.VaultAuthenticatorToken('t'), path_delimiter='::')",
            "must be one character",
        ),
        ("secrets.VaultAuthenticatorToken('t')", "takes providers of secrets"),
        ("util.Secret('t')", "takes providers of secrets"),
    ] {
        let errors = load(&format!("{BASE}c['secretsProviders'] = [{provider}]\n")).unwrap_err().to_string();
        assert!(errors.contains(expected), "{provider}: {errors}");
    }
    let directory = directory(&[("open", "x")]);
    fs::set_permissions(directory.path().join("open"), fs::Permissions::from_mode(0o644)).unwrap();
    let errors = with_files(&directory, "").unwrap_err();
    assert!(errors.contains("open is accessible to others (mode 644)"), "{errors}");
}

fn kinds(config: &MasterConfig) -> Vec<String> {
    let kind = |kind: &StepKind| match kind {
        StepKind::SecretFiles(files) if files.remove => "remove".to_owned(),
        StepKind::SecretFiles(_) => "write".to_owned(),
        StepKind::Shell(shell) => match &shell.command {
            Renderable::Value(command) => command.to_string(),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    };
    config.builders[0].factory.steps.iter().map(|step| kind(&step.kind)).collect()
}

#[test]
fn a_block_with_secrets_writes_them_before_and_removes_them_after_its_steps() {
    let config = config(
        "secret = [('a.key', util.Secret('a')), (util.Interpolate('%(prop:x)s'), 'text')]\n\
         with f.withSecrets(secret) as g:\n\
         \x20   for name in ['one', 'two']:\n\
         \x20       g.addStep(steps.ShellCommand(command=name))\n\
         \x20   with f.withSecrets(secret):\n\
         \x20       f.addStep(steps.ShellCommand(command='inner'))\n\
         f.addStep(steps.ShellCommand(command='after'))\n\
         f.addSteps([steps.ShellCommand(command='last')], withSecrets=secret)\n\
         f.addSteps([steps.ShellCommand(command='plain')], withSecrets=[])\n",
    );
    let expected = [
        "['make']", "write", "one", "two", "write", "inner", "remove", "remove", "after", "write", "last", "remove",
        "plain",
    ];
    assert_eq!(kinds(&config), expected);
    let steps = &config.builders[0].factory.steps;
    assert!(!steps[1].common.always_run && steps[7].common.always_run, "a failure does not leave the files behind");
}

#[test]
fn other_blocks_are_refused() {
    for (text, expected) in [
        ("with util.Secret('x') as g:\n    pass\n", "'with' works with open(...) and factory.withSecrets(...) only"),
        (
            "with f.withSecrets([('a', 'b')]), f.withSecrets([]):\n    pass\n",
            "write a 'with' of its own for each withSecrets(...)",
        ),
        (
            "for x in [1]:\n    with f.withSecrets([]):\n        break\n",
            "leaving a 'with' block early is not supported",
        ),
        ("with util.withSecrets([]):\n    pass\n", "there is no 'withSecrets'"),
        ("with f.withSecrets('a'):\n    pass\n", "must be a list of pairs: path on the worker, and secret"),
    ] {
        let errors = load(&format!("{BASE}{text}")).unwrap_err().to_string();
        assert!(errors.contains(expected), "{text}: {errors}");
    }
}
