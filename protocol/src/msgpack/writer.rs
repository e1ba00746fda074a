//! Writes MessagePack items into memory, each in its shortest form.

use rmp::encode;

use crate::Value;

/// Why `expect` is right on every write below.
const IN_MEMORY: &str = "writing into memory cannot fail";

pub(super) struct Writer(Vec<u8>);

impl Writer {
    pub(super) fn with_capacity(n_bytes: usize) -> Self {
        Self(Vec::with_capacity(n_bytes))
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    pub(super) fn map(&mut self, len: usize) {
        encode::write_map_len(&mut self.0, count(len)).expect(IN_MEMORY);
    }

    pub(super) fn array(&mut self, len: usize) {
        encode::write_array_len(&mut self.0, count(len)).expect(IN_MEMORY);
    }

    pub(super) fn str(&mut self, text: &str) {
        encode::write_str(&mut self.0, text).expect(IN_MEMORY);
    }

    pub(super) fn bin(&mut self, bytes: &[u8]) {
        encode::write_bin(&mut self.0, bytes).expect(IN_MEMORY);
    }

    pub(super) fn int(&mut self, number: i64) {
        encode::write_sint(&mut self.0, number).expect(IN_MEMORY);
    }

    pub(super) fn float(&mut self, number: f64) {
        encode::write_f64(&mut self.0, number).expect(IN_MEMORY);
    }

    pub(super) fn nil(&mut self) {
        encode::write_nil(&mut self.0).expect(IN_MEMORY);
    }

    pub(super) fn bool(&mut self, flag: bool) {
        encode::write_bool(&mut self.0, flag).expect(IN_MEMORY);
    }

    pub(super) fn value(&mut self, value: &Value) {
        match value {
            Value::Nil => self.nil(),
            Value::Bool(flag) => self.bool(*flag),
            Value::Int(number) => self.int(*number),
            Value::Float(number) => self.float(*number),
            Value::Str(text) => self.str(text),
            Value::Bin(bytes) => self.bin(bytes),
            Value::Array(items) => {
                self.array(items.len());
                items.iter().for_each(|item| self.value(item));
            }
            Value::Map(items) => {
                self.map(items.len());
                for (key, item) in items {
                    self.str(key);
                    self.value(item);
                }
            }
        }
    }
}

/// Lengths have 32 bits; what has more items than that does not fit in a message anyway.
fn count(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}
