//! Puts the rewritten files together: modules in the order in which they run, then the configuration, with the files
//! it includes in their places.

use super::edits::Positions;
use super::functions::FunctionText;
use super::modules::{LocalFile, Modules};
use super::places::{self, Places};
use super::rewriter::Rewriter;
use super::{Rewritten, frames, tabs};
use crate::config::ConfigError;
use crate::config::source::{SourceText, Span};

/// What stands for an included file until it is put there.
pub const INCLUDE: &str = "_bb_include_";

pub fn assemble(modules: &Modules) -> Result<Rewritten, Vec<ConfigError>> {
    let sources: Vec<&SourceText> = modules.files.iter().map(|file| &file.source).collect();
    let (source, bases) = SourceText::combined(&sources);
    let mut assembly = Assembly { modules, bases, rewritten: Vec::new(), functions: Vec::new(), errors: Vec::new() };
    for number in 0..modules.files.len() {
        let rewritten = assembly.rewrite(number);
        assembly.rewritten.push(rewritten);
    }
    if !assembly.errors.is_empty() {
        return Err(assembly.errors);
    }
    let mut program = Program::default();
    for number in &modules.order {
        assembly.write(*number, &mut program);
    }
    let places = assembly.places();
    let others = modules.files[1..].iter().map(|file| (file.source.name.clone(), file.source.text.clone())).collect();
    let Program { text, positions } = program;
    Ok(Rewritten { source, text, positions, functions: assembly.functions, places, others })
}

struct Assembly<'a> {
    modules: &'a Modules,
    /// Where each file begins in the combined source.
    bases: Vec<u32>,
    rewritten: Vec<(String, Positions)>,
    functions: Vec<FunctionText>,
    errors: Vec<ConfigError>,
}

#[derive(Default)]
struct Program {
    text: String,
    positions: Positions,
}

impl Program {
    fn length(&self) -> u32 {
        u32::try_from(self.text.len()).unwrap_or(u32::MAX)
    }

    /// Text of our own.
    fn write(&mut self, text: &str, place: u32) {
        let start = self.length();
        self.text.push_str(text);
        self.positions.append_ours(Span { start, end: self.length() }, place);
    }
}

impl Assembly<'_> {
    fn rewrite(&mut self, number: usize) -> (String, Positions) {
        let file = &self.modules.files[number];
        let base = self.bases[number];
        let mut rewriter = Rewriter::new(self.modules, number, file.parsed.tokens(), self.functions.len());
        rewriter.statements(&file.parsed.syntax().body);
        let (mut edits, functions, errors) = rewriter.finish();
        self.errors.extend(errors);
        if !self.errors.is_empty() {
            return Default::default();
        }
        edits.merge(tabs::edits(&file.source, file.parsed.tokens()));
        self.functions.extend(functions.into_iter().map(|function| FunctionText {
            span: Span { start: function.span.start + base, end: function.span.end + base },
            ..function
        }));
        edits.apply(&file.source.text)
    }

    /// Writes a module, or the configuration.
    fn write(&self, number: usize, program: &mut Program) {
        let LocalFile { frame, path, name, source, .. } = &self.modules.files[number];
        let base = self.bases[number];
        let mut opening = String::new();
        if !name.is_empty() {
            let path = path.to_string_lossy();
            opening += &format!("{0}__file__ = {path:?}\n{0}__name__ = {name:?}\n", frame.prefix);
        }
        let mut boxed: Vec<&String> = frame.boxed.iter().collect();
        boxed.sort();
        for boxed in boxed {
            opening += &format!("{} = _bb_box({boxed:?})\n", frames::box_name(&frame.prefix, boxed));
        }
        program.write(&opening, base);
        self.write_text(number, program);
        if name.is_empty() {
            return;
        }
        let end = base + u32::try_from(source.text.len()).unwrap_or(0);
        let object = self.modules.object(number);
        let mut members = String::new();
        let mut names: Vec<&String> = frame.names.iter().filter(|name| *name != "*").collect();
        names.sort();
        for name in names {
            let variable = if frame.boxed.contains(name) {
                frames::box_name(&frame.prefix, name)
            } else {
                format!("{}{name}", frame.prefix)
            };
            members += &format!("{name:?}: {variable}, ");
        }
        let mut closing = format!("\n{object} = _bb_module({name:?}, {{{members}}})\n");
        for (inner_name, inner) in self.modules.inside(number) {
            if self.modules.is_made_before(inner, number) {
                closing += &format!("_bb_attach({object}, {inner_name:?}, {})\n", self.modules.object(inner));
            }
        }
        if let Some((package, inner_name)) = self.modules.around(number)
            && self.modules.is_made_before(package, number)
        {
            closing += &format!("_bb_attach({}, {inner_name:?}, {object})\n", self.modules.object(package));
        }
        program.write(&closing, end);
    }

    /// The rewritten text of a file, with what it includes.
    fn write_text(&self, number: usize, program: &mut Program) {
        let (text, positions) = &self.rewritten[number];
        let base = self.bases[number];
        let mut done = 0;
        let size = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        while let Some(found) = text[done..].find(INCLUDE).map(|at| done + at) {
            let digits = text[found + INCLUDE.len()..].bytes().take_while(u8::is_ascii_digit).count();
            let end = found + INCLUDE.len() + digits;
            let piece = Span { start: size(done), end: size(found) };
            program.positions.append(positions, piece, program.length(), base);
            program.text.push_str(&text[done..found]);
            if let Ok(included) = text[found + INCLUDE.len()..end].parse::<usize>() {
                self.write_text(included, program);
            }
            done = end;
        }
        let piece = Span { start: size(done), end: size(text.len()) };
        program.positions.append(positions, piece, program.length(), base);
        program.text.push_str(&text[done..]);
        program.text.push('\n');
    }

    fn places(&self) -> Places {
        let mut all = Places::default();
        for (number, file) in self.modules.files.iter().enumerate() {
            let is_config = number == 0 || file.included_by.is_some();
            let found = places::collect(&file.source, &file.parsed.syntax().body);
            all.add(found, self.bases[number], is_config, number == 0);
        }
        all
    }
}
