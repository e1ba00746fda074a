//! The files a configuration is made of: itself, the modules beside it that it imports, the files it includes.
//!
//! All of them become one Starlark program, modules first. So a list that a module makes can be filled by the
//! configuration, as in Python, and every reload reads every file again.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use rustpython_ruff_python_ast::visitor::{self, Visitor};
use rustpython_ruff_python_ast::{Expr, ModModule, Stmt};
use rustpython_ruff_python_parser::{self as parser, Parsed};
use rustpython_ruff_text_size::{Ranged, TextSize};

use super::constants::Constants;
use super::frames::{Frame, FrameKind, box_name};
use super::imports::NATIVE;
use super::{lower, nesting, scopes, span};
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
    /// Files that a statement includes, by file and start of the expression.
    pub includes: HashMap<(usize, TextSize), usize>,
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

    /// The modules that are directly inside of a package, with their names there.
    pub fn inside(&self, file: usize) -> Vec<(String, usize)> {
        let prefix = format!("{}.", self.files[file].name);
        let inner = self.by_name.iter().filter_map(|(name, inner)| {
            let rest = name.strip_prefix(&prefix)?;
            (!rest.contains('.')).then(|| (rest.to_owned(), *inner))
        });
        let mut inner: Vec<_> = inner.collect();
        inner.sort();
        inner
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
        includes: HashMap::new(),
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
        let parsed = match parser::parse_module(&source.text) {
            Ok(parsed) => parsed,
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
        self.modules.properties.extend(computed.0);
        if !name.is_empty() {
            self.modules.by_name.insert(name.clone(), number);
        }
        self.modules.files.push(LocalFile { source, path, parsed, frame, name, package, included_by: None });
        Some(number)
    }

    /// Loads what a file imports and includes, and what that imports.
    fn visit(&mut self, file: usize) {
        let LocalFile { parsed, path, source, .. } = &self.modules.files[file];
        let body = &parsed.syntax().body;
        let constants = Constants::of(body, self.files.base_dir(), path);
        let mut wanted = Wanted::new(&constants);
        wanted.visit_body(body);
        let (imports, directories, includes) = (wanted.imports, wanted.directories, wanted.includes);
        let includes: Vec<_> = includes
            .into_iter()
            .map(|(at, name)| {
                let at_start = source.position(at.into()).1 == 1;
                (at, name.filter(|_| at_start))
            })
            .collect();
        let base = self.files.base_dir().to_owned();
        self.directories.extend(directories.into_iter().map(|directory| base.join(directory)));
        for (at, name) in includes {
            self.include(file, at, name);
        }
        for Import { level, module, names } in imports {
            self.import(file, level, &module);
            if let Some(found) = self.modules.find(file, level, &module).filter(|_| names.iter().any(|it| it == "*")) {
                let exported = self.modules.exported(found);
                self.modules.files[file].frame.names.extend(exported);
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

    fn include(&mut self, file: usize, at: TextSize, name: Option<String>) {
        let place = &self.modules.files[file].source;
        let at_place = span(rustpython_ruff_text_size::TextRange::at(at, 4.into()));
        let Some(name) = name else {
            let message = "a file is included by a fixed name, and outside of functions and blocks";
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
        self.modules.files[number].included_by = Some(file);
        self.modules.includes.insert((file, at), number);
        self.visit(number);
        // Both are one scope.
        let Frame { names, boxed, .. } = self.modules.files[number].frame.clone();
        let frame = &mut self.modules.files[file].frame;
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

/// Names that classes compute: functions under `@property`.
#[derive(Default)]
struct Computed(HashSet<String>);

impl<'a> Visitor<'a> for Computed {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        if let Stmt::FunctionDef(function) = stmt {
            let is_property = |expression: &Expr| match expression {
                Expr::Name(name) => ["property", "cached_property"].contains(&name.id.as_str()),
                Expr::Attribute(attribute) => attribute.attr.as_str() == "cached_property",
                _ => false,
            };
            if function.decorator_list.iter().any(|decorator| is_property(&decorator.expression)) {
                self.0.insert(function.name.to_string());
            }
        }
        visitor::walk_stmt(self, stmt);
    }
}

struct Import {
    level: u32,
    module: String,
    names: Vec<String>,
}

/// What a file asks for.
struct Wanted<'c> {
    constants: &'c Constants<'c>,
    imports: Vec<Import>,
    directories: Vec<String>,
    includes: Vec<(TextSize, Option<String>)>,
}

impl<'c> Wanted<'c> {
    fn new(constants: &'c Constants<'c>) -> Self {
        Self { constants, imports: Vec::new(), directories: Vec::new(), includes: Vec::new() }
    }

    /// `sys.path.append(directory)` and `sys.path.insert(0, directory)`.
    fn directory(&mut self, expression: &Expr) {
        let Expr::Call(call) = expression else { return };
        let Expr::Attribute(method) = &*call.func else { return };
        let Expr::Attribute(path) = &*method.value else { return };
        let is_path = path.attr.as_str() == "path" && matches!(&*path.value, Expr::Name(name) if name.id == "sys");
        if is_path && let Some(directory) = call.arguments.args.last() {
            self.directories.extend(self.constants.text(directory));
        }
    }

    /// `execfile(name)` and `exec(open(name).read())`.
    fn inclusion(&mut self, expression: &Expr) {
        if let Some(name) = included(expression) {
            self.includes.push((expression.start(), self.constants.text(name)));
        }
    }
}

/// The expression for the file that a statement includes, if it includes one.
fn included(expression: &Expr) -> Option<&Expr> {
    let Expr::Call(call) = expression else { return None };
    let Expr::Name(function) = &*call.func else { return None };
    let first = call.arguments.args.first()?;
    match function.id.as_str() {
        "execfile" => Some(first),
        "exec" | "compile" => match first {
            Expr::Call(inner) => match &*inner.func {
                Expr::Attribute(read) if read.attr.as_str() == "read" => match &*read.value {
                    Expr::Call(open) => open.arguments.args.first(),
                    _ => None,
                },
                _ => included(first),
            },
            _ => None,
        },
        _ => None,
    }
}

impl<'a> Visitor<'a> for Wanted<'_> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::Import(node) => {
                let imports = node.names.iter().map(|alias| alias.name.to_string());
                self.imports.extend(imports.map(|module| Import { level: 0, module, names: Vec::new() }));
            }
            Stmt::ImportFrom(node) => {
                let names = node.names.iter().map(|alias| alias.name.to_string()).collect();
                let module = node.module.as_ref().map(ToString::to_string).unwrap_or_default();
                self.imports.push(Import { level: node.level, module, names });
            }
            Stmt::Expr(node) => {
                self.directory(&node.value);
                self.inclusion(&node.value);
            }
            _ => visitor::walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, _: &'a Expr) {}
}
