//! Operators on values that are known now, as Python has them.

use std::cmp::Ordering;

use crate::domain::{Operator, PropertyValue};
use crate::steps::interpolate::{Segment, Template};

/// Longer lists and texts, in items or bytes, are a mistake.
const MAX_LENGTH: usize = 1 << 20;

/// The value of `left operator right`, or why there is none.
pub(super) fn operate(
    operator: Operator,
    left: &PropertyValue,
    right: &PropertyValue,
) -> Result<PropertyValue, String> {
    let ordered = |fits: fn(Ordering) -> bool| Ok(PropertyValue::Bool(order(left, right)?.is_some_and(fits)));
    let result = match operator {
        Operator::Equal => Ok(PropertyValue::Bool(equal(left, right))),
        Operator::NotEqual => Ok(PropertyValue::Bool(!equal(left, right))),
        Operator::Less => ordered(Ordering::is_lt),
        Operator::LessOrEqual => ordered(Ordering::is_le),
        Operator::Greater => ordered(Ordering::is_gt),
        Operator::GreaterOrEqual => ordered(Ordering::is_ge),
        Operator::In => contains(right, left).map(PropertyValue::Bool),
        Operator::NotIn => contains(right, left).map(|found| PropertyValue::Bool(!found)),
        Operator::Add => add(left, right),
        Operator::Multiply => multiply(left, right),
        Operator::Remainder => remainder(left, right),
        Operator::Item => item(left, right),
        Operator::Subtract | Operator::Divide | Operator::FloorDivide => calculate(operator, left, right),
    };
    result.map_err(|why: Problem| match why {
        Problem::Types => {
            format!("'{}' cannot be done with {} and {}", operator.text(), kind(left), kind(right))
        }
        Problem::Value(why) => format!("'{}' cannot be done: {why}", operator.text()),
    })
}

enum Problem {
    /// Python has no such operator for these types.
    Types,
    Value(&'static str),
}

fn kind(value: &PropertyValue) -> &'static str {
    match value {
        PropertyValue::Null => "None",
        PropertyValue::Bool(_) => "a boolean",
        PropertyValue::Int(_) | PropertyValue::Float(_) => "a number",
        PropertyValue::Str(_) => "a text",
        PropertyValue::List(_) => "a list",
        PropertyValue::Map(_) => "a dictionary",
    }
}

/// A number, as `True` is one, too.
#[derive(Clone, Copy)]
enum Number {
    Whole(i64),
    Real(f64),
}

impl Number {
    fn of(value: &PropertyValue) -> Option<Self> {
        match value {
            PropertyValue::Bool(flag) => Some(Self::Whole(i64::from(*flag))),
            PropertyValue::Int(number) => Some(Self::Whole(*number)),
            PropertyValue::Float(number) => Some(Self::Real(*number)),
            _ => None,
        }
    }

    fn real(self) -> f64 {
        match self {
            Self::Whole(number) => number as f64,
            Self::Real(number) => number,
        }
    }

    fn order(self, other: Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Whole(left), Self::Whole(right)) => Some(left.cmp(&right)),
            _ => self.real().partial_cmp(&other.real()),
        }
    }
}

fn equal(left: &PropertyValue, right: &PropertyValue) -> bool {
    if let (Some(left), Some(right)) = (Number::of(left), Number::of(right)) {
        return left.order(right) == Some(Ordering::Equal);
    }
    match (left, right) {
        (PropertyValue::List(left), PropertyValue::List(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| equal(left, right))
        }
        (PropertyValue::Map(left), PropertyValue::Map(right)) => {
            left.len() == right.len()
                && left.iter().all(|(key, item)| right.get(key).is_some_and(|other| equal(item, other)))
        }
        _ => left == right,
    }
}

/// The order of two values; none between numbers that have no order.
fn order(left: &PropertyValue, right: &PropertyValue) -> Result<Option<Ordering>, Problem> {
    if let (Some(left), Some(right)) = (Number::of(left), Number::of(right)) {
        return Ok(left.order(right));
    }
    match (left, right) {
        (PropertyValue::Str(left), PropertyValue::Str(right)) => Ok(Some(left.cmp(right))),
        (PropertyValue::List(left), PropertyValue::List(right)) => {
            match left.iter().zip(right).find(|(left, right)| !equal(left, right)) {
                Some((left, right)) => order(left, right),
                None => Ok(Some(left.len().cmp(&right.len()))),
            }
        }
        _ => Err(Problem::Types),
    }
}

