//! Formatting as Python does it: `%`, `str.format` and formatted strings share one specification.

use std::fmt::Write;

use starlark::values::dict::DictRef;
use starlark::values::float::UnpackFloat;
use starlark::values::tuple::TupleRef;
use starlark::values::{UnpackValue, Value};

use super::depth;
use super::instance::Instance;
use super::object::ScriptObject;
use super::times;
use crate::config::table::RENDERABLES;

/// Widest field and most digits; more is a slip or an attack on memory.
const MAX_WIDTH: usize = 10_000;

/// `[[fill]align][sign][#][0][width][,][.precision][type]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spec {
    fill: Option<char>,
    align: Option<char>,
    sign: Option<char>,
    alternate: bool,
    zero: bool,
    width: usize,
    grouping: Option<char>,
    precision: Option<usize>,
    kind: Option<char>,
}

impl Spec {
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut spec = Self::default();
        let mut rest: Vec<char> = text.chars().collect();
        let is_align = |letter: Option<&char>| letter.is_some_and(|letter| matches!(letter, '<' | '>' | '^' | '='));
        if is_align(rest.get(1)) {
            (spec.fill, spec.align) = (Some(rest[0]), Some(rest[1]));
            rest.drain(..2);
        } else if is_align(rest.first()) {
            spec.align = Some(rest.remove(0));
        }
        let mut letters = rest.into_iter().peekable();
        spec.sign = letters.next_if(|letter| matches!(letter, '+' | '-' | ' '));
        spec.alternate = letters.next_if_eq(&'#').is_some();
        spec.zero = letters.next_if_eq(&'0').is_some();
        spec.width = digits(&mut letters)?.unwrap_or(0);
        spec.grouping = letters.next_if(|letter| matches!(letter, ',' | '_'));
        if letters.next_if_eq(&'.').is_some() {
            spec.precision = Some(digits(&mut letters)?.ok_or("precision is missing")?);
        }
        spec.kind = letters.next();
        match letters.next() {
            None => Ok(spec),
            Some(_) => Err(format!("'{text}' is not a format")),
        }
    }

    /// The text of a value.
    pub fn apply(&self, value: Value<'_>) -> Result<String, String> {
        let numeric = self.kind.is_some_and(|kind| !matches!(kind, 's' | 'r' | 'c'));
        let as_number = !matches!(self.kind, Some('s' | 'r'));
        if let Some(whole) = integer(value).filter(|_| as_number && (self.kind.is_some() || value.get_type() == "int"))
        {
            return match self.kind {
                None | Some('d' | 'i' | 'u' | 'x' | 'X' | 'o' | 'b' | 'n') => Ok(self.whole(whole)),
                Some('c') => {
                    Ok(self.padded("", char::from_u32(u32::try_from(whole).unwrap_or(0)).unwrap_or(' ').into(), false))
                }
                _ => self.real(whole as f64),
            };
        }
        if let Some(real) =
            UnpackFloat::unpack_value(value).ok().flatten().filter(|_| as_number && value.get_type() == "float")
        {
            return match self.kind {
                Some('d' | 'i' | 'u') => Ok(self.whole(real.0.trunc() as i64)),
                None if self.precision.is_none() => Ok(self.signed(&value.to_str(), real.0 < 0.0)),
                _ => self.real(real.0),
            };
        }
        if numeric {
            return Err(format!("'{}' formats numbers, not a {}", self.kind.unwrap_or(' '), value.get_type()));
        }
        let text = text(value, self.kind == Some('r'))?;
        let cut: String = text.chars().take(self.precision.unwrap_or(usize::MAX)).collect();
        Ok(self.padded("", cut, false))
    }

    /// A text in its field.
    pub fn pad(&self, text: &str) -> Result<String, String> {
        match self.kind {
            None | Some('s') => {
                Ok(self.padded("", text.chars().take(self.precision.unwrap_or(usize::MAX)).collect(), false))
            }
            Some(kind) => Err(format!("'{kind}' formats numbers, not text")),
        }
    }

    fn whole(&self, value: i64) -> String {
        let size = value.unsigned_abs();
        let (prefix, mut text) = match self.kind {
            Some('x') => ("0x", format!("{size:x}")),
            Some('X') => ("0X", format!("{size:X}")),
            Some('o') => ("0o", format!("{size:o}")),
            Some('b') => ("0b", format!("{size:b}")),
            _ => ("", size.to_string()),
        };
        if let Some(digits) = self.precision {
            text = format!("{}{text}", "0".repeat(digits.saturating_sub(text.len())));
        }
        let text = self.grouped(&text);
        let sign = self.sign_of(value < 0);
        self.padded(&format!("{sign}{}", if self.alternate { prefix } else { "" }), text, true)
    }

    fn real(&self, value: f64) -> Result<String, String> {
        let digits = self.precision.unwrap_or(6);
        let size = value.abs();
        let text = match self.kind.unwrap_or('g') {
            'f' | 'F' => format!("{size:.digits$}"),
            '%' => format!("{:.digits$}%", size * 100.0),
            'e' => exponent(size, digits),
            'E' => exponent(size, digits).to_uppercase(),
            'g' | 'G' | 'n' => general(size, digits.max(1)),
            other => return Err(format!("'{other}' is not a format of numbers")),
        };
        let text = match text.split_once('.') {
            Some((whole, fraction)) => format!("{}.{fraction}", self.grouped(whole)),
            None => self.grouped(&text),
        };
        Ok(self.padded(self.sign_of(value.is_sign_negative()), text, true))
    }

    fn signed(&self, text: &str, negative: bool) -> String {
        self.padded(self.sign_of(negative), text.trim_start_matches('-').to_owned(), true)
    }

    fn sign_of(&self, negative: bool) -> &'static str {
        match (negative, self.sign) {
            (true, _) => "-",
            (false, Some('+')) => "+",
            (false, Some(' ')) => " ",
            (false, _) => "",
        }
    }

    fn grouped(&self, digits: &str) -> String {
        let Some(separator) = self.grouping else { return digits.to_owned() };
        let mut text = String::new();
        for (position, digit) in digits.chars().enumerate() {
            if position != 0 && (digits.len() - position).is_multiple_of(3) {
                text.push(separator);
            }
            text.push(digit);
        }
        text
    }

    fn padded(&self, prefix: &str, text: String, number: bool) -> String {
        let missing = self.width.saturating_sub(prefix.chars().count() + text.chars().count());
        let zero = self.zero && number && self.align.is_none();
        let fill = self.fill.unwrap_or(if zero { '0' } else { ' ' }).to_string();
        match self.align.unwrap_or(if zero {
            '='
        } else if number {
            '>'
        } else {
            '<'
        }) {
            '<' => format!("{prefix}{text}{}", fill.repeat(missing)),
            '^' => format!("{}{prefix}{text}{}", fill.repeat(missing / 2), fill.repeat(missing - missing / 2)),
            '=' => format!("{prefix}{}{text}", fill.repeat(missing)),
            _ => format!("{}{prefix}{text}", fill.repeat(missing)),
        }
    }
}

