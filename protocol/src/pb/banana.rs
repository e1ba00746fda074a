//! Banana: bytes to expressions and back.
//!
//! An expression is a number, a byte string or a list. Each begins with a number in base 128, its least significant
//! digit first, and a byte that tells its kind.

mod decoder;
mod encoder;
mod vocabulary;

pub use decoder::{Decoder, Malformed};
pub use encoder::{Unsendable, Writer, encode};
pub use vocabulary::{Dialect, VOCABULARY};

const LIST: u8 = 0x80;
const INT: u8 = 0x81;
const STRING: u8 = 0x82;
const NEG: u8 = 0x83;
const FLOAT: u8 = 0x84;
const LONG_INT: u8 = 0x85;
const LONG_NEG: u8 = 0x86;
const VOCAB: u8 = 0x87;

/// More digits before a type byte are an error.
const MAX_DIGITS: usize = 64;

/// Numbers up to this are written as `INT`, and their negatives, one further, as `NEG`.
const MAX_SHORT: u64 = (1 << 31) - 1;

/// One expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    Int(i64),
    /// A number that fits no `i64`.
    Long(Long),
    Float(f64),
    Bytes(Vec<u8>),
    List(Vec<Expr>),
}

/// A whole number of any size the protocol can write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Long {
    pub negative: bool,
    /// Base 128, the least significant first.
    pub digits: Box<[u8]>,
}

impl Expr {
    /// A byte string from text.
    pub fn word(text: &str) -> Self {
        Self::Bytes(text.as_bytes().to_vec())
    }

    pub fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    pub fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(*number),
            _ => None,
        }
    }

    pub fn as_list(&self) -> Option<&[Expr]> {
        match self {
            Self::List(items) => Some(items),
            _ => None,
        }
    }
}