fn contains(holder: &PropertyValue, wanted: &PropertyValue) -> Result<bool, Problem> {
    match (holder, wanted) {
        (PropertyValue::Str(text), PropertyValue::Str(part)) => Ok(text.contains(part.as_str())),
        (PropertyValue::List(items), _) => Ok(items.iter().any(|item| equal(item, wanted))),
        (PropertyValue::Map(items), PropertyValue::Str(key)) => Ok(items.contains_key(key)),
        (PropertyValue::Map(_), _) => Ok(false),
        _ => Err(Problem::Types),
    }
}

fn add(left: &PropertyValue, right: &PropertyValue) -> Result<PropertyValue, Problem> {
    match (left, right) {
        (PropertyValue::Str(left), PropertyValue::Str(right)) => Ok(PropertyValue::Str(format!("{left}{right}"))),
        (PropertyValue::List(left), PropertyValue::List(right)) => {
            Ok(PropertyValue::List(left.iter().chain(right).cloned().collect()))
        }
        _ => calculate(Operator::Add, left, right),
    }
}

fn multiply(left: &PropertyValue, right: &PropertyValue) -> Result<PropertyValue, Problem> {
    let times = |number: i64, length: usize| {
        let times = usize::try_from(number).unwrap_or(0);
        match times.checked_mul(length) {
            Some(product) if product <= MAX_LENGTH => Ok(times),
            _ => Err(Problem::Value("the result is too long")),
        }
    };
    match (left, right) {
        (PropertyValue::Str(text), number) | (number, PropertyValue::Str(text)) => match Number::of(number) {
            Some(Number::Whole(number)) => Ok(PropertyValue::Str(text.repeat(times(number, text.len())?))),
            _ => Err(Problem::Types),
        },
        (PropertyValue::List(items), number) | (number, PropertyValue::List(items)) => match Number::of(number) {
            Some(Number::Whole(number)) => {
                let times = times(number, items.len())?;
                Ok(PropertyValue::List(items.iter().cycle().take(items.len() * times).cloned().collect()))
            }
            _ => Err(Problem::Types),
        },
        _ => calculate(Operator::Multiply, left, right),
    }
}

fn remainder(left: &PropertyValue, right: &PropertyValue) -> Result<PropertyValue, Problem> {
    let PropertyValue::Str(format) = left else { return calculate(Operator::Remainder, left, right) };
    let template = Template::parse(format).map_err(|_| Problem::Value("the text is no format"))?;
    let values = match right {
        // A list stands for the tuple that Python wants for several values.
        PropertyValue::List(items) if template.n_positional() != 1 => items.clone(),
        other => vec![other.clone()],
    };
    if values.len() != template.n_positional() {
        return Err(Problem::Value("the format takes another number of values"));
    }
    let (mut text, mut values) = (String::new(), values.iter());
    for segment in &template.segments {
        match segment {
            Segment::Text(part) => text.push_str(part),
            Segment::Positional(conversion) => {
                let value = values.next().unwrap_or(&PropertyValue::Null);
                text.push_str(&conversion.apply(value).map_err(|_| Problem::Value("the format takes a number"))?);
            }
            Segment::Lookup(..) => return Err(Problem::Value("the format has names")),
        }
    }
    Ok(PropertyValue::Str(text))
}

fn item(holder: &PropertyValue, index: &PropertyValue) -> Result<PropertyValue, Problem> {
    let position = |length: usize| {
        let Some(Number::Whole(index)) = Number::of(index) else { return Err(Problem::Types) };
        let length = i64::try_from(length).unwrap_or(i64::MAX);
        let position = if index < 0 { index.saturating_add(length) } else { index };
        usize::try_from(position).map_err(|_| Problem::Value("there is no such item"))
    };
    let found = match (holder, index) {
        (PropertyValue::Map(items), PropertyValue::Str(key)) => items.get(key).cloned(),
        (PropertyValue::Map(_), _) => None,
        (PropertyValue::List(items), _) => items.get(position(items.len())?).cloned(),
        (PropertyValue::Str(text), _) => {
            let letter = text.chars().nth(position(text.chars().count())?);
            letter.map(|letter| PropertyValue::Str(letter.to_string()))
        }
        _ => return Err(Problem::Types),
    };
    found.ok_or(Problem::Value("there is no such item"))
}

