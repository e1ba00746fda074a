//! The top level of a message: which keys it has and where their values lie.
//!
//! Keys may come in any order, and what a value means depends on `op`. So one pass notes the slices, and the values
//! are read once the operation is known.

use super::reader::{Kind, Malformed, Reader};
use super::{DecodeError, Refusal};
use crate::message::Arguments;
use crate::{Value, WorkerSettings};

/// No operation has more arguments; further keys are ignored.
const MAX_FIELDS: usize = 16;

pub(super) struct Fields<'a> {
    entries: Vec<(&'a str, &'a [u8])>,
    seq: i64,
}

impl<'a> Fields<'a> {
    /// Finds all keys; `op` and `seq_number` must be there.
    pub(super) fn find(bytes: &'a [u8]) -> Result<(&'a str, Self), DecodeError> {
        let mut reader = Reader::new(bytes);
        let len = reader.map_len()?;
        let mut entries = Vec::with_capacity(len.min(MAX_FIELDS));
        for _ in 0..len {
            let key = reader.str()?;
            let rest = reader.rest();
            reader.skip()?;
            let value = rest.get(..rest.len() - reader.remaining()).unwrap_or_default();
            if entries.len() < MAX_FIELDS {
                entries.push((key, value));
            }
        }
        if reader.remaining() != 0 {
            return Err(Malformed::TrailingBytes.into());
        }
        let mut fields = Self { entries, seq: 0 };
        let op = fields.find_op().ok_or(DecodeError::Unanswerable("op"))?;
        fields.seq = fields.find_seq().ok_or(DecodeError::Unanswerable("seq_number"))?;
        Ok((op, fields))
    }

    fn find_op(&self) -> Option<&'a str> {
        self.reader("op")?.str().ok()
    }

    fn find_seq(&self) -> Option<i64> {
        self.reader("seq_number")?.int().ok()
    }

    pub(super) fn seq(&self) -> i64 {
        self.seq
    }

    pub(super) fn refuse(&self, refusal: Refusal) -> DecodeError {
        DecodeError::Refused { seq: self.seq, refusal }
    }

    /// The last value of `key`, as maps of Python keep it.
    fn reader(&self, key: &str) -> Option<Reader<'a>> {
        let (_, value) = self.entries.iter().rev().find(|(name, _)| *name == key)?;
        Some(Reader::new(value))
    }

    pub(super) fn required(&self, key: &'static str) -> Result<Reader<'a>, DecodeError> {
        self.reader(key).ok_or_else(|| self.refuse(Refusal::MissingKey(key)))
    }

    /// A reading error of an argument: the request is answered with it.
    pub(super) fn read<T>(
        &self,
        key: &'static str,
        read: impl FnOnce(&mut Reader<'a>) -> Result<T, Malformed>,
    ) -> Result<T, DecodeError> {
        let mut reader = self.required(key)?;
        read(&mut reader).map_err(|error| match error {
            Malformed::Unexpected(_) => self.refuse(Refusal::WrongType(key)),
            other => DecodeError::Malformed(other),
        })
    }

    pub(super) fn text(&self, key: &'static str) -> Result<String, DecodeError> {
        self.read(key, Reader::str).map(str::to_owned)
    }

    pub(super) fn optional_text(&self, key: &'static str) -> Result<Option<String>, DecodeError> {
        match self.reader(key).map(|reader| reader.peek()) {
            None | Some(Ok(Kind::Nil)) => Ok(None),
            Some(_) => self.text(key).map(Some),
        }
    }

    pub(super) fn int(&self, key: &'static str) -> Result<i64, DecodeError> {
        self.read(key, Reader::int)
    }

    pub(super) fn number(&self, key: &'static str) -> Result<f64, DecodeError> {
        self.read(key, Reader::number)
    }

    /// A time of a file; no number where the worker found none.
    pub(super) fn time(&self, key: &'static str) -> Result<f64, DecodeError> {
        match self.reader(key).map(|reader| reader.peek()) {
            Some(Ok(Kind::Nil)) => Ok(f64::NAN),
            _ => self.number(key),
        }
    }

    pub(super) fn bytes(&self, key: &'static str) -> Result<Vec<u8>, DecodeError> {
        self.read(key, |reader| reader.bytes().map(<[u8]>::to_vec))
    }

    pub(super) fn value(&self, key: &'static str) -> Result<Option<Value>, DecodeError> {
        Ok(match self.reader(key) {
            Some(mut reader) => Some(reader.value()?),
            None => None,
        })
    }

    pub(super) fn arguments(&self, key: &'static str) -> Result<Arguments, DecodeError> {
        match self.read(key, Reader::value)? {
            Value::Map(items) => Ok(items),
            _ => Err(self.refuse(Refusal::WrongType(key))),
        }
    }

    pub(super) fn settings(&self) -> Result<WorkerSettings, DecodeError> {
        let args = self.arguments("args")?;
        let find = |key: &'static str| args.get(key).ok_or_else(|| self.refuse(Refusal::MissingKey(key)));
        let wrong = |key: &'static str| self.refuse(Refusal::WrongType(key));
        Ok(WorkerSettings {
            newline_re: find("newline_re")?.as_str().ok_or_else(|| wrong("newline_re"))?.to_owned(),
            max_line_length: find("max_line_length")?.as_int().ok_or_else(|| wrong("max_line_length"))?,
            buffer_timeout: find("buffer_timeout")?.as_f64().ok_or_else(|| wrong("buffer_timeout"))?,
            buffer_size: find("buffer_size")?.as_int().ok_or_else(|| wrong("buffer_size"))?,
        })
    }
}
