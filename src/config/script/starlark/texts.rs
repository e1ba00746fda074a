//! `string`, `textwrap`, `fnmatch`, `shlex`, `urllib.parse`, `pprint`: functions over texts.

use starlark::environment::GlobalsBuilder;
use starlark::starlark_module;
use starlark::values::dict::DictRef;
use starlark::values::structs::AllocStruct;
use starlark::values::tuple::UnpackTuple;
use starlark::values::{Heap, Value};

use super::constructor::fail;
use super::exceptions::raise;
use super::natives::items_of;

pub fn string(builder: &mut GlobalsBuilder) {
    let (lower, upper) = ("abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    builder.set("ascii_lowercase", lower);
    builder.set("ascii_uppercase", upper);
    builder.set("ascii_letters", format!("{lower}{upper}"));
    builder.set("digits", "0123456789");
    builder.set("hexdigits", "0123456789abcdefABCDEF");
    builder.set("punctuation", "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~");
    builder.set("whitespace", " \t\n\r\u{b}\u{c}");
    string_functions(builder);
}

#[starlark_module]
fn string_functions(builder: &mut GlobalsBuilder) {
    fn join<'v>(
        #[starlark(require = pos)] parts: Value<'v>,
        #[starlark(require = pos)] separator: Option<&str>,
        heap: Heap<'v>,
    ) -> starlark::Result<String> {
        let parts: Vec<String> = items_of(parts, heap)?.into_iter().map(|part| part.to_str()).collect();
        Ok(parts.join(separator.unwrap_or(" ")))
    }

    fn capwords(#[starlark(require = pos)] text: &str) -> starlark::Result<String> {
        let capital = |word: &str| {
            let mut letters = word.chars();
            let first = letters.next().map(char::to_uppercase);
            first.into_iter().flatten().chain(letters.as_str().to_lowercase().chars()).collect::<String>()
        };
        Ok(text.split_whitespace().map(capital).collect::<Vec<_>>().join(" "))
    }
}

#[starlark_module]
pub fn textwrap(builder: &mut GlobalsBuilder) {
    /// Without the space that all lines begin with.
    fn dedent(#[starlark(require = pos)] text: &str) -> starlark::Result<String> {
        let lines: Vec<&str> = text.split('\n').collect();
        let indents = lines.iter().filter(|line| !line.trim().is_empty());
        let margin = indents.map(|line| &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]);
        let margin = margin.reduce(|a, b| {
            let same = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
            &a[..same]
        });
        let margin = margin.unwrap_or_default();
        let without = |line: &&str| {
            if line.trim().is_empty() { String::new() } else { line.strip_prefix(margin).unwrap_or(line).to_owned() }
        };
        Ok(lines.iter().map(without).collect::<Vec<_>>().join("\n"))
    }

    fn indent(
        #[starlark(require = pos)] text: &str,
        #[starlark(require = pos)] prefix: &str,
    ) -> starlark::Result<String> {
        let lines = text.split_inclusive('\n');
        Ok(lines.map(|line| if line.trim().is_empty() { line.to_owned() } else { format!("{prefix}{line}") }).collect())
    }

    fn fill(#[starlark(require = pos)] text: &str, width: Option<i32>) -> starlark::Result<String> {
        Ok(wrapped(text, width).join("\n"))
    }

    fn wrap<'v>(
        #[starlark(require = pos)] text: &str,
        width: Option<i32>,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        Ok(heap.alloc(wrapped(text, width)))
    }
}

fn wrapped(text: &str, width: Option<i32>) -> Vec<String> {
    let width = usize::try_from(width.unwrap_or(70)).unwrap_or(70);
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// Whether a name fits a pattern with `*`, `?` and `[...]`.
pub fn wildcard(pattern: &str, name: &str) -> bool {
    let mut text = "(?s)^".to_owned();
    let mut letters = pattern.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '*' => text.push_str(".*"),
            '?' => text.push('.'),
            '[' => {
                let mut class = String::new();
                while let Some(inner) = letters.next_if(|inner| *inner != ']' || class.is_empty() || class == "!") {
                    class.push(inner);
                }
                let closed = letters.next_if_eq(&']').is_some();
                let (not, class) = class.strip_prefix('!').map_or(("", class.as_str()), |rest| ("^", rest));
                let class = class.replace('\\', "\\\\").replace('[', "\\[").replace(']', "\\]");
                if closed {
                    text.push_str(&format!("[{not}{class}]"));
                } else {
                    text.push_str(&regex::escape(&format!("[{class}")));
                }
            }
            other => text.push_str(&regex::escape(&other.to_string())),
        }
    }
    text.push('$');
    regex::RegexBuilder::new(&text).size_limit(1 << 20).build().is_ok_and(|regex| regex.is_match(name))
}

#[starlark_module]
pub fn fnmatch(builder: &mut GlobalsBuilder) {
    fn fnmatch(
        #[starlark(require = pos)] name: &str,
        #[starlark(require = pos)] pattern: &str,
    ) -> starlark::Result<bool> {
        Ok(wildcard(pattern, name))
    }

    fn fnmatchcase(
        #[starlark(require = pos)] name: &str,
        #[starlark(require = pos)] pattern: &str,
    ) -> starlark::Result<bool> {
        Ok(wildcard(pattern, name))
    }

    fn filter<'v>(
        #[starlark(require = pos)] names: Value<'v>,
        #[starlark(require = pos)] pattern: &str,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        let names = items_of(names, heap)?.into_iter();
        let fitting = names.filter(|name| name.unpack_str().is_some_and(|name| wildcard(pattern, name)));
        Ok(heap.alloc(fitting.collect::<Vec<_>>()))
    }
}

