//! `random` and `uuid`, whose numbers begin anew with every load.

#![expect(clippy::panic, reason = "`StarlarkPagablePanic` makes functions that paging, which is off, would call")]

use std::fmt::{self, Display};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use allocative::Allocative;
use starlark::environment::GlobalsBuilder;
use starlark::eval::{Arguments, Evaluator};
use starlark::starlark_simple_value;
use starlark::values::float::UnpackFloat;
use starlark::values::list::ListRef;
use starlark::values::{
    NoSerialize, ProvidesStaticType, StarlarkPagablePanic, StarlarkValue, UnpackValue, Value, starlark_value,
};

use super::exceptions::raise;
use super::natives::items_of;
use crate::config::script::Surroundings;

/// Most numbers at once.
const MAX_SAMPLE: usize = 100_000;

pub fn random(builder: &mut GlobalsBuilder, surroundings: &Surroundings) {
    let numbers = Arc::new(AtomicU64::new(seed(surroundings)));
    for what in ["random", "randint", "randrange", "choice", "shuffle", "sample", "uniform", "seed", "getrandbits"] {
        builder.set(what, RandomFunction { what, numbers: Arc::clone(&numbers) });
    }
}

pub fn uuid(builder: &mut GlobalsBuilder, surroundings: &Surroundings) {
    let numbers = Arc::new(AtomicU64::new(seed(surroundings).rotate_left(32)));
    for what in ["uuid4", "uuid1"] {
        builder.set(what, RandomFunction { what, numbers: Arc::clone(&numbers) });
    }
}

fn seed(surroundings: &Surroundings) -> u64 {
    surroundings.now.get().micros().unsigned_abs()
}

#[derive(Debug, ProvidesStaticType, NoSerialize, Allocative, StarlarkPagablePanic)]
struct RandomFunction {
    what: &'static str,
    /// The state of the generator; calls from several threads each take a number.
    #[allocative(skip)]
    numbers: Arc<AtomicU64>,
}

starlark_simple_value!(RandomFunction);

impl Display for RandomFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<function {}>", self.what)
    }
}

impl RandomFunction {
    /// SplitMix64.
    fn next(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let state = self.numbers.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn real(&self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn below(&self, limit: usize) -> usize {
        usize::try_from(self.next()).unwrap_or(0) % limit.max(1)
    }

    fn sample<'v>(&self, mut items: Vec<Value<'v>>, count: Option<i64>) -> starlark::Result<Vec<Value<'v>>> {
        let count = count.and_then(|count| usize::try_from(count).ok()).unwrap_or(0);
        if items.len() < count || MAX_SAMPLE < count {
            return raise("ValueError", "the sample is larger than what it is taken from");
        }
        Ok((0..count).map(|_| items.swap_remove(self.below(items.len()))).collect())
    }

    fn shuffle<'v>(
        &self,
        list: Option<Value<'v>>,
        mut items: Vec<Value<'v>>,
        heap: starlark::values::Heap<'v>,
    ) -> starlark::Result<()> {
        for at in (1..items.len()).rev() {
            items.swap(at, self.below(at + 1));
        }
        let Some(list) = list.filter(|list| ListRef::from_value(*list).is_some()) else { return Ok(()) };
        for (at, item) in items.into_iter().enumerate() {
            list.set_at(heap.alloc(i32::try_from(at).unwrap_or(0)), item)?;
        }
        Ok(())
    }

    /// A random UUID, of version 4.
    fn uuid(&self) -> String {
        let (high, low) = (self.next(), self.next());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xfff,
            ((low >> 48) & 0x3fff) | 0x8000,
            low & 0xffff_ffff_ffff
        )
    }
}

#[starlark_value(type = "function")]
impl<'v> StarlarkValue<'v> for RandomFunction {
    fn invoke(
        &self,
        _: Value<'v>,
        arguments: &Arguments<'v, '_>,
        evaluator: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        let heap = evaluator.heap();
        let given: Vec<Value<'v>> = arguments.positions(heap)?.collect();
        let whole = |at: usize| given.get(at).and_then(|value| i64::unpack_value(*value).ok().flatten());
        let real = |at: usize| given.get(at).and_then(|value| UnpackFloat::unpack_value(*value).ok().flatten());
        let list = |at: usize| match given.get(at) {
            Some(list) => items_of(*list, heap),
            None => raise("TypeError", format!("random.{}() needs a list", self.what)),
        };
        Ok(match self.what {
            "random" => heap.alloc(self.real()),
            "uniform" => {
                let (low, high) = (real(0).map_or(0.0, |it| it.0), real(1).map_or(1.0, |it| it.0));
                heap.alloc(low + (high - low) * self.real())
            }
            "randint" | "randrange" => {
                let (low, high) = match (whole(0), whole(1), self.what) {
                    (Some(low), Some(high), "randint") => (low, high.saturating_add(1)),
                    (Some(low), Some(high), _) => (low, high),
                    (Some(high), None, "randrange") => (0, high),
                    _ => return raise("TypeError", format!("random.{}() needs whole numbers", self.what)),
                };
                let width = u64::try_from(high.saturating_sub(low)).unwrap_or(0);
                if width == 0 {
                    return raise("ValueError", "there is no number in this range");
                }
                heap.alloc(low.wrapping_add_unsigned(self.next() % width))
            }
            "getrandbits" => heap.alloc(i64::try_from(self.next() >> 1).unwrap_or(0)),
            "choice" => {
                let items = list(0)?;
                if items.is_empty() {
                    return raise("IndexError", "there is nothing to choose from");
                }
                items[self.below(items.len())]
            }
            "sample" => heap.alloc(self.sample(list(0)?, whole(1))?),
            "shuffle" => {
                self.shuffle(given.first().copied(), list(0)?, heap)?;
                Value::new_none()
            }
            "seed" => {
                self.numbers.store(whole(0).unwrap_or(0).unsigned_abs(), Ordering::Relaxed);
                Value::new_none()
            }
            _ => heap.alloc(self.uuid()),
        })
    }
}
