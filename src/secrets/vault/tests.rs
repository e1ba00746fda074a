//! A server in these tests answers what it is told to, connection by connection, and keeps what it was asked.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::thread::{self, JoinHandle};

use super::*;

const BAR: VaultNaming = VaultNaming::Delimited { delimiter: '|', escape: '\\' };

/// One request: its first line, the token it showed, its body.
type Asked = (String, String, String);

/// Answers one connection after the other with a status and a body.
fn server(answers: Vec<(u16, &'static str)>) -> (String, JoinHandle<Vec<Asked>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let serving = thread::spawn(move || {
        let answer = |(status, body): (u16, &str)| {
            let (mut stream, _) = listener.accept().unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap());
            let (mut first, mut token, mut length) = (String::new(), String::new(), 0);
            lines.read_line(&mut first).unwrap();
            loop {
                let mut line = String::new();
                lines.read_line(&mut line).unwrap();
                let Some((name, value)) = line.trim().split_once(": ") else { break };
                match name.to_lowercase().as_str() {
                    "x-vault-token" => value.clone_into(&mut token),
                    "content-length" => length = value.parse().unwrap(),
                    _ => {}
                }
            }
            let mut sent = vec![0; length];
            lines.read_exact(&mut sent).unwrap();
            let length = body.len();
            write!(stream, "HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}")
                .unwrap();
            (first.trim().trim_end_matches(" HTTP/1.1").to_owned(), token, String::from_utf8(sent).unwrap())
        };
        answers.into_iter().map(answer).collect()
    });
    (url, serving)
}

fn vault(server: &str, version: KvVersion, login: VaultLogin) -> Vault {
    let class = "HashiCorpVaultKvSecretProvider";
    let mount = "secret".to_owned();
    Vault::new(VaultConfig { class, server: server.to_owned(), mount, version, login, naming: BAR })
}

fn by_token() -> VaultLogin {
    VaultLogin::Token(Secret::new("s.root"))
}

fn by_role() -> VaultLogin {
    VaultLogin::AppRole { role_id: Secret::new("role-1"), secret_id: Secret::new("secret-id-1") }
}

const GIVEN: &str = r#"{"data": {"data": {"password": "hunter2", "port": 80, "no": null}, "metadata": {}}}"#;

#[test]
fn a_value_of_the_second_version_is_found() {
    let (url, serving) = server(vec![(200, GIVEN), (200, GIVEN)]);
    let vault = vault(&url, KvVersion::V2, by_token());
    assert_eq!(vault.find("web/a b|password"), Ok(Some(Secret::new("hunter2"))));
    assert_eq!(vault.find("web|port"), Ok(Some(Secret::new("80"))));
    let asked = serving.join().unwrap();
    assert_eq!(asked[0], ("GET /v1/secret/data/web/a%20b".to_owned(), "s.root".to_owned(), String::new()));
}

#[test]
fn a_value_of_the_first_version_is_found() {
    let (url, serving) = server(vec![(200, r#"{"data": {"password": "hunter2"}}"#)]);
    assert_eq!(vault(&url, KvVersion::V1, by_token()).find("web|password"), Ok(Some(Secret::new("hunter2"))));
    assert_eq!(serving.join().unwrap()[0].0, "GET /v1/secret/web");
}

#[test]
fn a_role_logs_in_once_and_again_when_its_token_has_expired() {
    let first = r#"{"auth": {"client_token": "s.first"}}"#;
    let second = r#"{"auth": {"client_token": "s.second"}}"#;
    let (url, serving) =
        server(vec![(200, first), (200, GIVEN), (200, GIVEN), (403, "{}"), (200, second), (200, GIVEN)]);
    let vault = vault(&url, KvVersion::V2, by_role());
    for _ in 0..3 {
        assert_eq!(vault.find("web|password"), Ok(Some(Secret::new("hunter2"))));
    }
    let asked = serving.join().unwrap();
    let tokens: Vec<&str> = asked.iter().map(|(_, token, _)| token.as_str()).collect();
    assert_eq!(tokens, ["", "s.first", "s.first", "s.first", "", "s.second"]);
    assert_eq!(asked[0].0, "POST /v1/auth/approle/login");
    assert_eq!(asked[0].2, r#"{"role_id":"role-1","secret_id":"secret-id-1"}"#);
}

#[test]
fn what_is_not_there_is_left_to_other_providers() {
    let (url, serving) = server(vec![(404, r#"{"errors": []}"#)]);
    let vault = vault(&url, KvVersion::V2, by_token());
    assert_eq!(vault.find("web|password"), Ok(None));
    assert_eq!(vault.find("a-file"), Ok(None), "a name without a key");
    assert_eq!(serving.join().unwrap().len(), 1);
}

#[test]
fn failures_say_what_was_wrong_and_nothing_secret() {
    let denied = r#"{"errors": ["1 error occurred: s.root has no permission\n\n"]}"#;
    let (url, serving) = server(vec![(403, denied), (200, GIVEN), (307, "")]);
    let vault = vault(&url, KvVersion::V2, by_token());
    let denied = vault.find("web|password").unwrap_err();
    assert_eq!(
        denied,
        format!("{url} refused to read 'web' with 403 Forbidden: 1 error occurred: <token> has no permission")
    );
    assert_eq!(vault.find("web|user").unwrap_err(), "'web' has no key 'user'");
    assert!(vault.find("web|user").unwrap_err().ends_with("with 307 Temporary Redirect"));
    assert_eq!(vault.find("a|b|c").unwrap_err(), "its name has several '|'; '\\|' is one without meaning");
    assert_eq!(vault.find("a/../b|c").unwrap_err(), "its path leads elsewhere");
    serving.join().unwrap();
    let error = vault.find("web|password").unwrap_err();
    assert!(error.starts_with(&format!("{url} cannot be asked: ")), "{error}");
}

#[test]
fn names_are_split_at_the_delimiter_or_at_the_last_slash() {
    let pair = |path: &str, key: &str| Ok(Some((path.to_owned(), key.to_owned())));
    assert_eq!(BAR.split("a/b|c"), pair("a/b", "c"));
    assert_eq!(BAR.split(r"a\|b|c\\d\"), pair("a|b", r"c\d"));
    assert_eq!(BAR.split("/a/|c"), pair("a", "c"));
    assert_eq!(BAR.split("a"), Ok(None));
    assert_eq!(BAR.split("|c"), Ok(None));
    assert_eq!(VaultNaming::LastSlash.split("a/b/c"), pair("a/b", "c"));
    assert_eq!(VaultNaming::LastSlash.split("a"), pair("a", "value"));
}
