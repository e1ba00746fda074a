//! `hashlib` and `base64`.

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
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        match self.kind {
            Kind::Md5 => hex(&Md5::digest(text.as_bytes())),
            Kind::Sha1 => hex(&sha1::Digest::finalize(sha1::Digest::chain_update(Sha1::default(), text.as_bytes()))),
            Kind::Sha256 => hex(&Sha256::digest(text.as_bytes())),
            Kind::Sha512 => hex(&Sha512::digest(text.as_bytes())),
        }
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
    Hash { kind, text: Mutex::new(text.unwrap_or_default().to_owned()) }
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
