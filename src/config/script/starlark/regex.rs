//! `re`: patterns are compiled once for each thread, and a search that would take for ever is given up.

#![expect(clippy::too_many_arguments, reason = "Python's `re.sub` has so many")]
#![expect(clippy::panic, reason = "`StarlarkPagablePanic` makes functions that paging, which is off, would call")]

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt::{self, Display};
use std::hash::Hash;
use std::sync::Arc;

use allocative::Allocative;
use fancy_regex::{Captures, Regex, RegexBuilder};
use starlark::collections::StarlarkHasher;
use starlark::environment::{GlobalsBuilder, Methods, MethodsBuilder};
use starlark::eval::Evaluator;
use starlark::values::tuple::AllocTuple;
use starlark::values::{
    Heap, NoSerialize, ProvidesStaticType, StarlarkPagablePanic, StarlarkValue, Value, ValueLike, starlark_value,
};
use starlark::{starlark_module, starlark_simple_value};

use super::constructor::fail;
use super::exceptions::{ExceptionClass, chain, raise};
use super::regex_match::Match;

/// Steps back that a search may take: a fraction of a second.
const MAX_STEPS: usize = 200_000;
/// A compiled pattern may take this much memory.
const MAX_BYTES: usize = 4 << 20;
/// Compiled patterns that a thread keeps.
const MAX_KEPT: usize = 200;

const IGNORECASE: i32 = 2;
const MULTILINE: i32 = 8;
const DOTALL: i32 = 16;
const VERBOSE: i32 = 64;
/// Flags, and how they are written within a pattern.
const FLAG_LETTERS: [(i32, char); 4] = [(IGNORECASE, 'i'), (MULTILINE, 'm'), (DOTALL, 's'), (VERBOSE, 'x')];

thread_local! {
    static COMPILED: RefCell<HashMap<String, Arc<Regex>>> = RefCell::default();
}

/// Compiles a pattern, or takes it from those of this thread.
fn compiled(pattern: &str, flags: i32) -> starlark::Result<Arc<Regex>> {
    let key = format!("{flags} {pattern}");
    if let Some(known) = COMPILED.with_borrow(|known| known.get(&key).cloned()) {
        return Ok(known);
    }
    let text = with_flags(pattern, flags);
    let mut builder = RegexBuilder::new(&text);
    builder.backtrack_limit(MAX_STEPS).delegate_size_limit(MAX_BYTES).delegate_dfa_size_limit(MAX_BYTES);
    let regex = match builder.build() {
        Ok(regex) => Arc::new(regex),
        Err(error) => {
            let text = error.to_string();
            let text = text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            return raise("ValueError", format!("'{pattern}' is no regular expression: {text}"));
        }
    };
    COMPILED.with_borrow_mut(|known| {
        if MAX_KEPT <= known.len() {
            known.clear();
        }
        known.insert(key, Arc::clone(&regex));
    });
    Ok(regex)
}

/// A pattern that says its flags itself.
fn with_flags(pattern: &str, flags: i32) -> String {
    let mut letters = String::new();
    for (flag, letter) in FLAG_LETTERS {
        if flags & flag != 0 {
            letters.push(letter);
        }
    }
    // Python ends a text with \Z, where this has \z.
    let translated = pattern.replace("\\Z", "\\z");
    if letters.is_empty() { translated } else { format!("(?{letters}){translated}") }
}

fn too_long<T>(pattern: &str) -> starlark::Result<T> {
    fail(format!("looking for '{pattern}' takes too long; make the expression simpler"))
}

/// A compiled pattern.
#[derive(Debug, ProvidesStaticType, NoSerialize, Allocative, StarlarkPagablePanic)]
pub struct Pattern {
    text: String,
    flags: i32,
    #[allocative(skip)]
    regex: Arc<Regex>,
}

starlark_simple_value!(Pattern);

impl Pattern {
    /// With its flags in front, as one text.
    pub fn whole_text(&self) -> String {
        with_flags(&self.text, self.flags)
    }
}

impl Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "re.compile({:?})", self.text)
    }
}

starlark::methods_static!(PATTERN_METHODS = pattern_methods);

#[starlark_value(type = "pattern")]
impl<'v> StarlarkValue<'v> for Pattern {
    fn get_methods() -> Option<&'static Methods> {
        Some(PATTERN_METHODS.methods())
    }

    fn get_attr(&self, attribute: &str, heap: Heap<'v>) -> Option<Value<'v>> {
        match attribute {
            "pattern" => Some(heap.alloc(self.text.as_str())),
            "flags" => Some(heap.alloc(self.flags)),
            _ => None,
        }
    }

    fn write_hash(&self, hasher: &mut StarlarkHasher) -> starlark::Result<()> {
        (&self.text, self.flags).hash(hasher);
        Ok(())
    }

    fn equals(&self, other: Value<'v>) -> starlark::Result<bool> {
        let other = other.downcast_ref::<Self>();
        Ok(other.is_some_and(|other| other.text == self.text && other.flags == self.flags))
    }
}