#[starlark_module]
pub fn shlex(builder: &mut GlobalsBuilder) {
    fn quote(#[starlark(require = pos)] text: &str) -> starlark::Result<String> {
        let is_safe = |letter: char| letter.is_ascii_alphanumeric() || "@%+=:,./-_".contains(letter);
        if !text.is_empty() && text.chars().all(is_safe) {
            return Ok(text.to_owned());
        }
        Ok(format!("'{}'", text.replace('\'', "'\"'\"'")))
    }

    fn split<'v>(#[starlark(require = pos)] text: &str, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
        let mut letters = text.chars();
        while let Some(letter) = letters.next() {
            match (letter, quote) {
                ('\\', None | Some('"')) => word.get_or_insert_default().extend(letters.next()),
                (letter, Some(end)) if letter == end => quote = None,
                ('\'' | '"', None) => {
                    quote = Some(letter);
                    word.get_or_insert_default();
                }
                (letter, None) if letter.is_whitespace() => words.extend(word.take()),
                (letter, _) => word.get_or_insert_default().push(letter),
            }
        }
        if quote.is_some() {
            return raise("ValueError", "a quotation mark is not closed");
        }
        words.extend(word);
        Ok(heap.alloc(words))
    }
}

pub fn urllib(builder: &mut GlobalsBuilder) {
    builder.namespace("parse", url_functions);
    // Python 2 had them here.
    url_functions(builder);
}

fn quoted(text: &str, safe: &str) -> String {
    let mut result = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"_.-~".contains(&byte) || safe.as_bytes().contains(&byte) {
            result.push(char::from(byte));
        } else {
            result.push_str(&format!("%{byte:02X}"));
        }
    }
    result
}

#[starlark_module]
fn url_functions(builder: &mut GlobalsBuilder) {
    fn quote(#[starlark(require = pos)] text: &str, safe: Option<&str>) -> starlark::Result<String> {
        Ok(quoted(text, safe.unwrap_or("/")))
    }

    fn quote_plus(#[starlark(require = pos)] text: &str) -> starlark::Result<String> {
        Ok(quoted(text, " ").replace(' ', "+"))
    }

    fn unquote(#[starlark(require = pos)] text: &str) -> starlark::Result<String> {
        let bytes = text.as_bytes();
        let (mut result, mut at) = (Vec::new(), 0);
        while at < bytes.len() {
            let hex = (bytes[at] == b'%').then(|| text.get(at + 1..at + 3)).flatten();
            match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
                Some(byte) => {
                    result.push(byte);
                    at += 3;
                }
                None => {
                    result.push(bytes[at]);
                    at += 1;
                }
            }
        }
        Ok(String::from_utf8_lossy(&result).into_owned())
    }

    fn urlencode<'v>(#[starlark(require = pos)] items: Value<'v>, heap: Heap<'v>) -> starlark::Result<String> {
        let pairs: Vec<(Value<'v>, Value<'v>)> = match DictRef::from_value(items) {
            Some(dict) => dict.iter().collect(),
            None => {
                let mut pairs = Vec::new();
                for pair in items_of(items, heap)? {
                    let [key, value] = items_of(pair, heap)?[..] else {
                        return fail("urlencode() needs pairs".to_owned());
                    };
                    pairs.push((key, value));
                }
                pairs
            }
        };
        let plus = |value: Value<'v>| quoted(&value.to_str(), " ").replace(' ', "+");
        Ok(pairs.into_iter().map(|(key, value)| format!("{}={}", plus(key), plus(value))).collect::<Vec<_>>().join("&"))
    }

    fn urljoin(
        #[starlark(require = pos)] base: &str,
        #[starlark(require = pos)] other: &str,
    ) -> starlark::Result<String> {
        if other.contains("://") || other.is_empty() {
            return Ok(if other.is_empty() { base } else { other }.to_owned());
        }
        let start = base.find("://").map_or(0, |at| at + 3);
        let root = base[start..].find('/').map_or(base.len(), |at| start + at);
        if other.starts_with('/') {
            return Ok(format!("{}{other}", &base[..root]));
        }
        let directory = base[root..].rfind('/').map_or(base.len(), |at| root + at + 1);
        let separator = if directory == base.len() && !base.ends_with('/') { "/" } else { "" };
        Ok(format!("{}{separator}{other}", &base[..directory]))
    }

    fn urlparse<'v>(#[starlark(require = pos)] url: &str, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        let (rest, fragment) = url.split_once('#').unwrap_or((url, ""));
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (scheme, rest) = rest.split_once("://").unwrap_or(("", rest));
        let (netloc, path) = match (scheme, rest.find('/')) {
            ("", _) => ("", rest),
            (_, Some(at)) => rest.split_at(at),
            (_, None) => (rest, ""),
        };
        let host = netloc.rsplit_once('@').map_or(netloc, |(_, host)| host);
        let hostname = host.split_once(':').map_or(host, |(name, _)| name);
        let parts = [
            ("scheme", scheme),
            ("netloc", netloc),
            ("path", path),
            ("query", query),
            ("fragment", fragment),
            ("hostname", hostname),
        ];
        Ok(heap.alloc(AllocStruct(parts)))
    }
}

#[starlark_module]
pub fn pprint(builder: &mut GlobalsBuilder) {
    fn pprint<'v>(#[starlark(args)] values: UnpackTuple<Value<'v>>) -> starlark::Result<Value<'v>> {
        let texts: Vec<String> = values.items.iter().map(|value| value.to_repr()).collect();
        tracing::info!("configuration prints: {}", texts.join(" "));
        Ok(Value::new_none())
    }

    fn pformat<'v>(#[starlark(require = pos)] value: Value<'v>) -> starlark::Result<String> {
        Ok(value.to_repr())
    }
}
