//! Templates in a directory of the master's own, read when they are first used and again when a file has changed.

use std::error::Error;
use std::fs;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

use minijinja::{Environment, Error as EngineError, ErrorKind as EngineErrorKind, Value};

use super::{TEMPLATES, TemplateError, environment};

/// By what a changed file is known.
type Mark = (PathBuf, Option<SystemTime>, u64);

/// The directory, and what has been read of it.
pub struct OwnTemplates {
    directory: PathBuf,
    read: RwLock<Option<Read>>,
}

struct Read {
    marks: Vec<Mark>,
    environment: Arc<Environment<'static>>,
}

impl OwnTemplates {
    pub fn new(directory: &Path) -> Self {
        Self { directory: directory.to_owned(), read: RwLock::new(None) }
    }

    pub fn render(&self, ours: &Environment<'static>, name: &str, context: Value) -> Result<String, TemplateError> {
        let marks = marks(&self.directory);
        if marks.is_empty() {
            return Ok(ours.get_template(name)?.render(context)?);
        }
        let environment = self.environment(marks)?;
        let rendered = environment.get_template(name).and_then(|template| template.render(context));
        rendered.map_err(|error| self.blame(name, error))
    }

    fn environment(&self, marks: Vec<Mark>) -> Result<Arc<Environment<'static>>, EngineError> {
        if let Some(read) = &*self.read.read().unwrap_or_else(PoisonError::into_inner)
            && read.marks == marks
        {
            return Ok(Arc::clone(&read.environment));
        }
        let mut environment = environment()?;
        let directory = self.directory.clone();
        environment.set_loader(move |name| load(&directory, name));
        let environment = Arc::new(environment);
        let read = Read { marks, environment: Arc::clone(&environment) };
        *self.read.write().unwrap_or_else(PoisonError::into_inner) = Some(read);
        Ok(environment)
    }

    /// Finds the file that is at fault: the innermost of the own ones that the error went through.
    fn blame(&self, page: &str, error: EngineError) -> TemplateError {
        let mut culprit = None;
        let mut innermost = &error;
        let mut next: Option<&(dyn Error + 'static)> = Some(&error);
        while let Some(current) = next {
            if let Some(found) = current.downcast_ref::<EngineError>() {
                innermost = found;
                culprit =
                    found.name().and_then(|name| own_file(&self.directory, name)).map(|path| (path, found)).or(culprit);
            }
            next = current.source();
        }
        if let Some((path, found)) = culprit {
            return TemplateError::Own { path, line: found.line(), why: said(found) };
        }
        match own_file(&self.directory, page) {
            Some(path) => TemplateError::Own { path, line: None, why: format!("{innermost:#}") },
            None => TemplateError::Ours(error),
        }
    }
}

fn said(error: &EngineError) -> String {
    match error.detail() {
        Some(detail) => format!("{}: {detail}", error.kind()),
        None => error.kind().to_string(),
    }
}

/// The file of this name if there is one; a name never leads out of the directory.
fn own_file(directory: &Path, name: &str) -> Option<PathBuf> {
    let is_plain = Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
    Some(directory.join(name)).filter(|path| is_plain && path.is_file())
}

fn load(directory: &Path, name: &str) -> Result<Option<String>, EngineError> {
    if let Some(path) = own_file(directory, name) {
        return match fs::read_to_string(&path) {
            Ok(source) => Ok(Some(source)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(ours(name)),
            Err(error) => {
                let what = format!("cannot read {}: {error}", path.display());
                Err(EngineError::new(EngineErrorKind::InvalidOperation, what))
            }
        };
    }
    Ok(ours(name))
}

fn ours(name: &str) -> Option<String> {
    TEMPLATES.iter().find(|(ours, _)| *ours == name).map(|(_, source)| (*source).to_owned())
}

fn marks(directory: &Path) -> Vec<Mark> {
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    let mark = |entry: fs::DirEntry| {
        // what a link points at may change too
        let about = fs::metadata(entry.path()).ok()?;
        about.is_file().then(|| (entry.path(), about.modified().ok(), about.len()))
    };
    let mut marks: Vec<Mark> = entries.flatten().filter_map(mark).collect();
    marks.sort();
    marks
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use tempfile::TempDir;

    use super::super::Templates;
    use super::*;

    const PAGE: &str = "error.html";

    fn render(directory: &TempDir) -> Result<String, TemplateError> {
        Templates::new().unwrap().preferring(directory.path()).render(PAGE, BTreeMap::<String, String>::new())
    }

    #[test]
    fn a_file_of_the_same_name_takes_the_place_of_ours_and_is_read_again_when_it_changed() {
        let directory = TempDir::new().unwrap();
        let templates = Templates::new().unwrap().preferring(directory.path());
        for text in ["first", "the second"] {
            fs::write(directory.path().join(PAGE), text).unwrap();
            assert_eq!(templates.render(PAGE, BTreeMap::<String, String>::new()).unwrap(), text);
        }
    }

    #[test]
    fn own_files_use_each_other_and_ours() {
        let directory = TempDir::new().unwrap();
        fs::write(directory.path().join("motto.html"), "<b>").unwrap();
        let page = "{% from \"parts.html\" import icon %}{% include \"motto.html\" %}{{ icon(\"x\") }}";
        fs::write(directory.path().join(PAGE), page).unwrap();
        assert!(render(&directory).unwrap().starts_with("<b><svg"));
    }

    #[test]
    fn a_broken_file_is_named_with_its_line() {
        let directory = TempDir::new().unwrap();
        let cases = [("\n{% if %}", 2), ("{{ nosuch }}", 1), ("a\nb\n{{ 1|nosuch }}", 3)];
        for (text, expected) in cases {
            fs::write(directory.path().join(PAGE), text).unwrap();
            let TemplateError::Own { path, line, .. } = render(&directory).unwrap_err() else { panic!("{text}") };
            assert_eq!((path, line), (directory.path().join(PAGE), Some(expected)), "{text}");
        }
    }

    #[test]
    fn a_broken_file_is_blamed_by_the_pages_that_include_it_and_by_no_other() {
        let directory = TempDir::new().unwrap();
        fs::write(directory.path().join(PAGE), "{% include \"inner.html\" %}").unwrap();
        fs::write(directory.path().join("inner.html"), "\n\n{% endfor %}").unwrap();
        let TemplateError::Own { path, line, .. } = render(&directory).unwrap_err() else { panic!("not blamed") };
        assert_eq!((path, line), (directory.path().join("inner.html"), Some(3)));
        fs::write(directory.path().join(PAGE), "fine").unwrap();
        assert_eq!(render(&directory).unwrap(), "fine");
    }

    #[test]
    fn names_do_not_lead_out_of_the_directory() {
        let directory = TempDir::new().unwrap();
        fs::create_dir(directory.path().join("templates")).unwrap();
        fs::write(directory.path().join("secret.html"), "secret").unwrap();
        let templates = directory.path().join("templates");
        assert_eq!(load(&templates, "../secret.html").unwrap(), None);
        assert_eq!(load(&templates, &directory.path().join("secret.html").to_string_lossy()).unwrap(), None);
    }

    #[test]
    fn without_own_files_ours_are_used() {
        let directory = TempDir::new().unwrap();
        let error = render(&directory).unwrap_err();
        assert!(matches!(error, TemplateError::Ours(_)), "ours needs a site: {error}");
    }
}
