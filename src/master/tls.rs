//! The certificates of ports that are open: those of the configuration in force, looked up at each handshake.

use std::sync::Arc;

use rustls::ServerConfig;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use crate::actors::applied::AppliedConfig;
use crate::config::{self, ListenAddress, PlaintextPolicy, TlsFiles};
use crate::wire::Encryption;

/// Finds the certificate of one port.
struct CurrentCertificate {
    files: TlsFiles,
    applied: AppliedConfig,
}

impl ResolvesServerCert for CurrentCertificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let applied = self.applied.borrow();
        applied.config.certificates.get(&self.files).map(config::TlsIdentity::key)
    }
}

impl std::fmt::Debug for CurrentCertificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CurrentCertificate").field("files", &self.files).finish_non_exhaustive()
    }
}

/// Nothing for a port that does no TLS.
pub(super) fn server_config(listen: &ListenAddress, applied: &AppliedConfig) -> Option<ServerConfig> {
    let files = listen.tls.clone()?;
    Some(config::server_config(Arc::new(CurrentCertificate { files, applied: applied.clone() })))
}

/// What the port of a worker offers and wants.
pub(super) fn encryption(listen: &ListenAddress, applied: &AppliedConfig) -> Encryption {
    match (server_config(listen, applied).map(Arc::new), &listen.tls) {
        (Some(config), Some(files)) if files.policy == PlaintextPolicy::Refused => Encryption::Required(config),
        (Some(config), _) => Encryption::Offered(config),
        (None, _) => Encryption::None,
    }
}