/// Arithmetic on numbers.
fn calculate(operator: Operator, left: &PropertyValue, right: &PropertyValue) -> Result<PropertyValue, Problem> {
    let (Some(left), Some(right)) = (Number::of(left), Number::of(right)) else { return Err(Problem::Types) };
    let divides = matches!(operator, Operator::Divide | Operator::FloorDivide | Operator::Remainder);
    if divides && right.real() == 0.0 {
        return Err(Problem::Value("division by zero"));
    }
    let whole = match (operator, left, right) {
        (Operator::Add, Number::Whole(left), Number::Whole(right)) => left.checked_add(right),
        (Operator::Subtract, Number::Whole(left), Number::Whole(right)) => left.checked_sub(right),
        (Operator::Multiply, Number::Whole(left), Number::Whole(right)) => left.checked_mul(right),
        (Operator::FloorDivide, Number::Whole(left), Number::Whole(right)) => {
            let quotient = left.checked_div(right);
            let is_below = left.checked_rem(right).is_some_and(|rest| rest != 0) && (left < 0) != (right < 0);
            quotient.map(|quotient| if is_below { quotient - 1 } else { quotient })
        }
        (Operator::Remainder, Number::Whole(left), Number::Whole(right)) => {
            let rest = left.checked_rem(right).unwrap_or(0);
            Some(if rest != 0 && (rest < 0) != (right < 0) { rest + right } else { rest })
        }
        _ => return real(operator, left.real(), right.real()),
    };
    whole.map(PropertyValue::Int).ok_or(Problem::Value("the result is too large"))
}

fn real(operator: Operator, left: f64, right: f64) -> Result<PropertyValue, Problem> {
    let result = match operator {
        Operator::Add => left + right,
        Operator::Subtract => left - right,
        Operator::Multiply => left * right,
        Operator::Divide => left / right,
        Operator::FloorDivide => ((left - rest(left, right)) / right).round(),
        Operator::Remainder => rest(left, right),
        _ => return Err(Problem::Types),
    };
    Ok(PropertyValue::Float(result))
}

/// What division leaves, with the sign of the divisor.
fn rest(left: f64, right: f64) -> f64 {
    let rest = left % right;
    if rest != 0.0 && (rest < 0.0) != (right < 0.0) { rest + right } else { rest }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn done(
        operator: &str,
        left: impl Into<PropertyValue>,
        right: impl Into<PropertyValue>,
    ) -> Result<PropertyValue, String> {
        operate(Operator::from_text(operator).unwrap(), &left.into(), &right.into())
    }

    fn list(items: &[i64]) -> PropertyValue {
        PropertyValue::List(items.iter().map(|item| PropertyValue::Int(*item)).collect())
    }

    #[test]
    fn what_python_has_no_operator_for_is_a_mistake() {
        assert_eq!(done("<", "a", 1).unwrap_err(), "'<' cannot be done with a text and a number");
        assert_eq!(done("-", "a", "b").unwrap_err(), "'-' cannot be done with a text and a text");
        assert_eq!(done("in", 1, 2).unwrap_err(), "'in' cannot be done with a number and a number");
        assert_eq!(done("//", 1, 0).unwrap_err(), "'//' cannot be done: division by zero");
        assert_eq!(done("[]", list(&[1]), 1).unwrap_err(), "'[]' cannot be done: there is no such item");
        assert_eq!(done("*", "ab", 1 << 30).unwrap_err(), "'*' cannot be done: the result is too long");
        assert_eq!(done("+", i64::MAX, 1).unwrap_err(), "'+' cannot be done: the result is too large");
    }

    #[test]
    fn items_are_counted_from_both_ends() {
        assert_eq!(done("[]", list(&[1, 2, 3]), -1), Ok(3.into()));
        assert_eq!(done("[]", "aöb", 1), Ok("ö".into()));
        let map = PropertyValue::Map([("k".to_owned(), 1.into())].into());
        assert_eq!(done("[]", map.clone(), "k"), Ok(1.into()));
        assert_eq!(done("not in", "x", map), Ok(true.into()));
    }
}
