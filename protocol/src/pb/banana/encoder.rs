//! Expressions to bytes.

use super::{Dialect, Expr, FLOAT, INT, LIST, LONG_INT, LONG_NEG, Long, MAX_SHORT, NEG, STRING, VOCAB};
use crate::pb::Limits;

/// The reason something is not written: no peer would accept it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsendable {
    #[error("a string of {0} bytes is too long")]
    String(usize),
    #[error("a list of {0} items is too long")]
    List(usize),
    #[error("it is nested too deeply")]
    TooDeep,
}

/// Writes one expression.
pub fn encode(expr: &Expr, dialect: Dialect) -> Result<Vec<u8>, Unsendable> {
    let mut writer = Writer::new(dialect);
    writer.expr(expr)?;
    Ok(writer.into_bytes())
}

/// Puts items of expressions one behind the other.
#[derive(Debug)]
pub struct Writer {
    bytes: Vec<u8>,
    dialect: Dialect,
}

impl Writer {
    pub fn new(dialect: Dialect) -> Self {
        Self { bytes: Vec::with_capacity(64), dialect }
    }

    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Begins a list of so many items, which follow.
    pub fn list(&mut self, n_items: usize) -> Result<(), Unsendable> {
        if Limits::SESSION.list_items < n_items {
            return Err(Unsendable::List(n_items));
        }
        self.head(n_items as u64, LIST);
        Ok(())
    }

    pub fn int(&mut self, number: i64) {
        let size = number.unsigned_abs();
        let kind = match (0 <= number, size) {
            (true, ..=MAX_SHORT) => INT,
            (true, _) => LONG_INT,
            (false, size) if size <= MAX_SHORT + 1 => NEG,
            (false, _) => LONG_NEG,
        };
        self.head(size, kind);
    }

    pub fn long(&mut self, long: &Long) {
        self.bytes.extend_from_slice(&long.digits);
        self.bytes.push(if long.negative { LONG_NEG } else { LONG_INT });
    }

    pub fn float(&mut self, number: f64) {
        self.bytes.push(FLOAT);
        self.bytes.extend_from_slice(&number.to_be_bytes());
    }

    /// A byte string; words of the vocabulary become numbers, also in data of users.
    pub fn bytes(&mut self, bytes: &[u8]) -> Result<(), Unsendable> {
        if let Some(number) = self.dialect.number(bytes) {
            self.head(number, VOCAB);
            return Ok(());
        }
        if Limits::SESSION.string_bytes < bytes.len() {
            return Err(Unsendable::String(bytes.len()));
        }
        self.head(bytes.len() as u64, STRING);
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    pub fn word(&mut self, word: &str) -> Result<(), Unsendable> {
        self.bytes(word.as_bytes())
    }

    pub fn expr(&mut self, expr: &Expr) -> Result<(), Unsendable> {
        self.nested(expr, Limits::SESSION.depth)
    }

    fn nested(&mut self, expr: &Expr, depth: usize) -> Result<(), Unsendable> {
        match expr {
            Expr::Int(number) => self.int(*number),
            Expr::Long(long) => self.long(long),
            Expr::Float(number) => self.float(*number),
            Expr::Bytes(bytes) => self.bytes(bytes)?,
            Expr::List(items) => {
                let depth = depth.checked_sub(1).ok_or(Unsendable::TooDeep)?;
                self.list(items.len())?;
                for item in items {
                    self.nested(item, depth)?;
                }
            }
        }
        Ok(())
    }

    fn head(&mut self, mut number: u64, kind: u8) {
        loop {
            self.bytes.push((number & 0x7f) as u8);
            number >>= 7;
            if number == 0 {
                break;
            }
        }
        self.bytes.push(kind);
    }
}