impl Pattern {
    fn new(text: &str, flags: i32) -> starlark::Result<Self> {
        Ok(Self { text: text.to_owned(), flags, regex: compiled(text, flags)? })
    }

    fn captures<'t>(&self, text: &'t str, from: usize) -> starlark::Result<Option<Captures<'t>>> {
        match self.regex.captures_from_pos(text, from) {
            Ok(captures) => Ok(captures),
            Err(_) => too_long(&self.text),
        }
    }

    fn search<'v>(&self, text: &str, how: How, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        let anchored = match how {
            How::Anywhere => None,
            How::Beginning => Some(format!("\\A(?:{})", self.text)),
            How::Whole => Some(format!("\\A(?:{})\\z", self.text)),
        };
        let anchored = anchored.map(|text| Self::new(&text, self.flags)).transpose()?;
        let pattern = anchored.as_ref().unwrap_or(self);
        let found = pattern.captures(text, 0)?;
        Ok(found.map_or(Value::new_none(), |captures| heap.alloc(Match::new(&pattern.regex, text, &captures))))
    }

    /// All matches that do not overlap.
    fn all(&self, text: &str) -> starlark::Result<Vec<Match>> {
        let mut found = Vec::new();
        for captures in self.regex.captures_iter(text) {
            match captures {
                Ok(captures) => found.push(Match::new(&self.regex, text, &captures)),
                Err(_) => return too_long(&self.text),
            }
        }
        Ok(found)
    }

    fn find_all<'v>(&self, text: &str, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        let all = self.all(text)?.into_iter().map(|found| match found.groups.len() {
            1 => found.value(0, Value::new_none(), heap),
            2 => found.value(1, heap.alloc(""), heap),
            n => heap.alloc(AllocTuple((1..n).map(|group| found.value(group, heap.alloc(""), heap)))),
        });
        Ok(heap.alloc(all.collect::<Vec<_>>()))
    }

    fn split<'v>(&self, text: &str, most: usize, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        let (mut parts, mut done) = (Vec::new(), 0);
        for found in self.all(text)? {
            let Some((start, end)) = found.spans.first().copied().flatten() else { continue };
            if (most != 0 && most <= parts.len()) || (start == end && (start == 0 || start == text.len())) {
                continue;
            }
            parts.push(heap.alloc(&text[done..start]));
            parts.extend((1..found.groups.len()).map(|group| found.value(group, Value::new_none(), heap)));
            done = end;
        }
        parts.push(heap.alloc(&text[done..]));
        Ok(heap.alloc(parts))
    }

    fn substitute<'v>(
        &self,
        by: Value<'v>,
        text: &str,
        most: usize,
        evaluator: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<(String, i32)> {
        let (mut result, mut done, mut count) = (String::new(), 0, 0);
        for found in self.all(text)? {
            let Some((start, end)) = found.spans.first().copied().flatten() else { continue };
            if most != 0 && most <= usize::try_from(count).unwrap_or(0) {
                break;
            }
            result.push_str(&text[done..start]);
            match by.unpack_str() {
                Some(template) => result.push_str(&found.expand(template)),
                None => {
                    let found = evaluator.heap().alloc(found);
                    result.push_str(&evaluator.eval_function(by, &[found], &[])?.to_str());
                }
            }
            done = end;
            count += 1;
        }
        result.push_str(&text[done..]);
        Ok((result, count))
    }
}

/// Where a match has to lie.
#[derive(Clone, Copy)]
enum How {
    Anywhere,
    Beginning,
    Whole,
}

fn pattern_of<'v>(value: Value<'v>, flags: Option<i32>) -> starlark::Result<Pattern> {
    if let Some(pattern) = value.downcast_ref::<Pattern>() {
        return Ok(Pattern { text: pattern.text.clone(), flags: pattern.flags, regex: Arc::clone(&pattern.regex) });
    }
    match value.unpack_str() {
        Some(text) => Pattern::new(text, flags.unwrap_or(0)),
        None => raise("TypeError", format!("a pattern is a text, not a {}", value.get_type())),
    }
}

fn size(number: Option<i32>) -> usize {
    usize::try_from(number.unwrap_or(0)).unwrap_or(0)
}

