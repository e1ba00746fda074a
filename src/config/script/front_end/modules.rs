//! The files a configuration is made of: itself, the modules beside it that it imports, the files it includes.
//!
//! All of them become one Starlark program, modules first. So a list that a module makes can be filled by the
//! configuration, as in Python, and every reload reads every file again.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use rustpython_ruff_python_ast::visitor::Visitor;
use rustpython_ruff_python_ast::{Expr, ModModule, Stmt};
use rustpython_ruff_python_parser::{self as parser, Parsed};
use rustpython_ruff_text_size::{Ranged, TextSize};

use super::constants::Constants;
use super::frames::{Frame, FrameKind, box_name};
use super::imports::NATIVE;
use super::wanted::{Computed, Import, Include, Wanted};
use super::{lower, nesting, python2, scopes, span};
use crate::config::ConfigError;
use crate::config::script::Files;
use crate::config::source::SourceText;

/// Most files of one configuration.
const MAX_FILES: usize = 300;
/// All files together; larger configurations are refused, so that offsets and work stay small.
const MAX_BYTES: usize = 8 << 20;

/// Everything that was found, parsed.
pub struct Modules {
    /// The configuration is the first.
    pub files: Vec<LocalFile>,
    /// In the order in which they run; the configuration is the last. Included files are not in it.
    pub order: Vec<usize>,
    /// Attributes that some class of these files computes.
    pub properties: HashSet<String>,
    /// Operators that some class of these files defines: `__getitem__` and the like.
    pub operators: HashSet<String>,
    /// Files that a statement includes, by file and start of the expression.
    pub includes: HashMap<(usize, TextSize), usize>,
    /// What is Python 2.
    pub warnings: Vec<ConfigError>,
    by_name: HashMap<String, usize>,
}

/// One file.
pub struct LocalFile {
    pub source: SourceText,
    pub path: PathBuf,
    pub parsed: Parsed<ModModule>,
    pub frame: Frame,
    /// Dotted; empty for the configuration itself and what it includes.
    pub name: String,
    /// The package that its relative imports start from.
    package: String,
    pub included_by: Option<usize>,
    /// How far its lines are indented where it is included.
    pub indent: usize,
}

/// What a module has under a name.
pub enum Member {
    Variable(String),
    Box(String),
    Missing,
}

impl Modules {
    /// A module by its name, as the given file would import it.
    pub fn find(&self, importer: usize, level: u32, name: &str) -> Option<usize> {
        let package = &self.files[importer].package;
        let absolute = |package: &str| if package.is_empty() { name.to_owned() } else { format!("{package}.{name}") };
        if level == 0 {
            let beside = (!package.is_empty()).then(|| self.by_name.get(&absolute(package))).flatten();
            return beside.or_else(|| self.by_name.get(name)).copied();
        }
        let package = above(package, level)?;
        let wanted = if name.is_empty() { package.to_owned() } else { absolute(package) };
        self.by_name.get(&wanted).copied()
    }

    /// The variable that holds the object of a module.
    pub fn object(&self, file: usize) -> String {
        format!("_bb_module_{file}")
    }

    pub fn is_made_before(&self, file: usize, other: usize) -> bool {
        let outermost = |mut file: usize| {
            while let Some(outer) = self.files[file].included_by {
                file = outer;
            }
            self.order.iter().position(|known| *known == file)
        };
        outermost(file) < outermost(other)
    }

    /// What is said about modules that need each other to be made.
    pub fn circle(&self, file: usize, importer: usize) -> String {
        let (a, b) = (&self.files[file].source.name, &self.files[importer].source.name);
        if file == importer {
            return format!("'{a}' imports itself");
        }
        format!("'{a}' and '{b}' import each other; import inside of a function instead")
    }

    pub fn member(&self, file: usize, name: &str) -> Member {
        let LocalFile { frame, name: module, .. } = &self.files[file];
        if frame.boxed.contains(name) {
            return Member::Box(box_name(&frame.prefix, name));
        }
        if frame.names.contains(name) {
            return Member::Variable(format!("{}{name}", frame.prefix));
        }
        match self.by_name.get(&format!("{module}.{name}")) {
            Some(inner) => Member::Variable(self.object(*inner)),
            None => Member::Missing,
        }
    }

    /// What `import *` takes from a module.
    pub fn exported(&self, file: usize) -> Vec<String> {
        let LocalFile { parsed, frame, .. } = &self.files[file];
        if let Some(listed) = parsed.syntax().body.iter().find_map(listed) {
            return listed;
        }
        let mut names: Vec<String> = frame.names.iter().filter(|name| !name.starts_with(['_', '*'])).cloned().collect();
        names.sort();
        names
    }

    /// A module that is inside of a package.
    pub fn inside(&self, file: usize, name: &str) -> Option<usize> {
        self.by_name.get(&format!("{}.{name}", self.files[file].name)).copied()
    }

    /// The package that a module is directly inside of, and its name there.
    pub fn around(&self, file: usize) -> Option<(usize, &str)> {
        let (package, name) = self.files[file].name.rsplit_once('.')?;
        self.by_name.get(package).map(|package| (*package, name))
    }
}

