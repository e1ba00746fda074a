//! The conversions of Python's `%` operator that configurations use: flags, width, precision and a letter.

use crate::domain::PropertyValue;

/// `10s`, `-5d`, `.2f`: what stands after `%` or `%(key)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conversion {
    left: bool,
    zero: bool,
    plus: bool,
    width: usize,
    precision: Option<usize>,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Literal,
    Integer,
    Hexadecimal,
    Float,
}

/// Wider fields than this are a mistake.
const MAX_WIDTH: usize = 4096;

impl Conversion {
    /// Reads a conversion at the start of `text` and returns it with its length in bytes.
    pub fn parse(text: &str) -> Result<(Self, usize), String> {
        let mut conversion =
            Self { left: false, zero: false, plus: false, width: 0, precision: None, kind: Kind::Text };
        let flags = text.bytes().take_while(|byte| b"-0+ #".contains(byte)).count();
        for flag in text.bytes().take(flags) {
            match flag {
                b'-' => conversion.left = true,
                b'0' => conversion.zero = true,
                b'+' => conversion.plus = true,
                _ => {}
            }
        }
        let mut at = flags;
        (conversion.width, at) = number(text, at)?;
        if text.as_bytes().get(at) == Some(&b'.') {
            let (precision, after) = number(text, at + 1)?;
            conversion.precision = Some(precision);
            at = after;
        }
        let letter = text.get(at..).and_then(|rest| rest.chars().next()).ok_or("incomplete format")?;
        conversion.kind = match letter {
            's' | 'a' => Kind::Text,
            'r' => Kind::Literal,
            'd' | 'i' | 'u' => Kind::Integer,
            'x' => Kind::Hexadecimal,
            'f' | 'F' => Kind::Float,
            other => return Err(format!("unsupported format character {other:?}")),
        };
        Ok((conversion, at + letter.len_utf8()))
    }

    /// The value as text; a number is needed for `d`, `x` and `f`.
    pub fn apply(self, value: &PropertyValue) -> Result<String, String> {
        let body = match self.kind {
            Kind::Text => self.cut(value.to_string()),
            Kind::Literal => self.cut(literal(value)),
            Kind::Integer => self.signed(whole(value)?.to_string()),
            Kind::Hexadecimal => {
                let number = whole(value)?;
                let sign = if number < 0 { "-" } else { "" };
                self.signed(format!("{sign}{:x}", number.unsigned_abs()))
            }
            Kind::Float => self.signed(format!("{:.*}", self.precision.unwrap_or(6).min(MAX_WIDTH), float(value)?)),
        };
        Ok(self.pad(body))
    }

    fn cut(self, text: String) -> String {
        match self.precision {
            Some(precision) => text.chars().take(precision).collect(),
            None => text,
        }
    }

    fn signed(self, digits: String) -> String {
        if self.plus && !digits.starts_with('-') { format!("+{digits}") } else { digits }
    }

    fn pad(self, body: String) -> String {
        let missing = self.width.saturating_sub(body.chars().count());
        let is_number = !matches!(self.kind, Kind::Text | Kind::Literal);
        if missing == 0 {
            body
        } else if self.left {
            body + &" ".repeat(missing)
        } else if self.zero && is_number {
            let sign = usize::from(body.starts_with(['-', '+']));
            let (sign, digits) = body.split_at(sign);
            format!("{sign}{}{digits}", "0".repeat(missing))
        } else {
            " ".repeat(missing) + &body
        }
    }
}

fn number(text: &str, from: usize) -> Result<(usize, usize), String> {
    let digits: String = text.chars().skip(from).take_while(char::is_ascii_digit).collect();
    let after = from + digits.len();
    if digits.is_empty() {
        return Ok((0, after));
    }
    match digits.parse() {
        Ok(number) if number <= MAX_WIDTH => Ok((number, after)),
        _ => Err(format!("field of {digits} characters is too wide")),
    }
}

/// As Python's `repr` prints it.
fn literal(value: &PropertyValue) -> String {
    let listed = PropertyValue::List(vec![value.clone()]).to_string();
    listed.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(&listed).to_owned()
}

fn whole(value: &PropertyValue) -> Result<i64, String> {
    match value {
        PropertyValue::Int(number) => Ok(*number),
        PropertyValue::Bool(flag) => Ok(i64::from(*flag)),
        PropertyValue::Float(number) => Ok(*number as i64),
        other => Err(format!("a number is required, not {}", literal(other))),
    }
}

fn float(value: &PropertyValue) -> Result<f64, String> {
    match value {
        PropertyValue::Float(number) => Ok(*number),
        other => Ok(whole(other)? as f64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apply(format: &str, value: impl Into<PropertyValue>) -> Result<String, String> {
        let (conversion, length) = Conversion::parse(format)?;
        assert_eq!(length, format.len());
        conversion.apply(&value.into())
    }

    #[test]
    fn conversions_print_as_python_prints_them() {
        assert_eq!(apply("s", "A").unwrap(), "A");
        assert_eq!(apply("5s", "A").unwrap(), "    A");
        assert_eq!(apply("-5s", "A").unwrap(), "A    ");
        assert_eq!(apply(".2s", "ABC").unwrap(), "AB");
        assert_eq!(apply("r", "it's").unwrap(), r#""it's""#);
        assert_eq!(apply("04d", -7).unwrap(), "-007");
        assert_eq!(apply("+d", 7).unwrap(), "+7");
        assert_eq!(apply("x", 255).unwrap(), "ff");
        assert_eq!(apply(".2f", PropertyValue::Float(2.0)).unwrap(), "2.00");
    }

    #[test]
    fn what_python_refuses_is_an_error() {
        assert_eq!(apply("d", "A").unwrap_err(), "a number is required, not 'A'");
        assert_eq!(Conversion::parse("b").unwrap_err(), "unsupported format character 'b'");
        assert_eq!(Conversion::parse("").unwrap_err(), "incomplete format");
        assert_eq!(Conversion::parse("99999s").unwrap_err(), "field of 99999 characters is too wide");
    }
}
