//! The format language of `util.Interpolate`, parsed (manual section "Interpolate"); `render` gives it values.

use super::python_format::Conversion;

/// The reason a format is not understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid format of Interpolate: {0}")]
pub struct FormatError(String);

/// A parsed format.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    pub segments: Vec<Segment>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Segment {
    Text(String),
    /// `%s`: the next positional argument.
    Positional(Conversion),
    /// `%(selector:name...)s`.
    Lookup(Box<Lookup>, Conversion),
}

/// What is looked up, and what stands in its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Lookup {
    pub selector: Selector,
    pub substitution: Substitution,
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selector {
    Property(String),
    Source { codebase: String, attribute: String },
    Keyword(String),
    Secret(String),
    Worker(String),
}

/// What is printed instead of the value.
#[derive(Clone, Debug, PartialEq)]
pub enum Substitution {
    /// The value; nothing if there is none.
    Value,
    /// `:-text`: the text if there is no value.
    UnlessSet(Template),
    /// `:~text`: the text if the value is not true.
    UnlessTrue(Template),
    /// `:+text`: the text if there is a value, else nothing.
    IfSet(Template),
    /// `:?|yes|no` by whether there is a value, `:#?|yes|no` by whether it is true.
    Choice { by_truth: bool, yes: Template, no: Template },
}

/// Texts in texts deeper than this are a mistake.
const MAX_DEPTH: usize = 16;

impl Template {
    /// Reads a format; says what is wrong with it.
    pub fn parse(format: &str) -> Result<Self, FormatError> {
        let template = parse_nested(format, 0).map_err(FormatError)?;
        let positional = template.n_positional();
        if positional != 0 && template.segments.iter().any(|segment| matches!(segment, Segment::Lookup(..))) {
            return Err(FormatError("positional and named arguments cannot be mixed".to_owned()));
        }
        Ok(template)
    }

    /// How many positional arguments it takes.
    pub fn n_positional(&self) -> usize {
        self.segments.iter().filter(|segment| matches!(segment, Segment::Positional(_))).count()
    }
}

fn parse_nested(format: &str, depth: usize) -> Result<Template, String> {
    if MAX_DEPTH < depth {
        return Err(format!("nested more than {MAX_DEPTH} deep"));
    }
    let mut segments = Vec::new();
    let mut text = String::new();
    let mut rest = format;
    while let Some((before, after)) = rest.split_once('%') {
        text.push_str(before);
        if let Some(after) = after.strip_prefix('%') {
            text.push('%');
            rest = after;
            continue;
        }
        if !text.is_empty() {
            segments.push(Segment::Text(std::mem::take(&mut text)));
        }
        rest = if let Some(inner) = after.strip_prefix('(') {
            let (key, after) = balanced(inner)?;
            let (conversion, length) = Conversion::parse(after)?;
            segments.push(Segment::Lookup(Box::new(lookup(key, depth)?), conversion));
            after.get(length..).unwrap_or_default()
        } else if depth == 0 {
            let (conversion, length) = Conversion::parse(after)?;
            segments.push(Segment::Positional(conversion));
            after.get(length..).unwrap_or_default()
        } else {
            return Err(format!("positional argument within {format:?}"));
        };
    }
    text.push_str(rest);
    if !text.is_empty() {
        segments.push(Segment::Text(text));
    }
    Ok(Template { segments })
}

/// Splits `key)rest` at the parenthesis that closes the key.
fn balanced(text: &str) -> Result<(&str, &str), String> {
    let mut depth = 0_usize;
    for (at, character) in text.char_indices() {
        match character {
            '(' => depth += 1,
            ')' if depth == 0 => return Ok((&text[..at], &text[at + 1..])),
            ')' => depth -= 1,
            _ => {}
        }
    }
    Err("incomplete key".to_owned())
}

fn lookup(key: &str, depth: usize) -> Result<Lookup, String> {
    let (selector, rest) = key.split_once(':').ok_or_else(|| format!("no selector in {key:?}"))?;
    let (name, substitution) = match selector {
        "prop" | "kw" | "secret" | "worker" => split_substitution(rest),
        "src" => {
            let (codebase, rest) =
                rest.split_once(':').ok_or_else(|| format!("codebase and attribute are needed in {key:?}"))?;
            check_name("codebase", codebase)?;
            let (attribute, substitution) = split_substitution(rest);
            check_name("attribute", attribute)?;
            let selector = Selector::Source { codebase: codebase.to_owned(), attribute: attribute.to_owned() };
            return Ok(Lookup { selector, substitution: parse_substitution(substitution, depth)? });
        }
        other => return Err(format!("unknown selector {other:?}")),
    };
    if selector != "secret" {
        check_name("name", name)?;
    }
    let name = name.to_owned();
    let selector = match selector {
        "prop" => Selector::Property(name),
        "kw" => Selector::Keyword(name),
        "secret" => Selector::Secret(name),
        _ => Selector::Worker(name),
    };
    Ok(Lookup { selector, substitution: parse_substitution(substitution, depth)? })
}

fn split_substitution(text: &str) -> (&str, Option<&str>) {
    match text.split_once(':') {
        Some((name, substitution)) => (name, Some(substitution)),
        None => (text, None),
    }
}

fn check_name(what: &str, name: &str) -> Result<(), String> {
    if name.chars().all(|character| character.is_alphanumeric() || "_-.".contains(character)) {
        Ok(())
    } else {
        Err(format!("{what} {name:?} must be alphanumeric"))
    }
}

