//! The same conversations inside of TLS.

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, ServerConfig, crypto};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;
use tokio_rustls::client::TlsStream;
use tokio_rustls::{TlsConnector, rustls};

use super::*;

/// A port with a certificate, and a client that trusts it.
struct Certified {
    server: Arc<ServerConfig>,
    client: TlsConnector,
}

impl Certified {
    fn new() -> Self {
        let made = rcgen::generate_simple_self_signed(["master.example".to_owned()]).unwrap();
        let certificate = CertificateDer::from_pem_slice(made.cert.pem().as_bytes()).unwrap();
        let key = PrivateKeyDer::from_pem_slice(made.signing_key.serialize_pem().as_bytes()).unwrap();
        let provider = Arc::new(crypto::ring::default_provider());
        let server = ServerConfig::builder_with_provider(Arc::clone(&provider));
        let server = server.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
        let server = server.with_single_cert(vec![certificate.clone()], key).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(certificate).unwrap();
        let client = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let client = client.with_root_certificates(roots).with_no_client_auth();
        Self { server: Arc::new(server), client: TlsConnector::from(Arc::new(client)) }
    }

    fn offered(&self, dialects: Dialects) -> Entrance {
        Entrance { dialects, encryption: Encryption::Offered(Arc::clone(&self.server)) }
    }

    fn required(&self, dialects: Dialects) -> Entrance {
        Entrance { dialects, encryption: Encryption::Required(Arc::clone(&self.server)) }
    }

    async fn encrypt(&self, stream: DuplexStream) -> TlsStream<DuplexStream> {
        let name = ServerName::try_from("master.example").unwrap();
        self.client.connect(name, stream).await.unwrap()
    }
}

#[tokio::test(start_paused = true)]
async fn a_port_with_a_certificate_serves_those_who_encrypt_and_those_who_do_not() {
    let (wire, certified) = (TestWire::new(), Certified::new());
    let entrance = certified.offered(Dialects::Any);
    let stream = certified.encrypt(wire.dial_at(entrance.clone())).await;
    let _secret = ScriptedWorker::connect(stream, WorkerScript::new("w1")).await.unwrap();
    assert_eq!(wire.attached(0).await.ping().await, Ok(()));
    let _open = ScriptedWorker::connect(wire.dial_at(entrance), WorkerScript::new("w2")).await.unwrap();
    assert_eq!(wire.attached(1).await.name(), "w2");
}

#[tokio::test(start_paused = true)]
async fn who_waits_inside_of_tls_is_greeted_after_a_moment() {
    let (wire, certified) = (TestWire::new(), Certified::new());
    for (dialects, patience) in [(Dialects::Any, 100), (Dialects::PerspectiveBroker, 0)] {
        let mut peer = certified.encrypt(wire.dial_at(certified.required(dialects))).await;
        let began = Instant::now();
        let mut greeting = [0; 12];
        peer.read_exact(&mut greeting).await.unwrap();
        assert!(greeting.ends_with(b"none"));
        assert_eq!(began.elapsed(), Duration::from_millis(patience));
    }
}

#[tokio::test(start_paused = true)]
async fn a_port_for_tls_alone_hears_nobody_else() {
    let (wire, certified) = (TestWire::new(), Certified::new());
    let mut peer = wire.dial_at(certified.required(Dialects::Any));
    let began = Instant::now();
    assert_eq!(peer.read(&mut [0; 16]).await.unwrap(), 0);
    assert_eq!(began.elapsed(), Duration::from_secs(10));
    let mut peer = wire.dial_at(certified.required(Dialects::Any));
    let began = Instant::now();
    peer.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    assert_eq!(peer.read(&mut [0; 16]).await.unwrap(), 0);
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn tls_inside_of_tls_and_half_a_handshake_come_to_nothing() {
    let (wire, certified) = (TestWire::new(), Certified::new());
    let mut peer = certified.encrypt(wire.dial_at(certified.offered(Dialects::Any))).await;
    peer.write_all(b"\x16\x03\x01").await.unwrap();
    assert!(!matches!(peer.read(&mut [0; 16]).await, Ok(1..)));
    let mut peer = wire.dial_at(certified.offered(Dialects::Any));
    let began = Instant::now();
    peer.write_all(b"\x16").await.unwrap();
    assert_eq!(peer.read(&mut [0; 16]).await.unwrap(), 0);
    assert_eq!(began.elapsed(), Duration::from_secs(30));
}
