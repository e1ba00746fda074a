//! Puts the rewritten files together: modules in the order in which they run, then the configuration, with the files
//! it includes in their places.

use rustpython_ruff_python_ast::token::TokenKind;
use rustpython_ruff_text_size::{Ranged, TextSize};

use super::edits::{Edits, Positions};
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
    // Files may import each other, so all modules are there, empty, before the first file runs.
    for number in &modules.order {
        let LocalFile { name, source, .. } = &modules.files[*number];
        if !name.is_empty() {
            let made = format!("{} = _bb_module({name:?}, {:?})\n", modules.object(*number), source.name);
            program.write(&made, assembly.bases[*number]);
        }
    }
    for number in &modules.order {
        assembly.write(*number, &mut program);
    }
    let places = assembly.places();
    let others = modules.files[1..].iter().map(|file| (file.source.name.clone(), file.source.original())).collect();
    let warnings = modules.warnings.clone();
    let Program { text, positions } = program;
    Ok(Rewritten { source, text, positions, functions: assembly.functions, places, others, warnings })
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

/// The indentation of a file that is included in a block: before each line that begins a statement, and not in texts.
fn indents(file: &LocalFile) -> Edits {
    let mut edits = Edits::default();
    let mut begins = true;
    let space = " ".repeat(file.indent);
    for token in file.parsed.tokens() {
        match token.kind() {
            TokenKind::Newline => begins = true,
            TokenKind::NonLogicalNewline | TokenKind::Comment | TokenKind::Indent | TokenKind::Dedent => {}
            _ if begins => {
                let before = &file.source.text[..token.start().to_usize()];
                let line = before.rfind('\n').map_or(0, |end| end + 1);
                edits.insert(TextSize::try_from(line).unwrap_or_default(), space.as_str());
                begins = false;
            }
            _ => {}
        }
    }
    edits
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
        if file.indent != 0 {
            let mut indented = indents(file);
            indented.merge(edits);
            edits = indented;
        }
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
        let mut closing = format!("\n_bb_fill({object}, {{{members}}})\n");
        if let Some((package, inner_name)) = self.modules.around(number) {
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
            // What is included in a block has its own indentation, and may be empty.
            let written = program.text.trim_end_matches(' ').len();
            if written != 0 && program.text[..written].ends_with('\n') && written < program.text.len() {
                program.write("pass\n", base);
            }
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