pub fn fill(builder: &mut GlobalsBuilder) {
    let flags = [
        ("IGNORECASE", IGNORECASE),
        ("I", IGNORECASE),
        ("MULTILINE", MULTILINE),
        ("M", MULTILINE),
        ("DOTALL", DOTALL),
        ("S", DOTALL),
        ("VERBOSE", VERBOSE),
        ("X", VERBOSE),
        ("UNICODE", 0),
        ("U", 0),
    ];
    for (name, flag) in flags {
        builder.set(name, flag);
    }
    builder.set("error", ExceptionClass { chain: chain("ValueError") });
    functions(builder);
}

#[starlark_module]
fn functions(builder: &mut GlobalsBuilder) {
    fn compile<'v>(
        #[starlark(require = pos)] pattern: Value<'v>,
        flags: Option<i32>,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        Ok(heap.alloc(pattern_of(pattern, flags)?))
    }

    fn search<'v>(
        #[starlark(require = pos)] pattern: Value<'v>,
        #[starlark(require = pos)] text: &str,
        flags: Option<i32>,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        pattern_of(pattern, flags)?.search(text, How::Anywhere, heap)
    }

    fn r#match<'v>(
        #[starlark(require = pos)] pattern: Value<'v>,
        #[starlark(require = pos)] text: &str,
        flags: Option<i32>,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        pattern_of(pattern, flags)?.search(text, How::Beginning, heap)
    }

    fn fullmatch<'v>(
        #[starlark(require = pos)] pattern: Value<'v>,
        #[starlark(require = pos)] text: &str,
        flags: Option<i32>,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        pattern_of(pattern, flags)?.search(text, How::Whole, heap)
    }

    fn findall<'v>(
        #[starlark(require = pos)] pattern: Value<'v>,
        #[starlark(require = pos)] text: &str,
        flags: Option<i32>,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        pattern_of(pattern, flags)?.find_all(text, heap)
    }

    fn finditer<'v>(
        #[starlark(require = pos)] pattern: Value<'v>,
        #[starlark(require = pos)] text: &str,
        flags: Option<i32>,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        Ok(heap.alloc(pattern_of(pattern, flags)?.all(text)?))
    }

    fn split<'v>(
        #[starlark(require = pos)] pattern: Value<'v>,
        #[starlark(require = pos)] text: &str,
        maxsplit: Option<i32>,
        flags: Option<i32>,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        pattern_of(pattern, flags)?.split(text, size(maxsplit), heap)
    }

    fn sub<'v>(
        #[starlark(require = pos)] pattern: Value<'v>,
        #[starlark(require = pos)] by: Value<'v>,
        #[starlark(require = pos)] text: &str,
        count: Option<i32>,
        flags: Option<i32>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<String> {
        Ok(pattern_of(pattern, flags)?.substitute(by, text, size(count), eval)?.0)
    }

    fn escape(#[starlark(require = pos)] text: &str) -> starlark::Result<String> {
        Ok(regex::escape(text))
    }
}

fn this<'v>(value: Value<'v>) -> starlark::Result<&'v Pattern> {
    value.downcast_ref::<Pattern>().map_or_else(|| fail("this is no pattern".to_owned()), Ok)
}

#[starlark_module]
fn pattern_methods(builder: &mut MethodsBuilder) {
    fn search<'v>(
        this: Value<'v>,
        #[starlark(require = pos)] text: &str,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        self::this(this)?.search(text, How::Anywhere, heap)
    }

    fn r#match<'v>(
        this: Value<'v>,
        #[starlark(require = pos)] text: &str,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        self::this(this)?.search(text, How::Beginning, heap)
    }

    fn fullmatch<'v>(
        this: Value<'v>,
        #[starlark(require = pos)] text: &str,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        self::this(this)?.search(text, How::Whole, heap)
    }

    fn findall<'v>(
        this: Value<'v>,
        #[starlark(require = pos)] text: &str,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        self::this(this)?.find_all(text, heap)
    }

    fn finditer<'v>(
        this: Value<'v>,
        #[starlark(require = pos)] text: &str,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        Ok(heap.alloc(self::this(this)?.all(text)?))
    }

    fn split<'v>(
        this: Value<'v>,
        #[starlark(require = pos)] text: &str,
        maxsplit: Option<i32>,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        self::this(this)?.split(text, size(maxsplit), heap)
    }

    fn sub<'v>(
        this: Value<'v>,
        #[starlark(require = pos)] by: Value<'v>,
        #[starlark(require = pos)] text: &str,
        count: Option<i32>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<String> {
        Ok(self::this(this)?.substitute(by, text, size(count), eval)?.0)
    }
}
