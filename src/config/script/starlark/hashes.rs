//! `hashlib`, `hmac` and `base64`.

#![expect(clippy::panic, reason = "`StarlarkPagablePanic` makes functions that paging, which is off, would call")]

use std::fmt::{self, Display};
use std::sync::{Mutex, PoisonError};

use allocative::Allocative;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};
use starlark::environment::{GlobalsBuilder, Methods, MethodsBuilder};
use starlark::values::{
    Heap, NoSerialize, ProvidesStaticType, StarlarkPagablePanic, StarlarkValue, Value, ValueLike, starlark_value,
};
use starlark::{starlark_module, starlark_simple_value};

use super::constructor::fail;
use super::exceptions::raise;

/// Most text in one hash.
const MAX_BYTES: usize = 64 << 20;

#[derive(Clone, Copy, Debug)]
enum Kind {
    Md5,
    Sha1,
    Sha256,
    Sha512,
}

/// What was put in so far; the digest is made when it is asked for.
#[derive(Debug, ProvidesStaticType, NoSerialize, Allocative, StarlarkPagablePanic)]
struct Hash {
    #[allocative(skip)]
    kind: Kind,
    #[allocative(skip)]
    text: Mutex<String>,
    /// For `hmac`.
    key: Option<String>,
}

starlark_simple_value!(Hash);

impl Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<hash {:?}>", self.kind)
    }
}

impl Hash {
    fn digest(&self) -> String {
        let text = self.text.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = match &self.key {
            None => self.kind.digest(text.as_bytes()),
            Some(key) => self.kind.with_key(key.as_bytes(), text.as_bytes()),
        };
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl Kind {
    fn digest(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Md5 => Md5::digest(bytes).to_vec(),
            Self::Sha1 => sha1::Digest::finalize(sha1::Digest::chain_update(Sha1::default(), bytes)).to_vec(),
            Self::Sha256 => Sha256::digest(bytes).to_vec(),
            Self::Sha512 => Sha512::digest(bytes).to_vec(),
        }
    }

    /// RFC 2104.
    fn with_key(self, key: &[u8], text: &[u8]) -> Vec<u8> {
        let block = if matches!(self, Self::Sha512) { 128 } else { 64 };
        let mut padded = if block < key.len() { self.digest(key) } else { key.to_vec() };
        padded.resize(block, 0);
        let with = |mask: u8, rest: &[u8]| {
            let bytes: Vec<u8> = padded.iter().map(|byte| byte ^ mask).chain(rest.iter().copied()).collect();
            self.digest(&bytes)
        };
        with(0x5c, &with(0x36, text))
    }
}

starlark::methods_static!(METHODS = methods);

#[starlark_value(type = "hash")]
impl<'v> StarlarkValue<'v> for Hash {
    fn get_methods() -> Option<&'static Methods> {
        Some(METHODS.methods())
    }
}

#[starlark_module]
fn methods(builder: &mut MethodsBuilder) {
    fn update<'v>(this: Value<'v>, #[starlark(require = pos)] more: &str) -> starlark::Result<Value<'v>> {
        let Some(hash) = this.downcast_ref::<Hash>() else { return fail("this is no hash".to_owned()) };
        let mut text = hash.text.lock().unwrap_or_else(PoisonError::into_inner);
        if MAX_BYTES < text.len() + more.len() {
            return fail("the hash is of too much text".to_owned());
        }
        text.push_str(more);
        Ok(Value::new_none())
    }

    fn hexdigest<'v>(this: Value<'v>) -> starlark::Result<String> {
        match this.downcast_ref::<Hash>() {
            Some(hash) => Ok(hash.digest()),
            None => fail("this is no hash".to_owned()),
        }
    }
}

fn hash(kind: Kind, text: Option<&str>) -> Hash {
    Hash { kind, text: Mutex::new(text.unwrap_or_default().to_owned()), key: None }
}

#[starlark_module]
pub fn hashlib(builder: &mut GlobalsBuilder) {
    fn md5<'v>(#[starlark(require = pos)] text: Option<&str>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        Ok(heap.alloc(hash(Kind::Md5, text)))
    }

    fn sha1<'v>(#[starlark(require = pos)] text: Option<&str>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        Ok(heap.alloc(hash(Kind::Sha1, text)))
    }

    fn sha256<'v>(#[starlark(require = pos)] text: Option<&str>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        Ok(heap.alloc(hash(Kind::Sha256, text)))
    }

    fn sha512<'v>(#[starlark(require = pos)] text: Option<&str>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        Ok(heap.alloc(hash(Kind::Sha512, text)))
    }
}

/// The kind that `digestmod` names: a text, or a function of `hashlib`.
fn kind_of<'v>(value: Value<'v>) -> Option<Kind> {
    match value.unpack_str().or_else(|| value.function_name())? {
        "md5" => Some(Kind::Md5),
        "sha1" => Some(Kind::Sha1),
        "sha256" => Some(Kind::Sha256),
        "sha512" => Some(Kind::Sha512),
        _ => None,
    }
}

/// `hmac`: keys and texts are UTF-8, as everything here.
#[starlark_module]
pub fn hmac(builder: &mut GlobalsBuilder) {
    fn new<'v>(
        key: &str,
        msg: Option<&str>,
        digestmod: Option<Value<'v>>,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        let Some(kind) = digestmod.map_or(Some(Kind::Md5), kind_of) else {
            return raise("ValueError", "hmac.new() knows 'md5', 'sha1', 'sha256' and 'sha512'");
        };
        let made = Hash { key: Some(key.to_owned()), ..hash(kind, msg) };
        Ok(heap.alloc(made))
    }

    fn compare_digest(
        #[starlark(require = pos)] left: &str,
        #[starlark(require = pos)] right: &str,
    ) -> starlark::Result<bool> {
        Ok(left == right)
    }
}

fn decoded(bytes: Result<Vec<u8>, base64::DecodeError>) -> starlark::Result<String> {
    match bytes.ok().and_then(|bytes| String::from_utf8(bytes).ok()) {
        Some(text) => Ok(text),
        None => raise("ValueError", "this is no text in base64"),
    }
}

#[starlark_module]
pub fn base64(builder: &mut GlobalsBuilder) {
    fn b64encode(#[starlark(require = pos)] text: &str) -> starlark::Result<String> {
        Ok(STANDARD.encode(text))
    }

    fn b64decode(#[starlark(require = pos)] text: &str) -> starlark::Result<String> {
        decoded(STANDARD.decode(text.trim()))
    }

    fn urlsafe_b64encode(#[starlark(require = pos)] text: &str) -> starlark::Result<String> {
        Ok(URL_SAFE.encode(text))
    }

    fn urlsafe_b64decode(#[starlark(require = pos)] text: &str) -> starlark::Result<String> {
        decoded(URL_SAFE.decode(text.trim()))
    }
}
