//! The command of a tool, made of its arguments.

use super::Options;
use crate::domain::PropertyValue;
use crate::steps::config::Tool;

/// The words of the command; nothing for a tool that is given one.
pub fn words(tool: Tool, options: &Options) -> Result<Option<Vec<String>>, String> {
    let options = Given(options);
    let words = match tool {
        Tool::CMake => cmake(&options),
        Tool::Cppcheck => cppcheck(&options),
        Tool::Robocopy => robocopy(&options),
        Tool::Sphinx => sphinx(&options)?,
        Tool::PyFlakes | Tool::PyLint | Tool::TreeSize => return Ok(None),
    };
    Ok(Some(words))
}

fn cmake(options: &Given<'_>) -> Vec<String> {
    let mut words = options.list("cmake");
    words.extend(options.pair("-G", "generator"));
    words.extend(options.entries("definitions").map(|(name, value)| format!("-D{name}={value}")));
    words.extend(options.list("options"));
    words.extend(options.text("path"));
    words
}

fn cppcheck(options: &Given<'_>) -> Vec<String> {
    let mut words = options.list("binary");
    let source = options.list("source");
    words.extend(if source.is_empty() { vec![".".to_owned()] } else { source });
    let enabled = options.list("enable");
    words.extend((!enabled.is_empty()).then(|| format!("--enable={}", enabled.join(","))));
    words.extend(options.flag("inconclusive", &["--inconclusive"]));
    words.extend(options.list("extra_args"));
    words
}

fn robocopy(options: &Given<'_>) -> Vec<String> {
    let mut words = vec!["robocopy".to_owned()];
    words.extend(options.text("source"));
    words.extend(options.text("destination"));
    words.extend(options.list("files"));
    words.extend(options.flag("recursive", &["/E"]));
    words.extend(options.flag("mirror", &["/MIR"]));
    words.extend(options.flag("move", &["/MOVE"]));
    let excluded = [options.list("exclude_files"), options.list("exclude")];
    words.extend(options.behind("/XF", excluded.into_iter().find(|files| !files.is_empty()).unwrap_or_default()));
    words.extend(options.behind("/XD", options.list("exclude_dirs")));
    words.extend(options.flag("verbose", &["/V", "/TS", "/FP"]));
    words.extend(options.list("custom_opts"));
    words.extend(["/TEE", "/NP"].map(str::to_owned));
    words
}

fn sphinx(options: &Given<'_>) -> Result<Vec<String>, String> {
    let mut words = options.list("sphinx");
    words.extend(options.pair("-b", "sphinx_builder"));
    words.extend(options.list("tags").into_iter().flat_map(|tag| ["-t".to_owned(), tag]));
    for (name, value) in options.entries("defines") {
        let define = match value {
            PropertyValue::Null => name.clone(),
            PropertyValue::Bool(flag) => format!("{name}={}", u8::from(*flag)),
            other => format!("{name}={other}"),
        };
        words.extend(["-D".to_owned(), define]);
    }
    match options.text("mode").as_deref() {
        Some("full") => words.push("-E".to_owned()),
        Some("incremental") | None => {}
        Some(other) => return Err(format!("mode must be 'incremental' or 'full', not '{other}'")),
    }
    words.extend(options.flag("strict_warnings", &["-W"]));
    words.extend(options.text("sphinx_sourcedir"));
    words.extend(options.text("sphinx_builddir"));
    Ok(words)
}

/// Arguments as they were given.
struct Given<'a>(&'a Options);

impl Given<'_> {
    /// A text that is not empty.
    fn text(&self, name: &str) -> Option<String> {
        let value = self.0.get(name).filter(|value| !matches!(value, PropertyValue::Null))?;
        Some(value.to_string()).filter(|text| !text.is_empty())
    }

    /// The items of a list, or the one text; lists in lists are as if they stood there.
    fn list(&self, name: &str) -> Vec<String> {
        fn collect(value: &PropertyValue, into: &mut Vec<String>) {
            match value {
                PropertyValue::Null => {}
                PropertyValue::List(items) => items.iter().for_each(|item| collect(item, into)),
                PropertyValue::Str(text) if text.is_empty() => {}
                other => into.push(other.to_string()),
            }
        }
        let mut words = Vec::new();
        self.0.get(name).into_iter().for_each(|value| collect(value, &mut words));
        words
    }

    fn entries(&self, name: &str) -> impl Iterator<Item = (&String, &PropertyValue)> {
        let map = match self.0.get(name) {
            Some(PropertyValue::Map(map)) => Some(map),
            _ => None,
        };
        map.into_iter().flatten()
    }

    /// An option and its text, if there is one.
    fn pair(&self, option: &str, name: &str) -> Vec<String> {
        self.text(name).map(|text| vec![option.to_owned(), text]).unwrap_or_default()
    }

    fn flag(&self, name: &str, words: &[&str]) -> Vec<String> {
        let is_set = self.0.get(name).is_some_and(PropertyValue::is_truthy);
        if is_set { words.iter().map(|word| (*word).to_owned()).collect() } else { Vec::new() }
    }

    /// An option and the words behind it, if there are any.
    fn behind(&self, option: &str, words: Vec<String>) -> Vec<String> {
        if words.is_empty() { words } else { [vec![option.to_owned()], words].concat() }
    }
}
