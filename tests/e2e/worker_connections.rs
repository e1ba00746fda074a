//! The ways in which our worker reaches its master: encrypted and with a certificate of its own, by a socket in the file
//! system, through a proxy.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use buildbot::json::json;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, crypto};
use tempfile::TempDir;

use crate::python_site::PythonSite;
use crate::relay::Relay;
use crate::site::{Site, WORKER, wait_for};

const PROTOCOLS: [&str; 2] = ["pb", "msgpack_experimental_v7"];

/// `how` is what the port of workers says besides where it is.
fn configuration(site: &Site, protocol: &str, how: &str) -> String {
    format!(
        r#"
from buildbot.plugins import *

c = BuildmasterConfig = {{}}
c['workers'] = [worker.Worker("{WORKER}", "pass")]
c['protocols'] = {{'{protocol}': {{'port': '{kind}:{worker}:interface=127.0.0.1{how}'}}}}
factory = util.BuildFactory([steps.ShellCommand(name="greet", command=["echo", "hello"])])
c['builders'] = [util.BuilderConfig(name="b", workernames=["{WORKER}"], factory=factory)]
c['schedulers'] = [schedulers.ForceScheduler(name="force", builderNames=["b"])]
c['www'] = dict(port='tcp:{http}:interface=127.0.0.1', plugins={{}})
"#,
        kind = if how.is_empty() { "tcp" } else { "ssl" },
        http = site.http_port,
        worker = site.worker_port,
    )
}

fn start(protocol: &str) -> Site {
    let mut site = Site::new(|site| configuration(site, protocol, ""));
    site.start_master();
    site
}

/// The worker attaches and builds.
fn builds(site: &mut Site) {
    site.start_worker();
    site.wait_for_worker();
    site.control("forceschedulers/force", "force", json!({"reason": "a connection"}));
    assert_eq!(site.finished_build("b", 1)["results"], json!(0));
    assert!(site.log_text("b", 1, "greet", "stdio").contains("hello\n"));
}

/// A certificate for a name, and its key, in files of their own.
struct Certified {
    certificate: PathBuf,
    key: PathBuf,
}

impl Certified {
    fn new(directory: &Path, name: &str) -> Self {
        let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
        let (certificate, key) = (directory.join(format!("{name}.pem")), directory.join(format!("{name}.key")));
        fs::write(&certificate, made.cert.pem()).unwrap();
        fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        Self { certificate, key }
    }

    fn chain(&self) -> CertificateDer<'static> {
        CertificateDer::from_pem_file(&self.certificate).unwrap()
    }
}

/// A server with one certificate that hears only who has the other.
fn mutual(server: &Certified, client: &Certified) -> ServerConfig {
    let provider = Arc::new(crypto::ring::default_provider());
    let mut clients = RootCertStore::empty();
    clients.add(client.chain()).unwrap();
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(clients), Arc::clone(&provider));
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_client_cert_verifier(verifier.build().unwrap());
    config.with_single_cert(vec![server.chain()], PrivateKeyDer::from_pem_file(&server.key).unwrap()).unwrap()
}

#[test]
fn a_worker_shows_its_certificate_to_whoever_asks_for_it_over_both_protocols() {
    for protocol in PROTOCOLS {
        let mut site = start(protocol);
        let (server, client) = (Certified::new(&site.path("."), "server"), Certified::new(&site.path("."), "client"));
        let relay = Relay::encrypting(mutual(&server, &client), site.worker_port);
        let place = format!("tls:127.0.0.1:{}:trustRoots={}", relay.port, server.certificate.display());
        let protocol = format!("--protocol={protocol}");

        site.remake_worker(&[&protocol, "--connection-string", &place]);
        site.start_worker();
        let refused = || relay.noted().iter().any(|problem| problem.contains("no certificates")).then_some(());
        wait_for("the refusal of a worker without a certificate", refused);
        site.kill_worker();

        let (certificate, key) = (client.certificate.display(), client.key.display());
        let place = format!("{place}:certificate={certificate}:privateKey={key}");
        site.remake_worker(&[&protocol, "--connection-string", &place]);
        builds(&mut site);
    }
}

#[test]
fn a_worker_that_does_not_trust_its_masters_certificate_says_nothing_to_it() {
    let mut site = Site::new(|site| configuration(site, "pb", ":privateKey=server.key:certKey=server.pem"));
    let own = Certified::new(&site.path("master"), "server");
    let other = Certified::new(&site.path("."), "other");
    site.start_master();
    let place = |trusted: &Certified| {
        format!("ssl:127.0.0.1:{}:caCertsDir={}", site.worker_port, trusted.certificate.display())
    };
    site.remake_worker(&["--protocol=pb", "--connection-string", &place(&other)]);
    let trusting = place(&own);
    site.start_worker();
    wait_for("the worker's refusal", || site.output("worker").contains("no secure connection").then_some(()));
    site.kill_worker();
    site.remake_worker(&["--protocol=pb", "--connection-string", &trusting]);
    builds(&mut site);
}

#[test]
fn a_worker_comes_by_a_socket_in_the_file_system_over_both_protocols() {
    for protocol in PROTOCOLS {
        let mut site = start(protocol);
        let path = site.path("socket");
        let _relay = Relay::socket(&path, site.worker_port);
        let place = format!("unix:{}", path.display());
        site.remake_worker(&["--protocol", protocol, "--connection-string", &place]);
        builds(&mut site);
    }
}

#[test]
fn a_worker_comes_by_a_socket_in_the_file_system_to_a_python_master() {
    let dir = TempDir::new().unwrap();
    let place = format!("unix:{}", dir.path().join("socket").display());
    let mut site = PythonSite::listening("pb", Some(&place));
    site.create_worker(&["--maxdelay=1", "--connection-string", &place]);
    site.start_worker();
    site.wait_for_worker();
}

#[test]
fn a_worker_comes_through_a_proxy_to_its_masters_port() {
    let mut site = start("msgpack_experimental_v7");
    let proxy = Relay::proxy();
    site.remake_worker(&["--proxy-connection-string", &format!("tcp:127.0.0.1:{}", proxy.port)]);
    builds(&mut site);
    assert!(proxy.noted().contains(&format!("CONNECT 127.0.0.1:{} HTTP/1.1", site.worker_port)));
}

#[test]
fn a_worker_speaks_encrypted_through_a_proxy() {
    let mut site = Site::new(|site| configuration(site, "pb", ":privateKey=server.key:certKey=server.pem"));
    let own = Certified::new(&site.path("master"), "server");
    site.start_master();
    let proxy = Relay::proxy();
    let place = format!("tls:127.0.0.1:{}:trustRoots={}", site.worker_port, own.certificate.display());
    let through = format!("tcp:127.0.0.1:{}", proxy.port);
    site.remake_worker(&["--connection-string", &place, "--proxy-connection-string", &through]);
    builds(&mut site);
    assert!(proxy.noted().contains(&format!("CONNECT 127.0.0.1:{} HTTP/1.1", site.worker_port)));
}
