//! Secure connections: whom the worker trusts, and how.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::config::{Identity, Tls};

/// The reason a connection is not secure.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("{path} has no certificates: {error}")]
    Certificates { path: PathBuf, error: String },
    #[error("{path} has no private key: {error}")]
    Key { path: PathBuf, error: String },
    #[error("this machine has no certificates to trust: name a file of them in the connection string (trustRoots)")]
    NoSystemCertificates,
    #[error("{0:?} is no name of a host")]
    Name(String),
    #[error(transparent)]
    Rustls(#[from] rustls::Error),
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Secures a connection to a master whose certificate is for this name.
pub(super) async fn secure<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    name: &str,
    tls: &Tls,
) -> Result<TlsStream<S>, TlsError> {
    let name = ServerName::try_from(name.to_owned()).map_err(|_| TlsError::Name(name.to_owned()))?;
    let connector = TlsConnector::from(Arc::new(client_config(tls)?));
    Ok(connector.connect(name, stream).await?)
}

fn client_config(tls: &Tls) -> Result<ClientConfig, TlsError> {
    let provider = Arc::new(ring::default_provider());
    let given = match &tls.trusted {
        Some(path) => certificates(path)?,
        None => system_certificates()?,
    };
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(given.iter().cloned());
    let usual = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
        .build()
        .map_err(|error| rustls::Error::General(error.to_string()))?;
    // A certificate of the system is one of an authority; one that was named may be the master's own.
    let own = if tls.trusted.is_some() { given } else { Vec::new() };
    let verifier = Verifier { usual, own, provider: Arc::clone(&provider) };
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let builder = builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier));
    Ok(match &tls.identity {
        Some(identity) => builder.with_client_auth_cert(certificates(&identity.certificate)?, key(identity)?)?,
        None => builder.with_no_client_auth(),
    })
}

/// The key of the worker's own certificate.
fn key(identity: &Identity) -> Result<PrivateKeyDer<'static>, TlsError> {
    let read = PrivateKeyDer::from_pem_file(&identity.key);
    read.map_err(|error| TlsError::Key { path: identity.key.clone(), error: error.to_string() })
}

/// The certificates of a file, or of all files of a directory.
fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let failed = |error: String| TlsError::Certificates { path: path.to_owned(), error };
    let files = if path.is_dir() {
        let entries = fs::read_dir(path).map_err(|error| failed(error.to_string()))?;
        let files = entries.flatten().map(|entry| entry.path());
        files.filter(|file| file.extension().is_some_and(|end| end == "pem" || end == "crt")).collect()
    } else {
        vec![path.to_owned()]
    };
    let mut found = Vec::new();
    for file in files {
        let read = CertificateDer::pem_file_iter(&file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        found.extend(read.map_err(|error| failed(format!("{}: {error}", file.display())))?);
    }
    if found.is_empty() { Err(failed("there is none".to_owned())) } else { Ok(found) }
}

fn system_certificates() -> Result<Vec<CertificateDer<'static>>, TlsError> {
    // What cannot be read is not trusted; the others may do.
    let found = rustls_native_certs::load_native_certs().certs;
    if found.is_empty() { Err(TlsError::NoSystemCertificates) } else { Ok(found) }
}

/// Trusts what authorities vouch for, and a master whose own certificate was named.
#[derive(Debug)]
struct Verifier {
    usual: Arc<WebPkiServerVerifier>,
    own: Vec<CertificateDer<'static>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        // It proves that it has the key in the next step, so it is the one that was named.
        if self.own.iter().any(|own| own.as_ref() == end_entity.as_ref()) {
            return Ok(ServerCertVerified::assertion());
        }
        self.usual.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificates_that_are_not_there_are_named() {
        let place = tempfile::tempdir().unwrap();
        let error = certificates(&place.path().join("none.pem")).unwrap_err();
        assert!(error.to_string().contains("none.pem"), "{error}");
        assert!(matches!(certificates(place.path()), Err(TlsError::Certificates { .. })));
    }

    #[test]
    fn a_key_that_is_not_there_is_named() {
        let place = tempfile::tempdir().unwrap();
        let identity = Identity { certificate: place.path().join("c.pem"), key: place.path().join("k.pem") };
        let error = key(&identity).unwrap_err();
        assert!(matches!(&error, TlsError::Key { .. }) && error.to_string().contains("k.pem"), "{error}");
    }
}
