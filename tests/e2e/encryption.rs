//! Ports with certificates: a Python worker and a client of the pages come in, and a renewed certificate is used.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, crypto};

use crate::site::{Site, WORKER, free_port, run, wait_for};

const NAME: &str = "master.example";

/// Makes a certificate with its key in one file; answers the certificate.
fn certify(file: &Path) -> CertificateDer<'static> {
    let made = rcgen::generate_simple_self_signed([NAME.to_owned()]).unwrap();
    fs::write(file, made.cert.pem() + &made.signing_key.serialize_pem()).unwrap();
    CertificateDer::from_pem_slice(made.cert.pem().as_bytes()).unwrap()
}

/// What a client that trusts only this certificate gets to read at `/health`.
fn health(port: u16, trusted: &CertificateDer<'static>) -> std::io::Result<String> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap().with_root_certificates(roots);
    let client = ClientConnection::new(Arc::new(config.with_no_client_auth()), ServerName::try_from(NAME).unwrap());
    let mut stream = StreamOwned::new(client.unwrap(), TcpStream::connect(("127.0.0.1", port))?);
    stream.write_all(b"GET /health HTTP/1.1\r\nHost: master.example\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    match stream.read_to_string(&mut answer) {
        // The server may end without a word of farewell.
        Err(error) if answer.is_empty() => Err(error),
        _ => Ok(answer),
    }
}

fn configuration(site: &Site, secret_port: u16) -> String {
    format!(
        r#"
from buildbot.plugins import *

c = BuildmasterConfig = {{}}
c['title'] = "Encryption"
c['titleURL'] = c['buildbotURL'] = "https://{NAME}/"
c['workers'] = [worker.Worker("{WORKER}", "pass")]
c['protocols'] = {{'pb': {{'port': [
    'ssl:{secret_port}:privateKey=both.pem:interface=127.0.0.1',
    'tcp:{worker}:certKey=both.pem:interface=127.0.0.1',
]}}}}
factory = util.BuildFactory([steps.ShellCommand(command=["true"])])
c['builders'] = [util.BuilderConfig(name="b", workernames=["{WORKER}"], factory=factory)]
c['schedulers'] = [schedulers.ForceScheduler(name="force", builderNames=["b"])]
c['www'] = dict(port='ssl:{http}:privateKey=both.pem:interface=127.0.0.1', plugins={{}})
"#,
        http = site.http_port,
        worker = site.worker_port,
    )
}

#[test]
fn a_python_worker_attaches_encrypted_and_a_renewed_certificate_is_used_after_a_reconfiguration() {
    let secret_port = free_port();
    let mut site = Site::new(|site| configuration(site, secret_port));
    let old = certify(&site.path("master/both.pem"));
    site.launch_master();
    let answer = wait_for("an answer over TLS", || health(site.http_port, &old).ok());
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");

    for (n, port) in [secret_port, site.worker_port].into_iter().enumerate() {
        site.create_encrypted_python_worker("4.3.0", port);
        site.start_python_worker();
        let attached = || (n < site.output("master").matches("a worker attached").count()).then_some(());
        wait_for("the worker's attachment", attached);
        site.kill_worker();
    }

    let new = certify(&site.path("master/both.pem"));
    assert!(health(site.http_port, &new).is_err(), "nothing has changed yet");
    site.reconfigure(&configuration(&site, secret_port));
    assert!(health(site.http_port, &new).is_ok());
    assert!(health(site.http_port, &old).is_err());
}

#[test]
fn checkconfig_names_the_line_of_a_port_whose_certificate_is_missing() {
    let site = Site::new(|site| configuration(site, free_port()));
    let program = crate::site::program("buildbot");
    let output = std::process::Command::new(program).arg("checkconfig").arg(site.path("master")).output().unwrap();
    assert!(!output.status.success());
    let text = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("master.cfg:8:") && text.contains("cannot read"), "{text}");
    certify(&site.path("master/both.pem"));
    run(std::process::Command::new(crate::site::program("buildbot")).arg("checkconfig").arg(site.path("master")));
}