fn digits(letters: &mut std::iter::Peekable<std::vec::IntoIter<char>>) -> Result<Option<usize>, String> {
    let mut number = None;
    while let Some(digit) = letters.peek().and_then(|letter| letter.to_digit(10)) {
        letters.next();
        number = Some(number.unwrap_or(0_usize).saturating_mul(10).saturating_add(digit as usize));
    }
    match number {
        Some(number) if MAX_WIDTH < number => Err(format!("a field of {number} characters is too wide")),
        number => Ok(number),
    }
}

fn exponent(value: f64, digits: usize) -> String {
    let text = format!("{value:.digits$e}");
    let (mantissa, power) = text.split_once('e').unwrap_or((&text, "0"));
    let power: i32 = power.parse().unwrap_or(0);
    format!("{mantissa}e{}{:02}", if power < 0 { '-' } else { '+' }, power.abs())
}

fn general(value: f64, digits: usize) -> String {
    let power = if value == 0.0 { 0 } else { exponent_of(value, digits) };
    let text = if power < -4 || i32::try_from(digits).unwrap_or(i32::MAX) <= power {
        exponent(value, digits - 1)
    } else {
        let decimals = usize::try_from(i32::try_from(digits).unwrap_or(i32::MAX) - 1 - power).unwrap_or(0);
        format!("{value:.decimals$}")
    };
    match text.split_once('e') {
        Some((mantissa, power)) => format!("{}e{power}", without_zeros(mantissa)),
        None => without_zeros(&text).to_owned(),
    }
}

