//! The first words of a connection: a dialect, and the version on both sides.

use super::{Broker, BrokerError, Incoming, message};
use crate::pb::Dialect;
use crate::pb::banana::Expr;

/// The version of the protocol, the only one there is.
pub(super) const VERSION: i64 = 6;

/// What a server offers, in Banana: the dialects `pb` and `none`.
pub(super) const GREETING: &[u8] = b"\x02\x80\x02\x82pb\x04\x82none";

/// Which side of a connection this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Server,
    Client,
}

/// How far the negotiation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// A server waits for the choice, a client for the offer.
    Dialect,
    Version,
    Open,
}

impl Broker {
    pub(super) fn negotiate(&mut self, expr: &Expr) -> Result<Option<Incoming>, BrokerError> {
        if self.stage == Stage::Version {
            return match message::read_version(expr) {
                Some(VERSION) => {
                    self.stage = Stage::Open;
                    Ok(Some(Incoming::Ready))
                }
                Some(other) => Err(BrokerError::Version(other)),
                None => Err(BrokerError::NotAMessage(message::describe(expr))),
            };
        }
        let chosen = match self.role {
            Role::Server => expr.as_bytes().and_then(Dialect::named),
            Role::Client => best_of(expr),
        };
        let chosen = chosen.ok_or(BrokerError::NoDialect)?;
        if self.role == Role::Client {
            // Names of dialects are no words of any vocabulary.
            let _ = self.send(|out| out.word(chosen.name()));
        }
        self.dialect = chosen;
        self.decoder.set_dialect(chosen);
        let _ = self.send(|out| message::write_version(out, VERSION));
        self.stage = Stage::Version;
        Ok(None)
    }
}

fn best_of(offer: &Expr) -> Option<Dialect> {
    let offered: Vec<Dialect> = offer.as_list()?.iter().filter_map(Expr::as_bytes).filter_map(Dialect::named).collect();
    [Dialect::Pb, Dialect::None].into_iter().find(|dialect| offered.contains(dialect))
}
