//! Certificates of ports: which files an endpoint names, and what is in them.
//!
//! They are read with the configuration, so that a bad file is an error of the configuration and a reload brings what
//! was renewed. Whoever opens a port looks up its [`TlsIdentity`] at each handshake.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::{Error as PemError, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::ResolvesServerCert;
use rustls::sign::CertifiedKey;

/// Where a port finds its certificate. Relative paths are below the base directory of the master.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TlsFiles {
    /// PEM.
    pub private_key: PathBuf,
    /// PEM: the certificate of the port, and those of its issuers if they are in the same file.
    pub certificate: PathBuf,
    /// PEM: certificates of issuers.
    pub chain: Option<PathBuf>,
    /// Whether those who do not encrypt are turned away.
    pub policy: PlaintextPolicy,
}

/// What happens to those who come without TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PlaintextPolicy {
    Welcome,
    Refused,
}

/// A certificate and its key.
#[derive(Clone, Debug)]
pub struct TlsIdentity(Arc<CertifiedKey>);

/// A certificate has one key, so the certificates tell.
impl PartialEq for TlsIdentity {
    fn eq(&self, other: &Self) -> bool {
        self.0.cert == other.0.cert
    }
}

/// The reason files are of no use for a port.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("cannot read {}: {error}", .path.display())]
    Read { path: PathBuf, error: std::io::Error },
    #[error("{} is not in PEM format: {error}", .path.display())]
    NotPem { path: PathBuf, error: String },
    #[error("there is no certificate in {}", .0.display())]
    NoCertificate(PathBuf),
    #[error("there is no private key in {}", .0.display())]
    NoKey(PathBuf),
    #[error("the private key in {} has a passphrase; store it without one", .0.display())]
    Encrypted(PathBuf),
    #[error("the private key in {} does not belong to the certificate in {}", .0.display(), .1.display())]
    Strangers(PathBuf, PathBuf),
    #[error("the private key in {} cannot be used: {error}", .path.display())]
    Unusable { path: PathBuf, error: rustls::Error },
}

impl TlsFiles {
    /// Reads the files. Blocks.
    pub fn load(&self, base_dir: &Path) -> Result<TlsIdentity, TlsError> {
        let mut certificates = certificates(&base_dir.join(&self.certificate))?;
        if let Some(chain) = &self.chain {
            certificates.extend(self::certificates(&base_dir.join(chain))?);
        }
        let path = base_dir.join(&self.private_key);
        let key = private_key(&path)?;
        match CertifiedKey::from_der(certificates, key, &provider()) {
            Ok(identity) => Ok(TlsIdentity(Arc::new(identity))),
            Err(rustls::Error::InconsistentKeys(_)) => Err(TlsError::Strangers(path, base_dir.join(&self.certificate))),
            Err(error) => Err(TlsError::Unusable { path, error }),
        }
    }
}

impl TlsIdentity {
    pub fn key(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.0)
    }
}

/// How a port does TLS: 1.2 and 1.3, no certificates of clients.
pub fn server_config(identities: Arc<dyn ResolvesServerCert>) -> ServerConfig {
    ServerConfig::builder_with_provider(Arc::new(provider()))
        .with_safe_default_protocol_versions()
        .expect("the provider knows both versions")
        .with_no_client_auth()
        .with_cert_resolver(identities)
}

/// Named wherever it is needed: none is installed for the process, so that nobody depends on who did so first.
fn provider() -> CryptoProvider {
    ring::default_provider()
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    fs::read(path).map_err(|error| TlsError::Read { path: path.to_owned(), error })
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let text = read(path)?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    let certificates = certificates.map_err(|error| not_pem(path, &error))?;
    if certificates.is_empty() {
        return Err(TlsError::NoCertificate(path.to_owned()));
    }
    Ok(certificates)
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let text = read(path)?;
    let has_passphrase = [b"ENCRYPTED PRIVATE KEY".as_slice(), b"Proc-Type: 4,ENCRYPTED"];
    if has_passphrase.iter().any(|mark| memchr::memmem::find(&text, mark).is_some()) {
        return Err(TlsError::Encrypted(path.to_owned()));
    }
    PrivateKeyDer::from_pem_slice(&text).map_err(|error| match error {
        PemError::NoItemsFound => TlsError::NoKey(path.to_owned()),
        other => not_pem(path, &other),
    })
}

fn not_pem(path: &Path, error: &PemError) -> TlsError {
    TlsError::NotPem { path: path.to_owned(), error: error.to_string() }
}