/// The package that a relative import of some level starts from.
fn above(package: &str, level: u32) -> Option<&str> {
    let mut package = package;
    for _ in 1..level {
        package = package.rsplit_once('.').map_or("", |(outer, _)| outer);
    }
    Some(package)
}

/// `__all__ = ['a', 'b']`.
fn listed(statement: &Stmt) -> Option<Vec<String>> {
    let Stmt::Assign(assign) = statement else { return None };
    let [Expr::Name(name)] = assign.targets.as_slice() else { return None };
    let elements = match &*assign.value {
        Expr::List(list) if name.id == "__all__" => &list.elts,
        Expr::Tuple(tuple) if name.id == "__all__" => &tuple.elts,
        _ => return None,
    };
    Some(elements.iter().filter_map(|item| item.as_string_literal_expr()).map(|item| item.value.to_string()).collect())
}

/// Finds and parses everything that a configuration needs.
pub fn discover(source: &SourceText, files: &Files) -> Result<Modules, Vec<ConfigError>> {
    let modules = Modules {
        files: Vec::new(),
        order: Vec::new(),
        properties: HashSet::new(),
        operators: HashSet::new(),
        includes: HashMap::new(),
        warnings: Vec::new(),
        by_name: HashMap::new(),
    };
    let directories = vec![files.base_dir().to_owned()];
    let mut discovery = Discovery { files, modules, directories, n_bytes: 0, errors: Vec::new() };
    let path = files.base_dir().join(&source.name);
    let main = discovery.add(source.clone(), path, String::new(), String::new());
    if let Some(main) = main {
        discovery.visit(main);
        discovery.modules.order.push(main);
    }
    if discovery.errors.is_empty() { Ok(discovery.modules) } else { Err(discovery.errors) }
}

struct Discovery<'a> {
    files: &'a Files,
    modules: Modules,
    /// Where modules are looked for.
    directories: Vec<PathBuf>,
    n_bytes: usize,
    errors: Vec<ConfigError>,
}

