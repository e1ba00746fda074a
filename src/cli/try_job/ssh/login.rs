//! Who we are, for a host: keys of the agent, then keys in files.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::bail;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ssh2::Session;

use super::destination::Destination;
use crate::cli::remote::prompt;

/// How many keys of the agent are tried: hosts hang up after a few that are wrong.
const MAX_KEYS: usize = 32;

/// Logs in with the first key that the host likes.
pub(super) fn log_in(session: &Session, to: &Destination) -> anyhow::Result<()> {
    let user = &to.user;
    let ways = session.auth_methods(user).unwrap_or_default().to_owned();
    if session.authenticated() {
        return Ok(());
    }
    let mut tried = Vec::new();
    if by_agent(session, to, &mut tried) || by_files(session, to, &mut tried) {
        return Ok(());
    }
    let tried = if tried.is_empty() { "there is none".to_owned() } else { tried.join("; ") };
    bail!(
        "{} lets nobody in as {user} with a key of ours ({tried}). It takes: {ways}. The program ssh knows more ways to \
         log in: --ssh=ssh",
        to.host
    )
}

/// Without an agent there are no keys of it.
fn by_agent(session: &Session, to: &Destination, tried: &mut Vec<String>) -> bool {
    let Ok(mut agent) = session.agent() else { return false };
    let listed = agent.connect().and_then(|()| agent.list_identities());
    let identities = listed.and_then(|()| agent.identities()).unwrap_or_default();
    let wanted: Vec<Vec<u8>> = to.keys.iter().filter_map(|key| public_half(key)).collect();
    for identity in identities.iter().take(MAX_KEYS) {
        if to.only_these_keys && !wanted.iter().any(|key| key == identity.blob()) {
            continue;
        }
        match agent.userauth(&to.user, identity) {
            Ok(()) => return true,
            Err(error) => tried.push(format!("'{}' of the agent: {}", identity.comment(), error.message())),
        }
    }
    false
}

/// Keys that need no passphrase come first.
fn by_files(session: &Session, to: &Destination, tried: &mut Vec<String>) -> bool {
    let there: Vec<(&PathBuf, Vec<u8>)> =
        to.keys.iter().filter_map(|path| Some((path, fs::read(path).ok()?))).collect();
    let (locked, open): (Vec<_>, Vec<_>) = there.into_iter().partition(|(_, key)| is_encrypted(key));
    for (path, is_locked) in
        open.into_iter().map(|(path, _)| (path, false)).chain(locked.into_iter().map(|(path, _)| (path, true)))
    {
        let shown = path.display();
        let passphrase = is_locked.then(|| prompt::password(&format!("passphrase of {shown}: "))).transpose();
        let done = match &passphrase {
            Ok(passphrase) => session
                .userauth_pubkey_file(&to.user, None, path, passphrase.as_deref())
                .map_err(|error| error.message().to_owned()),
            Err(error) => Err(format!("{error:#}")),
        };
        match done {
            Ok(()) => return true,
            Err(error) => tried.push(format!("{shown}: {error}")),
        }
    }
    false
}

/// The key in the file beside a private one, as the agent shows keys.
fn public_half(private: &Path) -> Option<Vec<u8>> {
    let mut name = private.as_os_str().to_owned();
    name.push(".pub");
    let text = fs::read_to_string(name).ok()?;
    STANDARD.decode(text.split_whitespace().nth(1)?).ok()
}

/// Whether a private key cannot be read without a passphrase.
fn is_encrypted(key: &[u8]) -> bool {
    let text = String::from_utf8_lossy(key);
    let Some((_, rest)) = text.split_once("-----BEGIN OPENSSH PRIVATE KEY-----") else {
        return text.contains("ENCRYPTED");
    };
    let body: String = rest.split("-----END").next().unwrap_or_default().split_whitespace().collect();
    // Magic with a zero byte, then the name of the cipher with its length before it.
    let decoded = STANDARD.decode(body).unwrap_or_default();
    let cipher = decoded.strip_prefix(b"openssh-key-v1\0").and_then(|rest| rest.get(4..));
    cipher.is_some_and(|cipher| !cipher.starts_with(b"none"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn openssh(cipher: &str) -> String {
        let length = u32::try_from(cipher.len()).unwrap().to_be_bytes();
        let bytes = [b"openssh-key-v1\0", &length[..], cipher.as_bytes(), b"and so on"].concat();
        format!("-----BEGIN OPENSSH PRIVATE KEY-----\n{}\n-----END OPENSSH PRIVATE KEY-----\n", STANDARD.encode(bytes))
    }

    #[test]
    fn a_key_with_a_passphrase_is_known_by_its_cipher() {
        assert!(is_encrypted(openssh("aes256-ctr").as_bytes()));
        assert!(!is_encrypted(openssh("none").as_bytes()));
        assert!(is_encrypted(b"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n"));
        assert!(!is_encrypted(b"-----BEGIN RSA PRIVATE KEY-----\nMIIE\n"));
        assert!(!is_encrypted(b"anything"));
    }
}
