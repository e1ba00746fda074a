//! Bytes to expressions, in whatever pieces the bytes arrive.

use super::{Dialect, Expr, FLOAT, INT, LIST, LONG_INT, LONG_NEG, Long, MAX_DIGITS, NEG, STRING, VOCAB, vocabulary};
use crate::pb::Limits;

/// What is wrong with the bytes; nothing that follows them can be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    #[error("a number has too many digits")]
    TooManyDigits,
    #[error("a string of {0} bytes is too long")]
    StringTooLong(u64),
    #[error("a list of {0} items is too long")]
    ListTooLong(u64),
    #[error("it is nested too deeply")]
    TooDeep,
    #[error("it is too large")]
    TooLarge,
    #[error("the type byte {0:#04x} is unknown")]
    UnknownType(u8),
    #[error("there is no word of number {0}")]
    UnknownWord(u64),
}

/// A list whose items are still arriving.
#[derive(Debug)]
struct Open {
    n_missing: usize,
    items: Vec<Expr>,
}

/// Reads expressions one behind the other.
///
/// It holds the bytes of the last [`Self::feed`], at most one unfinished string, and one unfinished expression.
#[derive(Debug)]
pub struct Decoder {
    limits: Limits,
    dialect: Dialect,
    buffer: Vec<u8>,
    /// How much of the buffer is read already.
    at: usize,
    open: Vec<Open>,
    /// What the unfinished expression has cost so far.
    cost: usize,
    broken: Option<Malformed>,
}

/// What came from the buffer.
enum Item {
    Expr(Expr),
    List(usize),
    /// More bytes are needed.
    Unfinished,
}

impl Decoder {
    pub fn new(limits: Limits) -> Self {
        Self { limits, dialect: Dialect::None, buffer: Vec::new(), at: 0, open: Vec::new(), cost: 0, broken: None }
    }

    /// How the following expressions are written.
    pub fn set_dialect(&mut self, dialect: Dialect) {
        self.dialect = dialect;
    }

    /// What the following expressions may cost.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    pub fn feed(&mut self, bytes: &[u8]) {
        if self.broken.is_none() {
            self.buffer.drain(..self.at);
            self.at = 0;
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// The next expression, once it is there as a whole. An error is final.
    pub fn next_expr(&mut self) -> Result<Option<Expr>, Malformed> {
        if let Some(why) = self.broken {
            return Err(why);
        }
        self.advance().inspect_err(|why| {
            self.broken = Some(*why);
            self.buffer = Vec::new();
            self.at = 0;
            self.open = Vec::new();
        })
    }

    fn advance(&mut self) -> Result<Option<Expr>, Malformed> {
        loop {
            let done = match self.item()? {
                Item::Unfinished => {
                    self.give_back();
                    return Ok(None);
                }
                Item::Expr(expr) => self.close(expr),
                Item::List(0) => self.close(Expr::List(Vec::new())),
                Item::List(n_missing) => {
                    if self.limits.depth <= self.open.len() {
                        return Err(Malformed::TooDeep);
                    }
                    // Announced is not sent: the list grows as its items arrive.
                    self.open.push(Open { n_missing, items: Vec::new() });
                    None
                }
            };
            if done.is_some() {
                self.cost = 0;
                return Ok(done);
            }
        }
    }

    /// Puts an item into the lists that wait for it; returns the outermost once it is complete.
    fn close(&mut self, mut expr: Expr) -> Option<Expr> {
        while let Some(open) = self.open.last_mut() {
            open.items.push(expr);
            open.n_missing -= 1;
            if 0 < open.n_missing {
                return None;
            }
            expr = Expr::List(self.open.pop().map(|open| open.items).unwrap_or_default());
        }
        Some(expr)
    }

    /// Idle connections keep no buffer.
    fn give_back(&mut self) {
        if self.at == self.buffer.len() {
            self.buffer = Vec::new();
            self.at = 0;
        }
    }

    fn item(&mut self) -> Result<Item, Malformed> {
        let rest = self.buffer.get(self.at..).unwrap_or_default();
        let n_digits = rest.iter().take(MAX_DIGITS + 1).take_while(|byte| **byte < 0x80).count();
        if MAX_DIGITS < n_digits {
            return Err(Malformed::TooManyDigits);
        }
        let Some((digits, tail)) = rest.split_at_checked(n_digits) else { return Ok(Item::Unfinished) };
        let Some((kind, body)) = tail.split_first() else { return Ok(Item::Unfinished) };
        let limits = &self.limits;
        let (item, body_len) = match *kind {
            LIST => match length(digits, limits.list_items) {
                Ok(n_items) => (Item::List(n_items), 0),
                Err(n_items) => return Err(Malformed::ListTooLong(n_items)),
            },
            STRING => match length(digits, limits.string_bytes) {
                Ok(len) => match body.get(..len) {
                    Some(bytes) => (Item::Expr(Expr::Bytes(bytes.to_vec())), len),
                    None => return Ok(Item::Unfinished),
                },
                Err(len) => return Err(Malformed::StringTooLong(len)),
            },
            INT | LONG_INT => (Item::Expr(number(digits, false)), 0),
            NEG | LONG_NEG => (Item::Expr(number(digits, true)), 0),
            FLOAT => match body.first_chunk() {
                Some(bytes) => (Item::Expr(Expr::Float(f64::from_be_bytes(*bytes))), 8),
                None => return Ok(Item::Unfinished),
            },
            VOCAB => {
                let number = length(digits, vocabulary::VOCABULARY.len()).map_err(Malformed::UnknownWord)?;
                let word = self.dialect.word(number).ok_or(Malformed::UnknownWord(number as u64))?;
                (Item::Expr(Expr::word(word)), 0)
            }
            unknown => return Err(Malformed::UnknownType(unknown)),
        };
        self.cost += Limits::ITEM_COST + n_digits + body_len;
        if limits.expression_cost < self.cost {
            return Err(Malformed::TooLarge);
        }
        self.at += n_digits + 1 + body_len;
        Ok(item)
    }
}

/// A length or count of at most `limit`, or what it was instead.
fn length(digits: &[u8], limit: usize) -> Result<usize, u64> {
    let mut length: u64 = 0;
    for digit in digits.iter().rev() {
        length = length.saturating_mul(128).saturating_add(u64::from(*digit));
    }
    usize::try_from(length).ok().filter(|length| *length <= limit).ok_or(length)
}

fn number(digits: &[u8], negative: bool) -> Expr {
    let n_significant = digits.iter().rposition(|digit| *digit != 0).map_or(0, |last| last + 1);
    let digits = digits.get(..n_significant).unwrap_or_default();
    let mut value: Option<i64> = Some(0);
    for digit in digits.iter().rev() {
        let digit = i64::from(*digit);
        value = value.and_then(|value| value.checked_mul(128)?.checked_add(if negative { -digit } else { digit }));
    }
    value.map_or_else(|| Expr::Long(Long { negative, digits: digits.into() }), Expr::Int)
}