fn exponent_of(value: f64, digits: usize) -> i32 {
    let text = format!("{value:.*e}", digits - 1);
    text.split_once('e').and_then(|(_, power)| power.parse().ok()).unwrap_or(0)
}

fn without_zeros(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}

fn integer(value: Value<'_>) -> Option<i64> {
    if let Some(flag) = value.unpack_bool() {
        return Some(i64::from(flag));
    }
    i64::unpack_value(value).ok().flatten()
}

/// `str(value)` or `repr(value)`.
pub fn text(value: Value<'_>, literal: bool) -> Result<String, String> {
    if let Some(class) = ScriptObject::class_of(value).filter(|class| RENDERABLES.contains(&class.name)) {
        return Err(format!(
            "the value of a {} is known only when a build runs; use util.Interpolate",
            class.full_name()
        ));
    }
    if depth::any_too_deep(std::iter::once(value)) {
        return Err("the value is nested too deeply to print".to_owned());
    }
    if let Some(text) = value.unpack_str().filter(|_| !literal) {
        return Ok(text.to_owned());
    }
    if let Some(seconds) = times::length_of(value).filter(|_| !literal) {
        return Ok(times::print_length(seconds));
    }
    match Instance::shown(value, literal) {
        Some(text) => Ok(text),
        None => super::literal::literal(value),
    }
}

/// `template % values`.
pub fn percent(template: &str, values: Value<'_>) -> Result<String, String> {
    let tuple = TupleRef::from_value(values);
    let mut positional = match tuple {
        Some(tuple) => tuple.content().to_vec(),
        None => vec![values],
    }
    .into_iter();
    let dictionary = DictRef::from_value(values);
    let mut result = String::new();
    let mut letters = template.chars().peekable();
    let mut used_names = false;
    while let Some(letter) = letters.next() {
        if letter != '%' {
            result.push(letter);
            continue;
        }
        let mut name = None;
        if letters.next_if_eq(&'(').is_some() {
            let text: String = letters.by_ref().take_while(|letter| *letter != ')').collect();
            name = Some(text);
        }
        let mut next = || positional.next().ok_or("not enough values for the format".to_owned());
        let spec = percent_spec(&mut letters, &mut next)?;
        if spec.kind == Some('%') {
            result.push('%');
            continue;
        }
        let value = match &name {
            None => next()?,
            Some(name) => {
                used_names = true;
                let dictionary = dictionary.as_ref().ok_or("the format needs a dictionary")?;
                let found = dictionary.iter().find(|(key, _)| key.unpack_str() == Some(name));
                found.map(|(_, value)| value).ok_or_else(|| format!("the format needs '{name}'"))?
            }
        };
        let _ = result.write_str(&spec.apply(value)?);
    }
    let unused = positional.next().is_some();
    if unused && !used_names && (tuple.is_some() || dictionary.is_none()) {
        return Err("not all values are used by the format".to_owned());
    }
    Ok(result)
}

