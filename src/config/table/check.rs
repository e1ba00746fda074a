//! Tests the arguments of a constructor's call against the table.

use super::{Class, Default, Rest};
use crate::config::nearest;

/// What a call's arguments are called in the table, or what is wrong with them.
#[derive(Debug, Default)]
pub struct Checked {
    /// For each argument, in the order given: its name in the table. `None` if it has none (rest, or an error).
    pub names: Vec<Option<String>>,
    /// Message, and the position of the argument it is about (`None`: the call).
    pub problems: Vec<(String, Option<usize>)>,
    /// Old spellings, likewise.
    pub warnings: Vec<(String, Option<usize>)>,
}

/// Names the arguments of a call: `given` holds `None` for each positional argument and the name of each other.
pub fn check_call(class: &'static Class, given: &[Option<&str>]) -> Checked {
    let mut checked = Checked::default();
    let full_name = class.full_name();
    if let Some(modern) = class.modern {
        checked.warnings.push((format!("{full_name} is an old name of {modern}"), None));
    }
    for (position, name) in given.iter().enumerate() {
        let known = match name {
            None => positional(class, position, &mut checked),
            Some(name) => named(class, name, position, &mut checked),
        };
        let repeated = known.is_some() && checked.names.contains(&known);
        if let (true, Some(name)) = (repeated, &known) {
            checked.problems.push((format!("{full_name}() got '{name}' twice"), Some(position)));
        }
        checked.names.push(known);
    }
    let missing: Vec<&str> = class
        .all_arguments()
        .filter(|argument| argument.default == Default::Required)
        .map(|argument| argument.name)
        .filter(|name| !checked.names.iter().flatten().any(|given| given == name))
        .collect();
    if !missing.is_empty() {
        checked.problems.push((format!("{full_name}() needs '{}'", missing.join("' and '")), None));
    }
    checked
}

fn positional(class: &Class, position: usize, checked: &mut Checked) -> Option<String> {
    let name = class.positional.get(position);
    if name.is_none() && class.rest != Rest::All {
        let at_most = match class.positional.len() {
            0 => "takes named arguments only".to_owned(),
            1 => "takes at most one argument without a name".to_owned(),
            several => format!("takes at most {several} arguments without a name"),
        };
        checked.problems.push((format!("{}() {at_most}", class.full_name()), Some(position)));
    }
    name.map(|name| (*name).to_owned())
}

fn named(class: &Class, name: &str, position: usize, checked: &mut Checked) -> Option<String> {
    let Some(argument) = class.argument(name) else {
        if class.rest == Rest::None {
            let known: Vec<&str> = class.all_arguments().map(|argument| argument.name).collect();
            let hint = match nearest::nearest(name, known.iter().copied()) {
                Some(found) => format!(" (did you mean '{found}'?)"),
                None => format!(" (allowed: {})", known.join(", ")),
            };
            checked.problems.push((format!("{}() has no argument '{name}'{hint}", class.full_name()), Some(position)));
            return None;
        }
        return Some(name.to_owned());
    };
    if argument.name != name {
        let warning = format!("{}({name}=) is an old name of '{}'", class.full_name(), argument.name);
        checked.warnings.push((warning, Some(position)));
    }
    Some(argument.name.to_owned())
}
