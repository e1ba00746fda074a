//! The dialect `base`: the fields of a change as a form (manual section "Change Hooks").
//!
//! Nothing is required: an empty form is a change too, as with Buildbot.

use std::collections::BTreeMap;

use super::Form;
use crate::domain::{NewChange, Properties, Timestamp};
use crate::json::{self, Value};

/// Where properties of a change say they came from.
const SOURCE: &str = "Change";

/// Reads the one change of a form, or says what is wrong with which field.
pub fn read(form: &Form) -> Result<Vec<NewChange>, BTreeMap<String, String>> {
    let mut reader = Reader { form, errors: BTreeMap::new() };
    let change = NewChange {
        author: reader.text(&["author", "who"]).unwrap_or_default(),
        committer: reader.text(&["committer"]),
        comments: reader.text(&["comments"]).unwrap_or_default(),
        files: reader.files(),
        revision: reader.sent("revision"),
        branch: reader.sent("branch"),
        category: reader.sent("category"),
        revlink: reader.text(&["revlink"]),
        repository: reader.text(&["repository"]).unwrap_or_default(),
        project: reader.text(&["project"]).unwrap_or_default(),
        codebase: reader.text(&["codebase"]).unwrap_or_default(),
        properties: reader.properties(),
        when: reader.when(),
        delivery_key: None,
    };
    if reader.errors.is_empty() { Ok(vec![change]) } else { Err(reader.errors) }
}

struct Reader<'form> {
    form: &'form Form,
    errors: BTreeMap<String, String>,
}

impl<'form> Reader<'form> {
    /// The first of these fields that is there and not empty.
    fn field(&self, names: &[&'static str]) -> Option<(&'static str, &'form str)> {
        names.iter().find_map(|wanted| {
            let found = self.form.iter().find(|(name, value)| name == wanted && !value.is_empty());
            found.map(|(_, value)| (*wanted, value.as_str()))
        })
    }

    fn text(&self, names: &[&'static str]) -> Option<String> {
        self.field(names).map(|(_, value)| value.to_owned())
    }

    /// What was sent, if it was: an empty text is not nothing, and filters see it.
    fn sent(&self, wanted: &str) -> Option<String> {
        self.form.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone())
    }

    fn complain(&mut self, field: &str, why: &str) {
        self.errors.insert(field.to_owned(), why.to_owned());
    }

    fn files(&mut self) -> Vec<String> {
        let Some((name, text)) = self.field(&["files"]) else { return Vec::new() };
        json::from_str(text).unwrap_or_else(|_| {
            self.complain(name, "not a JSON list of texts");
            Vec::new()
        })
    }

    fn properties(&mut self) -> Properties {
        let mut properties = Properties::new();
        let Some((name, text)) = self.field(&["properties"]) else { return properties };
        let Ok(Value::Object(items)) = json::from_str(text) else {
            self.complain(name, "not a JSON object");
            return properties;
        };
        for (key, value) in &items {
            properties.set(key.as_str(), json::to_property(value), SOURCE);
        }
        properties
    }

    /// Seconds since 1970, perhaps with a fraction.
    fn when(&mut self) -> Option<Timestamp> {
        let (name, text) = self.field(&["when_timestamp", "when"])?;
        let when = match text.trim().parse::<i64>() {
            Ok(secs) => i64::checked_mul(secs, 1_000_000).map(Timestamp::from_micros),
            Err(_) => text.trim().parse::<f64>().ok().and_then(of_fraction),
        };
        if when.is_none() {
            self.complain(name, "not a number of seconds");
        }
        when
    }
}

fn of_fraction(secs: f64) -> Option<Timestamp> {
    let micros = (secs * 1e6).round();
    // Whole numbers up to here are exact in a float; it is the year 2255.
    let sane = micros.is_finite() && micros.abs() <= 9_007_199_254_740_992.0;
    #[expect(clippy::cast_possible_truncation, reason = "checked just above")]
    sane.then_some(Timestamp::from_micros(micros as i64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn all_fields_are_taken_over() {
        let pairs = form(&[
            ("author", "joe"),
            ("branch", "main"),
            ("revision", "r1"),
            ("comments", "hello"),
            ("files", r#"["a.c"]"#),
            ("project", "proj1"),
            ("repository", "http://repo"),
            ("properties", r#"{"p":1}"#),
            ("category", "c"),
            ("when_timestamp", "1700000000"),
        ]);
        let changes = read(&pairs).unwrap();
        let [change] = &changes[..] else { panic!("{changes:?}") };
        assert_eq!((change.author.as_str(), change.branch.as_deref()), ("joe", Some("main")));
        assert_eq!(change.files, ["a.c"]);
        assert_eq!(change.when, Some(Timestamp::from_secs(1_700_000_000)));
        let (name, property) = change.properties.iter().next().unwrap();
        assert_eq!((name, &property.value, property.source.as_str()), ("p", &1.into(), "Change"));
        assert_eq!(change.delivery_key, None);
    }

    #[test]
    fn an_empty_form_is_a_change() {
        let changes = read(&[]).unwrap();
        assert_eq!((changes.len(), changes[0].branch.as_ref(), changes[0].author.as_str()), (1, None, ""));
    }

    #[test]
    fn an_empty_branch_is_not_the_same_as_none() {
        let changes = read(&form(&[("branch", ""), ("author", "")])).unwrap();
        assert_eq!((changes[0].branch.as_deref(), changes[0].category.as_deref()), (Some(""), None));
        assert_eq!(changes[0].author, "");
    }

    #[test]
    fn old_names_are_understood() {
        let changes = read(&form(&[("who", "joe"), ("when", "1.5"), ("author", "")])).unwrap();
        assert_eq!(changes[0].author, "joe");
        assert_eq!(changes[0].when, Some(Timestamp::from_micros(1_500_000)));
    }

    #[test]
    fn all_wrong_fields_are_told_at_once() {
        let bad = [("files", r#"[1]"#), ("properties", "[]"), ("when", "yesterday")];
        let errors = read(&form(&bad)).unwrap_err();
        assert_eq!(errors.into_keys().collect::<Vec<_>>(), ["files", "properties", "when"]);
        for when in ["nan", "1e300", "99999999999999999"] {
            assert!(read(&form(&[("when", when)])).is_err(), "{when}");
        }
    }
}