/// Flags, width, precision and type behind a `%`; `*` takes a value.
fn percent_spec<'v>(
    letters: &mut std::iter::Peekable<std::str::Chars<'_>>,
    next: &mut impl FnMut() -> Result<Value<'v>, String>,
) -> Result<Spec, String> {
    let mut spec = Spec { align: Some('>'), ..Spec::default() };
    while let Some(flag) = letters.next_if(|letter| matches!(letter, '-' | '+' | ' ' | '#' | '0')) {
        match flag {
            '-' => spec.align = Some('<'),
            '0' => spec.zero = true,
            '#' => spec.alternate = true,
            sign => spec.sign = Some(sign),
        }
    }
    let mut number = |letters: &mut std::iter::Peekable<std::str::Chars<'_>>| -> Result<usize, String> {
        if letters.next_if_eq(&'*').is_some() {
            let width = integer(next()?).and_then(|width| usize::try_from(width).ok());
            return width.filter(|width| *width <= MAX_WIDTH).ok_or_else(|| "'*' needs a width".to_owned());
        }
        let mut digits = Vec::new();
        while let Some(digit) = letters.next_if(char::is_ascii_digit) {
            digits.push(digit);
        }
        Ok(self::digits(&mut digits.into_iter().peekable())?.unwrap_or(0))
    };
    spec.width = number(letters)?;
    if letters.next_if_eq(&'.').is_some() {
        spec.precision = Some(number(letters)?);
    }
    while letters.next_if(|letter| matches!(letter, 'h' | 'l' | 'L')).is_some() {}
    spec.kind = letters.next();
    if spec.zero && spec.align == Some('>') && !matches!(spec.kind, Some('s' | 'r' | 'c')) {
        spec.align = None;
    }
    match spec.kind {
        Some('d' | 'i' | 'u' | 'x' | 'X' | 'o' | 'f' | 'F' | 'e' | 'E' | 'g' | 'G' | 's' | 'r' | 'c' | '%') => Ok(spec),
        Some(other) => Err(format!("'%{other}' is not a format")),
        None => Err("the format ends in '%'".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use starlark::environment::Module;

    use super::*;

    #[test]
    fn percent_formats_as_python_does() {
        Module::with_temp_heap(|module| {
            let heap = module.heap();
            let values = heap.alloc((7, "ab", 2.5));
            assert_eq!(percent("%05d|%-4s|%.2f", values).unwrap(), "00007|ab  |2.50");
            assert_eq!(percent("%x %r 100%%", heap.alloc((255, "q"))).unwrap(), "ff 'q' 100%");
            assert_eq!(percent("%s", heap.alloc(3)).unwrap(), "3");
            let named = heap.alloc(starlark::values::dict::AllocDict([("n", 5)]));
            assert_eq!(percent("%(n)03d", named).unwrap(), "005");
            assert_eq!(percent("%s %s", heap.alloc((1,))).unwrap_err(), "not enough values for the format");
            assert_eq!(percent("%s", heap.alloc((1, 2))).unwrap_err(), "not all values are used by the format");
            assert_eq!(percent("%d", heap.alloc("x")).unwrap_err(), "'d' formats numbers, not a string");
        });
    }

    #[test]
    fn specifications_pad_align_and_group() {
        Module::with_temp_heap(|module| {
            let heap = module.heap();
            let formatted = |spec: &str, value| Spec::parse(spec).unwrap().apply(value).unwrap();
            assert_eq!(formatted(">5", heap.alloc("a")), "    a");
            assert_eq!(formatted("*^5", heap.alloc("a")), "**a**");
            assert_eq!(formatted("05d", heap.alloc(-3)), "-0003");
            assert_eq!(formatted(",", heap.alloc(1_234_567)), "1,234,567");
            assert_eq!(formatted(".3g", heap.alloc(1234.5)), "1.23e+03");
            assert_eq!(formatted("", heap.alloc(true)), "True");
            assert!(Spec::parse("99999999999d").is_err());
        });
    }
}