impl Discovery<'_> {
    /// Parses a file; its number, unless something is wrong with it.
    fn add(&mut self, source: SourceText, path: PathBuf, name: String, package: String) -> Option<usize> {
        self.n_bytes += source.text.len();
        if MAX_BYTES < self.n_bytes || MAX_FILES < self.modules.files.len() {
            let what = if MAX_BYTES < self.n_bytes { "larger than 8 MiB" } else { "made of too many files" };
            self.errors.push(ConfigError::whole_file(&source.name, format!("the configuration is {what}")));
            return None;
        }
        if let Err(error) = nesting::check(&source) {
            self.errors.push(error);
            return None;
        }
        let modern = python2::modern(&source);
        let source = modern.source;
        self.modules.warnings.extend(modern.warnings);
        self.errors.extend(modern.errors.iter().cloned());
        let parsed = match parser::parse_module(&source.text) {
            Ok(parsed) => parsed,
            // What is Python 2 explains it.
            Err(_) if !modern.errors.is_empty() => return None,
            Err(error) => {
                let text = format!("syntax error: {}", lower(&error.error.to_string()));
                self.errors.push(source.error(span(error.range()), text));
                return None;
            }
        };
        let body = &parsed.syntax().body;
        let number = self.modules.files.len();
        let frame = module_frame(body, &name, number);
        let mut computed = Computed::default();
        computed.visit_body(body);
        self.modules.properties.extend(computed.properties);
        self.modules.operators.extend(computed.operators);
        if !name.is_empty() {
            self.modules.by_name.insert(name.clone(), number);
        }
        self.modules.files.push(LocalFile { source, path, parsed, frame, name, package, included_by: None, indent: 0 });
        Some(number)
    }

    /// Loads what a file imports and includes, and what that imports.
    fn visit(&mut self, file: usize) {
        let LocalFile { parsed, path, .. } = &self.modules.files[file];
        let body = &parsed.syntax().body;
        let constants = Constants::of(body, self.files.base_dir(), path);
        let mut wanted = Wanted::new(&constants, &self.modules.files[file].source);
        wanted.visit_body(body);
        let (imports, directories, includes) = (wanted.imports, wanted.directories, wanted.includes);
        let base = self.files.base_dir().to_owned();
        self.directories.extend(directories.into_iter().map(|directory| base.join(directory)));
        for include in includes {
            self.include(file, include);
        }
        for Import { level, module, names, in_block } in imports {
            self.import(file, level, &module);
            if let Some(found) = self.modules.find(file, level, &module).filter(|_| names.iter().any(|it| it == "*")) {
                let exported = self.modules.exported(found);
                let frame = &mut self.modules.files[file].frame;
                if in_block {
                    frame.boxed.extend(exported.iter().cloned());
                }
                frame.names.extend(exported);
            }
            for name in names {
                let inner = if module.is_empty() { name } else { format!("{module}.{name}") };
                self.import(file, level, &inner);
            }
        }
    }

    /// Loads a module and the packages around it, if they are files.
    fn import(&mut self, importer: usize, level: u32, module: &str) {
        let package = self.modules.files[importer].package.clone();
        let absolute = match level {
            0 => module.to_owned(),
            _ => match above(&package, level) {
                Some("") | None => module.to_owned(),
                Some(outer) if module.is_empty() => outer.to_owned(),
                Some(outer) => format!("{outer}.{module}"),
            },
        };
        let top = absolute.split('.').next().unwrap_or_default();
        if level == 0 && (top == "buildbot" || NATIVE.contains(&top)) {
            return;
        }
        self.load(&absolute);
        if level == 0 && !package.is_empty() && !self.modules.by_name.contains_key(&absolute) {
            self.load(&format!("{package}.{absolute}"));
        }
    }

    fn load(&mut self, module: &str) {
        let parts: Vec<&str> = module.split('.').collect();
        for length in 1..=parts.len() {
            let name = parts[..length].join(".");
            if name.is_empty() || self.modules.by_name.contains_key(&name) {
                continue;
            }
            let Some((source, path, is_package)) = self.find_file(&parts[..length]) else { return };
            let outer = parts[..length - 1].join(".");
            let package = if is_package { name.clone() } else { outer };
            let Some(number) = self.add(source, path, name, package) else { return };
            self.visit(number);
            self.modules.order.push(number);
        }
    }

    /// `a/b.py`, or `a/b/__init__.py`, or nothing but a directory with Python files.
    fn find_file(&mut self, parts: &[&str]) -> Option<(SourceText, PathBuf, bool)> {
        let relative: PathBuf = parts.iter().collect();
        for directory in self.directories.clone() {
            let stem = directory.join(&relative);
            for (path, is_package) in [(stem.join("__init__.py"), true), (stem.with_extension("py"), false)] {
                if let Some(source) = self.read(&path) {
                    return Some((source, path, is_package));
                }
            }
            if self.files.has_modules(&stem) {
                let name = self.files.display_name(&stem);
                return Some((SourceText::new(&name, ""), stem, true));
            }
        }
        None
    }

    fn read(&mut self, path: &Path) -> Option<SourceText> {
        let name = self.files.display_name(path);
        match self.files.module(path)? {
            Ok(text) => Some(SourceText::new(&name, &text)),
            Err(message) => {
                self.errors.push(ConfigError::whole_file(&name, message));
                None
            }
        }
    }

    fn include(&mut self, file: usize, Include { at, name, in_block, indent }: Include) {
        let place = &self.modules.files[file].source;
        let at_place = span(rustpython_ruff_text_size::TextRange::at(at, 4.into()));
        let Some(name) = name else {
            let message = "a file is included by a fixed name, and outside of functions and classes";
            self.errors.push(place.error(at_place, message));
            return;
        };
        let path = self.files.base_dir().join(&name);
        let mut outer = Some(file);
        while let Some(number) = outer {
            if self.modules.files[number].path == path {
                let message = format!("'{name}' includes itself");
                self.errors.push(self.modules.files[file].source.error(at_place, message));
                return;
            }
            outer = self.modules.files[number].included_by;
        }
        let Some(source) = self.read(&path) else {
            let message = format!("there is no file '{name}' to include");
            self.errors.push(self.modules.files[file].source.error(at_place, message));
            return;
        };
        let package = self.modules.files[file].package.clone();
        let Some(number) = self.add(source, path, String::new(), package) else { return };
        let indent = indent + self.modules.files[file].indent;
        self.modules.files[number].included_by = Some(file);
        self.modules.files[number].indent = indent;
        self.modules.includes.insert((file, at), number);
        self.visit(number);
        // Both are one scope.
        let Frame { names, boxed, .. } = self.modules.files[number].frame.clone();
        let frame = &mut self.modules.files[file].frame;
        if in_block {
            frame.boxed.extend(names.iter().cloned());
        }
        frame.names.extend(names);
        frame.boxed.extend(boxed);
        let frame = frame.clone();
        self.share(file, &frame);
    }

    fn share(&mut self, file: usize, frame: &Frame) {
        let included: Vec<usize> =
            self.modules.includes.iter().filter(|((outer, _), _)| *outer == file).map(|(_, inner)| *inner).collect();
        for inner in included {
            self.modules.files[inner].frame = frame.clone();
            self.share(inner, frame);
        }
    }
}

fn module_frame(body: &[Stmt], name: &str, number: usize) -> Frame {
    let mut names = scopes::assigned(body);
    let mut boxed = scopes::boxed(body).global;
    let mut prefix = String::new();
    if !name.is_empty() {
        prefix = format!("_bb_m{number}_");
        // Who imports such a name must be able to tell that it was never given a value.
        let certain = scopes::certain(body);
        boxed.extend(names.iter().filter(|name| !certain.contains(*name)).cloned());
        names.extend(["__file__".to_owned(), "__name__".to_owned()]);
    }
    names.extend(boxed.iter().cloned());
    Frame { kind: FrameKind::Module, names, boxed, globals: HashSet::new(), prefix }
}
