//! The environment of a command: the worker's own, changed as the master asks.

use std::collections::BTreeMap;

use buildbot_protocol::Value;

/// Applies the argument `env`: text replaces, lists are joined with `:`, nil removes; `${NAME}` is the worker's own
/// value. `PYTHONPATH` gets the worker's own appended, `PWD` is the working directory.
pub fn of_command(
    own: &BTreeMap<String, String>,
    changes: Option<&BTreeMap<String, Value>>,
    workdir: &str,
) -> BTreeMap<String, String> {
    let mut environment = own.clone();
    for (name, value) in changes.into_iter().flatten() {
        let Some(mut text) = text_of(value) else {
            environment.remove(name);
            continue;
        };
        if name == "PYTHONPATH"
            && let Some(inherited) = own.get(name).filter(|inherited| !inherited.is_empty())
        {
            text = format!("{text}:{inherited}");
        }
        environment.insert(name.clone(), expand(&text, own));
    }
    environment.insert("PWD".to_owned(), workdir.to_owned());
    environment
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::Nil => None,
        Value::Str(text) => Some(text.clone()),
        Value::Array(items) => Some(items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(":")),
        Value::Int(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Float(number) => Some(number.to_string()),
        Value::Bin(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
        Value::Map(_) => None,
    }
}

/// Replaces `${NAME}`; a name that is not set becomes nothing.
fn expand(text: &str, own: &BTreeMap<String, String>) -> String {
    let mut expanded = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let Some(length) = rest[start..].find('}') else { break };
        let name = &rest[start + 2..start + length];
        expanded.push_str(&rest[..start]);
        expanded.push_str(own.get(name).map_or("", String::as_str));
        rest = &rest[start + length + 1..];
    }
    expanded + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_master_sets_extends_and_removes() {
        let own = [("PATH", "/bin"), ("PYTHONPATH", "/own"), ("GONE", "x")];
        let own = own.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let changes = [
            ("PATH", Value::from("/opt/bin:${PATH}:${NOT_SET}")),
            ("PYTHONPATH", Value::Array(vec!["/a".into(), "/b".into()])),
            ("GONE", Value::Nil),
            ("ODD", Value::from("${open")),
        ];
        let changes = changes.map(|(name, value)| (name.to_owned(), value)).into();
        let environment = of_command(&own, Some(&changes), "/work");
        assert_eq!(environment["PATH"], "/opt/bin:/bin:");
        assert_eq!(environment["PYTHONPATH"], "/a:/b:/own");
        assert_eq!(environment["ODD"], "${open");
        assert_eq!(environment["PWD"], "/work");
        assert!(!environment.contains_key("GONE"));
    }
}
