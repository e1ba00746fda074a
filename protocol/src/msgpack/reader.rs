//! Reads MessagePack items from a slice; every read is checked against what is left.

use std::collections::BTreeMap;

use rmp::Marker;

use super::{MAX_DEPTH, MAX_ITEMS};
use crate::Value;

/// What is wrong with the bytes themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    #[error("it ends too early")]
    Truncated,
    #[error("it goes on after its end")]
    TrailingBytes,
    #[error("text is not UTF-8")]
    NotUtf8,
    #[error("expected {0}")]
    Unexpected(&'static str),
    #[error("it is nested too deeply")]
    TooDeep,
    #[error("it has too many items")]
    TooManyItems,
    #[error("it holds a reserved or extension type")]
    UnsupportedType,
}

/// What kind of item comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Nil,
    Bool,
    Int,
    Float,
    Str,
    Bin,
    Array,
    Map,
    Other,
}

/// A position in a message.
#[derive(Clone, Debug)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
    items_left: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, items_left: MAX_ITEMS }
    }

    pub(super) fn remaining(&self) -> usize {
        self.rest.len()
    }

    pub(super) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Counts items that cost memory; a message that announces too many is refused before they are allocated.
    pub(super) fn charge(&mut self, n_items: usize) -> Result<(), Malformed> {
        self.items_left = self.items_left.checked_sub(n_items).ok_or(Malformed::TooManyItems)?;
        Ok(())
    }

    pub(super) fn peek(&self) -> Result<Kind, Malformed> {
        let first = *self.rest.first().ok_or(Malformed::Truncated)?;
        Ok(match Marker::from_u8(first) {
            Marker::Null => Kind::Nil,
            Marker::True | Marker::False => Kind::Bool,
            Marker::FixPos(_) | Marker::FixNeg(_) => Kind::Int,
            Marker::U8 | Marker::U16 | Marker::U32 | Marker::U64 => Kind::Int,
            Marker::I8 | Marker::I16 | Marker::I32 | Marker::I64 => Kind::Int,
            Marker::F32 | Marker::F64 => Kind::Float,
            Marker::FixStr(_) | Marker::Str8 | Marker::Str16 | Marker::Str32 => Kind::Str,
            Marker::Bin8 | Marker::Bin16 | Marker::Bin32 => Kind::Bin,
            Marker::FixArray(_) | Marker::Array16 | Marker::Array32 => Kind::Array,
            Marker::FixMap(_) | Marker::Map16 | Marker::Map32 => Kind::Map,
            _ => Kind::Other,
        })
    }

    pub(super) fn map_len(&mut self) -> Result<usize, Malformed> {
        match self.marker()? {
            Marker::FixMap(n) => Ok(usize::from(n)),
            Marker::Map16 => self.len16(),
            Marker::Map32 => self.len32(),
            _ => Err(Malformed::Unexpected("a map")),
        }
    }

    pub(super) fn array_len(&mut self) -> Result<usize, Malformed> {
        match self.marker()? {
            Marker::FixArray(n) => Ok(usize::from(n)),
            Marker::Array16 => self.len16(),
            Marker::Array32 => self.len32(),
            _ => Err(Malformed::Unexpected("an array")),
        }
    }

    /// A text; bytes that are text will do, because old peers do not tell the two apart.
    pub(super) fn str(&mut self) -> Result<&'a str, Malformed> {
        std::str::from_utf8(self.bytes()?).map_err(|_| Malformed::NotUtf8)
    }

    /// The bytes of a text or binary item.
    pub(super) fn bytes(&mut self) -> Result<&'a [u8], Malformed> {
        let len = match self.marker()? {
            Marker::FixStr(n) => usize::from(n),
            Marker::Str8 | Marker::Bin8 => self.len8()?,
            Marker::Str16 | Marker::Bin16 => self.len16()?,
            Marker::Str32 | Marker::Bin32 => self.len32()?,
            _ => return Err(Malformed::Unexpected("text or bytes")),
        };
        self.take(len)
    }

    /// A whole number; what is beyond `i64` becomes the largest.
    pub(super) fn int(&mut self) -> Result<i64, Malformed> {
        Ok(match self.marker()? {
            Marker::FixPos(n) => i64::from(n),
            Marker::FixNeg(n) => i64::from(n),
            Marker::U8 => i64::from(u8::from_be_bytes(self.array()?)),
            Marker::U16 => i64::from(u16::from_be_bytes(self.array()?)),
            Marker::U32 => i64::from(u32::from_be_bytes(self.array()?)),
            Marker::U64 => i64::try_from(u64::from_be_bytes(self.array()?)).unwrap_or(i64::MAX),
            Marker::I8 => i64::from(i8::from_be_bytes(self.array()?)),
            Marker::I16 => i64::from(i16::from_be_bytes(self.array()?)),
            Marker::I32 => i64::from(i32::from_be_bytes(self.array()?)),
            Marker::I64 => i64::from_be_bytes(self.array()?),
            _ => return Err(Malformed::Unexpected("a whole number")),
        })
    }

    /// A number, whole or not.
    pub(super) fn number(&mut self) -> Result<f64, Malformed> {
        match self.rest.first().map(|first| Marker::from_u8(*first)) {
            Some(Marker::F64) => {
                self.take(1)?;
                Ok(f64::from_be_bytes(self.array()?))
            }
            Some(Marker::F32) => {
                self.take(1)?;
                Ok(f64::from(f32::from_be_bytes(self.array()?)))
            }
            _ => self.int().map(|number| number as f64),
        }
    }

    /// Any value, copied.
    pub(super) fn value(&mut self) -> Result<Value, Malformed> {
        self.nested_value(MAX_DEPTH)
    }

    fn nested_value(&mut self, depth: usize) -> Result<Value, Malformed> {
        self.charge(1)?;
        Ok(match self.peek()? {
            Kind::Nil => {
                self.take(1)?;
                Value::Nil
            }
            Kind::Bool => Value::Bool(self.marker()? == Marker::True),
            Kind::Int => Value::Int(self.int()?),
            Kind::Float => Value::Float(self.number()?),
            Kind::Str => Value::Str(self.str()?.to_owned()),
            Kind::Bin => Value::Bin(self.bytes()?.to_vec()),
            Kind::Array => {
                let depth = depth.checked_sub(1).ok_or(Malformed::TooDeep)?;
                let len = self.array_len()?;
                let mut items = Vec::with_capacity(len.min(self.remaining()).min(self.items_left));
                for _ in 0..len {
                    items.push(self.nested_value(depth)?);
                }
                Value::Array(items)
            }
            Kind::Map => {
                let depth = depth.checked_sub(1).ok_or(Malformed::TooDeep)?;
                let mut items = BTreeMap::new();
                for _ in 0..self.map_len()? {
                    let key = self.str()?.to_owned();
                    items.insert(key, self.nested_value(depth)?);
                }
                Value::Map(items)
            }
            Kind::Other => return Err(Malformed::UnsupportedType),
        })
    }

    /// Passes over one item of any kind and depth, without recursion or allocation.
    pub(super) fn skip(&mut self) -> Result<(), Malformed> {
        let mut pending: usize = 1;
        while let Some(left) = pending.checked_sub(1) {
            pending = left;
            let (body, children) = self.extent()?;
            self.take(body)?;
            // Every child takes a byte at least: a count beyond that is a lie, and would let the sum overflow.
            if self.remaining() < children {
                return Err(Malformed::Truncated);
            }
            pending += children;
        }
        Ok(())
    }

    /// Reads one marker with its length: how many bytes of its own follow, and how many items.
    fn extent(&mut self) -> Result<(usize, usize), Malformed> {
        Ok(match self.marker()? {
            Marker::FixPos(_) | Marker::FixNeg(_) | Marker::Null | Marker::True | Marker::False => (0, 0),
            Marker::U8 | Marker::I8 => (1, 0),
            Marker::U16 | Marker::I16 | Marker::FixExt1 => (2, 0),
            Marker::FixExt2 => (3, 0),
            Marker::U32 | Marker::I32 | Marker::F32 => (4, 0),
            Marker::FixExt4 => (5, 0),
            Marker::U64 | Marker::I64 | Marker::F64 => (8, 0),
            Marker::FixExt8 => (9, 0),
            Marker::FixExt16 => (17, 0),
            Marker::FixStr(n) => (usize::from(n), 0),
            Marker::Str8 | Marker::Bin8 => (self.len8()?, 0),
            Marker::Str16 | Marker::Bin16 => (self.len16()?, 0),
            Marker::Str32 | Marker::Bin32 => (self.len32()?, 0),
            Marker::Ext8 => (self.len8()?.saturating_add(1), 0),
            Marker::Ext16 => (self.len16()?.saturating_add(1), 0),
            Marker::Ext32 => (self.len32()?.saturating_add(1), 0),
            Marker::FixArray(n) => (0, usize::from(n)),
            Marker::Array16 => (0, self.len16()?),
            Marker::Array32 => (0, self.len32()?),
            Marker::FixMap(n) => (0, usize::from(n) * 2),
            Marker::Map16 => (0, self.len16()? * 2),
            Marker::Map32 => (0, self.len32()?.saturating_mul(2)),
            Marker::Reserved => return Err(Malformed::UnsupportedType),
        })
    }

    fn marker(&mut self) -> Result<Marker, Malformed> {
        let [byte] = self.array()?;
        Ok(Marker::from_u8(byte))
    }

    fn len8(&mut self) -> Result<usize, Malformed> {
        Ok(usize::from(u8::from_be_bytes(self.array()?)))
    }

    fn len16(&mut self) -> Result<usize, Malformed> {
        Ok(usize::from(u16::from_be_bytes(self.array()?)))
    }

    fn len32(&mut self) -> Result<usize, Malformed> {
        usize::try_from(u32::from_be_bytes(self.array()?)).map_err(|_| Malformed::Truncated)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (head, rest) = self.rest.split_first_chunk::<N>().ok_or(Malformed::Truncated)?;
        self.rest = rest;
        Ok(*head)
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8], Malformed> {
        let (head, rest) = self.rest.split_at_checked(len).ok_or(Malformed::Truncated)?;
        self.rest = rest;
        Ok(head)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_nested_too_deeply_is_refused_and_skipping_it_is_not_a_problem() {
        let mut bytes = vec![0x91; 100_000];
        bytes.push(0xc0);
        assert_eq!(Reader::new(&bytes).value(), Err(Malformed::TooDeep));
        let mut reader = Reader::new(&bytes);
        assert_eq!(reader.skip(), Ok(()));
        assert_eq!(reader.remaining(), 0);
    }

    #[test]
    fn an_array_that_announces_more_items_than_bytes_allocates_nothing() {
        let bytes = [0xdd, 0xff, 0xff, 0xff, 0xff, 0xc0];
        assert_eq!(Reader::new(&bytes).value(), Err(Malformed::Truncated));
        assert_eq!(Reader::new(&bytes).skip(), Err(Malformed::Truncated));
    }

    #[test]
    fn more_items_than_the_limit_are_refused() {
        let mut bytes = vec![0xdd, 0x00, 0x20, 0x00, 0x00];
        bytes.resize(bytes.len() + (2 << 20), 0xc0);
        assert_eq!(Reader::new(&bytes).value(), Err(Malformed::TooManyItems));
    }

    #[test]
    fn numbers_of_every_width_are_read() {
        let cases: [(&[u8], i64); 6] = [
            (&[0x7f], 127),
            (&[0xe0], -32),
            (&[0xcd, 0x01, 0x00], 256),
            (&[0xd1, 0xff, 0x00], -256),
            (&[0xd3, 0x80, 0, 0, 0, 0, 0, 0, 0], i64::MIN),
            (&[0xcf, 0xff, 0, 0, 0, 0, 0, 0, 0], i64::MAX),
        ];
        for (bytes, number) in cases {
            assert_eq!(Reader::new(bytes).int(), Ok(number), "{bytes:02x?}");
        }
        assert_eq!(Reader::new(&[0xca, 0x3f, 0x80, 0, 0]).number(), Ok(1.0));
    }

    #[test]
    fn an_extension_is_skipped_but_is_no_value() {
        let bytes = [0xd6, 0x01, 1, 2, 3, 4];
        assert_eq!(Reader::new(&bytes).value(), Err(Malformed::UnsupportedType));
        let mut reader = Reader::new(&bytes);
        assert_eq!(reader.skip(), Ok(()));
        assert_eq!(reader.remaining(), 0);
    }
}
