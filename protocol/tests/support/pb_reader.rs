//! Expressions taken from one direction of a captured connection.

use buildbot_protocol::pb::banana::Decoder;
use buildbot_protocol::pb::{Dialect, Expr, Limits};

/// Follows one direction of a connection.
pub struct Reader {
    decoder: Decoder,
    chosen: bool,
}

impl Reader {
    pub fn new() -> Self {
        Self { decoder: Decoder::new(Limits::SESSION), chosen: false }
    }

    /// The expressions that these bytes complete; the first one is the offer or choice of a dialect.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Expr> {
        self.decoder.feed(bytes);
        let mut exprs = Vec::new();
        while let Some(expr) = self.decoder.next_expr().expect("captures are well-formed") {
            if !std::mem::replace(&mut self.chosen, true) {
                self.decoder.set_dialect(Dialect::Pb);
            }
            exprs.push(expr);
        }
        exprs
    }
}
