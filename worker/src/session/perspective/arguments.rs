//! Arguments of commands as masters name them on this dialect, of whatever age, in the names that commands here know.
//!
//! Paths are relative to the directory of the builder.

use std::path::{Component, Path, PathBuf};

use buildbot_protocol::{Arguments, Value};

/// Translates the arguments of `command`. What is missing stays missing, and is objected to later.
pub(super) fn translate(command: &str, mut args: Arguments, builder_dir: &Path) -> Arguments {
    let workdir = builder_dir.join(args.get("workdir").and_then(Value::as_str).unwrap_or_default());
    match command {
        "shell" => {
            absolute(&mut args, "workdir", "workdir", builder_dir);
            if matches!(args.get("usePTY"), Some(Value::Str(_))) {
                // "slave-config": as the worker likes it.
                args.insert("usePTY".to_owned(), Value::Bool(false));
            }
        }
        "uploadFile" | "upload_file" | "uploadDirectory" | "upload_directory" => {
            rename(&mut args, "slavesrc", "workersrc");
            absolute(&mut args, "workersrc", "path", &workdir);
        }
        "downloadFile" | "download_file" => {
            rename(&mut args, "slavedest", "workerdest");
            absolute(&mut args, "workerdest", "path", &workdir);
        }
        "mkdir" | "rmdir" => absolute(&mut args, "dir", "paths", builder_dir),
        "cpdir" => {
            absolute(&mut args, "fromdir", "from_path", builder_dir);
            absolute(&mut args, "todir", "to_path", builder_dir);
        }
        "stat" => absolute(&mut args, "file", "path", &workdir),
        "listdir" => absolute(&mut args, "dir", "path", builder_dir),
        "glob" | "rmfile" => absolute(&mut args, "path", "path", builder_dir),
        _ => {}
    }
    args
}

fn rename(args: &mut Arguments, from: &str, to: &str) {
    if let Some(value) = args.remove(from) {
        args.insert(to.to_owned(), value);
    }
}

/// Makes the path or the paths of one argument absolute, and gives it another name.
fn absolute(args: &mut Arguments, from: &str, to: &str, dir: &Path) {
    let value = match args.remove(from) {
        Some(Value::Str(path)) => Value::Str(joined(dir, &path)),
        Some(Value::Array(paths)) => {
            let join = |path: Value| match path {
                Value::Str(path) => Value::Str(joined(dir, &path)),
                other => other,
            };
            Value::Array(paths.into_iter().map(join).collect())
        }
        Some(other) => other,
        None => return,
    };
    args.insert(to.to_owned(), value);
}

/// `~` is the home of the worker's user; `.` goes, so that logs read well.
fn joined(dir: &Path, path: &str) -> String {
    let home = || std::env::var("HOME").ok().filter(|home| !home.is_empty());
    let expanded = match path.strip_prefix('~') {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => home().map(|home| home + rest),
        _ => None,
    };
    let path = dir.join(expanded.as_deref().unwrap_or(path));
    let plain: PathBuf = path.components().filter(|part| *part != Component::CurDir).collect();
    plain.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(entries: &[(&str, &str)]) -> Arguments {
        entries.iter().map(|(key, value)| ((*key).to_owned(), Value::from(*value))).collect()
    }

    fn translated(command: &str, entries: &[(&str, &str)]) -> Arguments {
        translate(command, args(entries), Path::new("/w/builder"))
    }

    #[test]
    fn paths_become_absolute_and_get_the_names_that_commands_know() {
        type Case = (&'static str, &'static [(&'static str, &'static str)], &'static str, &'static str);
        let cases: [Case; 9] = [
            ("shell", &[("workdir", "build")], "workdir", "/w/builder/build"),
            ("shell", &[("workdir", "/else/where")], "workdir", "/else/where"),
            ("uploadFile", &[("workdir", "build"), ("workersrc", "./f")], "path", "/w/builder/build/f"),
            ("downloadFile", &[("workdir", "build"), ("slavedest", "f")], "path", "/w/builder/build/f"),
            ("mkdir", &[("dir", "build/d")], "paths", "/w/builder/build/d"),
            ("cpdir", &[("fromdir", "a"), ("todir", "b")], "to_path", "/w/builder/b"),
            ("stat", &[("file", "f")], "path", "/w/builder/f"),
            ("listdir", &[("dir", ".")], "path", "/w/builder"),
            ("glob", &[("path", "build/*.c")], "path", "/w/builder/build/*.c"),
        ];
        for (command, given, name, expected) in cases {
            assert_eq!(translated(command, given).get(name), Some(&Value::from(expected)), "{command} {given:?}");
        }
    }

    #[test]
    fn the_terminal_of_an_old_master_is_none() {
        let args = translated("shell", &[("workdir", "build"), ("usePTY", "slave-config")]);
        assert_eq!(args.get("usePTY"), Some(&Value::Bool(false)));
    }

    #[test]
    fn several_directories_stay_several() {
        let both = Value::Array(vec!["a".into(), "b".into()]);
        let args = translate("rmdir", [("dir".to_owned(), both)].into(), Path::new("/w/builder"));
        assert_eq!(args.get("paths"), Some(&Value::Array(vec!["/w/builder/a".into(), "/w/builder/b".into()])));
    }
}
