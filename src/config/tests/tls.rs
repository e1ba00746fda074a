//! Ports with certificates.

use std::fs;

use tempfile::TempDir;

use super::{BASE, ConfigErrors, Loader, MasterConfig};

/// A directory with a certificate and two keys, one of them a stranger's.
fn base_dir() -> TempDir {
    let dir = TempDir::new().unwrap();
    let mine = rcgen::generate_simple_self_signed(["master.example".to_owned()]).unwrap();
    let other = rcgen::generate_simple_self_signed(["master.example".to_owned()]).unwrap();
    fs::write(dir.path().join("cert.pem"), mine.cert.pem()).unwrap();
    fs::write(dir.path().join("key.pem"), mine.signing_key.serialize_pem()).unwrap();
    fs::write(dir.path().join("other.pem"), other.signing_key.serialize_pem()).unwrap();
    fs::write(dir.path().join("both.pem"), mine.cert.pem() + &mine.signing_key.serialize_pem()).unwrap();
    let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
    fs::write(dir.path().join("locked.pem"), encrypted).unwrap();
    dir
}

fn load(dir: &TempDir, port: &str) -> Result<MasterConfig, ConfigErrors> {
    let text = format!("{BASE}c['protocols'] = {{'pb': {{'port': '{port}'}}}}\n");
    Loader::new(dir.path()).text("master.cfg", &text)
}

#[test]
fn certificates_are_read_with_the_configuration_below_the_base_directory() {
    let dir = base_dir();
    for port in ["ssl:1:privateKey=key.pem:certKey=cert.pem", "ssl:1:privateKey=both.pem", "tcp:1:certKey=both.pem"] {
        let config = load(&dir, port).unwrap();
        let files = config.protocols[0].listen.tls.clone().unwrap();
        assert_eq!(config.certificates[&files].key().cert.len(), 1, "{port}");
    }
}

#[test]
fn a_renewed_certificate_is_a_change_of_the_configuration() {
    let dir = base_dir();
    let port = "ssl:1:privateKey=both.pem";
    let before = load(&dir, port).unwrap();
    assert!(crate::config::diff(&before, &load(&dir, port).unwrap()).is_empty());
    let renewed = rcgen::generate_simple_self_signed(["master.example".to_owned()]).unwrap();
    fs::write(dir.path().join("both.pem"), renewed.cert.pem() + &renewed.signing_key.serialize_pem()).unwrap();
    let diff = crate::config::diff(&before, &load(&dir, port).unwrap());
    assert_eq!(diff.settings, ["certificates"]);
}

#[test]
fn files_that_are_of_no_use_are_errors_of_the_configuration() {
    let dir = base_dir();
    let port = "c['protocols']['pb']['port']";
    for (files, why) in [
        ("privateKey=missing.pem:certKey=cert.pem", "cannot read"),
        ("privateKey=key.pem:certKey=key.pem", "there is no certificate in"),
        ("privateKey=cert.pem:certKey=cert.pem", "there is no private key in"),
        ("privateKey=other.pem:certKey=cert.pem", "does not belong to the certificate in"),
        ("privateKey=locked.pem:certKey=cert.pem", "has a passphrase"),
    ] {
        let error = load(&dir, &format!("ssl:1:{files}")).unwrap_err().to_string();
        assert!(error.starts_with("master.cfg:8:"), "{error}");
        assert!(error.contains(port) && error.contains(why), "{files}: {error}");
    }
}

#[test]
fn the_pages_are_encrypted_or_they_are_not() {
    let dir = base_dir();
    let text = |port: &str| format!("{BASE}c['www'] = {{'port': '{port}'}}\n");
    let load = |port: &str| Loader::new(dir.path()).text("master.cfg", &text(port));
    assert!(load("ssl:8010:privateKey=both.pem").is_ok());
    let error = load("tcp:8010:privateKey=both.pem").unwrap_err().to_string();
    assert!(error.contains("a certificate needs 'ssl:PORT'"), "{error}");
}
