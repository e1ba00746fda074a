//! Jelly: values in expressions.
//!
//! A number or byte string stands for itself; everything else is a list whose first element tells what it is.

mod read;
mod shared;
mod write;

pub use read::{NotJelly, read};
pub use write::write;

use super::Failure;
use super::banana::{Expr, Long};

/// A value in a call or an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Jelly {
    None,
    Bool(bool),
    Int(i64),
    /// A number that fits no `i64`.
    Long(Long),
    Float(f64),
    /// Bytes; from a peer in Python 2, any text.
    Bytes(Vec<u8>),
    Text(String),
    List(Vec<Jelly>),
    Tuple(Vec<Jelly>),
    Set(Vec<Jelly>),
    FrozenSet(Vec<Jelly>),
    Dict(Vec<(Jelly, Jelly)>),
    /// An object of whoever sent this.
    Remote(u32),
    /// An object of whoever receives this, given back.
    Local(u32),
    Failure(Box<Failure>),
    /// Anything else, such as a date: kept, not understood.
    Opaque {
        tag: Vec<u8>,
        items: Vec<Expr>,
    },
}

impl Jelly {
    /// Text, whichever way it came; bytes that are no UTF-8 are replaced.
    pub fn into_text(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text),
            Self::Bytes(bytes) => Some(into_utf8(bytes)),
            _ => None,
        }
    }

    /// Bytes, whichever way they came.
    pub fn into_bytes(self) -> Option<Vec<u8>> {
        match self {
            Self::Text(text) => Some(text.into_bytes()),
            Self::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// The items of a list or tuple.
    pub fn into_items(self) -> Option<Vec<Self>> {
        match self {
            Self::List(items) | Self::Tuple(items) => Some(items),
            _ => None,
        }
    }

    pub fn into_entries(self) -> Option<Vec<(Self, Self)>> {
        match self {
            Self::Dict(entries) => Some(entries),
            _ => None,
        }
    }

    pub fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(*number),
            Self::Bool(flag) => Some(i64::from(*flag)),
            _ => None,
        }
    }

    /// A number, whole or not.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Int(number) => Some(*number as f64),
            Self::Float(number) => Some(*number),
            _ => None,
        }
    }
}

impl From<&str> for Jelly {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

pub(super) fn into_utf8(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}
