//! One command on another host over SSH, without the program `ssh`.
//!
//! Who the host is, and who we are, is found out as OpenSSH does when nobody can be asked: a host whose key is not known
//! is refused.

mod client_config;
mod destination;
mod known_hosts;
mod login;
mod pattern;

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use anyhow::{Context, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use sha2::{Digest, Sha256};
use ssh2::{Channel, ExtendedData, MethodType, Session};

pub(super) use self::destination::{Destination, Wanted};
use self::known_hosts::{KnownHosts, USUAL_PORT, Verdict};

/// A host that does not take a connection within this time is not there.
const CONNECT_WITHIN: Duration = Duration::from_secs(30);

/// A host that says nothing for so long is gone, in milliseconds.
const SILENCE_MS: u32 = 120_000;

/// What of a command's output is kept, in bytes.
const MAX_OUTPUT: u64 = 64 * 1024;

/// How a command ended.
#[derive(Clone, Debug)]
pub(super) struct Ended {
    /// Zero if it went well.
    pub(super) status: i32,
    /// What it printed, on both of its outputs.
    pub(super) output: Vec<u8>,
}

/// Runs a command, which a shell over there reads, with this input.
pub(super) fn run(to: &Destination, command: &str, input: &[u8]) -> anyhow::Result<Ended> {
    let session = connect(to).with_context(|| format!("no connection to {}", place(to)))?;
    login::log_in(&session, to)?;
    let channel = session.channel_session().context("the host opens no channel")?;
    let ended = converse(channel, command, input);
    // It is over, however this ends.
    let _ = session.disconnect(None, "done", None);
    ended
}

/// As it is shown.
fn place(to: &Destination) -> String {
    if to.port == USUAL_PORT { to.host.clone() } else { format!("{}, port {}", to.host, to.port) }
}

/// An encrypted connection to the host that was meant, and nobody else.
fn connect(to: &Destination) -> anyhow::Result<Session> {
    let known = KnownHosts::read(&to.known_hosts);
    let mut session = Session::new()?;
    session.set_timeout(SILENCE_MS);
    prefer(&session, &known.key_types(&to.known_as, to.port))?;
    session.set_tcp_stream(dial(to)?);
    session.handshake().context("the handshake failed")?;
    let key = session.host_key().context("it shows no key")?.0.to_vec();
    check(to, &known, &key)?;
    Ok(session)
}

fn dial(to: &Destination) -> anyhow::Result<TcpStream> {
    let mut last = None;
    for address in (to.host.as_str(), to.port).to_socket_addrs().context("its address is not known")? {
        match TcpStream::connect_timeout(&address, CONNECT_WITHIN) {
            Ok(stream) => {
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
            Err(error) => last = Some(error),
        }
    }
    Err(last.unwrap_or_else(|| io::Error::other("it has no address")).into())
}

/// Asks for a key of a kind that is known, if there is one: a host may have several.
fn prefer(session: &Session, known: &[&str]) -> anyhow::Result<()> {
    if known.is_empty() {
        return Ok(());
    }
    let mut wanted: Vec<&str> = Vec::new();
    let supported = session.supported_algs(MethodType::HostKey)?;
    let of_known = known.iter().flat_map(|kind| match *kind {
        // One kind of key, three ways to sign with it.
        "ssh-rsa" => vec!["rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"],
        other => vec![other],
    });
    for method in of_known.chain(supported.iter().copied()) {
        if supported.contains(&method) && !wanted.contains(&method) {
            wanted.push(method);
        }
    }
    session.method_pref(MethodType::HostKey, &wanted.join(",")).context("no kind of key is understood")
}

fn check(to: &Destination, known: &KnownHosts, key: &[u8]) -> anyhow::Result<()> {
    let fingerprint = format!("SHA256:{}", STANDARD_NO_PAD.encode(Sha256::digest(key)));
    match known.verdict(&to.known_as, to.port, key) {
        Verdict::Known => Ok(()),
        Verdict::Unknown if to.takes_unknown => Ok(()),
        Verdict::Unknown => bail!(
            "nothing is known of this host, whose key has the fingerprint {fingerprint}. Connect once with 'ssh -p {} {}', \
             compare, and say yes",
            to.port,
            to.host
        ),
        Verdict::Changed(place) => bail!(
            "the host's key has changed: somebody may be listening in. It has the fingerprint {fingerprint} now; the one \
             that is known stands in {place}. If the host has a new key indeed, remove that line"
        ),
        Verdict::Revoked(place) => bail!("the host's key {fingerprint} is revoked by {place}"),
    }
}

/// Gives the input, and waits for the end.
fn converse(mut channel: Channel, command: &str, input: &[u8]) -> anyhow::Result<Ended> {
    channel.handle_extended_data(ExtendedData::Merge)?;
    channel.exec(command).context("the host runs no command")?;
    // A command that ends early has something to say about it, which is worth more than this error.
    let written = channel.write_all(input).and_then(|()| channel.flush());
    let _ = channel.send_eof();
    let mut output = Vec::new();
    (&mut channel).take(MAX_OUTPUT).read_to_end(&mut output).context("the connection broke off")?;
    io::copy(&mut channel, &mut io::sink()).context("the connection broke off")?;
    channel.wait_close().context("the connection broke off")?;
    let status = channel.exit_status()?;
    let signal = channel.exit_signal().ok().and_then(|signal| signal.exit_signal);
    if let Some(signal) = signal {
        bail!("the command was killed by signal {signal}");
    }
    if status == 0 {
        written.context("the command did not take its input")?;
    }
    Ok(Ended { status, output })
}
