//! What a file uses and this master does not have yet. Everything that the configuration holds is looked at, so that
//! nothing is ignored in silence: what builds, schedules or guards keeps a master from starting, the rest is told in the
//! banner.

use std::collections::HashSet;
use std::sync::Arc;

use super::context::Context;
use super::fields::Fields;
use crate::config::script::{Object, Raw};
use crate::config::table::Support;
use crate::config::table::keys::{self, KEYS, Key, KeySupport, WWW_KEYS};

/// Looks at all values of a file.
pub fn look_for(context: &Context<'_>, config: &[(String, Raw)]) {
    let mut search = Search { context, seen: HashSet::new() };
    for (name, value) in config {
        match value {
            Raw::Map(entries) if name == "www" => {
                for (inner, value) in entries {
                    let inner = inner.text().unwrap_or_default();
                    search.value(value, told(WWW_KEYS, &inner));
                }
            }
            _ => search.value(value, told(KEYS, name)),
        }
    }
}

/// `X is known, not available yet`, and what to use instead, if anything.
pub fn message(what: &str, instead: &str) -> String {
    let instead = if instead.is_empty() { String::new() } else { format!("; {instead}") };
    format!("{what} is known, not available yet{instead}")
}

/// Whether a key itself was told about, so that what it holds needs no word.
fn told(table: &'static [Key], name: &str) -> Told {
    let is_told =
        keys::find(table, name).is_some_and(|key| !matches!(key.support, KeySupport::Works | KeySupport::Formerly(_)));
    if is_told { Told::Already } else { Told::NotYet }
}

/// Whether something that holds a value was told about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    NotYet,
    Already,
}

struct Search<'a> {
    context: &'a Context<'a>,
    seen: HashSet<*const Object>,
}

impl Search<'_> {
    fn value(&mut self, value: &Raw, told: Told) {
        match value {
            Raw::List(items) => items.iter().for_each(|item| self.value(item, told)),
            Raw::Map(entries) => entries.iter().for_each(|(_, item)| self.value(item, told)),
            Raw::Object(object) if self.seen.insert(Arc::as_ptr(object)) => self.object(object, told),
            _ => {}
        }
    }

    fn object(&mut self, object: &Arc<Object>, told: Told) {
        let works = object.class.support == Support::Works;
        if told == Told::NotYet {
            self.tell(object);
        }
        if told == Told::Already || !works {
            // Nobody reads them, so this is where their types are tested.
            Fields::new(self.context, object);
        }
        let inner = if works { told } else { Told::Already };
        for argument in &object.arguments {
            let known = object.class.argument(&argument.name);
            let is_unbuilt = known.is_some_and(|known| !known.available) && argument.value.is_truthy();
            if is_unbuilt && inner == Told::NotYet {
                let what = format!("{}({}=)", object.class.full_name(), argument.name);
                self.context.not_available(argument.span, message(&what, ""));
            }
            self.value(&argument.value, if is_unbuilt { Told::Already } else { inner });
        }
        object.rest.iter().for_each(|value| self.value(value, inner));
    }

    fn tell(&self, object: &Object) {
        let name = object.class.full_name();
        match object.class.support {
            Support::Works => {}
            Support::Inactive => self.context.no_effect_yet(name),
            Support::NotYet(instead) => self.context.not_available(object.span, message(&name, instead)),
        }
    }
}