fn parse_substitution(text: Option<&str>, depth: usize) -> Result<Substitution, String> {
    let Some(text) = text else { return Ok(Substitution::Value) };
    let nested = |text: &str| parse_nested(text, depth + 1);
    if let Some(default) = text.strip_prefix('-') {
        Ok(Substitution::UnlessSet(nested(default)?))
    } else if let Some(default) = text.strip_prefix('~') {
        Ok(Substitution::UnlessTrue(nested(default)?))
    } else if let Some(replacement) = text.strip_prefix('+') {
        Ok(Substitution::IfSet(nested(replacement)?))
    } else if let Some(choice) = text.strip_prefix("#?") {
        let (yes, no) = alternatives(choice)?;
        Ok(Substitution::Choice { by_truth: true, yes: nested(yes)?, no: nested(no)? })
    } else if let Some(choice) = text.strip_prefix('?') {
        let (yes, no) = alternatives(choice)?;
        Ok(Substitution::Choice { by_truth: false, yes: nested(yes)?, no: nested(no)? })
    } else {
        Err(format!("unknown substitution {text:?}"))
    }
}

/// Splits `|yes|no`; any character may stand for the bar, and one within parentheses does not count.
fn alternatives(text: &str) -> Result<(&str, &str), String> {
    let invalid = || format!("two alternatives are needed in {text:?}");
    let delimiter = text.chars().next().ok_or_else(invalid)?;
    if delimiter == '(' {
        return Err("'(' cannot stand between alternatives".to_owned());
    }
    let body = &text[delimiter.len_utf8()..];
    let mut depth = 0_usize;
    for (at, character) in body.char_indices() {
        match character {
            _ if character == delimiter && depth == 0 => {
                return Ok((&body[..at], &body[at + delimiter.len_utf8()..]));
            }
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Err(invalid())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only_lookup(format: &str) -> Lookup {
        let template = Template::parse(format).unwrap();
        match template.segments.as_slice() {
            [Segment::Lookup(lookup, _)] => (**lookup).clone(),
            other => panic!("{other:?}"),
        }
    }

    fn error(format: &str) -> String {
        Template::parse(format).unwrap_err().0
    }

    #[test]
    fn every_selector_is_known() {
        assert_eq!(only_lookup("%(prop:a.b-c)s").selector, Selector::Property("a.b-c".to_owned()));
        assert_eq!(only_lookup("%(kw:k)s").selector, Selector::Keyword("k".to_owned()));
        assert_eq!(only_lookup("%(secret:a/b c)s").selector, Selector::Secret("a/b c".to_owned()));
        assert_eq!(only_lookup("%(worker:admin)s").selector, Selector::Worker("admin".to_owned()));
        assert_eq!(
            only_lookup("%(src::branch:-x)s").selector,
            Selector::Source { codebase: String::new(), attribute: "branch".to_owned() }
        );
    }

    #[test]
    fn a_default_may_hold_colons_and_parentheses() {
        let text = |text: &str| Template { segments: vec![Segment::Text(text.to_owned())] };
        assert_eq!(only_lookup("%(prop:a:-b:c(d)e)s").substitution, Substitution::UnlessSet(text("b:c(d)e")));
    }

    #[test]
    fn alternatives_split_outside_of_parentheses() {
        let Substitution::Choice { by_truth: true, yes, no } = only_lookup("%(prop:a:#?:%(prop:b)s:f:g)s").substitution
        else {
            panic!("not a choice");
        };
        assert!(matches!(yes.segments.as_slice(), [Segment::Lookup(..)]));
        assert_eq!(no.segments, [Segment::Text("f:g".to_owned())]);
    }

    #[test]
    fn two_percent_signs_are_one() {
        assert_eq!(Template::parse("100%%").unwrap().segments, [Segment::Text("100%".to_owned())]);
    }

    #[test]
    fn mistakes_are_named() {
        assert_eq!(error("%(bogus:a)s"), "unknown selector \"bogus\"");
        assert_eq!(error("%(prop)s"), "no selector in \"prop\"");
        assert_eq!(error("%(prop:a"), "incomplete key");
        assert_eq!(error("%(prop:a)"), "incomplete format");
        assert_eq!(error("%(prop:a:!x)s"), "unknown substitution \"!x\"");
        assert_eq!(error("%(prop:a:)s"), "unknown substitution \"\"");
        assert_eq!(error("%(prop:a b)s"), "name \"a b\" must be alphanumeric");
        assert_eq!(error("%(prop:a:?|t)s"), "two alternatives are needed in \"|t\"");
        assert_eq!(error("%(prop:a:?(t(f)s"), "incomplete key");
        assert_eq!(error("%(prop:a:?(t)f)s"), "'(' cannot stand between alternatives");
        assert_eq!(error("%(src:x)s"), "codebase and attribute are needed in \"src:x\"");
        assert_eq!(error("%s %(prop:a)s"), "positional and named arguments cannot be mixed");
        assert_eq!(error("%(prop:a:-%s)s"), "positional argument within \"%s\"");
        assert_eq!(error("a%"), "incomplete format");
        let deep = "%(prop:a:-".repeat(20) + &")s".repeat(20);
        assert_eq!(error(&deep), "nested more than 16 deep");
    }
}
