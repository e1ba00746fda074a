//! Takes mails to a relay, each on a connection of its own.
//!
//! Every recipient is asked for by itself, so that one whom the relay refuses does not keep it from the others. A password
//! is never sent before the certificate of the relay was believed, if the relay has one.

use std::time::Duration;

use lettre::Address;
use lettre::address::AddressError;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, CertificateStore, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use tokio::runtime::Handle;
use tokio::time::timeout;

use super::{Encryption, Relay, Trust};
use crate::reporters::{Outcome, Parcel, Sending, Transport};

/// For the connection, and for each answer of the server.
const ANSWER: Duration = Duration::from_secs(60);
/// For a mail as a whole, however slowly the server takes it.
const WHOLE: Duration = Duration::from_secs(600);
/// Longest text of the server that is kept.
const LONGEST_ANSWER: usize = 300;

/// Sends on another runtime, where encryption keeps nobody waiting.
pub struct SmtpTransport {
    relay: Relay,
    from: String,
    runtime: Handle,
}

impl SmtpTransport {
    /// `from` is the address that answers go to.
    pub fn new(relay: Relay, from: String, runtime: Handle) -> Self {
        Self { relay, from, runtime }
    }
}

impl Transport for SmtpTransport {
    fn send<'a>(&'a self, parcel: &'a Parcel) -> Sending<'a> {
        let (relay, from, parcel) = (self.relay.clone(), self.from.clone(), parcel.clone());
        let sending = self.runtime.spawn(async move {
            let late = || Outcome::Unreachable(format!("the mail was not taken within {} s", WHOLE.as_secs()));
            timeout(WHOLE, deliver(&relay, &from, &parcel)).await.unwrap_or_else(|_| late())
        });
        Box::pin(async move { sending.await.unwrap_or_else(|error| Outcome::Unreachable(error.to_string())) })
    }
}

/// The reason a mail is not on its way.
#[derive(Debug, thiserror::Error)]
enum DeliveryError {
    #[error("cannot use the relay")]
    Relay(#[source] Error),
    #[error("the relay does not take the login")]
    Login(#[source] Error),
    #[error("the relay does not take the mail")]
    Mail(#[source] Error),
    #[error("'{0}' is no address to send from")]
    From(String, #[source] AddressError),
}

async fn deliver(relay: &Relay, from: &str, parcel: &Parcel) -> Outcome {
    match try_to_deliver(relay, from, parcel).await {
        Ok(outcome) => outcome,
        Err(error) => {
            let text = spoken(&error);
            match &error {
                DeliveryError::Mail(cause) if cause.is_permanent() => Outcome::Refused(text),
                DeliveryError::Mail(cause) if cause.is_transient() => Outcome::NotNow(text),
                DeliveryError::From(..) => Outcome::Refused(text),
                // A relay that takes nobody's mail at present, or not ours until the configuration is mended.
                _ => Outcome::Unreachable(text),
            }
        }
    }
}

async fn try_to_deliver(relay: &Relay, from: &str, parcel: &Parcel) -> Result<Outcome, DeliveryError> {
    let sender: Address = from.parse().map_err(|error| DeliveryError::From(from.to_owned(), error))?;
    let mut connection = connect(relay).await?;
    let mut options = Vec::new();
    if !parcel.body.is_ascii() && connection.server_info().supports_feature(Extension::EightBitMime) {
        options.push(MailParameter::Body(MailBodyParameter::EightBitMime));
    }
    connection.command(Mail::new(Some(sender), options)).await.map_err(DeliveryError::Mail)?;
    let (mut n_taken, mut refused, mut later) = (0_usize, Vec::new(), Vec::new());
    for recipient in &parcel.recipients {
        let Ok(address) = recipient.parse::<Address>() else {
            refused.push((recipient.clone(), "is no address".to_owned()));
            continue;
        };
        match connection.command(Rcpt::new(address, Vec::new())).await {
            Ok(_) => n_taken = n_taken.saturating_add(1),
            Err(error) if error.is_permanent() => refused.push((recipient.clone(), spoken(&error))),
            Err(error) if error.is_transient() => later.push((recipient.clone(), spoken(&error))),
            Err(error) => return Err(DeliveryError::Relay(error)),
        }
    }
    if 0 < n_taken {
        connection.command(Data).await.map_err(DeliveryError::Mail)?;
        connection.message(&parcel.body).await.map_err(DeliveryError::Mail)?;
    }
    // What was taken is taken, whether the server says good-bye or not.
    let _ = connection.quit().await;
    Ok(Outcome::Sent { refused, later })
}

async fn connect(relay: &Relay) -> Result<AsyncSmtpConnection, DeliveryError> {
    let hello = ClientId::default();
    let server = (relay.host.as_str(), relay.port);
    let tls = match relay.encryption {
        Encryption::Tls => Some(trust(relay).map_err(DeliveryError::Relay)?),
        Encryption::Plain | Encryption::StartTls => None,
    };
    let connecting = AsyncSmtpConnection::connect_tokio1(server, Some(ANSWER), &hello, tls, None);
    let mut connection = connecting.await.map_err(DeliveryError::Relay)?;
    let wanted = match relay.encryption {
        Encryption::Tls => false,
        Encryption::StartTls => true,
        Encryption::Plain => relay.login.is_some() && connection.can_starttls(),
    };
    if wanted {
        let tls = trust(relay).map_err(DeliveryError::Relay)?;
        connection.starttls(tls, &hello).await.map_err(DeliveryError::Relay)?;
    }
    if let Some((user, password)) = &relay.login {
        let known = |text: &crate::secrets::LateText| text.expose().unwrap_or_default().to_owned();
        let credentials = Credentials::new(known(user), known(password));
        let mechanisms = [Mechanism::Plain, Mechanism::Login];
        connection.auth(&mechanisms, &credentials).await.map_err(DeliveryError::Login)?;
    }
    Ok(connection)
}

fn trust(relay: &Relay) -> Result<TlsParameters, Error> {
    let builder = TlsParameters::builder(relay.host.clone());
    match &relay.trust {
        Trust::System => builder.build(),
        Trust::Anybody => builder.dangerous_accept_invalid_certs(true).build(),
        Trust::Pem(text) => {
            let builder = builder.certificate_store(CertificateStore::None);
            builder.add_root_certificate(Certificate::from_pem(text.as_bytes())?).build()
        }
    }
}

/// An error with its causes, in one line that fits a page.
fn spoken(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    let text: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    text.chars().take(LONGEST_ANSWER).collect()
}
